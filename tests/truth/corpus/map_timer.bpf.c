// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* A timer in the value of a map (5.15). */
#include "corpus.h"

struct element {
	struct bpf_timer timer;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct element);
} timers SEC(".maps");

static int fired(void *map, __u32 *key, struct element *e)
{
	return 0;
}

SEC("socket")
int start(struct __sk_buff *skb)
{
	__u32 zero = 0;
	struct element *e = bpf_map_lookup_elem(&timers, &zero);

	if (e) {
		bpf_timer_init(&e->timer, &timers, 1);
		bpf_timer_set_callback(&e->timer, fired);
		bpf_timer_start(&e->timer, 1000000, 0);
	}
	return 0;
}

SEC("raw_tp/sched_switch")
int start_traced(void *ctx)
{
	__u32 zero = 0;
	struct element *e = bpf_map_lookup_elem(&timers, &zero);

	if (e)
		bpf_timer_start(&e->timer, 1000000, 0);
	return 0;
}
