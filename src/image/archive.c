// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Compressed files and packages, by libarchive. In: bytes. Out: the unpacked bytes of one
 * layer; of a package (ar, rpm, cpio, tar), what is in its kernel. Only formats and compressions that
 * libarchive has in itself are switched on: it would run programs for others. What
 * unpacks to more than the budget is refused.
 */
#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <unistd.h>

#include "image/read.h"

#define BLOCK  (64u << 10)
#define CONFIG (4u << 20) /* bytes of a .config; Debian's has 270,000 */
#define HEAD   1024       /* bytes in which all kinds of packages show */

static struct archive *open_reader(void)
{
	struct archive *a = archive_read_new();

	if (!a)
		return NULL;
	archive_read_support_filter_gzip(a);
	archive_read_support_filter_xz(a);
	archive_read_support_filter_lzma(a);
	archive_read_support_filter_zstd(a);
	archive_read_support_filter_lz4(a);
	archive_read_support_filter_bzip2(a);
	return a;
}

static bool spend(struct reader *r, size_t n)
{
	if (n > r->budget) {
		error_set(r->e, -EFBIG, "image-size", "%s unpacks to more than %u MiB", r->name,
		          IMAGE_UNPACKED >> 20);
		return false;
	}
	r->budget -= n;
	return true;
}

static int fail(struct reader *r, struct archive *a, const char *what)
{
	const char *why = archive_error_string(a);

	return error_set(r->e, -EINVAL, "image-damaged", "%s: %s that is damaged or cut (%s)",
	                 r->name, what, why ? why : "no reason given");
}

/* Does libarchive know the compression? It asks for few bytes, but reads on: a cheap test first. */
static bool is_compressed(const uint8_t *p, size_t size)
{
	return size > 16 &&
	       (!memcmp(p, "\x1f\x8b\x08", 3) ||
	        !memcmp(p,
	                "\xfd"
	                "7zXZ\0",
	                6) ||
	        !memcmp(p, "\x28\xb5\x2f\xfd", 4) || !memcmp(p, "\x04\x22\x4d\x18", 4) ||
	        !memcmp(p, "\x02\x21\x4c\x18", 4) || !memcmp(p, "BZh", 3) ||
	        (!memcmp(p, "\x5d\0\0", 3) && (p[12] == 0xff || p[12] == 0)));
}

/* Data behind the end of a stream makes most readers fail: what came before counts then, if @behind. */
static int read_all(struct reader *r, struct archive *a, bool behind, struct buf *out)
{
	uint8_t *block = malloc(BLOCK);
	la_ssize_t n;
	int rc = 1;

	if (!block)
		return error_nomem(r->e);
	while ((n = archive_read_data(a, block, BLOCK)) > 0) {
		if (!spend(r, (size_t)n)) {
			rc = -EFBIG;
			break;
		}
		buf_add(out, block, (size_t)n);
	}
	free(block);
	if (out->failed)
		return error_nomem(r->e);
	if (n < 0 && rc == 1 && (!behind || !out->size))
		return fail(r, a, "compressed data");
	return rc;
}

int image_unpack(struct reader *r, const uint8_t *data, size_t size, bool behind, struct buf *out)
{
	struct archive_entry *entry;
	struct archive *a;
	int rc;

	if (!is_compressed(data, size))
		return 0;
	a = open_reader();
	if (!a)
		return error_nomem(r->e);
	archive_read_support_format_raw(a);
	archive_read_support_format_empty(a);
	if (archive_read_open_memory(a, data, size) || archive_read_next_header(a, &entry)) {
		rc = fail(r, a, "compressed data");
		goto out;
	}
	rc = archive_filter_count(a) > 1 ? read_all(r, a, behind, out) : 0;
out:
	archive_read_free(a);
	return rc;
}

int image_read_compressed(struct reader *r, const uint8_t *data, size_t size)
{
	struct buf out = { 0 };
	int rc = image_unpack(r, data, size, false, &out);

	if (rc == 1) {
		rc = image_read(r, out.data, out.size);
		if (rc == 1)
			image_add_format(r->im, "compressed file");
		else if (!rc)
			rc = error_set(r->e, -EINVAL, "image-format",
			               "%s unpacks to no kernel in any format that abide knows",
			               r->name);
	}
	buf_free(&out);
	return rc;
}

/* A package's inner archive, read as a stream from the outer one. */
struct stream {
	struct archive *from;
	uint8_t block[BLOCK];
};

static la_ssize_t read_stream(struct archive *a, void *arg, const void **block)
{
	struct stream *s = arg;

	(void)a;
	*block = s->block;
	return archive_read_data(s->from, s->block, sizeof(s->block));
}

static bool is_kernel(const char *path)
{
	static const char *const patterns[] = {
		"boot/vmlinu[xz]-*",
		"lib/modules/*/vmlinu[xz]",
		"usr/lib/modules/*/vmlinu[xz]",
		"usr/lib/debug/boot/vmlinux-*",
		"usr/lib/debug/lib/modules/*/vmlinux",
		"boot/Image-*",
		"boot/image-*",
		"usr/lib/modules/*/Image",
		"lib/modules/*/Image",
		"vmlinu[xz]",
		"bzImage",
		"Image",
	};
	size_t i;

	for (i = 0; i < sizeof(patterns) / sizeof(*patterns); i++)
		if (!fnmatch(patterns[i], path, 0))
			return true;
	return false;
}

static int read_member(struct reader *r, struct archive *a, struct buf *out)
{
	int rc = read_all(r, a, false, out);

	return rc < 0 ? rc : 0;
}

/*
 * The kernel in an archive, and its configuration. 1 when there is one, 0 when not.
 * Archives in it (a Debian package's data.tar) are read in turn.
 */
static int walk(struct reader *r, struct archive *a, int depth);

static int walk_inner(struct reader *r, struct archive *outer, int depth)
{
	struct stream *s = calloc(1, sizeof(*s));
	struct archive *a = open_reader();
	int rc;

	if (!s || !a) {
		rc = error_nomem(r->e);
		goto out;
	}
	s->from = outer;
	archive_read_support_format_tar(a);
	rc = archive_read_open(a, s, NULL, read_stream, NULL) ? fail(r, a, "a package")
	                                                      : walk(r, a, depth + 1);
out:
	archive_read_free(a);
	free(s);
	return rc;
}

static int take_config(struct reader *r, struct archive *a)
{
	struct buf text = { 0 };
	int rc = read_member(r, a, &text);

	if (!rc && text.size < CONFIG && !r->im->config &&
	    !memchr(text.data ? text.data : (uint8_t *)"", 0, text.size)) {
		buf_u8(&text, 0);
		r->im->config = text.failed ? NULL : (char *)text.data;
		if (r->im->config)
			memset(&text, 0, sizeof(text));
	}
	buf_free(&text);
	return rc;
}

static int take_kernel(struct reader *r, struct archive *a)
{
	struct buf kernel = { 0 };
	int rc = read_member(r, a, &kernel);

	if (!rc && kernel.size)
		rc = image_read(r, kernel.data, kernel.size);
	buf_free(&kernel);
	return rc;
}

static int take_module(struct reader *r, struct archive *a, const char *path)
{
	struct buf module = { 0 };
	char *name = strdup(path); /* the entry's own goes with its data */
	int rc;

	r->budget = IMAGE_MODULE; /* of each: none is kept */
	rc = name ? read_member(r, a, &module) : error_nomem(r->e);
	if (!rc)
		return image_pool_add(r->pool, name, &module, r->e);
	free(name);
	buf_free(&module);
	return rc;
}

static int walk(struct reader *r, struct archive *a, int depth)
{
	struct archive_entry *entry;
	bool found = false;
	const char *path;
	int rc;

	while ((rc = archive_read_next_header(a, &entry)) == ARCHIVE_OK || rc == ARCHIVE_WARN) {
		if (r->pool && image_pool_enough(r->pool))
			return 1;
		if (archive_filter_bytes(a, 0) > (la_int64_t)r->streamed)
			return error_set(r->e, -EFBIG, "image-size",
			                 "%s: a package of more than %llu GiB", r->name,
			                 (unsigned long long)IMAGE_PACKAGE >> 30);
		path = archive_entry_pathname(entry);
		if (!path || archive_entry_filetype(entry) != AE_IFREG)
			continue;
		path += strspn(path, "./");
		rc = 0;
		if (!depth && !strncmp(path, "data.tar", 8))
			rc = walk_inner(r, a, depth);
		else if (r->pool)
			rc = image_pool_wants(r->pool, path, false) ? take_module(r, a, path) : 0;
		else if (!found && is_kernel(path))
			rc = take_kernel(r, a);
		else if (!fnmatch("boot/config-*", path, 0) ||
		         !fnmatch("*lib/modules/*/config", path, 0))
			rc = take_config(r, a);
		if (rc < 0)
			return rc;
		found |= rc;
		if (found && !r->pool && r->im->config)
			break;
	}
	if (rc != ARCHIVE_EOF && !found)
		return fail(r, a, "a package");
	return found;
}

/* What kind of package, or NULL: libarchive alone would take many things for one. */
static const char *package_kind(const uint8_t *data, size_t size)
{
	if (size > 96 && !memcmp(data, "\xed\xab\xee\xdb", 4))
		return "RPM package";
	if (size > 8 && !memcmp(data, "!<arch>\n", 8))
		return "Debian package";
	if (size > 512 && !memcmp(data + 257, "ustar", 5))
		return "tar file";
	if (size > 110 && (!memcmp(data, "070701", 6) || !memcmp(data, "070702", 6)))
		return "cpio file";
	return NULL;
}

/* By libarchive's readers of packages, opened on bytes or on a file. 1, or -errno. */
static int read_package(struct reader *r, const char *what, const uint8_t *data, size_t size, int fd)
{
	struct archive *a = open_reader();
	int rc;

	if (!a)
		return error_nomem(r->e);
	archive_read_support_filter_rpm(a);
	archive_read_support_format_ar(a);
	archive_read_support_format_cpio(a);
	archive_read_support_format_tar(a);
	rc = data ? archive_read_open_memory(a, data, size) : archive_read_open_fd(a, fd, BLOCK);
	rc = rc ? fail(r, a, "a package") : walk(r, a, 0);
	if (rc == 1 && !r->pool)
		image_add_format(r->im, what);
	else if (!rc && !r->pool)
		rc = error_set(r->e, -ENOENT, "image-format", "%s: there is no kernel in the %s", r->name, what);
	archive_read_free(a);
	return rc < 0 ? rc : 1;
}

int image_read_package(struct reader *r, const uint8_t *data, size_t size)
{
	const char *what = package_kind(data, size);

	return what ? read_package(r, what, data, size, -1) : 0;
}

int image_read_package_file(struct reader *r, int fd)
{
	uint8_t head[HEAD];
	ssize_t n = pread(fd, head, sizeof(head), 0);
	const char *what = n > 0 ? package_kind(head, (size_t)n) : NULL;

	return what ? read_package(r, what, NULL, 0, fd) : 0;
}
