/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The socket's name in the file system, and who may use it. In: the environment and the user's
 * id. Out: a listening socket. A directory that is not the user's own, that others may enter, or
 * that is a symbolic link is refused, and the next one tried. The name is the process id;
 * where a name is taken, only a connection tells whether somebody listens there: with PID
 * namespaces, ids are not unique. Whoever connects is known by SO_PEERCRED (unix(7)).
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "process/message_socket.h"

#define BACKLOG   64
#define RUN       "run-" /* abide's own */
#define MOST_SEEN 4096 /* names of a directory that are looked at */
#define TRIES     64   /* to listen in a directory that others remove meanwhile */
#define HIGH      100  /* applications expect the lowest descriptors to be theirs */

/* The first descriptor that is free from HIGH on, as far as the limit allows. */
static int move_up(int fd)
{
	int high = fd < 0 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, HIGH);

	if (high < 0)
		return fd;
	close(fd);
	return high;
}

static int new_socket(void)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	return fd < 0 ? -errno : move_up(fd);
}

static bool fill(struct sockaddr_un *at, const char *path)
{
	at->sun_family = AF_UNIX;
	return (size_t)snprintf(at->sun_path, sizeof(at->sun_path), "%s", path) <
	       sizeof(at->sun_path);
}

static int connect_to(const struct sockaddr_un *at)
{
	int fd = new_socket(), err;

	if (fd < 0)
		return fd;
	if (!connect(fd, (const struct sockaddr *)at, sizeof(*at)))
		return fd;
	err = errno;
	close(fd);
	return -err;
}

/* Is the name one that nobody listens at any more? */
static bool is_stale(const char *path)
{
	struct sockaddr_un at;
	int fd;

	if (!fill(&at, path))
		return false;
	fd = connect_to(&at);
	if (fd >= 0)
		close(fd);
	return fd == -ECONNREFUSED;
}

static void remove_stale(const char *directory)
{
	DIR *d = opendir(directory);
	char path[sizeof(((struct sockaddr_un *)0)->sun_path)], *end;
	struct dirent *entry;
	unsigned seen;
	long pid;

	for (seen = 0; d && seen < MOST_SEEN; seen++) {
		entry = readdir(d);
		if (!entry)
			break;
		pid = strtol(entry->d_name + (strncmp(entry->d_name, RUN, strlen(RUN)) ? 0 : strlen(RUN)),
		             &end, 10);
		if (pid <= 0 || strcmp(end, ".sock") || pid > INT32_MAX ||
		    (size_t)snprintf(path, sizeof(path), "%s/%s", directory, entry->d_name) >=
		            sizeof(path))
			continue;
		if (kill((pid_t)pid, 0) && errno == ESRCH && is_stale(path))
			unlink(path);
	}
	if (d)
		closedir(d);
}

/* Make the directory if it is not there; it must be ours alone. */
static int check_directory(const char *path, struct abide_error *e)
{
	struct stat st;
	int fd, err = 0;

	if (mkdir(path, 0700) && errno != EEXIST)
		return error_set(e, -errno, "control-directory", "cannot make %s: %s", path,
		                 strerror(errno));
	fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return error_set(e, -errno, "control-directory", "cannot use %s: %s", path,
		                 strerror(errno));
	if (fstat(fd, &st))
		err = error_set(e, -errno, "control-directory", "cannot use %s: %s", path,
		                strerror(errno));
	else if (st.st_uid != geteuid() || st.st_mode & 077)
		err = error_set(e, -EPERM, "control-directory",
		                "%s is not this user's own: owner %u, mode %03o", path, st.st_uid,
		                st.st_mode & 0777u);
	close(fd);
	return err;
}

static int listen_at(struct message_socket *s, struct abide_error *e)
{
	int fd, err;

	if (!access(s->at.sun_path, F_OK)) {
		if (!is_stale(s->at.sun_path))
			return error_set(e, -EADDRINUSE, "control-socket", "%s is in use",
			                 s->at.sun_path);
		unlink(s->at.sun_path);
	}
	fd = new_socket();
	if (fd < 0)
		return error_set(e, fd, "control-socket", "cannot make a socket: %s",
		                 strerror(-fd));
	fchmod(fd, 0600); /* bind gives the name this mode */
	if (bind(fd, (const struct sockaddr *)&s->at, sizeof(s->at)) || listen(fd, BACKLOG)) {
		err = errno;
		close(fd);
		return error_set(e, -err, "control-socket", "cannot listen at %s: %s",
		                 s->at.sun_path, strerror(err));
	}
	s->fd = fd;
	s->inode = message_socket_inode(fd);
	return 0;
}

bool message_socket_directory(unsigned which, const char *runtime, uid_t uid, char *path, size_t size)
{
	switch (which) {
	case 0:
		return runtime && *runtime == '/' &&
		       (size_t)snprintf(path, size, "%s/abide", runtime) < size;
	case 1:
		return (size_t)snprintf(path, size, "/run/user/%u/abide", uid) < size;
	case 2:
		return (size_t)snprintf(path, size, "/tmp/abide-%u", uid) < size;
	default:
		return false;
	}
}

/* Is there the folder that holds directory @which, as far as somebody else makes it? */
static bool may_be_made(unsigned which)
{
	char parent[32];
	struct stat st;

	if (which != 1)
		return true;
	snprintf(parent, sizeof(parent), "/run/user/%u", geteuid());
	return !stat(parent, &st) && st.st_uid == geteuid();
}

/*
 * Make the directory and listen there. Whoever was the last one in it has perhaps removed it in
 * between (-ENOENT): it is made again.
 */
static int listen_in(struct message_socket *s, const char *directory, struct abide_error *e)
{
	unsigned tries;
	int err = -ENOENT;

	for (tries = 0; err == -ENOENT && tries < TRIES; tries++) {
		err = check_directory(directory, e);
		if (err)
			continue;
		remove_stale(directory);
		err = listen_at(s, e);
	}
	return err;
}

/* Remove the name, and the directory if it was the last one in it (rmdir refuses otherwise). */
static void remove_name(const struct sockaddr_un *at)
{
	struct sockaddr_un directory = *at;
	char *slash = strrchr(directory.sun_path, '/');

	unlink(at->sun_path);
	if (!slash)
		return;
	*slash = '\0';
	rmdir(directory.sun_path);
}

int message_socket_open(struct message_socket *s, const char *prefix, struct abide_error *e)
{
	char directory[sizeof(s->at.sun_path)], path[sizeof(s->at.sun_path) + 64];
	unsigned which;
	int err = -ENOENT;

	s->fd = -1;
	for (which = 0; err && which < MESSAGE_DIRECTORIES; which++) {
		if (!message_socket_directory(which, secure_getenv("XDG_RUNTIME_DIR"), geteuid(), directory,
		                              sizeof(directory)) ||
		    !may_be_made(which))
			continue;
		snprintf(path, sizeof(path), "%s/%.32s%d.sock", directory, prefix, getpid());
		if (!fill(&s->at, path)) {
			err = error_set(e, -ENAMETOOLONG, "control-socket", "%s is too long", path);
			continue;
		}
		err = listen_in(s, directory, e);
	}
	return err;
}

void message_socket_close(struct message_socket *s, bool remove)
{
	if (s->fd < 0)
		return;
	if (remove)
		remove_name(&s->at);
	if (message_socket_is(s->fd, s->inode))
		close(s->fd);
	s->fd = -1;
}

ino_t message_socket_inode(int fd)
{
	struct stat st;

	return fstat(fd, &st) ? 0 : st.st_ino;
}

bool message_socket_is(int fd, ino_t inode)
{
	struct stat st;

	return !fstat(fd, &st) && S_ISSOCK(st.st_mode) && st.st_ino == inode;
}

static bool may_use(int fd)
{
	struct ucred who;
	socklen_t size = sizeof(who);

	return !getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &size) &&
	       (!who.uid || who.uid == geteuid());
}

int message_socket_accept(const struct message_socket *s)
{
	int fd;

	for (;;) {
		fd = accept4(s->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
		if (fd < 0 && errno == ECONNABORTED)
			continue;
		if (fd < 0)
			return -errno;
		fd = move_up(fd);
		if (may_use(fd))
			return fd;
		close(fd);
	}
}

int message_socket_connect(const char *path)
{
	struct sockaddr_un at;
	int fd;

	if (!fill(&at, path))
		return -ENAMETOOLONG;
	fd = connect_to(&at);
	if (fd < 0 || may_use(fd))
		return fd;
	close(fd);
	return -EPERM;
}

int message_socket_pair(int fds[2])
{
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds)) {
		fds[0] = fds[1] = -1;
		return -errno;
	}
	fds[0] = move_up(fds[0]);
	fds[1] = move_up(fds[1]);
	return 0;
}
