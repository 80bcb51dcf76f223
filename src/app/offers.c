/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Who offers user events. In: the runtime directories of the user, or of all users. Out: a row for each process that
 * listens there, with what its HELLO says. The process is who the kernel says is at the other end of the
 * connection, not what the socket's name says. Nobody can keep the list waiting: who does not answer in
 * time is listed as such.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "app/offers.h"
#include "process/message.h"
#include "process/message_socket.h"
#include "util/clock.h"

#define PATIENCE_MS 500         /* for the answers of all that are asked together */
#define TOGETHER    256
#define MAX_HELLO   (4u << 20)  /* bytes */
#define MAX_OFFERS  65536u
#define MAX_COMMAND 4096

struct finder {
	struct app_offers *l;
	int fds[TOGETHER]; /* connections to the last .nr of the list, which were not heard so far */
	uint32_t nr;
};

/* @n bytes, of which what is not there yet must come before @deadline. */
static bool receive(int fd, void *to, size_t n, int64_t deadline)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	int64_t left;
	ssize_t got;

	while (n) {
		left = deadline - clock_ms();
		if (poll(&p, 1, left > 0 ? (int)left : 0) <= 0)
			return false;
		got = recv(fd, to, n, MSG_DONTWAIT);
		if (got < 0 && (errno == EINTR || errno == EAGAIN))
			continue;
		if (got <= 0)
			return false;
		to = (char *)to + got;
		n -= (size_t)got;
	}
	return true;
}

static void hear(int fd, struct app_offer *o, int64_t deadline)
{
	uint8_t bytes[MESSAGE_HEADER], *body;
	struct message_hello hello = { 0 };
	struct message_header h;
	uint32_t i;

	if (!receive(fd, bytes, sizeof(bytes), deadline) || message_get_header(bytes, &h, NULL) || h.kind != MESSAGE_HELLO ||
	    h.version != MESSAGE_VERSION || h.size > MAX_HELLO)
		return;
	body = malloc(h.size ? h.size : 1);
	if (body && receive(fd, body, h.size, deadline) && !message_get_hello(body, h.size, &hello, NULL)) {
		o->answers = true;
		o->waits = hello.waits;
		o->sessions = hello.sessions;
		o->events = hello.nr_events;
		for (i = 0; i < hello.nr_events; i++)
			o->programs += hello.events[i].programs;
		message_hello_free(&hello);
	}
	free(body);
}

/* All that were connected to have had the same time to answer, so that many silent ones take no longer than one. */
static void hear_all(struct finder *f)
{
	int64_t deadline = clock_ms() + PATIENCE_MS;
	uint32_t i;

	for (i = 0; i < f->nr; i++) {
		hear(f->fds[i], &f->l->items[f->l->nr - f->nr + i], deadline);
		close(f->fds[i]);
	}
	f->nr = 0;
}

/* Its words with spaces between them; what cannot be printed becomes '?'. */
static char *command_of(pid_t pid)
{
	char path[64], text[MAX_COMMAND] = "";
	ssize_t n = -1, i;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/cmdline", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0) {
		n = read(fd, text, sizeof(text) - 1);
		close(fd);
	}
	while (n > 0 && !text[n - 1])
		n--;
	for (i = 0; i < n; i++)
		if (!text[i])
			text[i] = ' ';
		else if (text[i] < ' ' || text[i] > '~')
			text[i] = '?';
	text[n > 0 ? n : 0] = '\0';
	return strdup(text);
}

static int connect_to(const char *path)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	int fd;

	if ((size_t)snprintf(at.sun_path, sizeof(at.sun_path), "%s", path) >= sizeof(at.sun_path))
		return -1;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd >= 0 && connect(fd, (const struct sockaddr *)&at, sizeof(at))) {
		close(fd);
		return -1;
	}
	return fd;
}

/* Takes @fd over. */
static int add(struct finder *f, int fd, const char *path, uid_t owner, struct abide_error *e)
{
	struct app_offer o = { 0 }, *items;
	struct app_offers *l = f->l;
	struct ucred who;
	socklen_t size = sizeof(who);
	uint32_t i;

	/* the socket of a user is that user's process, or root's */
	bool is_new = !getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &size) && (who.uid == owner || !who.uid);

	for (i = 0; is_new && i < l->nr; i++)
		is_new = l->items[i].pid != who.pid;
	if (!is_new || l->nr == MAX_OFFERS) {
		close(fd);
		return is_new ? error_set(e, -E2BIG, "", "more than %u processes offer user events", MAX_OFFERS) : 0;
	}
	if (f->nr == TOGETHER)
		hear_all(f);
	o.pid = who.pid;
	o.uid = who.uid;
	o.path = strdup(path);
	o.command = command_of(who.pid);
	items = array_grow(l->items, l->nr, &l->room, sizeof(*items));
	if (items)
		l->items = items;
	if (!items || !o.path || !o.command) {
		free(o.path);
		free(o.command);
		close(fd);
		return error_nomem(e);
	}
	items[l->nr++] = o;
	f->fds[f->nr++] = fd;
	return 0;
}

static bool is_socket_name(const char *name)
{
	size_t n = strspn(name, "0123456789");

	return n && n < 11 && !strcmp(name + n, ".sock");
}

/* The sockets in @directory, which must be @owner's alone. */
static int look_into(struct finder *f, const char *directory, uid_t owner, struct abide_error *e)
{
	int fd = open(directory, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC), s, err = 0;
	struct dirent *entry;
	struct stat st;
	char *path;
	DIR *d;

	if (fd < 0)
		return 0;
	if (fstat(fd, &st) || st.st_uid != owner || st.st_mode & 077) {
		close(fd);
		return 0;
	}
	d = fdopendir(fd);
	if (!d) {
		close(fd);
		return error_nomem(e);
	}
	while (!err && (entry = readdir(d))) {
		if (!is_socket_name(entry->d_name))
			continue;
		if (asprintf(&path, "%s/%s", directory, entry->d_name) < 0) {
			err = error_nomem(e);
			break;
		}
		s = connect_to(path);
		if (s >= 0)
			err = add(f, s, path, owner, e);
		free(path);
	}
	closedir(d);
	return err;
}

/* "PREFIX" "UID" "SUFFIX": directories of that form in @parent, for every user. */
static int look_everywhere(struct finder *f, const char *parent, const char *prefix, const char *suffix,
                           struct abide_error *e)
{
	size_t n = strlen(prefix);
	struct dirent *entry;
	DIR *d = opendir(parent);
	char *path, *end;
	unsigned long uid;
	int err = 0;

	while (!err && d && (entry = readdir(d))) {
		if (strncmp(entry->d_name, prefix, n) || entry->d_name[n] < '0' || entry->d_name[n] > '9')
			continue;
		errno = 0;
		uid = strtoul(entry->d_name + n, &end, 10);
		if (*end || errno || uid > UINT32_MAX)
			continue;
		if (asprintf(&path, "%s/%s%s", parent, entry->d_name, suffix) < 0) {
			err = error_nomem(e);
			break;
		}
		err = look_into(f, path, (uid_t)uid, e);
		free(path);
	}
	if (d)
		closedir(d);
	return err;
}

static int look_at_own(struct finder *f, struct abide_error *e)
{
	const char *runtime = secure_getenv("XDG_RUNTIME_DIR");
	char path[PATH_MAX];
	unsigned which;
	int err = 0;

	for (which = 0; !err && which < MESSAGE_DIRECTORIES; which++)
		if (message_socket_directory(which, runtime, geteuid(), path, sizeof(path)))
			err = look_into(f, path, geteuid(), e);
	return err;
}

static int by_pid(const void *x, const void *y)
{
	const struct app_offer *a = x, *b = y;

	return a->pid < b->pid ? -1 : a->pid > b->pid;
}

int app_offers_find(struct app_offers *out, struct abide_error *e)
{
	struct finder f = { .l = out };
	int err;

	memset(out, 0, sizeof(*out));
	err = look_at_own(&f, e);
	if (!err && !geteuid())
		err = look_everywhere(&f, "/run/user", "", "/abide", e);
	if (!err && !geteuid())
		err = look_everywhere(&f, "/tmp", "abide-", "", e);
	hear_all(&f);
	if (err)
		app_offers_free(out);
	else if (out->nr)
		qsort(out->items, out->nr, sizeof(*out->items), by_pid);
	return err;
}

void app_offers_free(struct app_offers *o)
{
	uint32_t i;

	for (i = 0; i < o->nr; i++) {
		free(o->items[i].path);
		free(o->items[i].command);
	}
	free(o->items);
	memset(o, 0, sizeof(*o));
}
