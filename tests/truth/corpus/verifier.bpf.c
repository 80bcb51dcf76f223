// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Programs whose fate hangs on the verifier's own reasoning (bounds, leaks, values that
 * are returned), not on what a kernel offers: most are wrong on every kernel. To tell these
 * takes a verifier, which check is not; they are measured, and counted apart.
 */
#include "corpus.h"

struct pair {
	__u32 a, b;
};

struct bpf_iter__task {
	struct task_struct *task;
} KERNEL;

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 4);
	__type(key, __u32);
	__type(value, __u64);
} numbers SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
} ring SEC(".maps");

struct trace_event_raw_block_rq_complete {
	unsigned int nr_sector;
} KERNEL;

struct trace_event_raw_block_rq_completion {
	unsigned int nr_sector;
} KERNEL;

#define ON(SECTION, NAME) SEC(SECTION) int NAME(__u64 *ctx)

/* A pointer kept in a map comes back as a number. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} kept SEC(".maps");

SEC("xdp")
int xdp_unchecked(struct xdp_md *ctx)
{
	return *(__u8 *)(long)ctx->data;
}

SEC("cgroup_skb/egress")
int egress_seven(struct __sk_buff *skb)
{
	return 7;
}

SEC("iter/task")
int returns_two(struct bpf_iter__task *ctx)
{
	return 2;
}


SEC("lsm/file_open")
int BPF_PROG(positive, struct file *file)
{
	return 5;
}

SEC("lsm/file_open")
int BPF_PROG(any_number, struct file *file)
{
	return bpf_get_prandom_u32();
}

/* The buffer to write to is not initialized: early kernels mind. */
ON("raw_tp/sched_switch", format_uninitialized)
{
	static const char fmt[] = "%d";
	__u64 args[1] = { 7 };
	char out[16];

	sink = bpf_snprintf(out, sizeof(out), fmt, args, sizeof(args));
	return 0;
}

ON("raw_tp/sched_switch", ring_leak)
{
	__u64 *r = bpf_ringbuf_reserve(&ring, 8, 0);

	if (r)
		*r = 7;
	return 0;
}

ON("raw_tp/sched_switch", lookup_untested)
{
	__u32 zero = 0;
	__u64 *v = bpf_map_lookup_elem(&numbers, &zero);

	sink = *v;
	return 0;
}

__noinline int global_untested(struct pair *p)
{
	return p->a + (bpf_get_prandom_u32() & 1);
}

SEC("raw_tp/sched_switch")
int of_global_untested(void *ctx)
{
	struct pair p = { 3, 4 };

	sink = global_untested(&p);
	return 0;
}

SEC("tp_btf/sched_switch")
int BPF_PROG(variable_offset, bool preempt, struct task_struct *prev)
{
	__u64 i = bpf_get_prandom_u32() & 7;

	sink = *((char *)prev->comm + i);
	return 0;
}

SEC("tp_btf/sched_switch")
int BPF_PROG(kept_pointer, bool preempt, struct task_struct *prev)
{
	__u32 zero = 0;
	__u64 *v = bpf_map_lookup_elem(&kept, &zero);

	if (!v)
		return 0;
	*v = (__u64)prev;
	sink = ((struct task_struct *)*(volatile __u64 *)v)->pid;
	return 0;
}

/* The guard is right; the compiler adds the two offsets to the context and loads once. */
SEC("tp/block/block_rq_complete")
int complete_either(void *ctx)
{
	struct trace_event_raw_block_rq_completion *n = ctx;
	struct trace_event_raw_block_rq_complete *o = ctx;

	if (bpf_core_type_exists(struct trace_event_raw_block_rq_completion))
		sink = n->nr_sector;
	else
		sink = o->nr_sector;
	return 0;
}
