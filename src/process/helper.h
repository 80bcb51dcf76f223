/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
#ifndef ABIDE_PROCESS_HELPER_H
#define ABIDE_PROCESS_HELPER_H

#include <stddef.h>

#include "process/program.h"

/*
 * The functions behind helpers.def: helper_NAME, by family in helper_*.c. Arguments are what
 * the verifier says that they are: a KEY has the map's size, MEM as many bytes as its SIZE.
 */
#define HELPER_ARGS                                                                                \
	uint64_t r1, uint64_t r2, uint64_t r3, uint64_t r4, uint64_t r5, struct process_run *run
#define HELPER_UNUSED ((void)r1, (void)r2, (void)r3, (void)r4, (void)r5, (void)run)
/* The end of a name that helpers.def calls TAIL: there is no function. */
#define HELPER(name, needs, maps, result, a1, a2, a3, a4, a5) uint64_t helper_##name(HELPER_ARGS);
#include "process/helpers.def"
#undef HELPER

static inline void *helper_pointer(uint64_t r)
{
	return (void *)(uintptr_t)r;
}

static inline uint64_t helper_error(int error)
{
	return (uint64_t)(int64_t)error;
}

/* Clocks, for helpers that stamp. */
uint64_t helper_clock_ns(int clock);

/*
 * printf as the kernel's helpers have it: what a format may hold, its errors, the text.
 * Writes at most @size bytes, with the 0 at the end if @size is not 0, and returns the length
 * that the whole text has (without the 0), or -EINVAL. @args: @nr values of 8 bytes.
 */
#define HELPER_FORMAT_ARGS 12
int64_t helper_format(char *out, size_t size, const char *format, size_t format_size,
                      const uint64_t *args, uint32_t nr);

/* A run that ended before its time: its records are discarded. */
void process_give_up(struct process_run *run);

#endif
