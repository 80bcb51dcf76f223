// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Functions handed to helpers (5.13 and later). */
#include "corpus.h"

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 4);
	__type(key, __u32);
	__type(value, __u64);
} numbers SEC(".maps");

static long add(void *map, __u32 *key, __u64 *value, __u64 *sum)
{
	*sum += *value;
	return 0;
}

static long step(__u32 i, __u64 *sum)
{
	*sum += i;
	return 0;
}

SEC("raw_tp/sched_switch")
int each_element(void *ctx)
{
	__u64 sum = 0;

	bpf_for_each_map_elem(&numbers, add, &sum, 0);
	sink = sum;
	return 0;
}

SEC("raw_tp/sched_switch")
int loop(void *ctx)
{
	__u64 sum = 0;

	bpf_loop(1000, step, &sum, 0);
	sink = sum;
	return 0;
}

/* The old way: a bounded loop. */
SEC("raw_tp/sched_switch")
int bounded(void *ctx)
{
	__u64 sum = 0;
	volatile __u32 n = 0;
	int i;

	for (i = 0; i < 100; i++)
		sum += ++n;
	sink = sum;
	return 0;
}
