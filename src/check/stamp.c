/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The built-for stamp. In: an object, a kernel's release and BTF. Out: the object with a
 * section that names them; or what such a section says, and whether this kernel is it.
 * Kernels are told apart by their BTF, not by their release: back-ports change one and
 * not the other, and a rebuild may do the reverse. Only abide stamp writes a stamp: a
 * loader that filled it in would make it say nothing.
 */
#include <ctype.h>
#include <elf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check/stamp.h"
#include "policy/policy.h"
#include "util/cursor.h"

#define HEAD "abide-stamp 2\n"

/* What may stand in a line: no blank, no control character. */
static bool printable(const char *s)
{
	if (!*s)
		return false;
	for (; *s; s++)
		if (!isgraph((unsigned char)*s))
			return false;
	return true;
}

int stamp_of_kernel(const struct stamp_kernel *on, struct stamp *out, struct abide_error *e)
{
	size_t size, n = strlen(on->release);
	const void *bytes = btf_bytes(on->btf, &size);

	memset(out, 0, sizeof(*out));
	if (n >= sizeof(out->release) || !printable(on->release))
		return error_set(e, -EINVAL, "stamp-release", "\"%.100s\" is no release of a kernel", on->release);
	memcpy(out->release, on->release, n);
	if (on->hash)
		snprintf(out->btf, sizeof(out->btf), "%s", on->hash);
	else
		sha256_hex(bytes, size, out->btf);
	return 0;
}

/* --- reading ----------------------------------------------------------------- */

static bool is_digest(const char *s)
{
	return strlen(s) == SHA256_HEX - 1 && strspn(s, "0123456789abcdef") == SHA256_HEX - 1;
}

/* "NAME VALUE": VALUE into @to when the line is of that name; false: it does not fit. */
static bool take(const char *line, size_t n, const char *name, char *to, size_t room)
{
	size_t k = strlen(name);

	if (n <= k || memcmp(line, name, k) || line[k] != ' ')
		return true;
	n -= k + 1;
	if (n >= room)
		return false;
	memcpy(to, line + k + 1, n);
	to[n] = 0;
	return true;
}

static bool parse(const struct section *s, struct stamp *out)
{
	struct cursor c = cursor_over(s->data, s->data ? s->size : 0);
	const char *head = cursor_take(&c, strlen(HEAD)), *line, *end;
	bool fits = true;

	if (!head || memcmp(head, HEAD, strlen(HEAD)))
		return false;
	while (fits && cursor_left(&c)) {
		line = (const char *)c.data + c.at;
		end = memchr(line, '\n', cursor_left(&c));
		if (!end)
			return false;
		cursor_take(&c, (size_t)(end - line) + 1);
		fits = take(line, (size_t)(end - line), "release", out->release, sizeof(out->release)) &&
		       take(line, (size_t)(end - line), "btf-sha256", out->btf, sizeof(out->btf));
	}
	return fits && printable(out->release) && is_digest(out->btf);
}

const struct section *stamp_section(const struct object *o)
{
	uint32_t i;

	for (i = 0; i < o->nr_sections; i++)
		if (!strcmp(o->sections[i].name, STAMP_SECTION))
			return &o->sections[i];
	return NULL;
}

int stamp_read(const struct object *o, struct stamp *out, struct abide_error *e)
{
	const struct section *s = stamp_section(o);

	memset(out, 0, sizeof(*out));
	if (!s)
		return -ENOENT;
	if (parse(s, out))
		return 0;
	error_set(e, -EINVAL, "stamp-damaged", "%s: its section " STAMP_SECTION " is no stamp of abide", o->path);
	return error_hint(e, "stamp it again: abide stamp %s", o->path);
}

/* --- writing ----------------------------------------------------------------- */

/* What is there of the file, as far as a section more concerns it. */
struct layout {
	Elf64_Ehdr head;
	const uint8_t *sections;
	Elf64_Shdr names;
	uint32_t old; /* index of the section that is replaced, 0: none */
	uint32_t old_name;
};

static bool read_layout(const void *elf, size_t size, struct layout *l)
{
	struct cursor c = cursor_over(elf, size), strings;
	const void *p = cursor_take(&c, sizeof(l->head));
	Elf64_Shdr s;
	uint32_t i;

	if (!p)
		return false;
	memcpy(&l->head, p, sizeof(l->head));
	/* Object files of 65280 sections and more count them elsewhere: the reader refuses those. */
	if (l->head.e_shentsize != sizeof(s) || l->head.e_shstrndx >= l->head.e_shnum ||
	    l->head.e_shnum >= SHN_LORESERVE - 1)
		return false;
	cursor_seek(&c, l->head.e_shoff);
	l->sections = cursor_take(&c, (size_t)l->head.e_shnum * sizeof(s));
	if (!l->sections)
		return false;
	memcpy(&l->names, l->sections + l->head.e_shstrndx * sizeof(s), sizeof(s));
	strings = cursor_sub(&c, l->names.sh_offset, l->names.sh_size);
	if (c.bad || strings.bad || l->names.sh_size >= UINT32_MAX)
		return false;
	for (i = 1; i < l->head.e_shnum; i++) {
		const char *name;

		memcpy(&s, l->sections + i * sizeof(s), sizeof(s));
		name = cursor_str_at(&strings, s.sh_name);
		if (name && !strcmp(name, STAMP_SECTION)) {
			l->old = i;
			l->old_name = s.sh_name;
		}
	}
	return true;
}

/*
 * The file as it was, then the stamp, a copy of the section names with one more, and a
 * copy of the section headers with one more; of what was there only the file's own header changes:
 *
 *	+------+-------------------------+-------+---------+-----------+
 *	| head | sections, old headers   | stamp | names + | headers + |
 *	+------+-------------------------+-------+---------+-----------+
 *	   `----------------- e_shoff ---------------------'
 *
 * clang keeps the names of symbols in the same table: offsets into it stay right.
 */
static void write_copy(const void *elf, size_t size, const struct layout *l, const struct stamp *s,
		       const struct buf *uses, struct buf *out)
{
	Elf64_Shdr mine = { .sh_type = SHT_PROGBITS, .sh_addralign = 1 }, names = l->names, one;
	size_t base = out->size;
	Elf64_Ehdr head = l->head;
	uint32_t i;

	buf_add(out, elf, size);
	mine.sh_offset = out->size - base;
	buf_printf(out, HEAD "release %s\nbtf-sha256 %s\n", s->release, s->btf);
	if (uses && uses->size)
		buf_add(out, uses->data, uses->size);
	mine.sh_size = out->size - base - mine.sh_offset;
	mine.sh_name = l->old_name;
	if (!l->old) {
		names.sh_offset = out->size - base;
		mine.sh_name = (uint32_t)names.sh_size;
		buf_add(out, (const uint8_t *)elf + l->names.sh_offset, l->names.sh_size);
		buf_str(out, STAMP_SECTION);
		names.sh_size += sizeof(STAMP_SECTION);
	}
	while ((out->size - base) % sizeof(uint64_t) && !out->failed)
		buf_u8(out, 0);
	head.e_shoff = out->size - base;
	head.e_shnum = (uint16_t)(l->head.e_shnum + !l->old);
	for (i = 0; i < head.e_shnum; i++) {
		if (i == l->head.e_shstrndx)
			one = names;
		else if (i == l->head.e_shnum || (l->old && i == l->old))
			one = mine;
		else
			memcpy(&one, l->sections + i * sizeof(one), sizeof(one));
		buf_add(out, &one, sizeof(one));
	}
	if (!out->failed)
		memcpy(out->data + base, &head, sizeof(head));
}

int stamp_write(const void *elf, size_t size, const struct stamp *s, const struct buf *uses, struct buf *out,
		struct abide_error *e)
{
	struct object *o = NULL;
	struct layout l = { 0 };
	int err;

	/* The reader knows what an object is: what it takes has a header, names and sections. */
	err = object_open_mem(elf, size, "the object", &o, e);
	object_free(o);
	if (err)
		return err;
	if (!read_layout(elf, size, &l))
		return error_set(e, -EINVAL, "elf-sections", "the object's section headers have no room for a stamp");
	write_copy(elf, size, &l, s, uses, out);
	return out->failed ? error_nomem(e) : 0;
}

/* --- the rule ---------------------------------------------------------------- */

const struct function *stamp_needed(const struct object *o)
{
	struct abide_error why;
	uint32_t i;

	for (i = 0; i < o->nr_functions; i++) {
		const struct function *f = &o->functions[i];
		enum abi_class class = policy_section(f->section_name)->class;

		if (f->subprogram)
			continue;
		if (class == ABI_NONE || (class == ABI_CONDITIONAL && policy_check_other(o, f, &why)))
			return f;
	}
	return NULL;
}

/* Does its stamp say that something was a module's? A kernel may be the same, and its modules not. */
static bool needs_module(const struct object *o)
{
	const struct section *s = stamp_section(o);

	return s && memmem(s->data, s->size, STAMP_MODULE, strlen(STAMP_MODULE));
}

/* At most so many are named in a refusal, and abide check has them all. */
#define DIFFERENCES 6

int stamp_allows(const struct object *o, const struct stamp_kernel *on, const struct catalog *c, struct abide_error *e)
{
	const struct function *f = stamp_needed(o);
	struct buf text = { 0 };
	struct stamp s, here;
	uint32_t nr;
	bool same;
	int err;

	err = stamp_read(o, &s, e);
	if (err == -ENOENT || (!err && !f))
		return 0;
	if (!err)
		err = stamp_of_kernel(on, &here, e);
	same = !err && !strcmp(s.btf, here.btf);
	if (err || (same && !needs_module(o)))
		return err;
	err = stamp_differs(o, on, c, DIFFERENCES, &text, &nr, e);
	if (err || !nr)
		goto out;
	if (same)
		err = error_set(e, -EPERM, "stamp-modules", "%s was built and tested on this kernel with modules that are not loaded, or others",
				o->path);
	else
		err = error_set(e, -EPERM, "stamp-other-kernel", "%s was built and tested for another kernel: %s, and this is %s",
				o->path, s.release, strcmp(s.release, on->release) ? on->release : "another build of it");
	error_reason(e, "it depends on the kernel's internals: %s (%s): %s\ndifferent here:\n%.*s", f->name, f->section_name,
		     policy_section(f->section_name)->promise, (int)text.size - 1, (const char *)text.data);
	error_hint(e, "abide check %s tells what it needs here, abide run --force %s runs it all the same", o->path, o->path);
out:
	buf_free(&text);
	return err;
}
