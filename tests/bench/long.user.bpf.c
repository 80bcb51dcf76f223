/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * A synthetic program of 4,000 instructions, for the time to analyze and translate: loads,
 * hops, branches and a call in each of many blocks, which the compiler must not merge.
 */
#include <abide/linux.h>
#include <abide/program.h>

COUNTER(total, "sum of everything");

#define BLOCK                                                                                      \
	barrier_var(next);                                                                         \
	barrier_var(prev);                                                                         \
	if (next->prio > prev->prio + sum % 7)                                                     \
		sum += next->parent->tgid;                                                         \
	else if (prev->uid)                                                                        \
		sum ^= prev->start_ns;                                                             \
	sum += next->tid * 3 + bpf_get_smp_processor_id();

#define BLOCKS_4  BLOCK BLOCK BLOCK BLOCK
#define BLOCKS_16 BLOCKS_4 BLOCKS_4 BLOCKS_4 BLOCKS_4

SEC("tp_user/sched_switch")
int BPF_PROG(on_switch, struct task_struct_user *prev, struct task_struct_user *next)
{
	u64 sum = 0;

	BLOCKS_16 BLOCKS_16 BLOCKS_16 BLOCKS_16 BLOCKS_16 BLOCKS_16 BLOCKS_16 BLOCKS_16 BLOCKS_4
		BLOCKS_4 count(&total, sum);
	return 0;
}

LICENSE("GPL");
