// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * A kernel's file, layer by layer. In: a file or bytes from anybody. Out: BTF and what else the
 * layers tell. Each layer is looked at by the readers in turn; the one whose format it is
 * takes it apart and hands what is inside back to image_read. Refused: unknown formats,
 * damaged or cut ones, more layers, bytes or unpacked bytes than any kernel has.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/btf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "image/read.h"
#include "image/symbols.h"

/* Has @data a BTF header whose sections lie within? @whole: the bytes up to their end. */
bool image_is_btf(const uint8_t *data, size_t size, size_t *whole)
{
	struct cursor c = cursor_over(data, size);
	uint32_t hdr_len, off[3] = { 0 }, len[3] = { 0 }, i;
	uint16_t magic = cursor_u16(&c);
	uint64_t end = 0;

	c.swap = magic == __builtin_bswap16(BTF_MAGIC);
	if (!c.swap && magic != BTF_MAGIC)
		return false;
	if (cursor_u8(&c) != BTF_VERSION)
		return false;
	cursor_u8(&c);
	hdr_len = cursor_u32(&c);
	if (hdr_len < 24 || hdr_len > 4096)
		return false;
	for (i = 0; i < (hdr_len >= 32 ? 3 : 2); i++) {
		off[i] = cursor_u32(&c);
		len[i] = cursor_u32(&c);
		if (end < (uint64_t)off[i] + len[i])
			end = (uint64_t)off[i] + len[i];
	}
	*whole = (size_t)(hdr_len + end);
	return !c.bad && len[0] && len[1] && hdr_len + end <= size;
}

int image_keep_btf(struct reader *r, const uint8_t *data, size_t size)
{
	size_t whole;

	if (!image_is_btf(data, size, &whole))
		return error_set(r->e, -EINVAL, "image-damaged", "%s: its BTF is damaged or cut",
		                 r->name);
	if (whole > IMAGE_BTF)
		return error_set(r->e, -EFBIG, "image-size", "%s has more than %u MiB of BTF",
		                 r->name, IMAGE_BTF >> 20);
	free(r->im->btf);
	r->im->btf = malloc(whole);
	if (!r->im->btf)
		return error_nomem(r->e);
	memcpy(r->im->btf, data, whole);
	r->im->btf_size = whole;
	return 1;
}

/* A kernel built with CONFIG_IKCONFIG has its .config in itself, by gzip between two marks (kernel/configs.c). */
static int keep_config(struct reader *r, const uint8_t *data, size_t size)
{
	const uint8_t *from = memmem(data, size, "IKCFG_ST\x1f\x8b", 10), *to;
	struct abide_error *e = r->e, dropped;
	struct buf text = { 0 };
	int rc;

	to = from ? memmem(from, size - (size_t)(from - data), "IKCFG_ED", 8) : NULL;
	if (!to || r->im->config)
		return 0;
	r->e = &dropped; /* bytes that only look like one are no fault of the kernel */
	rc = image_unpack(r, from + 8, (size_t)(to - from) - 8, true, &text);
	r->e = e;
	buf_u8(&text, 0);
	if (rc == 1 && !text.failed && strlen((char *)text.data) == text.size - 1) {
		r->im->config = (char *)text.data;
		return 0;
	}
	buf_free(&text);
	return rc == -ENOMEM ? error_nomem(e) : 0;
}

int image_keep_kernel(struct reader *r, const uint8_t *data, size_t size, const uint8_t *btf, size_t btf_size)
{
	struct btf_data *b = NULL;
	int rc = image_keep_btf(r, btf, btf_size), err;

	if (rc != 1)
		return rc;
	/* BTF that cannot be opened is told by whoever wants to use it */
	if (btf_open_mem(r->im->btf, r->im->btf_size, &b, NULL))
		return 1;
	notes_free(&r->im->notes);
	err = image_notes_of(data, size, b, &r->im->notes, r->e);
	if (!err)
		err = keep_config(r, data, size);
	btf_free(b);
	return err ? err : 1;
}

void image_add_format(struct image *im, const char *what)
{
	size_t n = strlen(im->format);

	snprintf(im->format + n, sizeof(im->format) - n, "%s%s", n ? " in " : "", what);
}

/* The first word, if it looks like a release. */
void image_set_release(struct image *im, const char *text, size_t size)
{
	size_t n;

	for (n = 0; n < size && text[n] > ' ' && text[n] < 0x7f; n++)
		;
	if (*im->release || n < 3 || n >= sizeof(im->release) || *text < '0' || *text > '9')
		return;
	memcpy(im->release, text, n);
	im->release[n] = '\0';
}

void image_find_release(struct image *im, const uint8_t *data, size_t size)
{
	static const char banner[] = "Linux version ";
	const uint8_t *p = data, *end = data + size;

	while (!*im->release && (p = memmem(p, (size_t)(end - p), banner, sizeof(banner) - 1))) {
		p += sizeof(banner) - 1;
		image_set_release(im, (const char *)p, (size_t)(end - p));
	}
}

static int read_raw(struct reader *r, const uint8_t *data, size_t size)
{
	int err;

	if (size < 2 || (memcmp(data, "\x9f\xeb", 2) && memcmp(data, "\xeb\x9f", 2)))
		return 0;
	err = image_keep_btf(r, data, size);
	if (err == 1)
		image_add_format(r->im, "raw BTF");
	return err;
}

/*
 * Formats that begin with a magic number come first. Compression goes before packages, so that
 * a compressed tar is a tar of one layer more.
 */
int image_read(struct reader *r, const uint8_t *data, size_t size)
{
	static int (*const readers[])(struct reader *, const uint8_t *, size_t) = {
		read_raw,           image_read_elf,  image_read_boot, image_read_compressed,
		image_read_package, image_read_flat, image_read_scan,
	};
	size_t i;
	int rc = 0;

	if (!size)
		return error_set(r->e, -EINVAL, "image-format", "%s is empty", r->name);
	if (++r->layers > IMAGE_LAYERS)
		return error_set(r->e, -EINVAL, "image-format",
		                 "%s: there are files within files, more than %d deep", r->name,
		                 IMAGE_LAYERS);
	for (i = 0; !rc && i < sizeof(readers) / sizeof(*readers); i++)
		rc = readers[i](r, data, size);
	r->layers--;
	return rc;
}

/* Of a kernel that was read, or not: @err is 1, 0 when it is none, -errno and @why. Takes @im over. */
static int finish(struct image *im, int err, const char *name, struct abide_error *why, struct image **out, struct abide_error *e)
{
	if (err == 1) {
		if (im->config)
			notes_add_config(&im->notes, im->config);
		err = notes_finish(&im->notes, why);
		if (!err) {
			*out = im;
			return 0;
		}
	}
	image_free(im);
	if (!err) {
		err = error_set(why, -EINVAL, "image-format", "%s is no kernel in any format that abide knows", name);
		error_hint(why, "give raw BTF, vmlinux, a bootable kernel image, or a Debian or RPM package of a kernel");
	}
	if (e)
		*e = *why;
	return err;
}

static int open_reader(const char *name, struct reader *r, struct abide_error *why)
{
	*r = (struct reader){ .name = name, .im = calloc(1, sizeof(*r->im)), .budget = IMAGE_UNPACKED, .streamed = IMAGE_PACKAGE, .e = why };
	return r->im ? 0 : -ENOMEM;
}

int image_open_mem(const char *name, const void *data, size_t size, struct image **out,
                   struct abide_error *e)
{
	struct abide_error why = { 0 };
	struct reader r;

	*out = NULL;
	if (open_reader(name, &r, &why))
		return error_nomem(e);
	return finish(r.im, image_read(&r, data, size), name, &why, out, e);
}

int image_read_fd(int fd, const char *path, size_t size, struct buf *b, struct abide_error *e)
{
	ssize_t n;

	b->room = size + 1;
	b->data = malloc(b->room);
	if (!b->data)
		return error_nomem(e);
	while (b->size < b->room) {
		n = read(fd, b->data + b->size, b->room - b->size);
		if (!n)
			break;
		if (n < 0 && errno != EINTR)
			return error_set(e, -errno, "", "%s: %s", path, strerror(errno));
		b->size += n > 0 ? (size_t)n : 0;
	}
	return 0;
}

static int check_file(int fd, const char *path, size_t *size, struct abide_error *e)
{
	struct stat st;

	if (fstat(fd, &st))
		return error_set(e, -errno, "", "%s: %s", path, strerror(errno));
	if (!S_ISREG(st.st_mode))
		return error_set(e, -EINVAL, "image-format", "%s is not a regular file", path);
	if (st.st_size > IMAGE_FILE)
		return error_set(e, -EFBIG, "image-size", "%s has more than %u MiB", path,
		                 IMAGE_FILE >> 20);
	*size = (size_t)st.st_size;
	return 0;
}

int image_open(const char *path, struct image **out, struct abide_error *e)
{
	struct abide_error why = { 0 };
	struct buf b = { 0 };
	struct reader r;
	size_t size = 0;
	int fd, err;

	*out = NULL;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return error_set(e, -errno, "", "%s: %s", path, strerror(errno));
	err = check_file(fd, path, &size, e);
	if (err)
		goto out;
	if (open_reader(path, &r, &why)) {
		err = error_nomem(e);
		goto out;
	}
	err = image_read_package_file(&r, fd); /* packages are large: only a kernel is kept of them */
	if (!err)
		err = image_read_fd(fd, path, size, &b, &why);
	if (!err)
		err = image_read(&r, b.data, b.size);
	err = finish(r.im, err, path, &why, out, e);
out:
	buf_free(&b);
	close(fd);
	return err;
}

void image_free(struct image *im)
{
	if (!im)
		return;
	notes_free(&im->notes);
	free(im->config);
	free(im->btf);
	free(im);
}
