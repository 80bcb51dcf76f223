/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * syscount: how often each system call is made, and how often it fails.
 *
 *	abide run syscount.bpf.o -d 10
 */
#include <abide/linux.h>
#include <abide/program.h>

struct calls {
	u64 count TITLE("COUNT") SORT;
	u64 failed TITLE("FAILED");
};

TABLE_BY(calls, syscall_nr, struct calls, "system calls", 512);

SEC("tp_user/sys_exit")
int BPF_PROG(on_exit, struct syscall_user *sc, s64 nr, s64 ret, u32 compat)
{
	struct calls *c;

	if (compat || nr < 0) /* 32-bit programs count in another table; -1: the return from a signal */
		return 0;
	c = table_at(&calls, &nr);
	if (!c)
		return 0;
	c->count++;
	if (ret < 0 && ret >= -4095)
		c->failed++;
	return 0;
}

LICENSE("GPL");
