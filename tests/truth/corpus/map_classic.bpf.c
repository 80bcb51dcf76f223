// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Map types that every kernel of interest has. */
#include "corpus.h"

#define MAP(NAME, TYPE, KEY, VALUE)           \
	struct {                              \
		__uint(type, TYPE);           \
		__uint(max_entries, 16);      \
		__type(key, KEY);             \
		__type(value, VALUE);         \
	} NAME SEC(".maps")

MAP(hash, BPF_MAP_TYPE_HASH, __u32, __u64);
MAP(lru, BPF_MAP_TYPE_LRU_HASH, __u32, __u64);
MAP(percpu, BPF_MAP_TYPE_PERCPU_ARRAY, __u32, __u64);

struct {
	__uint(type, BPF_MAP_TYPE_STACK_TRACE);
	__uint(max_entries, 16);
	__uint(key_size, 4);
	__uint(value_size, 80);
} stacks SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERF_EVENT_ARRAY);
	__uint(key_size, 4);
	__uint(value_size, 4);
} events SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_QUEUE);
	__uint(max_entries, 16);
	__uint(value_size, 8);
} queue SEC(".maps");

SEC("tp/sched/sched_switch")
int all(void *ctx)
{
	__u32 key = 1;
	__u64 one = 1, *v;

	bpf_map_update_elem(&hash, &key, &one, 0);
	bpf_map_update_elem(&lru, &key, &one, 0);
	v = bpf_map_lookup_elem(&percpu, &key);
	if (v)
		*v += 1;
	sink = bpf_get_stackid(ctx, &stacks, 0);
	bpf_perf_event_output(ctx, &events, BPF_F_CURRENT_CPU, &one, sizeof(one));
	bpf_map_push_elem(&queue, &one, 0);
	return 0;
}
