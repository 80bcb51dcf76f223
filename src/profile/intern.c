// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Byte strings by number. One array holds all bytes, one the places, and open addressing
 * finds a number by content. The hash has a random seed: names come from strangers.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "profile/intern.h"

static uint32_t hash_bytes(uint64_t h, const uint8_t *p, uint32_t size)
{
	uint64_t word;

	h ^= size * 0x9e3779b97f4a7c15;
	for (; size; p += 8) {
		uint32_t n = size < 8 ? size : 8;

		word = 0;
		memcpy(&word, p, n);
		h = (h ^ word) * 0xd6e8feb86659fd93;
		h ^= h >> 32;
		size -= n;
	}
	h *= 0x9e3779b97f4a7c15;
	return (uint32_t)(h >> 32);
}

static uint32_t *find_slot(const struct intern *x, const void *p, uint32_t size, uint32_t hash)
{
	uint32_t at = hash & x->mask;

	for (; x->slots[at]; at = (at + 1) & x->mask) {
		const struct intern_item *it = &x->items[x->slots[at] - 1];

		if (it->hash == hash && it->size == size &&
		    !memcmp(x->bytes.data + it->off, p, size))
			break;
	}
	return &x->slots[at];
}

/* At most two thirds full. */
static bool grow(struct intern *x)
{
	uint32_t size = x->slots ? 2 * (x->mask + 1) : 64, i, at, *slots;

	if (x->slots && x->nr < (x->mask + 1) - (x->mask + 1) / 3)
		return true;
	if (!x->slots && getrandom(&x->seed, sizeof(x->seed), GRND_NONBLOCK) != sizeof(x->seed))
		x->seed = (uintptr_t)x;
	slots = size ? calloc(size, sizeof(*slots)) : NULL;
	if (!slots)
		return false;
	for (i = 0; i < x->nr; i++) {
		for (at = x->items[i].hash & (size - 1); slots[at]; at = (at + 1) & (size - 1))
			;
		slots[at] = i + 1;
	}
	free(x->slots);
	x->slots = slots;
	x->mask = size - 1;
	return true;
}

uint32_t intern_add(struct intern *x, const void *p, uint32_t size)
{
	struct intern_item *items;
	uint32_t hash, *slot;
	size_t off;

	if (!grow(x))
		return INTERN_FAILED;
	hash = hash_bytes(x->seed, p, size);
	slot = find_slot(x, p, size, hash);
	if (*slot)
		return *slot - 1;
	items = array_grow(x->items, x->nr, &x->room, sizeof(*items));
	if (!items)
		return INTERN_FAILED;
	x->items = items;
	off = buf_add(&x->bytes, p, size);
	buf_u8(&x->bytes, 0);    /* so that even the first has an address when it is empty */
	buf_align(&x->bytes, 4); /* records are words */
	if (x->bytes.failed)
		return INTERN_FAILED;
	x->items[x->nr] = (struct intern_item){ off, size, hash };
	*slot = ++x->nr;
	return x->nr - 1;
}

void intern_free(struct intern *x)
{
	buf_free(&x->bytes);
	free(x->items);
	free(x->slots);
	memset(x, 0, sizeof(*x));
}
