/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Fuzz target, by the first byte: any bytes as a profile's file; any bytes as what is packed in one (behind a
 * good header, so that the parser sees them and not the checksum); any BTF as a kernel to be
 * written, whose profile must have as many types of each name.
 */
#include <linux/btf.h>
#include <stdlib.h>
#include <string.h>
#include <zstd.h>

#include "profile/kinds.h"
#include "profile/profile.h"
#include "standalone.h"

static void put_u32(struct buf *b, uint32_t v)
{
	buf_u32(b, __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__ ? __builtin_bswap32(v) : v);
}

/* All of a type that a wrong reference could lead out of. */
static uint64_t visit(struct btf_data *b)
{
	uint64_t sum = 0;
	struct btf_info t;
	struct btf_field f;
	char text[64];
	uint32_t id, i;

	for (id = 0; (id = btf_after(b, id, ~0u));) {
		if (!btf_get(b, id, &t))
			abort();
		sum += strlen(t.name) + (uint64_t)btf_sizeof(b, id) + strlen(btf_spell(b, id, text, sizeof(text)));
		for (i = 0; btf_field_at(b, &t, i, &f); i++)
			sum += strlen(f.name) + f.type;
	}
	return sum;
}

static uint64_t read_all(const void *data, size_t size)
{
	struct abide_error e = { 0 };
	struct profile *p;
	uint64_t sum = 0;
	uint32_t i;

	if (profile_open(data, size, &p, &e))
		return e.problem[0];
	for (i = 0; i < profile_count(p); i++) {
		struct btf_data *b;

		if (profile_btf(p, i, &b, &e))
			continue;
		sum += visit(b);
		btf_free(b);
	}
	profile_free(p);
	return sum;
}

/* @nr kernels with no facts to speak of. */
static uint64_t read_body(const uint8_t *data, size_t size, uint32_t nr)
{
	size_t room = ZSTD_compressBound(size), types, at, n;
	struct buf b = { 0 };
	uint64_t sum = 0;
	uint32_t i;

	buf_add(&b, PROFILE_MAGIC, 8);
	put_u32(&b, PROFILE_VERSION);
	put_u32(&b, nr);
	put_u32(&b, nr * (4 + 1 + 8 + 32));
	types = b.size;
	put_u32(&b, 0); /* not known yet */
	put_u32(&b, (uint32_t)size);
	put_u32(&b, 0); /* no notes */
	for (i = 0; i < nr; i++) {
		buf_u32(&b, 0);
		buf_u8(&b, i & 1);
		buf_add(&b, NULL, 40);
	}
	at = buf_add(&b, NULL, room);
	if (!b.failed) {
		n = ZSTD_compress(b.data + at, room, data, size, 1);
		if (!ZSTD_isError(n)) {
			for (i = 0; i < 4; i++)
				b.data[types + i] = (uint8_t)(n >> 8 * i);
			sum = read_all(b.data, at + n);
		}
	}
	buf_free(&b);
	return sum;
}

static uint64_t named(struct btf_data *b, uint32_t kinds)
{
	struct btf_info t;
	uint64_t sum = 0;
	uint32_t id;

	for (id = 0; (id = btf_after(b, id, kinds));)
		if (btf_get(b, id, &t) && *t.name)
			sum += strlen(t.name) * 31 + t.kind * 7 + t.vlen + t.size;
	return sum;
}

static uint64_t write_btf(const uint8_t *data, size_t size)
{
	const uint32_t kinds = 1u << BTF_KIND_INT | 1u << BTF_KIND_STRUCT | 1u << BTF_KIND_UNION | 1u << BTF_KIND_ENUM |
			       1u << BTF_KIND_TYPEDEF | 1u << BTF_KIND_FUNC | 1u << BTF_KIND_ENUM64;
	struct profile_kernel k = { 0 };
	struct btf_data *own, *b;
	struct profile *p;
	struct buf out = { 0 };
	uint64_t sum = 0;

	if (btf_open_mem(data, size, &own, NULL))
		return 0;
	k.btf = own;
	profile_facts_of(own, &k.facts);
	if (!profile_write(&k, 1, &out, NULL)) {
		if (profile_open(out.data, out.size, &p, NULL) || profile_btf(p, 0, &b, NULL))
			abort();
		sum = visit(b);
		if (named(own, kinds) != named(b, kinds))
			abort();
		btf_free(b);
		profile_free(p);
	}
	buf_free(&out);
	btf_free(own);
	return sum;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	volatile uint64_t sum;

	if (!size)
		return 0;
	switch (data[0] % 4) {
	case 0:
		sum = read_all(data + 1, size - 1);
		break;
	case 1:
		sum = read_body(data + 1, size - 1, 1 + data[0] / 4 % PROFILE_KERNELS);
		break;
	default:
		sum = write_btf(data + 1, size - 1);
		break;
	}
	(void)sum; /* read only so that nothing is optimised away */
	return 0;
}
