// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Local storage of tasks (5.11), and the helpers for it. */
#include "corpus.h"

struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, __u64);
} storage SEC(".maps");

SEC("tp_btf/sched_switch")
int BPF_PROG(get, bool preempt, struct task_struct *prev)
{
	__u64 *v = bpf_task_storage_get(&storage, prev, 0, BPF_LOCAL_STORAGE_GET_F_CREATE);

	if (v)
		*v += 1;
	return 0;
}

/* Programs of an object share its maps: this one does not use the map. */
SEC("raw_tp/sched_switch")
int beside(void *ctx)
{
	sink = 1;
	return 0;
}
