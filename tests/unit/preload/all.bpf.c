/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* How often each of the events libc:* is seen, by its name. */
#include <abide/libc.h>
#include <abide/program.h>

enum what {
	OPEN_ENTER, OPEN_EXIT, CLOSE_ENTER, CLOSE_EXIT, READ_ENTER, READ_EXIT, WRITE_ENTER, WRITE_EXIT, SYNC_ENTER,
	SYNC_EXIT, CONNECT_ENTER, CONNECT_EXIT, ACCEPT_ENTER, ACCEPT_EXIT, GETADDRINFO_ENTER, GETADDRINFO_EXIT,
	EXEC_ENTER, EXEC_EXIT, EXIT, MALLOC, FREE, REALLOC_ENTER, REALLOC_EXIT, MUTEX_WAIT, MUTEX_LOCK, MUTEX_UNLOCK,
	COND_WAIT_ENTER, COND_WAIT_EXIT,
};

COUNTER_BY(events, enum what, "events");
SUM_BY(status, u32, "exit statuses", "", 64);

#define EVENT(name, which)                                                                         \
	SEC("tp_user/libc:" #name)                                                                 \
	int BPF_PROG(on_##name)                                                                    \
	{                                                                                          \
		enum what what = which;                                                            \
                                                                                                   \
		count_by(&events, &what, 1);                                                       \
		return 0;                                                                          \
	}
EVENT(open_enter, OPEN_ENTER)
EVENT(open_exit, OPEN_EXIT)
EVENT(close_enter, CLOSE_ENTER)
EVENT(close_exit, CLOSE_EXIT)
EVENT(read_enter, READ_ENTER)
EVENT(read_exit, READ_EXIT)
EVENT(write_enter, WRITE_ENTER)
EVENT(write_exit, WRITE_EXIT)
EVENT(sync_enter, SYNC_ENTER)
EVENT(sync_exit, SYNC_EXIT)
EVENT(connect_enter, CONNECT_ENTER)
EVENT(connect_exit, CONNECT_EXIT)
EVENT(accept_enter, ACCEPT_ENTER)
EVENT(accept_exit, ACCEPT_EXIT)
EVENT(getaddrinfo_enter, GETADDRINFO_ENTER)
EVENT(getaddrinfo_exit, GETADDRINFO_EXIT)
EVENT(exec_enter, EXEC_ENTER)
EVENT(exec_exit, EXEC_EXIT)
EVENT(malloc, MALLOC)
EVENT(free, FREE)
EVENT(realloc_enter, REALLOC_ENTER)
EVENT(realloc_exit, REALLOC_EXIT)
EVENT(mutex_wait, MUTEX_WAIT)
EVENT(mutex_lock, MUTEX_LOCK)
EVENT(mutex_unlock, MUTEX_UNLOCK)
EVENT(cond_wait_enter, COND_WAIT_ENTER)
EVENT(cond_wait_exit, COND_WAIT_EXIT)

SEC("tp_user/libc:exit")
int BPF_PROG(on_exit, s32 code)
{
	enum what what = EXIT;
	u32 key = code;

	count_by(&events, &what, 1);
	count_by(&status, &key, 1);
	return 0;
}

LICENSE("GPL");
