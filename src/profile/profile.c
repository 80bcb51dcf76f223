// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Reading profiles. In: the bytes of a file (profile/kinds.h). Out: facts at once, and each
 * kernel's BTF when asked for: the records of that kernel, numbered anew in their order,
 * with the strings that they use. Refused: other formats and versions, damaged files.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <zstd.h>

#include "profile/kinds.h"
#include "profile/read.h"

static int damaged(struct abide_error *e)
{
	return error_set(e, -EINVAL, "profile-damaged", "the kernel profile is damaged");
}

/* A string without control characters, into @size bytes at @to. */
static bool get_text(struct cursor *c, char *to, size_t size)
{
	const char *s = cursor_str_at(c, c->at), *p;

	if (!s || strlen(s) >= size)
		return false;
	for (p = s; *p; p++)
		if ((unsigned char)*p < ' ' || *p == 0x7f)
			return false;
	c->at += strlen(s) + 1;
	memcpy(to, s, strlen(s) + 1);
	return true;
}

static bool get_facts(struct cursor *c, struct profile_facts *f)
{
	const void *hash;

	if (!get_text(c, f->name, sizeof(f->name)) ||
	    !get_text(c, f->release, sizeof(f->release)) ||
	    !get_text(c, f->machine, sizeof(f->machine)) ||
	    !get_text(c, f->source, sizeof(f->source)))
		return false;
	f->big_endian = cursor_u8(c);
	f->btf_size = cursor_u64(c);
	hash = cursor_take(c, sizeof(f->btf_hash));
	if (hash)
		memcpy(f->btf_hash, hash, sizeof(f->btf_hash));
	return hash;
}

int profile_open(const void *data, size_t size, struct profile **out, struct abide_error *e)
{
	struct cursor c = cursor_over(data, size), facts;
	uint32_t version, facts_size, types_size, i;
	struct profile *p = NULL;
	const void *magic;
	int err;

	*out = NULL;
	c.swap = __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__;
	magic = cursor_take(&c, strlen(PROFILE_MAGIC));
	if (!magic || memcmp(magic, PROFILE_MAGIC, strlen(PROFILE_MAGIC)))
		return error_set(e, -EINVAL, "profile-magic", "this is no kernel profile");
	version = cursor_u32(&c);
	if (!c.bad && version != PROFILE_VERSION) {
		error_set(e, -EINVAL, "profile-version",
		          "the kernel profile has version %u, this abide knows %u", version,
		          PROFILE_VERSION);
		return error_hint(e, "add the kernel again: abide kernel add FILE");
	}
	p = calloc(1, sizeof(*p));
	if (!p)
		return error_nomem(e);
	p->nr = cursor_u32(&c);
	facts_size = cursor_u32(&c);
	types_size = cursor_u32(&c);
	p->unpacked_size = cursor_u32(&c);
	p->notes_size = cursor_u32(&c);
	facts = cursor_sub(&c, c.at, facts_size);
	facts.swap = c.swap;
	cursor_take(&c, facts_size);
	p->packed = cursor_sub(&c, c.at, types_size);
	cursor_take(&c, types_size);
	if (c.bad || !p->nr || p->nr > PROFILE_KERNELS || p->unpacked_size > PROFILE_UNPACKED ||
	    p->notes_size > PROFILE_UNPACKED) {
		err = damaged(e);
		goto out;
	}
	p->packed_notes = cursor_sub(&c, c.at, c.size - c.at);
	p->facts = calloc(p->nr, sizeof(*p->facts));
	if (!p->facts) {
		err = error_nomem(e);
		goto out;
	}
	for (i = 0, err = 0; i < p->nr && !err; i++)
		if (!get_facts(&facts, &p->facts[i]))
			err = damaged(e);
	if (err)
		goto out;
	*out = p;
	p = NULL;
out:
	profile_free(p);
	return err;
}

void profile_free(struct profile *p)
{
	if (!p)
		return;
	free(p->facts);
	free(p->unpacked);
	free(p->notes);
	free(p->records);
	free(p->strings);
	free(p);
}

uint32_t profile_count(const struct profile *p)
{
	return p->nr;
}

const struct profile_facts *profile_facts(const struct profile *p, uint32_t i)
{
	return &p->facts[i];
}

static int unpack(struct profile *p, struct abide_error *e)
{
	size_t n;
	int err;

	if (p->unpacked)
		return 0;
	p->unpacked = malloc(p->unpacked_size ? p->unpacked_size : 1);
	if (!p->unpacked)
		return error_nomem(e);
	n = ZSTD_decompress(p->unpacked, p->unpacked_size, p->packed.data, p->packed.size);
	if (ZSTD_isError(n) || n != p->unpacked_size)
		err = damaged(e);
	else
		err = profile_parse(p, e);
	if (err) {
		free(p->unpacked);
		p->unpacked = NULL;
		p->nr_records = 0;
		p->nr_strings = 0;
	}
	return err;
}

struct copy { /* of one kernel */
	const struct profile *p;
	const uint32_t *records, *end;
	uint32_t bit;
	uint32_t *type;   /* of an entry + 1, in the kernel; [0] is void */
	uint32_t *string; /* offset of a string there, 0: not yet */
	uint8_t *bytes, *strings;
	uint32_t types_size, strings_size;
};

static uint32_t words_behind(uint32_t info)
{
	const struct kind_words *k = &kind_words[info >> 24 & 127];

	return k->nr_extra + k->nr_element * (info & 0xffffff);
}

/* Number this kernel's types, and add up their sizes; false: too large. */
static bool number_types(struct copy *c)
{
	const uint32_t *r = c->records;
	uint32_t n = 0, words;
	uint64_t size = 0;

	for (; r < c->end; r += READ_HEAD + words) {
		words = words_behind(r[READ_INFO]);
		if (!(r[READ_KERNELS] & c->bit))
			continue;
		c->type[r[READ_ENTRY] + 1] = ++n;
		size += 4 * (3 + (uint64_t)words);
	}
	c->types_size = (uint32_t)size;
	return size <= UINT32_MAX / 2;
}

static uint32_t copy_string(struct copy *c, uint32_t s)
{
	const struct profile_string *from = &c->p->strings[s];

	if (!s || c->string[s])
		return c->string[s];
	memcpy(c->strings + c->strings_size, c->p->unpacked + from->off, from->size);
	c->string[s] = c->strings_size;
	c->strings_size += from->size;
	return c->string[s];
}

static uint32_t copy_word(struct copy *c, char what, uint32_t v)
{
	return what == WORD_TYPE ? c->type[v] : what == WORD_NAME ? copy_string(c, v) : v;
}

static void copy_types(struct copy *c)
{
	uint32_t *to = (uint32_t *)(c->bytes + sizeof(struct btf_header)), i, j, words, vlen;
	const uint32_t *r = c->records, *from;
	const struct kind_words *k;

	for (; r < c->end; r += READ_HEAD + words) {
		words = words_behind(r[READ_INFO]);
		if (!(r[READ_KERNELS] & c->bit))
			continue;
		k = &kind_words[r[READ_INFO] >> 24 & 127];
		vlen = k->nr_element ? r[READ_INFO] & 0xffffff : 0;
		*to++ = copy_string(c, r[READ_NAME]);
		*to++ = r[READ_INFO];
		*to++ = copy_word(c, k->third, r[READ_THIRD]);
		from = r + READ_HEAD;
		for (i = 0; i < k->nr_extra; i++)
			*to++ = copy_word(c, k->extra[i], *from++);
		for (i = 0; i < vlen; i++)
			for (j = 0; j < k->nr_element; j++)
				*to++ = copy_word(c, k->element[j], *from++);
	}
}

/* All but the strings is in words; magic and version are the first. */
static void finish(struct copy *c, bool swap)
{
	struct btf_header h = {
		.magic = BTF_MAGIC,
		.version = BTF_VERSION,
		.hdr_len = sizeof(h),
		.type_len = c->types_size,
		.str_off = c->types_size,
		.str_len = c->strings_size,
	};
	uint32_t *w = (uint32_t *)c->bytes, i;

	memcpy(c->bytes, &h, sizeof(h));
	if (!swap)
		return;
	for (i = 1; i < (sizeof(h) + c->types_size) / 4; i++)
		w[i] = __builtin_bswap32(w[i]);
	h.magic = __builtin_bswap16(h.magic);
	memcpy(c->bytes, &h.magic, sizeof(h.magic));
}

int profile_btf(struct profile *p, uint32_t i, void **bytes, struct btf_data **btf,
                struct abide_error *e)
{
	struct copy c = { .p = p, .bit = UINT32_C(1) << i, .strings_size = 1 };
	void *smaller;
	size_t room;
	int err;

	*bytes = NULL;
	*btf = NULL;
	err = unpack(p, e);
	if (err)
		return err;
	c.records = p->records;
	c.end = p->nr_records ? c.records + p->nr_records
	                      : NULL; /* of none at all there is no array */
	c.type = calloc((size_t)p->nr_entries + 1, sizeof(*c.type));
	c.string = calloc(p->nr_strings, sizeof(*c.string));
	if (!c.type || !c.string) {
		err = error_nomem(e);
		goto out;
	}
	if (!number_types(&c)) {
		err = damaged(e);
		goto out;
	}
	/* No string is copied twice, so all of them fit into what they were unpacked from. */
	room = sizeof(struct btf_header) + c.types_size + (size_t)p->unpacked_size + 1;
	c.bytes = malloc(room);
	if (!c.bytes) {
		err = error_nomem(e);
		goto out;
	}
	c.strings = c.bytes + sizeof(struct btf_header) + c.types_size;
	c.strings[0] = '\0';
	copy_types(&c);
	finish(&c, p->facts[i].big_endian != (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__));
	smaller = realloc(c.bytes, sizeof(struct btf_header) + c.types_size + c.strings_size);
	if (smaller)
		c.bytes = smaller;
	err = btf_open_mem(c.bytes, sizeof(struct btf_header) + c.types_size + c.strings_size, btf,
	                   e);
	if (!err) {
		*bytes = c.bytes;
		c.bytes = NULL;
	}
out:
	free(c.type);
	free(c.string);
	free(c.bytes);
	return err;
}
