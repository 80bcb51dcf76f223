/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
#ifndef ABIDE_PROCESS_MAP_HASH_H
#define ABIDE_PROCESS_MAP_HASH_H

#include "process/map_impl.h"

/*
 * Hash tables. Elements are numbered from 1 and never move; 0 is none. An element is in a
 * bucket's chain, in a free list, never used yet, or between these states, where .owner says who
 * is at work. Chains are only ever prepended to, and end in the number of their bucket, so
 * that a reader who was carried into another chain, by an element that was reused under
 * its feet, notices and starts again.
 */
#define HASH_END    0x80000000u /* .next: end of the chain of bucket (.next & ~HASH_END) */
#define HASH_LINKED 0x80000000u /* .owner: in its chain */
#define HASH_SPARE  0x40000000u /* .owner, .pending: belongs to the spare list */
#define HASH_TID    0x3fffffffu
#define HASH_SHARDS 16u
#define HASH_SPARES 2u /* of each shard: they make replacing possible when the table is full */

struct map_bucket {
	uint32_t head; /* 0: empty */
	uint32_t lock;
};

struct hash_element {
	uint32_t next;
	uint32_t hash;       /* in a free list: the one behind */
	uint32_t generation; /* odd: being filled */
	uint32_t owner;      /* 0: free; HASH_LINKED; or the thread at work on it */
	/* LRU: uint32_t used, unused; then the key, then the value, all padded to 8 */
};

/* Free elements: of a list, or never used. Threads are spread over shards. */
struct hash_list {
	uint32_t head;
	uint32_t fresh; /* how many of the shard's own were ever used */
};

struct map_shard {
	uint32_t lock;
	uint32_t pending;          /* what the owner of the lock moves out or in, see map_pool.c */
	struct hash_list lists[2]; /* ordinary ones, spare ones */
	uint8_t pad[MAP_LINE - 24];
};

/*
 * The kind's words in the header page. Buckets that were never used are not even looked at, so that
 * listing a large table takes no memory: a bit stands for 1 << m->part buckets.
 */
#define HASH_PARTS 4096u
struct hash_control {
	uint32_t hand;     /* LRU: where the search for a victim goes on */
	uint32_t searched; /* when what dead threads left was searched for last */
	uint32_t died;     /* a lock was taken over: something may have been left */
	uint8_t pad[MAP_LINE - 12];
	struct map_shard shards[HASH_SHARDS];
	uint64_t parts[HASH_PARTS / 64];
};
_Static_assert(MAP_CONTROL + sizeof(struct hash_control) <= MAP_PAGE, "all in the header page");

static inline struct hash_control *hash_control(const struct process_map *m)
{
	return map_at(m, MAP_CONTROL);
}

/* @i: 1 to m->nr. */
static inline struct hash_element *hash_element(const struct process_map *m, uint32_t i)
{
	return (void *)(m->elements + (uint64_t)(i - 1) * m->element_size);
}

static inline bool hash_is(const struct process_map *m, uint32_t i)
{
	return i - 1 < m->nr;
}

static inline uint8_t *hash_key_of(const struct process_map *m, struct hash_element *e)
{
	return (uint8_t *)e + m->key_at;
}

static inline uint32_t *hash_used(struct hash_element *e)
{
	return (uint32_t *)(e + 1);
}

/* Steps along one chain: corrupt memory may hold circles. */
static inline uint64_t hash_budget(const struct process_map *m)
{
	return 2 * (uint64_t)m->nr;
}

#define HASH_MAX_KEY 512u /* bytes */
#define HASH_RETRIES 64 /* of what was disturbed by others */

/* map_hash.c. Lock a bucket, and put right what a dead owner left; false: busy. */
bool hash_lock(struct process_map *m, uint32_t bucket, uint32_t self);
void hash_unlock(struct process_map *m, uint32_t bucket);
/* Take element @i out of the locked bucket's chain, into the hands of @owner; false: it is not in there. */
bool hash_unlink(struct process_map *m, uint32_t bucket, uint32_t i, uint32_t owner);
uint32_t hash_of(const struct process_map *m, const void *key);
/* The key's element, 0: there is none. */
uint32_t hash_find(const struct process_map *m, uint32_t hash, const void *key);
uint8_t *hash_slot_value(const struct process_map *m, uint32_t i, uint32_t slot);

/* map_list.c. The first bucket from @bucket on that may be in use; behind the last one: m->mask + 1. */
uint32_t hash_used_from(const struct process_map *m, uint32_t bucket);
int hash_next_key(struct process_map *m, const void *key, void *next);
int hash_read(struct process_map *m, const void *key, void *values);
int64_t hash_for_each(struct process_map *m, uint32_t slot,
                      int (*fn)(void *ctx, const void *key, void *value), void *ctx);

/* map_pool.c. An element with .owner set, 0: there is none. */
uint32_t hash_alloc(struct process_map *m, uint32_t self, bool spare);
void hash_free(struct process_map *m, uint32_t self, uint32_t i, bool spare);

/* map_lru.c. Take the element that was not used for long out of its chain; @held is locked already. */
uint32_t hash_evict(struct process_map *m, uint32_t self, uint32_t held);

#endif
