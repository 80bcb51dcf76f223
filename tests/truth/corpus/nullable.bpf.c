// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Pointers that are NULL on some occasion: kernels of 6.12 and later want a test before
 * the first load, earlier ones do not know.
 */
#include "corpus.h"

struct fib_nh_common {
	int nhc_oif;
} KERNEL;

struct address_space {
	unsigned long nrpages;
} KERNEL;

struct page___order {
	unsigned int _mapcount_x;
	unsigned long private;
} KERNEL;

SEC("tp_btf/kfree_skb")
int BPF_PROG(rx_sk_plain, struct sk_buff *skb, void *location, int reason, struct sock *rx_sk)
{
	sink = rx_sk->__sk_common.skc_family;
	return 0;
}

SEC("tp_btf/kfree_skb")
int BPF_PROG(rx_sk_tested, struct sk_buff *skb, void *location, int reason, struct sock *rx_sk)
{
	if (rx_sk)
		sink = rx_sk->__sk_common.skc_family;
	return 0;
}

SEC("tp_btf/kfree_skb")
int BPF_PROG(rx_sk_probed, struct sk_buff *skb, void *location, int reason, struct sock *rx_sk)
{
	sink = BPF_CORE_READ(rx_sk, __sk_common.skc_family);
	return 0;
}

SEC("tp_btf/tcp_send_reset")
int BPF_PROG(reset_skb_plain, struct sock *sk, struct sk_buff *skb)
{
	sink = skb->len;
	return 0;
}

SEC("tp_btf/tcp_send_reset")
int BPF_PROG(reset_sk_plain, struct sock *sk, struct sk_buff *skb)
{
	sink = sk->__sk_common.skc_family;
	return 0;
}

SEC("tp_btf/tcp_send_reset")
int BPF_PROG(reset_tested, struct sock *sk, struct sk_buff *skb)
{
	if (sk)
		sink = sk->__sk_common.skc_family;
	if (skb)
		sink = skb->len;
	return 0;
}

SEC("tp_btf/mm_page_alloc")
int BPF_PROG(page_plain, struct page *page, unsigned int order)
{
	sink = (__u64)BPF_CORE_READ(page, flags) + order;
	return 0;
}

SEC("tp_btf/mm_page_alloc")
int BPF_PROG(page_direct, struct page *page, unsigned int order)
{
	sink = page->flags;
	return 0;
}

SEC("tp_btf/mm_page_alloc")
int BPF_PROG(page_tested, struct page *page, unsigned int order)
{
	if (page)
		sink = page->flags;
	return 0;
}

SEC("tp_btf/qdisc_dequeue")
int BPF_PROG(dequeue_plain, void *qdisc, void *txq, int packets, struct sk_buff *skb)
{
	sink = skb->len;
	return 0;
}

SEC("tp_btf/qdisc_dequeue")
int BPF_PROG(dequeue_tested, void *qdisc, void *txq, int packets, struct sk_buff *skb)
{
	if (skb)
		sink = skb->len;
	return 0;
}

SEC("tp_btf/fib_table_lookup")
int BPF_PROG(nhc_plain, __u32 id, void *flp, struct fib_nh_common *nhc, int err)
{
	sink = nhc->nhc_oif;
	return 0;
}

SEC("tp_btf/sched_pi_setprio")
int BPF_PROG(pi_plain, struct task_struct *tsk, struct task_struct *pi)
{
	sink = tsk->pid + pi->pid;
	return 0;
}

SEC("tp_btf/sched_pi_setprio")
int BPF_PROG(pi_tested, struct task_struct *tsk, struct task_struct *pi)
{
	sink = tsk->pid + (pi ? pi->pid : 0);
	return 0;
}

SEC("tp_btf/kfree_skb")
int BPF_PROG(skb_sk_plain, struct sk_buff *skb)
{
	sink = skb->sk->__sk_common.skc_family;
	return 0;
}

SEC("tp_btf/kfree_skb")
int BPF_PROG(skb_sk_tested, struct sk_buff *skb)
{
	struct sock *sk = skb->sk;

	if (sk)
		sink = sk->__sk_common.skc_family;
	return 0;
}

SEC("tp_btf/kfree_skb")
int BPF_PROG(skb_dev_plain, struct sk_buff *skb)
{
	sink = skb->dev->ifindex;
	return 0;
}

SEC("tp_btf/rss_stat")
int BPF_PROG(exe_file_plain, struct mm_struct *mm)
{
	sink = (__u64)mm->exe_file->f_op;
	return 0;
}

SEC("tp_btf/rss_stat")
int BPF_PROG(owner_plain, struct mm_struct *mm)
{
	sink = mm->owner->pid;
	return 0;
}

SEC("tp_btf/rss_stat")
int BPF_PROG(owner_tested, struct mm_struct *mm)
{
	struct task_struct *t = mm->owner;

	if (t)
		sink = t->pid;
	return 0;
}

/* From a task, its mm is no trusted root. */
SEC("tp_btf/sched_switch")
int BPF_PROG(task_exe_file, bool preempt, struct task_struct *prev)
{
	sink = (__u64)prev->mm->exe_file->f_op;
	return 0;
}

SEC("tp_btf/sched_switch")
int BPF_PROG(tested_wrong_way, bool preempt, struct task_struct *prev)
{
	if (!prev)
		sink = prev->pid;
	return 0;
}

SEC("tp_btf/kfree_skb")
int BPF_PROG(tested_the_other, struct sk_buff *skb, void *location, int reason, struct sock *rx_sk)
{
	if (skb->sk)
		sink = rx_sk->__sk_common.skc_family;
	return 0;
}
