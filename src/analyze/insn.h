/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
#ifndef ABIDE_ANALYZE_INSN_H
#define ABIDE_ANALYZE_INSN_H

#include <linux/bpf.h>
#include <stdbool.h>
#include <stdint.h>

#define FP BPF_REG_10

/* Newer than the headers of Debian 12 (RFC 9669, "cpu v4"). */
#define INSN_MEMSX 0x80

#define INSN_CALLEE_SAVED 0x03c0u /* r6..r9 */
#define INSN_ARGS         0x003eu /* r1..r5 */

static inline bool insn_is_alu(const struct bpf_insn *i)
{
	return BPF_CLASS(i->code) == BPF_ALU || BPF_CLASS(i->code) == BPF_ALU64;
}

static inline bool insn_is_jump(const struct bpf_insn *i)
{
	return BPF_CLASS(i->code) == BPF_JMP || BPF_CLASS(i->code) == BPF_JMP32;
}

static inline bool insn_is_call(const struct bpf_insn *i)
{
	return i->code == (BPF_JMP | BPF_CALL) || i->code == (BPF_JMP | BPF_CALL | BPF_X);
}

/* A call of a function of the same object. */
static inline bool insn_is_local_call(const struct bpf_insn *i)
{
	return i->code == (BPF_JMP | BPF_CALL) && i->src_reg == BPF_PSEUDO_CALL;
}

static inline bool insn_is_exit(const struct bpf_insn *i)
{
	return i->code == (BPF_JMP | BPF_EXIT);
}

/* goto, with a 16-bit or (v4) a 32-bit offset */
static inline bool insn_is_goto(const struct bpf_insn *i)
{
	return i->code == (BPF_JMP | BPF_JA) || i->code == (BPF_JMP32 | BPF_JA);
}

static inline bool insn_is_branch(const struct bpf_insn *i)
{
	return insn_is_jump(i) && !insn_is_goto(i) && !insn_is_call(i) && !insn_is_exit(i);
}

/* Distance of a jump in instructions, from the one behind it. */
static inline int32_t insn_jump(const struct bpf_insn *i)
{
	return i->code == (BPF_JMP32 | BPF_JA) ? i->imm : i->off;
}

static inline bool insn_is_ld_imm64(const struct bpf_insn *i)
{
	return i->code == (BPF_LD | BPF_IMM | BPF_DW);
}

static inline bool insn_is_load(const struct bpf_insn *i)
{
	return BPF_CLASS(i->code) == BPF_LDX &&
	       (BPF_MODE(i->code) == BPF_MEM || BPF_MODE(i->code) == INSN_MEMSX);
}

static inline bool insn_is_atomic(const struct bpf_insn *i)
{
	return BPF_CLASS(i->code) == BPF_STX && BPF_MODE(i->code) == BPF_ATOMIC;
}

static inline bool insn_is_store(const struct bpf_insn *i)
{
	return BPF_CLASS(i->code) == BPF_ST || BPF_CLASS(i->code) == BPF_STX;
}

/* Bytes of a load or store. */
static inline uint32_t insn_size(const struct bpf_insn *i)
{
	switch (BPF_SIZE(i->code)) {
	case BPF_B:
		return 1;
	case BPF_H:
		return 2;
	case BPF_W:
		return 4;
	default:
		return 8;
	}
}

/* BPF_B .. BPF_DW for 1 2 4 8 bytes. */
static inline uint8_t insn_size_code(uint32_t bytes)
{
	return bytes == 1 ? BPF_B : bytes == 2 ? BPF_H : bytes == 4 ? BPF_W : BPF_DW;
}

/* How many arguments helper @helper takes (call.c); 5 where that is not known. */
unsigned insn_helper_args(int32_t helper);
/* Which argument is memory that the helper fills, and which one its size: 0 when there is none. */
void insn_helper_writes(int32_t helper, unsigned *mem, unsigned *size);

/* Registers that an instruction reads and writes, as bit masks (r0 = bit 0). */
uint16_t insn_uses(const struct bpf_insn *i);
uint16_t insn_defs(const struct bpf_insn *i);

#endif
