/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* A library that event_modules.c opens and closes: an event that the executable has, too, one of the same name that is another, one of its own. */
#include <abide/event.h>

DEFINE_EVENT_USER(test, shared, ARG_USER_NUMBER(uint64_t, n));
DEFINE_EVENT_USER(test, unlike, ARG_USER_STR(n));
DEFINE_EVENT_USER(test, own, ARG_USER_NUMBER(uint64_t, n));

void plugin_fire(uint64_t n);

void plugin_fire(uint64_t n)
{
	uint64_t i;

	for (i = 0; i < n; i++) {
		EVENT_USER(test, shared, i);
		EVENT_USER(test, unlike, "text");
		EVENT_USER(test, own, i);
	}
}
