/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Helpers of time, place and identity: clocks, CPU, node, process, user, name, random
 * numbers; and bpf_loop. With the kernel's results; identity is what the process sees of
 * itself (its own pid namespace).
 */
#include <errno.h>
#include <sched.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "process/helper.h"

#define MAX_LOOPS (1u << 23) /* as in the kernel, BPF_MAX_LOOPS */
#define NS        1000000000u

uint64_t helper_clock_ns(int clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (uint64_t)t.tv_sec * NS + (uint64_t)t.tv_nsec;
}

uint64_t helper_ktime_get_ns(HELPER_ARGS)
{
	HELPER_UNUSED;
	return helper_clock_ns(CLOCK_MONOTONIC);
}

uint64_t helper_ktime_get_boot_ns(HELPER_ARGS)
{
	HELPER_UNUSED;
	return helper_clock_ns(CLOCK_BOOTTIME);
}

uint64_t helper_ktime_get_coarse_ns(HELPER_ARGS)
{
	HELPER_UNUSED;
	return helper_clock_ns(CLOCK_MONOTONIC_COARSE);
}

uint64_t helper_ktime_get_tai_ns(HELPER_ARGS)
{
	HELPER_UNUSED;
	return helper_clock_ns(CLOCK_TAI);
}

/*
 * The kernel's tick counter is the coarse clock, counted in ticks, whose length that clock's
 * resolution tells. It does not begin at 0 but 300 seconds before 32 bits overflow.
 */
uint64_t helper_jiffies64(HELPER_ARGS)
{
	struct timespec tick;
	uint64_t ns;

	HELPER_UNUSED;
	clock_getres(CLOCK_MONOTONIC_COARSE, &tick);
	ns = tick.tv_nsec ? (uint64_t)tick.tv_nsec : 4000000;
	return (uint32_t)(0 - 300 * (NS / ns)) + helper_clock_ns(CLOCK_MONOTONIC_COARSE) / ns;
}

uint64_t helper_get_smp_processor_id(HELPER_ARGS)
{
	int cpu = sched_getcpu();

	HELPER_UNUSED;
	return cpu < 0 ? 0 : (uint64_t)(uint32_t)cpu;
}

uint64_t helper_get_numa_node_id(HELPER_ARGS)
{
	unsigned int cpu, node = 0;

	HELPER_UNUSED;
	getcpu(&cpu, &node);
	return node;
}

uint64_t helper_get_prandom_u32(HELPER_ARGS)
{
	/* splitmix64 (Steele, Lea, Flood 2014), a state for each thread, seeded once */
	static __thread uint64_t state;
	uint64_t z;

	HELPER_UNUSED;
	if (!state && getrandom(&state, sizeof(state), GRND_NONBLOCK) != sizeof(state))
		state = helper_clock_ns(CLOCK_MONOTONIC) ^ (uint64_t)(uintptr_t)&state;
	z = state += 0x9e3779b97f4a7c15u;
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return (uint32_t)(z >> 32);
}

/*
 * A number that a process keeps and its child does not: on a page that the kernel clears in
 * the child (MADV_WIPEONFORK, since 4.14; 0 always where there is none: nothing is kept).
 */
static uint64_t fork_mark(void)
{
	static _Atomic(_Atomic(uint64_t) *) page;
	_Atomic(uint64_t) *p = atomic_load_explicit(&page, memory_order_acquire), *none = NULL;
	uint64_t mark;

	if (__builtin_expect(!p, 0)) {
		size_t size = (size_t)sysconf(_SC_PAGESIZE);

		p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		if (p == MAP_FAILED)
			return 0;
		if (madvise(p, size, MADV_WIPEONFORK) ||
		    !atomic_compare_exchange_strong(&page, &none, p)) {
			munmap(p, size);
			p = none;
			if (!p)
				return 0;
		}
	}
	mark = atomic_load_explicit(p, memory_order_relaxed);
	if (__builtin_expect(!mark, 0)) {
		mark = (uint64_t)getpid();
		atomic_store_explicit(p, mark, memory_order_relaxed);
	}
	return mark;
}

uint64_t helper_get_current_pid_tgid(HELPER_ARGS)
{
	uint64_t mark = fork_mark();

	HELPER_UNUSED;
	if (__builtin_expect(run->pid_mark != mark || !mark, 0)) {
		run->pid_tgid = (uint64_t)(uint32_t)getpid() << 32 | (uint32_t)gettid();
		run->pid_mark = mark;
	}
	return run->pid_tgid;
}

uint64_t helper_get_current_uid_gid(HELPER_ARGS)
{
	HELPER_UNUSED;
	return (uint64_t)getgid() << 32 | getuid();
}

/* (buf, size): the thread's name, cut, with zeros behind it. */
uint64_t helper_get_current_comm(HELPER_ARGS)
{
	char name[16] = "", *out = helper_pointer(r1);
	size_t size = (uint32_t)r2;

	HELPER_UNUSED;
	if (!size)
		return helper_error(-EINVAL);
	prctl(PR_GET_NAME, name);
	memset(out, 0, size);
	memcpy(out, name, strnlen(name, size - 1 < 15 ? size - 1 : 15));
	return 0;
}

/* bpf_loop(n, callback, context, flags): how many iterations ran. */
uint64_t helper_loop(HELPER_ARGS)
{
	uint32_t n = (uint32_t)r1, i;

	(void)r5;
	if (r4)
		return helper_error(-EINVAL);
	if (n > MAX_LOOPS)
		return helper_error(-E2BIG);
	for (i = 0; i < n; i++) {
		uint64_t stop = process_callback(run, r2, i, r3, 0, 0, 0);

		if (process_stopped(run))
			break;
		if (stop)
			return i + 1;
	}
	return i;
}
