/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
#ifndef ABIDE_TESTS_BTF_BUILD_H
#define ABIDE_TESTS_BTF_BUILD_H

#include <linux/btf.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "util/buf.h"

/*
 * Small BTFs in memory, for tests. Each bb_ function appends one type and returns its
 * id. With .swap the bytes are of the other order. bb_finish joins the parts; the
 * result lives until bb_free.
 */
struct bb {
	struct buf types, strings, all;
	uint32_t nr; /* types so far, void not counted */
	bool swap;
};

struct bb_member {
	const char *name;
	uint32_t type, bit_off, bit_size;
};

struct bb_value {
	const char *name;
	int64_t value;
};

struct bb_arg {
	const char *name;
	uint32_t type;
};

#define BB_AT(name, type, bytes)                                                                   \
	{                                                                                          \
		name, type, (bytes)*8, 0                                                           \
	}
#define BB_BITS(name, type, bit, n)                                                                \
	{                                                                                          \
		name, type, bit, n                                                                 \
	}
#define BB_N(array) (uint32_t)(sizeof(array) / sizeof(*(array)))

static inline void bb_u32(struct bb *b, struct buf *to, uint32_t v)
{
	buf_u32(to, b->swap ? __builtin_bswap32(v) : v);
}

static inline uint32_t bb_str(struct bb *b, const char *s)
{
	if (!b->strings.size)
		buf_str(&b->strings, "");
	return s && *s ? (uint32_t)buf_str(&b->strings, s) : 0;
}

static inline uint32_t bb_type(struct bb *b, const char *name, uint32_t kind, bool kflag,
                               uint32_t vlen, uint32_t size_or_type)
{
	bb_u32(b, &b->types, bb_str(b, name));
	bb_u32(b, &b->types, kind << 24 | (kflag ? UINT32_C(1) << 31 : 0) | vlen);
	bb_u32(b, &b->types, size_or_type);
	return ++b->nr;
}

static inline uint32_t bb_int(struct bb *b, const char *name, uint32_t size, uint32_t encoding,
                              uint32_t off, uint32_t bits)
{
	uint32_t id = bb_type(b, name, BTF_KIND_INT, false, 0, size);

	bb_u32(b, &b->types, encoding << 24 | off << 16 | bits);
	return id;
}

static inline uint32_t bb_ref(struct bb *b, uint32_t kind, const char *name, uint32_t to)
{
	return bb_type(b, name, kind, false, 0, to);
}

/* A pointer to what comes later: bb_aim gives it its type, at the place that *@at says. */
static inline uint32_t bb_later(struct bb *b, size_t *at)
{
	uint32_t id = bb_ref(b, BTF_KIND_PTR, "", 0);

	*at = b->types.size - 4;
	return id;
}

static inline void bb_aim(struct bb *b, size_t at, uint32_t to)
{
	to = b->swap ? __builtin_bswap32(to) : to;
	memcpy(b->types.data + at, &to, 4);
}

static inline uint32_t bb_array(struct bb *b, uint32_t elem, uint32_t index, uint32_t count)
{
	uint32_t id = bb_type(b, "", BTF_KIND_ARRAY, false, 0, 0);

	bb_u32(b, &b->types, elem);
	bb_u32(b, &b->types, index);
	bb_u32(b, &b->types, count);
	return id;
}

/* Struct or union; with @kflag members carry the sizes of bit-fields. */
static inline uint32_t bb_struct(struct bb *b, uint32_t kind, const char *name, uint32_t size,
                                 bool kflag, uint32_t n, const struct bb_member *m)
{
	uint32_t id = bb_type(b, name, kind, kflag, n, size), i;

	for (i = 0; i < n; i++) {
		bb_u32(b, &b->types, bb_str(b, m[i].name));
		bb_u32(b, &b->types, m[i].type);
		bb_u32(b, &b->types, kflag ? m[i].bit_size << 24 | m[i].bit_off : m[i].bit_off);
	}
	return id;
}

static inline uint32_t bb_enum(struct bb *b, uint32_t kind, const char *name, bool sign, uint32_t n,
                               const struct bb_value *v)
{
	uint32_t id = bb_type(b, name, kind, sign, n, kind == BTF_KIND_ENUM ? 4 : 8), i;

	for (i = 0; i < n; i++) {
		bb_u32(b, &b->types, bb_str(b, v[i].name));
		bb_u32(b, &b->types, (uint32_t)v[i].value);
		if (kind == BTF_KIND_ENUM64)
			bb_u32(b, &b->types, (uint32_t)((uint64_t)v[i].value >> 32));
	}
	return id;
}

static inline uint32_t bb_proto(struct bb *b, uint32_t ret, uint32_t n, const struct bb_arg *a)
{
	uint32_t id = bb_type(b, "", BTF_KIND_FUNC_PROTO, false, n, ret), i;

	for (i = 0; i < n; i++) {
		bb_u32(b, &b->types, bb_str(b, a[i].name));
		bb_u32(b, &b->types, a[i].type);
	}
	return id;
}

static inline const void *bb_finish(struct bb *b, size_t *size)
{
	uint16_t magic = b->swap ? __builtin_bswap16(BTF_MAGIC) : BTF_MAGIC;

	bb_str(b, "");
	buf_add(&b->all, &magic, 2);
	buf_u8(&b->all, BTF_VERSION);
	buf_u8(&b->all, 0);
	bb_u32(b, &b->all, 24);
	bb_u32(b, &b->all, 0);
	bb_u32(b, &b->all, (uint32_t)b->types.size);
	bb_u32(b, &b->all, (uint32_t)b->types.size);
	bb_u32(b, &b->all, (uint32_t)b->strings.size);
	buf_add(&b->all, b->types.data, b->types.size);
	buf_add(&b->all, b->strings.data, b->strings.size);
	*size = b->all.size;
	return b->all.failed ? NULL : b->all.data;
}

static inline void bb_free(struct bb *b)
{
	buf_free(&b->types);
	buf_free(&b->strings);
	buf_free(&b->all);
	memset(b, 0, sizeof(*b));
}

#endif
