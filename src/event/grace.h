/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
#ifndef ABIDE_EVENT_GRACE_H
#define ABIDE_EVENT_GRACE_H

#include "event/event.h"

/* All with the registry's lock. Call begin before anything is armed; again is harmless. */
void event_grace_begin(void);
/* To be released when all threads have left what they are in now. */
void event_retire(struct event_retired *r, void (*release)(struct event_retired *r));
/*
 * Wait until all threads have left it, and release. false: some thread does not leave (it is
 * stopped, or left by longjmp); what is retired waits for the next time.
 */
bool event_grace(void);

#endif
