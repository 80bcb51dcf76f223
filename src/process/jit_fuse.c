/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * What a compiler must say in several instructions and this machine in one: extensions of
 * narrow values (a shift left and back), sums of scaled registers, accesses at such sums,
 * tests of bits. Only runs of instructions that nobody jumps into are looked at. A register
 * of the program keeps its value unless it is written again or nobody reads it any more.
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

/* The instruction @n behind the first, whatever it writes. */
static const struct insn *behind(const struct view *v, uint32_t n)
{
	uint32_t at = v->pc + n;

	return at >= v->end || v->j->p->target[at] ? NULL : &v->j->p->insns[at];
}

/* The access at @n, if all that it wants of v->dst is the sum, and nobody reads that later. */
static bool access_at(struct jit *j, const struct view *v, uint32_t n, struct x86_mem m)
{
	const struct insn *i = behind(v, n);
	enum op_form form = i && i->op < NR_OPS ? op_rows[i->op].form : FORM_EXIT;
	bool load = form == FORM_LOAD && i->src == v->dst,
	     store = (form == FORM_STORE_K || (form == FORM_STORE_X && i->src != v->dst)) && i->dst == v->dst;

	if ((!load && !store) || __builtin_add_overflow(m.disp, i->off, &m.disp))
		return false;
	if (!(load && i->dst == v->dst) && !jit_is_dead(j, v->pc + n + 1, v->dst))
		return false;
	if (load)
		jit_load(j, i, j->map[i->dst], m);
	else
		jit_store(j, i, m);
	return true;
}

/* The access at @n if there is one and its place can be said, or the sum itself. */
static uint32_t access_or_sum(struct jit *j, const struct view *v, uint32_t n, struct x86_mem m)
{
	if (access_at(j, v, n, m))
		return n + 1;
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
	return access_or_sum(j, v, n + 2, m);
}

/*
 * What compilers write for base[index]: v->dst = src << 1..3 at @n is the index, then "sum =
 * base; sum += index", if the index is not used again.
 */
static uint32_t index_of(struct jit *j, const struct view *v, uint32_t n, uint8_t src)
{
	const struct insn *shift = peek(v, n), *move = behind(v, n + 1), *add = behind(v, n + 2);
	struct view sum = { j, v->pc, v->end, 0 };

	if (!is(move, OP_MOV64X) || !is(add, OP_ADD64X) || move->dst != add->dst || add->src != v->dst ||
	    move->dst == v->dst || move->src == v->dst || !jit_is_dead(j, v->pc + n + 3, v->dst))
		return 0;
	sum.dst = add->dst;
	return access_or_sum(j, &sum, n + 3,
	                     (struct x86_mem){ j->map[move->src], j->map[src], (uint8_t)shift->imm, 0 });
}

/*
 * "v->dst &= .." at @n and a branch on its being 0, if nobody reads it behind that. @src: what
 * v->dst is a copy of, of all its bits or only the lower half.
 */
static uint32_t test_bits(struct jit *j, const struct view *v, uint32_t n, uint8_t src, bool wide)
{
	const struct insn *and = peek(v, n), *jump = peek(v, n + 1);
	struct jit_condition c;

	if (!and || and->op < OP_AND64K || and->op > OP_AND32X || !jump ||
	    (jump->op != OP_JEQ64K && jump->op != OP_JNE64K && jump->op != OP_JEQ32K && jump->op != OP_JNE32K) || jump->k ||
	    !jit_is_dead(j, v->pc + n + 2, v->dst) ||
	    !jit_is_dead(j, (uint32_t)((int64_t)v->pc + (int64_t)n + 2 + jump->off), v->dst))
		return 0;
	c = jit_condition_of(j, jump);
	c.wide = wide && !(and->op & 2) && c.wide;
	c.is_test = true;
	c.is_imm = !(and->op & 1);
	c.a = j->map[src];
	c.b = j->map[and->src == v->dst ? src : and->src];
	c.imm = (int32_t)and->imm;
	return n + 1 + jit_branch(j, v->pc + n + 1, &c);
}

/* "dst = src" comes first. */
static uint32_t after_move(struct jit *j, const struct view *v, uint8_t src)
{
	const struct insn *next = peek(v, 1);
	uint32_t n = try_extend(j, v, 1, src);

	if (n)
		return 1 + n;
	if (is_scale(next)) {
		n = scaled(j, v, 1, src);
		return n ? n : index_of(j, v, 1, src);
	}
	if (is(next, OP_ADD64X))
		return access_or_sum(j, v, 2,
		                     (struct x86_mem){ j->map[src],
		                                       j->map[next->src == v->dst ? src : next->src],
		                                       0, 0 });
	if (is(next, OP_ADD64K))
		return access_or_sum(j, v, 2, mem_at(j->map[src], (int32_t)next->imm));
	return test_bits(j, v, 1, src, true);
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
	case OP_MOV32X:
		return i->op == OP_MOV64X ? after_move(j, &v, i->src) : test_bits(j, &v, 1, i->src, false);
	case OP_LSH64K:
		n = try_extend(j, &v, 0, i->dst);
		if (!n && is_scale(i))
			n = scaled(j, &v, 0, i->dst);
		return n || !is_scale(i) ? n : index_of(j, &v, 0, i->dst);
	case OP_ADD64X:
		return 2 * access_at(j, &v, 1, (struct x86_mem){ j->map[i->dst], j->map[i->src], 0, 0 });
	case OP_ADD64K:
		return 2 * access_at(j, &v, 1, mem_at(j->map[i->dst], (int32_t)i->imm));
	case OP_AND64K:
	case OP_AND64X:
	case OP_AND32K:
	case OP_AND32X:
		return test_bits(j, &v, 0, i->dst, true);
	default:
		return 0;
	}
}

#endif
