/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Where a process listens. In: its id. Out: a connection. The process chose one of three directories
 * (src/process/message_socket.c), by its environment and user at that time; each of them is tried, by our own
 * path and by /proc/PID/root. The name is the id that the process has in its own PID namespace. A connection
 * counts only if its other end is the process itself (SO_PEERCRED).
 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "app/connect.h"
#include "process/message_socket.h"

#define PATH_SIZE 4200

struct process { /* of /proc/PID/status */
	pid_t pid, own_pid; /* .own_pid: in its innermost namespace */
	uid_t uid[3];       /* real, effective, saved */
};

static int read_status(pid_t pid, struct process *p, struct abide_error *e)
{
	char path[48], line[512], *last;
	FILE *f;

	memset(p, 0, sizeof(*p));
	p->pid = p->own_pid = pid;
	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	f = fopen(path, "re");
	if (!f)
		return error_set(e, -ESRCH, "no-process", "there is no process %d", pid);
	while (fgets(line, sizeof(line), f)) {
		sscanf(line, "Uid: %u %u %u", &p->uid[0], &p->uid[1], &p->uid[2]);
		if (!strncmp(line, "NSpid:", 6)) {
			last = strrchr(line, '\t');
			p->own_pid = last ? atoi(last + 1) : pid;
		}
	}
	fclose(f);
	return 0;
}

/* The process's own $XDG_RUNTIME_DIR, of when it was started; else ours. */
static bool runtime_directory(pid_t pid, char *out, size_t size)
{
	static const char name[] = "XDG_RUNTIME_DIR=";
	char path[48], *line = NULL;
	size_t room = 0;
	bool found = false;
	const char *own;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/environ", pid);
	f = fopen(path, "re");
	while (f && !found && getdelim(&line, &room, 0, f) > 0)
		if (!strncmp(line, name, sizeof(name) - 1))
			found = (size_t)snprintf(out, size, "%s/abide", line + sizeof(name) - 1) < size;
	free(line);
	if (f)
		fclose(f);
	if (f || found)
		return found;
	own = getenv("XDG_RUNTIME_DIR");
	return own && *own && (size_t)snprintf(out, size, "%s/abide", own) < size;
}

/* By a descriptor of the directory: the path of a socket is 107 bytes at most. */
static int connect_in(const char *directory, pid_t name)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	int dir, fd, err = 0;

	dir = open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return -errno;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	snprintf(at.sun_path, sizeof(at.sun_path), "/proc/self/fd/%d/%d.sock", dir, name);
	if (fd < 0 || connect(fd, (const struct sockaddr *)&at, sizeof(at)))
		err = -errno;
	close(dir);
	if (err && fd >= 0)
		close(fd);
	return err ? err : fd;
}

static bool is_process(int fd, pid_t pid)
{
	struct ucred who;
	socklen_t size = sizeof(who);

	return !getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &size) && who.pid == pid;
}

/* @denied: somebody's directory could not be entered. */
static int try_directory(const struct process *p, const char *directory, bool *denied)
{
	char path[PATH_SIZE];
	int i, fd;

	for (i = 0; i < 2; i++) {
		if (i)
			snprintf(path, sizeof(path), "/proc/%d/root%.4000s", p->pid, directory);
		else
			snprintf(path, sizeof(path), "%.4000s", directory);
		fd = connect_in(path, p->own_pid);
		if (fd == -EACCES || fd == -EPERM)
			*denied = true;
		if (fd < 0)
			continue;
		if (is_process(fd, p->pid))
			return fd;
		close(fd);
	}
	return -ENOENT;
}

/* The directories of one user that need no environment. */
static int try_user(const struct process *p, uid_t uid, bool *denied)
{
	char directory[64];
	int fd = -ENOENT;
	unsigned which;

	for (which = 1; fd < 0 && which < MESSAGE_DIRECTORIES; which++)
		if (message_socket_directory(which, NULL, uid, directory, sizeof(directory)))
			fd = try_directory(p, directory, denied);
	return fd;
}

static int find(const struct process *p, bool *denied)
{
	char directory[PATH_SIZE];
	int fd = -ENOENT;
	uint32_t i;

	if (runtime_directory(p->pid, directory, sizeof(directory)))
		fd = try_directory(p, directory, denied);
	for (i = 0; fd < 0 && i < 3; i++)
		if (!i || p->uid[i] != p->uid[i - 1])
			fd = try_user(p, p->uid[i], denied);
	/* Started as root, and somebody else's since. */
	return fd < 0 ? try_user(p, 0, denied) : fd;
}

/* Locks in shared memory are owned by thread ids. */
static int check_namespace(const struct process *p, struct abide_error *e)
{
	struct stat own, other;
	char path[48];

	snprintf(path, sizeof(path), "/proc/%d/ns/pid", p->pid);
	if (stat(path, &other) || stat("/proc/self/ns/pid", &own) ||
	    (own.st_ino == other.st_ino && own.st_dev == other.st_dev))
		return 0;
	error_set(e, -ENOTSUP, "process-namespace", "process %d is in another PID namespace", p->pid);
	return error_hint(e, "run abide inside: nsenter -t %d -p -m abide run ... -p %d", p->pid, p->own_pid);
}

static int refuse(const struct process *p, bool denied, struct abide_error *e)
{
	if (geteuid() && p->uid[1] != geteuid()) {
		error_set(e, -EPERM, "process-user", "process %d belongs to another user (id %u)", p->pid, p->uid[1]);
		return error_hint(e, "run abide as that user, or as root");
	}
	error_set(e, denied ? -EACCES : -ENOENT, "not-listening", "process %d does not listen for abide", p->pid);
	if (denied)
		error_reason(e, "a directory where it may listen cannot be entered");
	return error_hint(e, "start it with ABIDE_EVENT=1 in its environment, or by abide run ... -- COMMAND; "
	                     "or let it call abide_event_start()");
}

int connect_process(pid_t pid, int *fd, struct abide_error *e)
{
	bool denied = false;
	struct process p;
	int err;

	*fd = -1;
	err = read_status(pid, &p, e);
	if (!err)
		err = check_namespace(&p, e);
	if (err)
		return err;
	*fd = find(&p, &denied);
	return *fd < 0 ? refuse(&p, denied, e) : 0;
}
