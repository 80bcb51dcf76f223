/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Arithmetic of the abstract interpreter. In: what is known of two numbers and an operation; out: what is then
 * known of the result. Where an operation is not worth a precise rule the answer is "any
 * number", never a guess. Worked example: x in [0,5], x << 3: bits unknown 0x7 << 3 = 0x38,
 * interval [0,40].
 */
#include <linux/bpf.h>

#include "analyze/num_view.h"

/* Results of operations before they are settled. Where wrapping is possible an interval stays as it is: full. */
static struct num add(const struct num *a, const struct num *b)
{
	uint64_t carries, sum, unknown = a->unknown | b->unknown;
	struct num n = num_any();

	/* a bit of the sum is known if both are known there and no unknown carry reaches it */
	sum = a->bits + b->bits;
	carries = (a->bits + a->unknown + b->bits + b->unknown) ^ sum;
	n.unknown = carries | unknown;
	n.bits = sum & ~n.unknown;
	/* either none of the sums wraps, or all do */
	if ((a->umax + b->umax < a->umax) == (a->umin + b->umin < a->umin)) {
		n.umin = a->umin + b->umin;
		n.umax = a->umax + b->umax;
	}
	if (__builtin_add_overflow(a->smin, b->smin, &n.smin) || __builtin_add_overflow(a->smax, b->smax, &n.smax)) {
		n.smin = INT64_MIN;
		n.smax = INT64_MAX;
	}
	if ((a->low_umax + b->low_umax < a->low_umax) == (a->low_umin + b->low_umin < a->low_umin)) {
		n.low_umin = a->low_umin + b->low_umin;
		n.low_umax = a->low_umax + b->low_umax;
	}
	if (__builtin_add_overflow(a->low_smin, b->low_smin, &n.low_smin) ||
	    __builtin_add_overflow(a->low_smax, b->low_smax, &n.low_smax)) {
		n.low_smin = INT32_MIN;
		n.low_smax = INT32_MAX;
	}
	return n;
}

static struct num sub(const struct num *a, const struct num *b)
{
	uint64_t diff, alpha, beta;
	struct num n = num_any();

	diff = a->bits - b->bits;
	alpha = diff + a->unknown;
	beta = diff - b->unknown;
	n.unknown = (alpha ^ beta) | a->unknown | b->unknown;
	n.bits = diff & ~n.unknown;
	if ((a->umin < b->umax) == (a->umax < b->umin)) {
		n.umin = a->umin - b->umax;
		n.umax = a->umax - b->umin;
	}
	if (__builtin_sub_overflow(a->smin, b->smax, &n.smin) || __builtin_sub_overflow(a->smax, b->smin, &n.smax)) {
		n.smin = INT64_MIN;
		n.smax = INT64_MAX;
	}
	if ((a->low_umin < b->low_umax) == (a->low_umax < b->low_umin)) {
		n.low_umin = a->low_umin - b->low_umax;
		n.low_umax = a->low_umax - b->low_umin;
	}
	if (__builtin_sub_overflow(a->low_smin, b->low_smax, &n.low_smin) ||
	    __builtin_sub_overflow(a->low_smax, b->low_smin, &n.low_smax)) {
		n.low_smin = INT32_MIN;
		n.low_smax = INT32_MAX;
	}
	return n;
}

static struct num and(const struct num *a, const struct num *b)
{
	struct num n = num_any();

	n.bits = a->bits & b->bits;
	n.unknown = (a->bits | a->unknown) & (b->bits | b->unknown) & ~n.bits;
	n.umax = a->umax < b->umax ? a->umax : b->umax;
	n.low_umax = a->low_umax < b->low_umax ? a->low_umax : b->low_umax;
	return n;
}

static struct num or(const struct num *a, const struct num *b)
{
	struct num n = num_any();

	n.bits = a->bits | b->bits;
	n.unknown = (a->unknown | b->unknown) & ~n.bits;
	n.umin = a->umin > b->umin ? a->umin : b->umin;
	n.umax = num_fill_down(a->umax | b->umax);
	n.low_umin = a->low_umin > b->low_umin ? a->low_umin : b->low_umin;
	n.low_umax = (uint32_t)num_fill_down(a->low_umax | b->low_umax);
	return n;
}

static struct num xor(const struct num *a, const struct num *b)
{
	struct num n = num_any();

	n.unknown = a->unknown | b->unknown;
	n.bits = (a->bits ^ b->bits) & ~n.unknown;
	n.umax = num_fill_down(a->umax | b->umax);
	n.low_umax = (uint32_t)num_fill_down(a->low_umax | b->low_umax);
	return n;
}

static struct num mul(const struct num *a, const struct num *b)
{
	struct num n = num_any();
	int64_t p[4];
	unsigned zeros, i;

	if (num_is_const(a) && num_is_const(b))
		return num_const(a->umin * b->umin);
	if (!__builtin_mul_overflow(a->umax, b->umax, &n.umax))
		n.umin = a->umin * b->umin;
	else
		n.umax = UINT64_MAX;
	if (!__builtin_mul_overflow(a->smin, b->smin, &p[0]) && !__builtin_mul_overflow(a->smin, b->smax, &p[1]) &&
	    !__builtin_mul_overflow(a->smax, b->smin, &p[2]) && !__builtin_mul_overflow(a->smax, b->smax, &p[3])) {
		n.smin = n.smax = p[0];
		for (i = 1; i < 4; i++) {
			LOWER(n.smin, p[i]);
			RAISE(n.smax, p[i]);
		}
	}
	if (!__builtin_mul_overflow(a->low_umax, b->low_umax, &n.low_umax))
		n.low_umin = a->low_umin * b->low_umin;
	else
		n.low_umax = UINT32_MAX;
	/* a product has the zeros of both at its end */
	zeros = (a->bits | a->unknown ? (unsigned)__builtin_ctzll(a->bits | a->unknown) : 64) +
		(b->bits | b->unknown ? (unsigned)__builtin_ctzll(b->bits | b->unknown) : 64);
	n.unknown = zeros < 64 ? UINT64_MAX << zeros : 0;
	return n;
}

/* By [lo, hi], both below the width. */
static struct num lsh(const struct num *a, unsigned lo, unsigned hi)
{
	struct num n = num_any();

	if (lo == hi) {
		n.bits = a->bits << lo;
		n.unknown = a->unknown << lo;
	} else if (a->bits | a->unknown) {
		unsigned zeros = (unsigned)__builtin_ctzll(a->bits | a->unknown) + lo;

		n.unknown = zeros < 64 ? UINT64_MAX << zeros : 0;
	}
	if (a->umax <= UINT64_MAX >> hi) {
		n.umin = a->umin << lo;
		n.umax = a->umax << hi;
	}
	if (hi < 63 && a->smin >= INT64_MIN >> hi && a->smax <= INT64_MAX >> hi) {
		n.smin = a->smin * (1ll << (a->smin < 0 ? hi : lo));
		n.smax = a->smax * (1ll << (a->smax < 0 ? lo : hi));
	}
	if (hi < 32 && a->low_umax <= UINT32_MAX >> hi) {
		n.low_umin = a->low_umin << lo;
		n.low_umax = a->low_umax << hi;
	}
	if (hi < 31 && a->low_smin >= INT32_MIN >> hi && a->low_smax <= INT32_MAX >> hi) {
		n.low_smin = a->low_smin * (1 << (a->low_smin < 0 ? hi : lo));
		n.low_smax = a->low_smax * (1 << (a->low_smax < 0 ? lo : hi));
	}
	return n;
}

static struct num rsh(const struct num *a, unsigned lo, unsigned hi)
{
	struct num n = num_any();

	if (lo == hi) {
		n.bits = a->bits >> lo;
		n.unknown = a->unknown >> lo;
	}
	n.umin = a->umin >> hi;
	n.umax = a->umax >> lo;
	return n;
}

static struct num arsh(const struct num *a, unsigned lo, unsigned hi)
{
	struct num n = num_any();

	if (lo == hi) { /* the sign comes in from above, known or not */
		n.bits = (uint64_t)((int64_t)a->bits >> lo);
		n.unknown = (uint64_t)((int64_t)a->unknown >> lo);
		n.bits &= ~n.unknown;
	}
	n.smin = a->smin >> (a->smin < 0 ? lo : hi);
	n.smax = a->smax >> (a->smax < 0 ? hi : lo);
	return n;
}

static struct num shift(uint8_t op, const struct num *a, const struct num *b, unsigned width)
{
	struct num mask = num_const(width - 1), by = and(b, &mask);

	if (!num_tighten(&by))
		return num_any();
	switch (op) {
	case BPF_LSH:
		return lsh(a, (unsigned)by.umin, (unsigned)by.umax);
	case BPF_RSH:
		return rsh(a, (unsigned)by.umin, (unsigned)by.umax);
	default:
		return arsh(a, (unsigned)by.umin, (unsigned)by.umax);
	}
}

/* Unsigned; by zero gives 0, and its remainder is the dividend. */
static struct num divide(uint8_t op, const struct num *a, const struct num *b)
{
	struct num n = num_any();

	if (op == BPF_DIV) {
		n.umax = b->umin ? a->umax / b->umin : a->umax;
		n.umin = b->umin ? a->umin / b->umax : 0;
		return n;
	}
	if (b->umin && a->umax < b->umin)
		return *a;
	n.umax = b->umin && b->umax - 1 < a->umax ? b->umax - 1 : a->umax;
	return n;
}

/* Signed, by a known number; the same for zero, and the smallest number by -1 is itself. */
static struct num divide_signed(uint8_t op, const struct num *a, const struct num *b)
{
	struct num n = num_any();
	int64_t by, x, y, most;

	if (!num_is_const(b))
		return n;
	by = b->smin;
	if (!by)
		return op == BPF_DIV ? num_const(0) : *a;
	if (by == -1) {
		if (op == BPF_MOD)
			return num_const(0);
		if (a->smin == INT64_MIN)
			return n;
	}
	if (op == BPF_DIV) {
		x = a->smin / by;
		y = a->smax / by;
		n.smin = x < y ? x : y;
		n.smax = x < y ? y : x;
		return n;
	}
	if (by == INT64_MIN)
		return n;
	most = (by < 0 ? -by : by) - 1;
	n.smax = a->smax < 0 ? 0 : a->smax < most ? a->smax : most;
	n.smin = a->smin > 0 ? 0 : a->smin > -most ? a->smin : -most;
	return n;
}

static struct num alu(uint8_t op, const struct num *a, const struct num *b, unsigned width)
{
	struct num zero = num_const(0);

	switch (op) {
	case BPF_ADD:
		return add(a, b);
	case BPF_SUB:
		return sub(a, b);
	case BPF_MOV:
		return *b;
	case BPF_NEG:
		return sub(&zero, a);
	case BPF_AND:
		return and(a, b);
	case BPF_OR:
		return or(a, b);
	case BPF_XOR:
		return xor(a, b);
	case BPF_LSH:
	case BPF_RSH:
	case BPF_ARSH:
		return shift(op, a, b, width);
	case BPF_MUL:
		return mul(a, b);
	case BPF_DIV:
	case BPF_MOD:
		return divide(op, a, b);
	default:
		return num_any();
	}
}

struct num num_alu(uint8_t op, const struct num *a, const struct num *b, bool is64, bool is_signed)
{
	bool division = op == BPF_DIV || op == BPF_MOD;
	struct num x, y, n;

	if (is64)
		return num_settle(is_signed && division ? divide_signed(op, a, b) : alu(op, a, b, 64));
	if (is_signed && division) {
		x = num_sext(a, 32);
		y = num_sext(b, 32);
		n = num_settle(divide_signed(op, &x, &y));
		return num_zext(&n, 32);
	}
	x = op == BPF_ARSH ? num_sext(a, 32) : num_zext(a, 32);
	y = num_zext(b, 32);
	n = num_settle(alu(op, &x, &y, 32));
	return num_zext(&n, 32);
}
