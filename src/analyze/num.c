/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Numbers of the abstract interpreter. In: what is known of the operands; out: what is
 * then known of the result. Five views of one set are kept (unsigned and signed interval, known
 * bits, unsigned and signed interval of the low half) and sharpen each other in num_tighten().
 * Operations are in num_alu.c, comparisons in num_refine.c.
 */
#include "analyze/num_view.h"

struct num num_any(void)
{
	return (struct num){ .umax = UINT64_MAX, .smin = INT64_MIN, .smax = INT64_MAX, .unknown = UINT64_MAX,
			     .low_umax = UINT32_MAX, .low_smin = INT32_MIN, .low_smax = INT32_MAX };
}

struct num num_const(uint64_t v)
{
	return (struct num){ .umin = v, .umax = v, .smin = (int64_t)v, .smax = (int64_t)v, .bits = v,
			     .low_umin = (uint32_t)v, .low_umax = (uint32_t)v, .low_smin = (int32_t)v, .low_smax = (int32_t)v };
}

uint64_t num_fill_down(uint64_t v)
{
	return v ? UINT64_MAX >> __builtin_clzll(v) : 0;
}

/* Known low bits round the ends inwards: x <= 159 and x % 8 == 0 is x <= 152. */
static void round_ends(struct num *n)
{
	uint64_t low = n->unknown ? (n->unknown & -n->unknown) - 1 : UINT64_MAX, want = n->bits & low, v;

	if (low == UINT64_MAX || !low)
		return;
	v = (n->umax & ~low) | want;
	if (v <= n->umax)
		n->umax = v;
	else if (v > low)
		n->umax = v - low - 1;
	v = (n->umin & ~low) | want;
	if (v >= n->umin)
		n->umin = v;
	else if (v <= UINT64_MAX - low - 1)
		n->umin = v + low + 1;
}

/* An unsigned and a signed interval of the same bits: what one says of the sign tells the other. */
static void signs(struct num *n)
{
	if ((int64_t)n->umin >= 0 && (int64_t)n->umax >= 0) {
		RAISE(n->smin, (int64_t)n->umin);
		LOWER(n->smax, (int64_t)n->umax);
	} else if ((int64_t)n->umin < 0) {
		RAISE(n->smin, (int64_t)n->umin);
		LOWER(n->smax, (int64_t)n->umax);
	}
	if (n->smin >= 0 || n->smax < 0) {
		RAISE(n->umin, (uint64_t)n->smin);
		LOWER(n->umax, (uint64_t)n->smax);
	}
}

static void low_signs(struct num *n)
{
	if ((int32_t)n->low_umin < 0 || (int32_t)n->low_umax >= 0) {
		RAISE(n->low_smin, (int32_t)n->low_umin);
		LOWER(n->low_smax, (int32_t)n->low_umax);
	}
	if (n->low_smin >= 0 || n->low_smax < 0) {
		RAISE(n->low_umin, (uint32_t)n->low_smin);
		LOWER(n->low_umax, (uint32_t)n->low_smax);
	}
}

/* The low half and the whole. */
static void halves(struct num *n)
{
	uint64_t upper = n->umin >> 32 << 32, differ;

	RAISE(n->low_umin, (uint32_t)n->bits);
	LOWER(n->low_umax, (uint32_t)(n->bits | n->unknown));
	if (n->umin >> 32 == n->umax >> 32) {
		RAISE(n->low_umin, (uint32_t)n->umin);
		LOWER(n->low_umax, (uint32_t)n->umax);
	}
	if (n->smin >= INT32_MIN && n->smax <= INT32_MAX) {
		RAISE(n->low_smin, (int32_t)n->smin);
		LOWER(n->low_smax, (int32_t)n->smax);
	}
	low_signs(n);
	if (n->umin >> 32 == n->umax >> 32) {
		RAISE(n->umin, upper | n->low_umin);
		LOWER(n->umax, upper | n->low_umax);
	}
	if (n->smin >= INT32_MIN && n->smax <= INT32_MAX) {
		RAISE(n->smin, n->low_smin);
		LOWER(n->smax, n->low_smax);
	}
	if (n->low_umin <= n->low_umax) {
		differ = num_fill_down(n->low_umin ^ n->low_umax) | ~(uint64_t)UINT32_MAX;
		n->bits |= n->low_umin & ~differ & n->unknown;
		n->unknown &= differ;
	}
}

bool num_tighten(struct num *n)
{
	uint64_t differ;
	int round;

	for (round = 0; round < 2; round++) {
		/* bits -> unsigned: at least the known ones, at most with all unknown ones */
		RAISE(n->umin, n->bits);
		LOWER(n->umax, n->bits | n->unknown);
		round_ends(n);
		signs(n);
		halves(n);
		signs(n);
		if (n->umin > n->umax || n->smin > n->smax || n->low_umin > n->low_umax || n->low_smin > n->low_smax)
			return false;
		/* unsigned -> bits: the common leading bits of both ends */
		differ = num_fill_down(n->umin ^ n->umax);
		if ((n->umin ^ n->bits) & ~differ & ~n->unknown)
			return false;
		n->bits |= n->umin & ~differ & n->unknown;
		n->unknown &= differ;
	}
	return true;
}

struct num num_settle(struct num n)
{
	return num_tighten(&n) ? n : num_any();
}

struct num num_range(uint64_t umin, uint64_t umax)
{
	struct num n = num_any();

	n.umin = umin;
	n.umax = umax;
	return num_settle(n);
}

struct num num_signed(int64_t smin, int64_t smax)
{
	struct num n = num_any();

	n.smin = smin;
	n.smax = smax;
	return num_settle(n);
}

bool num_is_const(const struct num *n)
{
	return n->umin == n->umax;
}

bool num_equal(const struct num *a, const struct num *b)
{
	return a->umin == b->umin && a->umax == b->umax && a->smin == b->smin && a->smax == b->smax &&
	       a->bits == b->bits && a->unknown == b->unknown && a->low_umin == b->low_umin &&
	       a->low_umax == b->low_umax && a->low_smin == b->low_smin && a->low_smax == b->low_smax;
}

bool num_contains(const struct num *n, uint64_t v)
{
	return v >= n->umin && v <= n->umax && (int64_t)v >= n->smin && (int64_t)v <= n->smax &&
	       (v & ~n->unknown) == n->bits && (uint32_t)v >= n->low_umin && (uint32_t)v <= n->low_umax &&
	       (int32_t)v >= n->low_smin && (int32_t)v <= n->low_smax;
}

bool num_within(const struct num *n, const struct num *of)
{
	return of->umin <= n->umin && of->umax >= n->umax && of->smin <= n->smin && of->smax >= n->smax &&
	       !(n->unknown & ~of->unknown) && !((n->bits ^ of->bits) & ~of->unknown) &&
	       of->low_umin <= n->low_umin && of->low_umax >= n->low_umax && of->low_smin <= n->low_smin &&
	       of->low_smax >= n->low_smax;
}

/* The first mark at or above @v, both as numbers with a sign or both without; @last if there is none. */
static uint64_t mark_above(const uint64_t *marks, uint32_t nr, uint64_t v, bool is_signed, uint64_t last)
{
	uint64_t best = last;
	uint32_t i;

	for (i = 0; i < nr; i++)
		if (is_signed ? (int64_t)marks[i] >= (int64_t)v && (int64_t)marks[i] < (int64_t)best
			      : marks[i] >= v && marks[i] < best)
			best = marks[i];
	return best;
}

static int64_t mark_below(const uint64_t *marks, uint32_t nr, int64_t v, int64_t last)
{
	int64_t best = last;
	uint32_t i;

	for (i = 0; i < nr; i++)
		if ((int64_t)marks[i] <= v && (int64_t)marks[i] > best)
			best = (int64_t)marks[i];
	return best;
}

struct num num_widen(const struct num *old, const struct num *n, const uint64_t *marks, uint32_t nr)
{
	struct num w = num_any();

	/* what the loop's steps have in common stays: alignment, and the end that does not move */
	w.unknown = n->unknown ? UINT64_MAX << __builtin_ctzll(n->unknown) : 0;
	w.bits = n->bits & ~w.unknown;
	w.umin = n->umin == old->umin ? n->umin : 0;
	w.umax = n->umax == old->umax ? n->umax : mark_above(marks, nr, n->umax, false, UINT64_MAX);
	w.smin = n->smin == old->smin ? n->smin : mark_below(marks, nr, n->smin, INT64_MIN);
	w.smax = n->smax == old->smax ? n->smax : (int64_t)mark_above(marks, nr, (uint64_t)n->smax, true, INT64_MAX);
	w.low_umin = n->low_umin == old->low_umin ? n->low_umin : 0;
	w.low_umax = n->low_umax == old->low_umax ? n->low_umax : (uint32_t)mark_above(marks, nr, n->low_umax, false, UINT32_MAX);
	w.low_smin = n->low_smin == old->low_smin ? n->low_smin : (int32_t)mark_below(marks, nr, n->low_smin, INT32_MIN);
	w.low_smax = n->low_smax == old->low_smax
			     ? n->low_smax
			     : (int32_t)mark_above(marks, nr, (uint64_t)(int64_t)n->low_smax, true, INT32_MAX);
	return num_settle(w);
}

struct num num_join(const struct num *a, const struct num *b)
{
	struct num n;

	n.umin = a->umin < b->umin ? a->umin : b->umin;
	n.umax = a->umax > b->umax ? a->umax : b->umax;
	n.smin = a->smin < b->smin ? a->smin : b->smin;
	n.smax = a->smax > b->smax ? a->smax : b->smax;
	n.unknown = a->unknown | b->unknown | (a->bits ^ b->bits);
	n.bits = a->bits & ~n.unknown;
	n.low_umin = a->low_umin < b->low_umin ? a->low_umin : b->low_umin;
	n.low_umax = a->low_umax > b->low_umax ? a->low_umax : b->low_umax;
	n.low_smin = a->low_smin < b->low_smin ? a->low_smin : b->low_smin;
	n.low_smax = a->low_smax > b->low_smax ? a->low_smax : b->low_smax;
	return num_settle(n);
}

static void copy_low(struct num *to, const struct num *from)
{
	to->low_umin = from->low_umin;
	to->low_umax = from->low_umax;
	to->low_smin = from->low_smin;
	to->low_smax = from->low_smax;
}

struct num num_zext(const struct num *n, unsigned bits)
{
	uint64_t mask = bits >= 64 ? UINT64_MAX : (1ull << bits) - 1;
	struct num r;

	if (n->umax <= mask)
		return *n;
	r = num_any();
	r.bits = n->bits & mask;
	r.unknown = n->unknown & mask;
	if (bits == 32)
		copy_low(&r, n);
	/* the interval survives when both ends have the same upper part */
	if ((n->umin & ~mask) == (n->umax & ~mask)) {
		r.umin = n->umin & mask;
		r.umax = n->umax & mask;
	}
	return num_settle(r);
}

struct num num_sext(const struct num *n, unsigned bits)
{
	struct num z, r = num_any();
	int64_t max;

	if (bits >= 64)
		return *n;
	if (!bits) /* no width at all: hostile code asks for it */
		return r;
	max = (int64_t)((1ull << (bits - 1)) - 1);
	if (n->smin >= -max - 1 && n->smax <= max)
		return *n;
	z = num_zext(n, bits);
	if (z.umax <= (uint64_t)max)
		return z;
	r.smin = -max - 1;
	r.smax = max;
	if (z.umin > (uint64_t)max) { /* all negative */
		r.smin = (int64_t)(z.umin | ~((1ull << bits) - 1));
		r.smax = (int64_t)(z.umax | ~((1ull << bits) - 1));
	}
	r.bits = z.bits & (uint64_t)max;
	r.unknown = z.unknown | ~(uint64_t)max;
	if (bits == 32)
		copy_low(&r, n);
	return num_settle(r);
}
