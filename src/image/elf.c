// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * ELF files: a vmlinux of any class, machine and byte order, or a boot image in an ELF
 * file's clothes. In: bytes. Out: .BTF, the machine, the release. One without .BTF is searched for
 * a compressed kernel (powerpc's zImage) before it is refused.
 */
#include <elf.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "image/read.h"

static bool is_elf(const uint8_t *data, size_t size)
{
	return size >= EI_NIDENT && !memcmp(data, ELFMAG, SELFMAG);
}

struct image_section image_elf_section(const struct image_elf *elf, uint32_t i)
{
	struct cursor c = elf->file, names = elf->names;
	struct image_section s = { 0 };

	cursor_seek(&c, (size_t)(elf->headers + (uint64_t)i * (elf->wide ? sizeof(Elf64_Shdr) : sizeof(Elf32_Shdr))));
	s.name = cursor_str_at(&names, cursor_u32(&c));
	s.type = cursor_u32(&c);
	s.flags = elf->wide ? cursor_u64(&c) : cursor_u32(&c);
	cursor_take(&c, elf->wide ? 8 : 4); /* address */
	s.off = elf->wide ? cursor_u64(&c) : cursor_u32(&c);
	s.size = elf->wide ? cursor_u64(&c) : cursor_u32(&c);
	s.link = cursor_u32(&c);
	return s;
}

int image_elf_open(const uint8_t *data, size_t size, struct image_elf *elf)
{
	struct cursor c = cursor_over(data, size);
	struct image_section s;
	uint32_t strndx;
	bool big;

	if (!is_elf(data, size))
		return 0;
	memset(elf, 0, sizeof(*elf));
	elf->wide = data[EI_CLASS] == ELFCLASS64;
	big = data[EI_DATA] == ELFDATA2MSB;
	c.swap = big != (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__);
	cursor_seek(&c, elf->wide ? offsetof(Elf64_Ehdr, e_shoff) : offsetof(Elf32_Ehdr, e_shoff));
	elf->headers = elf->wide ? cursor_u64(&c) : cursor_u32(&c);
	cursor_seek(&c, elf->wide ? offsetof(Elf64_Ehdr, e_shnum) : offsetof(Elf32_Ehdr, e_shnum));
	elf->nr = cursor_u16(&c);
	strndx = cursor_u16(&c);
	if (c.bad || elf->headers > size || (elf->nr && strndx >= elf->nr) ||
	    elf->nr * (elf->wide ? sizeof(Elf64_Shdr) : sizeof(Elf32_Shdr)) > size - elf->headers)
		return -EINVAL;
	if (!elf->nr)
		return -ENOENT;
	elf->file = c;
	s = image_elf_section(elf, strndx);
	if (s.off > size || s.size > size - s.off)
		return -EINVAL;
	elf->names = cursor_over(data + s.off, (size_t)s.size);
	return 1;
}

int image_elf_btf(const uint8_t *data, size_t size, const char *section, const uint8_t **btf,
                  size_t *btf_size)
{
	struct image_section s;
	struct image_elf elf;
	int rc = image_elf_open(data, size, &elf);
	uint32_t i;

	for (i = 0; rc == 1 && i < elf.nr; i++) {
		s = image_elf_section(&elf, i);
		if (!s.name || strcmp(s.name, section) || s.type == SHT_NOBITS)
			continue;
		if (s.off > size || s.size > size - s.off)
			return -EINVAL;
		*btf = data + s.off;
		*btf_size = (size_t)s.size;
		return 1;
	}
	return rc == 1 ? -ENOENT : rc;
}

static void set_machine(struct image *im, const uint8_t *data, size_t size)
{
	static const struct {
		uint16_t number;
		const char *wide, *narrow;
	} list[] = {
		{ EM_X86_64, "x86_64", "x86_64" }, { EM_386, "i386", "i386" },
		{ EM_AARCH64, "arm64", "arm64" },  { EM_ARM, "arm", "arm" },
		{ EM_S390, "s390x", "s390" },      { EM_RISCV, "riscv64", "riscv32" },
		{ EM_PPC64, "ppc64", "ppc64" },    { EM_PPC, "ppc", "ppc" },
		{ EM_MIPS, "mips64", "mips" },     { 258, "loongarch64", "loongarch32" },
	};
	struct cursor c = cursor_over(data, size);
	bool big = data[EI_DATA] == ELFDATA2MSB;
	uint16_t machine;
	size_t i;

	c.swap = big != (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__);
	cursor_seek(&c, offsetof(Elf64_Ehdr, e_machine));
	machine = cursor_u16(&c);
	for (i = 0; i < sizeof(list) / sizeof(*list); i++)
		if (list[i].number == machine)
			snprintf(im->machine, sizeof(im->machine), "%s%s",
			         data[EI_CLASS] == ELFCLASS64 ? list[i].wide : list[i].narrow,
			         machine == EM_PPC64 && !big ? "le" : "");
}

int image_read_elf(struct reader *r, const uint8_t *data, size_t size)
{
	const uint8_t *btf = NULL;
	size_t btf_size = 0;
	int rc = image_elf_btf(data, size, ".BTF", &btf, &btf_size);

	if (!rc)
		return 0;
	if (rc == -EINVAL)
		return error_set(r->e, rc, "image-damaged",
		                 "%s: an ELF file that is damaged or cut", r->name);
	set_machine(r->im, data, size);
	image_find_release(r->im, data, size);
	if (rc == 1) {
		rc = image_keep_kernel(r, data, size, btf, btf_size);
		if (rc == 1)
			image_add_format(r->im, "vmlinux");
		return rc;
	}
	rc = image_read_scan(r, data, size);
	if (rc)
		return rc;
	error_set(r->e, -ENOENT, "btf-missing", "%s is an ELF file without BTF", r->name);
	return error_hint(r->e, "use a kernel that was built with CONFIG_DEBUG_INFO_BTF=y");
}
