/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Hash tables: chains of elements (map_hash.h), looked up without a lock, changed under the
 * lock of their bucket. Semantics and errors: linux/kernel/bpf/hashtab.c with preallocated elements:
 * an element that was deleted may be in use again at once, but it is always one element.
 *
 * An element's generation is odd while it is filled, so a lookup never takes a half-written key
 * for its own. Values of up to 8 bytes are replaced in place, by one store; a larger one by a
 * second element that is put in front before the first leaves. At any instant the chain is whole: a
 * thread that dies in between leaves at most an element that is marked as its own, and
 * whoever takes over the lock finishes or undoes what it finds.
 */
#include <errno.h>

#include "process/map_hash.h"
#include "process/map_owner.h"

#define AGAIN UINT32_MAX /* no element has that number */

static inline uint64_t word_at(const void *key, uint32_t at)
{
	uint64_t word;

	memcpy(&word, (const uint8_t *)key + at, 8);
	return word;
}

static inline uint64_t word_of_4(const void *key)
{
	uint32_t word;

	memcpy(&word, key, 4);
	return word;
}

static inline uint64_t word_of_tail(const void *key, uint32_t at, uint32_t size)
{
	uint64_t word = 0;

	memcpy(&word, (const uint8_t *)key + at, size - at);
	return word;
}

static inline uint32_t hash_key(const struct process_map *m, const void *key)
{
	/* as MAP_FOLD; digits of e */
	const uint64_t c1 = MAP_FOLD, c2 = 0xadf85458a2bb4a9bu;
	uint32_t size = m->def.key_size, i;
	uint64_t h;

	switch (size) {
	case 4:
		return (uint32_t)map_fold(word_of_4(key) ^ m->seed, c1);
	case 8:
		return (uint32_t)map_fold(word_at(key, 0) ^ m->seed, c1);
	case 16:
		return (uint32_t)map_fold(map_fold(word_at(key, 0) ^ m->seed, c1) ^ word_at(key, 8), c2);
	default:
		h = m->seed;
		for (i = 0; i + 8 <= size; i += 8)
			h = map_fold(h ^ word_at(key, i), c1);
		if (i < size)
			h = map_fold(h ^ word_of_tail(key, i, size), c1);
		return (uint32_t)map_fold(h, c2);
	}
}

static inline bool same_key(const struct process_map *m, const uint8_t *stored, const void *key)
{
	const uint64_t *words = (const void *)stored;
	uint32_t size = m->def.key_size, i;

#define STORED(n) __atomic_load_n(words + (n), __ATOMIC_ACQUIRE)
	switch (size) {
	case 4:
		return STORED(0) == word_of_4(key);
	case 8:
		return STORED(0) == word_at(key, 0);
	case 16:
		return STORED(0) == word_at(key, 0) && STORED(1) == word_at(key, 8);
	default:
		for (i = 0; i + 8 <= size; i += 8)
			if (STORED(i / 8) != word_at(key, i))
				return false;
		return i == size || STORED(i / 8) == word_of_tail(key, i, size);
	}
#undef STORED
}

/*
 * One way down a chain: the key's element, 0 if there is none, AGAIN if elements changed under
 * our feet. @budget: steps that are left; corrupt memory may hold circles.
 */
static inline uint32_t walk(const struct process_map *m, uint32_t hash, const void *key,
                            uint64_t *budget)
{
	uint32_t bucket = hash & m->mask, generation;
	uint32_t i = __atomic_load_n(&m->buckets[bucket].head, __ATOMIC_ACQUIRE);

	for (; hash_is(m, i) && *budget; (*budget)--) {
		struct hash_element *e = hash_element(m, i);

		generation = __atomic_load_n(&e->generation, __ATOMIC_ACQUIRE);
		if (__atomic_load_n(&e->hash, __ATOMIC_ACQUIRE) == hash &&
		    same_key(m, hash_key_of(m, e), key)) {
			if (generation % 2 == 0 &&
			    __atomic_load_n(&e->generation, __ATOMIC_RELAXED) == generation)
				return i;
			return AGAIN;
		}
		i = __atomic_load_n(&e->next, __ATOMIC_ACQUIRE);
	}
	return !i || i == (HASH_END | bucket) ? 0 : AGAIN;
}

/* After a first attempt failed. */
static __attribute__((noinline)) uint32_t find_again(const struct process_map *m, uint32_t hash,
                                                     const void *key)
{
	uint64_t budget = hash_budget(m) + HASH_RETRIES;
	uint32_t n, i;

	for (n = 0; n < HASH_RETRIES; n++) {
		i = walk(m, hash, key, &budget);
		if (i != AGAIN)
			return i;
		if (!budget)
			break;
		owner_pause();
	}
	return 0;
}

static inline uint32_t find(const struct process_map *m, uint32_t hash, const void *key)
{
	uint64_t budget = hash_budget(m);
	uint32_t i = walk(m, hash, key, &budget);

	return __builtin_expect(i == AGAIN, 0) ? find_again(m, hash, key) : i;
}

uint32_t hash_of(const struct process_map *m, const void *key)
{
	return hash_key(m, key);
}

uint32_t hash_find(const struct process_map *m, uint32_t hash, const void *key)
{
	return find(m, hash, key);
}

uint32_t hash_find_within(const struct process_map *m, uint32_t hash, const void *key,
                          uint64_t *budget)
{
	return walk(m, hash, key, budget);
}

static void link_element(struct process_map *m, uint32_t bucket, uint32_t i)
{
	struct hash_element *e = hash_element(m, i);
	uint32_t head = __atomic_load_n(&m->buckets[bucket].head, __ATOMIC_RELAXED);
	uint32_t part = bucket >> m->part;
	uint64_t *word = &hash_control(m)->parts[part / 64], bit = UINT64_C(1) << part % 64;

	if (!(__atomic_load_n(word, __ATOMIC_RELAXED) & bit))
		__atomic_fetch_or(word, bit, __ATOMIC_RELAXED);
	__atomic_store_n(&e->next, head ? head : HASH_END | bucket, __ATOMIC_RELEASE);
	__atomic_store_n(&m->buckets[bucket].head, i, __ATOMIC_RELEASE);
	__atomic_store_n(&e->owner, HASH_LINKED, __ATOMIC_RELEASE);
}

bool hash_unlink(struct process_map *m, uint32_t bucket, uint32_t i, uint32_t owner)
{
	uint32_t *from = &m->buckets[bucket].head, at;
	uint64_t budget = hash_budget(m);

	while (at = __atomic_load_n(from, __ATOMIC_RELAXED), hash_is(m, at) && budget--) {
		struct hash_element *e = hash_element(m, at);

		if (at == i) {
			__atomic_store_n(&e->owner, owner, __ATOMIC_RELEASE);
			__atomic_store_n(from, __atomic_load_n(&e->next, __ATOMIC_RELAXED),
			                 __ATOMIC_RELEASE);
			return true;
		}
		from = &e->next;
	}
	return false;
}

/*
 * Its owner died. What is in the chain and not marked as linked was on its way in or out: it
 * stays, but for an element that was about to be replaced and already has been.
 */
static void repair(struct process_map *m, uint32_t bucket)
{
	uint32_t *from = &m->buckets[bucket].head, i, owner, generation, twins = 0;
	uint64_t budget = hash_budget(m), steps;
	uint32_t self = owner_self();

	__atomic_store_n(&hash_control(m)->died, 1, __ATOMIC_RELAXED);
	while (i = __atomic_load_n(from, __ATOMIC_RELAXED), hash_is(m, i)) {
		struct hash_element *e = hash_element(m, i);

		if (!budget--) {
			__atomic_store_n(from, HASH_END | bucket, __ATOMIC_RELEASE);
			return;
		}
		generation = __atomic_load_n(&e->generation, __ATOMIC_RELAXED);
		if (generation % 2)
			__atomic_store_n(&e->generation, generation + 1, __ATOMIC_RELEASE);
		owner = __atomic_load_n(&e->owner, __ATOMIC_RELAXED);
		steps = hash_budget(m);
		/* one thread leaves two of them at most; more are junk, and not worth the walks */
		if (owner != HASH_LINKED && twins++ < 2 &&
		    walk(m, __atomic_load_n(&e->hash, __ATOMIC_RELAXED), hash_key_of(m, e),
		         &steps) != i) {
			__atomic_store_n(&e->owner, self | (owner & HASH_SPARE), __ATOMIC_RELEASE);
			__atomic_store_n(from, __atomic_load_n(&e->next, __ATOMIC_RELAXED),
			                 __ATOMIC_RELEASE);
			hash_free(m, self, i, owner & HASH_SPARE);
			continue;
		}
		__atomic_store_n(&e->owner, HASH_LINKED, __ATOMIC_RELEASE);
		from = &e->next;
	}
}

bool hash_lock(struct process_map *m, uint32_t bucket, uint32_t self)
{
	enum owner_lock got = owner_lock(&m->buckets[bucket].lock, self);

	if (__builtin_expect(got == OWNER_TAKEN, 0))
		repair(m, bucket);
	return got != OWNER_BUSY;
}

void hash_unlock(struct process_map *m, uint32_t bucket)
{
	owner_unlock(&m->buckets[bucket].lock);
}

uint8_t *hash_slot_value(const struct process_map *m, uint32_t i, uint32_t slot)
{
	return m->values + slot * m->slot_stride + (uint64_t)(i - 1) * m->stride;
}

/* A new per-CPU entry is 0 for all slots but the one that makes it. */
static void fill_slots(struct process_map *m, uint32_t i, const void *value, uint32_t slot)
{
	uint64_t bits[PROCESS_SLOTS / 64];
	uint32_t n;

	map_use_slot(m, slot);
	map_slots(m, bits);
	for (n = 0; n < PROCESS_SLOTS; n++)
		if (n != slot && bits[n / 64] >> n % 64 & 1)
			map_zero(hash_slot_value(m, i, n), m->stride);
	map_store(hash_slot_value(m, i, slot), value, m->def.value_size);
}

static void fill(struct process_map *m, uint32_t i, uint32_t hash, const void *key,
                 const void *value, uint32_t slot)
{
	struct hash_element *e = hash_element(m, i);
	uint32_t generation = __atomic_load_n(&e->generation, __ATOMIC_RELAXED) | 1;

	/* each of the stores that follow is a release: none is seen before this one */
	__atomic_store_n(&e->generation, generation, __ATOMIC_RELAXED);
	__atomic_store_n(&e->hash, hash, __ATOMIC_RELEASE);
	map_store(hash_key_of(m, e), key, m->def.key_size);
	if (m->lru)
		__atomic_store_n(hash_used(e), 0, __ATOMIC_RELEASE);
	if (m->slot_stride)
		fill_slots(m, i, value, slot);
	else
		map_store((uint8_t *)e + m->value_at, value, m->def.value_size);
	__atomic_store_n(&e->generation, generation + 1, __ATOMIC_RELEASE);
}

static int insert(struct process_map *m, uint32_t hash, const void *key, const void *value,
                  uint32_t slot, uint32_t self)
{
	uint32_t i = hash_alloc(m, self, false);

	if (!i && m->lru)
		i = hash_evict(m, self, hash & m->mask);
	if (!i)
		return m->lru ? -ENOMEM : -E2BIG;
	fill(m, i, hash, key, value, slot);
	link_element(m, hash & m->mask, i);
	return 0;
}

static void replace(struct process_map *m, uint32_t i, uint32_t hash, const void *key,
                    const void *value, uint32_t slot, uint32_t self)
{
	struct hash_element *e = hash_element(m, i);
	uint32_t spare, generation;

	if (m->lru)
		__atomic_store_n(hash_used(e), 1, __ATOMIC_RELAXED);
	if (m->slot_stride) {
		map_use_slot(m, slot);
		map_store(hash_slot_value(m, i, slot), value, m->def.value_size);
		return;
	}
	if (m->def.value_size <= 8) {
		map_store((uint8_t *)e + m->value_at, value, m->def.value_size);
		return;
	}
	spare = hash_alloc(m, self, true);
	if (!spare) { /* too many threads replace something just now: lookups have to wait for us */
		generation = __atomic_load_n(&e->generation, __ATOMIC_RELAXED) | 1;
		__atomic_store_n(&e->generation, generation, __ATOMIC_RELAXED);
		map_store((uint8_t *)e + m->value_at, value, m->def.value_size);
		__atomic_store_n(&e->generation, generation + 1, __ATOMIC_RELEASE);
		return;
	}
	fill(m, spare, hash, key, value, slot);
	if (m->lru)
		__atomic_store_n(hash_used(hash_element(m, spare)), 1, __ATOMIC_RELAXED);
	__atomic_store_n(&e->owner, self | HASH_SPARE, __ATOMIC_RELEASE);
	link_element(m, hash & m->mask, spare);
	if (hash_unlink(m, hash & m->mask, i, self | HASH_SPARE))
		hash_free(m, self, i, true);
}

static int update(struct process_map *m, const void *key, const void *value, uint64_t flags,
                  uint32_t slot)
{
	uint32_t hash, self, i;
	int err = 0;

	if (flags > BPF_EXIST || slot >= PROCESS_SLOTS)
		return -EINVAL;
	hash = hash_key(m, key);
	self = owner_self();
	if (!hash_lock(m, hash & m->mask, self))
		return -EBUSY;
	i = find(m, hash, key);
	if (i && flags == BPF_NOEXIST)
		err = -EEXIST;
	else if (!i && flags == BPF_EXIST)
		err = -ENOENT;
	else if (i)
		replace(m, i, hash, key, value, slot, self);
	else
		err = insert(m, hash, key, value, slot, self);
	hash_unlock(m, hash & m->mask);
	return err;
}

static int remove_key(struct process_map *m, const void *key)
{
	uint32_t hash = hash_key(m, key), self = owner_self(), i;

	if (!hash_lock(m, hash & m->mask, self))
		return -EBUSY;
	i = find(m, hash, key);
	if (i && hash_unlink(m, hash & m->mask, i, self))
		hash_free(m, self, i, false);
	hash_unlock(m, hash & m->mask);
	return i ? 0 : -ENOENT;
}

static void *lookup(struct process_map *m, const void *key, uint32_t slot)
{
	uint32_t i = find(m, hash_key(m, key), key);

	(void)slot;
	return i ? (uint8_t *)hash_element(m, i) + m->value_at : NULL;
}

static inline void mark_used(struct hash_element *e)
{
	if (!__atomic_load_n(hash_used(e), __ATOMIC_RELAXED))
		__atomic_store_n(hash_used(e), 1, __ATOMIC_RELAXED);
}

static void *lookup_lru(struct process_map *m, const void *key, uint32_t slot)
{
	uint32_t i = find(m, hash_key(m, key), key);

	(void)slot;
	if (!i)
		return NULL;
	mark_used(hash_element(m, i));
	return (uint8_t *)hash_element(m, i) + m->value_at;
}

static void *lookup_slot(struct process_map *m, const void *key, uint32_t slot)
{
	uint32_t i = slot < PROCESS_SLOTS ? find(m, hash_key(m, key), key) : 0;

	if (!i)
		return NULL;
	if (m->lru)
		mark_used(hash_element(m, i));
	return hash_slot_value(m, i, slot);
}

static void *lookup_percpu(struct process_map *m, const void *key, uint32_t slot)
{
	void *value = lookup_slot(m, key, slot);

	if (value)
		map_use_slot(m, slot);
	return value;
}

static int check(const struct process_map_def *def, struct abide_error *e)
{
	bool lru = def->type == BPF_MAP_TYPE_LRU_HASH || def->type == BPF_MAP_TYPE_LRU_PERCPU_HASH;
	bool percpu =
		def->type == BPF_MAP_TYPE_PERCPU_HASH || def->type == BPF_MAP_TYPE_LRU_PERCPU_HASH;
	uint32_t good =
		MAP_ACCESS | BPF_F_ZERO_SEED | BPF_F_NO_PREALLOC | (lru ? BPF_F_NO_COMMON_LRU : 0);

	if (def->flags & ~good)
		return map_refuse(e, -EINVAL, def, "flags that such hash tables do not have");
	if (lru && def->flags & BPF_F_NO_PREALLOC)
		return map_refuse(e, -ENOTSUP, def, "LRU tables have all elements from the start");
	if (!def->max_entries || !def->key_size || !def->value_size)
		return map_refuse(e, -EINVAL, def,
		                  "neither the number nor the size of entries or of keys can be 0");
	if ((uint64_t)def->key_size + def->value_size >= (4u << 20) - 64 ||
	    def->key_size > HASH_MAX_KEY || (percpu && def->value_size > 32768) ||
	    def->max_entries > 1u << 29)
		return map_refuse(e, -E2BIG, def,
		                  "keys, values or entries are too large or too many");
	return 0;
}

static uint64_t layout(struct process_map *m)
{
	bool percpu = m->def.type == BPF_MAP_TYPE_PERCPU_HASH ||
	              m->def.type == BPF_MAP_TYPE_LRU_PERCPU_HASH;
	uint32_t max = m->def.max_entries;
	uint64_t end;

	m->lru =
		m->def.type == BPF_MAP_TYPE_LRU_HASH || m->def.type == BPF_MAP_TYPE_LRU_PERCPU_HASH;
	m->mask = max > 1 ? UINT32_MAX >> __builtin_clz(max - 1) : 0;
	for (m->part = 9; m->mask >> m->part >= HASH_PARTS;)
		m->part++;
	m->nr = max + HASH_SHARDS * HASH_SPARES;
	m->chunk = (max + HASH_SHARDS - 1) / HASH_SHARDS;
	m->stride = (uint32_t)map_round(m->def.value_size, 8);
	m->key_at = sizeof(struct hash_element) + (m->lru ? 8 : 0);
	m->value_at = m->key_at + (uint32_t)map_round(m->def.key_size, 8);
	m->element_size = m->value_at + (percpu ? 0 : m->stride);
	m->elements_at =
		MAP_PAGE + map_round(((uint64_t)m->mask + 1) * sizeof(struct map_bucket), MAP_PAGE);
	end = m->elements_at + (uint64_t)m->nr * m->element_size;
	if (!percpu || end > MAP_MAX_SIZE)
		return map_round(end, MAP_PAGE);
	m->values_at = map_round(end, MAP_PAGE);
	m->slot_stride = map_slot_stride((uint64_t)m->nr * m->stride);
	return m->values_at + map_round(m->slot_stride * PROCESS_SLOTS, MAP_PAGE);
}

static int attach(struct process_map *m)
{
	m->buckets = map_at(m, MAP_PAGE);
	m->elements = map_at(m, m->elements_at);
	m->shards = hash_control(m)->shards;
	return 0;
}

#define COMMON                                                                                     \
	.check = check, .layout = layout, .attach = attach, .update = update,                      \
	.remove = remove_key, .next_key = hash_next_key, .read = hash_read,                        \
	.for_each = hash_for_each

const struct map_ops map_hash = { COMMON, .lookup = lookup };
const struct map_ops map_lru_hash = { COMMON, .lookup = lookup_lru };
const struct map_ops map_percpu_hash = { COMMON, .lookup = lookup_percpu,
	                                 .lookup_slot = lookup_slot };
const struct map_ops map_lru_percpu_hash = { COMMON, .lookup = lookup_percpu,
	                                     .lookup_slot = lookup_slot };
