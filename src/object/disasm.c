/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * One instruction as text, as llvm-objdump writes it (what is newer than its version 14,
 * as the later ones do). In: any 8 or 16 bytes. Out: the text; "<unknown>" and the fields
 * for what the instruction set (RFC 9669, and load-acquire, store-release, may_goto and
 * addr_space_cast, which are newer) does not have. Calls of functions look like calls of
 * helpers: relocations say which is which.
 */
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>

#include "object/disasm.h"

/* Newer than the UAPI header that this must compile with. */
#define MEMSX     0x80 /* sign-extending load */
#define JCOND     0xe0
#define LOAD_ACQ  0x100
#define STORE_REL 0x110

static int unknown(const struct bpf_insn *i, char *buf, size_t size)
{
	snprintf(buf, size, "<unknown> 0x%02x %u %u %d %d", i->code, i->dst_reg, i->src_reg, i->off,
	         i->imm);
	return 1;
}

static unsigned int bits_of(uint8_t code)
{
	switch (BPF_SIZE(code)) {
	case BPF_B:
		return 8;
	case BPF_H:
		return 16;
	case BPF_W:
		return 32;
	default:
		return 64;
	}
}

/* "r2 + 16", "r10 - 8" */
static const char *address(unsigned int reg, int16_t off, char buf[20])
{
	snprintf(buf, 20, off < 0 ? "r%u - %d" : "r%u + %d", reg, off < 0 ? -off : off);
	return buf;
}

/* NULL for what is no such operation; @is_signed: division and remainder with offset 1. */
static const char *alu_operator(uint8_t code, bool is_signed)
{
	static const char *const operators[16] = {
		[BPF_ADD >> 4] = "+=",  [BPF_SUB >> 4] = "-=",    [BPF_MUL >> 4] = "*=",
		[BPF_DIV >> 4] = "/=",  [BPF_OR >> 4] = "|=",     [BPF_AND >> 4] = "&=",
		[BPF_LSH >> 4] = "<<=", [BPF_RSH >> 4] = ">>=",   [BPF_MOD >> 4] = "%=",
		[BPF_XOR >> 4] = "^=",  [BPF_ARSH >> 4] = "s>>=",
	};

	if (is_signed)
		return BPF_OP(code) == BPF_DIV ? "s/=" : BPF_OP(code) == BPF_MOD ? "s%=" : NULL;
	return operators[BPF_OP(code) >> 4];
}

static int put_move(const struct bpf_insn *i, char r, char *buf, size_t size)
{
	if (BPF_SRC(i->code) == BPF_K)
		snprintf(buf, size, "%c%u = %d", r, i->dst_reg, i->imm);
	else if (i->off == 1 && r == 'r')
		snprintf(buf, size, "r%u = addr_space_cast(r%u, %u, %u)", i->dst_reg, i->src_reg,
		         (uint32_t)i->imm >> 16, i->imm & 0xffff);
	else if (i->off == 8 || i->off == 16 || i->off == 32)
		snprintf(buf, size, "%c%u = (s%d)%c%u", r, i->dst_reg, i->off, r, i->src_reg);
	else if (i->off)
		return unknown(i, buf, size);
	else
		snprintf(buf, size, "%c%u = %c%u", r, i->dst_reg, r, i->src_reg);
	return 1;
}

static int put_alu(const struct bpf_insn *i, char *buf, size_t size)
{
	char r = BPF_CLASS(i->code) == BPF_ALU64 ? 'r' : 'w';
	const char *op;

	switch (BPF_OP(i->code)) {
	case BPF_MOV:
		return put_move(i, r, buf, size);
	case BPF_NEG:
		if (BPF_SRC(i->code) == BPF_X)
			return unknown(i, buf, size);
		snprintf(buf, size, "%c%u = -%c%u", r, i->dst_reg, r, i->dst_reg);
		return 1;
	case BPF_END:
		if ((i->imm != 16 && i->imm != 32 && i->imm != 64) ||
		    (r == 'r' && BPF_SRC(i->code)))
			return unknown(i, buf, size);
		snprintf(buf, size, "r%u = %s%d r%u", i->dst_reg,
		         r == 'r'           ? "bswap"
		         : BPF_SRC(i->code) ? "be"
		                            : "le",
		         i->imm, i->dst_reg);
		return 1;
	}
	op = i->off == 0 || i->off == 1 ? alu_operator(i->code, i->off) : NULL;
	if (!op)
		return unknown(i, buf, size);
	if (BPF_SRC(i->code) == BPF_X)
		snprintf(buf, size, "%c%u %s %c%u", r, i->dst_reg, op, r, i->src_reg);
	else
		snprintf(buf, size, "%c%u %s %d", r, i->dst_reg, op, i->imm);
	return 1;
}

static int put_jump(const struct bpf_insn *i, char *buf, size_t size)
{
	static const char *const operators[16] = {
		[BPF_JEQ >> 4] = "==",   [BPF_JGT >> 4] = ">",    [BPF_JGE >> 4] = ">=",
		[BPF_JSET >> 4] = "&",   [BPF_JNE >> 4] = "!=",   [BPF_JSGT >> 4] = "s>",
		[BPF_JSGE >> 4] = "s>=", [BPF_JLT >> 4] = "<",    [BPF_JLE >> 4] = "<=",
		[BPF_JSLT >> 4] = "s<",  [BPF_JSLE >> 4] = "s<=",
	};
	bool wide = BPF_CLASS(i->code) == BPF_JMP;
	const char *op = operators[BPF_OP(i->code) >> 4];
	char r = wide ? 'r' : 'w';

	if (i->code == (BPF_JMP | BPF_JA))
		snprintf(buf, size, "goto %+d", i->off);
	else if (i->code == (BPF_JMP32 | BPF_JA))
		snprintf(buf, size, "gotol %+d", i->imm);
	else if (i->code == (BPF_JMP | JCOND))
		snprintf(buf, size, "may_goto %+d", i->off);
	else if (i->code == (BPF_JMP | BPF_CALL))
		snprintf(buf, size, "call %d", i->imm);
	else if (i->code == (BPF_JMP | BPF_CALL | BPF_X))
		snprintf(buf, size, "callx r%u", i->dst_reg);
	else if (i->code == (BPF_JMP | BPF_EXIT))
		snprintf(buf, size, "exit");
	else if (!op)
		return unknown(i, buf, size);
	else if (BPF_SRC(i->code) == BPF_X)
		snprintf(buf, size, "if %c%u %s %c%u goto %+d", r, i->dst_reg, op, r, i->src_reg,
		         i->off);
	else
		snprintf(buf, size, "if %c%u %s %d goto %+d", r, i->dst_reg, op, i->imm, i->off);
	return 1;
}

static int put_load(const struct bpf_insn *i, char *buf, size_t size)
{
	bool extends = BPF_MODE(i->code) == MEMSX;
	char at[20];

	if (BPF_MODE(i->code) != BPF_MEM && (!extends || BPF_SIZE(i->code) == BPF_DW))
		return unknown(i, buf, size);
	snprintf(buf, size, "r%u = *(%c%u *)(%s)", i->dst_reg, extends ? 's' : 'u',
	         bits_of(i->code), address(i->src_reg, i->off, at));
	return 1;
}

static int put_store(const struct bpf_insn *i, char *buf, size_t size)
{
	char at[20];

	address(i->dst_reg, i->off, at);
	if (BPF_MODE(i->code) != BPF_MEM)
		return unknown(i, buf, size);
	if (BPF_CLASS(i->code) == BPF_STX)
		snprintf(buf, size, "*(u%u *)(%s) = r%u", bits_of(i->code), at, i->src_reg);
	else
		snprintf(buf, size, "*(u%u *)(%s) = %d", bits_of(i->code), at, i->imm);
	return 1;
}

static int put_ordered(const struct bpf_insn *i, char *buf, size_t size)
{
	unsigned int bits = bits_of(i->code);
	char r = bits == 64 ? 'r' : 'w', at[20];

	if (i->imm == LOAD_ACQ)
		snprintf(buf, size, "%c%u = load_acquire((u%u *)(%s))", r, i->dst_reg, bits,
		         address(i->src_reg, i->off, at));
	else
		snprintf(buf, size, "store_release((u%u *)(%s), %c%u)", bits,
		         address(i->dst_reg, i->off, at), r, i->src_reg);
	return 1;
}

static int put_atomic(const struct bpf_insn *i, char *buf, size_t size)
{
	unsigned int bits = bits_of(i->code);
	char r = bits == 64 ? 'r' : 'w', at[20];
	const char *op, *name;

	if (i->imm == LOAD_ACQ || i->imm == STORE_REL)
		return put_ordered(i, buf, size);
	if (bits < 32)
		return unknown(i, buf, size);
	address(i->dst_reg, i->off, at);
	switch (i->imm & ~BPF_FETCH) {
	case BPF_ADD:
		op = "+=", name = "add";
		break;
	case BPF_OR:
		op = "|=", name = "or";
		break;
	case BPF_AND:
		op = "&=", name = "and";
		break;
	case BPF_XOR:
		op = "^=", name = "xor";
		break;
	case BPF_XCHG & ~BPF_FETCH:
		if (i->imm != BPF_XCHG)
			return unknown(i, buf, size);
		snprintf(buf, size, "%c%u = xchg%s_%u(%s, %c%u)", r, i->src_reg,
		         bits == 32 ? "32" : "", bits, at, r, i->src_reg);
		return 1;
	case BPF_CMPXCHG & ~BPF_FETCH:
		if (i->imm != BPF_CMPXCHG)
			return unknown(i, buf, size);
		snprintf(buf, size, "%c0 = cmpxchg%s_%u(%s, %c0, %c%u)", r, bits == 32 ? "32" : "",
		         bits, at, r, r, i->src_reg);
		return 1;
	default:
		return unknown(i, buf, size);
	}
	if (i->imm & BPF_FETCH)
		snprintf(buf, size, "%c%u = atomic_fetch_%s((u%u *)(%s), %c%u)", r, i->src_reg,
		         name, bits, at, r, i->src_reg);
	else
		snprintf(buf, size, "lock *(u%u *)(%s) %s r%u", bits, at, op, i->src_reg);
	return 1;
}

static int put_ld(const struct bpf_insn *i, size_t left, char *buf, size_t size)
{
	uint64_t value;

	if (BPF_MODE(i->code) == BPF_ABS && BPF_SIZE(i->code) != BPF_DW) {
		snprintf(buf, size, "r0 = *(u%u *)skb[%d]", bits_of(i->code), i->imm);
		return 1;
	}
	if (BPF_MODE(i->code) == BPF_IND && BPF_SIZE(i->code) != BPF_DW) {
		snprintf(buf, size, "r0 = *(u%u *)skb[r%u]", bits_of(i->code), i->src_reg);
		return 1;
	}
	if (i->code != (BPF_LD | BPF_IMM | BPF_DW) || left < 2)
		return unknown(i, buf, size);
	value = (uint64_t)(uint32_t)i[1].imm << 32 | (uint32_t)i->imm;
	if (i->src_reg)
		snprintf(buf, size, "ld_pseudo r%u, %u, %" PRId64, i->dst_reg, i->src_reg,
		         (int64_t)value);
	else
		snprintf(buf, size, "r%u = %" PRId64 " ll", i->dst_reg, (int64_t)value);
	return 2;
}

int disasm(const struct bpf_insn *insn, size_t left, char *buf, size_t size)
{
	switch (BPF_CLASS(insn->code)) {
	case BPF_LD:
		return put_ld(insn, left, buf, size);
	case BPF_LDX:
		return put_load(insn, buf, size);
	case BPF_STX:
		if (BPF_MODE(insn->code) == BPF_ATOMIC)
			return put_atomic(insn, buf, size);
		return put_store(insn, buf, size);
	case BPF_ST:
		return put_store(insn, buf, size);
	case BPF_JMP:
	case BPF_JMP32:
		return put_jump(insn, buf, size);
	default:
		return put_alu(insn, buf, size);
	}
}
