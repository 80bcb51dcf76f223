/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
#ifndef ABIDE_PRELOAD_CALL_H
#define ABIDE_PRELOAD_CALL_H

#include <pthread.h>
#include <stdint.h>
#include <time.h>

#define ABIDE_USER_NO_RECORDS /* events.c has them */
#include "preload/events.h"
#include "preload/real.h"

/*
 * A call that may wait: an event before it and one after, about one struct libc_call on the
 * stack. A wrapper is
 *
 *	CALL(ssize_t, read, (int fd, void *buf, size_t size), (fd, buf, size),
 *	     read, "read", .fd = fd, .size = size)
 *
 * which is: its type, name, parameters, arguments; the two events' family; .function; all
 * that is known before. While nobody listens to either event it is three loads, branches that
 * are not taken, and a jump to the real function. Programs run with errno as the application
 * had it and leave it so.
 */
#define CALL(type, fn, params, args, family, called, ...)                                          \
	CALL_THEN(type, fn, params, args, family, called, (void)0, ##__VA_ARGS__)

/* @then: between the call and the event after it, with c and result. */
#define CALL_THEN(type, fn, params, args, family, called, then, ...)                               \
	static COLD type fn##_told(BARE params, const void *caller)                                \
	{                                                                                          \
		struct libc_call c = { .function = called, .caller = caller, ##__VA_ARGS__ };      \
		type result;                                                                       \
                                                                                                   \
		if (!WANTED(family)) /* only the first call comes here */                          \
			return real(fn) args;                                                      \
		preload_##family##_before(&c);                                                      \
		result = real(fn) args;                                                            \
		then;                                                                              \
		preload_##family##_after(&c, result);                                               \
		return result;                                                                     \
	}                                                                                          \
	EXPORT type fn params                                                                      \
	{                                                                                          \
		FAST(fn, !WANTED(family), args);                                                   \
		return fn##_told(BARE args, CALLER);                                               \
	}

/* The real function at once, when @silent says that nobody listens. */
#define FAST(fn, silent, args)                                                                     \
	do {                                                                                       \
		__typeof__(&fn) real_ = real_known(fn);                                            \
                                                                                                   \
		if (likely(real_ && (silent)))                                                     \
			return real_ args;                                                         \
	} while (0)
#define BARE(...) __VA_ARGS__
/* Where the descriptor is. */
#define HERE .offset = -1

/* Does anybody listen? For what is to be prepared before the event itself. */
#define EVENT_USER_ON(provider, name)                                                              \
	__builtin_expect(!!__atomic_load_n(&abide_event_state_##provider##_##name.armed,           \
	                                   __ATOMIC_RELAXED),                                      \
	                 0)
#define WANTED(family)                                                                             \
	(EVENT_USER_ON(libc, family##_enter) || EVENT_USER_ON(libc, family##_exit))

/* Whether what this thread does is no event (quiet.c). */
extern __thread bool preload_quiet __attribute__((tls_model("initial-exec"), visibility("hidden")));
int preload_thread_create(pthread_t *thread, const pthread_attr_t *attr, void *(*fn)(void *),
                          void *arg);
int preload_atfork(void (*before)(void), void (*parent)(void), void (*child)(void));
#define TELL(name, ...)                                                                            \
	do {                                                                                       \
		if (likely(!preload_quiet))                                                        \
			EVENT_USER(libc, name, __VA_ARGS__);                                       \
	} while (0)

static inline uint64_t preload_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

#define FAMILIES                                                                                   \
	FAMILY(open)                                                                               \
	FAMILY(read)                                                                               \
	FAMILY(write)                                                                              \
	FAMILY(sync)                                                                               \
	FAMILY(close)                                                                              \
	FAMILY(connect)                                                                            \
	FAMILY(accept)                                                                             \
	FAMILY(getaddrinfo)                                                                        \
	FAMILY(exec)

/* Out of line, so that a wrapper that nobody listens to is small. */
#define FAMILY(family)                                                                             \
	void preload_##family##_before(struct libc_call *c);                                        \
	void preload_##family##_after(struct libc_call *c, int64_t result);
FAMILIES
#undef FAMILY

#endif
