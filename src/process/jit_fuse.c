/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * What a compiler must say in several instructions and this machine in one: extensions of
 * narrow values (a shift left and back), sums of scaled registers, loads from such sums.
 * Only runs of instructions on one destination register are looked at, so that nothing has
 * to be known about what is used later, and only those that nobody jumps into.
 */
#include "process/jit.h"

#if defined(__x86_64__)

/* What is left of a run: the instruction at hand, or NULL. */
struct view {
	const struct jit *j;
	uint32_t pc, end;
	uint8_t dst; /* the program's register that all of them write */
};

static const struct insn *peek(const struct view *v, uint32_t n)
{
	uint32_t at = v->pc + n;

	/* the first one may be jumped to */
	if (at >= v->end || (n && v->j->p->target[at]) || v->j->p->insns[at].dst != v->dst)
		return NULL;
	return &v->j->p->insns[at];
}

static bool is(const struct insn *i, enum op op)
{
	return i && i->op == op;
}

static bool is_load_from_itself(const struct insn *i)
{
	return i && i->op < NR_OPS && op_rows[i->op].form == FORM_LOAD && i->src == i->dst;
}

/* The load at @n if there is one and its place can be said, or the sum itself. */
static uint32_t load_or_sum(struct jit *j, const struct view *v, uint32_t n, struct x86_mem m)
{
	const struct insn *load = peek(v, n);

	if (is_load_from_itself(load) && !__builtin_add_overflow(m.disp, load->off, &m.disp)) {
		jit_load(j, load, j->map[v->dst], m);
		return n + 1;
	}
	x86_lea(&j->c, j->map[v->dst], m);
	return n;
}

/* dst = src << n >> m, the bits that are left by zeros or by the sign. */
static void extend(struct jit *j, uint8_t dst, uint8_t src, unsigned int n, unsigned int m,
                   bool is_signed)
{
	struct x86 *c = &j->c;

	if (n == 32 && is_signed)
		x86_rr(c, true, 0x63, dst, src);
	else if (n == 32)
		x86_mov(c, false, dst, src);
	else if (n == 48)
		x86_rr(c, is_signed, is_signed ? 0x0fbf : 0x0fb7, dst, src);
	else
		x86_rr8(c, is_signed, is_signed ? 0x0fbe : 0x0fb6, dst, src);
	if (n > m)
		x86_shift(c, true, X86_SHL, dst, (uint8_t)(n - m));
	else if (m > n)
		x86_shift(c, true, is_signed ? X86_SAR : X86_SHR, dst, (uint8_t)(m - n));
}

/* A shift left at @n and one back behind it: how many slots both take, counted from @n, or 0. */
static uint32_t try_extend(struct jit *j, const struct view *v, uint32_t n, uint8_t src)
{
	const struct insn *left = peek(v, n), *right = peek(v, n + 1);

	if (!is(left, OP_LSH64K) || (!is(right, OP_RSH64K) && !is(right, OP_ARSH64K)))
		return 0;
	if ((left->imm != 32 && left->imm != 48 && left->imm != 56) || right->imm < 0 ||
	    right->imm > 63)
		return 0;
	extend(j, j->map[v->dst], j->map[src], (unsigned int)left->imm, (unsigned int)right->imm,
	       right->op == OP_ARSH64K);
	return 2;
}

static bool is_scale(const struct insn *i)
{
	return is(i, OP_LSH64K) && i->imm >= 1 && i->imm <= 3;
}

/* dst = src << 1..3 stands at @n; perhaps a sum and a load behind it. */
static uint32_t scaled(struct jit *j, const struct view *v, uint32_t n, uint8_t src)
{
	const struct insn *shift = peek(v, n), *add = peek(v, n + 1);
	struct x86_mem m = { .index = j->map[src], .scale = (uint8_t)shift->imm };

	if (!is(add, OP_ADD64X) || add->src == v->dst)
		return 0;
	m.base = j->map[add->src];
	return load_or_sum(j, v, n + 2, m);
}

/* "dst = src" comes first. */
static uint32_t after_move(struct jit *j, const struct view *v, uint8_t src)
{
	const struct insn *next = peek(v, 1);
	uint32_t n = try_extend(j, v, 1, src);

	if (n)
		return 1 + n;
	if (is_scale(next))
		return scaled(j, v, 1, src);
	if (is(next, OP_ADD64X))
		return load_or_sum(j, v, 2,
		                   (struct x86_mem){ j->map[src],
		                                     j->map[next->src == v->dst ? src : next->src],
		                                     0, 0 });
	if (is(next, OP_ADD64K))
		return load_or_sum(j, v, 2, mem_at(j->map[src], (int32_t)next->imm));
	return 0;
}

uint32_t jit_fuse(struct jit *j, uint32_t pc, uint32_t end)
{
	const struct insn *i = &j->p->insns[pc];
	struct view v = { j, pc, end, i->dst };
	uint32_t n = jit_log2(j, pc, end);

	if (n)
		return n;
	switch (i->op) {
	case OP_MOV64X:
		return after_move(j, &v, i->src);
	case OP_LSH64K:
		n = try_extend(j, &v, 0, i->dst);
		return n ? n : is_scale(i) ? scaled(j, &v, 0, i->dst) : 0;
	case OP_ADD64X:
		if (!is_load_from_itself(peek(&v, 1)))
			return 0;
		return load_or_sum(j, &v, 1,
		                   (struct x86_mem){ j->map[i->dst], j->map[i->src], 0, 0 });
	case OP_ADD64K:
		if (!is_load_from_itself(peek(&v, 1)))
			return 0;
		return load_or_sum(j, &v, 1, mem_at(j->map[i->dst], (int32_t)i->imm));
	default:
		return 0;
	}
}

#endif
