/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Listings of code (listing.h). In: translated programs, or assembled text. Out: the same
 * text for the same code, whichever of the two it comes from.
 */
#include <stdio.h>
#include <string.h>

#include "listing.h"
#include "object/disasm.h"

struct piece { /* one function of either kind */
	const char *name;
	const struct bpf_insn *insns;
	uint32_t nr_insns;
	const struct translated_program *program; /* relocations of a translated one */
	const struct object *object;
	const struct reloc *relocs;
	uint32_t nr_relocs;
	const struct asm_function *assembled;     /* relocations of an assembled one */
};

static bool reloc_text(const struct piece *p, uint32_t insn, char *buf, size_t size)
{
	static const char *const kinds[] = { [ASM_MAP] = "map", [ASM_FUNC] = "func", [ASM_CALL] = "call" };
	const struct reloc *r;
	uint32_t i;

	for (i = 0; p->assembled && i < p->assembled->nr_relocs; i++)
		if (p->assembled->relocs[i].insn == insn) {
			snprintf(buf, size, "%s %s", kinds[p->assembled->relocs[i].kind], p->assembled->relocs[i].name);
			return true;
		}
	for (i = 0; i < p->nr_relocs; i++) {
		r = &p->relocs[i];
		if (r->insn != insn)
			continue;
		switch (r->kind) {
		case RELOC_MAP:
			snprintf(buf, size, "map %s", p->object->maps[r->target].name);
			break;
		case RELOC_DATA:
			snprintf(buf, size, "map %s+%lld", p->object->maps[r->target].name, (long long)r->addend);
			break;
		case RELOC_CALL:
			snprintf(buf, size, "call %s", p->object->functions[r->target].name);
			break;
		case RELOC_FUNC:
			snprintf(buf, size, "func %s", p->program && !p->program->verbatim ?
					 p->program->codes[r->target].name : p->object->functions[r->target].name);
			break;
		case RELOC_EXTERN:
			snprintf(buf, size, "extern %s", p->object->symbols[r->symbol].name);
			break;
		case RELOC_FILTER:
			snprintf(buf, size, "map filter");
			break;
		}
		return true;
	}
	return false;
}

static bool is_ld_imm64(const struct bpf_insn *i)
{
	return i->code == (BPF_LD | BPF_IMM | BPF_DW);
}

static bool is_labelled_jump(const struct bpf_insn *i)
{
	uint8_t class = BPF_CLASS(i->code), op = BPF_OP(i->code);

	return (class == BPF_JMP && op != BPF_CALL && op != BPF_EXIT && op != 0xe0) ||
	       (class == BPF_JMP32 && op != BPF_JA);
}

static bool is_target(const struct piece *p, uint32_t at)
{
	uint32_t i;

	for (i = 0; i < p->nr_insns; i++) {
		if (is_labelled_jump(&p->insns[i]) && i + 1 + p->insns[i].off == at)
			return true;
		i += is_ld_imm64(&p->insns[i]);
	}
	return false;
}

static void list(const struct piece *p, struct buf *out)
{
	char text[128], name[96], *jump;
	uint32_t i;

	for (i = 0; i < p->nr_insns; i++) {
		const struct bpf_insn *insn = &p->insns[i];
		bool wide = is_ld_imm64(insn);

		if (is_target(p, i))
			buf_printf(out, "L%u:\n", i);
		disasm(insn, p->nr_insns - i, text, sizeof(text));
		if (is_labelled_jump(insn) && (jump = strstr(text, "goto ")))
			snprintf(jump + 5, sizeof(text) - (size_t)(jump + 5 - text), "L%d", (int)i + 1 + insn->off);
		if (reloc_text(p, i, name, sizeof(name))) {
			if (wide)
				snprintf(text, sizeof(text), "r%u = %.90s ll", insn->dst_reg, name);
			else
				snprintf(text, sizeof(text), "%.90s", name);
		}
		buf_printf(out, "\t%s\n", text);
		i += wide;
	}
	if (is_target(p, p->nr_insns))
		buf_printf(out, "L%u:\n", p->nr_insns);
}

/* The @nth function, programs in order, each with its callbacks. */
static bool translated_piece(const struct translated *t, size_t nth, struct piece *p)
{
	uint32_t i;

	for (i = 0; i < t->nr_programs; i++) {
		const struct translated_program *tp = &t->programs[i];
		uint32_t n = tp->verbatim ? 1 : tp->nr_codes;

		if (nth >= n) {
			nth -= n;
			continue;
		}
		*p = (struct piece){ .program = tp, .object = t->object };
		if (tp->verbatim) {
			p->name = tp->source->name;
			p->insns = tp->source->insns;
			p->nr_insns = tp->source->nr_insns;
			p->relocs = tp->source->relocs;
			p->nr_relocs = tp->source->nr_relocs;
		} else {
			p->name = tp->codes[nth].name;
			p->insns = tp->codes[nth].insns;
			p->nr_insns = tp->codes[nth].nr_insns;
			p->relocs = tp->codes[nth].relocs;
			p->nr_relocs = tp->codes[nth].nr_relocs;
		}
		return true;
	}
	return false;
}

static bool assembled_piece(const struct assembly *a, size_t nth, struct piece *p)
{
	if (nth >= a->nr_functions)
		return false;
	*p = (struct piece){ .name = a->functions[nth].name, .insns = a->functions[nth].insns,
			     .nr_insns = (uint32_t)a->functions[nth].nr_insns, .assembled = &a->functions[nth] };
	return true;
}

void list_translated(const struct translated *t, struct buf *out)
{
	struct piece p;
	bool several = translated_piece(t, 1, &p);
	size_t i;

	for (i = 0; translated_piece(t, i, &p); i++) {
		if (several)
			buf_printf(out, "func %s:\n", p.name);
		list(&p, out);
	}
	buf_u8(out, 0);
}

void list_assembly(const struct assembly *a, const char *first_name, struct buf *out)
{
	struct piece p;
	size_t i;

	for (i = 0; assembled_piece(a, i, &p); i++) {
		if (a->nr_functions > 1)
			buf_printf(out, "func %s:\n", *p.name ? p.name : first_name);
		list(&p, out);
	}
	buf_u8(out, 0);
}

long list_hidden_difference(const struct translated *t, const struct assembly *a)
{
	struct piece p, q;
	long at = 0;
	char name[96];
	size_t i;
	uint32_t k;

	for (i = 0; translated_piece(t, i, &p) && assembled_piece(a, i, &q); i++)
		for (k = 0; k < p.nr_insns || k < q.nr_insns; k++, at++) {
			if (k >= p.nr_insns || k >= q.nr_insns)
				return at;
			if (reloc_text(&p, k, name, sizeof(name))) {
				k += is_ld_imm64(&p.insns[k]);
				continue;
			}
			if (memcmp(&p.insns[k], &q.insns[k], sizeof(p.insns[k])))
				return at;
		}
	return -1;
}
