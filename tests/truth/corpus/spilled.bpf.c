// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* A pointer that lies on the stack while a helper reads, or writes, around it. */
#include "corpus.h"

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 64);
	__type(key, struct task_struct *);
	__type(value, struct task_struct *);
} seen SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERF_EVENT_ARRAY);
	__uint(key_size, 4);
	__uint(value_size, 4);
} events SEC(".maps");

/* Its address goes to a helper, so it is read from the stack again behind the call. */
SEC("tp_btf/sched_switch")
int key_then_load(__u64 *ctx)
{
	struct task_struct *t = (void *)ctx[2];

	if (bpf_map_lookup_elem(&seen, &t))
		sink = 1;
	sink = t->pid;
	return 0;
}

SEC("tp_btf/sched_switch")
int key_twice_then_load(__u64 *ctx)
{
	struct task_struct *t = (void *)ctx[2];

	bpf_map_delete_elem(&seen, &t);
	bpf_map_delete_elem(&seen, &t);
	sink = t->pid;
	return 0;
}

SEC("tp_btf/sched_switch")
int key_then_probe_read(__u64 *ctx)
{
	struct task_struct *t = (void *)ctx[2];

	if (bpf_map_lookup_elem(&seen, &t))
		sink = BPF_CORE_READ(t, pid);
	return 0;
}

SEC("tp_btf/sched_switch")
int copy_then_load(__u64 *ctx)
{
	struct task_struct *t = (void *)ctx[2], *key = t;

	if (bpf_map_lookup_elem(&seen, &key))
		sink = t->pid;
	return 0;
}

SEC("tp_btf/sched_switch")
int value_then_load(__u64 *ctx)
{
	struct task_struct *t = (void *)ctx[2], *key = (void *)7;

	bpf_map_update_elem(&seen, &key, &t, BPF_ANY);
	sink = t->pid;
	return 0;
}

SEC("tp_btf/sched_switch")
int output_then_load(__u64 *ctx)
{
	struct task_struct *t[2] = { (void *)ctx[2], (void *)3 };

	bpf_perf_event_output(ctx, &events, BPF_F_CURRENT_CPU, t, sizeof(t));
	sink = t[0]->pid;
	return 0;
}

/* Only what is written is lost. */
SEC("tp_btf/sched_switch")
int written_beside(__u64 *ctx)
{
	struct task_struct *volatile t = (void *)ctx[2];
	__u64 other[2] = { 0 };

	bpf_probe_read_kernel(other, sizeof(other), (void *)ctx[1]);
	sink = other[0] + other[1] + t->pid;
	return 0;
}
