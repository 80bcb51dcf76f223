/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The records of user events in an ELF file. In: an executable, a shared library or an object file
 * from anybody, stripped or not. Out: the bytes of its sections "abide_user", found by the section headers,
 * which strip keeps. The file may change or shrink while it is read, so it is not mapped: headers, names
 * and the section are read into memory first, and looked at through a cursor.
 */
#include <elf.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/binary.h"
#include "util/cursor.h"

#define SECTION      "abide_user"
#define MAX_SECTIONS 262144u     /* of a file; -ffunction-sections makes some ten thousand */
#define MAX_NAMES    (64u << 20) /* bytes of their names */
#define MAX_RECORDS  (16u << 20) /* bytes of all sections with records */
#define MAX_ALIGN    64u

struct input {
	const char *path; /* for messages */
	int fd;           /* when .data is NULL */
	const uint8_t *data;
	uint64_t size;
};

struct header {
	uint64_t at; /* of the section headers */
	uint32_t nr, names;
};

struct section {
	uint32_t name, type, link;
	uint64_t offset, size, align;
};

static int cut(const struct input *in, const char *what, struct abide_error *e)
{
	return error_set(e, -EINVAL, "elf-truncated", "%s is cut: its %s outside of its %llu bytes", in->path, what,
	                 (unsigned long long)in->size);
}

/* Append bytes [at, at + n) to @out. */
static int fetch(const struct input *in, uint64_t at, uint64_t n, const char *what, struct buf *out,
                 struct abide_error *e)
{
	size_t start = out->size, done = 0;
	ssize_t got;

	if (at > in->size || n > in->size - at)
		return cut(in, what, e);
	buf_add(out, in->data ? in->data + at : NULL, n);
	if (out->failed)
		return error_nomem(e);
	while (!in->data && done < n) {
		got = pread(in->fd, out->data + start + done, n - done, (off_t)(at + done));
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return error_set(e, -errno, "", "cannot read %s: %s", in->path, strerror(errno));
		if (!got)
			return cut(in, what, e);
		done += (size_t)got;
	}
	return 0;
}

static struct section read_section(struct cursor *c)
{
	struct section s;

	s.name = cursor_u32(c);
	s.type = cursor_u32(c);
	cursor_u64(c); /* flags */
	cursor_u64(c); /* address */
	s.offset = cursor_u64(c);
	s.size = cursor_u64(c);
	s.link = cursor_u32(c);
	cursor_u32(c); /* info */
	s.align = cursor_u64(c);
	cursor_u64(c); /* size of an entry */
	return s;
}

static int bad_format(const struct input *in, const char *what, struct abide_error *e)
{
	error_set(e, -EINVAL, "elf-format", "%s is %s", in->path, what);
	return error_hint(e, "name a 64-bit little-endian executable or shared library");
}

static int read_header(const struct input *in, struct header *h, struct abide_error *e)
{
	struct buf b = { 0 };
	const uint8_t *ident;
	struct cursor c;
	uint32_t size;
	int err;

	if (in->size < sizeof(Elf64_Ehdr))
		return bad_format(in, "no ELF file", e);
	err = fetch(in, 0, sizeof(Elf64_Ehdr), "header ends", &b, e);
	if (err)
		goto out;
	c = cursor_over(b.data, b.size);
	ident = cursor_take(&c, EI_NIDENT);
	if (memcmp(ident, ELFMAG, SELFMAG)) {
		err = bad_format(in, "no ELF file", e);
		goto out;
	}
	if (ident[EI_CLASS] != ELFCLASS64 || ident[EI_DATA] != ELFDATA2LSB) {
		err = bad_format(in, ident[EI_CLASS] != ELFCLASS64 ? "no 64-bit ELF file" : "a big-endian ELF file", e);
		goto out;
	}
	cursor_seek(&c, offsetof(Elf64_Ehdr, e_shoff));
	h->at = cursor_u64(&c);
	cursor_seek(&c, offsetof(Elf64_Ehdr, e_shentsize));
	size = cursor_u16(&c);
	h->nr = cursor_u16(&c);
	h->names = cursor_u16(&c);
	if (h->at && size != sizeof(Elf64_Shdr))
		err = error_set(e, -EINVAL, "elf-sections", "%s: its section headers have %u bytes, not %zu", in->path, size,
		                sizeof(Elf64_Shdr));
out:
	buf_free(&b);
	return err;
}

/* More than 65279 sections: their number is the first one's size, the index of names its link. */
static int extend_header(const struct input *in, struct header *h, struct abide_error *e)
{
	struct buf b = { 0 };
	struct section s;
	struct cursor c;
	int err;

	if (h->nr && h->names != SHN_XINDEX)
		return 0;
	err = fetch(in, h->at, sizeof(Elf64_Shdr), "section headers begin", &b, e);
	if (!err) {
		c = cursor_over(b.data, b.size);
		s = read_section(&c);
		if (!h->nr)
			h->nr = s.size > UINT32_MAX ? UINT32_MAX : (uint32_t)s.size;
		if (h->names == SHN_XINDEX)
			h->names = s.link;
	}
	buf_free(&b);
	return err;
}

static int none(const struct input *in, struct abide_error *e)
{
	error_set(e, -ENOENT, "user-events-none", "%s has no user events", in->path);
	error_reason(e, "it has no section " SECTION);
	return error_hint(e, "events are declared with <abide/event.h>; libraries that it loads are files of their own");
}

/* One section with records, aligned as a linker would have put it behind the others. */
static int add_records(const struct input *in, const struct section *s, struct buf *out, struct abide_error *e)
{
	if (s->type != SHT_PROGBITS)
		return error_set(e, -EINVAL, "elf-sections", "%s: section " SECTION " has type %u, not PROGBITS", in->path,
		                 s->type);
	if (s->size > MAX_RECORDS - out->size)
		return error_set(e, -EFBIG, "elf-sections", "%s: more than %u MiB of user events", in->path, MAX_RECORDS >> 20);
	if (out->size && s->align > 1 && s->align <= MAX_ALIGN && !(s->align & (s->align - 1)))
		buf_align(out, (size_t)s->align);
	return fetch(in, s->offset, s->size, "section " SECTION " lies", out, e);
}

static int walk(const struct input *in, const struct header *h, const struct buf *headers, struct buf *out,
                struct abide_error *e)
{
	struct cursor c = cursor_over(headers->data, headers->size), strings;
	struct buf names = { 0 };
	struct section s;
	struct cursor name;
	bool found = false;
	uint32_t i;
	int err;

	cursor_seek(&c, (size_t)h->names * sizeof(Elf64_Shdr));
	s = read_section(&c);
	if (s.type == SHT_NOBITS || s.size > MAX_NAMES)
		return error_set(e, -EINVAL, "elf-sections", "%s has no names for its sections", in->path);
	err = fetch(in, s.offset, s.size, "names of sections lie", &names, e);
	strings = cursor_over(names.data, names.size);
	cursor_seek(&c, 0);
	for (i = 0; !err && i < h->nr; i++) {
		s = read_section(&c);
		/* compared with its NUL; a search for that could take long, section by section */
		name = cursor_sub(&strings, s.name, sizeof(SECTION));
		if (!i || name.bad || memcmp(name.data, SECTION, sizeof(SECTION)))
			continue;
		found = true;
		err = add_records(in, &s, out, e);
	}
	buf_free(&names);
	return err || found ? err : none(in, e);
}

static int read_records(const struct input *in, struct buf *out, struct abide_error *e)
{
	struct buf headers = { 0 };
	struct header h = { 0 };
	int err;

	err = read_header(in, &h, e);
	if (err)
		return err;
	if (!h.at)
		return none(in, e);
	err = extend_header(in, &h, e);
	if (err)
		return err;
	if (h.nr > MAX_SECTIONS)
		return error_set(e, -EFBIG, "elf-sections", "%s has %u sections; more than %u are refused", in->path, h.nr,
		                 MAX_SECTIONS);
	if (h.names >= h.nr)
		return error_set(e, -EINVAL, "elf-sections", "%s has no names for its sections", in->path);
	err = fetch(in, h.at, (uint64_t)h.nr * sizeof(Elf64_Shdr), "section headers end", &headers, e);
	if (!err)
		err = walk(in, &h, &headers, out, e);
	buf_free(&headers);
	return err;
}

int app_binary_fd(int fd, const char *path, struct buf *out, struct abide_error *e)
{
	struct input in = { .path = path, .fd = fd };
	struct stat st;

	if (fstat(fd, &st))
		return error_set(e, -errno, "", "cannot read %s: %s", path, strerror(errno));
	if (!S_ISREG(st.st_mode))
		return bad_format(&in, "no file", e);
	in.size = (uint64_t)st.st_size;
	return read_records(&in, out, e);
}

int app_binary_mem(const void *data, size_t size, const char *path, struct buf *out, struct abide_error *e)
{
	struct input in = { .path = path, .data = size ? data : (const uint8_t *)"", .size = size };

	return read_records(&in, out, e);
}
