// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * A profile's file (profile/kinds.h). In: kernels. Out: bytes, the same for the same input.
 * Entries are put in order, named ones by kind and name; then each is written, and those that
 * it refers to are numbered and queued as they come.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <zstd.h>

#include "profile/kinds.h"
#include "profile/merge.h"
#include "profile/notes.h"
#include "profile/profile.h"

#define LEVEL 19 /* 22 takes longer and is not 0.1 % smaller */

struct writer {
	const struct merged *m;
	uint32_t *queue, nr_queue; /* entries in order */
	uint32_t *number;          /* of an entry + 1, 0: not yet */
	uint32_t *string;          /* number of a string, 0: not yet ("" has no other) */
	uint32_t nr_strings, mask_bytes;
	uint32_t last[PROFILE_KINDS][COL_NR]; /* string of a column; 0 is "" */
	struct buf kinds, cols[PROFILE_KINDS][COL_NR];
};

struct sorting { /* a named entry; the string is borrowed */
	const char *name;
	uint32_t len, kind, ordinal, entry;
};

static int compare(const void *pa, const void *pb)
{
	const struct sorting *a = pa, *b = pb;
	int c;

	if (a->kind != b->kind)
		return a->kind < b->kind ? -1 : 1;
	c = memcmp(a->name, b->name, a->len < b->len ? a->len : b->len);
	if (c || a->len != b->len)
		return c ? c : a->len < b->len ? -1 : 1;
	return a->ordinal < b->ordinal ? -1 : a->ordinal > b->ordinal;
}

static void put_u64(struct buf *to, uint64_t v)
{
	int i;

	for (i = 0; i < 8; i++)
		buf_u8(to, (uint8_t)(v >> 8 * i));
}

static void put_u32(struct buf *to, uint32_t v)
{
	int i;

	for (i = 0; i < 4; i++)
		buf_u8(to, (uint8_t)(v >> 8 * i));
}

static void put_number(struct buf *to, uint32_t v)
{
	for (; v > 127; v >>= 7)
		buf_u8(to, (uint8_t)(v | 128));
	buf_u8(to, (uint8_t)v);
}

static void put_difference(struct buf *to, uint32_t v, uint32_t before)
{
	uint32_t d = v - before;

	put_number(to, d << 1 ^ (d >> 31 ? UINT32_MAX : 0));
}

static void put_old(struct buf *to, uint32_t v)
{
	if (!v) {
		buf_u8(to, PROFILE_NONE);
		return;
	}
	buf_u8(to, (uint8_t)((v | PROFILE_OLD) >> 16));
	buf_u8(to, (uint8_t)(v >> 8));
	buf_u8(to, (uint8_t)v);
}

/* @column: COL_OWN or COL_ELEM, behind that of what is shared */
static void put_string(struct writer *w, uint32_t kind, enum column tokens, enum column column, uint32_t s)
{
	uint32_t *last = &w->last[kind][column], shared = 0;
	struct buf *cols = w->cols[kind];
	const char *text, *before;

	if (!s || w->string[s]) {
		put_old(&cols[tokens], s ? w->string[s] : 0);
		return;
	}
	w->string[s] = ++w->nr_strings;
	buf_u8(&cols[tokens], PROFILE_NEXT);
	text = intern_get(&w->m->strings, s);
	before = intern_get(&w->m->strings, *last);
	while (shared < PROFILE_SHARED && text[shared] && text[shared] == before[shared])
		shared++;
	buf_u8(&cols[column - 1], (uint8_t)shared);
	buf_str(&cols[column], text + shared);
	*last = s;
}

/* @type: entry + 1, 0: void */
static void put_type(struct writer *w, struct buf *tokens, uint32_t type)
{
	if (!type || w->number[type - 1]) {
		put_old(tokens, type ? w->number[type - 1] : 0);
		return;
	}
	w->queue[w->nr_queue++] = type - 1;
	w->number[type - 1] = w->nr_queue;
	buf_u8(tokens, PROFILE_NEXT);
}

static void put_word(struct writer *w, uint32_t kind, char what, uint32_t v, uint32_t before)
{
	struct buf *cols = w->cols[kind];

	switch (what) {
	case WORD_TYPE:
		put_type(w, &cols[COL_TYPE], v);
		break;
	case WORD_NAME:
		put_string(w, kind, COL_WORD, COL_ELEM, v);
		break;
	case WORD_SIZE:
		put_number(&cols[COL_HEAD], v);
		break;
	case WORD_DELTA:
		put_difference(&cols[COL_NUM], v, before);
		break;
	default:
		put_number(&cols[COL_NUM], v);
		break;
	}
}

/* The elements of a version. */
struct elements {
	const struct kind_words *k;
	const uint32_t *words;
	uint32_t nr;
};

static const uint32_t *element(const struct elements *l, uint32_t i)
{
	return l->words + (size_t)i * l->k->nr_element;
}

/* Do they differ in numbers at most? */
static bool same(const struct elements *a, uint32_t i, const struct elements *b, uint32_t j)
{
	uint32_t n;

	for (n = 0; n < a->k->nr_element; n++)
		if (word_is_token(a->k->element[n]) && element(a, i)[n] != element(b, j)[n])
			return false;
	return true;
}

static void put_elements(struct writer *w, uint32_t kind, const struct elements *l, uint32_t i, uint32_t n, bool tokens)
{
	uint32_t j;

	for (; n; n--, i++)
		for (j = 0; j < l->k->nr_element; j++)
			if (tokens || !word_is_token(l->k->element[j]))
				put_word(w, kind, l->k->element[j], element(l, i)[j], i ? element(l, i - 1)[j] : 0);
}

#define NEAR 64 /* so far we look for where two versions go on alike */

/* The nearest place behind @i and @j where they do: passed over there, new here. False: none is near. */
static bool meet(const struct elements *l, uint32_t i, const struct elements *old, uint32_t j, uint32_t *skip, uint32_t *fresh)
{
	uint32_t sum;

	for (sum = 0; sum <= NEAR; sum++)
		for (*skip = 0; *skip <= sum; ++*skip) {
			*fresh = sum - *skip;
			if (i + *fresh < l->nr && j + *skip < old->nr && same(l, i + *fresh, old, j + *skip))
				return true;
		}
	return false;
}

/* As runs of what the version before it has. */
static void put_runs(struct writer *w, uint32_t kind, const struct elements *l, const struct elements *old)
{
	struct buf *to = &w->cols[kind][COL_COPY];
	uint32_t i = 0, j = 0, skip, fresh, copy;

	while (i < l->nr) {
		if (!meet(l, i, old, j, &skip, &fresh)) {
			skip = 0;
			fresh = l->nr - i;
		}
		for (copy = 0; i + fresh + copy < l->nr && j + skip + copy < old->nr; copy++)
			if (!same(l, i + fresh + copy, old, j + skip + copy))
				break;
		put_number(to, skip);
		put_number(to, fresh);
		put_number(to, copy);
		put_elements(w, kind, l, i, fresh, true);
		put_elements(w, kind, l, i + fresh, copy, false);
		i += fresh + copy;
		j += skip + copy;
	}
}

/* @old: the elements of the version before it, and then of this; none: of an entry's first */
static void put_version(struct writer *w, uint32_t version, struct elements *old)
{
	const uint32_t *p = intern_get(&w->m->versions, version);
	uint32_t info = p[1], kind = info >> 24 & 127, vlen = info & 0xffffff, i;
	struct elements l = { .k = &kind_words[kind] };
	const struct kind_words *k = l.k;

	p += 2;
	put_number(&w->cols[kind][COL_HEAD], vlen << 1 | info >> 31);
	if (k->tag)
		put_word(w, kind, WORD_NAME, *p++, 0);
	if (k->third != WORD_ZERO)
		put_word(w, kind, k->third, *p++, 0);
	for (i = 0; i < k->nr_extra; i++)
		put_word(w, kind, k->extra[i], *p++, 0);
	l.words = p;
	l.nr = k->nr_element ? vlen : 0;
	if (old->k)
		put_runs(w, kind, &l, old);
	else
		put_elements(w, kind, &l, 0, l.nr, true);
	*old = l;
}

static void put_entry(struct writer *w, uint32_t entry)
{
	const uint32_t *key = intern_get(&w->m->keys, entry);
	bool named = key[0] == MERGE_NAMED;
	uint32_t kind = named ? key[1] : key[0] >> 24 & 127, v, n = 0;
	const struct merged_version *list = w->m->of_version;
	struct elements old = { 0 };

	if (!named)
		buf_u8(&w->kinds, (uint8_t)kind);
	for (v = w->m->entries[entry].first; v; v = list[v - 1].next)
		n++;
	if (named)
		put_number(&w->cols[kind][COL_COUNT], n);
	for (v = w->m->entries[entry].first; v; v = list[v - 1].next) {
		uint32_t mask = list[v - 1].kernels, i;

		for (i = 0; i < w->mask_bytes; i++)
			buf_u8(&w->cols[kind][COL_MASK], (uint8_t)(mask >> 8 * i));
		put_version(w, v - 1, &old);
	}
}

static int queue_named(struct writer *w, struct abide_error *e)
{
	const struct merged *m = w->m;
	struct sorting *list = calloc(m->nr_entries + 1, sizeof(*list));
	uint32_t i, n = 0;

	if (!list)
		return error_nomem(e);
	for (i = 0; i < m->nr_entries; i++) {
		const uint32_t *key = intern_get(&m->keys, i);

		if (key[0] == MERGE_NAMED)
			list[n++] = (struct sorting){ intern_get(&m->strings, key[2]),
				                      m->strings.items[key[2]].size, key[1], key[3],
				                      i };
	}
	qsort(list, n, sizeof(*list), compare);
	for (i = 0; i < n; i++) {
		const uint32_t *key = intern_get(&m->keys, list[i].entry);

		w->queue[w->nr_queue++] = list[i].entry;
		w->number[list[i].entry] = w->nr_queue;
		put_string(w, key[1], COL_NAME, COL_OWN, key[2]);
	}
	free(list);
	return 0;
}

static int put_all(struct writer *w, struct buf *out, struct abide_error *e)
{
	const struct merged *m = w->m;
	uint32_t i = 0, rest = 0, k, c;
	int err;

	if (m->nr_entries >= PROFILE_OLD - 1 || m->strings.nr >= PROFILE_OLD)
		return error_set(e, -E2BIG, "profile-size",
		                 "the kernels have too many types for one profile");
	w->queue = calloc(m->nr_entries + 1, sizeof(*w->queue));
	w->number = calloc(m->nr_entries + 1, sizeof(*w->number));
	w->string = calloc(m->strings.nr + 1, sizeof(*w->string));
	if (!w->queue || !w->number || !w->string)
		return error_nomem(e);
	err = queue_named(w, e);
	if (err)
		return err;
	for (;;) {
		for (; i < w->nr_queue; i++)
			put_entry(w, w->queue[i]);
		while (rest < m->nr_entries &&
		       w->number[rest]) /* unnamed, and nobody refers to it */
			rest++;
		if (rest == m->nr_entries)
			break;
		w->queue[w->nr_queue++] = rest;
		w->number[rest] = w->nr_queue;
	}
	put_u32(out, (uint32_t)w->kinds.size);
	buf_add(out, w->kinds.data, w->kinds.size);
	out->failed |= w->kinds.failed;
	for (k = 0; k < PROFILE_KINDS; k++)
		for (c = 0; c < COL_NR; c++) {
			put_u32(out, (uint32_t)w->cols[k][c].size);
			buf_add(out, w->cols[k][c].data, w->cols[k][c].size);
			out->failed |= w->cols[k][c].failed;
		}
	return 0;
}

/* The notes, with references to the functions among the entries. */
static int put_notes(const struct writer *w, const struct profile_kernel *kernels, uint32_t n, struct buf *out,
                     struct abide_error *e)
{
	const char **names = calloc(w->nr_queue + 1, sizeof(*names));
	uint32_t i, nr = 0;
	int err;

	if (!names)
		return error_nomem(e);
	for (i = 0; i < w->nr_queue; i++) {
		const uint32_t *key = intern_get(&w->m->keys, w->queue[i]);

		if (key[0] == MERGE_NAMED && key[1] == BTF_KIND_FUNC)
			names[nr++] = intern_get(&w->m->strings, key[2]);
	}
	err = profile_put_notes(kernels, n, names, nr, out, e);
	free(names);
	return err;
}

static void writer_free(struct writer *w)
{
	uint32_t k, c;

	free(w->queue);
	free(w->number);
	free(w->string);
	buf_free(&w->kinds);
	for (k = 0; k < PROFILE_KINDS; k++)
		for (c = 0; c < COL_NR; c++)
			buf_free(&w->cols[k][c]);
}

static void put_facts(struct buf *to, const struct profile_facts *f)
{
	buf_str(to, f->name);
	buf_str(to, f->release);
	buf_str(to, f->machine);
	buf_str(to, f->source);
	buf_u8(to, f->big_endian);
	put_u64(to, f->btf_size);
	buf_add(to, f->btf_hash, sizeof(f->btf_hash));
}

static int compress(const struct buf *body, struct buf *out, struct abide_error *e)
{
	size_t room = ZSTD_compressBound(body->size), at = buf_add(out, NULL, room), n;
	ZSTD_CCtx *z = ZSTD_createCCtx();
	int err = 0;

	if (!z || out->failed) {
		err = error_nomem(e);
		goto out;
	}
	ZSTD_CCtx_setParameter(z, ZSTD_c_compressionLevel, LEVEL);
	ZSTD_CCtx_setParameter(z, ZSTD_c_checksumFlag, 1);
	n = ZSTD_compress2(z, out->data + at, room, body->data, body->size);
	if (ZSTD_isError(n))
		err = error_set(e, -ENOMEM, "", "compressing the profile: %s",
		                ZSTD_getErrorName(n));
	else
		out->size = at + n;
out:
	ZSTD_freeCCtx(z);
	return err;
}

int profile_write(const struct profile_kernel *kernels, uint32_t n, struct buf *out,
                  struct abide_error *e)
{
	struct buf body = { 0 }, facts = { 0 }, notes = { 0 }, packed = { 0 };
	struct merged m = { 0 };
	struct writer w = { .m = &m, .mask_bytes = (n + 7) / 8 };
	uint32_t i;
	int err = 0;

	if (!n || n > PROFILE_KERNELS)
		return error_set(e, -EINVAL, "profile-size", "a profile holds 1 to %d kernels",
		                 PROFILE_KERNELS);
	for (i = 0; !err && i < n; i++) {
		err = merge_kernel(&m, kernels[i].btf, i, e);
		put_facts(&facts, &kernels[i].facts);
	}
	if (!err)
		err = put_all(&w, &body, e);
	if (!err)
		err = put_notes(&w, kernels, n, &notes, e);
	if (err)
		goto out;
	if (body.failed || facts.failed) {
		err = error_nomem(e);
		goto out;
	}
	if (body.size > PROFILE_UNPACKED || notes.size > PROFILE_UNPACKED) {
		err = error_set(e, -E2BIG, "profile-size",
		                "the profile would be larger than %u MiB", PROFILE_UNPACKED >> 20);
		goto out;
	}
	err = compress(&body, &packed, e);
	if (err)
		goto out;
	buf_add(out, PROFILE_MAGIC, strlen(PROFILE_MAGIC));
	put_u32(out, PROFILE_VERSION);
	put_u32(out, n);
	put_u32(out, (uint32_t)facts.size);
	put_u32(out, (uint32_t)packed.size);
	put_u32(out, (uint32_t)body.size);
	put_u32(out, (uint32_t)notes.size);
	buf_add(out, facts.data, facts.size);
	buf_add(out, packed.data, packed.size);
	err = compress(&notes, out, e);
	if (!err && out->failed)
		err = error_nomem(e);
out:
	writer_free(&w);
	merge_free(&m);
	buf_free(&body);
	buf_free(&facts);
	buf_free(&notes);
	buf_free(&packed);
	return err;
}
