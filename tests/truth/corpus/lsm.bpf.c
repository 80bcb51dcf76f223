// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* LSM programs: hooks that came and changed, what they may return, sleepable ones. */
#include "corpus.h"

struct linux_binprm {
	int argc;
} KERNEL;

SEC("lsm/file_open")
int BPF_PROG(file_open, struct file *file)
{
	sink = (__u64)file->f_op;
	return 0;
}

SEC("lsm/bprm_check_security")
int BPF_PROG(bprm_check, struct linux_binprm *bprm, int ret)
{
	sink = bprm->argc;
	return ret;
}

SEC("lsm/file_open")
int BPF_PROG(deny, struct file *file)
{
	return file->f_op ? 0 : -1;
}

SEC("lsm.s/bprm_committed_creds")
int BPF_PROG(sleepable, struct linux_binprm *bprm)
{
	sink = bprm->argc;
	return 0;
}

SEC("lsm.s/task_free")
int BPF_PROG(sleepable_where_not, struct task_struct *t)
{
	sink = t->pid;
	return 0;
}

SEC("lsm/bpf_token_create")
int BPF_PROG(younger)
{
	return 0;
}

SEC("lsm/uring_cmd")
int BPF_PROG(uring_cmd)
{
	return 0;
}

SEC("lsm/inode_copy_up")
int BPF_PROG(copy_up, void *src, void *cred)
{
	sink = (__u64)cred;
	return 0;
}

SEC("lsm/no_such_hook")
int BPF_PROG(no_such)
{
	return 0;
}

SEC("lsm/ptrace_access_check")
int BPF_PROG(ptrace_third, struct task_struct *t, unsigned int mode, int ret)
{
	return ret;
}

SEC("lsm_cgroup/socket_create")
int BPF_PROG(per_cgroup, int family)
{
	return 1;
}
