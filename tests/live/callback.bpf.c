/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* For the live tests: a program that hands a function of its own to the kernel (Linux 5.13). */
#include <abide/linux.h>
#include <abide/program.h>

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 4);
	__type(key, u32);
	__type(value, u64);
} cells SEC(".maps");

struct sum {
	u64 total, calls;
};

u64 total, calls;

static long add(void *map, u32 *key, u64 *value, struct sum *sum)
{
	sum->total += *value * (*key + 1);
	sum->calls++;
	return 0;
}

SEC("tp_user/task_exec")
int BPF_PROG(walk, struct task_struct_user *task)
{
	struct sum sum = {};

	bpf_for_each_map_elem(&cells, add, &sum, 0);
	total = sum.total;
	calls = sum.calls;
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
