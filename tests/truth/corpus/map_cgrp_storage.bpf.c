// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Local storage of cgroups (6.2), and the helper for it. */
#include "corpus.h"

struct {
	__uint(type, 32 /* BPF_MAP_TYPE_CGRP_STORAGE */);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, __u64);
} storage SEC(".maps");

struct css_set {
	struct cgroup *dfl_cgrp;
} KERNEL;

SEC("tp_btf/sched_switch")
int BPF_PROG(get, bool preempt, struct task_struct *prev)
{
	__u64 *v = bpf_cgrp_storage_get(&storage, prev->cgroups->dfl_cgrp, 0, BPF_LOCAL_STORAGE_GET_F_CREATE);

	if (v)
		*v += 1;
	return 0;
}
