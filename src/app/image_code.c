/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * A translated program as one array. In: its codes (the program, then its callbacks) with relocations by
 * index. Out: the codes one behind the other, calls of callbacks relative, maps by their index in the object, and the
 * source line of each instruction that begins one.
 *
 *	code[0] | code[1] | ...
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "app/image_part.h"
#include "policy/policy.h"

static int bad_reloc(const struct translated_program *p, uint32_t insn, struct abide_error *e)
{
	return error_set(e, -EINVAL, "relocation", "program %s: the relocation at instruction %u cannot be applied",
	                 p->source->name, insn);
}

/* A function or symbol of the kernel's. */
static int refuse_extern(const struct translated *t, const struct translated_program *p, const struct reloc *r,
                         struct abide_error *e)
{
	const char *name = r->symbol < t->object->nr_symbols ? t->object->symbols[r->symbol].name : "";

	error_set(e, -ENOTSUP, "app-program", "program %s uses %s, which is the kernel's", p->source->name, name);
	return error_reason(e, "an application has no kernel functions, symbols or CONFIG_ values");
}

static int relocate(const struct translated *t, const struct translated_program *p, const uint32_t *starts, uint32_t code,
                    const struct reloc *r, struct bpf_insn *insns, struct abide_error *e)
{
	uint32_t at = starts[code] + r->insn;
	struct bpf_insn *insn = &insns[at];

	if (r->kind == RELOC_EXTERN)
		return refuse_extern(t, p, r, e);
	if (r->insn + 1 >= p->codes[code].nr_insns || insn->code != (BPF_LD | BPF_IMM | BPF_DW))
		return bad_reloc(p, r->insn, e);
	insn[1].imm = 0;
	switch (r->kind) {
	case RELOC_MAP:
	case RELOC_DATA:
		if (r->target >= t->object->nr_maps || r->addend < 0 || r->addend > INT32_MAX)
			return bad_reloc(p, r->insn, e);
		insn->src_reg = r->kind == RELOC_MAP ? BPF_PSEUDO_MAP_FD : BPF_PSEUDO_MAP_VALUE;
		insn->imm = (int32_t)r->target;
		if (r->kind == RELOC_DATA)
			insn[1].imm = (int32_t)r->addend;
		return 0;
	case RELOC_FUNC:
		if (r->target >= p->nr_codes)
			return bad_reloc(p, r->insn, e);
		insn->src_reg = BPF_PSEUDO_FUNC;
		insn->imm = (int32_t)starts[r->target] - (int32_t)at - 1;
		return 0;
	case RELOC_CALL:
	case RELOC_EXTERN:
	case RELOC_FILTER:
		break;
	}
	return bad_reloc(p, r->insn, e);
}

static void add_lines(const struct object *o, const struct code *c, uint32_t start, struct app_program *out)
{
	uint32_t i;

	for (i = 0; i < c->nr_lines && o->btf; i++) {
		const struct line *l = &c->lines[i];
		const char *file = btf_string(o->btf, l->file_off), *text = btf_string(o->btf, l->line_off);
		const char *slash = file ? strrchr(file, '/') : NULL;

		if (!file)
			continue;
		out->lines[out->nr_lines++] = (struct app_line){
			.insn = start + l->insn,
			.line = l->line_col >> 10,
			.file = slash ? slash + 1 : file,
			.text = text ? text + strspn(text, " \t") : "",
		};
	}
}

int app_image_program(const struct translated *t, const struct translated_program *p, struct app_program *out,
                      struct abide_error *e)
{
	uint32_t *starts = calloc((size_t)p->nr_codes + 1, sizeof(*starts)), i, k;
	size_t insns = 0, lines = 0;
	int err = 0;

	out->name = p->source->name;
	out->event = policy_event(p->source->section_name);
	out->attach = !p->optional;
	for (i = 0; i < p->nr_codes; i++) {
		insns += p->codes[i].nr_insns;
		lines += p->codes[i].nr_lines;
	}
	if (insns > PROCESS_MAX_INSNS) {
		err = error_set(e, -E2BIG, "program-size", "program %s has %zu instructions; an application takes %d",
		                out->name, insns, PROCESS_MAX_INSNS);
		goto out;
	}
	out->insns = calloc(insns + 1, sizeof(*out->insns));
	out->lines = calloc(lines + 1, sizeof(*out->lines));
	if (!starts || !out->insns || !out->lines) {
		err = error_nomem(e);
		goto out;
	}
	for (i = 0; i < p->nr_codes; i++) {
		const struct code *c = &p->codes[i];

		starts[i] = out->nr_insns;
		memcpy(out->insns + out->nr_insns, c->insns, c->nr_insns * sizeof(*c->insns));
		out->nr_insns += c->nr_insns;
		add_lines(t->object, c, starts[i], out);
	}
	for (i = 0; i < p->nr_codes; i++)
		for (k = 0; !err && k < p->codes[i].nr_relocs; k++)
			err = relocate(t, p, starts, i, &p->codes[i].relocs[k], out->insns, e);
out:
	free(starts);
	return err;
}
