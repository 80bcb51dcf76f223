// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Programs that may sleep: where they attach, and what only they may call. */
#include "corpus.h"

SEC("fentry.s/__x64_sys_getpgid")
int BPF_PROG(of_syscall, struct pt_regs *regs)
{
	__u64 v = 0;

	bpf_copy_from_user(&v, sizeof(v), (void *)regs);
	sink = v;
	return 0;
}

SEC("fentry.s/vfs_read")
int BPF_PROG(where_not, struct file *file)
{
	sink = (__u64)file->f_op;
	return 0;
}

SEC("fmod_ret.s/__x64_sys_getpgid")
int BPF_PROG(changes_syscall, struct pt_regs *regs, int ret)
{
	return ret;
}

SEC("lsm.s/file_open")
int BPF_PROG(copies, struct file *file)
{
	__u64 v = 0;

	bpf_copy_from_user(&v, sizeof(v), (void *)7);
	sink = v;
	return 0;
}

SEC("lsm.s/file_open")
int BPF_PROG(copies_of_task, struct file *file)
{
	__u64 v = 0;

	bpf_copy_from_user_task(&v, sizeof(v), (void *)7, bpf_get_current_task_btf(), 0);
	sink = v;
	return 0;
}

SEC("uprobe.s//bin/truth:truth_probe_me")
int of_application(void *ctx)
{
	sink = 1;
	return 0;
}
