// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Instructions of the fourth version (6.6) and later ones, written out as bytes: the
 * compiler of this project need not know them. 8 bytes: opcode, registers, offset, immediate.
 */
#include "corpus.h"

/* RAW(NAME, "bytes"): r0 = 7, then the instruction on r0 and r1 = 3; the result is in r0. */
#define RAW(NAME, BYTES)                                                                   \
	SEC("raw_tp/sched_switch")                                                         \
	int NAME(void *ctx)                                                                \
	{                                                                                  \
		__u64 v;                                                                   \
											   \
		asm volatile("r0 = 7; r1 = 3; .byte " BYTES "; %0 = r0" : "=r"(v) : : "r0", "r1"); \
		sink = v;                                                                  \
		return 0;                                                                  \
	}

RAW(move, "0xbf, 0x10, 0, 0, 0, 0, 0, 0")
RAW(move_sign_8, "0xbf, 0x10, 8, 0, 0, 0, 0, 0")
RAW(move_sign_16_of_32, "0xbc, 0x10, 16, 0, 0, 0, 0, 0")
RAW(divide_signed, "0x3f, 0x10, 1, 0, 0, 0, 0, 0")
RAW(modulo_signed_immediate, "0x97, 0x00, 1, 0, 3, 0, 0, 0")
RAW(byte_swap, "0xd7, 0x00, 0, 0, 32, 0, 0, 0")
RAW(big_endian, "0xdc, 0x00, 0, 0, 32, 0, 0, 0")
/* In front of it the only way to what it jumps over, which else nothing reaches: if r0 == 3 goto +1. */
RAW(goto_long, "0x15, 0x00, 1, 0, 3, 0, 0, 0, 0x06, 0x00, 0, 0, 1, 0, 0, 0; r0 = 8")
RAW(may_goto, "0xe5, 0x00, 1, 0, 0, 0, 0, 0; r0 = 8")
RAW(unknown_opcode, "0xff, 0x00, 0, 0, 0, 0, 0, 0")
RAW(unknown_offset, "0x0f, 0x10, 5, 0, 0, 0, 0, 0")

/* A load with sign extension, from the stack. */
SEC("raw_tp/sched_switch")
int load_sign_8(void *ctx)
{
	volatile __u64 slot = 0x80;
	__u64 v;

	asm volatile("r1 = %1; .byte 0x91, 0x10, 0, 0, 0, 0, 0, 0; %0 = r0" : "=r"(v) : "r"(&slot) : "r0", "r1");
	sink = v;
	return 0;
}

/* A load that no later one is moved before (6.15). */
SEC("raw_tp/sched_switch")
int load_acquire(void *ctx)
{
	volatile __u64 slot = 0x80;
	__u64 v;

	asm volatile("r1 = %1; .byte 0xdb, 0x10, 0, 0, 0, 1, 0, 0; %0 = r0" : "=r"(v) : "r"(&slot) : "r0", "r1");
	sink = v;
	return 0;
}

/* Behind a question that no kernel answers with yes. */
struct no_such_struct {
	int field;
} KERNEL;

SEC("raw_tp/sched_switch")
int never_reached(void *ctx)
{
	struct no_such_struct *n = ctx;

	if (bpf_core_field_exists(n->field))
		asm volatile("r0 = 7; r1 = 3; .byte 0x3f, 0x10, 1, 0, 0, 0, 0, 0" : : : "r0", "r1");
	sink = 1;
	return 0;
}
