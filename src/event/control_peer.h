/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
#ifndef ABIDE_EVENT_CONTROL_PEER_H
#define ABIDE_EVENT_CONTROL_PEER_H

#include <sys/types.h>

#include "event/control_session.h"
#include "process/message_link.h"

/* A connection and what came through it. Used by the control thread only. */
struct control_peer {
	struct message_link link; /* .fd is -1: free */
	ino_t inode;              /* of the socket */
	uint64_t deadline;        /* ns, CLOCK_MONOTONIC; 0: none */
	struct control_session *session;
	bool inherited; /* the parent's: only watched for its end */
	bool start;     /* to ABIDE_EVENT_WAIT */
	bool waiting;   /* the process's start waits for GO from here */
	bool ending;    /* closes when all has been sent */
};

#define CONTROL_PATIENCE_NS 10000000000ull /* for the rest of a message, for an answer to be read */

uint64_t control_now_ns(void);
/* control.c: held while a peer's descriptor or session, or what is attached, changes; see fork. */
void control_table_lock(void);
void control_table_unlock(void);
/* Take @fd over, and say HELLO. A session that is there stays. @sessions: how many this process has. */
void control_peer_open(struct control_peer *p, int fd, uint32_t sessions, bool waiting);
/* HELLO once more: other events have registered. */
void control_peer_hello(struct control_peer *p, uint32_t sessions, bool waiting);
/* Detach what came through it, close. @last: nobody else holds the connection, so it ends for all. */
void control_peer_close(struct control_peer *p, bool last);
/* What its programs are not on, as far as that was not said yet and nothing else is being said. */
void control_peer_tell(struct control_peer *p);
/* The process's end, or that of its events: detach, and say COUNTS unasked, as far as they can be sent. */
void control_peer_bye(struct control_peer *p);
/* In the child of a fork, with the table locked: keep what is armed, forget the rest. */
void control_peer_forked(struct control_peer *p);
/* Events for poll(2), 0: none now. */
short control_peer_wants(const struct control_peer *p);
/* After poll(2). False: it is over, and is to be closed. *@go: the process may go on. */
bool control_peer_serve(struct control_peer *p, short events, bool *go);

#endif
