/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * syslat: how long each system call takes, from entry to return.
 *
 *	abide run syslat.bpf.o -d 10
 *	abide run syslat.bpf.o --each=1 -p PID       and a histogram for each call
 */
#include <abide/linux.h>
#include <abide/program.h>

OPTION(bool, each, 0, "a histogram for each system call, not only one for all");

struct time {
	u64 total UNIT("ns") TITLE("TOTAL") SORT;
	u64 count TITLE("COUNT");
	u64 longest UNIT("ns") TITLE("LONGEST") LARGEST;
};

TABLE_BY(calls, syscall_nr, struct time, "time in system calls", 512);
HISTOGRAM(all, "time of one system call", "ns");
HISTOGRAM_BY(by_call, syscall_nr, "time of one system call, by call", "ns", 512);

struct call {
	u64 at;
	s64 nr;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16384);
	__type(key, u32); /* thread */
	__type(value, struct call);
} entered SEC(".maps");

SEC("tp_user/sys_enter")
int BPF_PROG(on_enter, struct syscall_user *sc, s64 nr, u32 compat)
{
	struct call call = { bpf_ktime_get_ns(), nr };
	u32 tid = bpf_get_current_pid_tgid();

	if (!compat && nr >= 0)
		bpf_map_update_elem(&entered, &tid, &call, BPF_ANY);
	return 0;
}

SEC("tp_user/sys_exit")
int BPF_PROG(on_exit)
{
	u32 tid = bpf_get_current_pid_tgid();
	struct call *call = bpf_map_lookup_elem(&entered, &tid);
	struct time *t;
	s64 nr;
	u64 ns;

	if (!call)
		return 0;
	ns = bpf_ktime_get_ns() - call->at;
	nr = call->nr;
	bpf_map_delete_elem(&entered, &tid);
	hist_add(&all, ns);
	if (each)
		hist_add_by(&by_call, &nr, ns);
	t = table_at(&calls, &nr);
	if (!t)
		return 0;
	t->total += ns;
	t->count++;
	if (ns > t->longest)
		t->longest = ns;
	return 0;
}

LICENSE("GPL");
