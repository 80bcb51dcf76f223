/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
#ifndef ABIDE_TESTS_ASM_H
#define ABIDE_TESTS_ASM_H

#include <linux/bpf.h>

#include "catalog/catalog.h"
#include "layout.h"

/*
 * Assembler for text as llvm-objdump and the kernel write it (src/object/disasm.h), so a
 * listing can be pasted in, and for what makes cases readable:
 *
 *	L1:                                     a label, for "goto L1" and "if r1 == 0 goto L1"
 *	func NAME:                              another function begins
 *	r1 = map NAME ll    r2 = func NAME ll   addresses that a relocation fills in
 *	call map_lookup_elem    call NAME       helpers by name, functions by name
 *	insn 0xff 0 0 0 0                       any instruction: code, dst, src, off, imm
 *	*(u64 *)(r1 + task_struct_user.parent)  numbers by name: fields, arguments, enumerators
 */
struct asm_reloc {
	uint32_t insn;
	enum asm_reloc_kind { ASM_MAP, ASM_FUNC, ASM_CALL } kind;
	char name[64];
};

struct asm_function {
	char name[64];
	char section[128];
	uint32_t line; /* of the file, where it begins */
	struct bpf_insn *insns;
	size_t nr_insns, room_insns;
	struct asm_reloc *relocs;
	size_t nr_relocs, room_relocs;
};

struct assembly {
	struct asm_function *functions;
	size_t nr_functions, room_functions;
	char error[512]; /* "line N: ..." of the first mistake */
};

/* Where names come from. A name is looked up in the catalog first, @layout_first: in the layout. */
struct asm_symbols {
	struct catalog *catalog;
	const struct layout *layout; /* may be NULL */
	bool layout_first;
};

/*
 * Add the functions of @text. The first one is in @section and called @name; those that
 * "func NAME:" starts are in .text. Line numbers of messages begin at @line.
 */
bool assemble(struct assembly *a, const char *text, const char *section, const char *name, uint32_t line,
	      const struct asm_symbols *symbols);
void assembly_free(struct assembly *a);

/* Number of a helper, pseudo-helpers included; -1 when there is none of that name. */
int32_t asm_helper(const char *name);
/* Its name, or NULL. */
const char *asm_helper_name(int32_t number);
bool asm_symbol(const struct asm_symbols *symbols, const char *name, int64_t *value);

#endif
