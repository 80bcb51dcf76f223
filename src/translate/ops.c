/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * What happens to a value between the kernel's and the stable form: masks, shifts, byte
 * order, sign, and the two kinds of normalisation. Enumerators are mapped by runs of equal
 * distance, found by a binary search over their ends, in the destination register alone:
 *
 *	if w1 > 7 goto right ... r1 += 1 ...
 */
#include "translate/lower.h"

static void jump32(struct emit *m, uint8_t op, unsigned dst, uint32_t imm, uint32_t label)
{
	emit_jump_raw(m, (struct bpf_insn){ .code = BPF_JMP32 | op | BPF_K, .dst_reg = dst, .imm = (int32_t)imm }, label);
}

static void one_run(struct emit *m, unsigned dst, const struct access_run *r)
{
	if (r->is_fixed)
		emit_number(m, dst, r->delta);
	else if (r->delta)
		emit_alu_k(m, BPF_ADD, dst, (int32_t)r->delta);
}

/* Runs [lo, hi): the value is known to lie in one of them. Depth is log2 of their number. */
static void runs(struct emit *m, unsigned dst, const struct access_map *map, uint32_t lo, uint32_t hi, uint32_t end)
{
	uint32_t mid = lo + (hi - lo) / 2, right;

	if (hi - lo <= 1) {
		if (hi > lo)
			one_run(m, dst, &map->runs[lo]);
		return;
	}
	right = emit_label(m);
	jump32(m, BPF_JGT, dst, map->runs[mid - 1].last, right);
	runs(m, dst, map, lo, mid, end);
	emit_goto(m, end);
	emit_bind(m, right);
	runs(m, dst, map, mid, hi, end);
}

static void rules(struct emit *m, unsigned dst, const struct cat_rules *r)
{
	uint32_t end = emit_label(m), hit;
	uint32_t i, first = (uint32_t)m->nr_labels;

	for (i = 0; i < r->nr_rules; i++) {
		hit = emit_label(m);
		emit_jump_k(m, r->by_value ? BPF_JEQ : BPF_JSET, dst, (int32_t)r->rules[i].mask, hit);
	}
	emit_number(m, dst, r->otherwise);
	for (i = 0; i < r->nr_rules; i++) {
		emit_goto(m, end);
		emit_bind(m, first + i);
		emit_number(m, dst, r->rules[i].result);
	}
	emit_bind(m, end);
}

static void and_mask(struct lower *l, unsigned dst, int64_t mask)
{
	uint16_t pinned = l->pinned;
	struct scratch s;

	if (mask >= 0 && mask <= INT32_MAX) {
		emit_alu_k(l->m, BPF_AND, dst, (int32_t)mask);
		return;
	}
	l->pinned |= (uint16_t)(1u << dst);
	s = scratch_take(l);
	emit_number(l->m, s.reg, mask);
	emit_alu_x(l->m, BPF_AND, dst, s.reg);
	scratch_give(l, s);
	l->pinned = pinned;
}

static void one_op(struct lower *l, unsigned dst, const struct access *acc, const struct access_op *op)
{
	struct emit *m = l->m;
	uint32_t end;

	switch (op->kind) {
	case ACCESS_AND:
		and_mask(l, dst, op->imm);
		break;
	case ACCESS_SHR:
		if (op->imm)
			emit_alu_k(m, BPF_RSH, dst, (int32_t)op->imm);
		break;
	case ACCESS_SHL:
		if (op->imm)
			emit_alu_k(m, BPF_LSH, dst, (int32_t)op->imm);
		break;
	case ACCESS_ADD:
		emit_alu_k(m, BPF_ADD, dst, (int32_t)op->imm);
		break;
	case ACCESS_BSWAP:
		emit_raw(m, (struct bpf_insn){ .code = BPF_ALU | BPF_END | BPF_TO_BE, .dst_reg = dst,
					       .imm = (int32_t)op->imm });
		break;
	case ACCESS_NONZERO:
		end = emit_label(m);
		emit_jump_k(m, BPF_JEQ, dst, 0, end);
		emit_number(m, dst, 1);
		emit_bind(m, end);
		break;
	case ACCESS_SEXT:
		emit_alu_k(m, BPF_LSH, dst, (int32_t)(64 - op->imm));
		emit_alu_k(m, BPF_ARSH, dst, (int32_t)(64 - op->imm));
		break;
	case ACCESS_RANGES:
		end = emit_label(m);
		if (acc->path.size != 4 || acc->path.sign || acc->path.root != ROOT_STRUCT || acc->path.value ||
		    acc->combine != CAT_ALONE || op != acc->ops)
			emit_mov32(m, dst, dst); /* the runs are of 32-bit numbers */
		runs(m, dst, op->map, 0, op->map->nr, end);
		emit_bind(m, end);
		break;
	case ACCESS_RULES:
		rules(m, dst, op->rules);
		break;
	}
}

void lower_ops(struct lower *l, unsigned dst, const struct access *acc)
{
	uint32_t i;

	for (i = 0; i < acc->nr_ops; i++)
		one_op(l, dst, acc, &acc->ops[i]);
}
