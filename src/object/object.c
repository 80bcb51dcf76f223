/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Opening an eBPF object: memory, the order of the steps, and look-ups by instruction.
 * In: a file or bytes. Out: struct object, all of it checked. Each step is a file of
 * its own (object_data.h).
 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "object/object_data.h"
#include "util/buf.h"

#define MAX_FILE (64u << 20) /* bytes; with DWARF, large objects have some 10 MiB */

void *store_alloc(struct object *o, size_t n, size_t size)
{
	struct object_store *s = o->store;
	void **chunks = array_grow(s->chunks, s->nr_chunks, &s->room_chunks, sizeof(*chunks));
	void *p;

	if (!chunks)
		return NULL;
	s->chunks = chunks;
	p = calloc(n ? n : 1, size);
	if (p)
		s->chunks[s->nr_chunks++] = p;
	return p;
}

char *store_printf(struct object *o, const char *fmt, ...)
{
	char text[512], *p;
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	p = store_alloc(o, strlen(text) + 1, 1);
	return p ? strcpy(p, text) : NULL;
}

/* "license" is a string, "version" a number of 4 bytes; both may be absent. */
static int read_license(struct object *o, struct abide_error *e)
{
	const struct section *s;
	uint32_t i;

	o->license = "";
	i = section_find(o, "license");
	s = &o->sections[i];
	if (i && s->data && s->size) {
		struct cursor c = cursor_over(s->data, s->size);

		o->license = cursor_str_at(&c, 0);
		if (!o->license)
			return error_set(e, -EINVAL, "elf-license",
			                 "%s: the license does not end in its section", o->path);
	}
	i = section_find(o, "version");
	s = &o->sections[i];
	if (i && s->data) {
		struct cursor c = cursor_over(s->data, s->size);

		o->version = cursor_u32(&c);
	}
	return 0;
}

/* Takes over @bytes, also when it fails. */
static int open_bytes(uint8_t *bytes, size_t size, const char *name, struct object **out,
                      struct abide_error *e)
{
	struct object *o = calloc(1, sizeof(*o));
	int err;

	*out = NULL;
	if (o)
		o->store = calloc(1, sizeof(*o->store));
	if (!o || !o->store) {
		free(bytes);
		free(o);
		return error_nomem(e);
	}
	o->store->bytes = bytes;
	o->store->size = size;
	o->path = strdup(name);
	err = o->path ? 0 : error_nomem(e);
	if (!err)
		err = elf_read(o, e);
	if (!err)
		err = read_license(o, e);
	if (!err)
		err = functions_read(o, e);
	if (!err)
		err = maps_read(o, e);
	if (!err)
		err = relocs_read(o, e);
	if (!err)
		err = btf_ext_read(o, e);
	if (err)
		object_free(o);
	else
		*out = o;
	return err;
}

int object_open_mem(const void *data, size_t size, const char *name, struct object **out,
                    struct abide_error *e)
{
	uint8_t *copy = malloc(size ? size : 1);

	*out = NULL;
	if (!copy)
		return error_nomem(e);
	if (size)
		memcpy(copy, data, size);
	return open_bytes(copy, size, name, out, e);
}

int object_open_file(const char *path, struct object **out, struct abide_error *e)
{
	uint8_t *bytes = NULL;
	size_t size = 0;
	struct stat st;
	ssize_t n;
	int fd, err = 0;

	*out = NULL;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0 || fstat(fd, &st)) {
		err = error_set(e, -errno, "", "%s: %s", path, strerror(errno));
		goto out;
	}
	if (!S_ISREG(st.st_mode)) {
		err = error_set(e, -EINVAL, "elf-file", "%s is not a regular file", path);
		goto out;
	}
	if (st.st_size > (off_t)MAX_FILE) {
		err = error_set(e, -EFBIG, "elf-file",
		                "%s has more than %u MiB, which no eBPF object needs", path,
		                MAX_FILE >> 20);
		goto out;
	}
	bytes = malloc(st.st_size + 1);
	if (!bytes) {
		err = error_nomem(e);
		goto out;
	}
	while (size < (size_t)st.st_size) {
		n = read(fd, bytes + size, st.st_size - size);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			err = error_set(e, -errno, "", "%s: %s", path, strerror(errno));
		if (n <= 0)
			break;
		size += n;
	}
	if (!err) {
		err = open_bytes(bytes, size, path, out, e);
		bytes = NULL;
	}
out:
	free(bytes);
	if (fd >= 0)
		close(fd);
	return err;
}

void object_free(struct object *o)
{
	size_t i;

	if (!o)
		return;
	btf_free(o->btf);
	if (o->store) {
		for (i = 0; i < o->store->nr_chunks; i++)
			free(o->store->chunks[i]);
		free(o->store->chunks);
		free(o->store->bytes);
		free(o->store);
	}
	free(o->path);
	free(o);
}

/* Index of the last of @n records of @size bytes, each beginning with its instruction, at or before @insn. */
static const void *last_before(const void *records, uint32_t n, size_t size, uint32_t insn)
{
	uint32_t low = 0, high = n, mid, at;

	while (low < high) {
		mid = low + (high - low) / 2;
		memcpy(&at, (const char *)records + mid * size, sizeof(at));
		if (at <= insn)
			low = mid + 1;
		else
			high = mid;
	}
	return low ? (const char *)records + (low - 1) * size : NULL;
}

_Static_assert(!offsetof(struct reloc, insn) && !offsetof(struct line, insn) &&
                       !offsetof(struct core_relo, insn),
               "last_before reads the instruction first");

const struct reloc *function_reloc(const struct function *f, uint32_t insn)
{
	const struct reloc *r = last_before(f->relocs, f->nr_relocs, sizeof(*r), insn);

	return r && r->insn == insn ? r : NULL;
}

const struct core_relo *function_core_relo(const struct function *f, uint32_t insn)
{
	const struct core_relo *r = last_before(f->core_relos, f->nr_core_relos, sizeof(*r), insn);

	return r && r->insn == insn ? r : NULL;
}

const struct line *function_line(const struct function *f, uint32_t insn)
{
	return last_before(f->lines, f->nr_lines, sizeof(struct line), insn);
}

/* The last record that names a line: code that the compiler made up is said to be on line 0. */
static const struct line *source_line(const struct function *f, uint32_t insn)
{
	const struct line *l = function_line(f, insn);

	while (l && l > f->lines && !BPF_LINE_INFO_LINE_NUM(l->line_col))
		l--;
	return l;
}

const char *function_where(const struct object *o, const struct function *f, uint32_t insn,
                           char *buf, size_t size, const char **source)
{
	const struct line *l = source_line(f, insn);
	const char *file = l && o->btf ? btf_string(o->btf, l->file_off) : NULL;
	const char *text = l && o->btf ? btf_string(o->btf, l->line_off) : NULL;

	if (source)
		*source = text ? text + strspn(text, " \t") : "";
	if (file && *file) {
		const char *slash = strrchr(file, '/');

		snprintf(buf, size, "%s:%u", slash ? slash + 1 : file,
		         BPF_LINE_INFO_LINE_NUM(l->line_col));
	} else {
		snprintf(buf, size, "%s+%u", f->name, insn);
	}
	return buf;
}
