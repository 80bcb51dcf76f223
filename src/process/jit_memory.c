/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * x86-64 code for loads, stores and atomic operations. Nothing is checked: the program has
 * been verified. Fetching and, or, xor have no instruction on this machine and become a
 * loop around cmpxchg, which wants the old value in rax.
 */
#include "process/jit.h"
#include "util/buf.h"

#if defined(__x86_64__)

#define LOCK 0xf0

static void remember(struct jit *j, size_t at, uint8_t reg)
{
	struct fault_load *l = array_grow(j->loads, j->nr_loads, &j->room_loads, sizeof(*l));

	if (!l) {
		j->failed = true;
		return;
	}
	j->loads = l;
	l[j->nr_loads++] = (struct fault_load){ (uint32_t)at, (uint8_t)(j->c.at - at), reg };
}

void jit_load(struct jit *j, const struct insn *i, uint8_t dst, struct x86_mem m)
{
	struct x86 *c = &j->c;
	size_t at = c->at;

	switch ((unsigned int)i->op) {
	case OP_LDX8:
		x86_rm(c, 0, false, 0x0fb6, dst, m, false);
		break;
	case OP_LDX16:
		x86_rm(c, 0, false, 0x0fb7, dst, m, false);
		break;
	case OP_LDX32:
		x86_rm(c, 0, false, 0x8b, dst, m, false);
		break;
	case OP_LDX64:
		x86_rm(c, 0, true, 0x8b, dst, m, false);
		break;
	case OP_LDSX8:
		x86_rm(c, 0, true, 0x0fbe, dst, m, false);
		break;
	case OP_LDSX16:
		x86_rm(c, 0, true, 0x0fbf, dst, m, false);
		break;
	case OP_LDSX32:
		x86_rm(c, 0, true, 0x63, dst, m, false);
		break;
	}
	if (i->imm && j->second)
		remember(j, at, dst);
}

static void fetch_loop(struct jit *j, enum x86_alu op, bool wide, uint8_t base, int32_t off,
                       uint8_t src)
{
	uint8_t operand = src == RAX ? TMP3 : src;
	struct x86 *c = &j->c;
	size_t again;

	x86_lea(c, TMP2, mem_at(base, off));
	x86_mov(c, true, TMP3, RAX);
	x86_rm(c, 0, wide, 0x8b, RAX, mem_at(TMP2, 0), false);
	again = c->at;
	x86_mov(c, wide, TMP1, RAX);
	x86_alu(c, wide, op, TMP1, operand);
	x86_rm(c, LOCK, wide, 0x0fb1, TMP1, mem_at(TMP2, 0), false);
	x86_u8(c, 0x70 | CC_NE);
	x86_u8(c, (uint32_t)(again - (c->at + 1)));
	if (src != RAX) {
		x86_mov(c, true, src, RAX);
		x86_mov(c, true, RAX, TMP3);
	}
}

/* r0 is compared with, and gets what was there, which the machine does not write on success. */
static void compare_exchange(struct jit *j, bool wide, uint8_t base, int32_t off, uint8_t src)
{
	struct x86 *c = &j->c;
	uint8_t r0 = j->map[0];

	if (r0 == RAX) {
		x86_rm(c, LOCK, wide, 0x0fb1, src, mem_at(base, off), false);
		if (!wide)
			x86_mov(c, false, RAX, RAX);
		return;
	}
	x86_lea(c, TMP2, mem_at(base, off));
	x86_mov(c, true, TMP3, src);
	x86_mov(c, true, TMP1, RAX);
	x86_mov(c, true, RAX, r0);
	x86_rm(c, LOCK, wide, 0x0fb1, TMP3, mem_at(TMP2, 0), false);
	x86_mov(c, wide, r0, RAX);
	x86_mov(c, true, RAX, TMP1);
}

void jit_store(struct jit *j, const struct insn *i, struct x86_mem m)
{
	uint8_t src = j->map[i->src];
	struct x86 *c = &j->c;

	switch (i->op) {
	case OP_ST8:
		x86_rm(c, 0, false, 0xc6, 0, m, false);
		x86_u8(c, (uint32_t)i->imm);
		break;
	case OP_ST16:
		x86_rm(c, 0x66, false, 0xc7, 0, m, false);
		x86_u16(c, (uint32_t)i->imm);
		break;
	case OP_ST32:
	case OP_ST64:
		x86_rm(c, 0, i->op == OP_ST64, 0xc7, 0, m, false);
		x86_u32(c, (uint32_t)i->imm);
		break;
	case OP_STX8:
		x86_rm(c, 0, false, 0x88, src, m, true);
		break;
	case OP_STX16:
		x86_rm(c, 0x66, false, 0x89, src, m, false);
		break;
	case OP_STX32:
	case OP_STX64:
		x86_rm(c, 0, i->op == OP_STX64, 0x89, src, m, false);
		break;
	}
}

void jit_memory(struct jit *j, const struct insn *i)
{
	uint8_t dst = j->map[i->dst], src = j->map[i->src];
	struct x86_mem m = mem_at(dst, i->off);
	struct x86 *c = &j->c;

	switch (i->op) {
	case OP_LDX8:
	case OP_LDX16:
	case OP_LDX32:
	case OP_LDX64:
	case OP_LDSX8:
	case OP_LDSX16:
	case OP_LDSX32:
		jit_load(j, i, dst, mem_at(src, i->off));
		break;
	case OP_ST8:
	case OP_ST16:
	case OP_ST32:
	case OP_ST64:
	case OP_STX8:
	case OP_STX16:
	case OP_STX32:
	case OP_STX64:
		jit_store(j, i, m);
		break;
	case OP_AADD32:
	case OP_AADD64:
		x86_rm(c, LOCK, i->op == OP_AADD64, 0x01, src, m, false);
		break;
	case OP_AOR32:
	case OP_AOR64:
		x86_rm(c, LOCK, i->op == OP_AOR64, 0x09, src, m, false);
		break;
	case OP_AAND32:
	case OP_AAND64:
		x86_rm(c, LOCK, i->op == OP_AAND64, 0x21, src, m, false);
		break;
	case OP_AXOR32:
	case OP_AXOR64:
		x86_rm(c, LOCK, i->op == OP_AXOR64, 0x31, src, m, false);
		break;
	case OP_FADD32:
	case OP_FADD64:
		x86_rm(c, LOCK, i->op == OP_FADD64, 0x0fc1, src, m, false);
		break;
	case OP_FOR32:
	case OP_FOR64:
		fetch_loop(j, X86_OR, i->op == OP_FOR64, dst, i->off, src);
		break;
	case OP_FAND32:
	case OP_FAND64:
		fetch_loop(j, X86_AND, i->op == OP_FAND64, dst, i->off, src);
		break;
	case OP_FXOR32:
	case OP_FXOR64:
		fetch_loop(j, X86_XOR, i->op == OP_FXOR64, dst, i->off, src);
		break;
	case OP_XCHG32:
	case OP_XCHG64:
		/* with memory, this one locks by itself */
		x86_rm(c, 0, i->op == OP_XCHG64, 0x87, src, m, false);
		break;
	case OP_CMPXCHG32:
	case OP_CMPXCHG64:
		compare_exchange(j, i->op == OP_CMPXCHG64, dst, i->off, src);
		break;
	}
}

#endif
