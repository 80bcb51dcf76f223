// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* A kernel function that no kernel has, and that the object insists on. */
#include "corpus.h"

extern int bpf_no_such_kfunc(int a) __ksym;

SEC("tp_btf/task_newtask")
int BPF_PROG(call, struct task_struct *task)
{
	sink = bpf_no_such_kfunc(1);
	return 0;
}
