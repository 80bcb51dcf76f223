/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
#ifndef ABIDE_OBJECT_CODE_H
#define ABIDE_OBJECT_CODE_H

#include "object/object.h"

/*
 * What translation hands over: to the writer, which makes an object of it, and to
 * the kernel engine, which loads it. Subprograms have been inlined; what is left
 * beside a program's main function are its callbacks (code[1..]), which the program
 * names through RELOC_FUNC.
 */
struct code {
	const char *name;          /* of the function; borrowed from the object */
	const struct function *function; /* where it comes from */
	struct bpf_insn *insns;
	uint32_t nr_insns;
	struct reloc *relocs;      /* as in struct function; RELOC_FUNC's .target indexes the program's codes */
	uint32_t nr_relocs;
	struct line *lines;
	uint32_t nr_lines;
	struct core_relo *core_relos; /* those that libbpf still has to resolve */
	uint32_t nr_core_relos;
};

struct translated_program {
	const struct function *source;
	bool verbatim;       /* nothing to translate: section and code stay as they were, codes is empty */
	bool optional;       /* section began with '?' */
	char section[128];   /* what libbpf knows: "tp_btf/sched_switch" */
	char attach[96];     /* name of what it attaches to: "sched_switch" */
	uint32_t prog_type;  /* BPF_PROG_TYPE_*; 0 when verbatim */
	uint32_t attach_type; /* enum bpf_attach_type */
	uint32_t attach_btf_id; /* in the target's BTF */
	struct code *codes;  /* [0] is the program */
	uint32_t nr_codes;
};

struct translated {
	const struct object *object; /* borrowed */
	struct translated_program *programs; /* one for each function that is not a subprogram */
	uint32_t nr_programs;
};

void translated_free(struct translated *t);

#endif
