/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Who runs next, in full: plain loads and hops through one to three pointers. */
#include <abide/linux.h>
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

SEC("tp_user/sched_switch")
int BPF_PROG(on_switch, struct task_struct_user *prev, struct task_struct_user *next)
{
	struct who *w;

	if (!chosen(next->tgid))
		return 0;
	w = bpf_map_lookup_elem(&last, &(__u32){ 0 });
	if (!w)
		return 0;
	w->start_ns = next->start_ns;
	w->cgroup_id = next->cgroup_id;
	w->tid = next->tid;
	w->tgid = next->tgid;
	w->ppid = next->ppid;
	w->uid = next->uid;
	w->gid = next->gid;
	w->leader = next->group_leader->tid;
	w->grandparent = next->parent->parent->tgid;
	__builtin_memcpy(w->comm, next->comm, sizeof(w->comm));
	add_seen(w->start_ns + w->cgroup_id + w->tid + w->tgid + w->ppid + w->uid + w->gid +
	         w->leader + w->grandparent + w->comm[0]);
	return 0;
}
