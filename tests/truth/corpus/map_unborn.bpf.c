// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* A map type that no kernel has. */
#include "corpus.h"

struct {
	__uint(type, 3000);
	__uint(max_entries, 4);
	__type(key, __u32);
	__type(value, __u64);
} unborn SEC(".maps");

SEC("raw_tp/sched_switch")
int beside(void *ctx)
{
	sink = 1;
	return 0;
}
