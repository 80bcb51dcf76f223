/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Firing: what an armed site calls, in any thread and in signal handlers. The thread's
 * record is marked (.seq odd) before the list of programs is read, and until the last of
 * them has run. Whoever takes a list away publishes the new one, makes all threads pass a
 * barrier (membarrier(2)), and then waits for those that are marked, so that nothing is
 * needed here but two plain stores; grace.c is the other half. Where the kernel has no
 * membarrier there is a fence.
 *
 * A signal handler that fires while its thread is in a program runs nothing: it is
 * counted. Nothing here allocates but the first event of a thread, which takes no lock.
 */
#include <abide/event.h>
#include <errno.h>

#include "event/fire.h"
#include "event/thread.h"

#define unlikely(x) __builtin_expect(!!(x), 0)
#define likely(x)   __builtin_expect(!!(x), 1)

static void missed(const struct event_list *list)
{
	uint32_t i;

	for (i = 0; list && i < list->nr; i++)
		if (__atomic_load_n(&list->entries[i].program, __ATOMIC_RELAXED))
			__atomic_fetch_add(&list->entries[i].link->missed, 1, __ATOMIC_RELAXED);
}

/* Whoever reads the counts does so meanwhile. */
static inline void count_run(struct event_thread *me, uint32_t column)
{
	__atomic_store_n(&me->fired[column], me->fired[column] + 1, __ATOMIC_RELAXED);
}

/* The thread's slot among @p's, *@shared: given back after the run. */
static uint32_t take_slot(struct event_thread *me, const struct event_program *p, bool *shared)
{
	uint32_t column = p->slots_column, slot;

	*shared = false;
	if (column < EVENT_SLOT_COLUMNS && me->slots[column].slots == p->slots)
		return me->slots[column].slot;
	slot = process_slot_acquire(p->slots, me->tid, shared);
	if (slot != PROCESS_SLOT_NONE && !*shared && column < EVENT_SLOT_COLUMNS) {
		me->slots[column].slot = slot;
		me->slots[column].slots = p->slots;
	}
	return slot;
}

/* What is not needed for every program. */
static __attribute__((noinline)) void run_slowly(struct event_thread *me, const struct event_entry *entry,
						 const struct event_program *p, const uint64_t *args)
{
	int saved = errno;
	bool shared = false;

	if (p->slots) {
		me->run.slot = take_slot(me, p, &shared);
		if (me->run.slot == PROCESS_SLOT_NONE) {
			__atomic_fetch_add(&entry->link->missed, 1, __ATOMIC_RELAXED);
			goto out;
		}
	}
	process_run(p->program, &me->run, (uint64_t)(uintptr_t)args, 0);
	me->run.native = true; /* the interpreter says otherwise */
	if (shared)
		process_slot_release(p->slots, me->run.slot, me->tid);
	if (entry->column < EVENT_COLUMNS)
		count_run(me, entry->column);
	else
		__atomic_fetch_add(&entry->link->runs, 1, __ATOMIC_RELAXED);
out:
	errno = saved;
}

/*
 * One way for all that is ready: a program without slots has the column that is nobody's, and
 * errno is kept for all, since jumps cost more here than the few moves that they would spare.
 */
static inline __attribute__((always_inline)) void run_one(struct event_thread *me, const struct event_entry *entry,
							  const uint64_t *args)
{
	const struct event_program *p = __atomic_load_n(&entry->program, __ATOMIC_ACQUIRE);
	const struct event_slot *slot;
	int saved;

	if (unlikely(!p))
		return;
	slot = &me->slots[p->slots_column];
	me->run.budget = p->budget;
	if (likely(p->entry && entry->column < EVENT_COLUMNS && slot->slots == p->slots)) {
		me->run.slot = slot->slot;
		saved = *me->error;
		p->entry((uint64_t)(uintptr_t)args, 0, 0, 0, 0, &me->run);
		count_run(me, entry->column);
		*me->error = saved;
	} else {
		run_slowly(me, entry, p, args);
	}
	if (unlikely(me->run.status != PROCESS_DONE)) {
		__atomic_fetch_add(&entry->link->budget, 1, __ATOMIC_RELAXED);
		me->run.status = PROCESS_DONE;
	}
}

static __attribute__((noinline)) void run_others(struct event_thread *me, const struct event_list *list, const uint64_t *args)
{
	uint32_t i;

	for (i = 1; i < list->nr; i++)
		run_one(me, &list->entries[i], args);
}

static __attribute__((noinline)) struct event_thread *first_event(void)
{
	int saved = errno;
	struct event_thread *me = event_thread_get();

	errno = saved;
	return me;
}

void abide_event_fire(struct abide_event_state *state, const uint64_t *args, unsigned nr_args)
{
	struct event_thread *me = event_me;
	const struct event_list *list;
	uint64_t seq;

	(void)nr_args; /* the program was verified with the event's record, which the site was compiled with */
	if (unlikely(!me)) {
		me = first_event();
		if (!me)
			return;
	}
	seq = me->seq;
	if (unlikely(seq & 1)) {
		missed(__atomic_load_n(&state->armed, __ATOMIC_ACQUIRE));
		return;
	}
	__atomic_store_n(&me->seq, seq + 1, __ATOMIC_RELAXED);
	if (unlikely(me->fence))
		__atomic_thread_fence(__ATOMIC_SEQ_CST);
	else
		__atomic_signal_fence(__ATOMIC_SEQ_CST);
	list = __atomic_load_n(&state->armed, __ATOMIC_ACQUIRE);
	me->run.frame = __builtin_frame_address(0);
	if (likely(list)) {
		run_one(me, &list->entries[0], args);
		if (unlikely(list->nr > 1))
			run_others(me, list, args);
	}
	__atomic_store_n(&me->seq, seq + 2, __ATOMIC_RELEASE);
}
