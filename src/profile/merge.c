// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Merging kernels' BTF. In: one BTF after the other. Out: entries and their versions
 * (profile/kinds.h says what those are). Refused: types that are not there, unnamed types
 * in circles or nested too deep, names longer than the kernel takes. A kind that this
 * version does not know is left out, and what refers to it refers to void.
 *
 * First all named types get their entries, so that only unnamed ones have to be followed:
 * down to the next named type, which C's types reach within a few steps.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "object/btf_data.h"
#include "profile/kinds.h"
#include "profile/merge.h"

#define UNKNOWN UINT32_MAX       /* not yet looked at */
#define ACTIVE  (UINT32_MAX - 1) /* being looked at */
#define LEFT    (UINT32_MAX - 2) /* of a kind that is left out */
#define DEPTH   128
#define NOMEM   INTERN_FAILED

struct one { /* kernel */
	struct merged *m;
	const struct btf_data *b;
	uint32_t bit;
	uint32_t *entry;  /* by type id */
	uint8_t *called;  /* by type id: prototype of a tracepoint's iterator */
	struct buf words; /* contents being put together, as a stack */
	struct abide_error *e;
};

static const struct kind_words *words_of(const struct btf_info *t)
{
	const struct kind_words *k = &kind_words[t->kind < PROFILE_KINDS ? t->kind : 0];

	return k->third ? k : NULL;
}

/* False: e is set. */
static bool add_string(struct one *o, const char *s, uint32_t *out)
{
	size_t len = strnlen(s, MERGE_NAME + 1);

	if (len > MERGE_NAME) {
		error_set(o->e, -EINVAL, "btf-name",
		          "the BTF has a name of more than %u characters", MERGE_NAME);
		return false;
	}
	*out = intern_add(&o->m->strings, s, (uint32_t)len);
	if (*out == NOMEM)
		error_nomem(o->e);
	return *out != NOMEM;
}

static bool add_entry(struct one *o, const void *key, uint32_t size, uint32_t *out)
{
	struct merged *m = o->m;
	struct merged_entry *entries;

	*out = intern_add(&m->keys, key, size);
	entries = *out == NOMEM ? NULL
	                        : array_grow(m->entries, m->nr_entries, &m->room_entries,
	                                     sizeof(*entries));
	if (!entries) {
		error_nomem(o->e);
		return false;
	}
	m->entries = entries;
	if (*out == m->nr_entries)
		m->entries[m->nr_entries++] = (struct merged_entry){ 0 };
	return true;
}

/* This kernel has @entry with the content from @start of the words on. */
static bool add_version(struct one *o, uint32_t entry, size_t start)
{
	struct merged *m = o->m;
	struct merged_version *list;
	uint32_t v;

	memcpy(o->words.data + start, &entry, sizeof(entry));
	v = intern_add(&m->versions, o->words.data + start, (uint32_t)(o->words.size - start));
	list = v == NOMEM ? NULL
	                  : array_grow(m->of_version, m->nr_versions, &m->room_versions,
	                               sizeof(*list));
	if (!list) {
		error_nomem(o->e);
		return false;
	}
	m->of_version = list;
	if (v == m->nr_versions) {
		struct merged_entry *en = &m->entries[entry];

		list[m->nr_versions++] = (struct merged_version){ 0 };
		*(en->last ? &list[en->last - 1].next : &en->first) = v + 1;
		en->last = v + 1;
	}
	list[v].kernels |= UINT32_C(1) << o->bit;
	return true;
}

static bool entry_of(struct one *o, uint32_t id, int depth, uint32_t *out);

/*
 * Names of parameters: nothing depends on them but what looks for a tracepoint's arguments by name, and
 * the verifier, which knows some endings ("p__nullable", "mem__sz").
 */
static bool keeps_name(const struct one *o, uint32_t id, const char *name)
{
	const char *end = *name ? strstr(name + 1, "__") : NULL;

	return o->called[id] || (end && end[2]);
}

/* One word of the record, as it goes into a content. */
static bool put_word(struct one *o, const struct btf_info *t, char what, uint32_t v, int depth)
{
	const char *name;

	if (what == WORD_ZERO)
		return true;
	if (what == WORD_NAME) {
		name = v ? btf_string(o->b, v) : "";
		if (name && t->kind == BTF_KIND_FUNC_PROTO && !keeps_name(o, t->id, name))
			name = NULL;
		if (!add_string(o, name ? name : "", &v))
			return false;
	}
	if (what == WORD_TYPE && v && !entry_of(o, v, depth, &v))
		return false;
	buf_u32(&o->words, v);
	return true;
}

/* Append what a type contains. */
static bool put_content(struct one *o, const struct btf_info *t, const struct kind_words *k,
                        int depth)
{
	struct cursor c = o->b->types;
	uint32_t name, info, third, i;
	uint32_t j;

	cursor_seek(&c, t->extra - BTF_RECORD);
	name = cursor_u32(&c);
	info = cursor_u32(&c);
	third = cursor_u32(&c);
	buf_u32(&o->words, info);
	if ((k->tag && !put_word(o, t, WORD_NAME, name, depth)) ||
	    !put_word(o, t, k->third, third, depth))
		return false;
	for (i = 0; i < k->nr_extra; i++)
		if (!put_word(o, t, k->extra[i], cursor_u32(&c), depth))
			return false;
	for (i = 0; k->nr_element && i < t->vlen; i++)
		for (j = 0; j < k->nr_element; j++)
			if (!put_word(o, t, k->element[j], cursor_u32(&c), depth))
				return false;
	if (c.bad || o->words.failed) {
		if (o->words.failed)
			error_nomem(o->e);
		else
			error_set(o->e, -EINVAL, "btf-truncated", "type %u of the BTF is cut",
			          t->id);
		return false;
	}
	return true;
}

/* Entry + 1 of a type, 0 when its kind is left out. */
static bool entry_of(struct one *o, uint32_t id, int depth, uint32_t *out)
{
	size_t start = o->words.size;
	struct btf_info t;
	bool ok;

	*out = 0;
	if (!btf_get(o->b, id, &t)) {
		error_set(o->e, -EINVAL, "btf-type",
		          "the BTF refers to type %u and has only %u types", id, btf_count(o->b));
		return false;
	}
	if (o->entry[id] == LEFT)
		return true;
	if (o->entry[id] < LEFT) {
		*out = o->entry[id] + 1;
		return true;
	}
	if (o->entry[id] == ACTIVE || depth > DEPTH) {
		error_set(o->e, -EINVAL, "btf-type", "the BTF's type %u %s", id,
		          depth > DEPTH ? "is nested too deep" : "contains itself");
		return false;
	}
	o->entry[id] = ACTIVE;
	buf_u32(&o->words, 0); /* where add_version has the entry */
	ok = put_content(o, &t, words_of(&t), depth + 1) &&
	     add_entry(o, o->words.data + start + 4, (uint32_t)(o->words.size - start - 4),
	               &o->entry[id]) &&
	     add_version(o, o->entry[id], start);
	o->words.size = start;
	*out = o->entry[id] + 1;
	return ok;
}

/* The prototypes of iterators. */
static void find_called(struct one *o)
{
	struct btf_info t;
	uint32_t id = 0;

	while ((id = btf_after(o->b, id, 1u << BTF_KIND_FUNC)))
		if (btf_get(o->b, id, &t) && t.type < btf_count(o->b) &&
		    !strncmp(t.name, BTF_ITERATOR, sizeof(BTF_ITERATOR) - 1))
			o->called[t.type] = 1;
}

/* Entries of all types that have a name which tells which they are. */
static bool name_entries(struct one *o)
{
	uint32_t id, pair[2], key[4] = { MERGE_NAMED }, at,
			      *seen = calloc(btf_count(o->b), sizeof(*seen));
	const struct kind_words *k;
	struct intern pairs = { 0 };
	struct btf_info t;
	bool ok = seen;

	for (id = 1; ok && id < btf_count(o->b); id++) {
		btf_get(o->b, id, &t);
		k = words_of(&t);
		o->entry[id] = k ? UNKNOWN : LEFT;
		if (!k || !k->named || !*t.name)
			continue;
		pair[0] = t.kind;
		if (!add_string(o, t.name, &pair[1])) {
			ok = false;
			break;
		}
		at = intern_add(&pairs, pair, sizeof(pair));
		if (at == NOMEM) {
			ok = false;
			break;
		}
		key[1] = pair[0];
		key[2] = pair[1];
		key[3] = seen[at]++;
		ok = add_entry(o, key, sizeof(key), &o->entry[id]);
	}
	intern_free(&pairs);
	free(seen);
	return ok;
}

int merge_kernel(struct merged *m, const struct btf_data *b, uint32_t bit, struct abide_error *e)
{
	struct abide_error why = { 0 };
	struct one o = { .m = m, .b = b, .bit = bit, .e = &why };
	uint32_t id, entry;
	struct btf_info t;
	bool ok;

	if (b->base || b->set)
		return error_set(e, -EINVAL, "btf-split",
		                 "a profile is made of whole kernels, not of a module's split BTF or of profiles");
	o.entry = calloc(btf_count(b), sizeof(*o.entry));
	o.called = calloc(btf_count(b), sizeof(*o.called));
	if (o.called)
		find_called(&o);
	ok = o.entry && o.called && add_string(&o, "", &entry) && name_entries(&o);
	for (id = 1; ok && id < btf_count(b); id++) {
		if (o.entry[id] == LEFT)
			continue;
		if (o.entry[id] == UNKNOWN) {
			ok = entry_of(&o, id, 0, &entry);
			continue;
		}
		btf_get(b, id, &t);
		if (!words_of(&t)->named || !*t.name)
			continue;
		o.words.size = 0;
		buf_u32(&o.words, 0);
		ok = put_content(&o, &t, words_of(&t), 0) && add_version(&o, o.entry[id], 0);
	}
	if (!ok && !why.code)
		error_nomem(&why);
	if (!ok && e)
		*e = why;
	free(o.entry);
	free(o.called);
	buf_free(&o.words);
	return ok ? 0 : why.code;
}

void merge_free(struct merged *m)
{
	intern_free(&m->strings);
	intern_free(&m->keys);
	intern_free(&m->versions);
	free(m->of_version);
	free(m->entries);
	memset(m, 0, sizeof(*m));
}
