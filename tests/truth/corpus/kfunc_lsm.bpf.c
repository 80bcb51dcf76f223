// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* A kernel function (6.12) that only some kinds of programs may call. */
#include "corpus.h"

extern struct file *bpf_get_task_exe_file(struct task_struct *task) __ksym;
extern void bpf_put_file(struct file *file) __ksym;

SEC("lsm/task_getpgid")
int BPF_PROG(where_allowed, struct task_struct *task)
{
	struct file *f = bpf_get_task_exe_file(task);

	if (f)
		bpf_put_file(f);
	return 0;
}

SEC("tp_btf/task_newtask")
int BPF_PROG(where_not, struct task_struct *task)
{
	struct file *f = bpf_get_task_exe_file(task);

	if (f)
		bpf_put_file(f);
	return 0;
}
