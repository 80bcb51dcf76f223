// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* A stable program: what sched_switch's arguments and task_struct are called does not matter to it. */
#include <abide/linux.h>
#include <abide/program.h>

HISTOGRAM(size, "thread ids", "ids");

SEC("tp_user/sched_switch")
int BPF_PROG(on_switch, struct task_struct_user *prev, struct task_struct_user *next, enum task_state_user prev_state)
{
	hist_add(&size, prev->tid + next->parent->tgid + prev_state);
	return 0;
}

LICENSE("GPL");
