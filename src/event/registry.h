/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
#ifndef ABIDE_EVENT_REGISTRY_H
#define ABIDE_EVENT_REGISTRY_H

#include <abide/event.h>

#include "event/fire.h"

/* Executables and libraries that registered, and their events. All of it with the lock. */
void event_lock(void);
void event_unlock(void);

struct abide_event_module *event_modules(void);
/* Parsed at the first call; NULL: it cannot be (out of memory, or the records are broken). */
const struct layout *event_module_layout(struct abide_event_module *m);
/* One more, or one less, who uses it. false: it is none of event_module_layout's. */
bool event_layout_hold(const struct layout *l);
void event_layout_drop(const struct layout *l);

/* The next state of @m behind @s (NULL: the first), NULL: that was the last one. */
struct abide_event_state *event_next_state(struct abide_event_module *m, struct abide_event_state *s);
const char *event_state_provider(const struct abide_event_state *s);
const char *event_state_name(const struct abide_event_state *s);
bool event_state_is(const struct abide_event_state *s, const char *provider, const char *name);

/* attach.c, for modules that come and go: arm what is attached to their events; disarm all. */
void event_module_arm(struct abide_event_module *m);
void event_module_disarm(struct abide_event_module *m);

/* start.c: what is done once, before anything is armed. */
void event_begin(void);
/* Started by the environment, if that asks for it. Without the lock. */
void event_registered(void);

#endif
