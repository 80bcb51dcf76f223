// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* A stable program: a system call's arguments, wherever registers keep them. */
#include <abide/linux.h>
#include <abide/program.h>

HISTOGRAM(size, "flags of openat", "flags");

SEC("tp_user/sys_enter:openat")
int BPF_PROG(on_openat, s32 dfd, const char *filename, s32 flags)
{
	hist_add(&size, flags);
	return 0;
}

LICENSE("GPL");
