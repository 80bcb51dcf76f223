/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Run-queue latency by hand, with CO-RE: what the kernel calls it, for kernels since 5.18. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "pair.h"
#include "log2.h"

HASH(ready_at, __u32, __u64);

static __always_inline void ready(struct task_struct *task)
{
	__u64 now = bpf_ktime_get_ns();
	__u32 tid = task->pid;

	if (!chosen(task->tgid))
		return;
	bpf_map_update_elem(&ready_at, &tid, &now, BPF_ANY);
	add_seen(tid);
}

SEC("tp_btf/sched_wakeup")
int BPF_PROG(on_wakeup, struct task_struct *p)
{
	ready(p);
	return 0;
}

SEC("tp_btf/sched_wakeup_new")
int BPF_PROG(on_new, struct task_struct *p)
{
	ready(p);
	return 0;
}

SEC("tp_btf/sched_switch")
int BPF_PROG(on_switch, bool preempt, struct task_struct *prev, struct task_struct *next,
             unsigned int prev_state)
{
	__u32 tid = next->pid;
	__u64 *at;

	if (preempt || !prev_state)
		ready(prev);
	if (!chosen(next->tgid))
		return 0;
	at = bpf_map_lookup_elem(&ready_at, &tid);
	if (!at)
		return 0;
	add_hist(bpf_ktime_get_ns() - *at);
	bpf_map_delete_elem(&ready_at, &tid);
	add_seen(tid);
	return 0;
}
