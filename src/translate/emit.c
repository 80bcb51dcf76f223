/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The code buffer of the translator. In: instructions, labels, relocations, the source
 * instruction that each comes from. Out: struct code with jumps resolved and line info at
 * the new offsets (strictly rising, the first at 0, as the kernel wants). Refused: jumps
 * beyond 16 bits, more than 512 bytes of stack.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "object/disasm.h"
#include "translate/emit.h"

bool emit_open(struct emit *m, const struct analysis *a)
{
	uint32_t i;

	memset(m, 0, sizeof(*m));
	m->a = a;
	m->stack = a->stack;
	for (i = 0; i < a->nr_nodes; i++)
		emit_label(m);
	return !m->failed;
}

void emit_close(struct emit *m)
{
	free(m->insns);
	free(m->lines);
	free(m->relocs);
	free(m->cores);
	free(m->labels);
	free(m->fixups);
	for (; m->nr_notes; m->nr_notes--)
		free(m->notes[m->nr_notes - 1].why);
	free(m->notes);
	buf_free(&m->why);
	memset(m, 0, sizeof(*m));
}

int16_t emit_slot(struct emit *m, unsigned slot)
{
	if (!m->slots[slot]) {
		m->stack += 8;
		m->slots[slot] = (int16_t)-(int32_t)m->stack;
	}
	return m->slots[slot];
}

uint32_t emit_label(struct emit *m)
{
	int64_t *p = array_grow(m->labels, m->nr_labels, &m->room_labels, sizeof(*p));

	if (!p) {
		m->failed = true;
		return 0;
	}
	m->labels = p;
	p[m->nr_labels] = -1;
	return (uint32_t)m->nr_labels++;
}

void emit_bind(struct emit *m, uint32_t label)
{
	if (label < m->nr_labels)
		m->labels[label] = (int64_t)m->n;
}

void emit_raw(struct emit *m, struct bpf_insn i)
{
	struct bpf_insn *p = array_grow(m->insns, m->n, &m->room_insns, sizeof(*p));

	if (!p) {
		m->failed = true;
		return;
	}
	m->insns = p;
	p[m->n++] = i;
}

void emit_jump_raw(struct emit *m, struct bpf_insn i, uint32_t label)
{
	struct fixup *p = array_grow(m->fixups, m->nr_fixups, &m->room_fixups, sizeof(*p));

	if (!p) {
		m->failed = true;
		return;
	}
	m->fixups = p;
	p[m->nr_fixups++] = (struct fixup){ .insn = (uint32_t)m->n, .label = label };
	emit_raw(m, i);
}

void emit_source(struct emit *m, const struct walk *w, uint32_t insn)
{
	const struct line *l = function_line(w->cfg->function, insn), *last;
	struct line *p;

	m->walk = w;
	m->insn = insn;
	if (!l)
		return;
	last = m->nr_lines ? &m->lines[m->nr_lines - 1] : NULL;
	if (last && last->file_off == l->file_off && last->line_off == l->line_off && last->line_col == l->line_col)
		return;
	if (last && last->insn == m->n) { /* nothing came of the line before */
		m->nr_lines--;
	}
	p = array_grow(m->lines, m->nr_lines, &m->room_lines, sizeof(*p));
	if (!p) {
		m->failed = true;
		return;
	}
	m->lines = p;
	p[m->nr_lines] = *l;
	p[m->nr_lines++].insn = (uint32_t)m->n;
}

void emit_reloc(struct emit *m, struct reloc r)
{
	struct reloc *p = array_grow(m->relocs, m->nr_relocs, &m->room_relocs, sizeof(*p));

	if (!p) {
		m->failed = true;
		return;
	}
	m->relocs = p;
	r.insn = (uint32_t)m->n;
	p[m->nr_relocs++] = r;
}

void emit_core_relo(struct emit *m, struct core_relo r)
{
	struct core_relo *p = array_grow(m->cores, m->nr_cores, &m->room_cores, sizeof(*p));

	if (!p) {
		m->failed = true;
		return;
	}
	m->cores = p;
	r.insn = (uint32_t)m->n;
	p[m->nr_cores++] = r;
}

void emit_number(struct emit *m, unsigned dst, int64_t v)
{
	if (v == (int32_t)v) {
		emit_raw(m, (struct bpf_insn){ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = dst, .imm = (int32_t)v });
		return;
	}
	emit_raw(m, (struct bpf_insn){ .code = BPF_LD | BPF_IMM | BPF_DW, .dst_reg = dst, .imm = (int32_t)v });
	emit_raw(m, (struct bpf_insn){ .imm = (int32_t)(v >> 32) });
}

void emit_note(struct emit *m, uint32_t from)
{
	struct note *p = array_grow(m->notes, m->nr_notes, &m->room_notes, sizeof(*p));

	buf_u8(&m->why, 0);
	if (!p || m->why.failed) {
		m->failed = true;
		return;
	}
	m->notes = p;
	p[m->nr_notes++] = (struct note){ .walk = m->walk, .insn = m->insn, .from = from, .to = (uint32_t)m->n,
					  .why = (char *)m->why.data };
	memset(&m->why, 0, sizeof(m->why));
}

/* One rewritten instruction: where it is in the source, what it read, and what it is now. */
static void print_note(struct emit *m, const struct note *n)
{
	const struct function *f = n->walk->cfg->function;
	char where[128], text[96];
	const char *source = "";
	uint32_t i;

	function_where(m->a->object, f, n->insn, where, sizeof(where), &source);
	source += strspn(source, " \t");
	disasm(&f->insns[n->insn], f->nr_insns - n->insn, text, sizeof(text));
	buf_printf(m->explain, "\n  %s  %.100s\n", where, source);
	buf_printf(m->explain, "    %4u: %s\n%s", n->insn, text, n->why);
	if (n->from == n->to)
		buf_printf(m->explain, "      ->      (nothing to do)\n");
	for (i = n->from; i < n->to; i += (uint32_t)disasm(&m->insns[i], m->n - i, text, sizeof(text))) {
		disasm(&m->insns[i], m->n - i, text, sizeof(text));
		buf_printf(m->explain, "      %s %4u: %s\n", i == n->from ? "->" : "  ", i, text);
	}
}

int emit_finish(struct emit *m, struct code *out, struct abide_error *e)
{
	const char *name = m->a->function->name;
	int64_t off;
	size_t k;

	if (m->failed)
		return error_nomem(e);
	if (m->stack > 512) {
		error_set(e, -EINVAL, "stack", "%s needs %u bytes of stack with what translation adds, and 512 is all there is",
			  name, m->stack);
		return error_hint(e, "keep large rows in a ring buffer's record or a per-CPU map");
	}
	for (k = 0; k < m->nr_fixups; k++) {
		off = m->labels[m->fixups[k].label] - (int64_t)m->fixups[k].insn - 1;
		if (off != (int16_t)off) {
			error_set(e, -EINVAL, "too-large", "%s grows beyond what a jump can span", name);
			return error_hint(e, "split the program, or read fields of different structs in branches of their own");
		}
		m->insns[m->fixups[k].insn].off = (int16_t)off;
	}
	for (k = 0; m->explain && k < m->nr_notes; k++)
		print_note(m, &m->notes[k]);
	memset(out, 0, sizeof(*out));
	out->name = name;
	out->function = m->a->function;
	out->insns = m->insns;
	out->nr_insns = (uint32_t)m->n;
	out->lines = m->lines;
	out->nr_lines = (uint32_t)m->nr_lines;
	out->relocs = m->relocs;
	out->nr_relocs = (uint32_t)m->nr_relocs;
	out->core_relos = m->cores;
	out->nr_core_relos = (uint32_t)m->nr_cores;
	m->insns = NULL;
	m->lines = NULL;
	m->relocs = NULL;
	m->cores = NULL;
	return 0;
}
