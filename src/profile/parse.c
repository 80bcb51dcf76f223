// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * The columns of a profile (profile/kinds.h) as a set of types. In: unpacked bytes. Refused:
 * columns that end too early, references to what is not there, unknown kinds, names out of order.
 * What comes out is bounded by what goes in: each element of a record takes at least a byte of a column.
 */
#include <errno.h>
#include <stdlib.h>

#include "profile/kinds.h"
#include "profile/read.h"

struct parser {
	struct btf_set *set;
	const uint8_t *unpacked;
	size_t size;
	struct cursor kinds, cols[PROFILE_KINDS][COL_NR];
	uint32_t *string; /* where each is, by number; 0 is "" */
	uint32_t nr_strings;
	size_t room_string, room_strings, room_words;
	uint32_t nr_words;
	struct buf named;        /* u32: string */
	uint32_t nr_named, next; /* the number that the next new entry gets, less 1 */
	uint32_t nr_entries, mask_bytes;
	bool bad, nomem;
};

/* Room for @n more words, so that a record is put without looking. */
static bool make_room(struct parser *x, uint64_t n)
{
	uint64_t room = x->room_words;
	uint32_t *grown;

	if (x->nr_words + n <= room)
		return true;
	while (x->nr_words + n > room)
		room = room ? room + room / 2 : 65536;
	grown = room <= UINT32_MAX / 4 ? realloc(x->set->words, room * sizeof(*grown)) : NULL;
	if (!grown) {
		x->bad = x->nomem = true;
		return false;
	}
	x->set->words = grown;
	x->room_words = room;
	return true;
}

static void put_word(struct parser *x, uint32_t v)
{
	x->set->words[x->nr_words++] = v;
}

static uint32_t add_string(struct parser *x, const char *s, uint32_t size)
{
	uint32_t *numbers = array_grow(x->string, x->nr_strings, &x->room_string, sizeof(*numbers)), off = x->set->strings_size;
	char *grown = x->set->strings;

	if (numbers)
		x->string = numbers;
	if (numbers && size > x->room_strings - off) {
		x->room_strings += x->room_strings / 2 + size + 65536;
		grown = realloc(grown, x->room_strings);
	}
	if (!numbers || !grown) {
		x->bad = x->nomem = true;
		return 0;
	}
	x->set->strings = grown;
	memcpy(grown + off, s, size);
	x->set->strings_size += size;
	x->string[x->nr_strings++] = off;
	return off;
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
		x->bad |= v >= x->nr_strings;
		return x->bad ? 0 : x->string[v];
	}
	s = cursor_str_at(bytes, bytes->at);
	if (!s) {
		x->bad = true;
		return 0;
	}
	size = (uint32_t)strlen(s) + 1;
	bytes->at += size;
	return add_string(x, s, size);
}

static uint32_t get_type(struct parser *x, struct cursor *tokens)
{
	uint32_t v;

	if (!get_old(tokens, &v))
		v = ++x->next;
	x->bad |= v > x->nr_entries;
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

static void get_record(struct parser *x, uint32_t kind, uint32_t name)
{
	const struct kind_words *k = &kind_words[kind];
	uint32_t head, vlen, i, j, n = k->nr_element, before[3] = { 0 };
	struct cursor *cols = x->cols[kind];

	for (i = 0, j = 0; i < x->mask_bytes; i++)
		j |= (uint32_t)cursor_u8(&cols[COL_MASK]) << 8 * i;
	head = get_number(&cols[COL_HEAD]);
	vlen = head >> 1 & 0xffffff;
	/* each element takes a byte of some column at least */
	x->bad |= n && vlen > x->size;
	if (x->bad || !make_room(x, 4 + k->nr_extra + (uint64_t)n * vlen))
		return;
	put_word(x, j);
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
	struct cursor c = cursor_over(x->unpacked, x->size);
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

/* The names of all named entries come first, those of a kind in order. */
static void get_named(struct parser *x)
{
	const char *strings;
	uint32_t k, name, before;

	for (k = 0; k < PROFILE_KINDS; k++) {
		x->set->named[k] = x->nr_named + 1;
		before = 0;
		while (!x->bad && kind_words[k].named && cursor_left(&x->cols[k][COL_NAME])) {
			name = get_string(x, &x->cols[k][COL_NAME], &x->cols[k][COL_OWN]);
			buf_u32(&x->named, name);
			strings = x->set->strings;
			x->bad |= x->cols[k][COL_NAME].bad || !name || strcmp(strings + before, strings + name) > 0;
			before = name;
			x->nr_named++;
		}
	}
	x->set->named[k] = x->nr_named + 1;
}

/* All versions of entry @i, which is type @i + 1. */
static void get_entry(struct parser *x, uint32_t i, uint32_t kind)
{
	uint32_t name = 0, n = 1;

	x->set->at[i + 1] = x->nr_words;
	if (i < x->nr_named) {
		memcpy(&name, x->named.data + (size_t)i * 4, 4);
		n = get_number(&x->cols[kind][COL_MASK]);
		x->bad |= !n;
	}
	if (kind >= PROFILE_KINDS || !kind_words[kind].third) {
		x->bad = true;
		return;
	}
	if (x->next <= i) /* unnamed, and nobody before it refers to it */
		x->next = i + 1;
	for (; n && !x->bad; n--)
		get_record(x, kind, name);
}

static void get_entries(struct parser *x)
{
	uint32_t i = 0, kind;

	x->next = x->nr_named;
	for (kind = 0; kind < PROFILE_KINDS; kind++)
		for (; i + 1 < x->set->named[kind + 1] && !x->bad; i++)
			get_entry(x, i, kind);
	for (; i < x->nr_entries && !x->bad; i++)
		get_entry(x, i, cursor_u8(&x->kinds));
}

/* What was grown for more. */
static void trim(struct parser *x)
{
	uint32_t *words = realloc(x->set->words, 4 * (size_t)x->nr_words + 4);
	char *strings = realloc(x->set->strings, x->set->strings_size);

	x->set->words = words ? words : x->set->words;
	x->set->strings = strings ? strings : x->set->strings;
}

int profile_parse(const struct profile *p, const void *unpacked, struct btf_set *set, struct abide_error *e)
{
	struct parser x = { .set = set, .unpacked = unpacked, .size = p->unpacked_size, .mask_bytes = (p->nr + 7) / 8 };
	int err = 0;

	memset(set, 0, sizeof(*set));
	add_string(&x, "", 1);
	split(&x);
	if (!x.bad)
		get_named(&x);
	if (!x.bad && !x.named.failed) {
		x.nr_entries = x.nr_named + (uint32_t)x.kinds.size;
		set->count = x.nr_entries + 1;
		set->at = calloc((size_t)set->count + 1, sizeof(*set->at));
		if (set->at) {
			get_entries(&x);
			set->at[set->count] = x.nr_words;
		}
	}
	if (x.nomem || x.named.failed || (!x.bad && !set->at))
		err = error_nomem(e);
	else if (x.bad)
		err = error_set(e, -EINVAL, "profile-damaged", "the kernel profile is damaged");
	else
		trim(&x);
	if (err)
		profile_free_set(set);
	free(x.string);
	buf_free(&x.named);
	return err;
}

void profile_free_set(struct btf_set *set)
{
	free(set->words);
	free(set->at);
	free(set->strings);
	btf_flavours_free(&set->flavours);
	memset(set, 0, sizeof(*set));
}
