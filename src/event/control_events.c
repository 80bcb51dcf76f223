/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The events of the process, for HELLO: names, and how many programs are on each. In: the registry. Out: a list
 * of the caller's.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "event/control_session.h"
#include "event/event.h"

struct event_list {
	struct message_event *events;
	size_t nr, room;
	bool failed;
};

static void add_event(void *ctx, const char *provider, const char *name, uint32_t programs)
{
	struct event_list *l = ctx;
	struct message_event *p;
	char *text;

	if (l->failed || l->nr == MESSAGE_EVENTS)
		return;
	p = array_grow(l->events, l->nr, &l->room, sizeof(*p));
	if (!p || asprintf(&text, "%s:%s", provider, name) < 0) {
		l->events = p ? p : l->events;
		l->failed = true;
		return;
	}
	l->events = p;
	p[l->nr++] = (struct message_event){ .name = text, .programs = programs };
}

int control_events(struct message_event **events, uint32_t *nr)
{
	struct event_list l = { 0 };

	event_for_each(add_event, &l);
	*events = l.events;
	*nr = l.nr;
	if (!l.failed)
		return 0;
	while (l.nr)
		free((void *)l.events[--l.nr].name);
	free(l.events);
	*events = NULL;
	*nr = 0;
	return -ENOMEM;
}
