/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * lockwait: how long an application waits for its mutexes, and for which of them where.
 *
 *	abide run lockwait.bpf.o --preload libc -- COMMAND
 *
 * Locks that were free are counted, and cost no look at the clock. Time that a thread spends
 * in pthread_cond_wait is not waiting for a lock, but what it needs to get it back then is
 * part of it.
 */
#include <abide/libc.h>
#include <abide/program.h>

OPTION(u64, min_us, 0, "count only waits at least this long, in microseconds");

struct lock {
	u32 pid TITLE("PID");
	u32 __unused;
	u64 mutex TITLE("MUTEX") HEX;
	user_code caller TITLE("CALLER");
};

struct waits {
	u64 total UNIT("ns") TITLE("TOTAL") SORT;
	u64 waits TITLE("WAITS");
	u64 longest UNIT("ns") TITLE("LONGEST") LARGEST;
};

COUNTER(taken, "locks taken");
HISTOGRAM(wait, "time that a lock was waited for", "ns");
TOP_BY(locks, struct lock, struct waits, "locks that were waited for", 4096);

SEC("tp_user/libc:mutex_lock")
int BPF_PROG(on_lock, u64 mutex, u64 wait_ns, s32 error, u64 caller)
{
	struct lock lock = { .mutex = mutex, .caller = caller };
	struct waits *w;

	if (!error)
		count(&taken, 1);
	if (!wait_ns || wait_ns < min_us * 1000)
		return 0;
	hist_add(&wait, wait_ns);
	lock.pid = bpf_get_current_pid_tgid() >> 32;
	w = table_at(&locks, &lock);
	if (!w)
		return 0;
	w->total += wait_ns;
	w->waits++;
	if (wait_ns > w->longest)
		w->longest = wait_ns;
	return 0;
}

LICENSE("GPL");
