// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Classic tracepoints: the event, its struct in BTF, and loads at fixed offsets. */
#include "corpus.h"

struct trace_event_raw_sched_switch {
	int prev_pid;
	char prev_comm[16];
} KERNEL;

struct trace_event_raw_sched_process_template {
	char comm[16];
	int pid;
} KERNEL;

struct trace_event_raw_sched_process_template___loc {
	unsigned int __data_loc_comm;
} KERNEL;

struct trace_event_raw_block_rq_complete {
	unsigned int nr_sector;
} KERNEL;

struct trace_event_raw_block_rq_completion {
	unsigned int nr_sector;
} KERNEL;

struct trace_event_raw_tcp_event_sk_skb {
	unsigned short sport;
} KERNEL;

struct trace_event_raw_tcp_retransmit_skb {
	unsigned short sport;
} KERNEL;

struct trace_event_raw_kfree_skb {
	void *location;
	int reason;
} KERNEL;

struct trace_event_raw_sys_enter {
	long id;
	unsigned long args[6];
} KERNEL;

struct trace_event_raw_kmalloc {
	unsigned long call_site;
	int node;
} KERNEL;

SEC("tracepoint/sched/sched_switch")
int switch_prev(struct trace_event_raw_sched_switch *ctx)
{
	sink = ctx->prev_pid;
	return 0;
}

SEC("tp/sched/sched_process_exit")
int exit_pid(struct trace_event_raw_sched_process_template *ctx)
{
	sink = ctx->pid;
	return 0;
}

SEC("tp/sched/sched_process_free")
int free_comm(struct trace_event_raw_sched_process_template *ctx)
{
	sink = ctx->comm[0];
	return 0;
}

SEC("tp/sched/sched_process_free")
int free_data_loc(struct trace_event_raw_sched_process_template___loc *ctx)
{
	sink = ctx->__data_loc_comm;
	return 0;
}

SEC("tp/block/block_rq_complete")
int complete_old(struct trace_event_raw_block_rq_complete *ctx)
{
	sink = ctx->nr_sector;
	return 0;
}

SEC("tp/block/block_rq_complete")
int complete_new(struct trace_event_raw_block_rq_completion *ctx)
{
	sink = ctx->nr_sector;
	return 0;
}

SEC("tp/block/block_rq_complete")
int complete_either_probed(void *ctx)
{
	struct trace_event_raw_block_rq_completion *n = ctx;
	struct trace_event_raw_block_rq_complete *o = ctx;

	if (bpf_core_type_exists(struct trace_event_raw_block_rq_completion))
		sink = BPF_CORE_READ(n, nr_sector);
	else
		sink = BPF_CORE_READ(o, nr_sector);
	return 0;
}

SEC("tp/tcp/tcp_retransmit_skb")
int retransmit_class(struct trace_event_raw_tcp_event_sk_skb *ctx)
{
	sink = ctx->sport;
	return 0;
}

SEC("tp/tcp/tcp_retransmit_skb")
int retransmit_own(struct trace_event_raw_tcp_retransmit_skb *ctx)
{
	sink = ctx->sport;
	return 0;
}

SEC("tp/skb/kfree_skb")
int free_skb_location(struct trace_event_raw_kfree_skb *ctx)
{
	sink = (__u64)ctx->location;
	return 0;
}

SEC("tp/skb/kfree_skb")
int free_skb_reason(struct trace_event_raw_kfree_skb *ctx)
{
	sink = ctx->reason;
	return 0;
}

SEC("tp/kmem/kmalloc")
int kmalloc_node(struct trace_event_raw_kmalloc *ctx)
{
	sink = ctx->node;
	return 0;
}

SEC("tp/raw_syscalls/sys_enter")
int sys_enter(struct trace_event_raw_sys_enter *ctx)
{
	sink = ctx->id + ctx->args[1];
	return 0;
}

SEC("tp/syscalls/sys_enter_openat")
int enter_openat(struct trace_event_raw_sys_enter *ctx)
{
	sink = ctx->args[1];
	return 0;
}

SEC("tp/syscalls/sys_exit_openat")
int exit_openat(__u64 *ctx)
{
	sink = ctx[2];
	return 0;
}

SEC("tp/syscalls/sys_enter_no_such_call")
int enter_no_such(void *ctx)
{
	sink = 1;
	return 0;
}

/* As bcc's generated structs do: offsets of the day when it was written. */
SEC("tp/sched/sched_switch")
int fixed_offset(char *ctx)
{
	sink = *(int *)(ctx + 24);
	return 0;
}

SEC("tp/sched/sched_process_exit")
int fixed_beyond_event(char *ctx)
{
	sink = *(__u64 *)(ctx + 512);
	return 0;
}

/* No event of syscalls has a seventh argument. */
SEC("tp/syscalls/sys_enter_openat")
int seventh_argument(__u64 *ctx)
{
	sink = ctx[9];
	return 0;
}

SEC("tp/sched/sched_switch")
int beyond_page(char *ctx)
{
	sink = *(__u64 *)(ctx + 8192);
	return 0;
}

SEC("tp/block/block_io_start")
int io_start(void *ctx)
{
	sink = 1;
	return 0;
}

SEC("tp/kmem/kmem_cache_alloc_node")
int alloc_node(void *ctx)
{
	sink = 1;
	return 0;
}

SEC("tp/timer/hrtimer_init")
int hrtimer_init(void *ctx)
{
	sink = 1;
	return 0;
}

SEC("tp/writeback/writeback_dirty_page")
int dirty_page(void *ctx)
{
	sink = 1;
	return 0;
}

SEC("tp/writeback/writeback_dirty_folio")
int dirty_folio(void *ctx)
{
	sink = 1;
	return 0;
}

SEC("tp/sched/no_such_event")
int no_such_event(void *ctx)
{
	sink = 1;
	return 0;
}

SEC("tp/no_such_system/sched_switch")
int no_such_system(void *ctx)
{
	sink = 1;
	return 0;
}
