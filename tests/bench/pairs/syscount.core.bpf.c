/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* System calls by number, by hand, for x86-64. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "pair.h"

struct call {
	__u64 count, argument;
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 512);
	__type(key, __u32);
	__type(value, struct call);
} calls SEC(".maps");

SEC("tp_btf/sys_enter")
int BPF_PROG(on_call, struct pt_regs *regs, long nr)
{
	__u32 key = nr;
	struct call *c;

	if (!chosen(bpf_get_current_pid_tgid() >> 32))
		return 0;
	c = bpf_map_lookup_elem(&calls, &key);
	if (c) {
		c->count++;
		c->argument += regs->di;
	}
	add_seen(nr);
	return 0;
}
