/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * bench-lttng: what LTTng-UST takes to record the time and three numbers, which is what the bench's record
 * of 32 bytes holds, in the same kind of loop: on one pinned CPU, the least of many rounds, by this thread's
 * CPU time. Started by run, with a session that records. Prints "ns N", or why there is none.
 */
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <time.h>

#if __has_include(<lttng/tracepoint.h>)
#define LTTNG_UST_TRACEPOINT_CREATE_PROBES
#define LTTNG_UST_TRACEPOINT_DEFINE
#include "tp.h"

#define ROUNDS 61
#define RUNS   4000
#define WAIT   5000 /* ms, for the session to reach us */

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

#define LOOP(name, ...)                                                                          \
	static __attribute__((noinline)) double name(void)                                       \
	{                                                                                        \
		double start = now();                                                            \
		uint64_t i;                                                                      \
                                                                                                 \
		for (i = 0; i < RUNS; i++) {                                                     \
			__asm__ volatile("" : "+r"(i) : : "memory");                             \
			__VA_ARGS__;                                                             \
		}                                                                                \
		return (now() - start) / RUNS;                                                   \
	}
LOOP(loop_bare, (void)0)
LOOP(loop_record, lttng_ust_tracepoint(bench, record, i & 1023, 20, 3))

int main(void)
{
	struct timespec step = { .tv_nsec = 1000000 };
	double bare = 1e18, best = 1e18, ns;
	cpu_set_t set;
	int k;

	for (k = 0; k < WAIT && !lttng_ust_tracepoint_enabled(bench, record); k++)
		nanosleep(&step, NULL);
	if (k == WAIT) {
		printf("the session did not reach the program\n");
		return 1;
	}
	CPU_ZERO(&set);
	CPU_SET(sched_getcpu(), &set);
	sched_setaffinity(0, sizeof(set), &set);
	for (k = 0; k < ROUNDS; k++) {
		ns = loop_bare();
		bare = ns < bare ? ns : bare;
		ns = loop_record();
		best = ns < best ? ns : best;
	}
	printf("ns %.2f\n", best - bare);
	return 0;
}
#else
int main(void)
{
	printf("no <lttng/tracepoint.h> (liblttng-ust-dev)\n");
	return 1;
}
#endif
