/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
#ifndef ABIDE_EVENT_EVENT_H
#define ABIDE_EVENT_EVENT_H

#include <stdbool.h>
#include <stdint.h>

#include "process/layout_types.h"
#include "process/map.h"
#include "process/program.h"

/*
 * The application's side: which events there are, and programs on them. Programs can be
 * attached, replaced and detached while any number of threads fires; none of them is stopped,
 * and each event is seen by the old or by the new one. What a program uses is given back by
 * .release when no thread can be in it any more.
 *
 * All but firing takes one lock, and may be called from any thread that is not in a signal handler.
 */
#define EVENT_BUDGET 1000000 /* instructions of a run, if the program says nothing */

struct event_retired { /* something that waits for threads to leave it */
	struct event_retired *next;
	void (*release)(struct event_retired *r);
};

/* All-zero but for what the owner sets; in use from attach until .release. */
struct event_program {
	const struct process_program *program;
	struct process_slots *slots; /* its maps have one value a thread; NULL: it needs no slot */
	int64_t budget;              /* 0: EVENT_BUDGET */
	/* Called once, with the lock held, when nobody runs it any more. NULL: nothing to give back. */
	void (*release)(struct event_program *p);
	void *owner;
	/* The registry's. */
	process_fn entry; /* native code; NULL: interpreted */
	uint32_t slots_column;
	struct event_retired retired;
};

struct event_counts {
	uint64_t runs;
	uint64_t missed; /* not run: the thread was in a program already (a signal), or found no slot */
	uint64_t budget; /* of the runs: ended early */
};

struct event_link;

/*
 * Attach @p to an event of every executable and library that has it, also of those
 * that are loaded later. @l: the layout that the program was verified with (event_layout); where the event
 * is another one it is left alone. NULL @l: whatever the event is like. -ENOMEM, -EINVAL.
 */
int event_attach(const char *provider, const char *name, const struct layout *l, struct event_program *p,
		 struct event_link **out, struct abide_error *e);
/* From now on @p, in place of what was there. Never fails. */
void event_replace(struct event_link *link, struct event_program *p);
/* @p, which was never attached but ran by tail calls, and which nothing leads to any more. */
void event_release(struct event_program *p);
/* @counts (may be NULL): the final ones. @link is gone, its program is released. */
void event_detach(struct event_link *link, struct event_counts *counts);
void event_link_counts(struct event_link *link, struct event_counts *counts);
/* Executables and libraries where it is attached, and where the event has another layout. */
void event_link_modules(struct event_link *link, uint32_t *attached, uint32_t *unlike);
/* The records of the latter ones, also of those that have gone since; at most @room. How many. */
uint32_t event_link_unlike(struct event_link *link, const void **records, uint32_t room);
/* Grows when an executable or library registers. Without the lock. */
uint32_t event_modules_seen(void);

/*
 * The layout of the first module that has the event, to be given back with event_layout_put.
 * -ENOENT (tag "event-unknown"): there is none.
 */
int event_layout(const char *provider, const char *name, const struct layout **out, struct abide_error *e);
void event_layout_put(const struct layout *l);
/* Each event once; @programs: how many are attached. The lock is held meanwhile. */
void event_for_each(void (*fn)(void *ctx, const char *provider, const char *name, uint32_t programs), void *ctx);

/*
 * The control thread (control.c), which does all of the above for abide. start: 0 or -errno,
 * does not wait. ready: events have registered; may wait for abide. forked: in a child, whose only thread this is. before_fork, after_fork (in
 * both): the thread is between two changes meanwhile; taken before the registry's lock.
 */
int event_control_start(void);
void event_control_ready(void);
void event_control_stop(void);
void event_control_forked(void);
void event_control_before_fork(void);
void event_control_after_fork(void);

#endif
