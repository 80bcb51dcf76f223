/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Numbers of the abstract interpreter. In: what is known of the operands; out: what is
 * then known of the result. Three views of one set are kept (unsigned interval, signed
 * interval, known bits) and sharpen each other in settle(). Where an operation is not
 * worth a precise rule the answer is "any number", never a guess. Worked example: x in
 * [0,5], x << 3: bits unknown 0x7 << 3 = 0x38, interval [0,40].
 */
#include <linux/bpf.h>

#include "analyze/num.h"

struct num num_any(void)
{
	return (struct num){ .umax = UINT64_MAX, .smin = INT64_MIN, .smax = INT64_MAX, .unknown = UINT64_MAX };
}

struct num num_const(uint64_t v)
{
	return (struct num){ .umin = v, .umax = v, .smin = (int64_t)v, .smax = (int64_t)v, .bits = v };
}

/* All bits up to the highest one that is set in @v. */
static uint64_t fill_down(uint64_t v)
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

/* Let the three views sharpen each other. An empty set settles to something harmless. */
static struct num settle(struct num n)
{
	uint64_t differ;
	int round;

	for (round = 0; round < 2; round++) {
		/* bits -> unsigned: at least the known ones, at most with all unknown ones */
		if (n.umin < n.bits)
			n.umin = n.bits;
		if (n.umax > (n.bits | n.unknown))
			n.umax = n.bits | n.unknown;
		round_ends(&n);
		/* unsigned <-> signed where both ends lie in one half */
		if ((int64_t)n.umin >= 0 && (int64_t)n.umax >= 0) {
			if (n.smin < (int64_t)n.umin)
				n.smin = (int64_t)n.umin;
			if (n.smax > (int64_t)n.umax)
				n.smax = (int64_t)n.umax;
		} else if ((int64_t)n.umin < 0) {
			if (n.smin < (int64_t)n.umin)
				n.smin = (int64_t)n.umin;
			if (n.smax > (int64_t)n.umax)
				n.smax = (int64_t)n.umax;
		}
		if (n.smin >= 0 || n.smax < 0) {
			if (n.umin < (uint64_t)n.smin)
				n.umin = (uint64_t)n.smin;
			if (n.umax > (uint64_t)n.smax)
				n.umax = (uint64_t)n.smax;
		}
		/* unsigned -> bits: the common leading bits of both ends */
		if (n.umin <= n.umax) {
			differ = fill_down(n.umin ^ n.umax);
			n.bits |= n.umin & ~differ & n.unknown;
			n.unknown &= differ;
		}
	}
	if (n.umin > n.umax || n.smin > n.smax)
		return num_any();
	return n;
}

struct num num_range(uint64_t umin, uint64_t umax)
{
	struct num n = num_any();

	n.umin = umin;
	n.umax = umax;
	return settle(n);
}

struct num num_signed(int64_t smin, int64_t smax)
{
	struct num n = num_any();

	n.smin = smin;
	n.smax = smax;
	return settle(n);
}

bool num_is_const(const struct num *n)
{
	return n->umin == n->umax;
}

bool num_equal(const struct num *a, const struct num *b)
{
	return a->umin == b->umin && a->umax == b->umax && a->smin == b->smin && a->smax == b->smax &&
	       a->bits == b->bits && a->unknown == b->unknown;
}

bool num_contains(const struct num *n, uint64_t v)
{
	return v >= n->umin && v <= n->umax && (int64_t)v >= n->smin && (int64_t)v <= n->smax &&
	       (v & ~n->unknown) == n->bits;
}

static struct num with_bits(uint64_t bits, uint64_t unknown)
{
	struct num n = num_any();

	n.bits = bits & ~unknown;
	n.unknown = unknown;
	return settle(n);
}

struct num num_widen(const struct num *old, const struct num *n, const uint64_t *marks, uint32_t nr)
{
	struct num w = num_any();
	uint32_t i;

	/* what the loop's steps have in common stays: alignment, and the end that does not move */
	w.unknown = n->unknown ? UINT64_MAX << __builtin_ctzll(n->unknown) : 0;
	w.bits = n->bits & ~w.unknown;
	w.umin = n->umin == old->umin ? n->umin : 0;
	for (i = 0; i < nr && marks[i] < n->umax; i++)
		;
	w.umax = n->umax == old->umax ? n->umax : i < nr ? marks[i] : UINT64_MAX;
	return settle(w);
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
	return settle(n);
}

struct num num_zext(const struct num *n, unsigned bits)
{
	uint64_t mask = bits >= 64 ? UINT64_MAX : (1ull << bits) - 1;
	struct num r;

	if (n->umax <= mask)
		return *n;
	r = with_bits(n->bits & mask, n->unknown & mask);
	/* the interval survives when both ends have the same upper part */
	if ((n->umin & ~mask) == (n->umax & ~mask)) {
		r.umin = n->umin & mask;
		r.umax = n->umax & mask;
		r = settle(r);
	}
	return r;
}

struct num num_sext(const struct num *n, unsigned bits)
{
	struct num z, r = num_any();
	int64_t max;

	if (bits >= 64)
		return *n;
	if (!bits) /* no width at all: hostile code asks for it */
		return r;
	z = num_zext(n, bits);
	max = (int64_t)((1ull << (bits - 1)) - 1);
	if (z.umax <= (uint64_t)max)
		return z;
	r.smin = -max - 1;
	r.smax = max;
	if (z.umin > (uint64_t)max) { /* all negative */
		r.smin = (int64_t)(z.umin | ~((1ull << bits) - 1));
		r.smax = (int64_t)(z.umax | ~((1ull << bits) - 1));
	}
	return settle(r);
}

static struct num add(const struct num *a, const struct num *b)
{
	uint64_t carries, sum, unknown = a->unknown | b->unknown;
	struct num n = num_any();

	/* a bit of the sum is known if both are known there and no unknown carry reaches it */
	sum = a->bits + b->bits;
	carries = (a->bits + a->unknown + b->bits + b->unknown) ^ sum;
	n.unknown = carries | unknown;
	n.bits = sum & ~n.unknown;
	if (!__builtin_add_overflow(a->umin, b->umin, &n.umin) &&
	    !__builtin_add_overflow(a->umax, b->umax, &n.umax)) {
		;
	} else {
		n.umin = 0;
		n.umax = UINT64_MAX;
	}
	if (__builtin_add_overflow(a->smin, b->smin, &n.smin) ||
	    __builtin_add_overflow(a->smax, b->smax, &n.smax)) {
		n.smin = INT64_MIN;
		n.smax = INT64_MAX;
	}
	return settle(n);
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
	if (a->umin >= b->umax) {
		n.umin = a->umin - b->umax;
		n.umax = a->umax - b->umin;
	}
	if (__builtin_sub_overflow(a->smin, b->smax, &n.smin) ||
	    __builtin_sub_overflow(a->smax, b->smin, &n.smax)) {
		n.smin = INT64_MIN;
		n.smax = INT64_MAX;
	}
	return settle(n);
}

static struct num shift(uint8_t op, const struct num *a, unsigned by, unsigned width)
{
	struct num n = num_any();

	switch (op) {
	case BPF_LSH:
		n = with_bits(a->bits << by, a->unknown << by);
		if (a->umax <= UINT64_MAX >> by) {
			n.umin = a->umin << by;
			n.umax = a->umax << by;
		}
		return settle(n);
	case BPF_RSH:
		n = with_bits(a->bits >> by, a->unknown >> by);
		n.umin = a->umin >> by;
		n.umax = a->umax >> by;
		return settle(n);
	default: /* BPF_ARSH; 32 bits: of the sign-extended value */
		if (width == 32)
			return n;
		n.smin = a->smin >> by;
		n.smax = a->smax >> by;
		return settle(n);
	}
}

static struct num alu(uint8_t op, const struct num *a, const struct num *b, unsigned width)
{
	struct num n = num_any();
	uint64_t wide;

	switch (op) {
	case BPF_ADD:
		return add(a, b);
	case BPF_SUB:
		return sub(a, b);
	case BPF_MOV:
		return *b;
	case BPF_NEG:
		n = num_const(0);
		return sub(&n, a);
	case BPF_AND:
		n = with_bits(a->bits & b->bits,
			      (a->bits | a->unknown) & (b->bits | b->unknown) & ~(a->bits & b->bits));
		n.umax = n.umax < a->umax ? n.umax : a->umax;
		n.umax = n.umax < b->umax ? n.umax : b->umax;
		return settle(n);
	case BPF_OR:
		wide = a->bits | b->bits;
		return with_bits(wide, (a->unknown | b->unknown) & ~wide);
	case BPF_XOR:
		return with_bits(a->bits ^ b->bits, a->unknown | b->unknown);
	case BPF_LSH:
	case BPF_RSH:
	case BPF_ARSH:
		if (num_is_const(b) && b->umin < width)
			return shift(op, a, (unsigned)b->umin, width);
		return n;
	case BPF_MUL:
		if (num_is_const(a) && num_is_const(b))
			return num_const(a->umin * b->umin);
		if (!__builtin_mul_overflow(a->umax, b->umax, &wide)) {
			n.umax = wide;
			n.umin = a->umin * b->umin;
		}
		if (num_is_const(b) && b->umin && !(b->umin & (b->umin - 1)))
			n.unknown = UINT64_MAX << __builtin_ctzll(b->umin);
		return settle(n);
	case BPF_DIV: /* unsigned; by zero gives 0 */
		n.umax = b->umin ? a->umax / b->umin : a->umax;
		n.umin = b->umin ? a->umin / b->umax : 0;
		return settle(n);
	case BPF_MOD: /* unsigned; by zero leaves the dividend */
		n.umax = b->umin && b->umax - 1 < a->umax ? b->umax - 1 : a->umax;
		return settle(n);
	default:
		return n;
	}
}

struct num num_alu(uint8_t op, const struct num *a, const struct num *b, bool is64, bool is_signed)
{
	struct num x, y, n;

	if (is_signed && (op == BPF_DIV || op == BPF_MOD)) {
		n = num_any();
		return is64 ? n : num_zext(&n, 32);
	}
	if (is64)
		return alu(op, a, b, 64);
	x = num_zext(a, 32);
	y = num_zext(b, 32);
	if (op == BPF_ARSH) /* of the sign-extended 32-bit value */
		x = num_sext(&x, 32);
	n = alu(op, &x, &y, op == BPF_ARSH && num_is_const(&y) && y.umin < 32 ? 64 : 32);
	return num_zext(&n, 32);
}

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

/* a < b (or a <= b), unsigned: narrow both. */
static bool below(struct num *a, struct num *b, bool strict)
{
	if (strict && (b->umax == 0 || a->umin == UINT64_MAX))
		return false;
	if (a->umax > b->umax - strict)
		a->umax = b->umax - strict;
	if (b->umin < a->umin + strict)
		b->umin = a->umin + strict;
	return a->umin <= a->umax && b->umin <= b->umax;
}

static bool below_signed(struct num *a, struct num *b, bool strict)
{
	if (strict && (b->smax == INT64_MIN || a->smin == INT64_MAX))
		return false;
	if (a->smax > b->smax - strict)
		a->smax = b->smax - strict;
	if (b->smin < a->smin + strict)
		b->smin = a->smin + strict;
	return a->smin <= a->smax && b->smin <= b->smax;
}

static bool equal(struct num *a, struct num *b)
{
	struct num n = *a;

	n.umin = a->umin > b->umin ? a->umin : b->umin;
	n.umax = a->umax < b->umax ? a->umax : b->umax;
	n.smin = a->smin > b->smin ? a->smin : b->smin;
	n.smax = a->smax < b->smax ? a->smax : b->smax;
	if ((a->bits ^ b->bits) & ~a->unknown & ~b->unknown)
		return false;
	n.bits = a->bits | b->bits;
	n.unknown = a->unknown & b->unknown;
	if (n.umin > n.umax || n.smin > n.smax)
		return false;
	*a = *b = settle(n);
	return true;
}

static bool differ(struct num *a, const struct num *b)
{
	if (!num_is_const(b))
		return true;
	if (num_is_const(a))
		return a->umin != b->umin;
	if (a->umin == b->umin)
		a->umin++;
	else if (a->umax == b->umin)
		a->umax--;
	if (a->smin == b->smin)
		a->smin++;
	else if (a->smax == b->smin)
		a->smax--;
	return true;
}

static bool refine64(uint8_t op, struct num *a, struct num *b)
{
	switch (op) {
	case BPF_JEQ:
		return equal(a, b);
	case BPF_JNE:
		return differ(a, b) && differ(b, a);
	case BPF_JLT:
		return below(a, b, true);
	case BPF_JLE:
		return below(a, b, false);
	case BPF_JGT:
		return below(b, a, true);
	case BPF_JGE:
		return below(b, a, false);
	case BPF_JSLT:
		return below_signed(a, b, true);
	case BPF_JSLE:
		return below_signed(a, b, false);
	case BPF_JSGT:
		return below_signed(b, a, true);
	case BPF_JSGE:
		return below_signed(b, a, false);
	default:
		return true;
	}
}

static bool refine_set(bool taken, struct num *a, const struct num *b)
{
	if (taken)
		return ((a->bits | a->unknown) & (b->bits | b->unknown)) != 0;
	if (!num_is_const(b))
		return true;
	if (a->bits & b->bits)
		return false;
	a->unknown &= ~b->bits;
	*a = settle(*a);
	return true;
}

bool num_refine(uint8_t op, bool taken, bool is64, struct num *a, struct num *b)
{
	struct num x, y;
	bool fits, possible;

	if (!is64) {
		/*
		 * The comparison sees the low halves. It says something of the whole
		 * number only if that is known to fit: unsigned below 2^32; signed
		 * comparisons in addition below 2^31.
		 */
		bool is_signed = op == BPF_JSLT || op == BPF_JSLE || op == BPF_JSGT || op == BPF_JSGE;

		x = is_signed ? num_sext(a, 32) : num_zext(a, 32);
		y = is_signed ? num_sext(b, 32) : num_zext(b, 32);
		fits = num_equal(&x, a);
		if (op == BPF_JSET)
			possible = refine_set(taken, &x, &y);
		else
			possible = refine64(taken ? op : opposite(op), &x, &y);
		if (!possible)
			return false;
		x = settle(x);
		y = settle(y);
		if (fits) {
			*a = x;
		} else if (is_signed && x.smin >= 0 && a->umax <= UINT32_MAX) {
			/* zero-extended before, and now known to be below 2^31 */
			a->umin = a->umin > (uint64_t)x.smin ? a->umin : (uint64_t)x.smin;
			a->umax = a->umax < (uint64_t)x.smax ? a->umax : (uint64_t)x.smax;
			*a = settle(*a);
		}
		return true;
	}
	if (op == BPF_JSET)
		return refine_set(taken, a, b);
	if (!refine64(taken ? op : opposite(op), a, b))
		return false;
	*a = settle(*a);
	*b = settle(*b);
	return true;
}
