/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Where one listens: the directory is made for the first socket in it and goes with the last, also when
 * somebody else removes it right before bind(2) (which is wrapped here), and while processes come and go.
 */
#include <errno.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "app/name.h"
#include "process/message_socket.h"
#include "resolve_kit.h"

static char folder[] = "/tmp/abide-socket-test.XXXXXX";
static char directory[64];
static unsigned removals; /* before the next calls of bind */

int __real_bind(int fd, const struct sockaddr *at, socklen_t size);
int __wrap_bind(int fd, const struct sockaddr *at, socklen_t size);
int __wrap_bind(int fd, const struct sockaddr *at, socklen_t size)
{
	if (removals) {
		removals--;
		rmdir(directory);
	}
	return __real_bind(fd, at, size);
}

static bool is_there(const char *path)
{
	return !access(path, F_OK);
}

static void one_after_the_other(void)
{
	struct message_socket a = { .fd = -1 }, b = { .fd = -1 };
	struct abide_error e = { 0 };
	char path[sizeof(a.at.sun_path)];

	OK(!message_socket_open(&a, "", &e) && !message_socket_open(&b, "run-", &e), "two sockets");
	snprintf(path, sizeof(path), "%s", a.at.sun_path);
	HAS(path, directory, "in the user's runtime directory");
	message_socket_close(&a, true);
	OK(!is_there(path) && is_there(b.at.sun_path), "one is closed, and the other's name stays");
	message_socket_close(&b, true);
	OK(!is_there(directory), "the directory goes with the last");
	OK(!message_socket_open(&a, "", &e) && is_there(a.at.sun_path), "and comes again");
	message_socket_close(&a, false);
	OK(is_there(path), "a name that is to stay, stays");
	OK(!message_socket_open(&a, "", &e), "a stale one is taken over");
	message_socket_close(&a, true);
	OK(!is_there(directory), "and goes");
}

static void removed_before_bind(void)
{
	struct message_socket s = { .fd = -1 };
	struct abide_error e = { 0 };

	removals = 3;
	OK(!message_socket_open(&s, "", &e) && !removals && is_there(s.at.sun_path), "a directory that others remove is made again");
	message_socket_close(&s, true);
	removals = 1000;
	OK(!message_socket_open(&s, "", &e) && strncmp(s.at.sun_path, directory, strlen(directory)),
	   "where somebody always removes it, the next directory serves");
	OK(removals > 500, "and soon");
	removals = 0;
	message_socket_close(&s, true);
}

/* Processes that open and close at once: nobody fails, and nothing is left. */
static void come_and_go(void)
{
	enum { PROCESSES = 3, TIMES = 100 };
	pid_t pids[PROCESSES];
	int i, k, status, failed = 0;

	for (i = 0; i < PROCESSES; i++) {
		pids[i] = fork();
		if (pids[i])
			continue;
		for (k = 0; k < TIMES; k++) {
			struct message_socket s;

			if (message_socket_open(&s, "", NULL) || strncmp(s.at.sun_path, directory, strlen(directory)))
				_exit(1);
			message_socket_close(&s, true);
		}
		_exit(0);
	}
	for (i = 0; i < PROCESSES; i++)
		failed += pids[i] < 0 || waitpid(pids[i], &status, 0) != pids[i] || status;
	SAME(failed, 0, "processes that come and go all find their directory");
	OK(!is_there(directory), "and leave none");
}

static void names(void)
{
	char name[16], small[4];

	prctl(PR_SET_NAME, "na\303\257ve\n\x1b\x7f");
	app_process_name(getpid(), name, sizeof(name));
	OK(!strcmp(name, "na\303\257ve???"), "a process's name: UTF-8 as it is, control characters not");
	prctl(PR_SET_NAME, "fifteen letters");
	app_process_name(getpid(), name, sizeof(name));
	OK(!strcmp(name, "fifteen letters"), "one of full length");
	app_process_name(getpid(), small, sizeof(small));
	OK(!strcmp(small, "fif"), "cut to what there is room for");
	app_process_name(0x7fffffff, name, sizeof(name));
	OK(!*name, "of a process that is not there");
}

int main(void)
{
	if (!mkdtemp(folder))
		return 1;
	setenv("XDG_RUNTIME_DIR", folder, 1);
	snprintf(directory, sizeof(directory), "%s/abide", folder);
	one_after_the_other();
	removed_before_bind();
	come_and_go();
	names();
	OK(!rmdir(folder), "nothing is left behind");
	return kit_done();
}
