/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The files that a process runs code of. In: /proc/PID/maps (proc_pid_maps(5)). Out: those that have user events.
 * A file is opened the way that surely leads to what is mapped: /proc/PID/map_files, which takes
 * CAP_SYS_ADMIN; else, if it is the program itself, /proc/PID/exe; else its path from the process's own root,
 * unless the kernel says that it was deleted (replaced by an upgrade) or the inode is another. What cannot be
 * opened is noted, and is only an error when nothing else has events.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "app/binary.h"
#include "app/part.h"

#define MAX_FILES 8192u
#define DELETED   " (deleted)"

struct mapping {
	unsigned long long start, end, inode;
	unsigned major, minor;
	char *path; /* in the line */
	bool deleted, code;
};

struct seen { /* a file that was looked at */
	unsigned long long inode;
	unsigned major, minor;
};

struct reader {
	struct app *a;
	pid_t pid;
	struct seen *seen;
	size_t nr_seen, room_seen;
};

/* "\012" is how the kernel writes a newline in a path. */
static void unescape(char *path)
{
	char *to = path;

	for (; *path; path++, to++) {
		*to = *path;
		if (!strncmp(path, "\\012", 4)) {
			*to = '\n';
			path += 3;
		}
	}
	*to = '\0';
}

/* A line; false for what is no file's. */
static bool parse_line(char *line, struct mapping *m)
{
	char permissions[8];
	size_t n;
	int at = 0;

	if (sscanf(line, "%llx-%llx %7s %*x %x:%x %llu %n", &m->start, &m->end, permissions, &m->major, &m->minor, &m->inode,
	           &at) < 6 || !at)
		return false;
	m->path = line + at;
	m->path[strcspn(m->path, "\n")] = '\0';
	n = strlen(m->path);
	m->deleted = n > sizeof(DELETED) - 1 && !strcmp(m->path + n - (sizeof(DELETED) - 1), DELETED);
	if (m->deleted)
		m->path[n - (sizeof(DELETED) - 1)] = '\0';
	unescape(m->path);
	m->code = permissions[2] == 'x';
	return m->path[0] == '/' && m->inode;
}

/* Is it new? */
static int note(struct reader *r, const struct mapping *m, bool *is_new, struct abide_error *e)
{
	struct seen *grown;
	size_t i;

	*is_new = false;
	for (i = 0; i < r->nr_seen; i++)
		if (r->seen[i].inode == m->inode && r->seen[i].major == m->major && r->seen[i].minor == m->minor)
			return 0;
	if (r->nr_seen == MAX_FILES)
		return error_set(e, -E2BIG, "user-events-many", "%s runs code of more than %u files", r->a->name, MAX_FILES);
	grown = array_grow(r->seen, r->nr_seen, &r->room_seen, sizeof(*grown));
	if (!grown)
		return error_nomem(e);
	r->seen = grown;
	r->seen[r->nr_seen++] = (struct seen){ m->inode, m->major, m->minor };
	*is_new = true;
	return 0;
}

static int open_file(const char *path)
{
	return open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
}

/* A file system may give its files another device number in maps (overlayfs, btrfs): the inode counts. */
static bool is_same(int fd, const struct mapping *m)
{
	struct stat st;

	return !fstat(fd, &st) && S_ISREG(st.st_mode) &&
	       (st.st_ino == m->inode || major(st.st_dev) != m->major || minor(st.st_dev) != m->minor);
}

static bool is_exactly(int fd, const struct mapping *m)
{
	struct stat st;

	return !fstat(fd, &st) && st.st_ino == m->inode;
}

static int open_mapping(const struct reader *r, const struct mapping *m)
{
	char *path;
	int fd;

	if (asprintf(&path, "/proc/%d/map_files/%llx-%llx", (int)r->pid, m->start, m->end) < 0)
		return -1;
	fd = open_file(path);
	free(path);
	if (fd >= 0)
		return fd;
	if (asprintf(&path, "/proc/%d/exe", (int)r->pid) < 0)
		return -1;
	fd = open_file(path);
	free(path);
	if (fd >= 0 && is_exactly(fd, m))
		return fd;
	if (fd >= 0)
		close(fd);
	if (m->deleted || asprintf(&path, "/proc/%d/root%s", (int)r->pid, m->path) < 0)
		return -1;
	fd = open_file(path);
	free(path);
	if (fd >= 0 && !is_same(fd, m)) {
		close(fd);
		return -1;
	}
	return fd;
}

static int read_mapping(struct reader *r, const struct mapping *m, struct abide_error *e)
{
	struct abide_error none = { 0 };
	struct buf records = { 0 };
	int fd = open_mapping(r, m), err;

	if (fd < 0) {
		if (!r->a->unread)
			r->a->unread = strdup(m->path);
		return 0;
	}
	err = app_binary_fd(fd, m->path, &records, &none);
	if (!err)
		err = app_add(r->a, m->path, &records, e);
	else if (err == -ENOENT || !strncmp(none.tag, "elf-", 4)) /* code that is packed, or made at run time */
		err = 0;
	else if (e)
		*e = none;
	buf_free(&records);
	close(fd);
	return err;
}

static int cannot_look(const struct reader *r, int code, struct abide_error *e)
{
	error_set(e, -code, "", "cannot look at process %d: %s", (int)r->pid,
	          code == ENOENT ? "there is none" : strerror(code));
	return code == EACCES || code == EPERM ? error_hint(e, "it is another user's: run abide as that user, or as root")
	                                       : error_hint(e, "abide ps lists processes that offer events");
}

static int nothing(const struct reader *r, struct abide_error *e)
{
	error_set(e, -ENOENT, "user-events-none", "%s has no user events", r->a->name);
	if (r->a->unread)
		error_reason(e, "of its files, %s could not be read: it is deleted, replaced, or another user's", r->a->unread);
	else
		error_reason(e, "none of the %zu files that it runs has a section abide_user", r->nr_seen);
	return error_hint(e, r->a->unread ? "run abide as root, or restart the process"
	                                  : "abide ps lists processes that offer events");
}

bool app_file_at(pid_t pid, uint64_t address, char *path, size_t size)
{
	struct mapping m;
	char name[64], *line = NULL;
	bool found = false;
	size_t room = 0;
	FILE *f;

	snprintf(name, sizeof(name), "/proc/%d/maps", (int)pid);
	f = fopen(name, "re");
	while (f && !found && getline(&line, &room, f) > 0)
		found = parse_line(line, &m) && address >= m.start && address < m.end && strlen(m.path) < size;
	if (found)
		strcpy(path, m.path);
	free(line);
	if (f)
		fclose(f);
	return found;
}

int app_read_process(struct app *a, pid_t pid, struct abide_error *e)
{
	struct reader r = { .a = a, .pid = pid };
	struct mapping m;
	char path[64], *line = NULL;
	bool is_new;
	size_t room = 0;
	FILE *f;
	int err = 0;

	snprintf(path, sizeof(path), "/proc/%d/maps", (int)pid);
	f = fopen(path, "re");
	if (!f)
		return cannot_look(&r, errno, e);
	while (!err && getline(&line, &room, f) > 0) {
		if (!parse_line(line, &m) || !m.code)
			continue;
		err = note(&r, &m, &is_new, e);
		if (!err && is_new)
			err = read_mapping(&r, &m, e);
	}
	if (!err && ferror(f))
		err = cannot_look(&r, errno ? errno : EIO, e);
	if (!err && !a->nr_files)
		err = nothing(&r, e);
	free(line);
	free(r.seen);
	fclose(f);
	return err;
}
