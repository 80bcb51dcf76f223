// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Raw tracepoints: the number of arguments counts when the program is attached. */
#include "corpus.h"

SEC("raw_tp/sched_switch")
int three(__u64 *ctx)
{
	sink = ctx[2];
	return 0;
}

SEC("raw_tp/sched_switch")
int four(__u64 *ctx)
{
	sink = ctx[3];
	return 0;
}

SEC("raw_tp/sched_switch")
int five(__u64 *ctx)
{
	sink = ctx[4];
	return 0;
}

SEC("raw_tp/sched_process_exit")
int two_of_exit(__u64 *ctx)
{
	sink = ctx[1];
	return 0;
}

SEC("raw_tp/sched_process_exit")
int twelve_of_exit(__u64 *ctx)
{
	sink = ctx[11];
	return 0;
}

SEC("raw_tp/sched_process_exit")
int thirteen_of_exit(__u64 *ctx)
{
	sink = ctx[12];
	return 0;
}

SEC("raw_tp/kfree_skb")
int reason(__u64 *ctx)
{
	sink = ctx[2];
	return 0;
}

SEC("raw_tp/tcp_retransmit_skb")
int retransmit_err(__u64 *ctx)
{
	sink = ctx[2];
	return 0;
}

struct pt_regs___kernel {
	unsigned long di;
} KERNEL;

SEC("raw_tp/sys_enter")
int sys_enter(struct bpf_raw_tracepoint_args *ctx)
{
	struct pt_regs___kernel *regs = (void *)ctx->args[0];

	sink = BPF_CORE_READ(regs, di) + ctx->args[1];
	return 0;
}

/* The names that user space has for registers are not the kernel's. */
SEC("raw_tp/sys_enter")
int sys_enter_user_names(struct bpf_raw_tracepoint_args *ctx)
{
	struct pt_regs *regs = (void *)ctx->args[0];

	sink = PT_REGS_PARM1_CORE_SYSCALL(regs) + ctx->args[1];
	return 0;
}

SEC("raw_tp/block_io_start")
int younger(__u64 *ctx)
{
	sink = ctx[0];
	return 0;
}

SEC("raw_tp/no_such_tracepoint")
int absent(__u64 *ctx)
{
	sink = ctx[0];
	return 0;
}

SEC("raw_tracepoint/sched_process_exec")
int long_name(__u64 *ctx)
{
	sink = ctx[0];
	return 0;
}

SEC("raw_tp.w/sched_switch")
int writable(__u64 *ctx)
{
	sink = ctx[1];
	return 0;
}

SEC("raw_tp/sched_switch")
int stores(__u64 *ctx)
{
	*(volatile __u64 *)ctx = 3;
	return 0;
}
