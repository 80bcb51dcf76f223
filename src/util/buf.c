/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Growing buffers. Sizes are added and multiplied with overflow checks; failure is
 * sticky, so writers test once.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/buf.h"

static bool reserve(struct buf *b, size_t n)
{
	size_t need, room = b->room ? b->room : 256;
	uint8_t *p;

	if (b->failed || __builtin_add_overflow(b->size, n, &need)) {
		b->failed = true;
		return false;
	}
	if (need <= b->room)
		return true;
	while (room < need)
		if (__builtin_mul_overflow(room, 2, &room)) {
			b->failed = true;
			return false;
		}
	p = realloc(b->data, room);
	if (!p) {
		b->failed = true;
		return false;
	}
	b->data = p;
	b->room = room;
	return true;
}

size_t buf_add(struct buf *b, const void *p, size_t n)
{
	size_t at = b->size;

	if (!reserve(b, n))
		return at;
	if (p && n)
		memcpy(b->data + at, p, n);
	else if (n)
		memset(b->data + at, 0, n);
	b->size += n;
	return at;
}

size_t buf_u8(struct buf *b, uint8_t v)
{
	return buf_add(b, &v, sizeof(v));
}

size_t buf_u16(struct buf *b, uint16_t v)
{
	return buf_add(b, &v, sizeof(v));
}

size_t buf_u32(struct buf *b, uint32_t v)
{
	return buf_add(b, &v, sizeof(v));
}

size_t buf_u64(struct buf *b, uint64_t v)
{
	return buf_add(b, &v, sizeof(v));
}

size_t buf_str(struct buf *b, const char *s)
{
	return buf_add(b, s, strlen(s) + 1);
}

void buf_printf(struct buf *b, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (n < 0 || !reserve(b, (size_t)n + 1)) {
		b->failed = true;
		return;
	}
	va_start(ap, fmt);
	vsnprintf((char *)b->data + b->size, (size_t)n + 1, fmt, ap);
	va_end(ap);
	b->size += (size_t)n;
}

void buf_align(struct buf *b, size_t align)
{
	buf_add(b, NULL, -b->size & (align - 1));
}

void buf_free(struct buf *b)
{
	if (!b)
		return;
	free(b->data);
	memset(b, 0, sizeof(*b));
}

void *array_grow(void *array, size_t n, size_t *room, size_t size)
{
	size_t want, bytes;
	void *p;

	if (n < *room)
		return array;
	want = *room ? *room * 2 : 8;
	if (want < *room || __builtin_mul_overflow(want, size, &bytes))
		return NULL;
	p = realloc(array, bytes);
	if (p)
		*room = want;
	return p;
}
