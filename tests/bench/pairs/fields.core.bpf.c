/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Who runs next, by hand. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "pair.h"

struct who {
	__u64 start_ns, cgroup_id;
	__u32 tid, tgid, ppid, uid, gid, leader, grandparent;
	char comm[16];
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct who);
} last SEC(".maps");

SEC("tp_btf/sched_switch")
int BPF_PROG(on_switch, bool preempt, struct task_struct *prev, struct task_struct *next)
{
	struct who *w;

	if (!chosen(next->tgid))
		return 0;
	w = bpf_map_lookup_elem(&last, &(__u32){ 0 });
	if (!w)
		return 0;
	w->start_ns = next->start_time;
	w->cgroup_id = next->cgroups->dfl_cgrp->kn->id;
	w->tid = next->pid;
	w->tgid = next->tgid;
	w->ppid = next->real_parent->tgid;
	w->uid = next->real_cred->uid.val;
	w->gid = next->real_cred->gid.val;
	w->leader = next->group_leader->pid;
	w->grandparent = next->real_parent->real_parent->tgid;
	__builtin_memcpy(w->comm, next->comm, sizeof(w->comm));
	add_seen(w->start_ns + w->cgroup_id + w->tid + w->tgid + w->ppid + w->uid + w->gid +
	         w->leader + w->grandparent + w->comm[0]);
	return 0;
}
