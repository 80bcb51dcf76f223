/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
#ifndef ABIDE_EVENT_THREAD_H
#define ABIDE_EVENT_THREAD_H

#include "event/event.h"

/*
 * A record for each thread that fired an armed site: whether it is in a program, its run, its
 * counts. Records are never freed; those of threads that ended are found and used again.
 * Getting one is safe in a signal handler.
 */
#define EVENT_COLUMNS      64 /* links whose runs are counted a thread */
#define EVENT_SLOT_COLUMNS 16 /* sessions whose slots a thread keeps */

struct event_slot {
	struct process_slots *slots; /* of a session; NULL: none yet */
	uint32_t slot;
};

struct event_thread {
	uint64_t seq;  /* odd: in a program. Written by its thread alone */
	uint32_t tid;  /* 0: nobody's */
	bool fence;    /* the kernel has no membarrier for us */
	int *error;    /* where errno is: finding that is a call */
	struct process_run run;
	struct event_slot slots[EVENT_SLOT_COLUMNS + 1]; /* the last one is no session's, ever */
	uint64_t fired[EVENT_COLUMNS];
	struct event_thread *next; /* of all records */
} __attribute__((aligned(64)));

extern __thread struct event_thread *event_me __attribute__((tls_model("initial-exec"), visibility("hidden")));

/* The calling thread's record, a new one if it has none; NULL: no memory, or a child of vfork. */
struct event_thread *event_thread_get(void);
/* All records, for those that hold the lock. */
struct event_thread *event_threads(void);
/* Before anything is armed. @fences: threads announce with a fence that they are in a program. */
void event_threads_begin(bool fences);
bool event_thread_is_dead(uint32_t tid);
/* In a child: the other threads are not there. */
void event_threads_forked(void);

#endif
