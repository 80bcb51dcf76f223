// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Another licence: some helpers and kinds of programs are for the GPL only. */
#define NOT_GPL
#include "corpus.h"

char _license[] SEC("license") = "BSD";

SEC("raw_tp/sched_switch")
int time(void *ctx)
{
	sink = bpf_ktime_get_ns();
	return 0;
}

SEC("raw_tp/sched_switch")
int read_kernel(void *ctx)
{
	__u64 v = 0;

	bpf_probe_read_kernel(&v, sizeof(v), ctx);
	sink = v;
	return 0;
}

SEC("raw_tp/sched_switch")
int pid(void *ctx)
{
	sink = bpf_get_current_pid_tgid();
	return 0;
}

SEC("lsm/file_open")
int BPF_PROG(hook, struct file *file)
{
	return 0;
}

SEC("fentry/vfs_read")
int BPF_PROG(function, struct file *file)
{
	sink = 1;
	return 0;
}

SEC("tp_btf/sched_switch")
int BPF_PROG(traced, bool preempt, struct task_struct *prev)
{
	sink = prev->pid;
	return 0;
}
