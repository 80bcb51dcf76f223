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

#endif
