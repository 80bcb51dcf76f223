/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Rings, the reader's side. Every number is checked before it is used, and records are copied
 * before anybody sees them: the writers' processes may do with the memory what they like.
 *
 * A record that stays busy, or a header that stays 0, holds up all behind it. After a second
 * the reader asks whether the writer still lives (a header of 0 has no writer's name: nobody who
 * left the intent to write there may live) and skips the record if not.
 *
 * What was read is zeroed, header and all, before the position moves on: see ring.h.
 */
#include <errno.h>
#include <stdlib.h>

#include "process/map_owner.h"
#include "process/ring.h"
#include "util/clock.h"

#define PATIENCE 1000000000u /* ns */

static struct ring_reader *reader_of(struct process_map *m)
{
	struct ring_reader *r = m->reader;

	if (r)
		return r;
	r = calloc(1, sizeof(*r));
	if (!r)
		return NULL;
	r->copy = malloc(m->data_size);
	if (!r->copy) {
		free(r);
		return NULL;
	}
	r->position = __atomic_load_n(&ring_read(m)->position, __ATOMIC_RELAXED) & ~UINT64_C(7);
	return m->reader = r;
}

void ring_detach(struct process_map *m)
{
	if (m->reader)
		free(m->reader->copy);
	free(m->reader);
	m->reader = NULL;
}

/* Whether what lies at the reader's position has been unfinished for so long that one should ask. */
static bool patience_ends(struct ring_reader *r)
{
	uint64_t now = clock_ns();

	if (!r->stalled)
		r->stalled = now;
	return now - r->stalled >= PATIENCE;
}

static void release(struct process_map *m, uint64_t size)
{
	struct ring_reader *r = m->reader;

	map_zero(ring_header(m, r->position), (uint32_t)size);
	r->position += size;
	r->stalled = 0;
	__atomic_store_n(&ring_read(m)->position, r->position, __ATOMIC_SEQ_CST);
}

static void count_dead(struct process_map *m)
{
	__atomic_fetch_add(&ring_write(m)->died, 1, __ATOMIC_RELAXED);
}

/*
 * From a header that is 0 to the next that is not, @left bytes at most: 0 if somebody who
 * lives may be about to write in between.
 */
static uint64_t abandoned(const struct process_map *m, uint64_t left)
{
	uint64_t at = m->reader->position, n;
	uint32_t slot;

	for (slot = 0; slot < PROCESS_SLOTS; slot++) {
		uint64_t position =
			__atomic_load_n(&ring_intent(m, slot)->position, __ATOMIC_ACQUIRE);
		uint32_t tid = __atomic_load_n(&ring_intent(m, slot)->tid, __ATOMIC_RELAXED);

		if (tid && position - at < left && position % 8 == 0 &&
		    !__atomic_load_n(ring_header(m, position), __ATOMIC_ACQUIRE) &&
		    !owner_dead(tid))
			return 0;
	}
	for (n = 8; n < left && !__atomic_load_n(ring_header(m, at + n), __ATOMIC_ACQUIRE); n += 8)
		continue;
	return n;
}

/* The memory is junk: begin again where the writers are. */
static void resync(struct process_map *m, uint64_t written)
{
	struct ring_reader *r = m->reader;

	count_dead(m);
	map_zero(m->data, (uint32_t)m->data_size);
	r->position = written & ~UINT64_C(7);
	r->stalled = 0;
	__atomic_store_n(&ring_read(m)->position, r->position, __ATOMIC_SEQ_CST);
}

static uint64_t size_of(uint64_t header)
{
	return map_round((ring_length(header) & RING_LENGTH) + (uint64_t)RING_HEADER, 8);
}

/* A header that is not finished. Whether there is anything behind it to go on with. */
static bool skip_unfinished(struct process_map *m, uint64_t header, uint64_t left)
{
	struct ring_reader *r = m->reader;
	uint64_t size;

	if (!patience_ends(r))
		return false;
	if (header) {
		if (!owner_dead(ring_tid(header)))
			return false;
		size = size_of(header);
		if (size > left)
			size = left;
	} else {
		size = abandoned(m, left);
		if (!size)
			return false;
	}
	count_dead(m);
	release(m, size);
	return true;
}

int process_ring_consume(struct process_map *m,
                         int (*fn)(void *ctx, const void *data, uint32_t size), void *ctx)
{
	struct ring_reader *r;
	uint64_t written, header, left, size;
	int nr = 0, err;

	if (!m->data)
		return -EINVAL;
	r = reader_of(m);
	if (!r)
		return -ENOMEM;
	written = __atomic_load_n(&ring_write(m)->position, __ATOMIC_ACQUIRE);
	if (written - r->position > m->data_size || written % 8) {
		resync(m, written);
		return 0;
	}
	while ((left = written - r->position) != 0) {
		header = __atomic_load_n(ring_header(m, r->position), __ATOMIC_SEQ_CST);
		if (!header || ring_length(header) & BPF_RINGBUF_BUSY_BIT) {
			if (skip_unfinished(m, header, left))
				continue;
			break;
		}
		size = size_of(header);
		if (size > left) {
			resync(m, written);
			break;
		}
		if (ring_length(header) & BPF_RINGBUF_DISCARD_BIT) {
			release(m, size);
			continue;
		}
		memcpy(r->copy, ring_header(m, r->position) + 1, size - RING_HEADER);
		release(m, size);
		nr++;
		err = fn(ctx, r->copy, ring_length(header) & RING_LENGTH);
		if (err)
			return err;
	}
	return nr;
}
