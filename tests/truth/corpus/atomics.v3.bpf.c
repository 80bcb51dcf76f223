// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Atomic instructions that return what was there (5.12), and the one that does not. */
#include "corpus.h"

__u64 counter;
__u32 narrow;

SEC("raw_tp/sched_switch")
int add(void *ctx)
{
	__sync_fetch_and_add(&counter, 1);
	return 0;
}

SEC("raw_tp/sched_switch")
int fetch_add(void *ctx)
{
	sink = __sync_fetch_and_add(&counter, 1);
	return 0;
}

SEC("raw_tp/sched_switch")
int fetch_or(void *ctx)
{
	sink = __sync_fetch_and_or(&counter, 4);
	return 0;
}

SEC("raw_tp/sched_switch")
int and_xor(void *ctx)
{
	__sync_fetch_and_and(&counter, 6);
	__sync_fetch_and_xor(&counter, 2);
	return 0;
}

SEC("raw_tp/sched_switch")
int exchange(void *ctx)
{
	sink = __sync_lock_test_and_set(&counter, 9);
	return 0;
}

SEC("raw_tp/sched_switch")
int compare_exchange(void *ctx)
{
	sink = __sync_val_compare_and_swap(&counter, 9, 8);
	return 0;
}

SEC("raw_tp/sched_switch")
int fetch_add_32(void *ctx)
{
	sink = __sync_fetch_and_add(&narrow, 1);
	return 0;
}

SEC("raw_tp/sched_switch")
int alu32(void *ctx)
{
	__u32 a = bpf_get_prandom_u32();

	if ((int)a > 7)
		a += 3;
	sink = a;
	return 0;
}
