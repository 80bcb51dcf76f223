/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Helpers that touch no memory of the program, by the kernel's numbers (linux/bpf.h), with
 * the kernel's results and errors. bpf_loop calls back and ends early when the run has to.
 */
#include <errno.h>
#include <sched.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "process/program.h"

#define MAX_LOOPS (1u << 23) /* as in the kernel, BPF_MAX_LOOPS */
#define UNUSED5   (void)r1, (void)r2, (void)r3, (void)r4, (void)r5, (void)run
#define ARGS      uint64_t r1, uint64_t r2, uint64_t r3, uint64_t r4, uint64_t r5, struct process_run *run

static uint64_t clock_ns(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static uint64_t ktime_get_ns(ARGS)
{
	UNUSED5;
	return clock_ns(CLOCK_MONOTONIC);
}

static uint64_t ktime_get_boot_ns(ARGS)
{
	UNUSED5;
	return clock_ns(CLOCK_BOOTTIME);
}

static uint64_t ktime_get_coarse_ns(ARGS)
{
	UNUSED5;
	return clock_ns(CLOCK_MONOTONIC_COARSE);
}

static uint64_t ktime_get_tai_ns(ARGS)
{
	UNUSED5;
	return clock_ns(CLOCK_TAI);
}

static uint64_t get_smp_processor_id(ARGS)
{
	int cpu = sched_getcpu();

	UNUSED5;
	return cpu < 0 ? 0 : (uint64_t)(uint32_t)cpu;
}

static uint64_t get_prandom_u32(ARGS)
{
	/* splitmix64 (Steele, Lea, Flood 2014), a state for each thread, seeded once */
	static __thread uint64_t state;
	uint64_t z;

	UNUSED5;
	if (!state && getrandom(&state, sizeof(state), GRND_NONBLOCK) != sizeof(state))
		state = clock_ns(CLOCK_MONOTONIC) ^ (uint64_t)(uintptr_t)&state;
	z = state += 0x9e3779b97f4a7c15u;
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return (uint32_t)(z >> 32);
}

static uint64_t get_current_pid_tgid(ARGS)
{
	UNUSED5;
	return (uint64_t)(uint32_t)getpid() << 32 | (uint32_t)gettid();
}

static uint64_t get_current_uid_gid(ARGS)
{
	UNUSED5;
	return (uint64_t)getgid() << 32 | getuid();
}

/* bpf_loop(n, callback, context, flags): how many iterations ran. */
static uint64_t loop(ARGS)
{
	uint32_t n = (uint32_t)r1, i;

	(void)r5;
	if (r4)
		return (uint64_t)-EINVAL;
	if (n > MAX_LOOPS)
		return (uint64_t)-E2BIG;
	for (i = 0; i < n; i++) {
		uint64_t stop = process_callback(run, r2, i, r3, 0, 0, 0);

		if (process_stopped(run))
			break;
		if (stop)
			return i + 1;
	}
	return i;
}

static const struct process_helper basic[] = {
	[BPF_FUNC_ktime_get_ns] = { .fn = ktime_get_ns, .name = "ktime_get_ns" },
	[BPF_FUNC_get_prandom_u32] = { .fn = get_prandom_u32, .name = "get_prandom_u32" },
	[BPF_FUNC_get_smp_processor_id] = { .fn = get_smp_processor_id, .name = "get_smp_processor_id", .emit = INLINE_CPU_ID },
	[BPF_FUNC_tail_call] = { .name = "tail_call", .tail_call = true },
	[BPF_FUNC_get_current_pid_tgid] = { .fn = get_current_pid_tgid, .name = "get_current_pid_tgid" },
	[BPF_FUNC_get_current_uid_gid] = { .fn = get_current_uid_gid, .name = "get_current_uid_gid" },
	[BPF_FUNC_ktime_get_boot_ns] = { .fn = ktime_get_boot_ns, .name = "ktime_get_boot_ns" },
	[BPF_FUNC_ktime_get_coarse_ns] = { .fn = ktime_get_coarse_ns, .name = "ktime_get_coarse_ns" },
	[BPF_FUNC_loop] = { .fn = loop, .name = "loop", .wants_run = true, .calls_back = true },
	[BPF_FUNC_ktime_get_tai_ns] = { .fn = ktime_get_tai_ns, .name = "ktime_get_tai_ns" },
};

const struct process_helpers *process_helpers_basic(void)
{
	static const struct process_helpers helpers = { basic, sizeof(basic) / sizeof(basic[0]) };

	return &helpers;
}
