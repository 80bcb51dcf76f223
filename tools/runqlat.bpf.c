/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * runqlat: how long tasks wait for a processor once they are ready to run.
 *
 *	abide run runqlat.bpf.o -d 10
 *
 * A task becomes ready when it is woken, made, or preempted; the wait ends when it runs. A
 * long tail means that processors are overcommitted, or that something keeps them busy.
 */
#include <abide/linux.h>
#include <abide/program.h>

HISTOGRAM(wait, "time from ready to running", "ns");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16384);
	__type(key, u32); /* thread */
	__type(value, u64);
} ready_at SEC(".maps");

static __always_inline void ready(struct task_struct_user *task)
{
	u64 now = bpf_ktime_get_ns();
	u32 tid = task->tid;

	if (tid)
		bpf_map_update_elem(&ready_at, &tid, &now, BPF_ANY);
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
	u32 tid = next->tid;
	u64 *at;

	if (prev_state == TASK_USER_RUNNING) /* preempted: ready again at once */
		ready(prev);
	at = bpf_map_lookup_elem(&ready_at, &tid);
	if (at) {
		hist_add(&wait, bpf_ktime_get_ns() - *at);
		bpf_map_delete_elem(&ready_at, &tid);
	}
	return 0;
}

LICENSE("GPL");
