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
 * and a lock whose owner died is taken over. All but create, open, freeze and close may run in a
 * signal handler; what the interrupted thread holds is -EBUSY then. Owners are thread ids: all
 * users of a map live in one pid namespace.
 *
 * Per-CPU maps have one value for each *slot*. A thread leases a slot of its own, so a program
 * may add to its value without atomics and no count is lost; see process_slot.
 */
struct process_map_def {
	char name[32];
	uint32_t type, key_size, value_size, max_entries, flags; /* BPF_MAP_TYPE_*, BPF_F_* */
};

struct process_map;
struct process_slots;

#define PROCESS_SLOTS 256 /* values of a per-CPU entry */

/*
 * Create: *fd is a sealed memfd (nothing is touched but its first page), to be handed to
 * other processes. Unsupported types, sizes and flags are refused as the kernel does.
 */
int process_map_create(const struct process_map_def *def, int *fd, struct abide_error *e);
/* Map @fd, somebody else's: it must be sealed, of the right size and agree with @def. Borrows @fd not at all. */
int process_map_open(int fd, const struct process_map_def *def, struct process_map **out,
                     struct abide_error *e);
void process_map_close(struct process_map *m);
const struct process_map_def *process_map_def(const struct process_map *m);
/*
 * From now on @m (the only one that is open on @fd) and all later ones are constant: nobody can
 * write, updates are -EPERM. For .rodata, whose values the verifier then may rely on.
 */
int process_map_freeze(struct process_map *m, int fd, struct abide_error *e);
bool process_map_frozen(const struct process_map *m);
/* The slots that the programs run with: who uses process_map_values of a per-CPU map, must say. */
void process_map_set_slots(struct process_map *m, const struct process_slots *s);

/*
 * For programs, by the kernel's helpers. @slot: of the running thread. Results are the
 * helpers': 0 or -errno; an address or NULL.
 */
void *process_map_lookup(struct process_map *m, const void *key, uint32_t slot);
int process_map_update(struct process_map *m, const void *key, const void *value, uint64_t flags,
                       uint32_t slot);
int process_map_delete(struct process_map *m, const void *key);
int process_map_push(struct process_map *m, const void *value, uint64_t flags);
int process_map_pop(struct process_map *m, void *value);
int process_map_peek(struct process_map *m, void *value);
/* Another slot's value of a per-CPU map (bpf_map_lookup_percpu_elem), or NULL. */
void *process_map_lookup_slot(struct process_map *m, const void *key, uint32_t slot);
/* Program @index of a program array: the id that its owner set by update; false: none. */
bool process_map_program(const struct process_map *m, uint32_t index, uint32_t *id);
/*
 * BPF_MAP_TYPE_STACK_TRACE, by bpf_get_stackid: the id of the @nr (at least 1) addresses, which are kept
 * under it from now on; BPF_F_FAST_STACK_CMP, BPF_F_REUSE_STACKID, others are not looked at. -EEXIST: another
 * stack has that id.
 */
#define PROCESS_STACK_DEPTH 127 /* the kernel's kernel.perf_event_max_stack, if nobody changed it */
int64_t process_map_stackid(struct process_map *m, const uint64_t *stack, uint32_t nr, uint64_t flags);
/*
 * For native code. The function behind process_map_lookup, for a direct call; and where values of
 * an array lie, constant while the map is open: value INDEX < max_entries of (PERCPU_)ARRAY is at
 *	values + INDEX * stride + SLOT * process_map_slot_stride()	(ARRAY: slot stride is 0)
 * NULL: no such map.
 */
typedef void *(*process_map_lookup_fn)(struct process_map *m, const void *key, uint32_t slot);
process_map_lookup_fn process_map_lookup_of(const struct process_map *m);
void *process_map_values(struct process_map *m, uint32_t *stride);
uint64_t process_map_slot_stride(const struct process_map *m);
/* Calls @fn(ctx, key, value) until it returns non-zero; how many calls, or -EINVAL. */
int64_t process_map_for_each(struct process_map *m, uint32_t slot,
                             int (*fn)(void *ctx, const void *key, void *value), void *ctx);

/*
 * Rings, BPF_MAP_TYPE_RINGBUF: the kernel's record layout (length, busy and discard bits), but
 * for the second word of the header, which is the writer's thread id: a writer may die.
 */
void *process_ring_reserve(struct process_map *m, uint64_t size, uint64_t flags, uint32_t slot);
void process_ring_submit(struct process_map *m, void *sample, uint64_t flags);
void process_ring_discard(struct process_map *m, void *sample, uint64_t flags);
int process_ring_output(struct process_map *m, const void *data, uint64_t size, uint64_t flags,
                        uint32_t slot);
uint64_t process_ring_query(struct process_map *m, uint64_t what);
/* BPF_MAP_TYPE_PERF_EVENT_ARRAY: a ring for all; lost records are counted. */
int process_perf_output(struct process_map *m, uint64_t flags, const void *data, uint64_t size,
                        uint32_t slot);

/* For the reader (abide): from another process, while programs run. */
/* Entries: keys in no order. NULL @key: the first. -ENOENT: that was the last one. */
int process_map_next_key(struct process_map *m, const void *key, void *next);
/* One value; of a per-CPU map PROCESS_SLOTS values, each rounded up to 8 bytes. */
int process_map_read(struct process_map *m, const void *key, void *values);
/* Slots that were ever used: those above need not be looked at. */
uint32_t process_map_slots(const struct process_map *m);
/* Hand each whole record, a private copy, to @fn; not 0 ends it and is returned. Number of records. */
int process_ring_consume(struct process_map *m,
                         int (*fn)(void *ctx, const void *data, uint32_t size), void *ctx);
/* Records that did not fit, or whose writer died, of a ring or perf event array. */
uint64_t process_ring_lost(const struct process_map *m);
/*
 * Wake-ups: a ring's writer calls @wake (with what the owner set) when the kernel would wake a
 * reader and one sleeps. The reader says by process_ring_wait(true) that it is about to sleep,
 * and consumes once more before it does.
 */
void process_map_on_wake(struct process_map *m, void (*wake)(void *ctx), void *ctx);
void process_ring_wait(struct process_map *m, bool sleeps);

/*
 * Slots. A session's slots live in shared memory of their own (all maps of a session have
 * the same slots). A thread leases one when it first needs one, keeps it, and gives it back when
 * it ends; slots of threads that died are found and used again. When all are leased, the last
 * PROCESS_SLOTS_SHARED are locked for one run at a time.
 */
#define PROCESS_SLOTS_SHARED 8
#define PROCESS_SLOT_NONE    UINT32_MAX
int process_slots_create(int *fd, struct abide_error *e);
int process_slots_open(int fd, struct process_slots **out, struct abide_error *e);
void process_slots_close(struct process_slots *s);
/*
 * A slot for thread @tid: its own, or (*shared) one that is locked until process_slot_release.
 * PROCESS_SLOT_NONE: whoever holds the shared ones did not let go of any for too long.
 */
uint32_t process_slot_acquire(struct process_slots *s, uint32_t tid, bool *shared);
void process_slot_release(struct process_slots *s, uint32_t slot, uint32_t tid);
uint32_t process_slots_used(const struct process_slots *s);

#endif
