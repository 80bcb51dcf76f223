// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Where modules are. In: a directory (of .ko files, as /lib/modules/RELEASE has them, or of raw BTF, as
 * /sys/kernel/btf), a package of modules, or one module. Out: each of them that is wanted, into a pool
 * (pool.c) that unpacks and tells it. Nothing is kept here; bytes are bounded.
 */
#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "image/read.h"

static int read_one(struct reader *r, const char *path, bool package)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK), rc = 0;
	struct buf b = { 0 };
	struct stat st;
	char *name;

	if (fd < 0 || fstat(fd, &st)) {
		rc = error_set(r->e, -errno, "", "%s: %s", path, strerror(errno));
		goto out;
	}
	if (!S_ISREG(st.st_mode) || !st.st_size)
		goto out;
	if (st.st_size > IMAGE_FILE) {
		rc = error_set(r->e, -EFBIG, "image-size", "%s has more than %u MiB", path,
		               IMAGE_FILE >> 20);
		goto out;
	}
	rc = package ? image_read_package_file(r, fd) : 0;
	if (!rc)
		rc = image_read_fd(fd, path, (size_t)st.st_size, &b, r->e);
	if (rc || !b.size)
		goto out;
	name = strdup(path);
	rc = name ? image_pool_add(r->pool, name, &b, r->e) : error_nomem(r->e);
out:
	if (fd >= 0)
		close(fd);
	buf_free(&b);
	return rc;
}

static int read_directory(struct reader *r, const char *path)
{
	char *copy = strdup(path), *roots[] = { copy, NULL };
	FTS *fts = copy ? fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR, NULL) : NULL;
	FTSENT *f;
	int rc = 0;

	if (!fts) {
		free(copy);
		return error_nomem(r->e);
	}
	while (rc >= 0 && !image_pool_enough(r->pool) && (f = fts_read(fts))) {
		/* Names tell in a tree of modules; raw BTF has names without an ending. */
		if (f->fts_info == FTS_F && strcmp(f->fts_name, "vmlinux") &&
		    image_pool_wants(r->pool, f->fts_name, f->fts_level == 1))
			rc = read_one(r, f->fts_path, false);
	}
	fts_close(fts);
	free(copy);
	return rc < 0 ? rc : 0;
}

int image_modules(const char *path, const struct image_modules_to *to, struct abide_error *e)
{
	struct abide_error why = { 0 };
	struct reader r = { .name = path, .streamed = IMAGE_PACKAGE, .e = &why };
	struct stat st;
	int rc, err;

	if (stat(path, &st))
		return error_set(e, -errno, "", "%s: %s", path, strerror(errno));
	err = image_pool_open(to, &r.pool, e);
	if (err)
		return err;
	rc = S_ISDIR(st.st_mode) ? read_directory(&r, path) : read_one(&r, path, true);
	err = image_pool_close(r.pool, e);
	if (rc < 0 && e)
		*e = why;
	return rc < 0 ? rc : err;
}
