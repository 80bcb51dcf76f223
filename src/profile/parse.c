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
	uint32_t last[PROFILE_KINDS][COL_NR]; /* string of a column */
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

/* A string that begins like @last. */
static uint32_t add_string(struct parser *x, uint32_t last, uint32_t shared, const char *rest, uint32_t size)
{
	uint32_t *numbers = array_grow(x->string, x->nr_strings, &x->room_string, sizeof(*numbers)), off = x->set->strings_size;
	char *grown = x->set->strings;

	if (numbers)
		x->string = numbers;
	if (numbers && shared + size > x->room_strings - off) {
		x->room_strings += x->room_strings / 2 + shared + size + 65536;
		grown = realloc(grown, x->room_strings);
	}
	if (!numbers || !grown) {
		x->bad = x->nomem = true;
		return 0;
	}
	x->set->strings = grown;
	memcpy(grown + off, grown + last, shared);
	memcpy(grown + off + shared, rest, size);
	x->set->strings_size += shared + size;
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
	if (first == PROFILE_NONE || c->bad)
		return true;
	if (first == PROFILE_NEXT)
		return false;
	*v = (uint32_t)(first & 127) << 16;
	*v |= (uint32_t)cursor_u8(c) << 8;
	*v |= cursor_u8(c);
	return true;
}

/* @column: COL_OWN or COL_ELEM */
static uint32_t get_string(struct parser *x, uint32_t kind, enum column tokens, enum column column)
{
	struct cursor *bytes = &x->cols[kind][column];
	uint32_t *last = &x->last[kind][column], v, size, shared;
	const char *rest;

	if (get_old(&x->cols[kind][tokens], &v)) {
		x->bad |= v >= x->nr_strings;
		return x->bad ? 0 : x->string[v];
	}
	rest = cursor_str_at(bytes, bytes->at);
	shared = cursor_u8(&x->cols[kind][column - 1]);
	/* what is shared makes more of them than there are bytes, but not without end */
	if (!rest || x->set->strings_size > PROFILE_UNPACKED || shared > strlen(x->set->strings + *last)) {
		x->bad = true;
		return 0;
	}
	size = (uint32_t)strlen(rest) + 1;
	bytes->at += size;
	*last = add_string(x, *last, shared, rest, size);
	return *last;
}

static uint32_t get_type(struct parser *x, struct cursor *tokens)
{
	uint32_t v;

	if (!get_old(tokens, &v))
		v = ++x->next;
	x->bad |= v > x->nr_entries;
	return v;
}

static uint32_t get_word(struct parser *x, uint32_t kind, char what, uint32_t before)
{
	struct cursor *cols = x->cols[kind];

	switch (what) {
	case WORD_TYPE:
		return get_type(x, &cols[COL_TYPE]);
	case WORD_NAME:
		return get_string(x, kind, COL_WORD, COL_ELEM);
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
	return cols[COL_TYPE].bad || cols[COL_WORD].bad || cols[COL_HEAD].bad || cols[COL_NUM].bad || cols[COL_MASK].bad ||
	       cols[COL_COPY].bad;
}

/*
 * Elements @i and on, @n of them: whole, or with their tokens as they stand at word @from, where the version
 * before has them. The elements of this begin at @begin.
 */
static void get_elements(struct parser *x, uint32_t kind, uint32_t begin, uint32_t n, const uint32_t *from)
{
	const struct kind_words *k = &kind_words[kind];
	uint32_t j, v;

	for (; n && !x->bad && !columns_bad(x->cols[kind]); n--)
		for (j = 0; j < k->nr_element; j++) {
			v = x->nr_words - begin < k->nr_element ? 0 : x->set->words[x->nr_words - k->nr_element];
			v = from && word_is_token(k->element[j]) ? *from : get_word(x, kind, k->element[j], v);
			put_word(x, v);
			if (from)
				from++;
		}
}

/* As runs of the version whose record is at word @old (kinds.h has them). */
static void get_runs(struct parser *x, uint32_t kind, uint32_t begin, uint32_t vlen, uint32_t old)
{
	const struct kind_words *k = &kind_words[kind];
	uint32_t there = x->set->words[old + 1] & 0xffffff, i = 0, j = 0, skip, fresh, copy;
	struct cursor *runs = &x->cols[kind][COL_COPY];

	while (i < vlen && !x->bad && !columns_bad(x->cols[kind])) {
		skip = get_number(runs);
		fresh = get_number(runs);
		copy = get_number(runs);
		if (skip > there - j || copy > there - j - skip || fresh > vlen - i || copy > vlen - i - fresh || !(fresh | copy)) {
			x->bad = true;
			return;
		}
		j += skip;
		get_elements(x, kind, begin, fresh, NULL);
		get_elements(x, kind, begin, copy, x->set->words + old + 3 + k->nr_extra + (size_t)k->nr_element * j);
		i += fresh + copy;
		j += copy;
	}
}

/* A version. @old: where the record of the one before it is, 0: none is (a record is behind a word). */
static void get_record(struct parser *x, uint32_t kind, uint32_t name, uint32_t old)
{
	const struct kind_words *k = &kind_words[kind];
	struct cursor *cols = x->cols[kind];
	uint32_t head, vlen, i, mask = 0;

	for (i = 0; i < x->mask_bytes; i++)
		mask |= (uint32_t)cursor_u8(&cols[COL_MASK]) << 8 * i;
	head = get_number(&cols[COL_HEAD]);
	vlen = head >> 1 & 0xffffff;
	/* each element takes a byte of some column at least */
	x->bad |= k->nr_element && vlen > x->size;
	if (x->bad || !make_room(x, 4 + k->nr_extra + (uint64_t)k->nr_element * vlen))
		return;
	put_word(x, mask);
	put_word(x, k->tag ? get_word(x, kind, WORD_NAME, 0) : name);
	put_word(x, kind << 24 | (head & 1) << 31 | vlen);
	put_word(x, get_word(x, kind, k->third, 0));
	for (i = 0; i < k->nr_extra; i++)
		put_word(x, get_word(x, kind, k->extra[i], 0));
	if (k->nr_element && old)
		get_runs(x, kind, x->nr_words, vlen, old);
	else if (k->nr_element)
		get_elements(x, kind, x->nr_words, vlen, NULL);
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
			name = get_string(x, k, COL_NAME, COL_OWN);
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
	uint32_t name = 0, n = 1, old = 0, at;

	x->set->at[i + 1] = x->nr_words;
	if (i < x->nr_named) {
		memcpy(&name, x->named.data + (size_t)i * 4, 4);
		n = get_number(&x->cols[kind][COL_COUNT]);
		x->bad |= !n || x->cols[kind][COL_COUNT].bad;
	}
	if (kind >= PROFILE_KINDS || !kind_words[kind].third) {
		x->bad = true;
		return;
	}
	if (x->next <= i) /* unnamed, and nobody before it refers to it */
		x->next = i + 1;
	for (; n && !x->bad; n--) {
		at = x->nr_words + 1;
		get_record(x, kind, name, old);
		old = at;
	}
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
	add_string(&x, 0, 0, "", 1);
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
