// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* CO-RE on types and enumerators: exists, size, id, value; guarded and not. */
#include "corpus.h"

struct no_such_type {
	int a;
};

struct mm_rss_stat {
	long count[4];
} KERNEL;

struct folio {
	unsigned long flags;
} KERNEL;

enum req_opf___old {
	REQ_OP_SCSI_IN___old = 32,
};

enum req_op___new {
	REQ_OP_DRV_IN___new = 34,
	REQ_OP_NO_SUCH___new = 77,
};

enum skb_drop_reason___any {
	SKB_DROP_REASON_NO_SOCKET___any = 3,
};

/* One value is enough to ask for another of the same enumeration. */
enum bpf_func_id___ask {
	BPF_FUNC_loop___ask = 181,
	BPF_FUNC_get_current_task_btf___ask = 158,
};

enum bpf_map_type___ask {
	BPF_MAP_TYPE_ARENA___ask = 33,
};

typedef struct {
	int counter;
} no_such_typedef;

SEC("raw_tp/sched_switch")
int exists_present(void *ctx)
{
	sink = bpf_core_type_exists(struct task_struct);
	return 0;
}

SEC("raw_tp/sched_switch")
int exists_absent(void *ctx)
{
	sink = bpf_core_type_exists(struct no_such_type);
	return 0;
}

SEC("raw_tp/sched_switch")
int size_present(void *ctx)
{
	sink = bpf_core_type_size(struct task_struct);
	return 0;
}

SEC("raw_tp/sched_switch")
int size_absent(void *ctx)
{
	sink = bpf_core_type_size(struct no_such_type);
	return 0;
}

SEC("raw_tp/sched_switch")
int size_drifting(void *ctx)
{
	sink = bpf_core_type_size(struct mm_rss_stat);
	return 0;
}

SEC("raw_tp/sched_switch")
int size_guarded(void *ctx)
{
	if (bpf_core_type_exists(struct mm_rss_stat))
		sink = bpf_core_type_size(struct mm_rss_stat);
	return 0;
}

SEC("raw_tp/sched_switch")
int id_kernel_present(void *ctx)
{
	sink = bpf_core_type_id_kernel(struct task_struct);
	return 0;
}

SEC("raw_tp/sched_switch")
int id_kernel_absent(void *ctx)
{
	sink = bpf_core_type_id_kernel(struct no_such_type);
	return 0;
}

SEC("raw_tp/sched_switch")
int id_local_absent(void *ctx)
{
	sink = bpf_core_type_id_local(struct no_such_type);
	return 0;
}

SEC("raw_tp/sched_switch")
int typedef_absent(void *ctx)
{
	sink = bpf_core_type_exists(no_such_typedef);
	return 0;
}

SEC("raw_tp/sched_switch")
int folio_unguarded(void *ctx)
{
	sink = BPF_CORE_READ((struct folio *)ctx, flags);
	return 0;
}

SEC("raw_tp/sched_switch")
int folio_guarded(void *ctx)
{
	if (bpf_core_type_exists(struct folio))
		sink = BPF_CORE_READ((struct folio *)ctx, flags);
	else
		sink = BPF_CORE_READ((struct page *)ctx, flags);
	return 0;
}

SEC("raw_tp/sched_switch")
int value_old(void *ctx)
{
	sink = bpf_core_enum_value(enum req_opf___old, REQ_OP_SCSI_IN___old);
	return 0;
}

SEC("raw_tp/sched_switch")
int value_new(void *ctx)
{
	sink = bpf_core_enum_value(enum req_op___new, REQ_OP_DRV_IN___new);
	return 0;
}

SEC("raw_tp/sched_switch")
int value_either(void *ctx)
{
	if (bpf_core_enum_value_exists(enum req_op___new, REQ_OP_DRV_IN___new))
		sink = bpf_core_enum_value(enum req_op___new, REQ_OP_DRV_IN___new);
	else
		sink = 99;
	return 0;
}

SEC("raw_tp/sched_switch")
int value_absent_of_present(void *ctx)
{
	sink = bpf_core_enum_value(enum req_op___new, REQ_OP_NO_SUCH___new);
	return 0;
}

SEC("raw_tp/sched_switch")
int value_exists_absent(void *ctx)
{
	sink = bpf_core_enum_value_exists(enum req_op___new, REQ_OP_NO_SUCH___new);
	return 0;
}

SEC("raw_tp/sched_switch")
int drop_reason(void *ctx)
{
	sink = bpf_core_enum_value(enum skb_drop_reason___any, SKB_DROP_REASON_NO_SOCKET___any);
	return 0;
}

/* A helper behind the question whether the kernel knows its number. */

SEC("raw_tp/sched_switch")
int helper_guarded(void *ctx)
{
	if (bpf_core_enum_value_exists(enum bpf_func_id___ask, BPF_FUNC_get_current_task_btf___ask))
		sink = bpf_get_current_task_btf()->pid;
	return 0;
}

SEC("raw_tp/sched_switch")
int helper_guarded_by_another(void *ctx)
{
	if (bpf_core_enum_value_exists(enum bpf_map_type___ask, BPF_MAP_TYPE_ARENA___ask))
		sink = bpf_get_current_task_btf()->pid;
	return 0;
}
