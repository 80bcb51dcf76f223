/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* The tool of one event by hand, with CO-RE. */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "pairs/log2.h"

SEC("tp_btf/sched_switch")
int BPF_PROG(on_switch, bool preempt, struct task_struct *prev, struct task_struct *next)
{
	add_hist(next->prio);
	return 0;
}

char LICENSE_TEXT[] SEC("license") = "GPL";
