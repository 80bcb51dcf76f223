/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
#ifndef ABIDE_APP_CLIENT_H
#define ABIDE_APP_CLIENT_H

#include <sys/types.h>

#include "process/message.h"

/*
 * abide's end of the control protocol: a connection to one process. Requests wait for their answer
 * a few seconds at most. What the process refuses comes back as its own refusal. When the connection
 * ends, for whatever reason, the process has detached what came through it.
 */
struct app_client;

/*
 * To process @pid, which listens. Tags: "not-listening", "process-user" (another user's), "process-namespace"
 * (its ids are others than ours), "process-silent" (stopped, or no process of ours at the other end).
 */
int app_client_connect(pid_t pid, struct app_client **out, struct abide_error *e);
/* From whoever connected to @fd, which is taken over. */
int app_client_accept(int fd, struct app_client **out, struct abide_error *e);
void app_client_free(struct app_client *c);

/* As we see it. */
pid_t app_client_pid(const struct app_client *c);
const struct message_hello *app_client_hello(const struct app_client *c);
/* Other events have registered, and it waits again: hear its new HELLO. */
int app_client_again(struct app_client *c, struct abide_error *e);
/* To poll(2): readable when the connection or the process has ended. */
int app_client_fd(const struct app_client *c);
int app_client_pidfd(const struct app_client *c);
/* Has either ended? */
bool app_client_ended(const struct app_client *c);

/* @fds: as the protocol says, borrowed. *@made: m->nr_programs of them, the caller's to free. */
int app_client_attach(struct app_client *c, const struct message_attach *m, const int *fds,
		      struct message_made **made, struct abide_error *e);
int app_client_start(struct app_client *c, struct abide_error *e);
int app_client_go(struct app_client *c, struct abide_error *e);
int app_client_replace(struct app_client *c, const struct message_replace *m, struct message_made *made,
		       struct abide_error *e);
/* Counts of each program so far. */
int app_client_counts(struct app_client *c, struct message_counts **out, uint32_t *nr, struct abide_error *e);
/*
 * What came unasked: while true is returned the process goes on, and said no more than that programs are not
 * everywhere (app_client_unlike). False: the connection has ended, or COUNTS came, which ends it.
 */
bool app_client_goes_on(struct app_client *c);
/* What was heard of that since the last call; the caller's to free, NULL: nothing. */
struct message_unlike *app_client_unlike(struct app_client *c, uint32_t *nr);
/* Detach. In two steps, so that many processes do it at once: ask all, then hear what each of them says. */
int app_client_bye(struct app_client *c, struct abide_error *e);
int app_client_bye_counts(struct app_client *c, struct message_counts **out, uint32_t *nr, struct abide_error *e);

#endif
