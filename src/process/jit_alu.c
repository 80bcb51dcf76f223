/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * x86-64 code for arithmetic. The machine clears the upper half of a register that is
 * written by half, which is what the instruction set wants of its 32-bit operations, and
 * masks shift counts as it does. Divisions by a constant become multiplications.
 */
#include "process/jit.h"

#if defined(__x86_64__)

_Static_assert(OP_ADD64K == 0 && OP_JEQ64K % 4 == 0, "operations come in fours: 64K 64X 32K 32X");

#define IS_X(op)    ((op) & 1)
#define IS_WIDE(op) (!((op) & 2))

/* Dividing by @d as a product's upper 64 bits, shifted: m = 2^(64 + shift) / d, rounded up. */
struct magic {
	uint64_t m;
	uint8_t shift;
};

/*
 * The error of a rounded-up m is e = m * d - 2^(64 + shift); quotients of all n < 2^@bits are
 * exact if e * n < 2^(64 + shift) (Granlund, Montgomery 1994). d = 3, 64 bits:
 * shift 1, m = 0xaaaaaaaaaaaaaaab, e = 1.
 */
static bool find_magic(uint64_t d, unsigned int bits, struct magic *out)
{
	uint8_t shift;

	for (shift = 0; shift < 63; shift++) {
		unsigned __int128 power = (unsigned __int128)1 << (64 + shift);
		unsigned __int128 m = power / d + 1;
		uint64_t e = d - (uint64_t)(power % d);

		if (m >> 64)
			return false;
		if ((unsigned __int128)e <= (unsigned __int128)1 << (64 + shift - bits)) {
			*out = (struct magic){ (uint64_t)m, shift };
			return true;
		}
	}
	return false;
}

/* A shift by 0 would leave the upper half as it is. */
static void shift_by(struct x86 *c, bool wide, enum x86_shift op, uint8_t dst, uint8_t n)
{
	if (n)
		x86_shift(c, wide, op, dst, n);
	else
		x86_mov(c, wide, dst, dst);
}

/* r = n mod d, where n is in @n and n / d in @quotient, which may be r. */
static void remainder_of(struct x86 *c, bool wide, uint8_t r, uint8_t n, uint8_t quotient, uint64_t d)
{
	if (d <= INT32_MAX) {
		x86_rr(c, wide, 0x69, TMP2, quotient); /* imul */
		x86_u32(c, (uint32_t)d);
	} else {
		x86_load(c, TMP2, d);
		x86_rr(c, wide, 0x0faf, TMP2, quotient);
	}
	x86_mov(c, wide, r, n);
	x86_alu(c, wide, X86_SUB, r, TMP2);
}

/*
 * dst = dst / d or dst % d, unsigned, by multiplication. Where an even d would need one bit more, its
 * zeros are shifted out of both first: 100000 is 3125 << 5, and 59 bits by 3125 fit.
 */
static bool divide_by_constant(struct jit *j, bool wide, bool mod, uint8_t dst, uint64_t d)
{
	uint8_t zeros = 0, n = dst == RDX ? TMP1 : RDX;
	struct x86 *c = &j->c;
	struct magic g;

	if (!(d & (d - 1))) {
		if (mod) {
			if (d - 1 <= INT32_MAX)
				x86_alu_imm(c, false, X86_AND, dst, (int32_t)(d - 1));
			else
				return false;
		} else {
			shift_by(c, wide, X86_SHR, dst, (uint8_t)__builtin_ctzll(d));
		}
		return true;
	}
	if (!j->bmi2)
		return false;
	if (!find_magic(d, wide ? 64 : 32, &g)) {
		zeros = (uint8_t)__builtin_ctzll(d);
		if (!zeros || !find_magic(d >> zeros, 64u - zeros, &g))
			return false;
	}
	/* mulx takes one factor from rdx */
	if (mod || dst != RDX)
		x86_mov(c, true, TMP1, RDX);
	if (mod && zeros)
		x86_mov(c, wide, TMP3, dst);
	if (dst != RDX || !wide)
		x86_mov(c, wide, RDX, dst);
	if (zeros)
		x86_shift(c, wide, X86_SHR, RDX, zeros);
	x86_load(c, TMP2, g.m);
	x86_vex(c, true, 3, 0xf6, dst, TMP2, TMP2); /* mulx dst:TMP2, rdx * TMP2 */
	if (g.shift)
		x86_shift(c, true, X86_SHR, dst, g.shift);
	if (mod)
		remainder_of(c, wide, dst == RDX ? RDX : TMP3, zeros ? TMP3 : n, dst, d);
	if (mod && dst != RDX)
		x86_mov(c, true, dst, TMP3);
	if (dst != RDX)
		x86_mov(c, true, RDX, TMP1);
	return true;
}

/* By the machine's division, which wants rax and rdx. The divisor is in TMP1. */
static void divide(struct jit *j, bool wide, bool is_signed, bool mod, uint8_t dst)
{
	struct x86 *c = &j->c;
	size_t zero, minus = 0, end, end2 = 0;

	x86_test(c, wide, TMP1, TMP1);
	zero = x86_skip(c, 0x70 | CC_E);
	if (is_signed) {
		x86_alu_imm(c, wide, X86_CMP, TMP1, -1);
		minus = x86_skip(c, 0x70 | CC_E);
	}
	if (dst != RAX) {
		x86_mov(c, true, TMP2, RAX);
		x86_mov(c, wide, RAX, dst);
	}
	if (dst != RDX)
		x86_mov(c, true, TMP3, RDX);
	if (is_signed) {
		x86_rex(c, wide, 0, 0, 0, false);
		x86_u8(c, 0x99); /* cqo, cdq */
	} else {
		x86_zero(c, RDX);
	}
	x86_rr(c, wide, 0xf7, is_signed ? 7 : 6, TMP1);
	x86_mov(c, wide, TMP1, mod ? RDX : RAX);
	if (dst != RAX)
		x86_mov(c, true, RAX, TMP2);
	if (dst != RDX)
		x86_mov(c, true, RDX, TMP3);
	x86_mov(c, true, dst, TMP1);
	end = x86_skip(c, 0xeb);
	if (is_signed) {
		/* the smallest number by -1 would be a fault of the machine's */
		x86_here(c, minus);
		if (mod)
			x86_zero(c, dst);
		else
			x86_rr(c, wide, 0xf7, 3, dst);
		end2 = x86_skip(c, 0xeb);
	}
	x86_here(c, zero);
	if (!mod)
		x86_zero(c, dst);
	else if (!wide)
		x86_mov(c, false, dst, dst);
	x86_here(c, end);
	if (is_signed)
		x86_here(c, end2);
}

static void division(struct jit *j, const struct insn *i, bool is_signed, bool mod)
{
	bool wide = IS_WIDE(i->op);
	uint8_t dst = j->map[i->dst];
	uint64_t d = wide ? (uint64_t)i->imm : (uint32_t)i->imm;

	if (IS_X(i->op)) {
		x86_mov(&j->c, true, TMP1, j->map[i->src]);
	} else {
		if (!is_signed && d && divide_by_constant(j, wide, mod, dst, d))
			return;
		x86_load(&j->c, TMP1, d);
	}
	divide(j, wide, is_signed, mod, dst);
}

static bool is_power_of_two(int64_t v)
{
	return v > 0 && !(v & (v - 1));
}

static void multiply(struct jit *j, const struct insn *i)
{
	bool wide = IS_WIDE(i->op);
	uint8_t dst = j->map[i->dst];

	if (IS_X(i->op)) {
		x86_rr(&j->c, wide, 0x0faf, dst, j->map[i->src]);
	} else if (is_power_of_two(i->imm)) {
		shift_by(&j->c, wide, X86_SHL, dst, (uint8_t)__builtin_ctzll((uint64_t)i->imm));
	} else if (i->imm == 3 || i->imm == 5 || i->imm == 9) {
		/* lea dst, [dst + dst * (imm - 1)]: a cycle instead of three */
		x86_rm(&j->c, 0, wide, 0x8d, dst,
		       (struct x86_mem){ dst, dst, (uint8_t)__builtin_ctz((uint32_t)i->imm - 1), 0 }, false);
	} else if (i->imm == (int8_t)i->imm) {
		x86_rr(&j->c, wide, 0x6b, dst, dst);
		x86_u8(&j->c, (uint32_t)i->imm);
	} else {
		x86_rr(&j->c, wide, 0x69, dst, dst);
		x86_u32(&j->c, (uint32_t)i->imm);
	}
}

static void shift(struct jit *j, const struct insn *i, enum x86_shift op)
{
	/* shlx, shrx, sarx: the prefix that VEX has for each */
	static const uint8_t prefix[8] = { [X86_SHL] = 1, [X86_SHR] = 3, [X86_SAR] = 2 };
	bool wide = IS_WIDE(i->op);
	uint8_t dst = j->map[i->dst], src = j->map[i->src], at = dst;
	struct x86 *c = &j->c;

	if (!IS_X(i->op)) {
		shift_by(c, wide, op, dst, i->imm & (wide ? 63 : 31));
		return;
	}
	if (j->bmi2) {
		x86_vex(c, wide, prefix[op], 0xf7, dst, src, dst);
		return;
	}
	/* the count has to be in cl */
	if (src != RCX) {
		x86_mov(c, true, TMP1, RCX);
		if (dst == RCX)
			at = TMP1;
		x86_mov(c, false, RCX, src);
	}
	x86_rr(c, wide, 0xd3, (uint8_t)op, at);
	if (src != RCX)
		x86_mov(c, true, RCX, TMP1);
}

static void plain(struct jit *j, const struct insn *i, enum x86_alu op)
{
	if (IS_X(i->op))
		x86_alu(&j->c, IS_WIDE(i->op), op, j->map[i->dst], j->map[i->src]);
	else
		x86_alu_imm(&j->c, IS_WIDE(i->op), op, j->map[i->dst], (int32_t)i->imm);
	if (op != X86_AND && op != X86_OR && op != X86_XOR)
		return;
	j->flags_at = j->c.at;
	j->flags_reg = j->map[i->dst];
	j->flags_wide = IS_WIDE(i->op);
}

static void move(struct jit *j, const struct insn *i)
{
	bool wide = IS_WIDE(i->op);

	if (IS_X(i->op))
		x86_mov(&j->c, wide, j->map[i->dst], j->map[i->src]);
	else
		x86_load(&j->c, j->map[i->dst], wide ? (uint64_t)i->imm : (uint32_t)i->imm);
}

static void swap(struct jit *j, uint8_t r, bool wide)
{
	x86_rex(&j->c, wide, 0, 0, r, false);
	x86_u8(&j->c, 0x0f);
	x86_u8(&j->c, 0xc8u | (r & 7u));
}

static void swap16(struct jit *j, uint8_t r)
{
	x86_u8(&j->c, 0x66);
	x86_shift(&j->c, false, (enum x86_shift)0, r, 8); /* rol */
	x86_rr(&j->c, false, 0x0fb7, r, r);
}

#define FOUR(name)                                                                        \
	case OP_##name##64K:                                                              \
	case OP_##name##64X:                                                              \
	case OP_##name##32K:                                                              \
	case OP_##name##32X

void jit_alu(struct jit *j, const struct insn *i)
{
	uint8_t dst = j->map[i->dst], src = i->src <= 10 ? j->map[i->src] : 0;
	struct x86 *c = &j->c;

	switch (i->op) {
	FOUR(ADD):
		plain(j, i, X86_ADD);
		break;
	FOUR(SUB):
		plain(j, i, X86_SUB);
		break;
	FOUR(OR):
		plain(j, i, X86_OR);
		break;
	FOUR(AND):
		plain(j, i, X86_AND);
		break;
	FOUR(XOR):
		plain(j, i, X86_XOR);
		break;
	FOUR(MUL):
		multiply(j, i);
		break;
	FOUR(DIV):
		division(j, i, false, false);
		break;
	FOUR(MOD):
		division(j, i, false, true);
		break;
	FOUR(SDIV):
		division(j, i, true, false);
		break;
	FOUR(SMOD):
		division(j, i, true, true);
		break;
	FOUR(LSH):
		shift(j, i, X86_SHL);
		break;
	FOUR(RSH):
		shift(j, i, X86_SHR);
		break;
	FOUR(ARSH):
		shift(j, i, X86_SAR);
		break;
	FOUR(MOV):
		move(j, i);
		break;
	case OP_NEG64:
		x86_rr(c, true, 0xf7, 3, dst);
		break;
	case OP_NEG32:
		x86_rr(c, false, 0xf7, 3, dst);
		break;
	case OP_MOVSX64_8:
		x86_rr8(c, true, 0x0fbe, dst, src);
		break;
	case OP_MOVSX64_16:
		x86_rr(c, true, 0x0fbf, dst, src);
		break;
	case OP_MOVSX64_32:
		x86_rr(c, true, 0x63, dst, src);
		break;
	case OP_MOVSX32_8:
		x86_rr8(c, false, 0x0fbe, dst, src);
		break;
	case OP_MOVSX32_16:
		x86_rr(c, false, 0x0fbf, dst, src);
		break;
	case OP_LE16:
		x86_rr(c, false, 0x0fb7, dst, dst);
		break;
	case OP_LE32:
		x86_mov(c, false, dst, dst);
		break;
	case OP_LE64:
		break;
	case OP_BE16:
	case OP_BSWAP16:
		swap16(j, dst);
		break;
	case OP_BE32:
	case OP_BSWAP32:
		swap(j, dst, false);
		break;
	case OP_BE64:
	case OP_BSWAP64:
		swap(j, dst, true);
		break;
	}
}

#endif
