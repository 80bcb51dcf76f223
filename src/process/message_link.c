/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Messages over a socket. In: bytes and descriptors, in whatever pieces they come. Out: one whole
 * message at a time. A read never goes beyond the message that is being received, so the
 * descriptors that have come are that message's; more of them than it announces, or fewer,
 * is refused, and all that nobody took are closed. See unix(7) for SCM_RIGHTS on streams.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "process/message_link.h"

#define FIRST_ROOM 4096u

void message_link_open(struct message_link *l, int fd)
{
	memset(l, 0, sizeof(*l));
	l->fd = fd;
	fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
}

void message_link_next(struct message_link *l)
{
	uint32_t i;

	for (i = 0; i < l->nr_fds; i++)
		if (l->fds[i] >= 0)
			close(l->fds[i]);
	free(l->body);
	l->body = NULL;
	l->have = l->room = l->nr_fds = 0;
}

void message_link_close(struct message_link *l)
{
	message_link_next(l);
	buf_free(&l->out);
	if (l->fd >= 0)
		close(l->fd);
	memset(l, 0, sizeof(*l));
	l->fd = -1;
}

static bool make_room(struct message_link *l)
{
	uint32_t have = l->have - MESSAGE_HEADER, room = l->room ? l->room : FIRST_ROOM;
	uint8_t *p;

	if (have < l->room)
		return true;
	room = l->room ? room * 2 : room; /* MESSAGE_SIZE is far from an overflow */
	if (room > l->header.size)
		room = l->header.size;
	p = realloc(l->body, room);
	if (!p)
		return false;
	l->body = p;
	l->room = room;
	return true;
}

/* Descriptors that came. False: more than any message has; those are closed. */
static bool keep_fds(struct message_link *l, struct msghdr *msg)
{
	bool fits = !(msg->msg_flags & MSG_CTRUNC);
	struct cmsghdr *c;
	size_t i, n;
	int fd;

	for (c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR(msg, c)) {
		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		n = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		for (i = 0; i < n; i++) {
			memcpy(&fd, CMSG_DATA(c) + i * sizeof(int), sizeof(int));
			if (l->nr_fds < MESSAGE_FDS) {
				l->fds[l->nr_fds++] = fd;
			} else {
				close(fd);
				fits = false;
			}
		}
	}
	return fits;
}

/* Bytes read, 0: none are there now, -errno. */
static ssize_t receive(struct message_link *l, void *to, size_t size, struct abide_error *e)
{
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(sizeof(int) * MESSAGE_FDS)];
	} control;
	struct iovec iov = { .iov_base = to, .iov_len = size };
	struct msghdr msg = { .msg_iov = &iov,
		              .msg_iovlen = 1,
		              .msg_control = control.bytes,
		              .msg_controllen = sizeof(control.bytes) };
	ssize_t n;

	n = recvmsg(l->fd, &msg, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	if (n < 0)
		return error_set(e, -errno, "message-closed", "the connection broke: %s",
		                 strerror(errno));
	if (!keep_fds(l, &msg))
		return error_set(e, -EMSGSIZE, "message-size",
		                 "a control message with more than %u descriptors", MESSAGE_FDS);
	if (!n)
		return error_set(e, -ECONNRESET, "message-closed", "the connection was closed");
	return n;
}

static int whole(struct message_link *l, struct abide_error *e)
{
	if (l->nr_fds == l->header.nr_fds)
		return 1;
	return error_set(e, -EPROTO, "message-form",
	                 "a control message %s announces %u descriptors and has %u",
	                 message_kind_name(l->header.kind), l->header.nr_fds, l->nr_fds);
}

int message_link_read(struct message_link *l, struct abide_error *e)
{
	uint32_t end, at;
	ssize_t n;
	int err;

	while (l->have < MESSAGE_HEADER) {
		n = receive(l, l->head + l->have, MESSAGE_HEADER - l->have, e);
		if (n <= 0)
			return n;
		l->have += n;
		if (l->have < MESSAGE_HEADER)
			continue;
		err = message_get_header(l->head, &l->header, e);
		if (err)
			return err;
	}
	end = MESSAGE_HEADER + l->header.size;
	while (l->have < end) {
		if (!make_room(l))
			return error_nomem(e);
		at = l->have - MESSAGE_HEADER;
		n = receive(l, l->body + at, l->room - at, e);
		if (n <= 0)
			return n;
		l->have += n;
	}
	return whole(l, e);
}

/* Descriptors are beside the first byte of what is sent. */
static ssize_t send_some(struct message_link *l)
{
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(sizeof(int) * MESSAGE_FDS)];
	} control;
	struct iovec iov = { .iov_base = l->out.data + l->sent,
		             .iov_len = l->out.size - l->sent };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	struct cmsghdr *c;

	if (l->nr_send_fds) {
		memset(&control, 0, sizeof(control));
		msg.msg_control = control.bytes;
		msg.msg_controllen = CMSG_SPACE(sizeof(int) * l->nr_send_fds);
		c = CMSG_FIRSTHDR(&msg);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof(int) * l->nr_send_fds);
		memcpy(CMSG_DATA(c), l->send_fds, sizeof(int) * l->nr_send_fds);
	}
	return sendmsg(l->fd, &msg, MSG_NOSIGNAL | MSG_DONTWAIT);
}

int message_link_write(struct message_link *l, struct abide_error *e)
{
	ssize_t n;

	if (l->out.failed)
		return error_nomem(e);
	while (l->sent < l->out.size) {
		n = send_some(l);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			return 1;
		if (n < 0)
			return error_set(e, -errno, "message-closed", "the connection broke: %s",
			                 strerror(errno));
		l->nr_send_fds = 0;
		l->sent += n;
	}
	l->out.size = l->sent = 0;
	return 0;
}
