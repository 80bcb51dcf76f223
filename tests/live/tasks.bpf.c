/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * For the live tests: which processes begin a program, make processes and end, as counts
 * by process id and as rows; and constants of every type that can be set from outside.
 */
#include <abide/linux.h>
#include <abide/program.h>

enum level { LEVEL_LOW, LEVEL_HIGH = 7 };

OPTION(u64, add_u64, 1, "added to each count");
const volatile s16 add_s16 = -2;
const volatile bool rows_wanted = true;
const volatile enum level at_level = LEVEL_LOW;
const volatile char only_comm[16] = "";

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4096);
	__type(key, u32);
	__type(value, u64);
} count_exec SEC(".maps") ABIDE_TAG("count") TITLE("programs begun, by process");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 3);
	__type(key, u32);
	__type(value, u64);
} count_kind SEC(".maps") ABIDE_TAG("count") TITLE("begun, made, ended");

struct row {
	u32 tgid, ppid;
	char comm[16];
};

EVENTS(execs, struct row, "programs begun", 65536);

u64 sum; /* .bss */
u64 start = 1000; /* .data */

static void add_one(u32 kind)
{
	u64 *n = bpf_map_lookup_elem(&count_kind, &kind);

	if (n)
		*n += 1;
}

SEC("tp_user/task_exec")
int BPF_PROG(on_exec, struct task_struct_user *task)
{
	u32 tgid = task->tgid;
	u64 value = start + add_u64 + add_s16 + at_level;
	struct row *row;

	bpf_map_update_elem(&count_exec, &tgid, &value, BPF_ANY);
	__sync_fetch_and_add(&sum, 1);
	add_one(0);
	if (!rows_wanted)
		return 0;
	row = event_reserve(&execs);
	if (!row)
		return 0;
	row->tgid = tgid;
	row->ppid = task->ppid;
	__builtin_memcpy(row->comm, task->comm, sizeof(row->comm));
	event_submit(row);
	return 0;
}

SEC("tp_user/task_fork")
int BPF_PROG(on_fork, struct task_struct_user *parent, struct task_struct_user *child)
{
	if (parent->tgid != child->tgid)
		add_one(1);
	return 0;
}

SEC("tp_user/task_exit")
int BPF_PROG(on_exit, struct task_struct_user *task)
{
	if (task->tid == task->tgid && !only_comm[0])
		add_one(2);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
