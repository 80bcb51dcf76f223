// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* A kernel function that the object insists on (6.2). */
#include "corpus.h"

extern struct task_struct *bpf_task_from_pid(int pid) __ksym;
extern void bpf_task_release(struct task_struct *p) __ksym;

SEC("tp_btf/task_newtask")
int BPF_PROG(from_pid, struct task_struct *task)
{
	struct task_struct *t = bpf_task_from_pid(1);

	if (t) {
		sink = t->tgid;
		bpf_task_release(t);
	}
	return 0;
}

SEC("raw_tp/sched_switch")
int beside(void *ctx)
{
	sink = 1;
	return 0;
}
