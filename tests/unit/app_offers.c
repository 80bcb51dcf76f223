/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Who offers user events: a runtime directory of this test's own, and children that listen there. One answers as an
 * application does, one says nothing, one says what is no HELLO, and there is a name behind which nobody
 * is. Checked: that each is listed as what it is, and directories that others may enter are not looked into.
 */
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "app/offers.h"
#include "process/message.h"
#include "resolve_kit.h"

static char folder[] = "/tmp/abide-offers-test.XXXXXX";
static char sockets[64];

static void socket_path(char *path, size_t size, int name)
{
	snprintf(path, size, "%s/%d.sock", sockets, name);
}

static int listen_as(int name)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	socket_path(at.sun_path, sizeof(at.sun_path), name);
	if (bind(fd, (const struct sockaddr *)&at, sizeof(at)) || listen(fd, 4))
		_exit(1);
	return fd;
}

/* A child that says @text to whoever comes; it is there when this returns. */
static pid_t child(int name, const void *text, size_t size)
{
	int ready[2], fd, c;
	char byte = 0;
	pid_t pid;

	if (pipe(ready))
		return -1;
	pid = fork();
	if (!pid) {
		alarm(60); /* should the test itself end early */
		fd = listen_as(name);
		if (write(ready[1], &byte, 1) != 1)
			_exit(1);
		while ((c = accept(fd, NULL, NULL)) >= 0) {
			if (size && write(c, text, size) < 0)
				_exit(1);
			if (size)
				close(c);
		}
		_exit(0);
	}
	close(ready[1]);
	if (read(ready[0], &byte, 1) != 1)
		pid = -1;
	close(ready[0]);
	return pid;
}

static void stop(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

static const struct app_offer *offer_of(const struct app_offers *l, pid_t pid)
{
	uint32_t i;

	for (i = 0; i < l->nr; i++)
		if (l->items[i].pid == pid)
			return &l->items[i];
	return NULL;
}

int main(void)
{
	struct message_event events[] = { { "mydb:a", 2 }, { "mydb:b", 0 }, { "mydb:c", 1 } };
	struct message_hello hello = { .pid = 1, .sessions = 2, .waits = true, .events = events, .nr_events = 3 };
	const struct app_offer *o;
	struct app_offers l;
	struct abide_error e = { 0 };
	struct buf good = { 0 };
	pid_t speaks, silent, babbles, gone;
	char path[160];
	int i;

	if (!mkdtemp(folder))
		return 1;
	setenv("XDG_RUNTIME_DIR", folder, 1);
	snprintf(sockets, sizeof(sockets), "%s/abide", folder);
	mkdir(sockets, 0700);
	OK(!message_put_hello(&good, &hello), "what an application says first");
	speaks = child(1, good.data, good.size);
	silent = child(2, NULL, 0);
	babbles = child(3, "HTTP/1.1 400 Bad Request\r\n\r\n", 28);
	gone = child(4, "", 1);
	stop(gone);

	OK(!app_offers_find(&l, &e), "the list");
	o = offer_of(&l, speaks);
	OK(o && o->answers && o->events == 3 && o->programs == 3 && o->sessions == 2 && o->waits && o->uid == geteuid(),
	   "one that answers: its events, and what is attached");
	HAS(o ? o->command : "", "app_offers", "its command");
	HAS(o ? o->path : "", "/1.sock", "its socket");
	o = offer_of(&l, silent);
	OK(o && !o->answers, "one that says nothing does not hold up the list");
	o = offer_of(&l, babbles);
	OK(o && !o->answers, "one that is something else");
	OK(!offer_of(&l, gone), "one that is gone");
	for (i = 1; (uint32_t)i < l.nr && l.items[i - 1].pid < l.items[i].pid; i++)
		;
	OK((uint32_t)i >= l.nr, "in order");
	app_offers_free(&l);

	chmod(sockets, 0755);
	OK(!app_offers_find(&l, &e) && !offer_of(&l, speaks), "a directory that others may enter is nobody's");
	app_offers_free(&l);
	chmod(sockets, 0700);
	snprintf(path, sizeof(path), "%s/real", folder);
	rename(sockets, path);
	OK(!symlink(path, sockets) && !app_offers_find(&l, &e) && !offer_of(&l, speaks), "nor is one behind a symbolic link");
	app_offers_free(&l);
	unlink(sockets);
	rename(path, sockets);
	OK(!app_offers_find(&l, &e) && offer_of(&l, speaks), "and then it is there again");
	app_offers_free(&l);

	stop(speaks);
	stop(silent);
	stop(babbles);
	for (i = 1; i <= 4; i++) {
		socket_path(path, sizeof(path), i);
		unlink(path);
	}
	rmdir(sockets);
	rmdir(folder);
	buf_free(&good);
	return kit_done();
}
