/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
#ifndef ABIDE_UTIL_ERROR_H
#define ABIDE_UTIL_ERROR_H

#include <stdarg.h>

/*
 * One failure, filled in once, where the fact is known. A refusal has three
 * parts (HACKING.md): the problem, the reason with the instruction and the
 * source line, and something to try. All-zero is "no error".
 */
struct abide_error {
	int code;           /* -errno, 0 when empty */
	char tag[32];       /* stable tag of a refusal ("null-deref"); "" when the system failed */
	char problem[256];  /* one sentence, no full stop, no newline */
	char reason[1024];  /* may hold several lines; "" when the problem says it all */
	char hint[320];     /* something to try; "" when there is nothing */
};

/* Cold: what leads to an error is code that the compiler puts apart, out of the pages of every run. */
#define ERROR_COLD __attribute__((cold))

/*
 * Fill @e (which may be NULL) and return @code, so that a caller can write
 * "return error_set(e, -EINVAL, "elf-truncated", "section %u ends ...", i)".
 * @code is a negative errno. A later error_set replaces all parts.
 */
int error_set(struct abide_error *e, int code, const char *tag, const char *fmt, ...)
	__attribute__((format(printf, 4, 5))) ERROR_COLD;

/* Add the second and third part; each returns e->code (or -EINVAL if @e is NULL). */
int error_reason(struct abide_error *e, const char *fmt, ...)
	__attribute__((format(printf, 2, 3))) ERROR_COLD;
int error_hint(struct abide_error *e, const char *fmt, ...)
	__attribute__((format(printf, 2, 3))) ERROR_COLD;

/* "out of memory" with -ENOMEM. */
int error_nomem(struct abide_error *e) ERROR_COLD;

#endif
