/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
#ifndef ABIDE_PROCESS_RING_H
#define ABIDE_PROCESS_RING_H

#include "process/map_impl.h"

/*
 * A ring in memory:
 *
 *	page 1		struct ring_read: the reader's position
 *	page 2		struct ring_write: the writers' position
 *	page 3 ...	struct ring_intent for each slot
 *	data_at ...	records; mapped once more behind the end, so that none is ever split
 *
 * Positions only grow; a record is at its position modulo the size. It starts with a header of two
 * words: the length with the kernel's busy and discard bits, and the writer's thread id. Behind
 * the reader's position all is 0 up to the writers', so a header that is 0 was reserved and
 * not yet written.
 */
#define RING_HEADER 8u
#define RING_LENGTH (~(uint32_t)(BPF_RINGBUF_BUSY_BIT | BPF_RINGBUF_DISCARD_BIT))

struct ring_read {
	uint64_t position;
	uint32_t sleeps; /* the reader wants to be woken */
};

struct ring_write {
	uint64_t position;
	uint8_t pad[MAP_LINE - 8];
	uint64_t lost; /* records that found no room */
	uint64_t died; /* records whose writer died */
};

/* Where a slot's thread is going to reserve, left before it does. */
struct ring_intent {
	uint64_t position;
	uint32_t tid;
	uint8_t pad[64 - 12];
};

#define RING_READ_AT   ((uint64_t)MAP_PAGE)
#define RING_WRITE_AT  (2 * (uint64_t)MAP_PAGE)
#define RING_INTENT_AT (3 * (uint64_t)MAP_PAGE)
#define RING_DATA_AT   (RING_INTENT_AT + sizeof(struct ring_intent) * PROCESS_SLOTS)
_Static_assert(RING_DATA_AT % MAP_PAGE == 0, "data is mapped by pages");

static inline struct ring_read *ring_read(const struct process_map *m)
{
	return map_at(m, RING_READ_AT);
}

static inline struct ring_write *ring_write(const struct process_map *m)
{
	return map_at(m, RING_WRITE_AT);
}

static inline struct ring_intent *ring_intent(const struct process_map *m, uint32_t slot)
{
	return (struct ring_intent *)map_at(m, RING_INTENT_AT) + slot;
}

/* Both words of the header at @position. */
static inline uint64_t *ring_header(const struct process_map *m, uint64_t position)
{
	return (void *)(m->data + (position & (m->data_size - 1)));
}

/* The header as one number, so that it is written and read at once: the length comes first in memory. */
static inline uint64_t ring_pack(uint32_t length, uint32_t tid)
{
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	return (uint64_t)tid << 32 | length;
#else
	return (uint64_t)length << 32 | tid;
#endif
}

static inline uint32_t ring_length(uint64_t header)
{
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	return (uint32_t)header;
#else
	return (uint32_t)(header >> 32);
#endif
}

static inline uint32_t ring_tid(uint64_t header)
{
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	return (uint32_t)(header >> 32);
#else
	return (uint32_t)header;
#endif
}

/* The reader's side of a map, made when it reads for the first time (ring_read.c). */
struct ring_reader {
	uint64_t position; /* the shared one is for the writers, and not believed */
	uint64_t stalled;  /* time at which the record there was found unfinished; 0: it was not */
	uint8_t *copy;     /* as large as the ring */
};
void ring_detach(struct process_map *m);

#endif
