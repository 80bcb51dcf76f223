/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * A tiny writer of eBPF objects, so that cases go through the same reader as everybody's
 * objects. In: assembled functions and maps. Out: ELF64 little-endian, EM_BPF, as clang
 * lays it out (llvm.org/docs, "BPF Relocation Types"; libbpf's BTF-defined maps):
 *
 *	0 null | code sections | .maps license .BTF | .rel* of code | .symtab .strtab | headers
 */
#include <elf.h>
#include <linux/btf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "objgen.h"

#define MAX_SECTIONS 64
#define MAP_BYTES 32 /* a variable of .maps: four pointers */
#define R_BPF_64_64 1
#define R_BPF_64_32 10

struct out_section {
	char name[128];
	Elf64_Shdr head;
	struct buf data;
};

struct writer {
	const struct assembly *a;
	const struct map_text *maps;
	size_t nr_maps;
	struct out_section sections[MAX_SECTIONS];
	uint32_t nr_sections;
	struct buf symbols, strings;
	uint32_t maps_section;
	uint32_t first_map; /* symbol of maps[0] */
	uint32_t *function_symbol, *function_section, *function_first;
	uint32_t nr_symbols;
	char *error;
	size_t error_size;
};

static const char *const map_types[] = {
	[BPF_MAP_TYPE_HASH] = "hash",
	[BPF_MAP_TYPE_ARRAY] = "array",
	[BPF_MAP_TYPE_PROG_ARRAY] = "prog_array",
	[BPF_MAP_TYPE_PERF_EVENT_ARRAY] = "perf_event_array",
	[BPF_MAP_TYPE_PERCPU_HASH] = "percpu_hash",
	[BPF_MAP_TYPE_PERCPU_ARRAY] = "percpu_array",
	[BPF_MAP_TYPE_STACK_TRACE] = "stack_trace",
	[BPF_MAP_TYPE_LRU_HASH] = "lru_hash",
	[BPF_MAP_TYPE_RINGBUF] = "ringbuf",
	[BPF_MAP_TYPE_TASK_STORAGE] = "task_storage",
};

uint32_t map_type(const char *name)
{
	uint32_t i;

	for (i = 0; i < sizeof(map_types) / sizeof(map_types[0]); i++)
		if (map_types[i] && !strcmp(map_types[i], name))
			return i;
	return (uint32_t)strtoul(name, NULL, 0);
}

static uint32_t section(struct writer *w, const char *name, uint32_t type, uint64_t flags, uint64_t align)
{
	struct out_section *s;
	uint32_t i;

	for (i = 1; i < w->nr_sections; i++)
		if (!strcmp(w->sections[i].name, name))
			return i;
	if (w->nr_sections == MAX_SECTIONS) {
		snprintf(w->error, w->error_size, "more than %d sections", MAX_SECTIONS);
		return 0;
	}
	s = &w->sections[w->nr_sections];
	snprintf(s->name, sizeof(s->name), "%s", name);
	s->head.sh_type = type;
	s->head.sh_flags = flags;
	s->head.sh_addralign = align;
	return w->nr_sections++;
}

static uint32_t symbol(struct writer *w, const char *name, uint8_t type, uint8_t bind, uint32_t in, uint64_t value,
		       uint64_t size)
{
	Elf64_Sym y = { .st_name = *name ? (uint32_t)buf_str(&w->strings, name) : 0, .st_shndx = (uint16_t)in,
			.st_info = ELF64_ST_INFO(bind, type), .st_value = value, .st_size = size };

	buf_add(&w->symbols, &y, sizeof(y));
	return w->nr_symbols++;
}

static void put_code(struct writer *w)
{
	size_t i;

	for (i = 0; i < w->a->nr_functions; i++) {
		const struct asm_function *f = &w->a->functions[i];
		uint32_t at = section(w, f->section, SHT_PROGBITS, SHF_ALLOC | SHF_EXECINSTR, 8);

		w->function_section[i] = at;
		w->function_first[i] = (uint32_t)(w->sections[at].data.size / 8);
		buf_add(&w->sections[at].data, f->insns, f->nr_insns * sizeof(*f->insns));
	}
}

/* Static functions first: ELF wants local symbols before global ones. */
static uint32_t put_symbols(struct writer *w)
{
	uint32_t first_global = 0, pass;
	size_t i;

	symbol(w, "", 0, 0, 0, 0, 0);
	for (pass = 0; pass < 2; pass++) {
		for (i = 0; i < w->a->nr_functions; i++) {
			const struct asm_function *f = &w->a->functions[i];
			bool global = strcmp(f->section, ".text") != 0;

			if (global == (pass == 1))
				w->function_symbol[i] = symbol(w, f->name, STT_FUNC, global ? STB_GLOBAL : STB_LOCAL,
							       w->function_section[i], 8ull * w->function_first[i],
							       8 * f->nr_insns);
		}
		if (!pass)
			first_global = w->nr_symbols;
	}
	w->first_map = w->nr_symbols;
	for (i = 0; i < w->nr_maps; i++)
		symbol(w, w->maps[i].name, STT_OBJECT, STB_GLOBAL, w->maps_section, MAP_BYTES * i, MAP_BYTES);
	symbol(w, "LICENSE", STT_OBJECT, STB_GLOBAL, section(w, "license", SHT_PROGBITS, SHF_ALLOC | SHF_WRITE, 1), 0,
	       w->sections[section(w, "license", 0, 0, 0)].data.size);
	return first_global;
}

static bool find_symbol(const struct writer *w, const struct asm_reloc *r, uint32_t *out)
{
	size_t i;

	for (i = 0; r->kind == ASM_MAP && i < w->nr_maps; i++)
		if (!strcmp(w->maps[i].name, r->name)) {
			*out = w->first_map + (uint32_t)i;
			return true;
		}
	for (i = 0; r->kind != ASM_MAP && i < w->a->nr_functions; i++)
		if (!strcmp(w->a->functions[i].name, r->name)) {
			*out = w->function_symbol[i];
			return true;
		}
	return false;
}

static void put_relocs(struct writer *w)
{
	char name[160];
	size_t i, k;

	for (i = 0; i < w->a->nr_functions; i++) {
		const struct asm_function *f = &w->a->functions[i];
		uint32_t at, to;

		if (!f->nr_relocs)
			continue;
		snprintf(name, sizeof(name), ".rel%s", f->section);
		at = section(w, name, SHT_REL, 0, 8);
		w->sections[at].head.sh_info = w->function_section[i];
		w->sections[at].head.sh_entsize = sizeof(Elf64_Rel);
		for (k = 0; k < f->nr_relocs; k++) {
			const struct asm_reloc *r = &f->relocs[k];
			Elf64_Rel rel = { .r_offset = 8ull * (w->function_first[i] + r->insn) };

			if (!find_symbol(w, r, &to)) {
				snprintf(w->error, w->error_size, "%s names %s, which is not there", f->name, r->name);
				return;
			}
			rel.r_info = ELF64_R_INFO(to, r->kind == ASM_CALL ? R_BPF_64_32 : R_BPF_64_64);
			buf_add(&w->sections[at].data, &rel, sizeof(rel));
		}
	}
}

struct btf_out {
	struct buf types, strings;
	uint32_t nr;
};

static uint32_t put_type(struct btf_out *b, const char *name, uint8_t kind, uint32_t vlen, uint32_t size_or_type)
{
	buf_u32(&b->types, *name ? (uint32_t)buf_str(&b->strings, name) : 0);
	buf_u32(&b->types, (uint32_t)kind << 24 | vlen);
	buf_u32(&b->types, size_or_type);
	return ++b->nr;
}

/* int (*)[N]: how BTF-defined maps spell a number */
static uint32_t put_number(struct btf_out *b, uint32_t integer, uint32_t n)
{
	uint32_t array = put_type(b, "", BTF_KIND_ARRAY, 0, 0);

	buf_u32(&b->types, integer);
	buf_u32(&b->types, integer);
	buf_u32(&b->types, n);
	return put_type(b, "", BTF_KIND_PTR, 0, array);
}

static uint32_t put_map(struct btf_out *b, uint32_t integer, const struct map_text *m)
{
	const struct {
		const char *name;
		uint32_t value;
	} parts[] = {
		{ "type", m->type }, { "max_entries", m->max_entries }, { "key_size", m->key_size }, { "value_size", m->value_size },
	};
	uint32_t types[4], n = 0, i, id;

	for (i = 0; i < 4; i++) {
		types[i] = 0;
		if (!parts[i].value) /* a ring has no keys */
			continue;
		types[i] = put_number(b, integer, parts[i].value);
		n++;
	}
	id = put_type(b, "", BTF_KIND_STRUCT, n, MAP_BYTES);
	for (i = n = 0; i < 4; i++) {
		if (!types[i])
			continue;
		buf_u32(&b->types, (uint32_t)buf_str(&b->strings, parts[i].name));
		buf_u32(&b->types, types[i]);
		buf_u32(&b->types, 64 * n++);
	}
	id = put_type(b, m->name, BTF_KIND_VAR, 0, id);
	buf_u32(&b->types, BTF_VAR_GLOBAL_ALLOCATED);
	return id;
}

static void put_btf(struct writer *w, struct buf *out)
{
	struct btf_out b = { 0 };
	uint32_t *vars = calloc(w->nr_maps + 1, sizeof(*vars)), integer;
	size_t i;

	buf_u8(&b.strings, 0);
	integer = put_type(&b, "int", BTF_KIND_INT, 0, 4);
	buf_u32(&b.types, BTF_INT_SIGNED << 24 | 32);
	for (i = 0; i < w->nr_maps; i++)
		vars[i] = put_map(&b, integer, &w->maps[i]);
	if (w->nr_maps)
		put_type(&b, ".maps", BTF_KIND_DATASEC, (uint32_t)w->nr_maps, (uint32_t)(MAP_BYTES * w->nr_maps));
	for (i = 0; i < w->nr_maps; i++) {
		buf_u32(&b.types, vars[i]);
		buf_u32(&b.types, (uint32_t)(MAP_BYTES * i));
		buf_u32(&b.types, MAP_BYTES);
	}
	buf_u16(out, BTF_MAGIC);
	buf_u16(out, BTF_VERSION);
	buf_u32(out, 24);
	buf_u32(out, 0);
	buf_u32(out, (uint32_t)b.types.size);
	buf_u32(out, (uint32_t)b.types.size);
	buf_u32(out, (uint32_t)b.strings.size);
	buf_add(out, b.types.data, b.types.size);
	buf_add(out, b.strings.data, b.strings.size);
	buf_free(&b.types);
	buf_free(&b.strings);
	free(vars);
}

static void put_file(struct writer *w, struct buf *out)
{
	Elf64_Ehdr h = { .e_ident = { 0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, EV_CURRENT }, .e_type = ET_REL,
			 .e_machine = EM_BPF, .e_version = EV_CURRENT, .e_ehsize = sizeof(h),
			 .e_shentsize = sizeof(Elf64_Shdr), .e_shnum = (uint16_t)w->nr_sections,
			 .e_shstrndx = (uint16_t)section(w, ".strtab", 0, 0, 0) };
	uint32_t i;

	buf_add(out, &h, sizeof(h));
	for (i = 1; i < w->nr_sections; i++) {
		struct out_section *s = &w->sections[i];

		buf_align(out, 8);
		s->head.sh_offset = buf_add(out, s->data.data, s->data.size);
		s->head.sh_size = s->data.size;
	}
	buf_align(out, 8);
	((Elf64_Ehdr *)out->data)->e_shoff = out->size;
	for (i = 0; i < w->nr_sections; i++)
		buf_add(out, &w->sections[i].head, sizeof(Elf64_Shdr));
}

static void put_tables(struct writer *w)
{
	uint32_t symtab, strtab, i, locals;

	w->maps_section = w->nr_maps ? section(w, ".maps", SHT_PROGBITS, SHF_ALLOC | SHF_WRITE, 8) : 0;
	if (w->nr_maps)
		buf_add(&w->sections[w->maps_section].data, NULL, MAP_BYTES * w->nr_maps);
	locals = put_symbols(w);
	put_btf(w, &w->sections[section(w, ".BTF", SHT_PROGBITS, 0, 4)].data);
	put_relocs(w);
	symtab = section(w, ".symtab", SHT_SYMTAB, 0, 8);
	strtab = section(w, ".strtab", SHT_STRTAB, 0, 1);
	w->sections[symtab].head.sh_link = strtab;
	w->sections[symtab].head.sh_info = locals;
	w->sections[symtab].head.sh_entsize = sizeof(Elf64_Sym);
	buf_add(&w->sections[symtab].data, w->symbols.data, w->symbols.size);
	for (i = 1; i < w->nr_sections; i++) {
		w->sections[i].head.sh_name = (uint32_t)buf_str(&w->strings, w->sections[i].name);
		if (w->sections[i].head.sh_type == SHT_REL)
			w->sections[i].head.sh_link = symtab;
	}
	buf_add(&w->sections[strtab].data, w->strings.data, w->strings.size);
}

bool object_write_elf(const struct assembly *a, const struct map_text *maps, size_t nr_maps, const char *license,
		      struct buf *out, char *error, size_t size)
{
	struct writer *w = calloc(1, sizeof(*w));
	uint32_t i;

	if (!w)
		return false;
	*w = (struct writer){ .a = a, .maps = maps, .nr_maps = nr_maps, .nr_sections = 1, .error = error, .error_size = size };
	w->function_symbol = calloc(a->nr_functions + 1, sizeof(uint32_t));
	w->function_section = calloc(a->nr_functions + 1, sizeof(uint32_t));
	w->function_first = calloc(a->nr_functions + 1, sizeof(uint32_t));
	*error = '\0';
	buf_u8(&w->strings, 0);
	put_code(w);
	buf_str(&w->sections[section(w, "license", SHT_PROGBITS, SHF_ALLOC | SHF_WRITE, 1)].data, license);
	put_tables(w);
	put_file(w, out);
	for (i = 0; i < w->nr_sections; i++)
		buf_free(&w->sections[i].data);
	buf_free(&w->symbols);
	buf_free(&w->strings);
	free(w->function_symbol);
	free(w->function_section);
	free(w->function_first);
	free(w);
	return !*error && !out->failed;
}
