/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
#ifndef ABIDE_OBJECT_DISASM_H
#define ABIDE_OBJECT_DISASM_H

#include <linux/bpf.h>
#include <stddef.h>

/*
 * One instruction as llvm-objdump writes it: "r1 = *(u64 *)(r1 + 16)", "if r7 == 0 goto +7",
 * "r2 += -4", "call 1", "r1 = 0 ll", "lock *(u64 *)(r7 + 0) += r1". A ld_imm64 takes
 * two slots: @insn[1] is read for it when @left > 1. Returns how many slots it took (1 or 2).
 */
int disasm(const struct bpf_insn *insn, size_t left, char *buf, size_t size);

#endif
