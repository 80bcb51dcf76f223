/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Run-queue latency, a preempted task included: plain loads, and one normalised value (prev_state). */
#include <abide/linux.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "pair.h"
#include "log2.h"

HASH(ready_at, __u32, __u64);

static __always_inline void ready(struct task_struct_user *task)
{
	__u64 now = bpf_ktime_get_ns();
	__u32 tid = task->tid;

	if (!chosen(task->tgid))
		return;
	bpf_map_update_elem(&ready_at, &tid, &now, BPF_ANY);
	add_seen(tid);
}

SEC("tp_user/sched_wakeup")
int BPF_PROG(on_wakeup, struct task_struct_user *task)
{
	ready(task);
	return 0;
}

SEC("tp_user/sched_wakeup_new")
int BPF_PROG(on_new, struct task_struct_user *task)
{
	ready(task);
	return 0;
}

SEC("tp_user/sched_switch")
int BPF_PROG(on_switch, struct task_struct_user *prev, struct task_struct_user *next,
             enum task_state_user prev_state)
{
	__u32 tid = next->tid;
	__u64 *at;

	if (prev_state == TASK_USER_RUNNING)
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
