/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * exitsnoop: a row for each process that ends: how long it lived, and how it ended.
 *
 *	abide run exitsnoop.bpf.o
 *	abide run exitsnoop.bpf.o --threads=1       threads as well
 */
#include <abide/linux.h>
#include <abide/program.h>

OPTION(bool, threads, 0, "show threads that end, not only processes");

struct row {
	u32 pid TITLE("PID");
	u32 ppid TITLE("PPID");
	u32 tid TITLE("TID");
	u64 age UNIT("ns") TITLE("AGE");
	wait_status status TITLE("STATUS");
	char comm[16] TITLE("COMM");
};

EVENTS(exits, struct row, "processes ended");

SEC("tp_user/task_exit")
int BPF_PROG(on_exit, struct task_struct_user *task)
{
	struct row *row;

	if (!threads && task->tid != task->tgid)
		return 0;
	row = event_reserve(&exits);
	if (!row)
		return 0;
	row->pid = task->tgid;
	row->ppid = task->ppid;
	row->tid = task->tid;
	row->age = bpf_ktime_get_ns() - task->start_ns;
	row->status = task->exit_code;
	__builtin_memcpy(row->comm, task->comm, sizeof(row->comm));
	event_submit(row);
	return 0;
}

LICENSE("GPL");
