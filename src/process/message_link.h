/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
#ifndef ABIDE_PROCESS_MESSAGE_LINK_H
#define ABIDE_PROCESS_MESSAGE_LINK_H

#include "process/message.h"

/*
 * One end of a control connection: whole messages in and out of a socket that does not block.
 * The other end may send anything, slowly, or nothing; never more is read than one message, and
 * memory grows with what has come, not with what was announced. No SIGPIPE.
 */
struct message_link {
	int fd; /* owned; -1: none */
	/* What is being received. */
	uint8_t head[MESSAGE_HEADER];
	uint32_t have; /* bytes of the message, header included */
	struct message_header header;
	uint8_t *body;
	uint32_t room;
	int fds[MESSAGE_FDS]; /* that came with it; -1: taken */
	uint32_t nr_fds;
	/* What is being sent: append with message_put_X. */
	struct buf out;
	size_t sent;
	int send_fds[MESSAGE_FDS]; /* borrowed; they go with the next byte */
	uint32_t nr_send_fds;
};

/* Takes @fd over and makes it non-blocking. */
void message_link_open(struct message_link *l, int fd);
/* Closes the socket and every descriptor that came and was not taken. */
void message_link_close(struct message_link *l);
/*
 * 1: a whole message is there, .header, .body, .fds; message_link_next makes room for
 * another. 0: not yet. -ECONNRESET: the other end has closed (tag "message-closed"); -EPROTO and
 * others: what came is no message of ours.
 */
int message_link_read(struct message_link *l, struct abide_error *e);
void message_link_next(struct message_link *l);
/* 0: nothing is left to be sent, 1: something is, -errno. */
int message_link_write(struct message_link *l, struct abide_error *e);

#endif
