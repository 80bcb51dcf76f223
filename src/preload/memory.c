/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Memory: libc:malloc, libc:free, libc:realloc_enter, libc:realloc_exit. A block is
 * announced after it is there and given back after it is announced, so at no time do two
 * threads tell of one address in the wrong order.
 *
 * dlsym(), which looks for the real functions, may allocate itself. A thread that is inside
 * of it gets its memory from a small arena of our own; nobody else does, and what it gets is
 * never given back. A program that has an allocator of its own in its executable never comes
 * here: then there are no such events.
 */
#include <errno.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "preload/call.h"

#define ARENA (64 * 1024)
#define ALIGN 16

static uint8_t arena[ARENA] __attribute__((aligned(ALIGN)));
static size_t arena_used;

static bool in_arena(const void *p)
{
	return (uintptr_t)p - (uintptr_t)arena < ARENA;
}

/* Its size stands before a block. */
static COLD void *arena_alloc(size_t size, size_t align)
{
	size_t at;
	uint8_t *p;

	if (align < ALIGN)
		align = ALIGN;
	if (size > ARENA || align > ARENA)
		goto none;
	at = __atomic_fetch_add(&arena_used, ALIGN + size + align, __ATOMIC_RELAXED);
	if (at > ARENA || ALIGN + size + align > ARENA - at)
		goto none;
	p = arena + at + ALIGN;
	p += -(uintptr_t)p & (align - 1);
	memcpy(p - sizeof(size), &size, sizeof(size));
	return p;
none:
	errno = ENOMEM;
	return NULL;
}

/*
 * An allocation of @size bytes by @fn; @align is 0 where it is malloc's own. Not known while
 * dlsym runs: dlsym itself is the caller.
 */
#define ALLOCATE(fn, params, args, size_, align_)                                                  \
	static COLD void *fn##_told(BARE params, const void *caller)                               \
	{                                                                                          \
		void *p;                                                                           \
                                                                                                   \
		if (!real_known(fn) && preload_real_finding())                                     \
			return arena_alloc(size_, align_);                                         \
		p = real(fn) args;                                                                 \
		TELL(malloc, p, size_, align_, caller);                                \
		return p;                                                                          \
	}                                                                                          \
	EXPORT void *fn params                                                                     \
	{                                                                                          \
		FAST(fn, !EVENT_USER_ON(libc, malloc), args);                                      \
		return fn##_told(BARE args, CALLER);                                               \
	}

ALLOCATE(malloc, (size_t size), (size), size, 0)
/* An overflow is the real function's to refuse; the event has the product as it wraps. */
ALLOCATE(calloc, (size_t n, size_t size), (n, size), n * size, 0)
ALLOCATE(memalign, (size_t align, size_t size), (align, size), size, align)
ALLOCATE(aligned_alloc, (size_t align, size_t size), (align, size), size, align)
ALLOCATE(valloc, (size_t size), (size), size, getpagesize())
ALLOCATE(pvalloc, (size_t size), (size), size, getpagesize())

static COLD int posix_memalign_told(void **out, size_t align, size_t size, const void *caller)
{
	int err = real(posix_memalign)(out, align, size);

	TELL(malloc, err ? NULL : *out, size, align, caller);
	return err;
}

EXPORT int posix_memalign(void **out, size_t align, size_t size)
{
	FAST(posix_memalign, !EVENT_USER_ON(libc, malloc), (out, align, size));
	return posix_memalign_told(out, align, size, CALLER);
}

static COLD void free_told(void *p, const void *caller)
{
	if (!p || in_arena(p))
		return;
	TELL(free, p, caller);
	real(free)(p);
}

EXPORT void free(void *p)
{
	void (*f)(void *) = real_known(free);

	if (likely(f && !EVENT_USER_ON(libc, free) && !in_arena(p)))
		f(p);
	else
		free_told(p, CALLER);
}

/* From the arena to where all else is. */
static COLD void *arena_move(void *p, size_t size)
{
	void *to = malloc(size);
	size_t had;

	if (to) {
		memcpy(&had, (uint8_t *)p - sizeof(had), sizeof(had));
		memcpy(to, p, had < size ? had : size);
	}
	return to;
}

static COLD void *realloc_told(void *p, size_t size, const void *caller)
{
	const void *old = p;

	if (in_arena(p))
		return arena_move(p, size);
	if (!real_known(realloc) && preload_real_finding())
		return arena_alloc(size, 0);
	TELL(realloc_enter, old, size, caller);
	p = real(realloc)(p, size);
	TELL(realloc_exit, old, p, size, caller);
	return p;
}

EXPORT void *realloc(void *p, size_t size)
{
	FAST(realloc, !WANTED(realloc) && !in_arena(p), (p, size));
	return realloc_told(p, size, CALLER);
}

/* libc's own would come back to realloc() above, and there would be two events. */
EXPORT void *reallocarray(void *p, size_t n, size_t size)
{
	size_t total;

	if (__builtin_mul_overflow(n, size, &total)) {
		errno = ENOMEM;
		return NULL;
	}
	FAST(realloc, !WANTED(realloc) && !in_arena(p), (p, total));
	return realloc_told(p, total, CALLER);
}
