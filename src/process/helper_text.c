/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Helpers of texts: strtol, strtoul, strncmp, snprintf, trace_printk, trace_vprintk. Numbers
 * and results are the kernel's, errors too. What a traced line becomes: trace.h.
 */
#include <errno.h>
#include <limits.h>
#include <sched.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#include "process/decode.h"
#include "process/helper.h"
#include "process/map.h"
#include "process/trace.h"

#define MAX_DIGITS 63 /* of a number with its prefix; what follows is not looked at */

static bool is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static unsigned int digit(char c)
{
	if (c >= '0' && c <= '9')
		return (unsigned int)(c - '0');
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? (unsigned int)(c - 'a') + 10 : UINT_MAX;
}

/* The base that a prefix means, and the prefix's length. As in C, but 0x needs a digit behind it. */
static size_t prefix(const char *s, size_t size, unsigned int *base)
{
	bool zero = size && s[0] == '0', x = zero && size > 1 && (s[1] | 0x20) == 'x';

	if (!*base)
		*base = x && size > 2 && digit(s[2]) < 16 ? 16 : zero ? 8 : 10;
	return *base == 16 && x ? 2 : 0;
}

/* Sign and digits of a number; how many bytes they take with the space before, or an error. */
static int64_t parse(const char *s, size_t size, uint64_t flags, uint64_t *out, bool *negative)
{
	unsigned int base = (unsigned int)flags;
	size_t at = 0, end, first;
	bool overflow = false;
	uint64_t v = 0;

	if (flags & ~31ull || !size || (base && base != 8 && base != 10 && base != 16))
		return -EINVAL;
	while (at < size && is_space(s[at]))
		at++;
	*negative = at < size && s[at] == '-';
	at += *negative;
	end = size - at > MAX_DIGITS ? at + MAX_DIGITS : size;
	at += prefix(s + at, end - at, &base);
	for (first = at; at < end && digit(s[at]) < base; at++)
		overflow |= __builtin_mul_overflow(v, base, &v) ||
		            __builtin_add_overflow(v, digit(s[at]), &v);
	*out = v;
	return overflow ? -ERANGE : at == first ? -EINVAL : (int64_t)at;
}

/* (buf, size, flags, long *res) */
uint64_t helper_strtol(HELPER_ARGS)
{
	int64_t *out = helper_pointer(r4), n;
	bool negative = false;
	uint64_t v = 0;

	HELPER_UNUSED;
	*out = 0;
	n = parse(helper_pointer(r1), (uint32_t)r2, r3, &v, &negative);
	if (n < 0)
		return (uint64_t)n;
	if (v > (uint64_t)INT64_MAX + negative)
		return helper_error(-ERANGE);
	*out = (int64_t)(negative ? 0 - v : v);
	return (uint64_t)n;
}

uint64_t helper_strtoul(HELPER_ARGS)
{
	uint64_t *out = helper_pointer(r4), v = 0;
	bool negative = false;
	int64_t n;

	HELPER_UNUSED;
	*out = 0;
	n = parse(helper_pointer(r1), (uint32_t)r2, r3, &v, &negative);
	if (n >= 0 && negative)
		n = -EINVAL;
	if (n >= 0)
		*out = v;
	return (uint64_t)n;
}

/* (s1, size of s1, s2): -1, 0 or 1; s2 ends with a 0. */
uint64_t helper_strncmp(HELPER_ARGS)
{
	const unsigned char *a = helper_pointer(r1), *b = helper_pointer(r3);
	uint32_t size = (uint32_t)r2, i;

	HELPER_UNUSED;
	for (i = 0; i < size; i++) {
		if (a[i] != b[i])
			return helper_error(a[i] < b[i] ? -1 : 1);
		if (!a[i])
			break;
	}
	return 0;
}

/* (out, size, format, args, bytes of args): the length with the 0, also where it did not fit. */
uint64_t helper_snprintf(HELPER_ARGS)
{
	uint32_t size = (uint32_t)r2, bytes = (uint32_t)r5;
	char *out = helper_pointer(r1);
	const char *format = helper_pointer(r3);
	int64_t n;

	HELPER_UNUSED;
	n = bytes % 8 || bytes / 8 > HELPER_FORMAT_ARGS || (bytes && !r4)
	            ? -EINVAL
	            : helper_format(out, size, format, strlen(format) + 1, helper_pointer(r4),
	                            bytes / 8);
	if (n < 0) {
		if (size)
			memset(out, 0, size);
		return (uint64_t)n;
	}
	if (size && (uint64_t)n < size)
		memset(out + n, 0, size - (uint64_t)n);
	return (uint64_t)n + 1;
}

static uint64_t trace(struct process_run *run, uint64_t format, uint64_t size, const uint64_t *args,
                      uint32_t nr)
{
	struct process_map *ring = run->program ? run->program->trace : NULL;
	struct process_trace line;
	int64_t n;

	n = helper_format(line.text, sizeof(line.text), helper_pointer(format), (uint32_t)size, args,
	                  nr);
	if (n < 0 || !ring)
		return (uint64_t)n;
	line.ns = helper_clock_ns(CLOCK_MONOTONIC);
	line.pid = (uint32_t)getpid();
	line.tid = (uint32_t)gettid();
	line.cpu = (uint32_t)sched_getcpu();
	memset(line.comm, 0, sizeof(line.comm));
	prctl(PR_GET_NAME, line.comm);
	line.length = n < PROCESS_TRACE_TEXT ? (uint32_t)n : PROCESS_TRACE_TEXT - 1;
	/* a full ring counts what it lost */
	process_ring_output(ring, &line,
	                    offsetof(struct process_trace, text) + line.length + 1, 0, run->slot);
	return (uint64_t)n;
}

uint64_t helper_trace_printk(HELPER_ARGS)
{
	const uint64_t args[3] = { r3, r4, r5 };

	return trace(run, r1, r2, args, 3);
}

uint64_t helper_trace_vprintk(HELPER_ARGS)
{
	uint32_t bytes = (uint32_t)r4;

	(void)r5;
	if (bytes % 8 || bytes / 8 > HELPER_FORMAT_ARGS || (bytes && !r3))
		return helper_error(-EINVAL);
	return trace(run, r1, r2, helper_pointer(r3), bytes / 8);
}
