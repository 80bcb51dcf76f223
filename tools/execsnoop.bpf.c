/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * execsnoop: a row for each program that is started.
 *
 *	abide run execsnoop.bpf.o
 *
 * ARGC is the number of arguments, the program's name included. Short-lived programs that
 * top never shows are what this finds.
 */
#include <abide/linux.h>
#include <abide/program.h>

struct row {
	u32 pid TITLE("PID");
	u32 ppid TITLE("PPID");
	u32 uid TITLE("UID");
	u32 argc TITLE("ARGC");
	char comm[16] TITLE("COMM");
	char file[128] TITLE("FILE");
};

EVENTS(execs, struct row, "programs started");

SEC("tp_user/task_exec")
int BPF_PROG(on_exec, struct task_struct_user *task, struct linux_binprm_user *binprm)
{
	struct row *row = event_reserve(&execs);

	if (!row)
		return 0;
	row->pid = task->tgid;
	row->ppid = task->ppid;
	row->uid = task->uid;
	row->argc = binprm->argc;
	__builtin_memcpy(row->comm, task->comm, sizeof(row->comm));
	user_str(row->file, sizeof(row->file), binprm->filename);
	event_submit(row);
	return 0;
}

LICENSE("GPL");
