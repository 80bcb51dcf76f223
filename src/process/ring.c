/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Rings, the writers' side: linux/kernel/bpf/ringbuf.c without its lock. A writer leaves its
 * intent in its slot, moves the position on by compare-and-swap, and writes the header, busy; a
 * thread that loses its CPU in between holds up the reader, never another writer. Submitting takes
 * the busy bit off and wakes the reader by the kernel's rule: if it has come as far as this
 * record. A perf event array is one such ring for all CPUs.
 */
#include <errno.h>

#include "process/map_owner.h"
#include "process/ring.h"

#define MAX_RECORD (UINT32_MAX / 4)   /* the kernel's RINGBUF_MAX_RECORD_SZ */
#define PERF_DATA  (512u << 10)       /* bytes of a perf event array's ring */
#define PERF_MAX   (UINT16_MAX - 64u) /* a perf record's size is a 16-bit number */
#define ATTEMPTS   100000             /* of a reservation: only junk in the positions needs more */

static int check_ring(const struct process_map_def *def, struct abide_error *e)
{
	uint32_t size = def->max_entries;

	if (def->key_size || def->value_size)
		return map_refuse(e, -EINVAL, def, "rings have neither keys nor values");
	if (def->flags)
		return map_refuse(e, -EINVAL, def, "rings have no flags");
	if (!size || size & (size - 1) || size % MAP_PAGE)
		return map_refuse(e, -EINVAL, def,
		                  "the size is a power of two and a multiple of the page");
	return 0;
}

static int check_perf(const struct process_map_def *def, struct abide_error *e)
{
	if (def->key_size != 4 || def->value_size != 4 || !def->max_entries)
		return map_refuse(
			e, -EINVAL, def,
			"keys and values of perf event arrays have 4 bytes, and there is one at least");
	if (def->flags & ~(uint32_t)BPF_F_PRESERVE_ELEMS)
		return map_refuse(e, -EINVAL, def, "flags that perf event arrays do not have");
	return 0;
}

static uint64_t layout(struct process_map *m)
{
	m->data_size = m->def.type == BPF_MAP_TYPE_RINGBUF ? m->def.max_entries : PERF_DATA;
	m->data_at = RING_DATA_AT;
	m->twice = m->data_at;
	return m->data_at + m->data_size;
}

static int attach(struct process_map *m)
{
	m->data = map_at(m, m->data_at);
	return 0;
}

static void *lookup(struct process_map *m, const void *key, uint32_t slot)
{
	(void)m;
	(void)key;
	(void)slot;
	return NULL;
}

const struct map_ops map_ring = {
	.check = check_ring,
	.layout = layout,
	.attach = attach,
	.detach = ring_detach,
	.lookup = lookup,
};

const struct map_ops map_perf = {
	.check = check_perf,
	.layout = layout,
	.attach = attach,
	.detach = ring_detach,
	.lookup = lookup,
};

static void *no_room(struct process_map *m)
{
	__atomic_fetch_add(&ring_write(m)->lost, 1, __ATOMIC_RELAXED);
	return NULL;
}

static uint64_t record_size(uint64_t size)
{
	return map_round(size + RING_HEADER, 8);
}

static void *reserve(struct process_map *m, uint64_t size, uint32_t slot)
{
	struct ring_write *w = ring_write(m);
	struct ring_intent *intent;
	uint32_t self = owner_self(), n;
	uint64_t at, readable, *header;

	if (slot >= PROCESS_SLOTS)
		return NULL;
	if (size > MAX_RECORD || record_size(size) > m->data_size)
		return no_room(m);
	intent = ring_intent(m, slot);
	__atomic_store_n(&intent->tid, self, __ATOMIC_RELAXED);
	at = __atomic_load_n(&w->position, __ATOMIC_RELAXED);
	for (n = 0; n < ATTEMPTS; n++) {
		readable = __atomic_load_n(&ring_read(m)->position, __ATOMIC_ACQUIRE);
		if ((int64_t)(readable - at) >
		    0) { /* @at is old: others wrote, and were read already */
			at = __atomic_load_n(&w->position, __ATOMIC_ACQUIRE);
			continue;
		}
		if (at + record_size(size) - readable > m->data_size - 1)
			return no_room(m);
		__atomic_store_n(&intent->position, at, __ATOMIC_RELAXED);
		if (!__atomic_compare_exchange_n(&w->position, &at, at + record_size(size), false,
		                                 __ATOMIC_ACQ_REL, __ATOMIC_RELAXED))
			continue;
		header = ring_header(m, at);
		__atomic_store_n(header, ring_pack(BPF_RINGBUF_BUSY_BIT | (uint32_t)size, self),
		                 __ATOMIC_RELEASE);
		return header + 1;
	}
	return no_room(m);
}

static void commit(struct process_map *m, void *sample, uint64_t flags, uint32_t discard)
{
	uint32_t *length = (uint32_t *)sample - 2;
	uint64_t at = (uint64_t)((uint8_t *)length - m->data);
	uint32_t done = (__atomic_load_n(length, __ATOMIC_RELAXED) & RING_LENGTH) | discard;
	uint64_t readable;

	/* nobody is to be woken: the reader only must not see the record before what is in it */
	if (flags & BPF_RB_NO_WAKEUP && !(flags & BPF_RB_FORCE_WAKEUP)) {
		__atomic_store_n(length, done, __ATOMIC_RELEASE);
		return;
	}
	/* with full ordering: either we see where the reader is, or it sees this record */
	__atomic_exchange_n(length, done, __ATOMIC_SEQ_CST);
	readable = __atomic_load_n(&ring_read(m)->position, __ATOMIC_SEQ_CST) & (m->data_size - 1);
	if (!(flags & BPF_RB_FORCE_WAKEUP) && readable != at)
		return;
	if (__atomic_load_n(&ring_read(m)->sleeps, __ATOMIC_SEQ_CST) && m->wake &&
	    __atomic_exchange_n(&ring_read(m)->sleeps, 0, __ATOMIC_ACQ_REL))
		m->wake(m->wake_ctx);
}

static bool is_ring(const struct process_map *m)
{
	return m->def.type == BPF_MAP_TYPE_RINGBUF;
}

void *process_ring_reserve(struct process_map *m, uint64_t size, uint64_t flags, uint32_t slot)
{
	return flags || !is_ring(m) ? NULL : reserve(m, size, slot);
}

void process_ring_submit(struct process_map *m, void *sample, uint64_t flags)
{
	commit(m, sample, flags, 0);
}

void process_ring_discard(struct process_map *m, void *sample, uint64_t flags)
{
	commit(m, sample, flags, BPF_RINGBUF_DISCARD_BIT);
}

int process_ring_output(struct process_map *m, const void *data, uint64_t size, uint64_t flags,
                        uint32_t slot)
{
	void *sample;

	if (flags & ~(uint64_t)(BPF_RB_NO_WAKEUP | BPF_RB_FORCE_WAKEUP) || !is_ring(m))
		return -EINVAL;
	sample = reserve(m, size, slot);
	if (!sample)
		return -EAGAIN;
	memcpy(sample, data, size);
	commit(m, sample, flags, 0);
	return 0;
}

uint64_t process_ring_query(struct process_map *m, uint64_t what)
{
	uint64_t readable, written;

	if (!is_ring(m))
		return 0;
	readable = __atomic_load_n(&ring_read(m)->position, __ATOMIC_ACQUIRE);
	written = __atomic_load_n(&ring_write(m)->position, __ATOMIC_ACQUIRE);
	switch (what) {
	case BPF_RB_AVAIL_DATA:
		return written - readable;
	case BPF_RB_RING_SIZE:
		return m->data_size;
	case BPF_RB_CONS_POS:
		return readable;
	case BPF_RB_PROD_POS:
		return written;
	default:
		return 0;
	}
}

int process_perf_output(struct process_map *m, uint64_t flags, const void *data, uint64_t size,
                        uint32_t slot)
{
	uint64_t cpu = flags & BPF_F_INDEX_MASK;
	void *sample;

	if (m->def.type != BPF_MAP_TYPE_PERF_EVENT_ARRAY || flags & ~(uint64_t)BPF_F_INDEX_MASK)
		return -EINVAL;
	if ((cpu != BPF_F_CURRENT_CPU && cpu >= m->def.max_entries) || size > PERF_MAX)
		return -E2BIG;
	sample = reserve(m, size, slot);
	if (!sample)
		return -ENOSPC;
	memcpy(sample, data, size);
	commit(m, sample, BPF_RB_FORCE_WAKEUP, 0);
	return 0;
}

uint64_t process_ring_lost(const struct process_map *m)
{
	if (!m->data)
		return 0;
	return __atomic_load_n(&ring_write(m)->lost, __ATOMIC_RELAXED) +
	       __atomic_load_n(&ring_write(m)->died, __ATOMIC_RELAXED);
}

void process_map_on_wake(struct process_map *m, void (*wake)(void *ctx), void *ctx)
{
	m->wake = wake;
	m->wake_ctx = ctx;
}

void process_ring_wait(struct process_map *m, bool sleeps)
{
	if (m->data)
		__atomic_store_n(&ring_read(m)->sleeps, sleeps, __ATOMIC_SEQ_CST);
}
