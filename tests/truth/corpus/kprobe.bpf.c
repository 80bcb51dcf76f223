// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* kprobes: functions that are there, gone, renamed, inlined or cut up by the compiler. */
#include "corpus.h"

SEC("kprobe/vfs_read")
int BPF_KPROBE(read_entry, struct file *file, char *buf, unsigned long count)
{
	sink = count;
	return 0;
}

SEC("kretprobe/vfs_read")
int BPF_KRETPROBE(read_return, long ret)
{
	sink = ret;
	return 0;
}

SEC("kprobe/do_unlinkat")
int unlink_old(void *ctx)
{
	sink = 1;
	return 0;
}

SEC("kprobe/filename_unlinkat")
int unlink_new(void *ctx)
{
	sink = 1;
	return 0;
}

SEC("kprobe/do_filp_open")
int filp_open(void *ctx)
{
	sink = 1;
	return 0;
}

SEC("kprobe/do_coredump")
int coredump(void *ctx)
{
	sink = 1;
	return 0;
}

SEC("kprobe/blk_account_io_start")
int account_start(void *ctx)
{
	sink = 1;
	return 0;
}

SEC("kprobe/blk_account_io_done")
int account_done(void *ctx)
{
	sink = 1;
	return 0;
}

SEC("kretprobe/blk_account_io_start")
int account_start_return(void *ctx)
{
	sink = 1;
	return 0;
}

SEC("kprobe/__netif_receive_skb_core")
int receive_core(void *ctx)
{
	sink = 1;
	return 0;
}

SEC("kprobe/finish_task_switch")
int finish_switch(void *ctx)
{
	sink = 1;
	return 0;
}

SEC("kprobe/no_such_function")
int no_such(void *ctx)
{
	sink = 1;
	return 0;
}

SEC("kprobe/tcp_connect")
int BPF_KPROBE(connect, struct sock *sk)
{
	sink = BPF_CORE_READ(sk, __sk_common.skc_family);
	return 0;
}

SEC("kprobe/tcp_recvmsg")
int BPF_KPROBE(recvmsg_fourth, struct sock *sk, void *msg, unsigned long len, int nonblock)
{
	sink = nonblock;
	return 0;
}

/* Its context is registers: the end of struct pt_regs is the limit. */
SEC("kprobe/vfs_read")
int beyond_registers(char *ctx)
{
	sink = *(__u64 *)(ctx + 168);
	return 0;
}

SEC("kprobe/vfs_read")
int last_register(char *ctx)
{
	sink = *(__u64 *)(ctx + 160);
	return 0;
}

SEC("ksyscall/openat")
int BPF_KPROBE(openat_call, void *regs)
{
	sink = (__u64)regs;
	return 0;
}

SEC("kprobe.multi/vfs_re*")
int multi(void *ctx)
{
	sink = 1;
	return 0;
}
