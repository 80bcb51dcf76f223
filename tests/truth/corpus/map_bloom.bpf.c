// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* A bloom filter (5.16): no keys. */
#include "corpus.h"

struct {
	__uint(type, BPF_MAP_TYPE_BLOOM_FILTER);
	__uint(max_entries, 100);
	__uint(value_size, 8);
} filter SEC(".maps");

SEC("raw_tp/sched_switch")
int push(void *ctx)
{
	__u64 v = bpf_ktime_get_ns();

	sink = bpf_map_push_elem(&filter, &v, 0);
	return 0;
}
