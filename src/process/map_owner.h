/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
#ifndef ABIDE_PROCESS_MAP_OWNER_H
#define ABIDE_PROCESS_MAP_OWNER_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Locks in shared memory: a word that holds the owner's thread id, 0 when free. Everything
 * here may be called in a signal handler, and leaves errno alone.
 */

/* Before the first owner_self of a process: keeps the cached ids right across fork. */
int owner_init(void);
/* The calling thread's id. */
uint32_t owner_self(void);
/* Whether no thread of that id exists, or only one that has ended and waits for its parent. */
bool owner_dead(uint32_t tid);

enum owner_lock {
	OWNER_LOCKED,
	OWNER_TAKEN, /* from an owner that died: what it left behind has to be put right */
	OWNER_BUSY,  /* held by this very thread (a signal handler asks), or for too long */
};
enum owner_lock owner_lock(uint32_t *word, uint32_t self);
/* Without waiting; a dead owner is not looked for. */
bool owner_trylock(uint32_t *word, uint32_t self);
void owner_unlock(uint32_t *word);

static inline void owner_pause(void)
{
#if defined(__x86_64__)
	__builtin_ia32_pause();
#endif
}

#endif
