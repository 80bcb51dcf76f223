// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* A scheduler in BPF (6.12); the smallest that there is. */
#include "corpus.h"

struct sched_ext_ops {
	void (*dequeue)(struct task_struct *p, __u64 flags);
	char name[128];
};

SEC("struct_ops/dequeue")
void BPF_PROG(dequeue, struct task_struct *p, __u64 flags)
{
	sink = p->pid;
}

SEC(".struct_ops")
struct sched_ext_ops truth = {
	.dequeue = (void *)dequeue,
	.name = "abide_truth",
};
