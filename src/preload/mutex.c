/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Locks: libc:mutex_wait, libc:mutex_lock, libc:mutex_unlock, libc:cond_wait_enter,
 * libc:cond_wait_exit. While somebody listens a lock is tried first, so that one that is free
 * costs no clock, and a wait is only ever told where there was one. To try does not change
 * what the lock does: what trying cannot tell (EDEADLK, the end of time) the second call does.
 * An unlock is told before it happens: afterwards the mutex may be gone, or another's.
 */
#include <errno.h>
#include <pthread.h>

#include "preload/call.h"

#define LOCK_WANTED (EVENT_USER_ON(libc, mutex_wait) || EVENT_USER_ON(libc, mutex_lock))

/* A function that locks and may wait; its first parameter is m. */
#define LOCK(fn, params, args)                                                                     \
	static COLD int fn##_told(BARE params, const void *caller)                                 \
	{                                                                                          \
		uint64_t ns = 0;                                                                   \
		int err;                                                                           \
                                                                                                   \
		if (!LOCK_WANTED)                                                                  \
			return real(fn) args;                                                      \
		err = real(pthread_mutex_trylock)(m);                                              \
		if (err == EBUSY) {                                                                \
			TELL(mutex_wait, m, caller);                                   \
			ns = preload_now();                                                                \
			err = real(fn) args;                                                       \
			ns = preload_now() - ns;                                                           \
		}                                                                                  \
		TELL(mutex_lock, m, ns, err, caller);                                  \
		return err;                                                                        \
	}                                                                                          \
	EXPORT int fn params                                                                       \
	{                                                                                          \
		FAST(fn, !LOCK_WANTED, args);                                                      \
		return fn##_told(BARE args, CALLER);                                               \
	}

LOCK(pthread_mutex_lock, (pthread_mutex_t * m), (m))
LOCK(pthread_mutex_timedlock, (pthread_mutex_t * m, const struct timespec *until), (m, until))
LOCK(pthread_mutex_clocklock, (pthread_mutex_t * m, clockid_t clock, const struct timespec *until),
     (m, clock, until))

static COLD int trylock_told(pthread_mutex_t *m, const void *caller)
{
	int err = real(pthread_mutex_trylock)(m);

	TELL(mutex_lock, m, 0, err, caller);
	return err;
}

EXPORT int pthread_mutex_trylock(pthread_mutex_t *m)
{
	FAST(pthread_mutex_trylock, !EVENT_USER_ON(libc, mutex_lock), (m));
	return trylock_told(m, CALLER);
}

static COLD int unlock_told(pthread_mutex_t *m, const void *caller)
{
	TELL(mutex_unlock, m, caller);
	return real(pthread_mutex_unlock)(m);
}

EXPORT int pthread_mutex_unlock(pthread_mutex_t *m)
{
	FAST(pthread_mutex_unlock, !EVENT_USER_ON(libc, mutex_unlock), (m));
	return unlock_told(m, CALLER);
}

/* The mutex is free between the two events; neither is told as an unlock or a lock. */
#define WAIT(fn, params, args)                                                                     \
	static COLD int fn##_told(BARE params, const void *caller)                                 \
	{                                                                                          \
		uint64_t ns;                                                                       \
		int err;                                                                           \
                                                                                                   \
		if (!WANTED(cond_wait))                                                            \
			return real(fn) args;                                                      \
		TELL(cond_wait_enter, cond, m, caller);                                \
		ns = preload_now();                                                                        \
		err = real(fn) args;                                                               \
		ns = preload_now() - ns;                                                                   \
		TELL(cond_wait_exit, cond, m, ns, err, caller);                        \
		return err;                                                                        \
	}                                                                                          \
	EXPORT int fn params                                                                       \
	{                                                                                          \
		FAST(fn, !WANTED(cond_wait), args);                                                \
		return fn##_told(BARE args, CALLER);                                               \
	}

WAIT(pthread_cond_wait, (pthread_cond_t * cond, pthread_mutex_t *m), (cond, m))
WAIT(pthread_cond_timedwait,
     (pthread_cond_t * cond, pthread_mutex_t *m, const struct timespec *until), (cond, m, until))
WAIT(pthread_cond_clockwait,
     (pthread_cond_t * cond, pthread_mutex_t *m, clockid_t clock, const struct timespec *until),
     (cond, m, clock, until))
