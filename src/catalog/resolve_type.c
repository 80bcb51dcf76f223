// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Questions to a target's types. In: BTF and ids of it. Out: where a member is, what an
 * array holds, whether a value is a number. Modifiers and typedefs are looked through.
 *
 * Members are found through nameless structs and unions. A BTF from a stranger may nest
 * those in a circle or fan them out, so depth and the number of members looked at are
 * bounded; what lies beyond counts as absent.
 */
#include <ctype.h>
#include <linux/btf.h>
#include <stdio.h>
#include <string.h>

#include "catalog/resolve_impl.h"

#define NESTING 16
#define MEMBERS 65536
#define MAX_BIT (UINT32_C(1) << 31) /* offsets stay below 256 MiB */

bool type_is_struct(const struct btf_data *b, uint32_t id)
{
	struct btf_info t;

	return btf_get(b, btf_strip(b, id, true), &t) &&
	       (t.kind == BTF_KIND_STRUCT || t.kind == BTF_KIND_UNION);
}

/*
 * Bit-fields come in two encodings: with kflag the member carries its size; without, its
 * type is an INT of fewer bits than its bytes hold, perhaps with an offset of its own.
 */
static void bits_of_int(const struct btf_data *b, struct member *m)
{
	uint8_t encoding, off, bits;
	struct btf_info t;

	if (m->bit_size || !btf_get(b, btf_strip(b, m->type, true), &t) || t.kind != BTF_KIND_INT)
		return;
	if (!btf_int(b, &t, &encoding, &off, &bits) || t.size > 16)
		return;
	if (bits && bits != t.size * 8) {
		m->bit_off += off;
		m->bit_size = bits;
	}
}

static bool find(const struct btf_data *b, uint32_t id, const char *name, int depth,
                 uint32_t *budget, struct member *out)
{
	struct btf_field f;
	struct btf_info t;
	uint32_t i;

	if (depth >= NESTING || !btf_get(b, btf_strip(b, id, true), &t))
		return false;
	for (i = 0; i < t.vlen && *budget && btf_field_at(b, &t, i, &f); i++) {
		--*budget;
		if (f.bit_off >= MAX_BIT)
			continue;
		if (!*f.name) {
			if (f.bit_size || !type_is_struct(b, f.type) ||
			    !find(b, f.type, name, depth + 1, budget, out))
				continue;
			out->bit_off += f.bit_off;
			return out->bit_off < MAX_BIT;
		}
		if (strcmp(f.name, name))
			continue;
		*out = (struct member){ f.type, f.bit_off, f.bit_size };
		bits_of_int(b, out);
		return true;
	}
	return false;
}

bool type_member(const struct btf_data *b, uint32_t id, const char *name, struct member *out)
{
	uint32_t budget = MEMBERS;

	return type_is_struct(b, id) && find(b, id, name, 0, &budget, out);
}

bool type_array(const struct btf_data *b, uint32_t id, uint32_t *elem, uint32_t *count,
                uint32_t *bytes)
{
	struct btf_info t;
	uint32_t index;
	int64_t size;

	if (!btf_get(b, btf_strip(b, id, true), &t) || t.kind != BTF_KIND_ARRAY ||
	    !btf_array(b, &t, elem, &index, count))
		return false;
	size = btf_sizeof(b, *elem);
	*bytes = size > 0 && size < INT32_MAX ? (uint32_t)size : 0;
	return true;
}

bool type_pointer(const struct btf_data *b, uint32_t id, uint32_t *to)
{
	struct btf_info t;

	if (!btf_get(b, btf_strip(b, id, true), &t) || t.kind != BTF_KIND_PTR)
		return false;
	*to = t.type;
	return true;
}

bool type_scalar(const struct btf_data *b, uint32_t id, uint32_t *bytes, bool *sign)
{
	uint8_t encoding, off, bits;
	struct btf_info t;

	if (!btf_get(b, btf_strip(b, id, true), &t))
		return false;
	if (t.size != 1 && t.size != 2 && t.size != 4 && t.size != 8)
		return false;
	*bytes = t.size;
	switch (t.kind) {
	case BTF_KIND_INT:
		if (!btf_int(b, &t, &encoding, &off, &bits))
			return false;
		*sign = encoding & BTF_INT_SIGNED;
		return true;
	case BTF_KIND_ENUM:
	case BTF_KIND_ENUM64:
		*sign = t.kflag;
		return true;
	default:
		return false;
	}
}

static bool word_char(char c)
{
	return isalnum((unsigned char)c) || c == '_';
}

/* The next word or sign of a spelling at *@s, qualifiers left out; 0 bytes at its end. */
static size_t next_token(const char **s)
{
	static const char *const qualifiers[] = { "const", "volatile", "restrict" };
	size_t n, i;

again:
	while (isspace((unsigned char)**s))
		++*s;
	if (!word_char(**s))
		return **s ? 1 : 0;
	for (n = 1; word_char((*s)[n]); n++)
		;
	for (i = 0; i < sizeof(qualifiers) / sizeof(*qualifiers); i++)
		if (strlen(qualifiers[i]) == n && !memcmp(*s, qualifiers[i], n)) {
			*s += n;
			goto again;
		}
	return n;
}

bool type_spells(const struct btf_data *b, uint32_t id, const char *spelled)
{
	char buf[256];
	const char *have = btf_spell(b, id, buf, sizeof(buf));
	size_t n, m;

	for (;;) {
		n = next_token(&have);
		m = next_token(&spelled);
		if (n != m || memcmp(have, spelled, n))
			return false;
		if (!n)
			return true;
		have += n;
		spelled += n;
	}
}

uint32_t type_of_cast(struct btf_data *b, const char *cast)
{
	char word[128];
	uint8_t kind = 0;
	uint32_t id;
	size_t n;

	for (; (n = next_token(&cast)); cast += n) {
		if (n >= sizeof(word))
			return 0;
		memcpy(word, cast, n);
		word[n] = '\0';
		if (!kind && !strcmp(word, "struct"))
			kind = BTF_KIND_STRUCT;
		else if (!kind && !strcmp(word, "union"))
			kind = BTF_KIND_UNION;
		else if (word_char(*word))
			break;
	}
	if (!n)
		return 0;
	id = btf_find(b, kind ? kind : BTF_KIND_TYPEDEF, word);
	return type_is_struct(b, id) ? id : 0;
}
