/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Records of threads. In: a thread that has none. Out: a free record, one of a thread that
 * ended, or one of a new chunk. No lock, no malloc, no hook at the end of threads, since the
 * thread may be in a signal handler, or its own last destructors: a record belongs to the
 * thread id in it, ids are claimed by compare-and-swap, and when no record is free the kernel
 * is asked which of the ids are still there. A record that has the id of the thread that is looking
 * is that of a thread that ended, or this thread's own, claimed by what a signal interrupted.
 *
 * Chunks double, so that asking costs each thread a constant number of system calls.
 */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "event/thread.h"
#include "process/fault.h"

#define FIRST_CHUNK 32

__thread struct event_thread *event_me;

static struct event_thread *all; /* grows only */
static bool fences;
static pid_t pid; /* whose threads these are: not those of a child that shares the memory (vfork) */

static bool claim(struct event_thread *t, uint32_t from, uint32_t tid)
{
	return __atomic_compare_exchange_n(&t->tid, &from, tid, false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED);
}

bool event_thread_is_dead(uint32_t tid)
{
	return tid && syscall(SYS_tgkill, getpid(), (pid_t)tid, 0) && errno == ESRCH;
}

static struct event_thread *find_free(uint32_t tid)
{
	struct event_thread *t;
	uint32_t owner;

	for (t = __atomic_load_n(&all, __ATOMIC_ACQUIRE); t; t = t->next) {
		owner = __atomic_load_n(&t->tid, __ATOMIC_RELAXED);
		if (owner == tid || (!owner && claim(t, 0, tid)))
			return t;
	}
	return NULL;
}

/* One for the caller; the others of the dead are free from now on. *@nr: how many records there are. */
static struct event_thread *find_dead(uint32_t tid, uint32_t *nr, uint32_t *freed)
{
	struct event_thread *t, *mine = NULL;
	uint32_t owner;

	for (t = __atomic_load_n(&all, __ATOMIC_ACQUIRE); t; t = t->next) {
		++*nr;
		owner = __atomic_load_n(&t->tid, __ATOMIC_RELAXED);
		if (!event_thread_is_dead(owner) || !claim(t, owner, mine ? 0 : tid))
			continue;
		++*freed;
		if (!mine)
			mine = t;
	}
	return mine;
}

static struct event_thread *new_chunk(uint32_t tid, uint32_t nr)
{
	struct event_thread *chunk, *head;
	uint32_t i;

	chunk = mmap(NULL, nr * sizeof(*chunk), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (chunk == MAP_FAILED)
		return NULL;
	chunk[0].tid = tid;
	for (i = 0; i + 1 < nr; i++)
		chunk[i].next = &chunk[i + 1];
	head = __atomic_load_n(&all, __ATOMIC_RELAXED);
	do {
		chunk[nr - 1].next = head;
	} while (!__atomic_compare_exchange_n(&all, &head, chunk, false, __ATOMIC_RELEASE, __ATOMIC_RELAXED));
	return chunk;
}

struct event_thread *event_thread_get(void)
{
	uint32_t tid = (uint32_t)syscall(SYS_gettid), nr = 0, freed = 0;
	struct event_thread *t, *dead;

	if (getpid() != __atomic_load_n(&pid, __ATOMIC_RELAXED))
		return NULL;
	t = find_free(tid);
	if (!t) {
		dead = find_dead(tid, &nr, &freed);
		/* few of them: the next threads need not ask again */
		if (!dead || freed < nr / 4)
			t = new_chunk(dead ? 0 : tid, nr ? nr : FIRST_CHUNK);
		if (dead || !t)
			t = dead;
	}
	if (!t)
		return NULL;
	/* it may have ended in the midst of a program, by pthread_exit in a signal handler */
	if (t->seq & 1 && t != event_me)
		__atomic_store_n(&t->seq, t->seq + 1, __ATOMIC_RELEASE);
	memset(&t->run, 0, sizeof(t->run));
	t->run.native = true;
	memset(t->slots, 0, sizeof(t->slots));
	fault_unblock(); /* programs may follow junk */
	t->fence = __atomic_load_n(&fences, __ATOMIC_RELAXED);
	t->error = &errno;
	event_me = t;
	return t;
}

struct event_thread *event_threads(void)
{
	return __atomic_load_n(&all, __ATOMIC_ACQUIRE);
}

void event_threads_begin(bool yes)
{
	__atomic_store_n(&fences, yes, __ATOMIC_RELAXED);
	__atomic_store_n(&pid, getpid(), __ATOMIC_RELAXED);
}

void event_threads_forked(void)
{
	struct event_thread *t;

	pid = getpid();
	for (t = all; t; t = t->next) {
		memset(t->fired, 0, sizeof(t->fired));
		memset(t->slots, 0, sizeof(t->slots));
		if (t == event_me) {
			t->tid = (uint32_t)syscall(SYS_gettid);
			continue;
		}
		t->seq += t->seq & 1;
		t->tid = 0;
	}
}
