// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* BTF-typed tracepoints: arguments that came, went and changed, and tracepoints that did. */
#include "corpus.h"

struct task_struct___new {
	unsigned int __state;
} KERNEL;

struct timer_list {
	unsigned long expires;
} KERNEL;

struct hrtimer {
	unsigned char state;
} KERNEL;

SEC("tp_btf/sched_switch")
int BPF_PROG(switch_three, bool preempt, struct task_struct *prev, struct task_struct *next)
{
	sink = prev->pid + next->real_parent->tgid + preempt;
	return 0;
}

SEC("tp_btf/sched_switch")
int BPF_PROG(switch_prev_state, bool preempt, struct task_struct *prev, struct task_struct *next, unsigned int state)
{
	sink = state;
	return 0;
}

/* The argument came (5.18) after the member was renamed (5.14): a proxy, right on these kernels. */
SEC("tp_btf/sched_switch")
int BPF_PROG(switch_proxy, bool preempt, struct task_struct *prev, struct task_struct *next, unsigned int state)
{
	struct task_struct___new *n = (void *)prev;

	if (bpf_core_field_exists(n->__state))
		sink = state;
	return 0;
}

SEC("tp_btf/sched_switch")
int BPF_PROG(switch_fifth, bool preempt, struct task_struct *prev, struct task_struct *next, unsigned int state, int no)
{
	sink = no;
	return 0;
}

SEC("tp_btf/sched_switch")
int switch_fixed_slot(__u64 *ctx)
{
	sink = ctx[3];
	return 0;
}

SEC("tp_btf/sched_switch")
int switch_bool_byte(__u64 *ctx)
{
	sink = *(__u8 *)ctx;
	return 0;
}

SEC("tp_btf/sched_switch")
int switch_half_pointer(__u64 *ctx)
{
	sink = *(__u32 *)(ctx + 1);
	return 0;
}

SEC("tp_btf/sched_switch")
int switch_unaligned(__u64 *ctx)
{
	sink = *(__u32 *)((char *)ctx + 2);
	return 0;
}

SEC("tp_btf/sched_switch")
int switch_store(__u64 *ctx)
{
	*(volatile __u64 *)ctx = 1;
	return 0;
}

SEC("tp_btf/sched_switch")
int BPF_PROG(switch_swapped, struct task_struct *prev, struct task_struct *next)
{
	sink = prev->pid;
	return 0;
}

SEC("tp_btf/sched_process_exit")
int BPF_PROG(exit_one, struct task_struct *p)
{
	sink = p->tgid;
	return 0;
}

SEC("tp_btf/sched_process_exit")
int BPF_PROG(exit_group_dead, struct task_struct *p, bool group_dead)
{
	sink = group_dead;
	return 0;
}

SEC("tp_btf/block_rq_complete")
int BPF_PROG(complete, struct request *rq, int error, unsigned int bytes)
{
	sink = rq->__data_len + error + bytes;
	return 0;
}

SEC("tp_btf/block_rq_complete")
int complete_error_byte(__u64 *ctx)
{
	sink = *(__u8 *)(ctx + 1);
	return 0;
}

SEC("tp_btf/block_rq_issue")
int BPF_PROG(issue, struct request *rq)
{
	sink = rq->__data_len;
	return 0;
}

SEC("tp_btf/block_rq_issue")
int BPF_PROG(issue_before_5_11, struct request_queue *q, struct request *rq)
{
	sink = rq->__data_len;
	return 0;
}

SEC("tp_btf/block_bio_queue")
int BPF_PROG(bio_queue_old, struct request_queue *q, struct bio *bio)
{
	sink = bio->bi_opf;
	return 0;
}

SEC("tp_btf/block_bio_queue")
int BPF_PROG(bio_queue_new, struct bio *bio)
{
	sink = bio->bi_opf;
	return 0;
}

SEC("tp_btf/kfree_skb")
int BPF_PROG(free_location, struct sk_buff *skb, void *location)
{
	sink = skb->len + (__u64)location;
	return 0;
}

SEC("tp_btf/kfree_skb")
int BPF_PROG(free_reason, struct sk_buff *skb, void *location, int reason)
{
	sink = reason;
	return 0;
}

SEC("tp_btf/kfree_skb")
int BPF_PROG(free_rx_sk, struct sk_buff *skb, void *location, int reason, struct sock *rx_sk)
{
	sink = (__u64)rx_sk != 0;
	return 0;
}

SEC("tp_btf/consume_skb")
int BPF_PROG(consume_location, struct sk_buff *skb, void *location)
{
	sink = (__u64)location;
	return 0;
}

SEC("tp_btf/tcp_retransmit_skb")
int BPF_PROG(retransmit, struct sock *sk, struct sk_buff *skb)
{
	sink = sk->__sk_common.skc_family;
	return 0;
}

SEC("tp_btf/tcp_retransmit_skb")
int BPF_PROG(retransmit_err, struct sock *sk, struct sk_buff *skb, int err)
{
	sink = err;
	return 0;
}

SEC("tp_btf/rss_stat")
int BPF_PROG(rss_member, struct mm_struct *mm, int member)
{
	sink = member;
	return 0;
}

SEC("tp_btf/rss_stat")
int BPF_PROG(rss_count, struct mm_struct *mm, int member, long count)
{
	sink = count;
	return 0;
}

SEC("tp_btf/timer_start")
int BPF_PROG(timer_flags, struct timer_list *timer, unsigned long expires, unsigned int flags)
{
	sink = flags;
	return 0;
}

SEC("tp_btf/hrtimer_expire_entry")
int BPF_PROG(hrtimer_now, struct hrtimer *t, __s64 *now)
{
	sink = *now;
	return 0;
}

SEC("tp_btf/hrtimer_expire_entry")
int BPF_PROG(hrtimer_now_value, struct hrtimer *t, __s64 now)
{
	sink = now;
	return 0;
}

SEC("tp_btf/mark_victim")
int BPF_PROG(victim_uid, struct task_struct *task, unsigned int uid)
{
	sink = task->pid + uid;
	return 0;
}

SEC("tp_btf/inet_sock_set_state")
int BPF_PROG(set_state, struct sock *sk, int old_state, int new_state)
{
	sink = sk->__sk_common.skc_state + new_state;
	return 0;
}

SEC("tp_btf/xdp_redirect")
int BPF_PROG(redirect_index, struct net_device *dev, void *xdp, void *tgt, int err, int type, __u32 id, __u32 index)
{
	sink = index;
	return 0;
}

SEC("tp_btf/block_rq_error")
int BPF_PROG(gone_before_6, struct request *rq)
{
	sink = rq->__data_len;
	return 0;
}

SEC("tp_btf/block_io_start")
int BPF_PROG(io_start, struct request *rq)
{
	sink = rq->__data_len;
	return 0;
}

SEC("tp_btf/sched_prepare_exec")
int BPF_PROG(prepare_exec, struct task_struct *t)
{
	sink = t->pid;
	return 0;
}

SEC("tp_btf/hrtimer_init")
int BPF_PROG(hrtimer_old_name, struct hrtimer *t)
{
	sink = t->state;
	return 0;
}

SEC("tp_btf/hrtimer_setup")
int BPF_PROG(hrtimer_new_name, struct hrtimer *t)
{
	sink = t->state;
	return 0;
}

SEC("tp_btf/writeback_dirty_page")
int BPF_PROG(dirty_page, struct page *p)
{
	sink = (__u64)p;
	return 0;
}

SEC("tp_btf/writeback_dirty_folio")
int BPF_PROG(dirty_folio, void *f)
{
	sink = (__u64)f;
	return 0;
}

SEC("tp_btf/no_such_tracepoint")
int BPF_PROG(no_such, struct task_struct *t)
{
	sink = t->pid;
	return 0;
}

/* A function of the kernel that is no tracepoint. */
SEC("tp_btf/vfs_read")
int BPF_PROG(no_tracepoint, struct file *f)
{
	sink = (__u64)f;
	return 0;
}
