// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * The split BTF of modules. In: a directory (of .ko files, as /lib/modules/RELEASE has them, or of raw BTF, as
 * /sys/kernel/btf), a package of modules, or one module. Out: names and bytes, beside the
 * kernel's. Modules without BTF are passed over; their number and bytes are bounded.
 */
#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "image/read.h"

bool image_is_module(const char *path)
{
	static const char *const endings[] = { ".ko", ".ko.xz", ".ko.zst", ".ko.gz" };
	size_t i, n = strlen(path);

	for (i = 0; i < sizeof(endings) / sizeof(*endings); i++)
		if (n > strlen(endings[i]) && !strcmp(path + n - strlen(endings[i]), endings[i]))
			return true;
	return false;
}

/* "a/mq-deadline.ko.xz" is mq_deadline, as the kernel says it. */
static char *module_name(const char *path)
{
	const char *base = strrchr(path, '/');
	char *name = strdup(base ? base + 1 : path), *p;

	if (!name)
		return NULL;
	p = strstr(name, ".ko");
	if (p)
		*p = '\0';
	for (p = name; *p; p++)
		if (*p == '-')
			*p = '_';
	return name;
}

static int add_module(struct reader *r, const char *path, const uint8_t *btf, size_t size)
{
	struct image *im = r->im;
	size_t room = im->nr_modules, whole;
	struct image_module *list, *m;

	if (!image_is_btf(btf, size, &whole))
		return 0; /* stripped to nothing, or of no use */
	if (im->nr_modules == IMAGE_MODULES)
		return error_set(r->e, -E2BIG, "image-size", "%s has more than %d modules", r->name,
		                 IMAGE_MODULES);
	/* Room for the next power of two of them. */
	list = room & (room - 1) ? im->modules
	                         : realloc(im->modules, (room ? 2 * room : 1) * sizeof(*list));
	if (!list)
		return error_nomem(r->e);
	im->modules = list;
	m = &list[im->nr_modules];
	m->name = module_name(path);
	m->btf = malloc(whole);
	m->btf_size = whole;
	if (!m->name || !m->btf) {
		free(m->name);
		free(m->btf);
		return error_nomem(r->e);
	}
	memcpy(m->btf, btf, whole);
	im->nr_modules++;
	return 1;
}

int image_keep_module(struct reader *r, const char *path, const uint8_t *data, size_t size)
{
	struct buf out = { 0 };
	const uint8_t *btf = NULL;
	size_t btf_size = 0;
	int rc = image_unpack(r, data, size, false, &out);

	if (rc == 1) {
		data = out.data;
		size = out.size;
	}
	if (rc >= 0) {
		rc = image_elf_btf(data, size, ".BTF", &btf, &btf_size);
		if (!rc)
			rc = add_module(r, path, data, size);
		else if (rc == 1)
			rc = add_module(r, path, btf, btf_size);
		else
			rc = 0; /* no BTF, or no module in spite of its name */
	}
	buf_free(&out);
	return rc;
}

static int read_one(struct reader *r, const char *path, bool package)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK), rc = 0;
	struct buf b = { 0 };
	struct stat st;

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
	rc = image_read_fd(fd, path, (size_t)st.st_size, &b, r->e);
	if (!rc && package)
		rc = image_read_package(r, b.data, b.size);
	if (!rc)
		rc = image_keep_module(r, path, b.data, b.size);
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
	while (rc >= 0 && (f = fts_read(fts))) {
		/* Names tell in a tree of modules; raw BTF has names without an ending. */
		if (f->fts_info == FTS_F && strcmp(f->fts_name, "vmlinux") &&
		    (image_is_module(f->fts_name) ||
		     (f->fts_level == 1 && !strchr(f->fts_name, '.'))))
			rc = read_one(r, f->fts_path, false);
	}
	fts_close(fts);
	free(copy);
	return rc < 0 ? rc : 0;
}

int image_add_modules(struct image *im, const char *path, struct abide_error *e)
{
	struct abide_error why = { 0 };
	struct reader r = { .name = path,
		            .im = im,
		            .budget = IMAGE_UNPACKED,
		            .streamed = IMAGE_PACKAGE,
		            .modules = true,
		            .e = &why };
	uint32_t before = im->nr_modules;
	struct stat st;
	int rc;

	if (stat(path, &st))
		return error_set(e, -errno, "", "%s: %s", path, strerror(errno));
	rc = S_ISDIR(st.st_mode) ? read_directory(&r, path) : read_one(&r, path, true);
	if (rc >= 0 && im->nr_modules == before)
		rc = error_set(&why, -ENOENT, "btf-missing",
		               "%s: there is no module with BTF in it", path);
	if (rc < 0 && e)
		*e = why;
	return rc < 0 ? rc : 0;
}
