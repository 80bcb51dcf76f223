/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
#ifndef ABIDE_UTIL_CURSOR_H
#define ABIDE_UTIL_CURSOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/*
 * The only way to read bytes from strangers (ELF, BTF, images, messages). A read
 * past the end returns 0 and sets .bad, which stays set, so that a record can be
 * read whole and tested once. Borrowed: the cursor never owns the bytes.
 */
struct cursor {
	const uint8_t *data;
	size_t size;
	size_t at;
	bool bad;  /* some read went past the end */
	bool swap; /* bytes are of the other byte order */
};

static inline struct cursor cursor_over(const void *data, size_t size)
{
	return (struct cursor){ .data = data, .size = size };
}

static inline size_t cursor_left(const struct cursor *c)
{
	return c->bad ? 0 : c->size - c->at;
}

/* @n bytes from here, or NULL (and .bad); moves on. */
static inline const void *cursor_take(struct cursor *c, size_t n)
{
	const void *p;

	if (c->bad || n > c->size - c->at) {
		c->bad = true;
		return NULL;
	}
	p = c->data + c->at;
	c->at += n;
	return p;
}

static inline void cursor_seek(struct cursor *c, size_t at)
{
	if (at > c->size)
		c->bad = true;
	else
		c->at = at;
}

/* A cursor over [at, at+n) of the same bytes; .bad if they are not all there. */
static inline struct cursor cursor_sub(const struct cursor *c, size_t at, size_t n)
{
	struct cursor s = { .swap = c->swap };

	if (at > c->size || n > c->size - at) {
		s.bad = true;
		return s;
	}
	s.data = c->data + at;
	s.size = n;
	return s;
}

static inline uint8_t cursor_u8(struct cursor *c)
{
	const uint8_t *p = cursor_take(c, 1);

	return p ? *p : 0;
}

static inline uint16_t cursor_u16(struct cursor *c)
{
	const void *p = cursor_take(c, 2);
	uint16_t v = 0;

	if (p)
		memcpy(&v, p, 2);
	return c->swap ? __builtin_bswap16(v) : v;
}

static inline uint32_t cursor_u32(struct cursor *c)
{
	const void *p = cursor_take(c, 4);
	uint32_t v = 0;

	if (p)
		memcpy(&v, p, 4);
	return c->swap ? __builtin_bswap32(v) : v;
}

static inline uint64_t cursor_u64(struct cursor *c)
{
	const void *p = cursor_take(c, 8);
	uint64_t v = 0;

	if (p)
		memcpy(&v, p, 8);
	return c->swap ? __builtin_bswap64(v) : v;
}

/* The bits of a LEB128 number (DWARF: 7 a byte, the lowest first; from the 64th on they are lost). */
static inline uint64_t cursor_leb(struct cursor *c, bool is_signed)
{
	uint64_t v = 0;
	unsigned int shift = 0;
	uint8_t b;

	do {
		b = cursor_u8(c);
		if (shift < 64)
			v |= (uint64_t)(b & 0x7f) << shift;
		shift += 7;
	} while (b & 0x80 && !c->bad);
	if (is_signed && b & 0x40 && shift < 64)
		v |= ~UINT64_C(0) << shift;
	return v;
}

static inline uint64_t cursor_uleb(struct cursor *c)
{
	return cursor_leb(c, false);
}

static inline int64_t cursor_sleb(struct cursor *c)
{
	return (int64_t)cursor_leb(c, true);
}

/* The NUL-terminated string at @at, or NULL if it is not terminated inside. Does not move. */
static inline const char *cursor_str_at(const struct cursor *c, size_t at)
{
	if (c->bad || at >= c->size || !memchr(c->data + at, 0, c->size - at))
		return NULL;
	return (const char *)c->data + at;
}

#endif
