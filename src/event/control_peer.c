/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * One connection of the control thread. In: messages of abide, or of anybody of the same user.
 * Out: answers. A message at a time: the next is not read before the answer has gone. Who
 * sends half a message, or does not read the answer, has 10 seconds. A message that is no
 * message ends the connection; one that is refused does not.
 */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "event/control_peer.h"
#include "process/message_socket.h"

uint64_t control_now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

void control_peer_hello(struct control_peer *p, uint32_t sessions, bool waiting)
{
	struct message_hello hello = { .pid = getpid(), .sessions = sessions, .waits = waiting };
	struct message_event *events = NULL;
	uint32_t i;

	p->waiting = waiting;
	p->deadline = control_now_ns() + CONTROL_PATIENCE_NS;

#ifdef __x86_64__
	hello.native = true;
#endif
	if (!control_events(&events, &hello.nr_events))
		hello.events = events;
	hello.inherited = p->session != NULL;
	message_put_hello(&p->link.out, &hello);
	for (i = 0; events && i < hello.nr_events; i++)
		free((void *)events[i].name);
	free(events);
}

void control_peer_open(struct control_peer *p, int fd, uint32_t sessions, bool waiting)
{
	struct control_session *s = p->session;

	control_table_lock();
	memset(p, 0, sizeof(*p));
	message_link_open(&p->link, fd);
	p->inode = message_socket_inode(fd);
	p->session = s;
	p->start = waiting;
	control_table_unlock();
	control_peer_hello(p, sessions, waiting);
}

void control_peer_close(struct control_peer *p, bool last)
{
	struct control_session *s = p->session;

	control_session_stop(s);
	control_table_lock();
	p->session = NULL;
	if (p->link.fd >= 0 && !message_socket_is(p->link.fd, p->inode))
		p->link.fd = -1; /* the application has closed it; the number may be another file's */
	if (p->link.fd >= 0 && last && !p->inherited)
		shutdown(p->link.fd, SHUT_RDWR);
	message_link_close(&p->link);
	memset(p, 0, sizeof(*p));
	p->link.fd = -1;
	control_table_unlock();
	control_session_free(s);
}

void control_peer_forked(struct control_peer *p)
{
	struct control_session *s = p->session;
	int fd = p->link.fd;
	ino_t inode = p->inode;
	bool armed = s && control_session_started(s);

	memset(p, 0, sizeof(*p)); /* a message in the making is lost memory */
	p->link.fd = -1;
	if (fd >= 0 && message_socket_is(fd, inode)) {
		if (armed)
			p->link.fd = fd;
		else
			close(fd);
	}
	if (!armed)
		return;
	p->session = s;
	p->inode = inode;
	p->inherited = true;
	control_session_forked(s);
}

short control_peer_wants(const struct control_peer *p)
{
	if (p->inherited)
		return POLLRDHUP;
	return p->link.out.size ? POLLOUT | POLLRDHUP : POLLIN | POLLRDHUP;
}

static void answer(struct control_peer *p, int err, const struct abide_error *e)
{
	if (err)
		message_put_refusal(&p->link.out, e);
	else
		message_put_result(&p->link.out, NULL, 0);
}

static int need_session(const struct control_peer *p, struct abide_error *e)
{
	return p->session ? 0
	                  : error_set(e, -EINVAL, "message-order",
	                              "there are no programs yet: ATTACH comes first");
}

static void on_attach(struct control_peer *p, struct abide_error *e)
{
	struct message_attach m = { 0 };
	struct message_made *made = NULL;
	struct control_session *s = NULL;
	int err;

	err = p->session ? error_set(e, -EEXIST, "message-order",
	                             "this connection has its programs already")
	                 : 0;
	if (!err)
		err = message_get_attach(p->link.body, p->link.header.size, &m, e);
	if (!err && p->link.nr_fds != m.nr_maps + 2)
		err = error_set(e, -EINVAL, "message-form", "%u maps, and %u descriptors",
		                m.nr_maps, p->link.nr_fds);
	if (!err)
		err = control_session_open(&m, p->link.fds, &s, &made, e);
	if (err)
		message_put_refusal(&p->link.out, e);
	else
		message_put_result(&p->link.out, made, m.nr_programs);
	control_table_lock();
	p->session = s;
	control_table_unlock();
	free(made);
	message_attach_free(&m);
}

static void on_start(struct control_peer *p, struct abide_error *e)
{
	int err = need_session(p, e);

	if (!err)
		err = control_session_start(p->session, e);
	answer(p, err, e);
}

static void on_replace(struct control_peer *p, struct abide_error *e)
{
	struct message_replace m = { 0 };
	struct message_made made = { 0 };
	int err = need_session(p, e);

	if (!err)
		err = message_get_replace(p->link.body, p->link.header.size, &m, e);
	if (!err)
		err = control_session_replace(p->session, &m, &made, e);
	if (err)
		message_put_refusal(&p->link.out, e);
	else
		message_put_result(&p->link.out, &made, 1);
	message_replace_free(&m);
}

static void on_counts(struct control_peer *p, bool bye, struct abide_error *e)
{
	struct message_counts *counts;
	uint32_t nr;
	int err = need_session(p, e);

	counts = err ? NULL : calloc(MESSAGE_PROGRAMS, sizeof(*counts));
	if (!err && !counts)
		err = error_nomem(e);
	if (!err && bye)
		control_session_stop(p->session);
	nr = err ? 0 : control_session_counts(p->session, counts);
	if (err)
		message_put_refusal(&p->link.out, e);
	else
		message_put_counts(&p->link.out, counts, nr);
	free(counts);
}

void control_peer_tell(struct control_peer *p)
{
	struct message_unlike unlike[MESSAGE_UNLIKES];
	uint32_t nr;

	if (p->link.fd < 0 || !p->session || p->inherited || p->link.out.size || p->ending)
		return;
	nr = control_session_unlike(p->session, unlike);
	if (nr)
		message_put_unlike(&p->link.out, unlike, nr);
}

void control_peer_bye(struct control_peer *p)
{
	struct abide_error e;

	if (!p->session || p->inherited || !control_session_started(p->session))
		return;
	on_counts(p, true, &e);
	message_link_write(&p->link, NULL);
}

static void on_unknown(struct control_peer *p, struct abide_error *e)
{
	const struct message_header *h = &p->link.header;

	if (h->version != MESSAGE_VERSION) {
		error_set(e, -EPROTONOSUPPORT, "message-version",
		          "this process speaks version %u of the control protocol, not %u",
		          MESSAGE_VERSION, h->version);
		error_hint(e, "use an abide of the same version as the application's "
		              "libabide-event, or restart the application with a newer one");
	} else {
		error_set(e, -ENOSYS, "message-kind", "a control message of unknown kind %u",
		          h->kind);
	}
	message_put_refusal(&p->link.out, e);
	p->ending = true;
}

static void handle(struct control_peer *p, bool *go)
{
	struct abide_error e = { 0 };

	switch (p->link.header.version == MESSAGE_VERSION ? p->link.header.kind : 0) {
	case MESSAGE_ATTACH:
		on_attach(p, &e);
		break;
	case MESSAGE_START:
		on_start(p, &e);
		break;
	case MESSAGE_GO:
		*go = p->waiting;
		p->waiting = false;
		break;
	case MESSAGE_REPLACE:
		on_replace(p, &e);
		break;
	case MESSAGE_STATS:
		on_counts(p, false, &e);
		break;
	case MESSAGE_BYE:
		on_counts(p, true, &e);
		break;
	default:
		on_unknown(p, &e);
	}
	message_link_next(&p->link);
}

/* True: go on. Whoever has programs here may be silent; else only whoever owes nothing. */
static bool flush(struct control_peer *p)
{
	int left = message_link_write(&p->link, NULL);

	if (!left && p->ending)
		return false;
	if (!left)
		p->deadline = p->session || p->start ? 0
		                                     : control_now_ns() + CONTROL_PATIENCE_NS;
	return left >= 0;
}

bool control_peer_serve(struct control_peer *p, short events, bool *go)
{
	struct abide_error e;
	int got;

	if (p->inherited)
		return !events;
	if (p->deadline && control_now_ns() > p->deadline)
		return false;
	if (events & (POLLERR | POLLNVAL))
		return false;
	if (p->link.out.size)
		return !(events & POLLHUP) && flush(p);
	if (!(events & (POLLIN | POLLHUP | POLLRDHUP)))
		return true;
	got = message_link_read(&p->link, &e);
	if (got < 0) {
		if (got == -ECONNRESET || got == -EPIPE)
			return false;
		message_put_refusal(&p->link.out, &e);
		p->ending = true;
		p->deadline = control_now_ns() + CONTROL_PATIENCE_NS;
		return flush(p);
	}
	if (!got) {
		if (!p->deadline && p->link.have)
			p->deadline = control_now_ns() + CONTROL_PATIENCE_NS;
		return true;
	}
	handle(p, go);
	p->deadline = control_now_ns() + CONTROL_PATIENCE_NS;
	return flush(p);
}
