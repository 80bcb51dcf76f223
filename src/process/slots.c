/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Slots of per-CPU values. A table of thread ids in shared memory; a thread has slot N while
 * entry N is its id. Leases are long: taken at a thread's first run, given back at its end. The lowest
 * free one is taken, so that few slots are ever used. Slots of killed processes are looked for when
 * all are gone, once a second at most. Then the last PROCESS_SLOTS_SHARED serve as locks that
 * are held for one run.
 */
#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "process/map_impl.h"
#include "process/map_owner.h"

#define OWN (PROCESS_SLOTS - PROCESS_SLOTS_SHARED)

struct slot_table {
	uint64_t ever[PROCESS_SLOTS / 64]; /* bits of the slots that were ever taken */
	uint32_t leased;   /* of the own ones, roughly: spares a walk through full ones */
	uint32_t searched; /* second of the last search for dead owners */
	uint32_t pad[6];
	uint32_t owners[PROCESS_SLOTS];
};
_Static_assert(sizeof(struct slot_table) <= MAP_PAGE, "one page");

struct process_slots {
	struct slot_table *table;
};

int process_slots_create(int *fd, struct abide_error *e)
{
	return map_memfd("slots", MAP_PAGE, fd, e);
}

int process_slots_open(int fd, struct process_slots **out, struct abide_error *e)
{
	struct process_slots *s;
	bool constant;
	int err;

	err = owner_init();
	if (err)
		return error_set(e, err, "", "no fork handler: %s", strerror(-err));
	err = map_memfd_check(fd, MAP_PAGE, &constant, e);
	if (err)
		return err;
	s = calloc(1, sizeof(*s));
	if (!s)
		return error_nomem(e);
	s->table = mmap(NULL, MAP_PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (s->table == MAP_FAILED) {
		err = error_set(e, -errno, "", "slots cannot be mapped: %s", strerror(errno));
		free(s);
		return err;
	}
	*out = s;
	return 0;
}

void process_slots_close(struct process_slots *s)
{
	if (!s)
		return;
	munmap(s->table, MAP_PAGE);
	free(s);
}

static bool take(struct slot_table *t, uint32_t slot, uint32_t from, uint32_t tid)
{
	if (!__atomic_compare_exchange_n(&t->owners[slot], &from, tid, false, __ATOMIC_ACQ_REL,
	                                 __ATOMIC_RELAXED))
		return false;
	__atomic_fetch_or(&t->ever[slot / 64], UINT64_C(1) << slot % 64, __ATOMIC_RELEASE);
	return true;
}

static uint32_t take_free(struct slot_table *t, uint32_t tid)
{
	uint32_t slot;

	if (__atomic_load_n(&t->leased, __ATOMIC_RELAXED) >= OWN)
		return PROCESS_SLOT_NONE;
	for (slot = 0; slot < OWN; slot++) {
		uint32_t owner = __atomic_load_n(&t->owners[slot], __ATOMIC_RELAXED);

		/* an id that was used before: its former thread did not give the slot back */
		if (owner == tid)
			return slot;
		if (!owner && take(t, slot, 0, tid)) {
			__atomic_fetch_add(&t->leased, 1, __ATOMIC_RELAXED);
			return slot;
		}
	}
	return PROCESS_SLOT_NONE;
}

/* All are leased: free those of the dead, and count the others anew. */
static void free_dead(struct slot_table *t)
{
	struct timespec now;
	uint32_t second, last = __atomic_load_n(&t->searched, __ATOMIC_RELAXED), slot, left = 0;

	clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
	second = (uint32_t)now.tv_sec + 1;
	if (last == second || !__atomic_compare_exchange_n(&t->searched, &last, second, false,
	                                                   __ATOMIC_RELAXED, __ATOMIC_RELAXED))
		return;
	for (slot = 0; slot < PROCESS_SLOTS; slot++) {
		uint32_t owner = __atomic_load_n(&t->owners[slot], __ATOMIC_RELAXED);

		if (owner && owner_dead(owner) &&
		    __atomic_compare_exchange_n(&t->owners[slot], &owner, 0, false,
		                                __ATOMIC_ACQ_REL, __ATOMIC_RELAXED))
			owner = 0;
		left += owner && slot < OWN;
	}
	__atomic_store_n(&t->leased, left, __ATOMIC_RELAXED);
}

static uint32_t take_shared(struct slot_table *t, uint32_t tid)
{
	uint32_t i, round;

	for (round = 0; round < 4; round++) {
		for (i = 0; i < PROCESS_SLOTS_SHARED; i++) {
			uint32_t slot = OWN + (tid + i) % PROCESS_SLOTS_SHARED;

			if (!__atomic_load_n(&t->owners[slot], __ATOMIC_RELAXED) &&
			    take(t, slot, 0, tid))
				return slot;
		}
		owner_pause();
	}
	/* Others are running on all of them: wait for one. */
	i = OWN + tid % PROCESS_SLOTS_SHARED;
	if (owner_lock(&t->owners[i], tid) == OWNER_BUSY)
		return PROCESS_SLOT_NONE;
	__atomic_fetch_or(&t->ever[i / 64], UINT64_C(1) << i % 64, __ATOMIC_RELEASE);
	return i;
}

uint32_t process_slot_acquire(struct process_slots *s, uint32_t tid, bool *shared)
{
	struct slot_table *t = s->table;
	uint32_t slot;

	*shared = false;
	slot = take_free(t, tid);
	if (slot != PROCESS_SLOT_NONE)
		return slot;
	free_dead(t);
	slot = take_free(t, tid);
	if (slot != PROCESS_SLOT_NONE)
		return slot;
	*shared = true;
	return take_shared(t, tid);
}

void process_slot_release(struct process_slots *s, uint32_t slot, uint32_t tid)
{
	struct slot_table *t = s->table;

	if (slot >= PROCESS_SLOTS ||
	    !__atomic_compare_exchange_n(&t->owners[slot], &tid, 0, false, __ATOMIC_RELEASE,
	                                 __ATOMIC_RELAXED))
		return;
	if (slot < OWN)
		__atomic_fetch_sub(&t->leased, 1, __ATOMIC_RELAXED);
}

void slots_ever(const struct process_slots *s, uint64_t bits[PROCESS_SLOTS / 64])
{
	uint32_t i;

	for (i = 0; i < PROCESS_SLOTS / 64; i++)
		bits[i] = __atomic_load_n(&s->table->ever[i], __ATOMIC_ACQUIRE);
}

uint32_t process_slots_used(const struct process_slots *s)
{
	uint64_t bits[PROCESS_SLOTS / 64];
	uint32_t i;

	slots_ever(s, bits);
	for (i = PROCESS_SLOTS / 64; i-- > 0;)
		if (bits[i])
			return i * 64 + 64 - (uint32_t)__builtin_clzll(bits[i]);
	return 0;
}
