/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * What a comparison says of two numbers. In: the comparison and its outcome; out: both numbers, narrowed, or
 * that this outcome cannot be. 32-bit comparisons narrow the views of the low half, and
 * num_tighten() carries that to the whole number as far as its upper half is known.
 */
#include <linux/bpf.h>

#include "analyze/num_view.h"

/* The opposite of a comparison: what holds when it is false. */
static uint8_t opposite(uint8_t op)
{
	switch (op) {
	case BPF_JEQ:
		return BPF_JNE;
	case BPF_JNE:
		return BPF_JEQ;
	case BPF_JGT:
		return BPF_JLE;
	case BPF_JGE:
		return BPF_JLT;
	case BPF_JLT:
		return BPF_JGE;
	case BPF_JLE:
		return BPF_JGT;
	case BPF_JSGT:
		return BPF_JSLE;
	case BPF_JSGE:
		return BPF_JSLT;
	case BPF_JSLT:
		return BPF_JSGE;
	case BPF_JSLE:
		return BPF_JSGT;
	default:
		return 0; /* JSET has none */
	}
}

/* a < b (or a <= b) in one view: narrow both. */
#define BELOW(name, type, min, max, smallest, largest)                                     \
	static bool name(struct num *a, struct num *b, bool strict)                         \
	{                                                                                   \
		if (strict && (b->max == (smallest) || a->min == (largest)))                \
			return false;                                                       \
		LOWER(a->max, (type)(b->max - strict));                                     \
		RAISE(b->min, (type)(a->min + strict));                                     \
		return a->min <= a->max && b->min <= b->max;                                \
	}
BELOW(below, uint64_t, umin, umax, 0, UINT64_MAX)
BELOW(below_signed, int64_t, smin, smax, INT64_MIN, INT64_MAX)
BELOW(low_below, uint32_t, low_umin, low_umax, 0, UINT32_MAX)
BELOW(low_below_signed, int32_t, low_smin, low_smax, INT32_MIN, INT32_MAX)

static void meet_low(struct num *a, const struct num *b)
{
	RAISE(a->low_umin, b->low_umin);
	LOWER(a->low_umax, b->low_umax);
	RAISE(a->low_smin, b->low_smin);
	LOWER(a->low_smax, b->low_smax);
}

/* Equal in the bits of @mask, which is all or the low half. */
static bool equal(struct num *a, struct num *b, uint64_t mask)
{
	struct num x = *a, y = *b;

	if ((a->bits ^ b->bits) & ~a->unknown & ~b->unknown & mask)
		return false;
	a->bits |= y.bits & mask;
	a->unknown &= y.unknown | ~mask;
	b->bits |= x.bits & mask;
	b->unknown &= x.unknown | ~mask;
	meet_low(a, &y);
	meet_low(b, &x);
	if (mask != UINT64_MAX)
		return true;
	RAISE(a->umin, y.umin);
	LOWER(a->umax, y.umax);
	RAISE(a->smin, y.smin);
	LOWER(a->smax, y.smax);
	*b = *a;
	return true;
}

/* @a is not the number @v. */
static bool differ(struct num *a, uint64_t v)
{
	if (num_is_const(a))
		return a->umin != v;
	if (a->umin == v)
		a->umin++;
	else if (a->umax == v)
		a->umax--;
	if (a->smin == (int64_t)v)
		a->smin++;
	else if (a->smax == (int64_t)v)
		a->smax--;
	return true;
}

static bool low_differ(struct num *a, uint32_t v)
{
	if (a->low_umin == a->low_umax)
		return a->low_umin != v;
	if (a->low_umin == v)
		a->low_umin++;
	else if (a->low_umax == v)
		a->low_umax--;
	if (a->low_smin == (int32_t)v)
		a->low_smin++;
	else if (a->low_smax == (int32_t)v)
		a->low_smax--;
	return true;
}

static bool unequal(struct num *a, struct num *b, bool is64)
{
	struct num x = *a, y = *b;

	if (is64)
		return (!num_is_const(&y) || differ(a, y.umin)) && (!num_is_const(&x) || differ(b, x.umin));
	return (y.low_umin != y.low_umax || low_differ(a, y.low_umin)) && (x.low_umin != x.low_umax || low_differ(b, x.low_umin));
}

static bool compare(uint8_t op, bool is64, struct num *a, struct num *b)
{
	switch (op) {
	case BPF_JEQ:
		return equal(a, b, is64 ? UINT64_MAX : UINT32_MAX);
	case BPF_JNE:
		return unequal(a, b, is64);
	case BPF_JLT:
	case BPF_JLE:
		return is64 ? below(a, b, op == BPF_JLT) : low_below(a, b, op == BPF_JLT);
	case BPF_JGT:
	case BPF_JGE:
		return is64 ? below(b, a, op == BPF_JGT) : low_below(b, a, op == BPF_JGT);
	case BPF_JSLT:
	case BPF_JSLE:
		return is64 ? below_signed(a, b, op == BPF_JSLT) : low_below_signed(a, b, op == BPF_JSLT);
	case BPF_JSGT:
	case BPF_JSGE:
		return is64 ? below_signed(b, a, op == BPF_JSGT) : low_below_signed(b, a, op == BPF_JSGT);
	default:
		return true;
	}
}

static bool common_bits(bool taken, bool is64, struct num *a, const struct num *b)
{
	uint64_t mask = is64 ? UINT64_MAX : UINT32_MAX, bit;

	if (taken) {
		if (!((a->bits | a->unknown) & (b->bits | b->unknown) & mask))
			return false;
		bit = b->bits & mask;
		/* a single bit is tested: now it is known to be set */
		if (!(b->unknown & mask) && bit && !(bit & (bit - 1))) {
			a->bits |= bit;
			a->unknown &= ~bit;
		}
		return true;
	}
	/* where @b certainly has a bit, @a has none */
	bit = b->bits & mask;
	if (a->bits & bit)
		return false;
	a->unknown &= ~bit;
	return true;
}

bool num_refine(uint8_t op, bool taken, bool is64, struct num *a, struct num *b)
{
	bool possible = op == BPF_JSET ? common_bits(taken, is64, a, b) : compare(taken ? op : opposite(op), is64, a, b);

	return possible && num_tighten(a) && num_tighten(b);
}
