/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
#ifndef ABIDE_UTIL_CLOCK_H
#define ABIDE_UTIL_CLOCK_H

#include <stdint.h>
#include <time.h>

/* The clock for waits and durations (CLOCK_MONOTONIC): nobody sets it, and it stands while the machine sleeps. */
static inline uint64_t clock_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

static inline int64_t clock_ms(void)
{
	return (int64_t)(clock_ns() / 1000000);
}

#endif
