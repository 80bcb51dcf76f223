/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Elements of hash tables that are in no chain. They are dealt out to shards, and threads are
 * spread over shards, so two threads seldom meet; who finds its shard empty looks into the others. A
 * shard also has a few spare ones: to replace an element one needs a second, even when the
 * table is full.
 *
 * A thread may be killed anywhere. What moves in or out of a list is in .pending while the list
 * changes; whoever takes the lock over finishes that. What was in a dead thread's
 * hands, in no list and no chain, has its id in .owner; it is searched for when nothing else
 * is left, at once if a trace of a dead thread was found, else every now and then.
 */
#include <time.h>

#include "process/map_hash.h"
#include "process/map_owner.h"

/* The numbers of a shard's own: *@first to *@first + result - 1. */
static uint32_t own(const struct process_map *m, uint32_t shard, bool spare, uint32_t *first)
{
	uint32_t max = m->def.max_entries, from;

	if (spare) {
		*first = max + 1 + shard * HASH_SPARES;
		return HASH_SPARES;
	}
	from = shard * m->chunk;
	*first = from + 1;
	if (from >= max)
		return 0;
	return max - from < m->chunk ? max - from : m->chunk;
}

/* Under the shard's lock. */
static void put(struct process_map *m, struct map_shard *s, uint32_t i, bool spare)
{
	struct hash_list *list = &s->lists[spare];
	struct hash_element *e = hash_element(m, i);

	__atomic_store_n(&e->hash, __atomic_load_n(&list->head, __ATOMIC_RELAXED),
	                 __ATOMIC_RELAXED);
	__atomic_store_n(&s->pending, i | (spare ? HASH_SPARE : 0), __ATOMIC_RELEASE);
	__atomic_store_n(&e->owner, 0, __ATOMIC_RELEASE);
	__atomic_store_n(&list->head, i, __ATOMIC_RELEASE);
	__atomic_store_n(&s->pending, 0, __ATOMIC_RELEASE);
}

static uint32_t take(struct process_map *m, uint32_t shard, uint32_t self, bool spare)
{
	struct map_shard *s = &m->shards[shard];
	struct hash_list *list = &s->lists[spare];
	uint32_t mark = spare ? HASH_SPARE : 0, i = __atomic_load_n(&list->head, __ATOMIC_RELAXED);
	uint32_t fresh, first, next;

	if (hash_is(m, i)) {
		next = __atomic_load_n(&hash_element(m, i)->hash, __ATOMIC_RELAXED);
		__atomic_store_n(&s->pending, i | mark, __ATOMIC_RELEASE);
		__atomic_store_n(&list->head, next, __ATOMIC_RELEASE);
	} else {
		fresh = __atomic_load_n(&list->fresh, __ATOMIC_RELAXED);
		if (fresh >= own(m, shard, spare, &first))
			return 0;
		i = first + fresh;
		__atomic_store_n(&s->pending, i | mark, __ATOMIC_RELEASE);
		__atomic_store_n(&list->fresh, fresh + 1, __ATOMIC_RELEASE);
	}
	__atomic_store_n(&hash_element(m, i)->owner, self | mark, __ATOMIC_RELEASE);
	__atomic_store_n(&s->pending, 0, __ATOMIC_RELEASE);
	return i;
}

/* Its owner died at work: what it moved is neither still nor already in the list? Put it there. */
static void repair(struct process_map *m, uint32_t shard)
{
	struct map_shard *s = &m->shards[shard];
	uint32_t pending = __atomic_load_n(&s->pending, __ATOMIC_RELAXED),
		 i = pending & ~HASH_SPARE;
	bool spare = pending & HASH_SPARE;
	struct hash_list *list = &s->lists[spare];
	uint32_t first, fresh;

	__atomic_store_n(&hash_control(m)->died, 1, __ATOMIC_RELAXED);
	if (!hash_is(m, i))
		return;
	fresh = __atomic_load_n(&list->fresh, __ATOMIC_RELAXED);
	/* behind the last one of a shard's own comes the first of the next, which is another matter */
	if (i == __atomic_load_n(&list->head, __ATOMIC_RELAXED) ||
	    (fresh < own(m, shard, spare, &first) && i == first + fresh))
		__atomic_store_n(&s->pending, 0, __ATOMIC_RELEASE);
	else
		put(m, s, i, spare);
}

static bool lock(struct process_map *m, uint32_t shard, uint32_t self)
{
	enum owner_lock got = owner_lock(&m->shards[shard].lock, self);

	if (got == OWNER_TAKEN)
		repair(m, shard);
	return got != OWNER_BUSY;
}

/* Whether there is anything in a shard, without locking it. */
static bool has_some(const struct process_map *m, uint32_t shard, bool spare)
{
	const struct hash_list *list = &m->shards[shard].lists[spare];
	uint32_t first;

	return __atomic_load_n(&list->head, __ATOMIC_RELAXED) ||
	       __atomic_load_n(&list->fresh, __ATOMIC_RELAXED) < own(m, shard, spare, &first);
}

static uint32_t take_any(struct process_map *m, uint32_t self, bool spare)
{
	uint32_t n, i;

	for (n = 0; n < HASH_SHARDS; n++) {
		uint32_t shard = (self + n) % HASH_SHARDS;

		if (!has_some(m, shard, spare) || !lock(m, shard, self))
			continue;
		i = take(m, shard, self, spare);
		owner_unlock(&m->shards[shard].lock);
		if (i)
			return i;
	}
	return 0;
}

/*
 * Free what dead threads had in their hands. First their locks: putting a bucket right marks all
 * that is in its chain as linked, so what is marked as a dead thread's afterwards is in none.
 */
static void search(struct process_map *m, uint32_t self)
{
	uint32_t i, alive = self, dead = 0, owner, tid;

	for (i = hash_used_from(m, 0); i <= m->mask; i = hash_used_from(m, i + 1)) {
		owner = __atomic_load_n(&m->buckets[i].lock, __ATOMIC_RELAXED);
		if (owner && owner != self && owner_dead(owner) && hash_lock(m, i, self))
			hash_unlock(m, i);
	}
	for (i = 0; i < HASH_SHARDS; i++) {
		owner = __atomic_load_n(&m->shards[i].lock, __ATOMIC_RELAXED);
		if (owner && owner != self && owner_dead(owner) && lock(m, i, self))
			owner_unlock(&m->shards[i].lock);
	}
	for (i = 1; i <= m->nr; i++) {
		owner = __atomic_load_n(&hash_element(m, i)->owner, __ATOMIC_RELAXED);
		tid = owner & HASH_TID;
		if (!owner || owner & HASH_LINKED || tid == alive)
			continue;
		if (tid != dead && !owner_dead(tid)) {
			alive = tid;
			continue;
		}
		dead = tid;
		if (__atomic_compare_exchange_n(&hash_element(m, i)->owner, &owner,
		                                self | (owner & HASH_SPARE), false,
		                                __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
			hash_free(m, self, i, owner & HASH_SPARE);
	}
}

/* Every 64 ms, in large tables less often: a thousandth of the time at most is spent on it. */
static bool may_search(const struct process_map *m)
{
	struct hash_control *c = hash_control(m);
	uint32_t last = __atomic_load_n(&c->searched, __ATOMIC_RELAXED), now;
	struct timespec t;

	if (__atomic_load_n(&c->died, __ATOMIC_RELAXED) &&
	    __atomic_exchange_n(&c->died, 0, __ATOMIC_RELAXED))
		return true;
	if (m->lru)
		return false; /* full is its normal state, and hash_evict finds traces */
	clock_gettime(CLOCK_MONOTONIC_COARSE, &t);
	now = (uint32_t)(((uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000) / 64 /
	                 (1 + m->nr / 20000)) +
	      1;
	return last != now && __atomic_compare_exchange_n(&c->searched, &last, now, false,
	                                                  __ATOMIC_RELAXED, __ATOMIC_RELAXED);
}

uint32_t hash_alloc(struct process_map *m, uint32_t self, bool spare)
{
	uint32_t i = take_any(m, self, spare);

	if (i || !may_search(m))
		return i;
	search(m, self);
	return take_any(m, self, spare);
}

void hash_free(struct process_map *m, uint32_t self, uint32_t i, bool spare)
{
	uint32_t n;

	for (n = 0; n < HASH_SHARDS; n++) {
		uint32_t shard = (self + n) % HASH_SHARDS;

		if (!lock(m, shard, self))
			continue;
		put(m, &m->shards[shard], i, spare);
		owner_unlock(&m->shards[shard].lock);
		return;
	}
	/* All are held by stopped threads: it keeps our id, and is found when we have ended. */
}
