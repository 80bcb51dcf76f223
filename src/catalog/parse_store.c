/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * What a parse keeps: an arena for all that the catalog consists of, and a hash table of
 * names that lives as long as the parse. Memory is taken from blocks in order and freed
 * with the catalog, never one by one; an array that outgrows its place moves and leaves
 * the old one behind, so all arrays together take at most twice what they need.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "catalog/parse.h"

struct block {
	struct block *next;
	size_t used, room;
	_Alignas(8) unsigned char bytes[];
};

/* Small: calloc writes all of a block. */
#define BLOCK (16u << 10)

void *store_take(struct catalog_store *s, size_t size)
{
	struct block *b = s->blocks;
	size_t need, room;
	void *p;

	if (size > SIZE_MAX / 2)
		return NULL;
	need = (size + 7) & ~(size_t)7;
	if (!b || b->room - b->used < need) {
		room = need > BLOCK ? need : BLOCK;
		b = calloc(1, sizeof(*b) + room);
		if (!b)
			return NULL;
		b->room = room;
		/* a big one is full at once and stands behind the one that has room */
		if (s->blocks && room > BLOCK) {
			b->next = s->blocks->next;
			s->blocks->next = b;
		} else {
			b->next = s->blocks;
			s->blocks = b;
		}
	}
	p = b->bytes + b->used;
	b->used += need;
	return p;
}

char *store_text(struct catalog_store *s, const char *p, size_t n)
{
	char *copy = n < SIZE_MAX ? store_take(s, n + 1) : NULL;

	if (copy && n)
		memcpy(copy, p, n);
	return copy;
}

void *store_grow(struct catalog_store *s, void *arrayp, uint32_t *n, size_t size)
{
	void **array = arrayp, *bigger;
	size_t room, bytes;

	/* arrays double from 1 on: one is full whenever its length is 0 or a power of two */
	if (!(*n & (*n - 1)) || !*n) {
		room = *n ? (size_t)*n * 2 : 1;
		if (room > UINT32_MAX || __builtin_mul_overflow(room, size, &bytes))
			return NULL;
		bigger = store_take(s, bytes);
		if (!bigger)
			return NULL;
		if (*n)
			memcpy(bigger, *array, *n * size);
		*array = bigger;
	}
	return (char *)*array + (size_t)(*n)++ * size;
}

void store_free(struct catalog_store *s)
{
	struct block *b, *next;

	for (b = s->blocks; b; b = next) {
		next = b->next;
		free(b);
	}
	free(s);
}

/* FNV-1a over the scope and the text. */
static uint32_t hash_of(uint32_t scope, const char *text)
{
	uint32_t h = 2166136261u ^ scope;

	h *= 16777619u;
	for (; *text; text++)
		h = (h ^ (unsigned char)*text) * 16777619u;
	return h;
}

/* The slot that holds the name, or the empty one where it belongs. There is an empty one. */
static struct name *slot_of(const struct names *names, uint32_t scope, const char *text,
                            uint32_t hash)
{
	uint32_t i = hash & (names->room - 1);
	struct name *s;

	for (;; i = (i + 1) & (names->room - 1)) {
		s = &names->slots[i];
		if (!s->text || (s->hash == hash && s->scope == scope && !strcmp(s->text, text)))
			return s;
	}
}

struct name *names_find(const struct names *names, uint32_t scope, const char *text)
{
	struct name *s = names->room ? slot_of(names, scope, text, hash_of(scope, text)) : NULL;

	return s && s->text ? s : NULL;
}

static int names_double(struct names *names)
{
	struct names bigger = { .room = names->room ? names->room * 2 : 1024, .n = names->n };
	uint32_t i;

	bigger.slots = calloc(bigger.room, sizeof(*bigger.slots));
	if (!bigger.slots)
		return -ENOMEM;
	for (i = 0; i < names->room; i++) {
		const struct name *s = &names->slots[i];

		if (s->text)
			*slot_of(&bigger, s->scope, s->text, s->hash) = *s;
	}
	free(names->slots);
	*names = bigger;
	return 0;
}

int names_add(struct names *names, uint32_t scope, const char *text, uint32_t at, bool base)
{
	enum { MOST = 65536 };
	uint32_t hash = hash_of(scope, text);
	struct name *s;

	if (names->n >= MOST)
		return -E2BIG;
	if (names->n >= names->room / 2 && names_double(names))
		return -ENOMEM;
	s = slot_of(names, scope, text, hash);
	if (s->text)
		return -EEXIST;
	*s = (struct name){ text, scope, hash, at, base };
	names->n++;
	return 0;
}

void names_free(struct names *names)
{
	free(names->slots);
	*names = (struct names){ 0 };
}
