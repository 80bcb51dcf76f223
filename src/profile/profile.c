// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Reading profiles. In: the bytes of a file (profile/kinds.h). Out: facts at once, and each
 * kernel's BTF when asked for: a view of the types of all, which are unpacked once.
 * Refused: other formats and versions, damaged files.
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

void profile_trim(struct profile *p)
{
	profile_free_set(&p->set);
	free(p->notes);
	p->notes = NULL;
}

void profile_free(struct profile *p)
{
	if (!p)
		return;
	profile_trim(p);
	free(p->facts);
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

int profile_unpack(struct profile *p, struct abide_error *e)
{
	void *unpacked;
	size_t n;
	int err;

	if (p->set.count)
		return 0;
	unpacked = malloc(p->unpacked_size ? p->unpacked_size : 1);
	if (!unpacked)
		return error_nomem(e);
	n = ZSTD_decompress(unpacked, p->unpacked_size, p->packed.data, p->packed.size);
	if (ZSTD_isError(n) || n != p->unpacked_size)
		err = damaged(e);
	else
		err = profile_parse(p, unpacked, &p->set, e);
	free(unpacked);
	return err;
}

int profile_btf(struct profile *p, uint32_t i, struct btf_data **btf, struct abide_error *e)
{
	int err = profile_unpack(p, e);

	*btf = NULL;
	return err ? err
	           : btf_open_set(&p->set, i, p->facts[i].big_endian != (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__), btf, e);
}
