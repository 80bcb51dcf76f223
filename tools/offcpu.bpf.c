/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * offcpu: who sleeps, how often and how long: time off the processor by process.
 *
 *	abide run offcpu.bpf.o -d 10
 *
 * Time counts from the moment a task gives the processor up to wait until it runs again,
 * so it includes the wait for a processor (runqlat shows that part alone).
 */
#include <abide/linux.h>
#include <abide/program.h>

OPTION(u64, min_us, 0, "count only sleeps at least this long, in microseconds");

struct who {
	u32 pid TITLE("PID");
	char comm[16] TITLE("COMM");
};

struct sleep {
	u64 total UNIT("ns") TITLE("TOTAL") SORT;
	u64 times TITLE("TIMES");
	u64 longest UNIT("ns") TITLE("LONGEST") LARGEST;
};

TABLE_BY(off, struct who, struct sleep, "time off the processor", 4096);
HISTOGRAM(length, "length of one sleep", "ns");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16384);
	__type(key, u32); /* thread */
	__type(value, u64);
} left_at SEC(".maps");

static __always_inline void back(struct task_struct_user *task, u64 ns)
{
	struct who who = { .pid = task->tgid };
	struct sleep *s;

	if (ns < min_us * 1000)
		return;
	__builtin_memcpy(who.comm, task->comm, sizeof(who.comm));
	hist_add(&length, ns);
	s = table_at(&off, &who);
	if (!s)
		return;
	s->total += ns;
	s->times++;
	if (ns > s->longest)
		s->longest = ns;
}

SEC("tp_user/sched_switch")
int BPF_PROG(on_switch, struct task_struct_user *prev, struct task_struct_user *next,
	     enum task_state_user prev_state)
{
	u64 now = bpf_ktime_get_ns(), *at;
	u32 tid = prev->tid;

	if (tid && prev_state != TASK_USER_RUNNING && prev_state != TASK_USER_DEAD)
		bpf_map_update_elem(&left_at, &tid, &now, BPF_ANY);
	tid = next->tid;
	at = bpf_map_lookup_elem(&left_at, &tid);
	if (at) {
		back(next, now - *at);
		bpf_map_delete_elem(&left_at, &tid);
	}
	return 0;
}

LICENSE("GPL");
