/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
#ifndef ABIDE_PROCESS_MAP_IMPL_H
#define ABIDE_PROCESS_MAP_IMPL_H

#include <stddef.h>
#include <string.h>

#include "process/map.h"

/*
 * What the kinds of maps share. The memory of a map:
 *
 *	page 0		struct map_header; from MAP_CONTROL on, the kind's own hot words
 *	page 1 ...	the kind's sections
 *
 * struct process_map is private to the process that opened the map: where sections are and how
 * large, all computed from its own copy of the definition. Nothing in it comes from the shared
 * memory but the seed of hashes, read once.
 */
#define MAP_PAGE    4096u
#define MAP_CONTROL 1024u
#define MAP_LINE                                                                                   \
	128u /* bytes that two threads should not share: two cache lines, fetched as a pair */
#define MAP_MAGIC    0x70616d6564696261u /* "abidemap" */
#define MAP_VERSION  1u
#define MAP_MAX_SIZE (UINT64_C(1) << 38) /* of address space */

#define MAP_ACCESS (BPF_F_RDONLY_PROG | BPF_F_WRONLY_PROG)

struct map_header {
	uint64_t magic;
	uint32_t version;
	struct process_map_def def;
	uint64_t seed;
	uint64_t slots[PROCESS_SLOTS / 64]; /* those that values were ever written for */
};
_Static_assert(sizeof(struct map_header) <= MAP_CONTROL, "the header fits");

/* One kind of map; NULL where the kernel has no such operation. */
struct map_ops {
	/* Sizes and flags, as the kernel judges them. */
	int (*check)(const struct process_map_def *def, struct abide_error *e);
	/* Fills in the sizes and offsets of *m and returns the bytes of the whole; never overflows. */
	uint64_t (*layout)(struct process_map *m);
	/* The mapping exists; -errno. */
	int (*attach)(struct process_map *m);
	void (*detach)(struct process_map *m);
	process_map_lookup_fn lookup;
	int (*update)(struct process_map *m, const void *key, const void *value, uint64_t flags,
	              uint32_t slot);
	int (*remove)(struct process_map *m, const void *key);
	int (*push)(struct process_map *m, const void *value, uint64_t flags);
	int (*pop)(struct process_map *m, void *value, bool keep);
	void *(*lookup_slot)(struct process_map *m, const void *key, uint32_t slot);
	int (*next_key)(struct process_map *m, const void *key, void *next);
	int (*read)(struct process_map *m, const void *key, void *values);
	int64_t (*for_each)(struct process_map *m, uint32_t slot,
	                    int (*fn)(void *ctx, const void *key, void *value), void *ctx);
};

extern const struct map_ops map_array, map_percpu_array, map_programs, map_hash, map_percpu_hash,
	map_lru_hash, map_lru_percpu_hash, map_queue, map_stack, map_stack_trace, map_ring, map_perf;

struct map_bucket;
struct map_shard;
struct ring_reader;

struct process_map {
	struct process_map_def def;
	const struct map_ops *ops;
	uint8_t *base;
	uint64_t size;   /* of the memfd */
	uint64_t mapped; /* more than that, where a part is mapped twice */
	uint64_t twice;  /* offset from which it is mapped once more behind its end; 0: not */
	bool frozen;
	struct map_header *header;
	const struct process_slots *slots;
	/* Values of arrays and per-CPU hashes. */
	uint64_t values_at;
	uint8_t *values;
	uint32_t stride;      /* of values, a multiple of 8 */
	uint64_t slot_stride; /* 0: one value for all */
	/* Hashes. */
	struct map_bucket *buckets;
	struct map_shard *shards;
	uint8_t *elements;
	uint64_t elements_at, seed;
	uint32_t mask; /* buckets - 1 */
	uint32_t nr;   /* elements, numbered from 1 */
	uint32_t element_size, key_at, value_at;
	uint32_t chunk; /* elements of a shard to start with */
	uint32_t part;  /* log2 of the buckets for which a bit says whether they were used */
	bool lru;
	/* Rings; stack traces: .data_at, .mask. */
	uint8_t *data;
	uint64_t data_at, data_size;
	struct ring_reader *reader;
	void (*wake)(void *ctx);
	void *wake_ctx;
};

static inline uint64_t map_round(uint64_t n, uint64_t to)
{
	return (n + to - 1) & ~(to - 1);
}

/*
 * From one slot's values, @size bytes, to the next one's. A line stays free: the machine fetches ahead
 * of who walks through values, and would take the first ones of the next slot from its thread
 * (half as slow again, for two threads that count in all of an array).
 */
static inline uint64_t map_slot_stride(uint64_t size)
{
	return map_round(size, MAP_LINE) + MAP_LINE;
}

/* @at <= size of the mapping. */
static inline void *map_at(const struct process_map *m, uint64_t at)
{
	return m->base + at;
}

/*
 * Values and keys in shared memory are copied by whole words, each at once: whoever reads while
 * another writes sees old and new words, never parts of one. @to and the padding of keys are
 * multiples of 8; the rest of the last word becomes 0.
 */
static inline void map_store(void *to, const void *from, uint32_t size)
{
	uint64_t *words = to, word;
	uint32_t i, whole = size / 8;

	for (i = 0; i < whole; i++) {
		memcpy(&word, (const uint8_t *)from + i * 8u, 8);
		__atomic_store_n(words + i, word, __ATOMIC_RELEASE);
	}
	if (size % 8) {
		word = 0;
		memcpy(&word, (const uint8_t *)from + whole * 8u, size % 8);
		__atomic_store_n(words + whole, word, __ATOMIC_RELEASE);
	}
}

/* The last word only up to @size: the memory behind it belongs to the caller's neighbour. */
static inline void map_load(void *to, const void *from, uint32_t size)
{
	const uint64_t *words = from;
	uint32_t i, whole = size / 8;
	uint64_t word;

	for (i = 0; i < whole; i++) {
		word = __atomic_load_n(words + i, __ATOMIC_ACQUIRE);
		memcpy((uint8_t *)to + i * 8u, &word, 8);
	}
	if (size % 8) {
		word = __atomic_load_n(words + whole, __ATOMIC_ACQUIRE);
		memcpy((uint8_t *)to + whole * 8u, &word, size % 8);
	}
}

static inline void map_zero(void *to, uint32_t size)
{
	uint64_t *words = to;
	uint32_t i;

	for (i = 0; i < map_round(size, 8) / 8; i++)
		__atomic_store_n(words + i, 0, __ATOMIC_RELEASE);
}

/* Multiply and fold: every bit of the input reaches every bit of the low half. */
static inline uint64_t map_fold(uint64_t a, uint64_t b)
{
	unsigned __int128 product = (unsigned __int128)a * b;

	return (uint64_t)product ^ (uint64_t)(product >> 64);
}
/* To multiply with: odd, about half of the bits set, without pattern: digits of pi. */
#define MAP_FOLD UINT64_C(0x243f6a8885a308d3)

/* Remember that @slot has values; nearly always it is remembered already. */
static inline void map_use_slot(struct process_map *m, uint32_t slot)
{
	uint64_t *word = &m->header->slots[slot / 64], bit = UINT64_C(1) << slot % 64;

	if (!(__atomic_load_n(word, __ATOMIC_RELAXED) & bit))
		__atomic_fetch_or(word, bit, __ATOMIC_RELAXED);
}

/* map.c: bits of all slots that may have values. */
void map_slots(const struct process_map *m, uint64_t bits[PROCESS_SLOTS / 64]);
/* Value @index of every slot, 8-byte aligned one behind the other; those never used are 0. */
void map_read_slots(const struct process_map *m, uint32_t index, void *values);
/* For checks of kinds: the tags and hints are the same everywhere. */
int map_refuse(struct abide_error *e, int code, const struct process_map_def *def, const char *why);
/* A memfd of @size bytes, @name for /proc; and whether @fd is such a one that nobody can resize. */
int map_memfd(const char *name, uint64_t size, int *fd, struct abide_error *e);
int map_memfd_check(int fd, uint64_t size, bool *constant, struct abide_error *e);

/* map_array.c: whatever is indexed */
int map_array_next_key(struct process_map *m, const void *key, void *next);
/* slots.c */
void slots_ever(const struct process_slots *s, uint64_t bits[PROCESS_SLOTS / 64]);

#endif
