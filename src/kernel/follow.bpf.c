/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The process filter's upkeep, itself a program on stable events: the child of a watched
 * process is watched before it first runs (the event comes before the wake-up), and a
 * process is forgotten when its last thread ends, before its id can be used again.
 * Translated programs look into abide_filter; the engine counts the living by the counts.
 */
#include <abide/linux.h>
#include <abide/program.h>

#include "follow.h"

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16384);
	__type(key, u32);
	__type(value, u8);
} abide_filter SEC(".maps");

struct follow_counts counts;

SEC("tp_user/task_fork")
int BPF_PROG(follow_fork, struct task_struct_user *parent, struct task_struct_user *child)
{
	u32 from = parent->tgid, to = child->tgid;
	u8 one = 1;

	if (from == to || !bpf_map_lookup_elem(&abide_filter, &from))
		return 0;
	if (bpf_map_update_elem(&abide_filter, &to, &one, BPF_ANY))
		__sync_fetch_and_add(&counts.missed, 1);
	else
		__sync_fetch_and_add(&counts.followed, 1);
	return 0;
}

SEC("tp_user/task_exit")
int BPF_PROG(follow_exit, struct task_struct_user *task)
{
	u32 tgid = task->tgid;

	if (!task->live_threads && !bpf_map_delete_elem(&abide_filter, &tgid))
		__sync_fetch_and_add(&counts.ended, 1);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
