// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Subprograms: static and global ones, tail calls beside them. */
#include "corpus.h"

struct pair {
	__u32 a, b;
};

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 4);
	__type(key, __u32);
	__type(value, __u32);
} programs SEC(".maps");

static __noinline int twice(int a)
{
	return a * 2 + (bpf_get_prandom_u32() & 1);
}

__noinline int global_scalar(int a)
{
	return a * 3 + (bpf_get_prandom_u32() & 1);
}

__noinline int global_memory(struct pair *p)
{
	return p ? p->a + p->b + (bpf_get_prandom_u32() & 1) : 0;
}

__noinline int tail(struct __sk_buff *skb)
{
	bpf_tail_call(skb, &programs, 1);
	return 7;
}

SEC("raw_tp/sched_switch")
int of_static(void *ctx)
{
	sink = twice(7);
	return 0;
}

SEC("raw_tp/sched_switch")
int of_global(void *ctx)
{
	sink = global_scalar(7);
	return 0;
}

SEC("raw_tp/sched_switch")
int of_global_memory(void *ctx)
{
	struct pair p = { 3, 4 };

	sink = global_memory(&p);
	return 0;
}

SEC("tc")
int tail_in_function(struct __sk_buff *skb)
{
	return tail(skb);
}
