// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Files of the user's store of profiles. In: names and bytes. Refused: names that are no file
 * names, files larger than any profile. A file is written beside its place and renamed.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "profile/kinds.h"
#include "profile/store.h"

bool store_name_ok(const char *name)
{
	size_t n = strspn(name,
	                  "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._+~:-");

	return n && !name[n] && n < 96 && *name != '.' && *name != '-';
}

/* mkdir -p */
static int make_dirs(char *path)
{
	char *p;

	for (p = path + 1; *p; p++) {
		if (*p != '/')
			continue;
		*p = '\0';
		if (mkdir(path, 0777) && errno != EEXIST) {
			*p = '/';
			return -errno;
		}
		*p = '/';
	}
	return mkdir(path, 0777) && errno != EEXIST ? -errno : 0;
}

int store_dir(bool make, char path[PATH_MAX], struct abide_error *e)
{
	const char *data = getenv("XDG_DATA_HOME"), *home = getenv("HOME");
	int n, err;

	if (data && *data == '/')
		n = snprintf(path, PATH_MAX, "%s/abide/kernels", data);
	else if (home && *home == '/')
		n = snprintf(path, PATH_MAX, "%s/.local/share/abide/kernels", home);
	else
		return error_set(
			e, -ENOENT, "kernel-store",
			"there is no place for kernels: neither XDG_DATA_HOME nor HOME is set");
	if (n >= PATH_MAX - 128)
		return error_set(e, -ENAMETOOLONG, "kernel-store",
		                 "the path of the home directory is too long");
	err = make ? make_dirs(path) : 0;
	if (err)
		return error_set(e, err, "kernel-store", "%s: %s", path, strerror(-err));
	return 0;
}

int store_path(const char *name, bool make, char path[PATH_MAX], struct abide_error *e)
{
	size_t n;
	int err;

	if (!store_name_ok(name)) {
		error_set(e, -EINVAL, "kernel-name", "\"%.96s\" cannot be a kernel's name", name);
		return error_hint(e, "a name has letters, digits and . _ + ~ : - only, at most 95");
	}
	err = store_dir(make, path, e);
	if (err)
		return err;
	n = strlen(path);
	snprintf(path + n, PATH_MAX - n, "/%s" STORE_SUFFIX, name);
	return 0;
}

bool store_is_profile(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	char magic[8] = "";
	bool is = fd >= 0 && read(fd, magic, sizeof(magic)) == sizeof(magic) &&
	          !memcmp(magic, PROFILE_MAGIC, sizeof(magic));

	if (fd >= 0)
		close(fd);
	return is;
}

int store_read(const char *path, struct buf *b, struct abide_error *e)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK), err = 0;
	struct stat st;
	ssize_t n;

	if (fd < 0)
		return error_set(e, -errno, "", "%s: %s", path, strerror(errno));
	if (fstat(fd, &st) || !S_ISREG(st.st_mode) || st.st_size > STORE_FILE) {
		err = error_set(e, -EINVAL, "profile-damaged", "%s is no kernel profile", path);
		goto out;
	}
	buf_add(b, NULL, (size_t)st.st_size);
	if (b->failed) {
		err = error_nomem(e);
		goto out;
	}
	for (b->size = 0; b->size<(size_t)st.st_size; b->size += n> 0 ? (size_t)n : 0) {
		n = read(fd, b->data + b->size, (size_t)st.st_size - b->size);
		if (!n)
			break; /* it was cut meanwhile, which its readers notice */
		if (n < 0 && errno != EINTR) {
			err = error_set(e, -errno, "", "%s: %s", path, strerror(errno));
			break;
		}
	}
out:
	close(fd);
	return err;
}

static int write_all(int fd, const struct buf *b)
{
	size_t done = 0;
	ssize_t n;

	while (done < b->size) {
		n = write(fd, b->data + done, b->size - done);
		if (n < 0 && errno != EINTR)
			return -errno;
		done += n > 0 ? (size_t)n : 0;
	}
	return 0;
}

int store_write(const char *path, const struct buf *b, struct abide_error *e)
{
	char part[PATH_MAX + 16];
	int fd, err;

	snprintf(part, sizeof(part), "%s.XXXXXX", path);
	fd = mkostemp(part, O_CLOEXEC);
	if (fd < 0)
		return error_set(e, -errno, "", "%s: %s", path, strerror(errno));
	err = write_all(fd, b);
	if (!err && fchmod(fd, 0644))
		err = -errno;
	if (close(fd) && !err)
		err = -errno;
	if (!err && rename(part, path))
		err = -errno;
	if (err) {
		unlink(part);
		return error_set(e, err, "", "%s: %s", path, strerror(-err));
	}
	return 0;
}
