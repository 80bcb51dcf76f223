/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Types by name. In: a kind and a name. Out: the first type of that kind and name.
 *
 * A kernel has some 20,000 named types beside its functions, some 1,000 iterators of
 * tracepoints, and 56,000 other functions that few ask for, so there are three indices, each
 * built when first asked: the former two from names that were noted when the BTF was
 * opened, the latter (of all functions) from a second walk.
 * A typical program asks for ten names: the first look-ups scan the noted names,
 * and so do those that find no memory for the index.
 *
 * A slot is one 32-bit word (id and the rest of it hash bits); names are compared in
 * place. Only the first of several types of one kind and name enters, so that a BTF with
 * one name a million times costs no more than another. Names longer than NAME_MAX_LEN
 * are not found (the kernel allows 511), which bounds what overlapping strings can cost.
 */
#include <linux/btf.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "object/btf_data.h"

#define NAME_MAX_LEN 511
#define AHEAD        8
#define SCANS        32 /* look-ups that together cost about what an index does */

void btf_index_free(struct btf_index *x)
{
	free(x->slots);
	x->slots = NULL;
}

/* Eight bytes at a time; multiply and fold (the two factors are odd and have no pattern). */
static uint64_t hash_name(uint64_t h, const char *name, size_t len)
{
	uint64_t word;

	h ^= len * 0x9e3779b97f4a7c15;
	for (; len >= 8; name += 8, len -= 8) {
		memcpy(&word, name, 8);
		h = (h ^ word) * 0xd6e8feb86659fd93;
		h ^= h >> 32;
	}
	if (len) {
		word = 0;
		memcpy(&word, name, len);
		h = (h ^ word) * 0xd6e8feb86659fd93;
		h ^= h >> 32;
	}
	h *= 0x9e3779b97f4a7c15;
	return h ^ h >> 29;
}

/* Kind 0: what btf_find_type looks for. */
static bool is_kind(uint8_t kind, uint8_t wanted)
{
	return wanted ? kind == wanted : kind != BTF_KIND_VAR && kind != BTF_KIND_DATASEC;
}

/*
 * The slot of (@kind, @name), or the free slot where it belongs; kind 0: of the first
 * type of that name that satisfies btf_find_type. There is always a free slot.
 */
static uint32_t *find_slot(const struct btf_data *b, const struct btf_index *x, uint8_t kind,
                           const char *name, uint64_t hash)
{
	uint32_t at = hash & x->mask, tag = (hash >> 32) << x->id_bits;
	uint32_t id_mask = (UINT32_C(1) << x->id_bits) - 1;
	struct btf_info t;

	for (; x->slots[at]; at = (at + 1) & x->mask) {
		if ((x->slots[at] & ~id_mask) != tag)
			continue;
		btf_get(b, x->slots[at] & id_mask, &t);
		if (!is_kind(t.kind, kind))
			continue;
		if (t.name == name || !strcmp(t.name, name))
			break;
	}
	return &x->slots[at];
}

/* The first slot on the path of @hash that is free or carries its tag. */
static uint32_t *tag_slot(const struct btf_index *x, uint64_t hash)
{
	uint32_t at = hash & x->mask, tag = (hash >> 32) << x->id_bits;
	uint32_t id_mask = (UINT32_C(1) << x->id_bits) - 1;

	while (x->slots[at] && (x->slots[at] & ~id_mask) != tag)
		at = (at + 1) & x->mask;
	return &x->slots[at];
}

static bool note_funcs(const struct btf_data *b, struct btf_name_list *l)
{
	struct cursor c = b->types;
	uint32_t id, name, info;

	for (id = b->first; id < b->count && btf_next(b, &c, &name, &info); id++)
		if (b->layout[btf_info_kind(info)].names == 1 + BTF_NAMES_FUNCS && name &&
		    !btf_note_name(l, id, name))
			return false;
	return true;
}

static void insert_all(const struct btf_data *b, struct btf_index *x, const struct btf_name_list *l)
{
	struct btf_info t;
	size_t i;

	for (i = 0; i < l->nr; i++) {
		uint32_t id = l->items[i].id, off = l->items[i].off;
		const char *name = btf_str(b, off);
		uint64_t hash;
		uint32_t *slot;
		size_t len;

		/* Names lie all over 2 MiB of strings; fetch them ahead. */
		if (i + AHEAD < l->nr)
			__builtin_prefetch(btf_str(b, l->items[i + AHEAD].off));
		if (!name)
			continue;
		len = strnlen(name, NAME_MAX_LEN + 1);
		if (!len || len > NAME_MAX_LEN)
			continue;
		hash = hash_name(x->seed, name, len);
		slot = tag_slot(x, hash);
		if (*slot) { /* a name like it is there: is it this one, of this kind? */
			btf_get(b, id, &t);
			slot = find_slot(b, x, t.kind, name, hash);
		}
		if (!*slot)
			*slot = (uint32_t)(hash >> 32) << x->id_bits | id;
	}
}

bool btf_index_build(struct btf_data *b, enum btf_names names)
{
	struct btf_index *x = &b->index[names];
	struct btf_name_list funcs = { 0 },
			     *l = names < BTF_NAMES_NOTED ? &b->names[names] : &funcs;
	uint32_t size = 16;

	if (x->slots)
		return true;
	if (names == BTF_NAMES_FUNCS && !note_funcs(b, l))
		goto out;
	while (size - size / 3 <= l->nr) /* at most two thirds full; .nr is below 2^32 / 12 */
		size *= 2;
	x->slots = calloc(size, sizeof(*x->slots));
	if (!x->slots)
		goto out;
	x->mask = size - 1;
	for (x->id_bits = 1; b->count >> x->id_bits; x->id_bits++)
		;
	if (getrandom(&x->seed, sizeof(x->seed), GRND_NONBLOCK) != sizeof(x->seed))
		x->seed = (uintptr_t)b;
	insert_all(b, x, l);
out:
	if (x->slots || l == &funcs) { /* otherwise the next call tries again */
		free(l->items);
		memset(l, 0, sizeof(*l));
	}
	return x->slots;
}

/* Through all noted names, in order. */
static uint32_t scan(const struct btf_data *b, const struct btf_name_list *l, uint8_t kind,
                     const char *name)
{
	struct btf_info t;
	size_t i;

	for (i = 0; i < l->nr; i++) {
		const char *s = btf_str(b, l->items[i].off);

		if (!s || *s != *name || strcmp(s, name))
			continue;
		btf_get(b, l->items[i].id, &t);
		if (is_kind(t.kind, kind))
			return t.id;
	}
	return 0;
}

static uint32_t find(struct btf_data *b, enum btf_names names, uint8_t kind, const char *name)
{
	struct btf_index *x = &b->index[names];
	size_t len = strnlen(name, NAME_MAX_LEN + 1);

	if (!len || len > NAME_MAX_LEN)
		return 0;
	if (names < BTF_NAMES_NOTED && !x->slots &&
	    (x->asked < SCANS || !btf_index_build(b, names))) {
		x->asked++;
		return scan(b, &b->names[names], kind, name);
	}
	if (!btf_index_build(b, names))
		return 0;
	return *find_slot(b, x, kind, name, hash_name(x->seed, name, len)) &
	       ((UINT32_C(1) << x->id_bits) - 1);
}

uint32_t btf_find(struct btf_data *b, uint8_t kind, const char *name)
{
	uint8_t names = kind < BTF_KINDS ? b->layout[kind].names : 0;
	uint32_t id = b->base ? btf_find(b->base, kind, name) : 0;

	if (id)
		return id;
	if (b->set)
		return names ? btf_set_find(b, kind, name) : 0;
	if (names == 1 + BTF_NAMES_FUNCS && !strncmp(name, BTF_ITERATOR, sizeof(BTF_ITERATOR) - 1))
		return find(b, BTF_NAMES_ITERATORS, kind, name);
	return names ? find(b, names - 1, kind, name) : 0;
}

uint32_t btf_find_type(struct btf_data *b, const char *name)
{
	static const uint8_t kinds[] = { BTF_KIND_INT,     BTF_KIND_STRUCT, BTF_KIND_UNION, BTF_KIND_ENUM,
		                         BTF_KIND_TYPEDEF, BTF_KIND_FLOAT,  BTF_KIND_ENUM64 };
	uint32_t id = b->base ? btf_find_type(b->base, name) : 0;
	size_t i;

	for (i = 0; b->set && !id && i < sizeof(kinds); i++) /* as they are in a set, the least id first */
		id = btf_set_find(b, kinds[i], name);
	if (b->set)
		return id;
	return id ? id : find(b, BTF_NAMES_TYPES, 0, name);
}
