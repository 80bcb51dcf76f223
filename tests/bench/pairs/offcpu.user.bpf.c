/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Time off the processor, summed by task: plain loads. */
#include <abide/linux.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "pair.h"

struct off {
	__u64 since, total;
	__u32 times, prio;
};

HASH(off, __u32, struct off);

SEC("tp_user/sched_switch")
int BPF_PROG(on_switch, struct task_struct_user *prev, struct task_struct_user *next)
{
	__u64 now = bpf_ktime_get_ns();
	__u32 tid = prev->tid;
	struct off *o;

	if (chosen(prev->tgid)) {
		o = bpf_map_lookup_elem(&off, &tid);
		if (o)
			o->since = now;
		else
			bpf_map_update_elem(&off, &tid, &(struct off){ .since = now }, BPF_NOEXIST);
		add_seen(tid);
	}
	if (!chosen(next->tgid))
		return 0;
	tid = next->tid;
	o = bpf_map_lookup_elem(&off, &tid);
	if (o) {
		o->total += now - o->since;
		o->prio = next->prio;
		o->times++;
		add_seen(o->prio);
	}
	return 0;
}
