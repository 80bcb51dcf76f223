// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* What libbpf itself knows of a kernel; versions guard programs, right or wrong. */
#include "corpus.h"

extern int LINUX_KERNEL_VERSION __kconfig;
extern bool LINUX_HAS_SYSCALL_WRAPPER __kconfig;

struct task_struct___new {
	unsigned int __state;
} KERNEL;

#define VERSION(A, B, C) (((A) << 16) + ((B) << 8) + (C))

SEC("raw_tp/sched_switch")
int version(void *ctx)
{
	sink = LINUX_KERNEL_VERSION + LINUX_HAS_SYSCALL_WRAPPER;
	return 0;
}

SEC("raw_tp/sched_switch")
int guard_right(void *ctx)
{
	if (LINUX_KERNEL_VERSION >= VERSION(5, 14, 0))
		sink = BPF_CORE_READ((struct task_struct___new *)bpf_get_current_task(), __state);
	return 0;
}

SEC("raw_tp/sched_switch")
int guard_wrong(void *ctx)
{
	if (LINUX_KERNEL_VERSION >= VERSION(5, 8, 0))
		sink = BPF_CORE_READ((struct task_struct___new *)bpf_get_current_task(), __state);
	return 0;
}

SEC("tp_btf/sched_switch")
int BPF_PROG(guard_argument, bool preempt, struct task_struct *prev, struct task_struct *next, unsigned int state)
{
	if (LINUX_KERNEL_VERSION >= VERSION(5, 18, 0))
		sink = state;
	return 0;
}

SEC("raw_tp/sched_switch")
int guard_helper(void *ctx)
{
	if (LINUX_KERNEL_VERSION >= VERSION(5, 11, 0))
		sink = bpf_get_current_task_btf()->pid;
	return 0;
}
