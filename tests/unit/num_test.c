/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The number domain against brute force. Every set that intervals and known bits over a
 * few small values can describe goes through every operation; each concrete result must
 * lie in the abstract one. Values near 0, 2^31, 2^32, 2^63 and 2^64 stand for the widths
 * at which carries and signs change.
 */
#include <linux/bpf.h>
#include <stdio.h>
#include <stdlib.h>

#include "analyze/num.h"

static const uint64_t points[] = {
	0, 1, 2, 3, 5, 7, 8, 0x7f, 0x80, 0xff, 0x7fffffff, 0x80000000, 0x80000001, 0xfffffffe, 0xffffffff,
	0x100000000, 0x100000007, 0x7fffffffffffffff, 0x8000000000000000, 0xfffffffffffffff8, 0xffffffffffffffff,
};
#define POINTS (sizeof(points) / sizeof(points[0]))

struct set {
	struct num n;
	uint64_t v[3]; /* what it was made of */
};

static uint64_t alu64(uint8_t op, uint64_t a, uint64_t b)
{
	switch (op) {
	case BPF_ADD: return a + b;
	case BPF_SUB: return a - b;
	case BPF_MUL: return a * b;
	case BPF_DIV: return b ? a / b : 0;
	case BPF_MOD: return b ? a % b : a;
	case BPF_AND: return a & b;
	case BPF_OR: return a | b;
	case BPF_XOR: return a ^ b;
	case BPF_LSH: return a << (b & 63);
	case BPF_RSH: return a >> (b & 63);
	case BPF_ARSH: return (uint64_t)((int64_t)a >> (b & 63));
	case BPF_NEG: return -a;
	default: return b;
	}
}

/* RFC 9669, 4.1 */
static uint64_t divide_signed(uint8_t op, bool is64, uint64_t a, uint64_t b)
{
	int64_t x = is64 ? (int64_t)a : (int32_t)a, y = is64 ? (int64_t)b : (int32_t)b;
	uint64_t r;

	if (!y)
		r = op == BPF_DIV ? 0 : (uint64_t)x;
	else if (y == -1)
		r = op == BPF_DIV ? 0 - (uint64_t)x : 0;
	else
		r = (uint64_t)(op == BPF_DIV ? x / y : x % y);
	return is64 ? r : (uint32_t)r;
}

static uint64_t alu32(uint8_t op, uint32_t a, uint32_t b)
{
	switch (op) {
	case BPF_LSH: return a << (b & 31);
	case BPF_RSH: return a >> (b & 31);
	case BPF_ARSH: return (uint32_t)((int32_t)a >> (b & 31));
	default: return (uint32_t)alu64(op, a, b);
	}
}

static bool holds(uint8_t op, bool is64, uint64_t a, uint64_t b)
{
	int64_t x = is64 ? (int64_t)a : (int32_t)a, y = is64 ? (int64_t)b : (int32_t)b;
	uint64_t p = is64 ? a : (uint32_t)a, q = is64 ? b : (uint32_t)b;

	switch (op) {
	case BPF_JEQ: return p == q;
	case BPF_JNE: return p != q;
	case BPF_JGT: return p > q;
	case BPF_JGE: return p >= q;
	case BPF_JLT: return p < q;
	case BPF_JLE: return p <= q;
	case BPF_JSGT: return x > y;
	case BPF_JSGE: return x >= y;
	case BPF_JSLT: return x < y;
	case BPF_JSLE: return x <= y;
	default: return (p & q) != 0;
	}
}

static int failures;

static void expect(bool ok, const char *what, uint8_t op, bool is64, uint64_t a, uint64_t b)
{
	if (ok)
		return;
	if (failures++ < 10)
		printf("# %s: op 0x%02x %s bits, a 0x%llx, b 0x%llx\n", what, op, is64 ? "64" : "32",
		       (unsigned long long)a, (unsigned long long)b);
}

static void check_pair(const struct set *a, const struct set *b)
{
	static const uint8_t ops[] = { BPF_ADD, BPF_SUB, BPF_MUL, BPF_DIV, BPF_MOD, BPF_AND, BPF_OR,
				       BPF_XOR, BPF_LSH, BPF_RSH, BPF_ARSH, BPF_NEG, BPF_MOV };
	static const uint8_t jumps[] = { BPF_JEQ, BPF_JNE, BPF_JGT, BPF_JGE, BPF_JLT, BPF_JLE, BPF_JSGT, BPF_JSGE,
					 BPF_JSLT, BPF_JSLE, BPF_JSET };
	struct num joined = num_join(&a->n, &b->n);
	unsigned o, i, k, wide;

	for (wide = 0; wide < 2; wide++) {
		for (o = 0; o < sizeof(ops); o++) {
			struct num r = num_alu(ops[o], &a->n, &b->n, wide, false);

			for (i = 0; i < 3; i++)
				for (k = 0; k < 3; k++)
					expect(num_contains(&r, wide ? alu64(ops[o], a->v[i], b->v[k])
								     : alu32(ops[o], (uint32_t)a->v[i], (uint32_t)b->v[k])),
					       "alu", ops[o], wide, a->v[i], b->v[k]);
		}
		for (o = 0; o < 2; o++) {
			uint8_t op = o ? BPF_MOD : BPF_DIV;
			struct num r = num_alu(op, &a->n, &b->n, wide, true);

			for (i = 0; i < 9; i++)
				expect(num_contains(&r, divide_signed(op, wide, a->v[i / 3], b->v[i % 3])), "signed division", op, wide,
				       a->v[i / 3], b->v[i % 3]);
		}
		for (o = 0; o < sizeof(jumps); o++)
			for (i = 0; i < 9; i++) {
				uint64_t x = a->v[i / 3], y = b->v[i % 3];
				bool taken = holds(jumps[o], wide, x, y);
				struct num p = a->n, q = b->n;

				expect(num_refine(jumps[o], taken, wide, &p, &q) && num_contains(&p, x) &&
					       num_contains(&q, y),
				       "refine", jumps[o], wide, x, y);
			}
	}
	expect(num_within(&a->n, &joined) && num_within(&b->n, &joined), "within", 0, true, a->v[0], b->v[0]);
	for (i = 0; i < 3; i++) {
		uint64_t marks[] = { 4, 100, 0x80000000 };
		struct num w = num_widen(&a->n, &joined, marks, 3), w0 = num_widen(&a->n, &joined, NULL, 0);

		expect(num_contains(&w, a->v[i]) && num_contains(&w, b->v[i]) && num_contains(&w0, b->v[i]), "widen", 0, true, a->v[i],
		       b->v[i]);
		expect(num_contains(&joined, a->v[i]) && num_contains(&joined, b->v[i]), "join", 0, true, a->v[i], b->v[i]);
		for (k = 8; k <= 32; k *= 2) {
			struct num z = num_zext(&a->n, k), s = num_sext(&a->n, k);
			uint64_t low = a->v[i] & ((1ull << k) - 1);

			expect(num_contains(&z, low), "zext", (uint8_t)k, true, a->v[i], 0);
			expect(num_contains(&s, (uint64_t)((int64_t)(low << (64 - k)) >> (64 - k))), "sext", (uint8_t)k,
			       true, a->v[i], 0);
		}
	}
}

static uint64_t state = 88172645463325252u;

static uint64_t draw(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state;
}

/* Numbers around a point, of different sizes, of one alignment: what sets of a program are like. */
static struct set make_random(void)
{
	uint64_t base = draw() % 3 ? points[draw() % POINTS] : draw(), span = 1ull << draw() % 40, k;
	struct num x;
	struct set s;

	for (k = 0; k < 3; k++) {
		s.v[k] = base + (draw() % span) * (1 + draw() % 8) - (draw() & 1 ? span / 2 : 0);
		if (draw() % 4 == 0)
			s.v[k] = (uint32_t)s.v[k];
		x = num_const(s.v[k]);
		s.n = k ? num_join(&s.n, &x) : x;
	}
	if (draw() % 4 == 0) { /* narrowed by a branch that all of them pass, so that views differ */
		static const uint8_t ops[] = { BPF_JLE, BPF_JSLE, BPF_JGE, BPF_JSGE };
		uint8_t op = ops[draw() % 4];
		bool is64 = draw() & 1;
		uint64_t bound = s.v[0];
		struct num n = num_any(), b;

		for (k = 1; k < 3; k++)
			if (!holds(op, is64, s.v[k], bound))
				bound = s.v[k];
		b = num_const(bound);
		for (k = 0; k < 3 && holds(op, is64, s.v[k], bound); k++)
			;
		if (k == 3 && num_refine(op, true, is64, &n, &b))
			s.n = n;
	}
	return s;
}

static struct set make(unsigned i, unsigned j, unsigned k)
{
	struct num x = num_const(points[i]), y = num_const(points[j]), z = num_const(points[k]);
	struct set s = { .v = { points[i], points[j], points[k] } };

	s.n = num_join(&x, &y);
	s.n = num_join(&s.n, &z);
	return s;
}

int main(void)
{
	unsigned i, j, k, l, pairs = 0;
	struct num n, three = num_const(3), five = num_const(5);

	for (i = 0; i < POINTS; i++)
		for (j = i; j < POINTS; j++)
			for (k = 0; k < POINTS; k++)
				for (l = k; l < POINTS; l += 3) {
					struct set a = make(i, j, (i + k) % POINTS), b = make(k, l, (j + l) % POINTS);

					check_pair(&a, &b);
					pairs++;
				}
	for (i = 0; i < 60000; i++) {
		struct set a = make_random(), b = make_random();

		check_pair(&a, &b);
		pairs++;
	}
	printf("%sok - num: %u pairs of sets, all operations, contain what brute force finds\n", failures ? "not " : "",
	       pairs);
	/* and it is no use if it knows nothing */
	n = num_alu(BPF_ADD, &three, &five, true, false);
	k = !num_is_const(&n) || n.umin != 8;
	n = num_range(0, 100);
	three = num_const(7);
	num_refine(BPF_JLE, true, true, &n, &three);
	five = num_const(3);
	n = num_alu(BPF_LSH, &n, &five, true, false);
	k |= n.umax != 56 || (n.unknown & 7);
	/* 32-bit comparisons, signed, in either order, of a number whose upper half is 0 */
	for (i = 0; i < 2; i++) {
		struct num ten = num_const(10), none = num_const(0);

		n = num_range(0, UINT32_MAX);
		k |= !num_refine(BPF_JSLT, true, false, &n, i ? &ten : &three) || !num_refine(BPF_JSGE, true, false, &n, &none);
		k |= n.umax != (i ? 9u : 6u) || n.smin != 0;
	}
	/* an extension by shifts, and back to what a signed index is */
	n = num_signed(-4, 11);
	five = num_const(32);
	n = num_alu(BPF_LSH, &n, &five, true, false);
	n = num_alu(BPF_ARSH, &n, &five, true, false);
	k |= n.smin != -4 || n.smax != 11;
	/* branches that cannot be taken are known to be dead */
	n = num_range(5, 8);
	five = num_const(9);
	k |= num_refine(BPF_JEQ, true, true, &n, &five) || num_refine(BPF_JGT, true, false, &n, &five);
	printf("%sok - num: constants fold, bounds narrow and shift, dead branches are seen\n", k ? "not " : "");
	return failures || k;
}
