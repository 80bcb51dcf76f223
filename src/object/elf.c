/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * ELF64 as far as a compiler's eBPF objects use it: sections and symbols. In: the
 * bytes of a file from anybody. Out: tables whose indices, names and ranges have been
 * checked. Refused with a sentence of its own: what is no ELF file, another class,
 * byte order or machine, and files that a linker has been over.
 */
#include <ctype.h>
#include <elf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "object/object_data.h"

#ifndef EM_BPF
#define EM_BPF 247
#endif

struct elf_header {
	uint16_t type, machine, shentsize;
	uint64_t shoff;
	uint32_t shnum, shstrndx;
};

static const char compile_hint[] =
	"compile it with: clang -g -O2 -target bpf -c PROGRAM.bpf.c -o PROGRAM.bpf.o";

static bool is_text(const uint8_t *p, size_t n)
{
	size_t i;

	for (i = 0; i < n && i < 512; i++)
		if (!isprint(p[i]) && !isspace(p[i]) && p[i] < 0x80)
			return false;
	return true;
}

static const char *machine_name(uint16_t machine)
{
	switch (machine) {
	case EM_X86_64:
		return "x86-64";
	case EM_386:
		return "32-bit x86";
	case EM_AARCH64:
		return "arm64";
	case EM_ARM:
		return "32-bit Arm";
	case EM_S390:
		return "s390";
	case EM_PPC64:
		return "ppc64";
	case EM_RISCV:
		return "RISC-V";
	default:
		return NULL;
	}
}

static int refuse_magic(const struct object *o, struct abide_error *e)
{
	const struct object_store *s = o->store;

	if (s->size >= 4 && !memcmp(s->bytes, "BC\xc0\xde", 4))
		error_set(e, -EINVAL, "elf-magic", "%s is LLVM bitcode, not an object file",
		          o->path);
	else if (s->size >= 8 && !memcmp(s->bytes, "!<arch>\n", 8))
		error_set(e, -EINVAL, "elf-magic",
		          "%s is an archive of object files, not one of them", o->path);
	else if (is_text(s->bytes, s->size))
		error_set(e, -EINVAL, "elf-magic", "%s is a text file, not a compiled eBPF object",
		          o->path);
	else
		error_set(e, -EINVAL, "elf-magic", "%s is not an ELF file", o->path);
	return error_hint(e, "%s", compile_hint);
}

static int refuse_machine(const struct object *o, uint16_t machine, struct abide_error *e)
{
	const char *name = machine_name(machine);

	if (name)
		error_set(e, -EINVAL, "elf-machine", "%s holds code for %s, not eBPF", o->path,
		          name);
	else
		error_set(e, -EINVAL, "elf-machine", "%s holds code for machine %u, not eBPF",
		          o->path, machine);
	return error_hint(e, "%s", compile_hint);
}

/* @ident: the first 16 bytes. The machine first: it is what tells most about a wrong file. */
static int check_header(const struct object *o, const struct elf_header *h, const uint8_t *ident,
                        struct abide_error *e)
{
	if (h->machine != EM_BPF && !(h->machine == EM_NONE && h->type == ET_REL))
		return refuse_machine(o, h->machine, e);
	if (ident[EI_CLASS] != ELFCLASS64) {
		error_set(e, -EINVAL, "elf-class",
		          "%s is an ELF file of 32 bits; eBPF objects have 64", o->path);
		return error_hint(e, "%s", compile_hint);
	}
	if (ident[EI_DATA] != ELFDATA2LSB) {
		error_set(e, -EINVAL, "elf-endian",
		          "%s is a big-endian object, and only little-endian ones are known",
		          o->path);
		return error_hint(e, "compile it with: clang -target bpfel");
	}
	if (h->type != ET_REL) {
		const char *what = h->type == ET_EXEC   ? "an executable"
		                   : h->type == ET_DYN  ? "a shared object"
		                   : h->type == ET_CORE ? "a core dump"
		                                        : "of an unknown ELF type";

		error_set(e, -EINVAL, "elf-type", "%s is %s, not a relocatable object", o->path,
		          what);
		return error_hint(e, "give the file that the compiler wrote, before any linker");
	}
	return 0;
}

static int read_header(const struct object *o, struct elf_header *h, struct abide_error *e)
{
	struct cursor c = cursor_over(o->store->bytes, o->store->size);
	const uint8_t *ident = cursor_take(&c, EI_NIDENT);
	int err;

	if (!c.size)
		return error_set(e, -EINVAL, "elf-empty", "%s is empty", o->path);
	if (!ident || memcmp(ident, ELFMAG, SELFMAG))
		return refuse_magic(o, e);
	c.swap = (ident[EI_DATA] == ELFDATA2MSB) != (__BYTE_ORDER == __BIG_ENDIAN);
	h->type = cursor_u16(&c);
	h->machine = cursor_u16(&c);
	if (!c.bad) {
		err = check_header(o, h, ident, e);
		if (err)
			return err;
	}
	cursor_seek(&c, offsetof(Elf64_Ehdr, e_shoff));
	h->shoff = cursor_u64(&c);
	cursor_seek(&c, offsetof(Elf64_Ehdr, e_shentsize));
	h->shentsize = cursor_u16(&c);
	h->shnum = cursor_u16(&c);
	h->shstrndx = cursor_u16(&c);
	if (c.bad)
		return error_set(e, -EINVAL, "elf-truncated", "%s ends within its ELF header",
		                 o->path);
	return 0;
}

static struct cursor read_section(struct cursor *c, struct section *s, uint32_t *name)
{
	const struct cursor file = *c;
	uint64_t off;

	*name = cursor_u32(c);
	s->type = cursor_u32(c);
	s->flags = cursor_u64(c);
	cursor_u64(c); /* address: 0 in a relocatable */
	off = cursor_u64(c);
	s->size = cursor_u64(c);
	s->link = cursor_u32(c);
	s->info = cursor_u32(c);
	s->align = cursor_u64(c);
	s->entsize = cursor_u64(c);
	if (s->type == SHT_NOBITS || s->type == SHT_NULL)
		return (struct cursor){ .data = NULL };
	return cursor_sub(&file, off, s->size);
}

/* struct bpf_insn is read in place, so code that lies unaligned in the file is copied. */
static int align_code(struct object *o, struct section *s, struct abide_error *e)
{
	void *copy;

	if (!section_is_code(s) || (uintptr_t)s->data % _Alignof(struct bpf_insn) == 0)
		return 0;
	copy = store_alloc(o, s->size, 1);
	if (!copy)
		return error_nomem(e);
	memcpy(copy, s->data, s->size);
	s->data = copy;
	return 0;
}

static int read_sections(struct object *o, struct elf_header *h, struct abide_error *e)
{
	struct cursor c = cursor_over(o->store->bytes, o->store->size), data, strings;
	uint32_t *names = NULL, i;
	int err = 0;

	if (h->shentsize != sizeof(Elf64_Shdr) || !h->shoff || h->shoff > c.size)
		return error_set(e, -EINVAL, "elf-sections",
		                 "%s has no section headers where its ELF header says", o->path);
	cursor_seek(&c, h->shoff);
	/* More than 65279 sections: their number is the first one's size, the index of names its link. */
	if (!h->shnum || h->shstrndx == SHN_XINDEX) {
		struct cursor first = c;
		struct section s;

		read_section(&first, &s, &i);
		if (!h->shnum)
			h->shnum = s.size > UINT32_MAX ? UINT32_MAX : s.size;
		if (h->shstrndx == SHN_XINDEX)
			h->shstrndx = s.link;
	}
	if (h->shnum > cursor_left(&c) / sizeof(Elf64_Shdr))
		return error_set(e, -EINVAL, "elf-truncated",
		                 "%s is cut: its %u section headers end outside of its %zu bytes",
		                 o->path, h->shnum, o->store->size);
	if (h->shnum > MAX_SECTIONS)
		return error_set(e, -EFBIG, "elf-sections",
		                 "%s has %u sections; more than %u are refused", o->path, h->shnum,
		                 MAX_SECTIONS);
	if (h->shstrndx >= h->shnum)
		return error_set(e, -EINVAL, "elf-sections", "%s has no names for its sections",
		                 o->path);
	o->sections = store_alloc(o, h->shnum, sizeof(*o->sections));
	names = calloc(h->shnum, sizeof(*names));
	if (!o->sections || !names) {
		err = error_nomem(e);
		goto out;
	}
	o->nr_sections = h->shnum;
	for (i = 0; i < h->shnum; i++) {
		data = read_section(&c, &o->sections[i], &names[i]);
		if (data.bad) {
			err = error_set(e, -EINVAL, "elf-truncated",
			                "%s is cut: section %u lies outside of its %zu bytes",
			                o->path, i, o->store->size);
			goto out;
		}
		o->sections[i].data = data.data;
	}
	strings = cursor_over(o->sections[h->shstrndx].data, o->sections[h->shstrndx].size);
	if (!strings.data)
		strings.size = 0;
	for (i = 0; i < h->shnum && !err; i++) {
		o->sections[i].name = i ? cursor_str_at(&strings, names[i]) : "";
		if (!o->sections[i].name)
			err = error_set(e, -EINVAL, "elf-sections",
			                "%s: the name of section %u lies outside of the names",
			                o->path, i);
		else
			err = align_code(o, &o->sections[i], e);
	}
out:
	free(names);
	return err;
}

static int read_symbols(struct object *o, struct abide_error *e)
{
	const struct section *s, *names;
	struct cursor c, strings;
	uint32_t i;

	for (i = 1; i < o->nr_sections && o->sections[i].type != SHT_SYMTAB; i++)
		;
	if (i == o->nr_sections) {
		error_set(e, -EINVAL, "elf-symbols",
		          "%s has no symbols, so nobody can tell its programs", o->path);
		return error_hint(e, "strip it with llvm-strip -g, which keeps them");
	}
	o->store->symtab = i;
	s = &o->sections[i];
	if (s->entsize != sizeof(Elf64_Sym) || s->size % sizeof(Elf64_Sym) ||
	    s->link >= o->nr_sections || o->sections[s->link].type != SHT_STRTAB)
		return error_set(e, -EINVAL, "elf-symbols", "%s: its symbol table is damaged",
		                 o->path);
	names = &o->sections[s->link];
	c = cursor_over(s->data, s->size);
	strings = cursor_over(names->data, names->size);
	if (s->size / sizeof(Elf64_Sym) > UINT32_MAX / sizeof(struct symbol))
		return error_set(e, -EFBIG, "elf-symbols", "%s has too many symbols", o->path);
	o->nr_symbols = s->size / sizeof(Elf64_Sym);
	o->symbols = store_alloc(o, o->nr_symbols, sizeof(*o->symbols));
	if (!o->symbols)
		return error_nomem(e);
	for (i = 0; i < o->nr_symbols; i++) {
		struct symbol *y = &o->symbols[i];
		uint8_t info;

		y->name = cursor_str_at(&strings, cursor_u32(&c));
		info = cursor_u8(&c);
		y->other = cursor_u8(&c);
		y->section = cursor_u16(&c);
		y->value = cursor_u64(&c);
		y->size = cursor_u64(&c);
		y->type = ELF64_ST_TYPE(info);
		y->bind = ELF64_ST_BIND(info);
		if (!y->name)
			return error_set(e, -EINVAL, "elf-symbols",
			                 "%s: the name of symbol %u lies outside of the names",
			                 o->path, i);
		if (y->section == SHN_XINDEX ||
		    (y->section < SHN_LORESERVE && y->section >= o->nr_sections))
			return error_set(
				e, -EINVAL, "elf-symbols",
				"%s: symbol %u (%s) lies in section %u, which does not exist",
				o->path, i, y->name, y->section);
		if (y->type == STT_SECTION && !*y->name && y->section < o->nr_sections)
			y->name = o->sections[y->section].name;
	}
	return 0;
}

/* Sections that are looked up by name are one each and no code, or readers would disagree on which. */
static int check_names(const struct object *o, struct abide_error *e)
{
	static const char *const names[] = { ".BTF", ".BTF.ext", ".maps", "license", "version" };
	uint32_t i, j, nr;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		for (nr = 0, j = 1; j < o->nr_sections; j++) {
			if (strcmp(o->sections[j].name, names[i]))
				continue;
			nr++;
			if (o->sections[j].flags & SHF_EXECINSTR)
				return error_set(e, -EINVAL, "elf-sections",
				                 "%s has code in section %s", o->path, names[i]);
		}
		if (nr > 1)
			return error_set(e, -EINVAL, "elf-sections", "%s has %u sections named %s",
			                 o->path, nr, names[i]);
	}
	return 0;
}

int elf_read(struct object *o, struct abide_error *e)
{
	struct elf_header h = { 0 };
	int err;

	err = read_header(o, &h, e);
	if (!err)
		err = read_sections(o, &h, e);
	if (!err)
		err = check_names(o, e);
	if (!err)
		err = read_symbols(o, e);
	return err;
}

bool section_is_code(const struct section *s)
{
	return s->type == SHT_PROGBITS && s->flags & SHF_EXECINSTR && s->size;
}

bool section_is_data(const struct section *s)
{
	if (s->type == SHT_NOBITS)
		return !strcmp(s->name, ".bss") || !strncmp(s->name, ".bss.", 5);
	if (s->type != SHT_PROGBITS || s->flags & SHF_EXECINSTR)
		return false;
	return !strcmp(s->name, ".data") || !strncmp(s->name, ".data.", 6) ||
	       !strcmp(s->name, ".rodata") || !strncmp(s->name, ".rodata.", 8);
}

uint32_t section_find(const struct object *o, const char *name)
{
	uint32_t i;

	for (i = 1; i < o->nr_sections; i++)
		if (!strcmp(o->sections[i].name, name))
			return i;
	return 0;
}
