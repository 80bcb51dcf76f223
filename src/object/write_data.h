/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
#ifndef ABIDE_OBJECT_WRITE_DATA_H
#define ABIDE_OBJECT_WRITE_DATA_H

#include "object/object_data.h"
#include "object/write.h"
#include "util/buf.h"

/*
 * Inside of the writer. Everything executable is a chunk: a function that stays as it
 * was, a translated program, or one of its callbacks. Sections hold chunks in order.
 */
#define NONE UINT32_MAX

struct chunk {
	const char *name;
	char *own_name; /* .name, where it had to be made */
	const struct bpf_insn *insns;
	const struct reloc *relocs;
	const struct line *lines;
	const struct core_relo *core_relos;
	uint32_t nr_insns, nr_relocs, nr_lines, nr_core_relos;
	uint32_t btf_id;
	uint8_t bind, other; /* of its symbol */
	uint32_t section;    /* index into writer.sections */
	uint32_t first;      /* instruction index within the section */
	uint32_t symbol;     /* index into the written symbols */
	uint32_t codes;      /* chunk of the program's code[0]; NONE: not translated */
	uint32_t nr_codes;
};

struct out_section {
	const char *name;
	char *own_name;
	uint32_t type, link, info;
	uint64_t flags, align, entsize;
	uint64_t nobits; /* bytes of a SHT_NOBITS section */
	struct buf data;
	struct buf relocs; /* struct Elf64_Rel; becomes a section when not empty */
	uint32_t symbol;   /* of the section */
	bool code;
};

struct writer {
	const struct translated *t;
	const struct object *o;
	struct out_section *sections;
	size_t nr_sections, room_sections;
	struct chunk *chunks;
	size_t nr_chunks, room_chunks;
	uint32_t *section_map;    /* old section -> new, 0: left out */
	uint32_t *symbol_map;     /* old symbol -> new, 0: left out */
	uint32_t *function_chunk; /* old function -> chunk, NONE: left out */
	struct buf symbols, strings;
	uint32_t nr_symbols, nr_locals;
};

/* A new section; .name is borrowed unless the caller moves it to .own_name. NULL: out of memory. */
struct out_section *writer_section(struct writer *w, const char *name, uint32_t type,
                                   uint64_t flags, uint64_t align);
/* Index of the first section of that name, 0 if there is none. */
uint32_t writer_find(const struct writer *w, const char *name);

int writer_plan(struct writer *w, struct abide_error *e);    /* chunks and sections */
int writer_symbols(struct writer *w, struct abide_error *e); /* symbol table */
int writer_code(struct writer *w, struct abide_error *e); /* instructions and their relocations */
int writer_btf(struct writer *w, struct abide_error *e);  /* .BTF, .BTF.ext */

#endif
