/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* One count for each pair of calls that calls.c makes. */
#include <abide/libc.h>
#include <abide/program.h>

COUNTER(calls, "calls");

SEC("tp_user/libc:malloc")
int BPF_PROG(on_malloc)
{
	count(&calls, 1);
	return 0;
}

SEC("tp_user/libc:mutex_lock")
int BPF_PROG(on_lock)
{
	count(&calls, 1);
	return 0;
}

SEC("tp_user/libc:read_exit")
int BPF_PROG(on_read)
{
	count(&calls, 1);
	return 0;
}

LICENSE("GPL");
