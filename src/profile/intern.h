/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
#ifndef ABIDE_PROFILE_INTERN_H
#define ABIDE_PROFILE_INTERN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/buf.h"

/*
 * Byte strings by number: equal ones get the same, new ones the next, from 0. All-zero is
 * empty. Numbers do not depend on the (random) seed of the hash.
 */
#define INTERN_FAILED UINT32_MAX

struct intern {
	struct buf bytes;
	struct intern_item {
		size_t off;
		uint32_t size, hash;
	} * items;
	uint32_t nr;
	size_t room;
	uint32_t *slots; /* number + 1, 0: free */
	uint32_t mask;
	uint64_t seed;
};

/* The number, or INTERN_FAILED: out of memory. */
uint32_t intern_add(struct intern *x, const void *p, uint32_t size);
static inline const void *intern_get(const struct intern *x, uint32_t i)
{
	return x->bytes.data + x->items[i].off;
}
void intern_free(struct intern *x);

#endif
