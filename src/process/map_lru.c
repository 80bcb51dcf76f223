/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Which element of an LRU table has to go. Lookups mark an element as used; a hand goes round all
 * elements, takes the mark off those that have one and takes the first that has none: the
 * second-chance approximation of least recently used. Two rounds find something unless
 * all buckets are locked.
 */
#include "process/map_hash.h"
#include "process/map_owner.h"

static bool evict(struct process_map *m, uint32_t self, uint32_t held, uint32_t i)
{
	struct hash_element *e = hash_element(m, i);
	uint32_t bucket = __atomic_load_n(&e->hash, __ATOMIC_RELAXED) & m->mask;
	bool good;

	/* Two locks at once: the second one is not waited for. */
	if (bucket != held && !owner_trylock(&m->buckets[bucket].lock, self))
		return false;
	good = hash_unlink(m, bucket, i, self);
	if (bucket != held)
		hash_unlock(m, bucket);
	return good;
}

uint32_t hash_evict(struct process_map *m, uint32_t self, uint32_t held)
{
	uint32_t *hand = &hash_control(m)->hand;
	uint64_t n;

	for (n = 0; n < 2 * (uint64_t)m->nr + 2; n++) {
		uint32_t i = __atomic_fetch_add(hand, 1, __ATOMIC_RELAXED) % m->nr + 1;
		struct hash_element *e = hash_element(m, i);

		uint32_t owner = __atomic_load_n(&e->owner, __ATOMIC_RELAXED);

		if (owner != HASH_LINKED) { /* free, or in somebody's hands: a living one's? */
			if (owner && owner_dead(owner & HASH_TID))
				__atomic_store_n(&hash_control(m)->died, 1, __ATOMIC_RELAXED);
			continue;
		}
		if (__atomic_load_n(hash_used(e), __ATOMIC_RELAXED))
			__atomic_store_n(hash_used(e), 0, __ATOMIC_RELAXED);
		else if (evict(m, self, held, i))
			return i;
	}
	return 0;
}
