/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
#ifndef ABIDE_UTIL_BUF_H
#define ABIDE_UTIL_BUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * A growing byte buffer, for what is written: ELF, BTF, text. A failed allocation
 * sets .failed, which stays set; later appends do nothing, so one test at the end
 * is enough. All-zero is empty. Owns .data.
 */
struct buf {
	uint8_t *data;
	size_t size;
	size_t room;
	bool failed;
};

/* Append @n bytes (zeros if @p is NULL). Returns the offset at which they start. */
size_t buf_add(struct buf *b, const void *p, size_t n);
size_t buf_u8(struct buf *b, uint8_t v);
size_t buf_u16(struct buf *b, uint16_t v);
size_t buf_u32(struct buf *b, uint32_t v);
size_t buf_u64(struct buf *b, uint64_t v);
/* Append the string with its NUL. */
size_t buf_str(struct buf *b, const char *s);
/* Append text without a NUL. */
void buf_printf(struct buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Pad with zeros to a multiple of @align, a power of two. */
void buf_align(struct buf *b, size_t align);
void buf_free(struct buf *b);

/*
 * Make room for one more element in a heap array of @size-byte elements that holds
 * *@n and has room for *@room. Returns the array (perhaps moved) or NULL when out
 * of memory, with the old array left as it was. Does not change *@n.
 */
void *array_grow(void *array, size_t n, size_t *room, size_t size);

#endif
