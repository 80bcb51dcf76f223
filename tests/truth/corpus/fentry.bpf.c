// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* fentry, fexit, fmod_ret: functions, their prototypes, and what may be changed. */
#include "corpus.h"

struct filename {
	const char *name;
} KERNEL;

struct inode {
	unsigned short i_mode;
} KERNEL;

struct dentry {
	struct inode *d_inode;
} KERNEL;

SEC("fentry/vfs_read")
int BPF_PROG(read_entry, struct file *file, char *buf, unsigned long count)
{
	sink = count + (file->f_op != 0);
	return 0;
}

SEC("fexit/vfs_read")
int BPF_PROG(read_exit, struct file *file, char *buf, unsigned long count, void *pos, long ret)
{
	sink = ret;
	return 0;
}

/* One argument too many: in front of the function's return value at its exit. */
SEC("fentry/vfs_read")
int BPF_PROG(read_fifth, struct file *file, char *buf, unsigned long count, void *pos, long ret)
{
	sink = ret;
	return 0;
}

SEC("fexit/vfs_read")
int BPF_PROG(read_exit_sixth, struct file *file, char *buf, unsigned long count, void *pos, long ret, long more)
{
	sink = more;
	return 0;
}

SEC("fentry/do_unlinkat")
int BPF_PROG(unlink_old, int dfd, struct filename *name)
{
	sink = (__u64)name->name;
	return 0;
}

SEC("fentry/filename_unlinkat")
int BPF_PROG(unlink_new, int dfd, struct filename *name)
{
	sink = (__u64)name->name;
	return 0;
}

SEC("fexit/do_unlinkat")
int BPF_PROG(unlink_exit, int dfd, struct filename *name, long ret)
{
	sink = ret;
	return 0;
}

/* The dentry is the second argument up to 5.11, the third since. */
SEC("fentry/vfs_mkdir")
int BPF_PROG(mkdir_old, struct inode *dir, struct dentry *dentry, unsigned short mode)
{
	sink = dentry->d_inode->i_mode;
	return 0;
}

SEC("fentry/vfs_mkdir")
int BPF_PROG(mkdir_new, void *idmap, struct inode *dir, struct dentry *dentry, unsigned short mode)
{
	sink = dentry->d_inode->i_mode;
	return 0;
}

SEC("fentry/vfs_create")
int BPF_PROG(create_fifth, void *idmap, struct inode *dir, struct dentry *dentry, unsigned short mode, bool excl)
{
	sink = excl;
	return 0;
}

/* It returns an int up to 6.14, then a pointer. */
SEC("fexit/vfs_mkdir")
int BPF_PROG(mkdir_exit, void *idmap, struct inode *dir, struct dentry *dentry, unsigned short mode, int ret)
{
	sink = ret;
	return 0;
}

SEC("fentry/blk_account_io_start")
int BPF_PROG(account_start, struct request *rq)
{
	sink = rq->__data_len;
	return 0;
}

SEC("fentry/__netif_receive_skb_core")
int BPF_PROG(receive_core)
{
	sink = 1;
	return 0;
}

SEC("fentry/finish_task_switch")
int BPF_PROG(finish_switch, struct task_struct *prev)
{
	sink = prev->pid;
	return 0;
}

SEC("fentry/tcp_recvmsg")
int BPF_PROG(recvmsg_sixth, struct sock *sk, void *msg, unsigned long len, int a, int b, int *addr_len)
{
	sink = (__u64)addr_len;
	return 0;
}

SEC("fentry/no_such_function")
int BPF_PROG(no_such)
{
	sink = 1;
	return 0;
}

SEC("fmod_ret/security_file_open")
int BPF_PROG(change_security, struct file *file, int ret)
{
	return ret;
}

SEC("fmod_ret/vfs_read")
int BPF_PROG(change_read, struct file *file)
{
	return 0;
}

SEC("fentry/tcp_connect")
int BPF_PROG(connect_d_path, struct sock *sk)
{
	char name[16];

	sink = bpf_d_path((void *)&sk->__sk_common, name, sizeof(name));
	return 0;
}

SEC("fentry/bpf_prog_put")
int BPF_PROG(of_bpf_itself)
{
	sink = 1;
	return 0;
}
