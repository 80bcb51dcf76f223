/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
#ifndef ABIDE_TESTS_IMAGE_KIT_H
#define ABIDE_TESTS_IMAGE_KIT_H

#include <archive.h>
#include <archive_entry.h>
#include <elf.h>

#include "image/image.h"
#include "profile_kit.h"

/* Files that kernels and modules come in, made of small BTF. */

static inline void put(struct buf *b, size_t at, uint64_t v, int n)
{
	int i;

	while (b->size < at + (size_t)n)
		buf_u8(b, 0);
	for (i = 0; i < n; i++)
		b->data[at + i] = (uint8_t)(v >> 8 * i);
}

static inline void put_bytes(struct buf *b, size_t at, const void *p, size_t n)
{
	while (b->size < at + n)
		buf_u8(b, 0);
	memcpy(b->data + at, p, n);
}

/* A vmlinux: header, BTF, banner, names, four section headers. */
static inline struct buf vmlinux_of(const void *btf, size_t btf_size, bool named)
{
	static const char banner[] = "Linux version 9.8.7-test (x@y) #1", names[] = "\0.BTF\0.shstrtab\0.rodata";
	struct buf b = { 0 };
	size_t at_btf = 64, at_banner, at_names, at;
	struct {
		uint32_t name, type;
		size_t off, size;
	} s[4] = { { 0 } };
	int i;

	put_bytes(&b, 0, ELFMAG "\2\1\1", 7);
	put(&b, offsetof(Elf64_Ehdr, e_machine), EM_AARCH64, 2);
	put_bytes(&b, at_btf, btf, btf_size);
	at_banner = b.size;
	buf_add(&b, banner, sizeof(banner));
	at_names = b.size;
	buf_add(&b, names, sizeof(names));
	buf_add(&b, NULL, 300000); /* real ones are large, too */
	buf_align(&b, 8);
	at = b.size;
	s[1].name = named ? 1 : 16;
	s[1].type = s[2].type = s[3].type = 1;
	s[1].off = at_btf;
	s[1].size = btf_size;
	s[2].name = 6;
	s[2].off = at_names;
	s[2].size = sizeof(names);
	s[3].name = 16;
	s[3].off = at_banner;
	s[3].size = sizeof(banner);
	for (i = 0; i < 4; i++) {
		put(&b, at + 64 * i, s[i].name, 4);
		put(&b, at + 64 * i + 4, s[i].type, 4);
		put(&b, at + 64 * i + 24, s[i].off, 8);
		put(&b, at + 64 * i + 32, s[i].size, 8);
		put(&b, at + 64 * i + 56, 0, 8);
	}
	put(&b, offsetof(Elf64_Ehdr, e_shoff), at, 8);
	put(&b, offsetof(Elf64_Ehdr, e_shnum), 4, 2);
	put(&b, offsetof(Elf64_Ehdr, e_shstrndx), 2, 2);
	return b;
}

static inline la_ssize_t to_buf(struct archive *a, void *arg, const void *p, size_t n)
{
	(void)a;
	buf_add(arg, p, n);
	return (la_ssize_t)n;
}

/* One member of an archive, or (format 0) the compressed bytes themselves. */
static inline struct buf pack_times(int format, int filter, const char *path, const struct buf *in, uint32_t times)
{
	struct archive *a = archive_write_new();
	struct archive_entry *entry = archive_entry_new();
	struct buf out = { 0 };

	archive_write_add_filter(a, filter);
	if (format == ARCHIVE_FORMAT_AR_BSD)
		archive_write_set_format_ar_bsd(a);
	else if (format)
		archive_write_set_format(a, format);
	else
		archive_write_set_format_raw(a);
	archive_write_set_bytes_in_last_block(a, 1);
	archive_write_open(a, &out, NULL, to_buf, NULL);
	archive_entry_set_pathname(entry, path);
	archive_entry_set_filetype(entry, AE_IFREG);
	archive_entry_set_perm(entry, 0644);
	archive_entry_set_size(entry, (la_int64_t)in->size * times);
	if (archive_write_header(a, entry))
		printf("# %s\n", archive_error_string(a));
	while (times--)
		archive_write_data(a, in->data, in->size);
	archive_write_close(a);
	archive_write_free(a);
	archive_entry_free(entry);
	if (!out.size)
		OK(false, "an archive of the test is written");
	return out;
}

static inline struct buf pack(int format, int filter, const char *path, const struct buf *in)
{
	return pack_times(format, filter, path, in, 1);
}

/* Lead, empty signature, empty header; then the compressed cpio. */
static inline struct buf rpm(const struct buf *cpio)
{
	struct buf b = { 0 };
	int i;

	put_bytes(&b, 0, "\xed\xab\xee\xdb\3\0", 6);
	put(&b, 95, 0, 1);
	for (i = 0; i < 2; i++) {
		buf_add(&b, "\x8e\xad\xe8\1\0\0\0\0", 8);
		buf_add(&b, "\0\0\0\1\0\0\0\4", 8); /* one entry of 16 bytes, 4 bytes of data */
		buf_add(&b, "\0\0\3\xe8\0\0\0\4\0\0\0\0\0\0\0\1", 16);
		buf_add(&b, "\0\0\0\1", 4);
		if (!i)
			buf_align(&b, 8);
	}
	buf_add(&b, cpio->data, cpio->size);
	return b;
}

/*
 * A module's BTF on the kernel's: struct "in_module" { int member; struct in_module *self; }, where "int" and
 * "member" are the kernel's. @base: of make_btf, where "int" is type 1.
 */
static inline struct buf split_btf(const struct bb *base, uint32_t first)
{
	static const char strings[] = "\0in_module\0self";
	const uint32_t own = (uint32_t)base->strings.size;
	const char *member = memmem(base->strings.data, base->strings.size, "\0member", 8);
	const uint32_t types[] = {
		own + 1, (uint32_t)BTF_KIND_STRUCT << 24 | 2, 16,
		(uint32_t)(member + 1 - (const char *)base->strings.data), 1, 0,
		own + 11, first + 1, 64,
		0, (uint32_t)BTF_KIND_PTR << 24, first,
	};
	struct btf_header h = { .magic = BTF_MAGIC, .version = BTF_VERSION, .hdr_len = sizeof(h), .type_len = sizeof(types),
				.str_off = sizeof(types), .str_len = sizeof(strings) };
	struct buf b = { 0 };

	buf_add(&b, &h, sizeof(h));
	buf_add(&b, types, sizeof(types));
	buf_add(&b, strings, sizeof(strings));
	return b;
}

/* What ko() makes: a module with these symbols. */
#define KO_SECTIONS 8
static const char ko_sections[] = "\0.text\0.init.text\0.data\0.symtab\0.strtab\0.shstrtab\0.BTF";
static const struct {
	const char *name;
	uint8_t type, section; /* 1 .text, 2 .init.text, 3 .data, 0 undefined */
} ko_symbols[] = {
	{ "mod_function", STT_FUNC, 1 }, { "mod_begins", STT_FUNC, 2 }, { "mod_data", STT_OBJECT, 3 },
	{ "_printk", STT_NOTYPE, 0 },    { "event_mod", STT_OBJECT, 3 }, { "__tracepoint_mod", STT_OBJECT, 3 },
	{ "str__mods__trace_system_name", STT_OBJECT, 3 }, { "mod_part.isra.0", STT_FUNC, 1 }, { "__ksymtab_x", STT_OBJECT, 3 },
};
#define KO_SYMBOLS (sizeof(ko_symbols) / sizeof(ko_symbols[0]))

/* Numbers of an ELF file of either width and order. */
struct elf {
	struct buf b;
	bool wide, big;
};

static inline void word(struct elf *f, size_t at, uint64_t v, int n)
{
	int i;

	put(&f->b, at + (size_t)n - 1, 0, 1);
	for (i = 0; i < n; i++)
		f->b.data[at + (size_t)i] = (uint8_t)(v >> 8 * (f->big ? n - 1 - i : i));
}

static inline void address(struct elf *f, size_t *at, uint64_t v)
{
	word(f, *at, v, f->wide ? 8 : 4);
	*at += f->wide ? 8 : 4;
}

static inline void section(struct elf *f, size_t at, const char *name, uint32_t type, uint64_t flags, size_t off, size_t size, uint32_t link)
{
	const char *p = memmem(ko_sections, sizeof(ko_sections), name, strlen(name) + 1);

	word(f, at, (uint64_t)(p - ko_sections), 4);
	word(f, at + 4, type, 4);
	at += 8;
	address(f, &at, flags);
	address(f, &at, 0);
	address(f, &at, off);
	address(f, &at, size);
	word(f, at, link, 4);
	word(f, at + 4, 0, 4);
	at += 8;
	address(f, &at, 1);
	address(f, &at, 0);
}

/* A module with the symbols above, and @btf where that is not NULL. */
static inline struct buf ko(bool wide, bool big, const struct buf *btf)
{
	struct elf f = { .wide = wide, .big = big };
	size_t entry = wide ? 24 : 16, header = wide ? 64 : 40, at, table, strings, names, btf_at, i;
	struct buf text = { 0 };

	put_bytes(&f.b, 0, wide ? "\177ELF\2" : "\177ELF\1", 5);
	put(&f.b, 5, big ? 2 : 1, 1);
	put(&f.b, 6, 1, 1);
	put(&f.b, 127, 0, 1);
	table = f.b.size;
	put(&f.b, table + entry * (KO_SYMBOLS + 1) - 1, 0, 1);
	buf_u8(&text, 0);
	for (i = 0; i < KO_SYMBOLS; i++) {
		at = table + entry * (i + 1);
		word(&f, at, text.size, 4);
		put(&f.b, at + (wide ? 4 : 12), ko_symbols[i].type, 1);
		word(&f, at + (wide ? 6 : 14), ko_symbols[i].section, 2);
		buf_str(&text, ko_symbols[i].name);
	}
	strings = f.b.size;
	buf_add(&f.b, text.data, text.size);
	names = f.b.size;
	buf_add(&f.b, ko_sections, sizeof(ko_sections));
	btf_at = f.b.size;
	if (btf)
		buf_add(&f.b, btf->data, btf->size);
	buf_align(&f.b, 8);
	at = f.b.size;
	put(&f.b, at + header * KO_SECTIONS - 1, 0, 1);
	section(&f, at + header * 1, ".text", SHT_PROGBITS, SHF_ALLOC | SHF_EXECINSTR, 0, 16, 0);
	section(&f, at + header * 2, ".init.text", SHT_PROGBITS, SHF_ALLOC | SHF_EXECINSTR, 0, 16, 0);
	section(&f, at + header * 3, ".data", SHT_PROGBITS, SHF_ALLOC | SHF_WRITE, 0, 16, 0);
	section(&f, at + header * 4, ".symtab", SHT_SYMTAB, 0, table, entry * (KO_SYMBOLS + 1), 5);
	section(&f, at + header * 5, ".strtab", SHT_STRTAB, 0, strings, text.size, 0);
	section(&f, at + header * 6, ".shstrtab", SHT_STRTAB, 0, names, sizeof(ko_sections), 0);
	if (btf)
		section(&f, at + header * 7, ".BTF", SHT_PROGBITS, 0, btf_at, btf->size, 0);
	word(&f, wide ? offsetof(Elf64_Ehdr, e_shoff) : offsetof(Elf32_Ehdr, e_shoff), at, wide ? 8 : 4);
	word(&f, wide ? offsetof(Elf64_Ehdr, e_shnum) : offsetof(Elf32_Ehdr, e_shnum), KO_SECTIONS, 2);
	word(&f, wide ? offsetof(Elf64_Ehdr, e_shstrndx) : offsetof(Elf32_Ehdr, e_shstrndx), 6, 2);
	buf_free(&text);
	return f.b;
}

#endif
