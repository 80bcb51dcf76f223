/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * What libabide-event does itself is no event: what it reads, allocates and locks in its
 * control thread, when a library registers, around a fork. Its functions that begin such work
 * have other names in this library (rules.mk), and are called from here, in a thread that is
 * quiet meanwhile; what it calls to begin work of its own is here as well.
 */
#include <pthread.h>
#include <sched.h>

#include <abide/event.h>

#include "preload/call.h"

__thread bool preload_quiet;

int event_start(void);
void event_stop(void);
void event_register(struct abide_event_module *module);
void event_unregister(struct abide_event_module *module);

#define QUIETLY(statement)                                                                         \
	do {                                                                                       \
		bool before_ = preload_quiet;                                                      \
                                                                                                   \
		preload_quiet = true;                                                              \
		statement;                                                                         \
		preload_quiet = before_;                                                           \
	} while (0)

int abide_event_start(void)
{
	int err;

	QUIETLY(err = event_start());
	return err;
}

void abide_event_stop(void)
{
	QUIETLY(event_stop());
}

void abide_event_register(struct abide_event_module *module)
{
	QUIETLY(event_register(module));
}

void abide_event_unregister(struct abide_event_module *module)
{
	QUIETLY(event_unregister(module));
}

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

/* libc allocates for the new thread; its start is on our stack until it has taken it. */
int preload_thread_create(pthread_t *thread, const pthread_attr_t *attr, void *(*fn)(void *),
                          void *arg)
{
	struct start start = { fn, arg, false };
	int err;

	QUIETLY(err = pthread_create(thread, attr, run, &start));
	while (!err && !__atomic_load_n(&start.taken, __ATOMIC_ACQUIRE))
		sched_yield();
	return err;
}

/* As libc keeps them: before a fork the last one first, after it the first one first. */
#define ATFORK 8
static struct {
	void (*before)(void), (*parent)(void), (*child)(void);
} atfork[ATFORK];
static uint32_t nr_atfork;

static void quiet_before(void)
{
	uint32_t i;

	for (i = nr_atfork; i--;)
		if (atfork[i].before)
			QUIETLY(atfork[i].before());
}

static void quiet_parent(void)
{
	uint32_t i;

	for (i = 0; i < nr_atfork; i++)
		if (atfork[i].parent)
			QUIETLY(atfork[i].parent());
}

static void quiet_child(void)
{
	uint32_t i;

	for (i = 0; i < nr_atfork; i++)
		if (atfork[i].child)
			QUIETLY(atfork[i].child());
}

/* Called with the library's own lock, or before there is a second thread. */
int preload_atfork(void (*before)(void), void (*parent)(void), void (*child)(void))
{
	int err = 0;

	if (nr_atfork == ATFORK)
		return pthread_atfork(before, parent, child);
	if (!nr_atfork)
		err = pthread_atfork(quiet_before, quiet_parent, quiet_child);
	if (err)
		return err;
	atfork[nr_atfork].before = before;
	atfork[nr_atfork].parent = parent;
	atfork[nr_atfork].child = child;
	__atomic_store_n(&nr_atfork, nr_atfork + 1, __ATOMIC_RELEASE);
	return 0;
}
