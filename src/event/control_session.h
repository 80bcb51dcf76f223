/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
#ifndef ABIDE_EVENT_CONTROL_SESSION_H
#define ABIDE_EVENT_CONTROL_SESSION_H

#include "process/message.h"

/*
 * What came through one connection: maps, programs, and what is armed with them. Used by the
 * control thread only.
 */
struct control_session;

/*
 * Maps are opened, programs verified against the process's own records and compiled; nothing
 * runs yet. @fds: as many as there are maps, and two; those that are kept become -1.
 * *@made: what RESULT says of each program, the caller's to free.
 */
int control_session_open(const struct message_attach *m, int *fds, struct control_session **out,
                         struct message_made **made, struct abide_error *e);
/* Arm all programs. After a failure none is armed. */
int control_session_start(struct control_session *s, struct abide_error *e);
/*
 * Another program in the place of one: each event runs the old one or the new one, and so does each tail call,
 * since arrays have programs by their index.
 */
int control_session_replace(struct control_session *s, const struct message_replace *m,
                            struct message_made *made, struct abide_error *e);
/* Disarm all and wait until none of them runs. */
void control_session_stop(struct control_session *s);
/* One for each program; @counts has MESSAGE_PROGRAMS elements. Their number. */
uint32_t control_session_counts(const struct control_session *s, struct message_counts *counts);
/* Where programs are not, since an event is laid out otherwise there; MESSAGE_UNLIKES at most. Each is given once. */
uint32_t control_session_unlike(struct control_session *s, struct message_unlike *unlike);
bool control_session_started(const struct control_session *s);
/* Where a forked child is to connect to; "": nowhere. */
const char *control_session_children(const struct control_session *s);
/* In the child of a fork: what was armed stays so, and counts begin anew. */
void control_session_forked(struct control_session *s);
/* Stop and free. */
void control_session_free(struct control_session *s);

/* The events of this process, for HELLO. *@events is the caller's to free, names too. -ENOMEM. */
int control_events(struct message_event **events, uint32_t *nr);

#endif
