/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Waiting until no thread can be in what was taken away. In: things that no list has any more.
 * membarrier(PRIVATE_EXPEDITED) makes every running thread pass a full barrier: after it, a
 * thread either has its mark visible, and may have read the old list, or will read the new one. Marked
 * ones are waited for until the mark changes; their programs end by themselves, by their budget.
 *
 * A thread may be stopped in a program (by a debugger, by SIGSTOP), or have left it by
 * longjmp from a signal handler. The wait is bounded, and what was to be released stays until
 * a later one succeeds.
 */
#include <errno.h>
#include <linux/membarrier.h>
#include <sched.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "event/grace.h"
#include "event/thread.h"

#define SPINS   200
#define STEP_NS 50000
#define STEPS   4000 /* 0.2 s */
#define ASK     100  /* after so many steps: is the thread still there? */

static struct event_retired *retired;
static bool barriers;

static bool barrier(void)
{
	return !syscall(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0);
}

void event_grace_begin(void)
{
	barriers = !syscall(SYS_membarrier, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, 0, 0) && barrier();
	event_threads_begin(!barriers);
}

void event_retire(struct event_retired *r, void (*release)(struct event_retired *r))
{
	r->release = release;
	r->next = retired;
	retired = r;
}

static bool wait_for(const struct event_thread *t)
{
	uint64_t seq = __atomic_load_n(&t->seq, __ATOMIC_ACQUIRE);
	struct timespec step = { .tv_nsec = STEP_NS };
	uint32_t i;

	if (!(seq & 1) || t == event_me)
		return true;
	for (i = 0; i < SPINS + STEPS; i++) {
		if (__atomic_load_n(&t->seq, __ATOMIC_ACQUIRE) != seq)
			return true;
		if (i < SPINS) {
			sched_yield();
			continue;
		}
		if (i == SPINS + ASK && event_thread_is_dead(__atomic_load_n(&t->tid, __ATOMIC_RELAXED)))
			return true;
		nanosleep(&step, NULL);
	}
	return false;
}

bool event_grace(void)
{
	struct event_retired *r, *next;
	struct event_thread *t;

	if (barriers && !barrier()) {
		/* granted once, refused now: nobody fences, so nothing can be known */
		return false;
	}
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	for (t = event_threads(); t; t = t->next)
		if (!wait_for(t))
			return false;
	r = retired;
	retired = NULL;
	for (; r; r = next) {
		next = r->next;
		r->release(r);
	}
	return true;
}
