/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
#ifndef ABIDE_EVENT_FIRE_H
#define ABIDE_EVENT_FIRE_H

#include "event/event.h"

/* What a state's .armed points to: programs in the order in which they were attached. */
struct event_entry {
	struct event_program *program; /* replaced by an atomic store; NULL: there is none any more */
	struct event_link *link;
	uint32_t column;               /* of its counts; EVENT_COLUMNS: they are in the link */
};

struct event_list {
	struct event_retired retired;
	uint32_t nr;
	struct event_entry entries[];
};

#define EVENT_UNLIKE 16 /* of those are remembered */

/* One program on one event. */
struct event_link {
	struct event_link *next; /* in the order of attaching */
	char *provider, *name;
	const struct layout *layout; /* NULL: any */
	struct event_program *program;
	uint32_t column;
	uint64_t runs, missed, budget; /* added to atomically; runs: only without a column */
	const void *unlike[EVENT_UNLIKE]; /* records of modules where the event is another one */
	uint32_t nr_unlike;
	struct event_retired retired;
};

#endif
