/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Threads of our own are not the application's: what libabide-event's control thread reads,
 * allocates and locks is no event. Its pthread_create is this one (rules.mk), which also keeps
 * still while libc allocates for the new thread.
 */
#include <pthread.h>

#include "preload/call.h"

__thread bool preload_quiet;

struct start {
	void *(*fn)(void *);
	void *arg;
	bool taken;
};

static void *run(void *arg)
{
	struct start *at = arg, start = *at;

	preload_quiet = true;
	__atomic_store_n(&at->taken, true, __ATOMIC_RELEASE);
	return start.fn(start.arg);
}

int preload_thread_create(pthread_t *thread, const pthread_attr_t *attr, void *(*fn)(void *), void *arg)
{
	struct start start = { fn, arg, false };
	bool before = preload_quiet;
	int err;

	preload_quiet = true;
	err = pthread_create(thread, attr, run, &start);
	while (!err && !__atomic_load_n(&start.taken, __ATOMIC_ACQUIRE))
		sched_yield();
	preload_quiet = before;
	return err;
}
