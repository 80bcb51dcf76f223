/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * log2 of 64 bits, which a compiler for BPF has to say in some thirty instructions without jumps
 * (abide_log2 of <abide/program.h>), as the one that this machine has. In: the place of a move
 * "d = v". Out: how many slots compute nothing but parts of L = log2(v), and code for those.
 *
 * No fixed text is looked for. The instructions are walked with what each register is known
 * to hold, in terms of v and L (the position of v's highest bit; 0 for 0):
 *
 *	CONSTANT	a number
 *	SHIFTED m	v >> (L & m); v itself where m is 0
 *	HIGH		v >> 32
 *	BELOW k		negative exactly if L has bit k: (k * 2 - 1 bits of L are left in w = v >> ..,
 *			so w < 2^2k)  2^k - 1 - w, or -HIGH for k = 32
 *	TESTED k s	BELOW k, shifted right by s
 *	BITS m		L & m
 *
 * A step that the table in step() does not have ends the walk. It is of use if L has been
 * computed by then, and each register that was written holds something that can be made anew
 * from v and L: then nothing has to be known about what is used later.
 *
 *	v = 1000, L = 9: 0xff - 1000 is negative, BITS 8; 1000 >> 8 = 3, and 15 - 3, 3 - 3 are
 *	not; 3 >> 1 is BITS 1; 8 | 1 = 9
 */
#include "process/jit.h"

#if defined(__x86_64__)

#define NR_REGS 11
#define ALL     63u /* of L */
#define LONGEST 64  /* slots that are walked: or a long program of beginnings would be walked from each of them */

struct known {
	enum { NOTHING, CONSTANT, SHIFTED, HIGH, BELOW, TESTED, BITS } is;
	uint32_t bits;  /* m, or k */
	uint32_t shift; /* s */
	int64_t number;
};

static bool is(const struct known *k, int what, uint32_t bits)
{
	return (int)k->is == what && k->bits == bits;
}

static struct known shifted_by_number(struct known a, int64_t n)
{
	if (is(&a, SHIFTED, 0) && n == 32)
		return (struct known){ .is = HIGH };
	/* v >> (L & 62) is 2 or 3 if L is odd, and 0 or 1 if it is even */
	if (is(&a, SHIFTED, ALL - 1) && n == 1)
		return (struct known){ .is = BITS, .bits = 1 };
	if (a.is == BELOW && n >= 0 && n < 64)
		return (struct known){ .is = TESTED, .bits = a.bits, .shift = (uint32_t)n };
	return (struct known){ 0 };
}

static struct known masked(struct known a, int64_t n)
{
	uint32_t k = a.bits, bit;

	if (a.is == BITS)
		return (struct known){ .is = BITS, .bits = a.bits & (uint32_t)(n & ALL) };
	if (a.is != TESTED || n != k)
		return (struct known){ 0 };
	/*
	 * Which bit of BELOW it is: a negative one is above -2^2k (-2^32 for k = 32), so it has
	 * ones from there on, and others, below 2^k, have none.
	 */
	bit = a.shift + (uint32_t)__builtin_ctz(k);
	if (bit > 63 || bit < (k == 32 ? 32 : 2 * k))
		return (struct known){ 0 };
	return (struct known){ .is = BITS, .bits = k };
}

static struct known subtracted(struct known a, struct known b)
{
	uint32_t k;

	for (k = 16; a.is == CONSTANT && k > 1; k /= 2)
		if (a.number == (INT64_C(1) << k) - 1 && is(&b, SHIFTED, ALL & ~(2 * k - 1)))
			return (struct known){ .is = BELOW, .bits = k };
	return (struct known){ 0 };
}

static struct known shifted_by(struct known a, struct known b)
{
	if (a.is == SHIFTED && b.is == BITS && !(a.bits & b.bits))
		return (struct known){ .is = SHIFTED, .bits = a.bits | b.bits };
	return (struct known){ 0 };
}

/* What the destination holds after @i; NOTHING: it is no part of this. */
static struct known step(const struct known *r, const struct insn *i)
{
	struct known a = r[i->dst], b = r[i->src];

	switch (i->op) {
	case OP_MOV64X:
		return b;
	case OP_MOV64K:
		return (struct known){ .is = CONSTANT, .number = i->imm };
	case OP_MOV32K:
		return (struct known){ .is = CONSTANT, .number = (uint32_t)i->imm };
	case OP_NEG64:
		return a.is == HIGH ? (struct known){ .is = BELOW, .bits = 32 } : (struct known){ 0 };
	case OP_RSH64K:
		return shifted_by_number(a, i->imm);
	case OP_RSH64X:
		return shifted_by(a, b);
	case OP_AND64K:
		return masked(a, i->imm);
	case OP_SUB64X:
		return subtracted(a, b);
	case OP_OR64X:
		if (a.is == BITS && b.is == BITS)
			return (struct known){ .is = BITS, .bits = a.bits | b.bits };
		break;
	default:
		break;
	}
	return (struct known){ 0 };
}

/* Whether L is among what was written, and all of it can be made anew. */
static bool is_whole(const struct known *r, uint32_t written)
{
	bool found = false;
	uint32_t k;

	for (k = 0; k < NR_REGS; k++) {
		if (!(written & 1u << k))
			continue;
		if (r[k].is != CONSTANT && r[k].is != BITS && !is(&r[k], SHIFTED, 0))
			return false;
		found |= is(&r[k], BITS, ALL);
	}
	return found;
}

static void make(struct jit *j, const struct known *r, uint8_t dst, uint8_t v)
{
	struct x86 *c = &j->c;

	switch (r->is) {
	case CONSTANT:
		x86_load(c, dst, (uint64_t)r->number);
		break;
	case SHIFTED:
		x86_mov(c, true, dst, v);
		break;
	case BITS:
		x86_mov(c, false, dst, TMP1);
		if (r->bits != ALL)
			x86_alu_imm(c, false, X86_AND, dst, (int32_t)r->bits);
		break;
	case NOTHING:
	case HIGH:
	case BELOW:
	case TESTED:
		break; /* is_whole() has seen to it */
	}
}

static void emit(struct jit *j, const struct known *r, uint32_t written, uint8_t v)
{
	struct x86 *c = &j->c;
	uint8_t k;

	/* of 0 there is no highest bit; with the lowest one set it is that one, and others stay */
	x86_mov(c, true, TMP1, j->map[v]);
	x86_alu_imm(c, true, X86_OR, TMP1, 1);
	x86_rr(c, true, 0x0fbd, TMP1, TMP1); /* bsr */
	for (k = 0; k < NR_REGS; k++)
		if (k != v && written & 1u << k)
			make(j, &r[k], j->map[k], j->map[v]);
	if (written & 1u << v)
		make(j, &r[v], j->map[v], j->map[v]);
}

uint32_t jit_log2(struct jit *j, uint32_t pc, uint32_t end)
{
	const struct insn *i = &j->p->insns[pc];
	struct known r[NR_REGS] = { 0 }, best[NR_REGS];
	uint32_t at, written = 0, best_written = 0, nr = 0;
	uint8_t v = i->src;

	/* most moves begin something else */
	if (i->op != OP_MOV64X || i->dst == v || pc + 1 >= end || i[1].op != OP_RSH64K ||
	    i[1].dst != i->dst || i[1].imm != 32)
		return 0;
	r[v] = (struct known){ .is = SHIFTED };
	for (at = pc; at < end && at - pc < LONGEST && (at == pc || !j->p->target[at]); at++) {
		i = &j->p->insns[at];
		r[i->dst] = step(r, i);
		if (r[i->dst].is == NOTHING)
			break;
		written |= 1u << i->dst;
		if (is_whole(r, written)) {
			memcpy(best, r, sizeof(best));
			best_written = written;
			nr = at + 1 - pc;
		}
	}
	if (nr)
		emit(j, best, best_written, v);
	return nr;
}

#endif
