// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Kernel functions that the object can do without. */
#include "corpus.h"

extern struct task_struct *bpf_task_from_pid(int pid) __ksym_weak;
extern void bpf_task_release(struct task_struct *p) __ksym_weak;
extern int bpf_no_such_kfunc(int a) __ksym_weak;

const volatile bool wanted = false;

SEC("tp_btf/task_newtask")
int BPF_PROG(unguarded, struct task_struct *task)
{
	struct task_struct *t = bpf_task_from_pid(1);

	if (t)
		bpf_task_release(t);
	return 0;
}

SEC("tp_btf/task_newtask")
int BPF_PROG(switched_off, struct task_struct *task)
{
	if (wanted)
		sink = bpf_no_such_kfunc(1);
	return 0;
}

SEC("tp_btf/task_newtask")
int BPF_PROG(absent, struct task_struct *task)
{
	sink = bpf_no_such_kfunc(1);
	return 0;
}

SEC("tp_btf/task_newtask")
int BPF_PROG(does_not_call, struct task_struct *task)
{
	sink = task->pid;
	return 0;
}
