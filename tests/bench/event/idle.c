/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* A program that does nothing, and (EVENTS) has a site of an event: what linking libabide-event costs at start. */
#ifdef EVENTS
#include <abide/event.h>

DEFINE_EVENT_USER(idle, end, ARG_USER_NUMBER(int, status));
#endif

int main(int argc, char **argv)
{
	(void)argv;
#ifdef EVENTS
	EVENT_USER(idle, end, argc);
#endif
	return argc != 1;
}
