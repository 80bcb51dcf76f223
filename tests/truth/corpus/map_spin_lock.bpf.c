// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* A spin lock in the value of a map: not for every kind of program. */
#include "corpus.h"

struct element {
	struct bpf_spin_lock lock;
	__u32 n;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct element);
} locked SEC(".maps");

#define COUNT                                                       \
	__u32 zero = 0;                                             \
	struct element *e = bpf_map_lookup_elem(&locked, &zero);    \
								    \
	if (!e)                                                     \
		return 0;                                           \
	bpf_spin_lock(&e->lock);                                    \
	e->n++;                                                     \
	bpf_spin_unlock(&e->lock)

SEC("tc")
int count(struct __sk_buff *skb)
{
	COUNT;
	return 0;
}

SEC("tp_btf/sched_switch")
int count_traced(void *ctx)
{
	COUNT;
	return 0;
}
