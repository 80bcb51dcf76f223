/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
#ifndef ABIDE_OBJECT_OBJECT_H
#define ABIDE_OBJECT_OBJECT_H

#include <linux/bpf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "object/btf.h"
#include "util/error.h"

/*
 * An eBPF object as a compiler wrote it: ELF64 little-endian, EM_BPF, relocatable.
 * All strings and arrays below live as long as the object. Everything is checked
 * when it is opened: indices are in range, instruction offsets are whole, relocations
 * point into their sections.
 */
struct section {
	const char *name;
	uint32_t type;        /* SHT_* */
	uint64_t flags;       /* SHF_* */
	const uint8_t *data;  /* NULL for SHT_NOBITS */
	uint64_t size;        /* bytes */
	uint64_t align;
	uint32_t link, info;
	uint64_t entsize;
};

struct symbol {
	const char *name;
	uint64_t value, size;
	uint8_t type, bind, other; /* STT_*, STB_*, visibility bits */
	uint16_t section;          /* SHN_* or an index into sections */
};

enum reloc_kind {
	RELOC_MAP,    /* ld_imm64 of a map: .target is an index into maps */
	RELOC_DATA,   /* ld_imm64 of a global: .target is an index into maps (a data map), .addend bytes into it */
	RELOC_CALL,   /* call: .target is an index into functions */
	RELOC_FUNC,   /* ld_imm64 of a function's address (callback): .target as above */
	RELOC_EXTERN, /* ld_imm64 of an extern (kconfig, ksym) or call of a kfunc: .symbol says which */
	RELOC_FILTER, /* only after translation: ld_imm64 of the process filter's map */
};

struct reloc {
	uint32_t insn;   /* index from the start of the function that it lies in */
	enum reloc_kind kind;
	uint32_t target;
	int64_t addend;
	uint32_t symbol; /* index into symbols */
};

struct line { /* one record of .BTF.ext line info */
	uint32_t insn;     /* index from the start of the function */
	uint32_t file_off; /* strings of the object's BTF */
	uint32_t line_off;
	uint32_t line_col; /* line << 10 | column, as in the UAPI */
};

struct core_relo { /* one record of .BTF.ext CO-RE relocations */
	uint32_t insn;       /* index from the start of the function */
	uint32_t type_id;
	uint32_t access_off; /* "0:1:2", in the strings */
	uint32_t kind;       /* enum bpf_core_relo_kind */
};

/* One STT_FUNC symbol of an executable section: a program, or a subprogram if in .text. */
struct function {
	const char *name;
	uint32_t section;         /* index into sections */
	const char *section_name; /* "tp_user/sched_switch" */
	bool subprogram;          /* lies in .text */
	bool global;              /* STB_GLOBAL or STB_WEAK and not hidden */
	uint32_t first;           /* instruction index within the section */
	uint32_t nr_insns;        /* ld_imm64 counts as two */
	const struct bpf_insn *insns; /* aligned */
	uint32_t btf_id;          /* FUNC in the object's BTF, 0 if there is no func info */
	const struct reloc *relocs; /* sorted by .insn; calls inside one section are here too */
	uint32_t nr_relocs;
	const struct line *lines;   /* sorted by .insn */
	uint32_t nr_lines;
	const struct core_relo *core_relos; /* sorted by .insn */
	uint32_t nr_core_relos;
};

enum map_source { MAP_BTF, MAP_DATA, MAP_RODATA, MAP_BSS, MAP_KCONFIG };

struct map_def {
	const char *name;     /* of a BTF map: the variable; of data: the section, ".rodata", ".rodata.str1.1" */
	enum map_source source;
	uint32_t section;     /* index into sections */
	uint32_t type;        /* BPF_MAP_TYPE_* */
	uint32_t key_size, value_size, max_entries, flags;
	uint32_t numa_node;
	uint64_t map_extra;
	uint32_t pinning;     /* LIBBPF_PIN_NONE 0, LIBBPF_PIN_BY_NAME 1 */
	uint32_t key_type, value_type; /* BTF ids, 0 when unknown. Kept for rings although the kernel wants 0 */
	uint32_t var_type;    /* BTF id of the VAR (decl tags hang on it), 0 for data */
	const uint8_t *data;  /* initial contents of data maps, .value_size bytes; NULL: zeros */
	int32_t inner;        /* index into maps of the inner map's definition, -1 if none */
};

struct object {
	char *path;           /* for messages */
	struct section *sections;
	uint32_t nr_sections;
	struct symbol *symbols;
	uint32_t nr_symbols;
	struct function *functions;
	uint32_t nr_functions;
	struct map_def *maps; /* .maps in order of the symbols, then data sections that are used or not empty */
	uint32_t nr_maps;
	struct btf_data *btf; /* NULL when the object has none */
	const char *license;  /* "" when there is none */
	uint32_t version;     /* from the "version" section, 0 when there is none */
	struct object_store *store; /* memory behind all of it */
};

int object_open_file(const char *path, struct object **out, struct abide_error *e);
/* The bytes are copied. @name is for messages. */
int object_open_mem(const void *data, size_t size, const char *name, struct object **out,
		    struct abide_error *e);
void object_free(struct object *o);

/* The relocation, core relocation of exactly that instruction, or NULL. */
const struct reloc *function_reloc(const struct function *f, uint32_t insn);
const struct core_relo *function_core_relo(const struct function *f, uint32_t insn);
/* The last line record at or before that instruction, or NULL. */
const struct line *function_line(const struct function *f, uint32_t insn);

/*
 * "runqlat.bpf.c:31" in @buf for an instruction, or "NAME+insn" when there is no
 * line info; *@source is the source text ("" if unknown). Returns @buf.
 */
const char *function_where(const struct object *o, const struct function *f, uint32_t insn, char *buf,
			   size_t size, const char **source);

#endif
