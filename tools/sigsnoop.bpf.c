/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * sigsnoop: a row for each signal that is sent: by whom, to whom, and what became of it.
 *
 *	abide run sigsnoop.bpf.o
 *	abide run sigsnoop.bpf.o --signal=9
 */
#include <abide/linux.h>
#include <abide/program.h>

OPTION(s32, signal, 0, "only this signal; 0: all");

struct row {
	u32 pid TITLE("PID");
	char comm[16] TITLE("COMM");
	signal_nr sig TITLE("SIGNAL");
	u32 tpid TITLE("TPID");
	char tcomm[16] TITLE("TCOMM");
	enum signal_result_user result TITLE("RESULT");
};

EVENTS(signals, struct row, "signals sent");

SEC("tp_user/signal_generate")
int BPF_PROG(on_signal, struct task_struct_user *target, struct siginfo_user *info, int sig, u32 group,
	     enum signal_result_user result)
{
	struct task_struct_user *sender = bpf_get_current_task_user();
	struct row *row;

	if (signal && sig != signal)
		return 0;
	row = event_reserve(&signals);
	if (!row)
		return 0;
	row->pid = sender->tgid;
	__builtin_memcpy(row->comm, sender->comm, sizeof(row->comm));
	row->sig = sig;
	row->tpid = target->tgid;
	__builtin_memcpy(row->tcomm, target->comm, sizeof(row->tcomm));
	row->result = result;
	event_submit(row);
	return 0;
}

LICENSE("GPL");
