/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * How it begins and ends: by a call, by ABIDE_EVENT in the environment, in a child, with the last
 * module. Until then no thread, no descriptor, no memory. A child that was forked keeps what is
 * armed (maps are shared memory) and has a control thread of its own.
 */
#include <abide/event.h>
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "event/grace.h"
#include "event/registry.h"
#include "event/thread.h"


static pthread_mutex_t starting = PTHREAD_MUTEX_INITIALIZER;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static bool started, looked;

static void before_fork(void)
{
	pthread_mutex_lock(&starting);
	event_control_before_fork();
	event_lock();
}

static void in_parent(void)
{
	event_unlock();
	event_control_after_fork();
	pthread_mutex_unlock(&starting);
}

static void in_child(void)
{
	event_threads_forked();
	event_grace_begin();
	event_unlock();
	event_control_after_fork();
	if (started)
		event_control_forked();
	pthread_mutex_unlock(&starting);
}

static void begin(void)
{
	event_grace_begin();
	pthread_atfork(before_fork, in_parent, in_child);
}

void event_begin(void)
{
	pthread_once(&once, begin);
}

int abide_event_start(void)
{
	int err = 0;

	event_begin();
	pthread_mutex_lock(&starting);
	if (!started)
		err = event_control_start();
	started = started || !err;
	pthread_mutex_unlock(&starting);
	if (!err)
		event_control_ready();
	return err;
}

void abide_event_stop(void)
{
	pthread_mutex_lock(&starting);
	if (started)
		event_control_stop();
	started = false;
	pthread_mutex_unlock(&starting);
}

void event_registered(void)
{
	const char *value;
	bool first = !__atomic_exchange_n(&looked, true, __ATOMIC_RELAXED);

	value = first ? secure_getenv("ABIDE_EVENT") : NULL;
	if (value && !strcmp(value, "1"))
		abide_event_start();
	else if (__atomic_load_n(&started, __ATOMIC_RELAXED))
		event_control_ready();
}
