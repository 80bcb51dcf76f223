/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Blocks by the id of their stack, and the stacks. */
#include <abide/libc.h>
#include <abide/program.h>

#define OURS 2 /* frames of libabide-libc.so */

COUNTER_BY(blocks, u32, "blocks by stack");
COUNTER(missed, "blocks without a stack");

struct {
	__uint(type, BPF_MAP_TYPE_STACK_TRACE);
	__uint(max_entries, 4096);
	__type(key, u32);
	__type(value, user_code[8]);
} print_stacks SEC(".maps") TITLE("stacks");

SEC("tp_user/libc:malloc")
int BPF_PROG(on_malloc)
{
	long id = bpf_get_stackid(ctx, &print_stacks, BPF_F_USER_STACK | OURS);
	u32 key = id;

	if (id < 0)
		count(&missed, 1);
	else
		count_by(&blocks, &key, 1);
	return 0;
}

LICENSE("GPL");
