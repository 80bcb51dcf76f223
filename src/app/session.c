/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * A run of one object on processes. In: process ids, and processes that connect by themselves (those that
 * a command starts, and forked children of others). Out: each has the programs, translated for its
 * binary, on the same maps. A process that came by itself and has none of the events goes on without.
 * The end of a process is the end of its connection, or of the process, whichever is seen first.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "app/name.h"
#include "app/session_part.h"

#define LISTENER UINT64_MAX /* epoll's data; processes: their index */

static int epoll_add(struct app_session *s, int fd, uint64_t what)
{
	struct epoll_event event = { .events = EPOLLIN | EPOLLRDHUP, .data.u64 = what };

	return fd < 0 || !epoll_ctl(s->epoll, EPOLL_CTL_ADD, fd, &event) ? 0 : -errno;
}

int app_session_open(const struct object *o, const struct app_session_options *opts, struct app_session **out,
                     struct abide_error *e)
{
	struct app_session *s = calloc(1, sizeof(*s));
	int err;

	*out = NULL;
	if (!s)
		return error_nomem(e);
	s->object = o;
	s->opts = *opts;
	s->trace = MESSAGE_NONE;
	s->slots_fd = s->wake[0] = s->wake[1] = s->listener.fd = -1;
	s->epoll = epoll_create1(EPOLL_CLOEXEC);
	err = s->epoll < 0 ? error_set(e, -errno, "", "cannot wait for processes: %s", strerror(errno)) : 0;
	if (!err)
		err = message_socket_open(&s->listener, "run-", e);
	if (!err && epoll_add(s, s->listener.fd, LISTENER))
		err = error_set(e, -errno, "", "cannot wait for processes: %s", strerror(errno));
	if (err)
		app_session_free(s);
	else
		*out = s;
	return err;
}

void app_session_free(struct app_session *s)
{
	size_t i;

	if (!s)
		return;
	app_session_detach(s);
	for (i = 0; i < s->nr_processes; i++) {
		free(s->processes[i]->made);
		free(s->processes[i]->counts);
		free(s->processes[i]);
	}
	for (i = 0; i < s->nr_versions; i++)
		session_version_free(s->versions[i]);
	session_close_maps(s);
	message_socket_close(&s->listener, true);
	if (s->epoll >= 0)
		close(s->epoll);
	free(s->processes);
	free(s->versions);
	free(s);
}

const char *app_session_path(const struct app_session *s)
{
	return s->listener.at.sun_path;
}

/* Takes @c over. */
static int add(struct app_session *s, struct app_client *c, struct session_process **out, struct abide_error *e)
{
	struct session_process *p = calloc(1, sizeof(*p)), **list;

	list = array_grow(s->processes, s->nr_processes, &s->room_processes, sizeof(*list));
	if (list)
		s->processes = list;
	if (!p || !list || epoll_add(s, app_client_fd(c), s->nr_processes) ||
	    epoll_add(s, app_client_pidfd(c), s->nr_processes)) {
		free(p);
		app_client_free(c);
		return error_nomem(e);
	}
	p->client = c;
	p->shown.pid = app_client_pid(c);
	app_process_name(p->shown.pid, p->shown.name, sizeof(p->shown.name));
	list[s->nr_processes++] = p;
	*out = p;
	return 0;
}

static void end(struct session_process *p)
{
	app_client_free(p->client); /* both descriptors leave epoll by being closed */
	p->client = NULL;
	p->shown.ended = true;
}

/* Translated for it, sent, and accepted; nothing runs yet. */
static int attach(struct app_session *s, struct session_process *p, struct abide_error *e)
{
	struct session_version *v;
	int fds[MESSAGE_FDS], err;
	uint32_t i;

	err = session_version(s, p->shown.pid, &v, e);
	if (err)
		return err;
	session_fds(s, fds);
	err = app_client_attach(p->client, &v->message, fds, &p->made, e);
	if (err)
		return err;
	p->shown.made = p->made;
	for (i = 0; i < v->message.nr_programs; i++)
		p->shown.insns += p->made[i].insns;
	return 0;
}

static int start(struct app_session *s, struct session_process *p, struct abide_error *e)
{
	int err = app_client_start(p->client, e);

	if (err)
		return err;
	p->started = true;
	s->ever++;
	if (s->opts.attached)
		s->opts.attached(s->opts.ctx, &p->shown);
	return 0;
}

int app_session_watch(struct app_session *s, pid_t pid, struct abide_error *e)
{
	struct session_process *p;
	struct session_version *v;
	struct app_client *c;
	int err;

	err = session_version(s, pid, &v, e); /* whether it has the events at all comes first */
	if (!err)
		err = app_client_connect(pid, &c, e);
	if (!err)
		err = add(s, c, &p, e);
	return err ? err : attach(s, p, e);
}

int app_session_start(struct app_session *s, struct abide_error *e)
{
	size_t i;
	int err = 0;

	for (i = 0; !err && i < s->nr_processes; i++)
		if (s->processes[i]->client && !s->processes[i]->started)
			err = start(s, s->processes[i], e);
	return err;
}

static void hear_unlike(const struct app_session *s, struct session_process *p)
{
	struct message_unlike *list;
	char path[4096];
	uint32_t nr, i;

	list = app_client_unlike(p->client, &nr);
	for (i = 0; i < nr && s->opts.unlike; i++) {
		const struct app_program *program = app_session_program(s, list[i].program);

		if (program)
			s->opts.unlike(s->opts.ctx, &p->shown, program,
			               app_file_at(p->shown.pid, list[i].address, path, sizeof(path)) ? path : NULL);
	}
	free(list);
}

static void hear_counts(const struct app_session *s, struct session_process *p)
{
	uint32_t nr;

	if (!app_client_bye_counts(p->client, &p->counts, &nr, NULL) && nr == app_session_programs(s))
		p->shown.counts = p->counts;
	hear_unlike(s, p);
	end(p);
}

void app_session_detach(struct app_session *s)
{
	size_t i;

	for (i = 0; i < s->nr_processes; i++)
		if (s->processes[i]->client && !s->processes[i]->started)
			end(s->processes[i]);
		else if (s->processes[i]->client)
			app_client_bye(s->processes[i]->client, NULL); /* or it has ended, and said it */
	for (i = 0; i < s->nr_processes; i++)
		if (s->processes[i]->client)
			hear_counts(s, s->processes[i]);
}

int app_session_fd(const struct app_session *s)
{
	return s->epoll;
}

/* Refusals that say no more than that these programs are not for this process. */
static bool is_stranger(const struct abide_error *e)
{
	return !strcmp(e->tag, "user-events-none") || !strcmp(e->tag, "event-unknown");
}

/* A child that was forked while its parent ran the programs. */
static void adopt(struct app_session *s, struct session_process *p)
{
	p->started = true;
	s->ever++;
	if (s->opts.attached)
		s->opts.attached(s->opts.ctx, &p->shown);
}

/*
 * One that waits. It may have none of the events, or not yet: libraries register one after the
 * other, and some are loaded later. Then it goes on, and says when there are more.
 */
static int join(struct app_session *s, struct session_process *p, struct abide_error *e)
{
	struct abide_error own = { 0 };
	int err;

	err = attach(s, p, &own);
	if (!err)
		err = start(s, p, &own);
	if (app_client_go(p->client, NULL) || (err && !is_stranger(&own)))
		end(p);
	if (!err || !strcmp(own.tag, "process-ended"))
		return 0;
	if (s->ever || is_stranger(&own)) {
		if (s->opts.refused)
			s->opts.refused(s->opts.ctx, p->shown.pid, &own);
		return 0;
	}
	*e = own;
	return err;
}

/* Whoever it was may have gone, or be no process of ours: no reason to end. */
static int welcome(struct app_session *s, int fd, struct abide_error *e)
{
	struct session_process *p;
	struct app_client *c;
	int err;

	if (app_client_accept(fd, &c, NULL))
		return 0;
	err = add(s, c, &p, e);
	if (err)
		return err;
	if (!app_client_hello(c)->inherited)
		return join(s, p, e);
	adopt(s, p);
	return 0;
}

/* Something is to be read from it, or it has ended. */
static int hear(struct app_session *s, struct session_process *p, struct abide_error *e)
{
	if (!p->client)
		return 0;
	if (p->started && app_client_goes_on(p->client))
		hear_unlike(s, p);
	else if (p->started)
		hear_counts(s, p); /* the last thing that a process says */
	else if (!app_client_ended(p->client) && !app_client_again(p->client, NULL))
		return join(s, p, e);
	else
		end(p);
	return 0;
}

int app_session_serve(struct app_session *s, struct abide_error *e)
{
	struct epoll_event events[64];
	int n, i, fd, err = 0;

	n = epoll_wait(s->epoll, events, 64, 0);
	for (i = 0; i < n; i++) {
		uint64_t what = events[i].data.u64;

		if (!err && what < s->nr_processes)
			err = hear(s, s->processes[what], e);
	}
	for (i = 0; i < n && !err; i++) {
		if (events[i].data.u64 != LISTENER)
			continue;
		while (!err && (fd = message_socket_accept(&s->listener)) >= 0)
			err = welcome(s, fd, e);
	}
	return err;
}

uint32_t app_session_watched(const struct app_session *s)
{
	uint32_t n = 0;
	size_t i;

	for (i = 0; i < s->nr_processes; i++)
		n += s->processes[i]->client && s->processes[i]->started;
	return n;
}

uint32_t app_session_ever(const struct app_session *s)
{
	return s->ever;
}

const struct app_process *app_session_process(const struct app_session *s, uint32_t i)
{
	return i < s->nr_processes ? &s->processes[i]->shown : NULL;
}

uint32_t app_session_programs(const struct app_session *s)
{
	return s->nr_versions ? s->versions[0]->image->nr_programs : 0;
}

const struct app_program *app_session_program(const struct app_session *s, uint32_t i)
{
	return i < app_session_programs(s) ? &s->versions[0]->image->programs[i] : NULL;
}

uint32_t app_session_insns(const struct app_session *s)
{
	uint32_t i, n = 0;

	for (i = 0; i < app_session_programs(s); i++)
		n += s->versions[0]->image->programs[i].nr_insns;
	return n;
}
