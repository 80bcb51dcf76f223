/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Damage done to the sample in one place at a time, and the refusal that each must get.
 * The places are found through the ELF tables, so that another compiler's sample will do.
 */
#include <elf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "object_test.h"

struct damage {
	struct buf file; /* a copy of the sample */
	Elf64_Shdr *sections;
	const char *names;
	uint32_t nr;
};

static Elf64_Shdr *section(struct damage *d, const char *name)
{
	uint32_t i;

	for (i = 1; i < d->nr; i++)
		if (!strcmp(d->names + d->sections[i].sh_name, name))
			return &d->sections[i];
	printf("# the sample has no section %s\n", name);
	exit(1);
}

static void *contents(struct damage *d, const char *name)
{
	return d->file.data + section(d, name)->sh_offset;
}

static Elf64_Sym *symbol(struct damage *d, const char *name)
{
	Elf64_Shdr *s = section(d, ".symtab");
	const char *names = (const char *)d->file.data + d->sections[s->sh_link].sh_offset;
	Elf64_Sym *y = contents(d, ".symtab");

	while (strcmp(names + y->st_name, name))
		y++;
	return y;
}

static void no_symbols(struct damage *d)
{
	section(d, ".symtab")->sh_type = SHT_PROGBITS;
}

static void half_function(struct damage *d)
{
	symbol(d, "loops")->st_size -= 4;
}

static void overlap(struct damage *d)
{
	symbol(d, "loops")->st_value -= 8;
}

static void behind_section(struct damage *d)
{
	symbol(d, "optional")->st_size += 8;
}

static void symbol_section(struct damage *d)
{
	symbol(d, "counts")->st_shndx = 0xff;
}

static void cut_constant(struct damage *d)
{
	Elf64_Sym *y = symbol(d, "loops");
	struct bpf_insn *insn = contents(d, "raw_tp/sched_switch");

	insn[(y->st_value + y->st_size) / 8 - 1].code = BPF_LD | BPF_IMM | BPF_DW;
}

static void reloc_type(struct damage *d)
{
	Elf64_Rel *r = contents(d, ".relraw_tp/sched_switch");

	r->r_info = ELF64_R_INFO(ELF64_R_SYM(r->r_info), 3);
}

static void reloc_place(struct damage *d)
{
	((Elf64_Rel *)contents(d, ".relraw_tp/sched_switch"))->r_offset += 4;
}

static void reloc_symbol(struct damage *d)
{
	Elf64_Rel *r = contents(d, ".relraw_tp/sched_switch");

	r->r_info = ELF64_R_INFO(0xffffull, ELF64_R_TYPE(r->r_info));
}

static void license_end(struct damage *d)
{
	memset(contents(d, "license"), 'G', section(d, "license")->sh_size);
}

static void two_licenses(struct damage *d)
{
	section(d, ".maps")->sh_name = section(d, "license")->sh_name;
}

static void code_in_maps(struct damage *d)
{
	section(d, ".maps")->sh_flags |= SHF_EXECINSTR;
}

static void map_member(struct damage *d)
{
	Elf64_Shdr *s = section(d, ".BTF");
	char *p = memmem(d->file.data + s->sh_offset, s->sh_size, "max_entries", 11);

	p[10] = 'z';
}

static void no_btf(struct damage *d)
{
	section(d, ".BTF")->sh_type = SHT_NOBITS;
}

static void btf_magic(struct damage *d)
{
	*(uint8_t *)contents(d, ".BTF") = 0;
}

static void btf_version(struct damage *d)
{
	((uint8_t *)contents(d, ".BTF"))[2] = 9;
}

static void btf_cut(struct damage *d)
{
	section(d, ".BTF")->sh_size -= 8;
}

static void btf_swapped(struct damage *d)
{
	uint32_t *p = contents(d, ".BTF"), i;

	*(uint16_t *)p = 0x9feb;
	for (i = 1; i < 6; i++)
		p[i] = __builtin_bswap32(p[i]);
}

static void ext_magic(struct damage *d)
{
	*(uint8_t *)contents(d, ".BTF.ext") = 0;
}

static void ext_header(struct damage *d)
{
	((uint32_t *)contents(d, ".BTF.ext"))[1] = 0x7fffffff;
}

static void ext_records(struct damage *d)
{
	uint32_t *p = contents(d, ".BTF.ext");

	p[p[1] / 4 + 2] = 0x7fffffff; /* number of the first section's function records */
}

static const struct {
	void (*damage)(struct damage *);
	const char *what, *tag;
} rows[] = {
	{ no_symbols, "no symbols", "elf-symbols" },
	{ half_function, "a function of half an instruction", "elf-function" },
	{ overlap, "two functions in one place", "elf-function" },
	{ behind_section, "a function that leaves its section", "elf-function" },
	{ symbol_section, "a symbol in no section", "elf-symbols" },
	{ cut_constant, "half a constant at the end of a function", "elf-code" },
	{ reloc_type, "a relocation that code cannot have", "elf-reloc" },
	{ reloc_place, "a relocation within an instruction", "elf-reloc" },
	{ reloc_symbol, "a relocation to no symbol", "elf-reloc" },
	{ license_end, "a license without an end", "elf-license" },
	{ two_licenses, "two licenses", "elf-sections" },
	{ code_in_maps, "code among the maps", "elf-sections" },
	{ map_member, "a map with a member that nobody knows", "map-definition" },
	{ no_btf, "maps without BTF", "map-definition" },
	{ btf_magic, "BTF that is none", "btf-magic" },
	{ btf_version, "BTF of another version", "btf-version" },
	{ btf_cut, "BTF that is cut", "btf-truncated" },
	{ btf_swapped, "BTF of the other byte order", "elf-endian" },
	{ ext_magic, ".BTF.ext that is none", "btf-ext" },
	{ ext_header, ".BTF.ext with a header that does not end", "btf-ext" },
	{ ext_records, "more records than there are", "btf-ext" },
};

static void test_files(const char *sample)
{
	struct abide_error e = { 0 };
	struct btf_data *b;

	if (check(!btf_open_file(sample, &b, &e), "BTF of an ELF file opens %s", e.problem))
		check(btf_find(b, 4, "task_struct"), "and has the file's types");
	btf_free(b);
	check(btf_open_file("/proc/self/exe", &b, &e) && !strcmp(e.tag, "btf-missing"),
	      "no BTF: %s", e.problem);
	check(btf_open_file("/tmp", &b, &e) && !strcmp(e.tag, "btf-file"), "no file: %s",
	      e.problem);
	check(btf_open_mem("", 0, &b, &e) && !strcmp(e.tag, "btf-empty"), "nothing: %s", e.problem);
}

void test_refuse(const char *dir)
{
	struct buf sample;
	char path[512];
	size_t i;

	snprintf(path, sizeof(path), "%s/object_sample.bpf.o", dir);
	sample = read_file(path);
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]) && sample.data; i++) {
		struct abide_error e = { 0 };
		struct damage d = { 0 };
		const Elf64_Ehdr *h;
		struct object *o;

		buf_add(&d.file, sample.data, sample.size);
		h = (const Elf64_Ehdr *)d.file.data;
		d.nr = h->e_shnum;
		d.sections = (Elf64_Shdr *)(d.file.data + h->e_shoff);
		d.names = (const char *)d.file.data + d.sections[h->e_shstrndx].sh_offset;
		rows[i].damage(&d);
		if (!object_open_mem(d.file.data, d.file.size, "damaged.o", &o, &e))
			object_free(o);
		check(!strcmp(e.tag, rows[i].tag) && strstr(e.problem, "damaged.o"), "%s: %s (%s)",
		      rows[i].what, e.problem, e.tag);
		buf_free(&d.file);
	}
	buf_free(&sample);
	test_files(path);
}
