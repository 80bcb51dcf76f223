/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Requests to one process. In: a connection. Out: answers, or the refusal that came instead of one. Each
 * request and its answer have a few seconds, so that a process that is stopped, or is none of
 * ours, holds nobody up. How a process is found is connect.c's.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "app/client.h"
#include "app/connect.h"
#include "process/message_link.h"
#include "util/clock.h"

#define ANSWER_MS 10000 /* a large program takes the application a while */
#define HELLO_MS  3000

struct app_client {
	struct message_link link;
	pid_t pid;
	int pidfd; /* -1: this kernel has none (before 5.3) */
	struct message_hello hello;
	uint8_t *hello_body; /* its strings are there */
	struct message_unlike *unlike; /* that came between answers */
	uint32_t nr_unlike;
};

#define MAX_UNLIKE 1024u /* that are kept of one process */

static int wait_for(struct app_client *c, short events, int64_t until, struct abide_error *e)
{
	struct pollfd p = { .fd = c->link.fd, .events = events };
	int64_t left = until - clock_ms();
	int n;

	n = left <= 0 ? 0 : poll(&p, 1, (int)left);
	if (n > 0 || (n < 0 && errno == EINTR))
		return 0;
	if (n < 0)
		return error_set(e, -errno, "", "cannot wait: %s", strerror(errno));
	error_set(e, -ETIMEDOUT, "process-silent", "process %d does not answer", c->pid);
	return error_hint(e, "is it stopped (state T in ps), or so busy that its control thread does not run?");
}

static int lost(const struct app_client *c, int err, struct abide_error *e)
{
	if (!e || strcmp(e->tag, "message-closed"))
		return err;
	return error_set(e, err, "process-ended", "process %d has closed the connection%s", c->pid,
	                 app_client_ended(c) && c->pidfd >= 0 && kill(c->pid, 0) ? ": it has ended" : "");
}

/* Send what is in .link.out. */
static int send_all(struct app_client *c, int64_t until, struct abide_error *e)
{
	int err;

	do {
		err = message_link_write(&c->link, e);
		if (err == 1)
			err = wait_for(c, POLLOUT, until, e) ? e->code : 1;
	} while (err == 1);
	return err ? lost(c, err, e) : 0;
}

/* A whole message has come: was it UNLIKE, which may come at any time? Then it is kept, and there is room for another. */
static bool keep_unlike(struct app_client *c)
{
	struct message_unlike *m, *grown;
	uint32_t nr;

	if (c->link.header.kind != MESSAGE_UNLIKE || c->link.header.version != MESSAGE_VERSION)
		return false;
	if (!message_get_unlike(c->link.body, c->link.header.size, &m, &nr, NULL)) {
		grown = c->nr_unlike + nr > MAX_UNLIKE ? NULL : realloc(c->unlike, (c->nr_unlike + nr) * sizeof(*m));
		if (grown && nr) {
			memcpy(grown + c->nr_unlike, m, nr * sizeof(*m));
			c->unlike = grown;
			c->nr_unlike += nr;
		}
		free(m);
	}
	message_link_next(&c->link);
	return true;
}

/* The next message, which must be of @kind; a refusal becomes *@e. */
static int receive(struct app_client *c, enum message_kind kind, int64_t until, struct abide_error *e)
{
	const struct message_header *h = &c->link.header;
	struct abide_error refusal;
	int got, err;

	for (;;) {
		got = message_link_read(&c->link, e);
		if (got < 0)
			return lost(c, got, e);
		if (got && keep_unlike(c))
			continue;
		if (got)
			break;
		err = wait_for(c, POLLIN, until, e);
		if (err)
			return err;
	}
	if (h->kind == MESSAGE_REFUSAL) {
		err = message_get_refusal(c->link.body, h->size, &refusal, e);
		if (err)
			return err;
		*e = refusal;
		return refusal.code;
	}
	if (h->version != MESSAGE_VERSION) {
		error_set(e, -EPROTONOSUPPORT, "message-version",
		          "process %d speaks version %u of the control protocol, not %u", c->pid, h->version,
		          MESSAGE_VERSION);
		return error_hint(e, "use an abide of the same version as the application's libabide-event");
	}
	if (h->kind == (uint16_t)kind)
		return 0;
	return error_set(e, -EPROTO, "message-order", "process %d answers %s, and %s was expected", c->pid,
	                 message_kind_name(h->kind), message_kind_name(kind));
}

/* @put: what appending the request gave. The answer is in .link until message_link_next. */
static int ask(struct app_client *c, int put, enum message_kind kind, struct abide_error *e)
{
	int64_t until = clock_ms() + ANSWER_MS;
	struct abide_error own = { 0 };
	int err;

	if (put == -E2BIG)
		return error_set(e, put, "message-size", "the programs are larger than a message may be: %u MiB",
		                 MESSAGE_SIZE >> 20);
	if (put)
		return error_nomem(e);
	err = send_all(c, until, &own);
	if (!err)
		err = receive(c, kind, until, &own);
	if (err && e)
		*e = own;
	if (err)
		message_link_next(&c->link);
	return err;
}

static int hear_hello(struct app_client *c, struct abide_error *e)
{
	struct abide_error own = { 0 };
	int err = receive(c, MESSAGE_HELLO, clock_ms() + HELLO_MS, &own);

	message_hello_free(&c->hello);
	if (!err)
		err = message_get_hello(c->link.body, c->link.header.size, &c->hello, &own);
	if (err && e)
		*e = own;
	if (!err) {
		free(c->hello_body);
		c->hello_body = c->link.body;
		c->link.body = NULL;
	}
	message_link_next(&c->link);
	return err;
}

int app_client_again(struct app_client *c, struct abide_error *e)
{
	return hear_hello(c, e);
}

int app_client_accept(int fd, struct app_client **out, struct abide_error *e)
{
	struct app_client *c = calloc(1, sizeof(*c));
	struct ucred who;
	socklen_t size = sizeof(who);
	int err;

	*out = NULL;
	if (!c) {
		close(fd);
		return error_nomem(e);
	}
	message_link_open(&c->link, fd);
	c->pidfd = -1;
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &size) || !who.pid) {
		err = error_set(e, -ESRCH, "process-namespace",
		                "whoever connected is in another PID namespace");
		goto out;
	}
	c->pid = who.pid;
	c->pidfd = (int)syscall(SYS_pidfd_open, c->pid, 0);
	err = hear_hello(c, e);
out:
	if (err)
		app_client_free(c);
	else
		*out = c;
	return err;
}

int app_client_connect(pid_t pid, struct app_client **out, struct abide_error *e)
{
	int fd, err;

	*out = NULL;
	err = connect_process(pid, &fd, e);
	return err ? err : app_client_accept(fd, out, e);
}

void app_client_free(struct app_client *c)
{
	if (!c)
		return;
	message_link_close(&c->link);
	message_hello_free(&c->hello);
	free(c->hello_body);
	free(c->unlike);
	if (c->pidfd >= 0)
		close(c->pidfd);
	free(c);
}

pid_t app_client_pid(const struct app_client *c)
{
	return c->pid;
}

const struct message_hello *app_client_hello(const struct app_client *c)
{
	return &c->hello;
}

int app_client_fd(const struct app_client *c)
{
	return c->link.fd;
}

int app_client_pidfd(const struct app_client *c)
{
	return c->pidfd;
}

bool app_client_ended(const struct app_client *c)
{
	struct pollfd p[2] = { { .fd = c->link.fd, .events = POLLRDHUP },
		               { .fd = c->pidfd, .events = POLLIN } };

	if (poll(p, 2, 0) <= 0)
		return false;
	return p[0].revents & (POLLRDHUP | POLLHUP | POLLERR) || p[1].revents & POLLIN;
}

int app_client_attach(struct app_client *c, const struct message_attach *m, const int *fds,
                      struct message_made **made, struct abide_error *e)
{
	uint32_t nr;
	int err;

	*made = NULL;
	if (m->nr_maps > MESSAGE_MAPS || m->nr_programs > MESSAGE_PROGRAMS)
		return error_set(e, -E2BIG, "message-size", "an application takes at most %u maps and %u programs",
		                 MESSAGE_MAPS, MESSAGE_PROGRAMS);
	memcpy(c->link.send_fds, fds, (m->nr_maps + 2) * sizeof(*fds));
	c->link.nr_send_fds = m->nr_maps + 2;
	err = ask(c, message_put_attach(&c->link.out, m), MESSAGE_RESULT, e);
	if (err)
		return err;
	err = message_get_result(c->link.body, c->link.header.size, made, &nr, e);
	if (!err && nr != m->nr_programs)
		err = error_set(e, -EPROTO, "message-form", "process %d says something of %u programs, not %u",
		                c->pid, nr, m->nr_programs);
	message_link_next(&c->link);
	return err;
}

int app_client_start(struct app_client *c, struct abide_error *e)
{
	int err = ask(c, message_put_empty(&c->link.out, MESSAGE_START), MESSAGE_RESULT, e);

	message_link_next(&c->link);
	return err;
}

/* Needs no answer. */
int app_client_go(struct app_client *c, struct abide_error *e)
{
	struct abide_error own = { 0 };
	int err = message_put_empty(&c->link.out, MESSAGE_GO);

	err = err ? error_nomem(&own) : send_all(c, clock_ms() + ANSWER_MS, &own);
	if (err && e)
		*e = own;
	c->hello.waits = false;
	return err;
}

int app_client_replace(struct app_client *c, const struct message_replace *m, struct message_made *made,
                       struct abide_error *e)
{
	struct message_made *list = NULL;
	uint32_t nr = 0;
	int err;

	err = ask(c, message_put_replace(&c->link.out, m), MESSAGE_RESULT, e);
	if (!err)
		err = message_get_result(c->link.body, c->link.header.size, &list, &nr, e);
	if (!err && nr != 1)
		err = error_set(e, -EPROTO, "message-form", "process %d says something of %u programs, not 1",
		                c->pid, nr);
	if (!err)
		*made = list[0];
	free(list);
	message_link_next(&c->link);
	return err;
}

static int take_counts(struct app_client *c, struct message_counts **out, uint32_t *nr, struct abide_error *e)
{
	int err = message_get_counts(c->link.body, c->link.header.size, out, nr, e);

	message_link_next(&c->link);
	return err;
}

int app_client_counts(struct app_client *c, struct message_counts **out, uint32_t *nr, struct abide_error *e)
{
	int err = ask(c, message_put_empty(&c->link.out, MESSAGE_STATS), MESSAGE_COUNTS, e);

	*out = NULL;
	*nr = 0;
	return err ? err : take_counts(c, out, nr, e);
}

bool app_client_goes_on(struct app_client *c)
{
	int got;

	do
		got = message_link_read(&c->link, NULL);
	while (got == 1 && keep_unlike(c));
	return !got && !app_client_ended(c);
}

struct message_unlike *app_client_unlike(struct app_client *c, uint32_t *nr)
{
	struct message_unlike *list = c->unlike;

	*nr = c->nr_unlike;
	c->unlike = NULL;
	c->nr_unlike = 0;
	return list;
}

int app_client_bye(struct app_client *c, struct abide_error *e)
{
	struct abide_error own = { 0 };
	int err = message_put_empty(&c->link.out, MESSAGE_BYE);

	err = err ? error_nomem(&own) : send_all(c, clock_ms() + HELLO_MS, &own);
	if (err && e)
		*e = own;
	return err;
}

int app_client_bye_counts(struct app_client *c, struct message_counts **out, uint32_t *nr, struct abide_error *e)
{
	int64_t patience = app_client_ended(c) ? 0 : HELLO_MS;
	struct abide_error own = { 0 };
	int err = receive(c, MESSAGE_COUNTS, clock_ms() + patience, &own);

	*out = NULL;
	*nr = 0;
	if (!err)
		err = take_counts(c, out, nr, &own);
	else
		message_link_next(&c->link);
	if (err && e)
		*e = own;
	return err;
}
