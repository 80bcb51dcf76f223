/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * For the live tests: an object with a program that is on no user event, so libbpf loads
 * it, beside one that is. Counts programs that the one parent begins that was named.
 */
#include <abide/linux.h>
#include <abide/program.h>

const volatile u32 parent = 0;

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16);
	__type(key, u32);
	__type(value, u64);
} count_by SEC(".maps");

static void count(u32 which)
{
	u64 one = 1, *n = bpf_map_lookup_elem(&count_by, &which);

	if (n)
		*n += 1;
	else
		bpf_map_update_elem(&count_by, &which, &one, BPF_ANY);
}

SEC("raw_tp/sched_process_exec")
int on_raw(void *ctx)
{
	u32 tgid = bpf_get_current_pid_tgid() >> 32;

	if (tgid == parent)
		count(1);
	return 0;
}

SEC("tp_user/task_exec")
int BPF_PROG(on_exec, struct task_struct_user *task)
{
	if (task->tgid == parent)
		count(2);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
