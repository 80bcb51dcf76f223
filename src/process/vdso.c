/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The kernel's own clock_gettime, in the image that it maps into each process (vdso(7)). In: the
 * image's address, from the auxiliary vector. Out: the function's address, for native code that
 * calls it without libc in between; NULL where anything is not as expected, and libc has to do.
 *
 * The image is an ELF file whose one loaded segment has all that is looked at: the dynamic
 * section, the symbols, and their GNU hash table, in which the name is looked up:
 *
 *	u32 buckets, first symbol, words of the filter, shift; the filter (not needed to find);
 *	u32 bucket[]: a symbol or 0; u32 hash[] from the first symbol on, bit 0: the bucket's last
 */
#include <elf.h>
#include <sys/auxv.h>

#include "process/vdso.h"
#include "util/cursor.h"

#define HEADERS 4096 /* the first page is there */

struct tables {
	uint64_t symbols, strings, hash; /* offsets; 0: none */
};

/* A copy: in a damaged image nothing is where its type wants it. */
static bool take(struct cursor *c, void *out, size_t size)
{
	const void *p = cursor_take(c, size);

	if (p)
		memcpy(out, p, size);
	return p != NULL;
}

static uint32_t hash_of(const char *name)
{
	uint32_t h = 5381;

	while (*name)
		h = h * 33 + (uint8_t)*name++;
	return h;
}

static uint32_t u32_at(struct cursor *c, uint64_t at)
{
	cursor_seek(c, at);
	return cursor_u32(c);
}

/* All of the image; false: its headers are not those of one. */
static bool open_image(const uint8_t *base, struct cursor *image, uint64_t *dynamic)
{
	struct cursor c = cursor_over(base, HEADERS);
	Elf64_Ehdr h;
	Elf64_Phdr p;
	uint64_t size = 0;
	uint32_t i;

	*dynamic = 0;
	if (!take(&c, &h, sizeof(h)) || memcmp(h.e_ident, ELFMAG, SELFMAG) || h.e_ident[EI_CLASS] != ELFCLASS64 ||
	    h.e_phentsize != sizeof(p))
		return false;
	cursor_seek(&c, h.e_phoff);
	for (i = 0; i < h.e_phnum; i++) {
		if (!take(&c, &p, sizeof(p)))
			return false;
		/* addresses in the file are offsets in memory, in an image that begins at 0 */
		if (p.p_type == PT_LOAD && !p.p_vaddr && !p.p_offset)
			size = p.p_memsz;
		else if (p.p_type == PT_DYNAMIC)
			*dynamic = p.p_vaddr;
	}
	*image = cursor_over(base, size);
	return size && *dynamic;
}

static struct tables read_dynamic(struct cursor *image, uint64_t at)
{
	struct tables t = { 0 };
	Elf64_Dyn d;

	cursor_seek(image, at);
	while (take(image, &d, sizeof(d)) && d.d_tag != DT_NULL) {
		switch (d.d_tag) {
		case DT_SYMTAB:
			t.symbols = d.d_un.d_ptr;
			break;
		case DT_STRTAB:
			t.strings = d.d_un.d_ptr;
			break;
		case DT_GNU_HASH:
			t.hash = d.d_un.d_ptr;
			break;
		default:
			break;
		}
	}
	return t;
}

/* The function @name as an offset; 0: it is not there. */
static uint64_t find(struct cursor *image, const struct tables *t, const char *name)
{
	uint32_t hash = hash_of(name), buckets = u32_at(image, t->hash), first = u32_at(image, t->hash + 4);
	uint32_t words = u32_at(image, t->hash + 8), symbol, have;
	uint64_t bucket = t->hash + 16 + (uint64_t)words * 8, chain = bucket + (uint64_t)buckets * 4;
	Elf64_Sym s = { 0 };
	const char *text;

	if (image->bad || !buckets)
		return 0;
	symbol = u32_at(image, bucket + (uint64_t)(hash % buckets) * 4);
	for (; symbol >= first && symbol; symbol++) {
		have = u32_at(image, chain + (uint64_t)(symbol - first) * 4);
		cursor_seek(image, t->symbols + (uint64_t)symbol * sizeof(s));
		text = take(image, &s, sizeof(s)) ? cursor_str_at(image, t->strings + s.st_name) : NULL;
		if (!text)
			return 0;
		if (!((have ^ hash) >> 1) && !strcmp(text, name) && ELF64_ST_TYPE(s.st_info) == STT_FUNC &&
		    s.st_shndx != SHN_UNDEF && s.st_value < image->size)
			return s.st_value;
		if (have & 1)
			break;
	}
	return 0;
}

const void *vdso_find(const void *base, const char *name)
{
	struct cursor image;
	struct tables t;
	uint64_t dynamic, at;

	if (!base || !open_image(base, &image, &dynamic))
		return NULL;
	t = read_dynamic(&image, dynamic);
	if (!t.symbols || !t.strings || !t.hash)
		return NULL;
	at = find(&image, &t, name);
	return at ? (const uint8_t *)base + at : NULL;
}

const void *vdso_clock(void)
{
	return vdso_find((const void *)(uintptr_t)getauxval(AT_SYSINFO_EHDR), "__vdso_clock_gettime");
}
