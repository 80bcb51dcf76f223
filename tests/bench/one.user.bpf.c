/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* A tool of one event, to see how soon it is attached: who runs next, by priority. */
#include <abide/linux.h>
#include <abide/program.h>

HISTOGRAM(priorities, "priority of what runs", "");

SEC("tp_user/sched_switch")
int BPF_PROG(on_switch, struct task_struct_user *prev, struct task_struct_user *next)
{
	hist_add(&priorities, next->prio);
	return 0;
}

LICENSE("GPL");
