// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* A program on a user event that the catalog does not have. */
#include <abide/linux.h>
#include <abide/program.h>

HISTOGRAM(size, "thread ids", "ids");

SEC("tp_user/no_such_event")
int BPF_PROG(on_nothing, struct task_struct_user *task)
{
	hist_add(&size, task->tid);
	return 0;
}

LICENSE("GPL");
