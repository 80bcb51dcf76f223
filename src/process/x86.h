/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
#ifndef ABIDE_PROCESS_X86_H
#define ABIDE_PROCESS_X86_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/*
 * An encoder of x86-64 instructions (Intel SDM, volume 2) into a buffer. An opcode of
 * several bytes is written as a number, 0x0fb6. The caller makes room; a buffer without
 * room is a mistake of the caller's, so it is checked once for each program instruction.
 */
enum x86_reg { RAX, RCX, RDX, RBX, RSP, RBP, RSI, RDI, R8, R9, R10, R11, R12, R13, R14, R15 };

enum x86_cc {
	CC_B = 2,
	CC_AE,
	CC_E,
	CC_NE,
	CC_BE,
	CC_A,
	CC_S,
	CC_NS,
	CC_L = 12,
	CC_GE,
	CC_LE,
	CC_G
};

/* The /digit of 0x81 and 0x83; the opcode of the form with registers is 8 * digit + 1. */
enum x86_alu { X86_ADD, X86_OR, X86_AND = 4, X86_SUB, X86_XOR, X86_CMP };
enum x86_shift { X86_SHL = 4, X86_SHR = 5, X86_SAR = 7 };

struct x86 {
	uint8_t *data;
	size_t at;
};

/* [base + index * (1 << scale) + disp]; index RSP: none, as the machine encodes it. */
struct x86_mem {
	uint8_t base, index, scale;
	int32_t disp;
};

static inline struct x86_mem mem_at(uint8_t base, int32_t disp)
{
	return (struct x86_mem){ base, RSP, 0, disp };
}

static inline void x86_u8(struct x86 *c, uint32_t v)
{
	c->data[c->at++] = (uint8_t)v;
}

static inline void x86_u16(struct x86 *c, uint32_t v)
{
	x86_u8(c, v);
	x86_u8(c, v >> 8);
}

static inline void x86_u32(struct x86 *c, uint32_t v)
{
	memcpy(c->data + c->at, &v, 4);
	c->at += 4;
}

static inline void x86_u64(struct x86 *c, uint64_t v)
{
	memcpy(c->data + c->at, &v, 8);
	c->at += 8;
}

static inline void x86_opcode(struct x86 *c, uint32_t op)
{
	if (op > 0xffff)
		x86_u8(c, op >> 16);
	if (op > 0xff)
		x86_u8(c, op >> 8);
	x86_u8(c, op);
}

/* REX: 0100WRXB. @force: for the byte registers spl to dil. */
static inline void x86_rex(struct x86 *c, bool w, uint8_t reg, uint8_t index, uint8_t base,
                           bool force)
{
	uint8_t v = (uint8_t)(0x40 | w << 3 | (reg >> 3) << 2 | (index >> 3) << 1 | base >> 3);

	if (v != 0x40 || force)
		x86_u8(c, v);
}

/* @op with the register @reg (or /digit) and the register @rm */
static inline void x86_rr(struct x86 *c, bool w, uint32_t op, uint8_t reg, uint8_t rm)
{
	x86_rex(c, w, reg, 0, rm, false);
	x86_opcode(c, op);
	x86_u8(c, 0xc0u | (reg & 7u) << 3 | (rm & 7u));
}

/* The same with a byte register as @rm. */
static inline void x86_rr8(struct x86 *c, bool w, uint32_t op, uint8_t reg, uint8_t rm)
{
	x86_rex(c, w, reg, 0, rm, rm >= RSP);
	x86_opcode(c, op);
	x86_u8(c, 0xc0u | (reg & 7u) << 3 | (rm & 7u));
}

/* ModRM, SIB and displacement. rbp and r13 as a base need a displacement, rsp and r12 a SIB. */
static inline void x86_modrm(struct x86 *c, uint8_t reg, struct x86_mem m)
{
	bool sib = m.index != RSP || (m.base & 7) == RSP;
	uint32_t mod = !m.disp && (m.base & 7) != RBP ? 0 : m.disp == (int8_t)m.disp ? 1 : 2;

	x86_u8(c, mod << 6 | (reg & 7u) << 3 | (sib ? 4u : m.base & 7u));
	if (sib)
		x86_u8(c, (uint32_t)m.scale << 6 | (m.index & 7u) << 3 | (m.base & 7u));
	if (mod == 1)
		x86_u8(c, (uint32_t)m.disp);
	else if (mod == 2)
		x86_u32(c, (uint32_t)m.disp);
}

/* @prefix: 0, 0x66 or 0xf0 (lock), which stands before REX. */
static inline void x86_rm(struct x86 *c, uint8_t prefix, bool w, uint32_t op, uint8_t reg,
                          struct x86_mem m, bool byte_reg)
{
	if (prefix)
		x86_u8(c, prefix);
	x86_rex(c, w, reg, m.index == RSP ? 0 : m.index, m.base, byte_reg && reg >= RSP);
	x86_opcode(c, op);
	x86_modrm(c, reg, m);
}

static inline void x86_mov(struct x86 *c, bool w, uint8_t dst, uint8_t src)
{
	if (dst != src || !w) /* a move to itself clears the upper half */
		x86_rr(c, w, 0x89, src, dst);
}

static inline void x86_alu(struct x86 *c, bool w, enum x86_alu op, uint8_t dst, uint8_t src)
{
	x86_rr(c, w, 8u * op + 1, src, dst);
}

static inline void x86_alu_imm(struct x86 *c, bool w, enum x86_alu op, uint8_t dst, int32_t imm)
{
	bool small = imm == (int8_t)imm;

	x86_rr(c, w, small ? 0x83 : 0x81, (uint8_t)op, dst);
	if (small)
		x86_u8(c, (uint32_t)imm);
	else
		x86_u32(c, (uint32_t)imm);
}

static inline void x86_zero(struct x86 *c, uint8_t dst)
{
	x86_alu(c, false, X86_XOR, dst, dst);
}

static inline void x86_test(struct x86 *c, bool w, uint8_t a, uint8_t b)
{
	x86_rr(c, w, 0x85, b, a);
}

/* Whether bits of @imm, which is extended by its sign, are set in @r: ZF only. */
static inline void x86_test_imm(struct x86 *c, bool w, uint8_t r, int32_t imm)
{
	if (imm >= 0 && imm <= 0xff) {
		x86_rr8(c, false, 0xf6, 0, r);
		x86_u8(c, (uint32_t)imm);
	} else {
		x86_rr(c, w && imm < 0, 0xf7, 0, r);
		x86_u32(c, (uint32_t)imm);
	}
}

static inline void x86_cmov(struct x86 *c, uint8_t cc, uint8_t dst, uint8_t src)
{
	x86_rr(c, true, 0x0f40u + cc, dst, src);
}

static inline void x86_shift(struct x86 *c, bool w, enum x86_shift op, uint8_t dst, uint8_t n)
{
	x86_rr(c, w, 0xc1, (uint8_t)op, dst);
	x86_u8(c, n);
}

/* The shortest way to a constant; changes flags. */
static inline void x86_load(struct x86 *c, uint8_t dst, uint64_t v)
{
	if (!v) {
		x86_zero(c, dst);
	} else if (v <= UINT32_MAX) {
		x86_rex(c, false, 0, 0, dst, false);
		x86_u8(c, 0xb8u | (dst & 7u));
		x86_u32(c, (uint32_t)v);
	} else if ((int64_t)v == (int32_t)v) {
		x86_rr(c, true, 0xc7, 0, dst);
		x86_u32(c, (uint32_t)v);
	} else {
		x86_rex(c, true, 0, 0, dst, false);
		x86_u8(c, 0xb8u | (dst & 7u));
		x86_u64(c, v);
	}
}

static inline void x86_push(struct x86 *c, uint8_t r)
{
	x86_rex(c, false, 0, 0, r, false);
	x86_u8(c, 0x50u | (r & 7u));
}

static inline void x86_pop(struct x86 *c, uint8_t r)
{
	x86_rex(c, false, 0, 0, r, false);
	x86_u8(c, 0x58u | (r & 7u));
}

static inline void x86_lea(struct x86 *c, uint8_t dst, struct x86_mem m)
{
	x86_rm(c, 0, true, 0x8d, dst, m, false);
}

/* VEX with three bytes, map 0F38: @pp 1 is 66, 2 is F3, 3 is F2. @v: the third register. */
static inline void x86_vex(struct x86 *c, bool w, uint8_t pp, uint8_t op, uint8_t reg, uint8_t v,
                           uint8_t rm)
{
	x86_u8(c, 0xc4);
	x86_u8(c, (reg < R8 ? 0x80u : 0) | 0x40u | (rm < R8 ? 0x20u : 0) | 2);
	x86_u8(c, (uint32_t)w << 7 | (~v & 15u) << 3 | pp);
	x86_u8(c, op);
	x86_u8(c, 0xc0u | (reg & 7u) << 3 | (rm & 7u));
}

/* Nothing, in @n bytes: the long forms that the SDM names under NOP. */
static inline void x86_nop(struct x86 *c, size_t n)
{
	static const uint8_t forms[9][9] = {
		{ 0x90 },
		{ 0x66, 0x90 },
		{ 0x0f, 0x1f, 0x00 },
		{ 0x0f, 0x1f, 0x40 },
		{ 0x0f, 0x1f, 0x44 },
		{ 0x66, 0x0f, 0x1f, 0x44 },
		{ 0x0f, 0x1f, 0x80 },
		{ 0x0f, 0x1f, 0x84 },
		{ 0x66, 0x0f, 0x1f, 0x84 },
	};

	while (n) {
		size_t k = n < 9 ? n : 9;

		memcpy(c->data + c->at, forms[k - 1], k);
		c->at += k;
		n -= k;
	}
}

/* A short jump forward, whose target x86_here() fills in. @op: 0xeb or 0x70 | cc. */
static inline size_t x86_skip(struct x86 *c, uint8_t op)
{
	x86_u8(c, op);
	x86_u8(c, 0);
	return c->at;
}

static inline void x86_here(struct x86 *c, size_t skip)
{
	c->data[skip - 1] = (uint8_t)(c->at - skip);
}

#endif
