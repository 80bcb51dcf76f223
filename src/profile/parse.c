// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * The columns of a profile (profile/kinds.h) as flat records. In: unpacked bytes. Refused:
 * columns that end too early, references to what is not there, unknown kinds. What comes out
 * is bounded by what goes in: each element of a record takes at least a byte of a column.
 */
#include <errno.h>
#include <stdlib.h>

#include "profile/kinds.h"
#include "profile/read.h"
#include "util/buf.h"

struct parser {
	struct profile *p;
	struct cursor kinds, cols[PROFILE_KINDS][COL_NR];
	struct buf named;        /* u32 pairs: kind, string */
	uint32_t nr_named, next; /* the number that the next new entry gets, less 1 */
	uint32_t mask_bytes;
	bool bad, nomem;
};

static void put_word(struct parser *x, uint32_t v)
{
	struct profile *p = x->p;

	if (p->nr_records == p->room_records) {
		uint32_t *grown =
			array_grow(p->records, p->nr_records, &p->room_records, sizeof(*grown));

		if (!grown) {
			x->bad = x->nomem = true;
			return;
		}
		p->records = grown;
	}
	p->records[p->nr_records++] = v;
}

static uint32_t add_string(struct parser *x, uint32_t off, uint32_t size)
{
	struct profile *p = x->p;
	struct profile_string *grown =
		array_grow(p->strings, p->nr_strings, &p->room_strings, sizeof(*grown));

	if (!grown) {
		x->bad = x->nomem = true;
		return 0;
	}
	p->strings = grown;
	p->strings[p->nr_strings] = (struct profile_string){ off, size };
	return p->nr_strings++;
}

static uint32_t get_number(struct cursor *c)
{
	uint32_t v = 0, shift;
	uint8_t byte;

	for (shift = 0; shift < 35; shift += 7) {
		byte = cursor_u8(c);
		v |= (uint32_t)(byte & 127) << (shift < 32 ? shift : 31);
		if (byte < 128)
			return v;
	}
	c->bad = true;
	return 0;
}

static uint32_t get_difference(struct cursor *c)
{
	uint32_t v = get_number(c);

	return v >> 1 ^ (v & 1 ? UINT32_MAX : 0);
}

/* False: the next new one. */
static bool get_old(struct cursor *c, uint32_t *v)
{
	uint8_t first = cursor_u8(c);

	*v = 0;
	if (!first && !c->bad)
		return false;
	*v = (uint32_t)(first & 127) << 16;
	*v |= (uint32_t)cursor_u8(c) << 8;
	*v |= cursor_u8(c);
	return true;
}

static uint32_t get_string(struct parser *x, struct cursor *tokens, struct cursor *bytes)
{
	const char *s;
	uint32_t v, size;

	if (get_old(tokens, &v)) {
		x->bad |= v >= x->p->nr_strings;
		return v;
	}
	s = cursor_str_at(bytes, bytes->at);
	if (!s) {
		x->bad = true;
		return 0;
	}
	size = (uint32_t)strlen(s) + 1;
	bytes->at += size;
	return add_string(x, (uint32_t)((const uint8_t *)s - x->p->unpacked), size);
}

static uint32_t get_type(struct parser *x, struct cursor *tokens)
{
	uint32_t v;

	if (!get_old(tokens, &v))
		v = ++x->next;
	x->bad |= v > x->p->nr_entries;
	return v;
}

static uint32_t get_word(struct parser *x, struct cursor *cols, char what, uint32_t before)
{
	switch (what) {
	case WORD_TYPE:
		return get_type(x, &cols[COL_ROW]);
	case WORD_NAME:
		return get_string(x, &cols[COL_ROW], &cols[COL_ELEM]);
	case WORD_SIZE:
		return get_number(&cols[COL_HEAD]);
	case WORD_DELTA:
		return before + get_difference(&cols[COL_NUM]);
	case WORD_NUM:
		return get_number(&cols[COL_NUM]);
	default:
		return 0;
	}
}

static bool columns_bad(const struct cursor *cols)
{
	return cols[COL_ROW].bad || cols[COL_HEAD].bad || cols[COL_NUM].bad || cols[COL_MASK].bad;
}

static void get_record(struct parser *x, uint32_t entry, uint32_t kind, uint32_t name)
{
	const struct kind_words *k = &kind_words[kind];
	uint32_t head, vlen, i, j, n = k->nr_element, before[3] = { 0 };
	struct cursor *cols = x->cols[kind];

	for (i = 0, j = 0; i < x->mask_bytes; i++)
		j |= (uint32_t)cursor_u8(&cols[COL_MASK]) << 8 * i;
	put_word(x, j);
	put_word(x, entry);
	head = get_number(&cols[COL_HEAD]);
	vlen = head >> 1 & 0xffffff;
	put_word(x, k->tag ? get_word(x, cols, WORD_NAME, 0) : name);
	put_word(x, kind << 24 | (head & 1) << 31 | vlen);
	put_word(x, get_word(x, cols, k->third, 0));
	for (i = 0; i < k->nr_extra; i++)
		put_word(x, get_word(x, cols, k->extra[i], 0));
	for (i = 0; n && i < vlen && !x->bad && !columns_bad(cols); i++)
		for (j = 0; j < n; j++) {
			before[j] = get_word(x, cols, k->element[j], before[j]);
			put_word(x, before[j]);
		}
	x->bad |= columns_bad(cols);
}

static void split(struct parser *x)
{
	struct cursor c = cursor_over(x->p->unpacked, x->p->unpacked_size);
	uint32_t k, i, size;

	c.swap = __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__;
	size = cursor_u32(&c);
	x->kinds = cursor_sub(&c, c.at, size);
	cursor_take(&c, size);
	for (k = 0; k < PROFILE_KINDS; k++)
		for (i = 0; i < COL_NR; i++) {
			size = cursor_u32(&c);
			x->cols[k][i] = cursor_sub(&c, c.at, size);
			cursor_take(&c, size);
		}
	x->bad = c.bad || c.at != c.size;
}

/* The names of all named entries come first. */
static void get_named(struct parser *x)
{
	uint32_t k;

	for (k = 0; k < PROFILE_KINDS; k++)
		while (!x->bad && kind_words[k].named && cursor_left(&x->cols[k][COL_NAME])) {
			buf_u32(&x->named, k);
			buf_u32(&x->named,
			        get_string(x, &x->cols[k][COL_NAME], &x->cols[k][COL_OWN]));
			x->bad |= x->cols[k][COL_NAME].bad;
			x->nr_named++;
		}
}

static void get_entry(struct parser *x, uint32_t i)
{
	bool named = i < x->nr_named;
	uint32_t kind, name = 0, n = 1;

	if (named) {
		memcpy(&kind, x->named.data + (size_t)i * 8, 4);
		memcpy(&name, x->named.data + (size_t)i * 8 + 4, 4);
		n = get_number(&x->cols[kind][COL_MASK]);
	} else {
		kind = cursor_u8(&x->kinds);
	}
	if (kind >= PROFILE_KINDS || !kind_words[kind].third) {
		x->bad = true;
		return;
	}
	if (x->next <= i) /* unnamed, and nobody before it refers to it */
		x->next = i + 1;
	for (; n && !x->bad; n--)
		get_record(x, i, kind, name);
}

int profile_parse(struct profile *p, struct abide_error *e)
{
	struct parser x = { .p = p, .mask_bytes = (p->nr + 7) / 8 };
	uint32_t i;
	int err = 0;

	add_string(&x, 0, 0);
	split(&x);
	if (!x.bad)
		get_named(&x);
	x.next = x.nr_named;
	p->nr_entries = x.bad ? 0 : x.nr_named + (uint32_t)x.kinds.size;
	if (x.named.failed)
		x.bad = true;
	for (i = 0; i < p->nr_entries && !x.bad; i++)
		get_entry(&x, i);
	if (x.nomem || x.named.failed)
		err = error_nomem(e);
	else if (x.bad)
		err = error_set(e, -EINVAL, "profile-damaged", "the kernel profile is damaged");
	buf_free(&x.named);
	return err;
}
