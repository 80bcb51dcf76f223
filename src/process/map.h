/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
#ifndef ABIDE_PROCESS_MAP_H
#define ABIDE_PROCESS_MAP_H

#include <linux/bpf.h>
#include <stdbool.h>
#include <stdint.h>

#include "util/error.h"

/*
 * Maps in shared memory: created by one process (abide), mapped by those that run programs on
 * them, with the kernel's semantics, flags and errors (-ENOENT, -EEXIST, -E2BIG, -EINVAL ...).
 * Lookups take no lock; what a lookup returned stays readable and of its entry's type
 * while the program runs. Whoever else maps the memory may die at any instant or write junk into it:
 * every index that is read from it is bounded by this process's own copy of the definition,
 * and a lock whose owner died is taken over.
 *
 * Per-CPU maps have one value for each *slot*. A thread leases a slot of its own, so a program
 * may add to its value without atomics and no count is lost; see process_slot.
 */
struct process_map_def {
	char name[32];
	uint32_t type, key_size, value_size, max_entries, flags; /* BPF_MAP_TYPE_*, BPF_F_* */
};

struct process_map;

#define PROCESS_SLOTS 256 /* values of a per-CPU entry */

/*
 * Create: *fd is a sealed memfd (nothing is touched but its first page), to be handed to
 * other processes. Unsupported types, sizes and flags are refused as the kernel does.
 */
int process_map_create(const struct process_map_def *def, int *fd, struct abide_error *e);
/* Map @fd, somebody else's: it must be sealed, of the right size and agree with @def. Borrows @fd not at all. */
int process_map_open(int fd, const struct process_map_def *def, struct process_map **out, struct abide_error *e);
void process_map_close(struct process_map *m);
const struct process_map_def *process_map_def(const struct process_map *m);

/*
 * For programs, by the kernel's helpers. @slot: of the running thread. Results are the
 * helpers': 0 or -errno; an address or NULL.
 */
void *process_map_lookup(struct process_map *m, const void *key, uint32_t slot);
int process_map_update(struct process_map *m, const void *key, const void *value, uint64_t flags, uint32_t slot);
int process_map_delete(struct process_map *m, const void *key);
int process_map_push(struct process_map *m, const void *value, uint64_t flags);
int process_map_pop(struct process_map *m, void *value);
int process_map_peek(struct process_map *m, void *value);
/* Another slot's value of a per-CPU map (bpf_map_lookup_percpu_elem), or NULL. */
void *process_map_lookup_slot(struct process_map *m, const void *key, uint32_t slot);
/* The first byte of an array's (global data's) values; entries are .stride apart. */
void *process_map_values(struct process_map *m, uint32_t *stride);
/* Calls @fn(ctx, key, value) until it returns non-zero; how many calls. */
int64_t process_map_for_each(struct process_map *m, uint32_t slot, int (*fn)(void *ctx, const void *key, void *value), void *ctx);

/* Rings, BPF_MAP_TYPE_RINGBUF: the kernel's record layout (length, busy and discard bits, page offset). */
void *process_ring_reserve(struct process_map *m, uint64_t size, uint64_t flags);
void process_ring_submit(struct process_map *m, void *sample, uint64_t flags);
void process_ring_discard(struct process_map *m, void *sample, uint64_t flags);
int process_ring_output(struct process_map *m, const void *data, uint64_t size, uint64_t flags);
uint64_t process_ring_query(struct process_map *m, uint64_t what);
/* BPF_MAP_TYPE_PERF_EVENT_ARRAY: a ring for all; lost records are counted. */
int process_perf_output(struct process_map *m, uint64_t flags, const void *data, uint64_t size);

/* For the reader (abide): from another process, while programs run. */
/* Entries: keys in no order. NULL @key: the first. -ENOENT: that was the last one. */
int process_map_next_key(struct process_map *m, const void *key, void *next);
/* One value; of a per-CPU map PROCESS_SLOTS values, each rounded up to 8 bytes. */
int process_map_read(struct process_map *m, const void *key, void *values);
/* Slots that were ever leased: those above need not be looked at. */
uint32_t process_map_slots(const struct process_map *m);
/* Hand each whole record to @fn; not 0 ends it and is returned. Number of records. */
int process_ring_consume(struct process_map *m, int (*fn)(void *ctx, const void *data, uint32_t size), void *ctx);
/* Records that did not fit, of a ring or perf event array. */
uint64_t process_ring_lost(const struct process_map *m);
/*
 * Wake-ups: a ring's writer calls @wake (with what the owner set) when the kernel would wake a
 * reader. The reader says by process_ring_wait(true) that it is about to sleep.
 */
void process_map_on_wake(struct process_map *m, void (*wake)(void *ctx), void *ctx);

/*
 * Slots. A session's slots live in shared memory of their own (all maps of a session have
 * the same slots). A thread leases one when it first needs one, keeps it, and gives it back when
 * it ends; slots of threads that died are found and used again. When all are leased, the last
 * PROCESS_SLOTS_SHARED are locked for one run at a time.
 */
#define PROCESS_SLOTS_SHARED 8
struct process_slots;
int process_slots_create(int *fd, struct abide_error *e);
int process_slots_open(int fd, struct process_slots **out, struct abide_error *e);
void process_slots_close(struct process_slots *s);
/* A slot for thread @tid: its own, or (*shared) one that is locked until process_slot_release. */
uint32_t process_slot_acquire(struct process_slots *s, uint32_t tid, bool *shared);
void process_slot_release(struct process_slots *s, uint32_t slot, uint32_t tid);
uint32_t process_slots_used(const struct process_slots *s);

#endif
