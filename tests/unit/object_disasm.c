/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* The disassembler, a row for each shape. Texts that llvm-objdump 14 knows are its own. */
#include <stdio.h>
#include <string.h>

#include "object/disasm.h"
#include "object_test.h"

static const struct row {
	struct bpf_insn insn;
	int32_t next; /* imm of the second half */
	const char *text;
} rows[] = {
	/* { code, dst, src, off, imm } */
	{ { 0x07, 2, 0, 0, -4 }, 0, "r2 += -4" },
	{ { 0x0f, 1, 2, 0, 0 }, 0, "r1 += r2" },
	{ { 0x04, 1, 0, 0, 7 }, 0, "w1 += 7" },
	{ { 0x1c, 1, 2, 0, 0 }, 0, "w1 -= w2" },
	{ { 0x27, 1, 0, 0, 3 }, 0, "r1 *= 3" },
	{ { 0x3f, 1, 2, 0, 0 }, 0, "r1 /= r2" },
	{ { 0x3f, 1, 2, 1, 0 }, 0, "r1 s/= r2" },
	{ { 0x34, 1, 0, 1, 5 }, 0, "w1 s/= 5" },
	{ { 0x97, 1, 0, 0, 5 }, 0, "r1 %= 5" },
	{ { 0x9c, 1, 2, 1, 0 }, 0, "w1 s%= w2" },
	{ { 0x47, 1, 0, 0, 8 }, 0, "r1 |= 8" },
	{ { 0x57, 1, 0, 0, 255 }, 0, "r1 &= 255" },
	{ { 0x6f, 1, 2, 0, 0 }, 0, "r1 <<= r2" },
	{ { 0x77, 1, 0, 0, 32 }, 0, "r1 >>= 32" },
	{ { 0xc7, 1, 0, 0, 32 }, 0, "r1 s>>= 32" },
	{ { 0xaf, 1, 1, 0, 0 }, 0, "r1 ^= r1" },
	{ { 0x87, 3, 0, 0, 0 }, 0, "r3 = -r3" },
	{ { 0x84, 3, 0, 0, 0 }, 0, "w3 = -w3" },
	{ { 0xb7, 0, 0, 0, -1 }, 0, "r0 = -1" },
	{ { 0xbf, 6, 1, 0, 0 }, 0, "r6 = r1" },
	{ { 0xbc, 6, 1, 0, 0 }, 0, "w6 = w1" },
	{ { 0xbf, 1, 2, 8, 0 }, 0, "r1 = (s8)r2" },
	{ { 0xbf, 1, 2, 32, 0 }, 0, "r1 = (s32)r2" },
	{ { 0xbc, 1, 2, 16, 0 }, 0, "w1 = (s16)w2" },
	{ { 0xbf, 1, 2, 1, 1 }, 0, "r1 = addr_space_cast(r2, 0, 1)" },
	{ { 0xdc, 1, 0, 0, 16 }, 0, "r1 = be16 r1" },
	{ { 0xd4, 1, 0, 0, 64 }, 0, "r1 = le64 r1" },
	{ { 0xd7, 1, 0, 0, 32 }, 0, "r1 = bswap32 r1" },
	{ { 0x05, 0, 0, 3, 0 }, 0, "goto +3" },
	{ { 0x05, 0, 0, -8, 0 }, 0, "goto -8" },
	{ { 0x06, 0, 0, 0, 70000 }, 0, "gotol +70000" },
	{ { 0xe5, 0, 0, 2, 0 }, 0, "may_goto +2" },
	{ { 0x15, 7, 0, 7, 0 }, 0, "if r7 == 0 goto +7" },
	{ { 0x5d, 1, 2, -3, 0 }, 0, "if r1 != r2 goto -3" },
	{ { 0x25, 1, 0, 1, 9 }, 0, "if r1 > 9 goto +1" },
	{ { 0xa5, 1, 0, 1, 9 }, 0, "if r1 < 9 goto +1" },
	{ { 0xbd, 1, 2, 1, 0 }, 0, "if r1 <= r2 goto +1" },
	{ { 0x35, 1, 0, 1, 9 }, 0, "if r1 >= 9 goto +1" },
	{ { 0x6e, 1, 2, 3, 0 }, 0, "if w1 s> w2 goto +3" },
	{ { 0x76, 1, 0, 3, -1 }, 0, "if w1 s>= -1 goto +3" },
	{ { 0xc5, 1, 0, 3, 0 }, 0, "if r1 s< 0 goto +3" },
	{ { 0xd6, 1, 0, 3, 4 }, 0, "if w1 s<= 4 goto +3" },
	{ { 0x45, 1, 0, 3, 4 }, 0, "if r1 & 4 goto +3" },
	{ { 0x85, 0, 0, 0, 181 }, 0, "call 181" },
	{ { 0x85, 0, 1, 0, -1 }, 0, "call -1" },
	{ { 0x8d, 2, 0, 0, 0 }, 0, "callx r2" },
	{ { 0x95, 0, 0, 0, 0 }, 0, "exit" },
	{ { 0x79, 1, 1, 16, 0 }, 0, "r1 = *(u64 *)(r1 + 16)" },
	{ { 0x71, 3, 10, -1, 0 }, 0, "r3 = *(u8 *)(r10 - 1)" },
	{ { 0x69, 3, 4, 0, 0 }, 0, "r3 = *(u16 *)(r4 + 0)" },
	{ { 0x81, 3, 4, 0, 0 }, 0, "r3 = *(s32 *)(r4 + 0)" },
	{ { 0x91, 3, 4, 2, 0 }, 0, "r3 = *(s8 *)(r4 + 2)" },
	{ { 0x7b, 10, 6, -32768, 0 }, 0, "*(u64 *)(r10 - 32768) = r6" },
	{ { 0x62, 10, 0, -8, 5 }, 0, "*(u32 *)(r10 - 8) = 5" },
	{ { 0xdb, 7, 1, 0, BPF_ADD }, 0, "lock *(u64 *)(r7 + 0) += r1" },
	{ { 0xc3, 7, 1, 4, BPF_XOR }, 0, "lock *(u32 *)(r7 + 4) ^= r1" },
	{ { 0xdb, 7, 1, 0, BPF_ADD | BPF_FETCH }, 0, "r1 = atomic_fetch_add((u64 *)(r7 + 0), r1)" },
	{ { 0xc3, 7, 1, 0, BPF_AND | BPF_FETCH }, 0, "w1 = atomic_fetch_and((u32 *)(r7 + 0), w1)" },
	{ { 0xdb, 7, 1, 0, BPF_XCHG }, 0, "r1 = xchg_64(r7 + 0, r1)" },
	{ { 0xc3, 7, 1, 0, BPF_XCHG }, 0, "w1 = xchg32_32(r7 + 0, w1)" },
	{ { 0xdb, 7, 1, 8, BPF_CMPXCHG }, 0, "r0 = cmpxchg_64(r7 + 8, r0, r1)" },
	{ { 0xc3, 7, 1, 8, BPF_CMPXCHG }, 0, "w0 = cmpxchg32_32(r7 + 8, w0, w1)" },
	{ { 0xdb, 2, 1, 8, 0x100 }, 0, "r2 = load_acquire((u64 *)(r1 + 8))" },
	{ { 0xd3, 2, 1, 8, 0x110 }, 0, "store_release((u8 *)(r2 + 8), w1)" },
	{ { 0x30, 0, 0, 0, 12 }, 0, "r0 = *(u8 *)skb[12]" },
	{ { 0x48, 0, 3, 0, 0 }, 0, "r0 = *(u16 *)skb[r3]" },
	{ { 0x18, 1, 0, 0, 0 }, 0, "r1 = 0 ll" },
	{ { 0x18, 3, 0, 0, -1 }, 0, "r3 = 4294967295 ll" },
	{ { 0x18, 3, 0, 0, 5 }, -2, "r3 = -8589934587 ll" },
	{ { 0x18, 1, 1, 0, 9 }, 0, "ld_pseudo r1, 1, 9" },
	{ { 0xf7, 1, 0, 0, 2 }, 0, "<unknown> 0xf7 1 0 0 2" },
	{ { 0x0f, 1, 2, 5, 0 }, 0, "<unknown> 0x0f 1 2 5 0" },
	{ { 0xdb, 7, 1, 0, 0x30 }, 0, "<unknown> 0xdb 7 1 0 48" },
	{ { 0x99, 3, 4, 0, 0 }, 0, "<unknown> 0x99 3 4 0 0" },
};

void test_disasm(void)
{
	char text[128];
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct bpf_insn insns[2] = { rows[i].insn, { .imm = rows[i].next } };
		int slots = disasm(insns, 2, text, sizeof(text));

		check_str(text, rows[i].text, rows[i].text);
		if (slots != (rows[i].insn.code == 0x18 ? 2 : 1))
			check(false, "%s takes %d slots", rows[i].text, slots);
	}
	disasm(&rows[0].insn, 1, text, 4);
	check_str(text, "r2 ", "a text is cut to its buffer");
	check_u64(disasm(&(struct bpf_insn){ .code = 0x18 }, 1, text, sizeof(text)), 1,
	          "a constant without its second half");
}
