/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Hash tables, listed and read while others change them: keys one after the other, whole values, a
 * function for each entry. No lock is taken: what was copied counts only if the element
 * was, before and after, the same entry's. Only buckets that were ever used are looked at.
 */
#include <errno.h>

#include "process/map_hash.h"
#include "process/map_owner.h"

uint32_t hash_used_from(const struct process_map *m, uint32_t bucket)
{
	const uint64_t *parts = hash_control(m)->parts;
	uint32_t part;

	while (bucket <= m->mask) {
		part = bucket >> m->part;
		if (__atomic_load_n(&parts[part / 64], __ATOMIC_RELAXED) >> part % 64 & 1)
			break;
		bucket = (part + 1) << m->part;
	}
	return bucket;
}

/* The key of element @i, which was found in @bucket, if it is still one of that bucket. */
static bool copy_key(const struct process_map *m, uint32_t i, uint32_t bucket, void *key,
                     uint32_t *next)
{
	struct hash_element *e = hash_element(m, i);
	uint32_t generation = __atomic_load_n(&e->generation, __ATOMIC_ACQUIRE);

	if (generation % 2)
		return false;
	map_load(key, hash_key_of(m, e), m->def.key_size);
	*next = __atomic_load_n(&e->next, __ATOMIC_ACQUIRE);
	return __atomic_load_n(&e->generation, __ATOMIC_RELAXED) == generation &&
	       (hash_of(m, key) & m->mask) == bucket;
}

/*
 * The first entry from element @i of the chain on: 1 and its key, 0 at the end, -1 when the
 * chain changed. An element with the key of an earlier one is about to be replaced and no entry.
 */
static int entry_from(const struct process_map *m, uint32_t i, uint32_t bucket, void *key)
{
	uint64_t budget = hash_budget(m);
	uint32_t next;

	for (; hash_is(m, i) && budget; i = next, budget--) {
		if (!copy_key(m, i, bucket, key, &next))
			return -1;
		if (hash_find(m, hash_of(m, key), key) == i)
			return 1;
	}
	return 0;
}

static int first_from(const struct process_map *m, uint32_t bucket, void *key)
{
	uint32_t n, i;

	for (bucket = hash_used_from(m, bucket); bucket <= m->mask;
	     bucket = hash_used_from(m, bucket + 1))
		for (n = 0; n < HASH_RETRIES; n++) {
			int found;

			i = __atomic_load_n(&m->buckets[bucket].head, __ATOMIC_ACQUIRE);
			found = entry_from(m, i, bucket, key);
			if (found > 0)
				return 0;
			if (!found)
				break;
		}
	return -ENOENT;
}

int hash_next_key(struct process_map *m, const void *key, void *next)
{
	uint64_t copy[HASH_MAX_KEY / 8]; /* @next may be @key, and a failed attempt writes it */
	uint32_t hash, bucket, i, n, behind;
	int found;

	if (!key)
		return first_from(m, 0, next);
	memcpy(copy, key, m->def.key_size);
	hash = hash_of(m, copy);
	bucket = hash & m->mask;
	for (n = 0; n < HASH_RETRIES; n++) {
		i = hash_find(m, hash, copy);
		if (!i)
			return first_from(m, 0, next);
		behind = __atomic_load_n(&hash_element(m, i)->next, __ATOMIC_ACQUIRE);
		if (hash_find(m, hash, copy) != i)
			continue;
		found = entry_from(m, behind, bucket, next);
		if (found > 0)
			return 0;
		if (!found)
			break;
	}
	return first_from(m, bucket + 1, next);
}

int hash_read(struct process_map *m, const void *key, void *values)
{
	uint32_t hash = hash_of(m, key), n, i, generation;

	for (n = 0; n < HASH_RETRIES; n++) {
		i = hash_find(m, hash, key);
		if (!i)
			return -ENOENT;
		generation = __atomic_load_n(&hash_element(m, i)->generation, __ATOMIC_ACQUIRE);
		if (m->slot_stride)
			map_read_slots(m, i - 1, values);
		else
			map_load(values, (uint8_t *)hash_element(m, i) + m->value_at,
			         m->def.value_size);
		/* still that key's, and nobody wrote it meanwhile */
		if (hash_find(m, hash, key) == i && __atomic_load_n(&hash_element(m, i)->generation,
		                                                    __ATOMIC_RELAXED) == generation)
			return 0;
	}
	return -EBUSY;
}

int64_t hash_for_each(struct process_map *m, uint32_t slot,
                      int (*fn)(void *ctx, const void *key, void *value), void *ctx)
{
	uint64_t key[HASH_MAX_KEY / 8], budget = hash_budget(m);
	uint32_t bucket, i, next;
	int64_t calls = 0;

	if (slot >= PROCESS_SLOTS)
		return -EINVAL;
	if (m->slot_stride)
		map_use_slot(m, slot);
	for (bucket = hash_used_from(m, 0); bucket <= m->mask;
	     bucket = hash_used_from(m, bucket + 1)) {
		i = __atomic_load_n(&m->buckets[bucket].head, __ATOMIC_ACQUIRE);
		while (hash_is(m, i) && budget--) {
			struct hash_element *e = hash_element(m, i);

			/* what has left the chain meanwhile leads nowhere: on with the next one */
			if (!copy_key(m, i, bucket, key, &next))
				break;
			if (hash_find(m, hash_of(m, key), key) != i) {
				i = next;
				continue;
			}
			calls++;
			if (fn(ctx, key,
			       m->slot_stride ? hash_slot_value(m, i, slot)
			                      : (uint8_t *)e + m->value_at))
				return calls;
			i = next;
		}
	}
	return calls;
}
