// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* A congestion control whose function takes an argument that is not there. */
#include "corpus.h"

struct tcp_congestion_ops {
	unsigned int (*ssthresh)(struct sock *sk);
	void (*cong_avoid)(struct sock *sk, unsigned int ack, unsigned int acked);
	unsigned int (*undo_cwnd)(struct sock *sk);
	char name[16];
};

SEC("struct_ops/ssthresh")
unsigned int BPF_PROG(ssthresh, struct sock *sk)
{
	return sk->__sk_common.skc_family + 2;
}

SEC("struct_ops/cong_avoid")
void BPF_PROG(cong_avoid, struct sock *sk, unsigned int ack, unsigned int acked)
{
	sink = ctx[3];
}

SEC("struct_ops/undo_cwnd")
unsigned int BPF_PROG(undo_cwnd, struct sock *sk)
{
	return 7;
}

SEC(".struct_ops")
struct tcp_congestion_ops truth = {
	.ssthresh = (void *)ssthresh,
	.cong_avoid = (void *)cong_avoid,
	.undo_cwnd = (void *)undo_cwnd,
	.name = "abide_truth5",
};
