/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
#ifndef ABIDE_ANALYZE_NUM_H
#define ABIDE_ANALYZE_NUM_H

#include <stdbool.h>
#include <stdint.h>

/*
 * What is known of a 64-bit number: an unsigned and a signed interval and known bits
 * (.bits where .unknown has 0; .bits & .unknown == 0), and the same two intervals of its low 32 bits,
 * which is what 32-bit comparisons tell of. A set of values; every function
 * returns a superset of what its operation can give (checked against brute force at
 * small widths by tests/unit/num_test.c). Pure functions.
 */
struct num {
	uint64_t umin, umax;
	int64_t smin, smax;
	uint64_t bits, unknown;
	uint32_t low_umin, low_umax;
	int32_t low_smin, low_smax;
};

struct num num_any(void);
struct num num_const(uint64_t v);
struct num num_range(uint64_t umin, uint64_t umax);
struct num num_signed(int64_t smin, int64_t smax);
bool num_is_const(const struct num *n);
bool num_equal(const struct num *a, const struct num *b);
bool num_contains(const struct num *n, uint64_t v);
/* Whether all that is in @n is certainly in @of. */
bool num_within(const struct num *n, const struct num *of);
struct num num_join(const struct num *a, const struct num *b);
/*
 * @old became @n in a loop: jump ahead, so that it ends. Ends that have moved go to the next of
 * @marks (@nr numbers, rising: what the code compares with), or as far as there are numbers.
 */
struct num num_widen(const struct num *old, const struct num *n, const uint64_t *marks, uint32_t nr);
/* The low 32 bits, zero-extended; the low 8, 16 or 32 bits, sign-extended. */
struct num num_zext(const struct num *n, unsigned bits);
struct num num_sext(const struct num *n, unsigned bits);
/* One ALU operation, BPF_OP(code) of <linux/bpf.h>, 64 bits; 32-bit: zext operands and the result. */
struct num num_alu(uint8_t op, const struct num *a, const struct num *b, bool is64, bool is_signed);

/*
 * Narrow *a and *b by "a OP b" (BPF_JEQ ...) being true or false. Returns false when
 * that cannot be, so that the branch is dead.
 */
bool num_refine(uint8_t op, bool taken, bool is64, struct num *a, struct num *b);

#endif
