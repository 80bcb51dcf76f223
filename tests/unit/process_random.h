/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
#ifndef ABIDE_TESTS_PROCESS_RANDOM_H
#define ABIDE_TESTS_PROCESS_RANDOM_H

/*
 * Random programs that a verifier would accept: straight lines, branches forward, bounded
 * loops, calls, callbacks, accesses to the memory in r1 and to the stack, atomics. Every
 * choice is drawn from a function, so a fuzzer's bytes serve as well as a generator's.
 */
#include "process_kit.h"

#define RANDOM_MAX 4000

struct draw {
	uint64_t state;              /* of the generator, for when there are no bytes (left); not 0 */
	const uint8_t *bytes;
	size_t left;
};

struct random_program {
	struct draw d;
	struct bpf_insn insns[RANDOM_MAX];
	uint32_t nr;
	/* the function at hand */
	uint8_t base;                /* r6 to r9: holds the memory's address */
	uint16_t busy;               /* registers that may not be written: base, loop counters */
	uint32_t loops;
	struct {
		uint32_t at, function;
	} calls[64];                 /* to fill in */
	uint32_t nr_calls;
	uint32_t nr_functions, this_function, starts[4];
	bool is_callback[4];
};

static inline uint32_t draw(struct draw *d, uint32_t n)
{
	uint32_t v = 0;

	if (d->left) {
		v = *d->bytes++;
		d->left--;
		if (n > 256 && d->left) {
			v = v << 8 | *d->bytes++;
			d->left--;
		}
		return v % n;
	}
	d->state ^= d->state << 13;
	d->state ^= d->state >> 7;
	d->state ^= d->state << 17;
	return (uint32_t)((d->state * 0x2545f4914f6cdd1du) >> 33) % n;
}

static inline uint64_t draw_value(struct draw *d)
{
	static const uint64_t edges[] = {
		0, 1, 2, 3, 7, 31, 32, 33, 63, 64, 127, 128, 255, 256, 0x7fff, 0x8000, 0xffff, 0x10000,
		0x7fffffff, 0x80000000, 0xffffffff, 0x100000000, 0x7fffffffffffffff, 0x8000000000000000,
		0xffffffff80000000, 0xffffffffffffffff, 0xfffffffffffffffe, 0x0123456789abcdef,
	};

	if (draw(d, 3))
		return edges[draw(d, sizeof(edges) / sizeof(edges[0]))];
	return (uint64_t)draw(d, 65536) << 48 | (uint64_t)draw(d, 65536) << 32 | draw(d, 65536) << 16 | draw(d, 65536);
}

static inline void put(struct random_program *p, struct bpf_insn i)
{
	if (p->nr < RANDOM_MAX)
		p->insns[p->nr++] = i;
}

static inline void put_value(struct random_program *p, uint8_t reg, uint64_t v)
{
	if (draw(&p->d, 2) && (int64_t)v == (int32_t)v) {
		put(p, INSN(BPF_ALU64 | BPF_MOV | BPF_K, reg, 0, 0, v));
		return;
	}
	put(p, INSN(BPF_LD | BPF_IMM | BPF_DW, reg, 0, 0, v));
	put(p, INSN(0, 0, 0, 0, v >> 32));
}

/* A register that may be written. */
static inline uint8_t any_dst(struct random_program *p)
{
	uint8_t r;

	do
		r = (uint8_t)draw(&p->d, 10);
	while (p->busy & 1u << r);
	return r;
}

/* One that holds a number: not the base, whose value differs from run to run. */
static inline uint8_t any_src(struct random_program *p)
{
	uint8_t r;

	do
		r = (uint8_t)draw(&p->d, 10);
	while (r == p->base);
	return r;
}

static inline void put_alu(struct random_program *p)
{
	static const uint8_t ops[] = { BPF_ADD, BPF_SUB, BPF_MUL, BPF_DIV, BPF_OR, BPF_AND, BPF_LSH, BPF_RSH,
		                       BPF_MOD, BPF_XOR, BPF_MOV, BPF_ARSH, BPF_NEG, BPF_END };
	uint8_t op = ops[draw(&p->d, sizeof(ops))], class = draw(&p->d, 2) ? BPF_ALU64 : BPF_ALU;
	uint8_t dst = any_dst(p), src = any_src(p);
	bool x = draw(&p->d, 2);
	int16_t off = 0;

	if (op == BPF_NEG) {
		put(p, INSN(class | op, dst, 0, 0, 0));
		return;
	}
	if (op == BPF_END) {
		put(p, INSN(class | op | (class == BPF_ALU && x ? BPF_TO_BE : 0), dst, 0, 0, 16 << draw(&p->d, 3)));
		return;
	}
	if (op == BPF_DIV || op == BPF_MOD)
		off = (int16_t)draw(&p->d, 2);
	if (op == BPF_MOV && x)
		off = (int16_t)(draw(&p->d, 2) ? 0 : 8 << draw(&p->d, class == BPF_ALU64 ? 3 : 2));
	if (x)
		put(p, INSN(class | op | BPF_X, dst, src, off, 0));
	else if (op == BPF_LSH || op == BPF_RSH || op == BPF_ARSH)
		put(p, INSN(class | op | BPF_K, dst, 0, 0, draw(&p->d, class == BPF_ALU64 ? 64 : 32)));
	else
		put(p, INSN(class | op | BPF_K, dst, 0, off, draw_value(&p->d)));
}

static inline uint32_t place(struct random_program *p, uint32_t size)
{
	switch (draw(&p->d, 4)) {
	case 0:
		return 0;
	case 1:
		return KIT_PAGE - size;
	default:
		return draw(&p->d, KIT_PAGE - size);
	}
}

/* A load or store, in the memory or in the 64 bytes of stack that every function fills. */
static inline void put_access(struct random_program *p)
{
	static const uint8_t sizes[] = { BPF_B, BPF_H, BPF_W, BPF_DW };
	uint32_t k = draw(&p->d, 4), size = 1u << k;
	bool stack = !draw(&p->d, 4);
	uint8_t base = stack ? 10 : p->base;
	int32_t off = stack ? -64 + (int32_t)draw(&p->d, 65 - size) : (int32_t)place(p, size);

	switch (draw(&p->d, 4)) {
	case 0:
		put(p, INSN(BPF_ST | BPF_MEM | sizes[k], base, 0, off, draw_value(&p->d)));
		break;
	case 1:
		put(p, INSN(BPF_STX | BPF_MEM | sizes[k], base, any_src(p), off, 0));
		break;
	case 2:
		put(p, INSN(BPF_LDX | BPF_MEM | sizes[k], any_dst(p), base, off, 0));
		break;
	default:
		put(p, INSN(BPF_LDX | (k == 3 ? BPF_MEM : INSN_MEMSX) | sizes[k], any_dst(p), base, off, 0));
	}
}

static inline void put_atomic(struct random_program *p)
{
	static const int32_t ops[] = { BPF_ADD, BPF_OR, BPF_AND, BPF_XOR, BPF_XCHG, BPF_CMPXCHG };
	int32_t op = ops[draw(&p->d, 6)];
	bool wide = draw(&p->d, 2);
	uint32_t size = wide ? 8 : 4;
	uint8_t src = any_dst(p);

	if (op < BPF_XCHG - BPF_FETCH && draw(&p->d, 2))
		op |= BPF_FETCH;
	if (!draw(&p->d, 4))
		put(p, INSN(BPF_STX | BPF_ATOMIC | (wide ? BPF_DW : BPF_W), 10, src, -64 + (int32_t)(draw(&p->d, 64 / size) * size), op));
	else
		put(p, INSN(BPF_STX | BPF_ATOMIC | (wide ? BPF_DW : BPF_W), p->base, src, place(p, size) / size * size, op));
}

/* What compilers write for p[i] and for narrow values; native code makes one instruction of each. */
static inline void put_idiom(struct random_program *p)
{
	static const uint8_t sizes[] = { BPF_B, BPF_H, BPF_W, BPF_DW };
	uint8_t t = any_dst(p), s = any_src(p), k = (uint8_t)draw(&p->d, 4);
	int32_t n[] = { 32, 48, 56, 16 };
	uint8_t mode = draw(&p->d, 3) || k == 3 ? BPF_MEM : INSN_MEMSX;

	switch (draw(&p->d, 7)) {
	case 6: /* a test of bits, perhaps jumped over, and a branch around a goto */
		if (draw(&p->d, 2))
			put(p, INSN(BPF_JMP | BPF_JGT | BPF_X, any_src(p), any_src(p), 1, 0));
		put(p, INSN((draw(&p->d, 4) ? BPF_ALU64 : BPF_ALU) | (draw(&p->d, 2) ? BPF_AND : draw(&p->d, 2) ? BPF_XOR : BPF_OR) |
		                    (k & 1 ? BPF_X : BPF_K), t, k & 1 ? s : 0, 0, k & 1 ? 0 : draw_value(&p->d)));
		if (draw(&p->d, 2)) /* takes no native code */
			put(p, INSN(BPF_ALU | BPF_END, any_dst(p), 0, 0, 64));
		put(p, INSN((draw(&p->d, 4) ? BPF_JMP : BPF_JMP32) | (uint8_t)((1 + draw(&p->d, 7)) << 4), t, 0, 1, draw(&p->d, 4) ? 0 : 1));
		put(p, INSN(draw(&p->d, 2) ? BPF_JMP | BPF_JA : BPF_JMP | BPF_JEQ | BPF_X, 0, 0, draw(&p->d, 3), 0));
		put(p, INSN(BPF_ALU64 | BPF_ADD | BPF_K, t, 0, 0, 1));
		put(p, INSN(BPF_ALU64 | BPF_XOR | BPF_K, t, 0, 0, 0x55));
		break;
	case 0: /* an extension, perhaps of another register */
		if (draw(&p->d, 2))
			put(p, INSN(BPF_ALU64 | BPF_MOV | BPF_X, t, s, 0, 0));
		put(p, INSN(BPF_ALU64 | BPF_LSH | BPF_K, t, 0, 0, n[k]));
		put(p, INSN(BPF_ALU64 | (draw(&p->d, 2) ? BPF_RSH : BPF_ARSH) | BPF_K, t, 0, 0, draw(&p->d, 3) ? n[k] : (int32_t)draw(&p->d, 64)));
		break;
	case 1: /* base + constant */
		put(p, INSN(BPF_ALU64 | BPF_MOV | BPF_X, t, p->base, 0, 0));
		put(p, INSN(BPF_ALU64 | BPF_ADD | BPF_K, t, 0, 0, 1024));
		put(p, INSN(BPF_LDX | mode | sizes[k], t, t, (int32_t)draw(&p->d, 2048) - 1024, 0));
		break;
	case 2: /* base[index], the index first */
		put(p, INSN(BPF_ALU64 | BPF_MOV | BPF_X, t, s, 0, 0));
		put(p, INSN(BPF_ALU64 | BPF_AND | BPF_K, t, 0, 0, 255));
		put(p, INSN(BPF_ALU64 | BPF_LSH | BPF_K, t, 0, 0, draw(&p->d, 4)));
		put(p, INSN(BPF_ALU64 | BPF_ADD | BPF_X, t, p->base, 0, 0));
		put(p, INSN(BPF_LDX | mode | sizes[k], t, t, (int32_t)draw(&p->d, 2000), 0));
		break;
	case 3: /* the same with the index kept */
		put(p, INSN(BPF_ALU64 | BPF_AND | BPF_K, t, 0, 0, 255));
		s = any_dst(p);
		put(p, INSN(BPF_ALU64 | BPF_MOV | BPF_X, s, t, 0, 0));
		put(p, INSN(BPF_ALU64 | BPF_LSH | BPF_K, s, 0, 0, s == t ? 1 : 1 + draw(&p->d, 3)));
		put(p, INSN(BPF_ALU64 | BPF_ADD | BPF_X, s, p->base, 0, 0));
		put(p, INSN(BPF_LDX | mode | sizes[k], s, s, (int32_t)draw(&p->d, 2000), 0));
		break;
	case 4: /* sums of numbers */
		put(p, INSN(BPF_ALU64 | BPF_MOV | BPF_X, t, s, 0, 0));
		if (draw(&p->d, 2))
			put(p, INSN(BPF_ALU64 | BPF_LSH | BPF_K, t, 0, 0, draw(&p->d, 5)));
		if (draw(&p->d, 2))
			put(p, INSN(BPF_ALU64 | BPF_ADD | BPF_X, t, any_src(p), 0, 0));
		else
			put(p, INSN(BPF_ALU64 | BPF_ADD | BPF_K, t, 0, 0, draw_value(&p->d)));
		break;
	default: /* an address on the stack */
		put(p, INSN(BPF_ALU64 | BPF_MOV | BPF_X, t, 10, 0, 0));
		put(p, INSN(BPF_ALU64 | BPF_ADD | BPF_K, t, 0, 0, -64 + (int32_t)draw(&p->d, 57)));
		put(p, INSN(BPF_LDX | mode | sizes[k], t, t, 0, 0));
	}
}

static inline uint8_t other_dst(struct random_program *p, uint8_t than)
{
	uint8_t r;

	do
		r = any_dst(p);
	while (r == than);
	return r;
}

/* A test of bits of what nobody looks at later, p[i] with an index and an address that nobody looks at later. */
static inline void put_dead_idiom(struct random_program *p)
{
	static const uint8_t sizes[] = { BPF_B, BPF_H, BPF_W, BPF_DW };
	uint8_t t = any_dst(p), u = other_dst(p, t), k = (uint8_t)draw(&p->d, 4), to;
	bool x = draw(&p->d, 2), dies = draw(&p->d, 4);

	if (draw(&p->d, 2)) {
		if (draw(&p->d, 4))
			put(p, INSN((draw(&p->d, 4) ? BPF_ALU64 : BPF_ALU) | BPF_MOV | BPF_X, t, draw(&p->d, 2) ? u : any_src(p), 0, 0));
		put(p, INSN((draw(&p->d, 4) ? BPF_ALU64 : BPF_ALU) | BPF_AND | (x ? BPF_X : BPF_K), t, x ? any_src(p) : 0, 0,
		            x ? 0 : draw_value(&p->d)));
		put(p, INSN((draw(&p->d, 4) ? BPF_JMP : BPF_JMP32) | (draw(&p->d, 2) ? BPF_JEQ : BPF_JNE), t, 0, 2, 0));
		put(p, INSN(BPF_ALU64 | BPF_ADD | BPF_K, u, 0, 0, draw_value(&p->d)));
		put(p, INSN(BPF_ALU64 | BPF_XOR | BPF_K, draw(&p->d, 2) ? u : t, 0, 0, 0x55));
		if (dies)
			put_value(p, t, draw_value(&p->d));
		return;
	}
	put(p, INSN(BPF_ALU64 | BPF_AND | BPF_K, u, 0, 0, 255));
	if (draw(&p->d, 2))
		put(p, INSN(BPF_ALU64 | BPF_MOV | BPF_X, t, u, 0, 0));
	else
		put(p, INSN(BPF_ALU64 | BPF_MOV | BPF_K, t, 0, 0, draw(&p->d, 200)));
	if (draw(&p->d, 4))
		put(p, INSN(BPF_ALU64 | BPF_LSH | BPF_K, t, 0, 0, 1 + draw(&p->d, 3)));
	put(p, INSN(BPF_ALU64 | BPF_MOV | BPF_X, u, p->base, 0, 0));
	put(p, INSN(BPF_ALU64 | BPF_ADD | BPF_X, u, t, 0, 0));
	if (draw(&p->d, 2))
		put(p, INSN(BPF_ALU64 | BPF_ADD | BPF_K, u, 0, 0, draw(&p->d, 1000)));
	to = any_dst(p);
	if (draw(&p->d, 2))
		put(p, INSN(BPF_LDX | BPF_MEM | sizes[k], to, u, draw(&p->d, 1000), 0));
	else
		put(p, INSN(BPF_STX | BPF_MEM | sizes[k], u, x ? t : any_src(p), draw(&p->d, 1000), 0));
	if (to != u && draw(&p->d, 2)) /* again */
		put(p, INSN(BPF_ST | BPF_MEM | sizes[k], u, 0, draw(&p->d, 1000), 77));
	put_value(p, u, draw_value(&p->d));
	if (dies)
		put_value(p, t, draw_value(&p->d));
}

static inline struct bpf_insn any_branch(struct random_program *p)
{
	static const uint8_t ops[] = { BPF_JEQ, BPF_JNE, BPF_JGT, BPF_JGE, BPF_JLT, BPF_JLE, BPF_JSGT, BPF_JSGE,
		                       BPF_JSLT, BPF_JSLE, BPF_JSET };
	uint8_t code = (uint8_t)(ops[draw(&p->d, sizeof(ops))] | (draw(&p->d, 2) ? BPF_JMP : BPF_JMP32));

	if (draw(&p->d, 2))
		return INSN(code | BPF_X, any_src(p), any_src(p), 0, 0);
	return INSN(code | BPF_K, any_src(p), 0, 0, draw_value(&p->d));
}

/*
 * A choice between values, as compilers write it, in a loop: over some instructions, and with both
 * ways back to the head.
 */
static inline void put_choice(struct random_program *p)
{
	bool loop = draw(&p->d, 2) && p->loops < 3, bits = draw(&p->d, 2);
	uint16_t busy = p->busy;
	uint8_t counter, t;
	uint32_t head = 0, at, n;

	if (loop) {
		p->loops++;
		counter = any_dst(p);
		put(p, INSN(BPF_ALU64 | BPF_MOV | BPF_K, counter, 0, 0, 2 + draw(&p->d, 9)));
		p->busy |= 1u << counter;
		head = p->nr;
		put(p, INSN(BPF_ALU64 | BPF_ADD | BPF_K, counter, 0, 0, -1));
		put(p, INSN(BPF_JMP | BPF_JEQ | BPF_K, counter, 0, 0, 0));
	}
	for (n = draw(&p->d, 3); n; n--)
		put_alu(p);
	t = any_dst(p);
	if (bits) {
		put(p, INSN(BPF_ALU64 | BPF_MOV | BPF_X, t, any_src(p), 0, 0));
		put(p, INSN(BPF_ALU64 | BPF_AND | BPF_K, t, 0, 0, draw_value(&p->d)));
	}
	at = p->nr;
	put(p, bits ? INSN(BPF_JMP | (draw(&p->d, 2) ? BPF_JEQ : BPF_JNE), t, 0, 0, 0) : any_branch(p));
	for (n = draw(&p->d, 4); n; n--)
		put_alu(p);
	p->busy = busy;
	if (!loop) {
		p->insns[at].off = (int16_t)(p->nr - at - 1);
		return;
	}
	p->insns[at].off = (int16_t)((int32_t)head - (int32_t)at - 1);
	put(p, INSN(BPF_JMP | BPF_JA, 0, 0, (int32_t)head - (int32_t)p->nr - 1, 0));
	p->insns[head + 1].off = (int16_t)(p->nr - head - 2);
	if (bits && draw(&p->d, 2))
		put_value(p, t, draw_value(&p->d));
}

static inline void put_clobbered(struct random_program *p)
{
	uint8_t r;

	for (r = 1; r <= 5; r++)
		put_value(p, r, draw_value(&p->d));
}

static inline void put_block(struct random_program *p, uint32_t n, uint32_t depth);

static inline void put_call(struct random_program *p)
{
	uint32_t callee = p->this_function + 1 + draw(&p->d, 3), r;

	if (p->busy & 0x3f) /* a loop counts in what calls clobber */
		return;
	if (callee >= p->nr_functions || p->nr_calls == 64) {
		for (r = 1; r <= 5; r++)
			put(p, INSN(BPF_ALU64 | BPF_MOV | BPF_X, r, any_src(p), 0, 0));
		put(p, INSN(BPF_JMP | BPF_CALL, 0, 0, 0, KIT_MIX));
		put_clobbered(p);
		return;
	}
	p->calls[p->nr_calls].function = callee;
	if (p->is_callback[callee]) {
		put(p, INSN(BPF_ALU64 | BPF_MOV | BPF_K, 1, 0, 0, draw(&p->d, 4)));
		p->calls[p->nr_calls++].at = p->nr;
		put(p, INSN(BPF_LD | BPF_IMM | BPF_DW, 2, BPF_PSEUDO_FUNC, 0, 0));
		put(p, INSN(0, 0, 0, 0, 0));
		put(p, INSN(BPF_ALU64 | BPF_MOV | BPF_X, 3, p->base, 0, 0));
		put(p, INSN(BPF_ALU64 | BPF_MOV | BPF_K, 4, 0, 0, !draw(&p->d, 8)));
		put(p, INSN(BPF_ALU64 | BPF_MOV | BPF_K, 5, 0, 0, 0));
		put(p, INSN(BPF_JMP | BPF_CALL, 0, 0, 0, KIT_LOOP));
	} else {
		for (r = 1; r <= 5; r++)
			put(p, INSN(BPF_ALU64 | BPF_MOV | BPF_X, r, r == 2 ? p->base : any_src(p), 0, 0));
		p->calls[p->nr_calls++].at = p->nr;
		put(p, INSN(BPF_JMP | BPF_CALL, 0, BPF_PSEUDO_CALL, 0, 0));
	}
	put_clobbered(p);
}

static inline void put_branch(struct random_program *p, uint32_t depth)
{
	uint32_t at = p->nr, end;

	put(p, any_branch(p));
	put_block(p, draw(&p->d, 6), depth + 1);
	end = p->nr;
	if (draw(&p->d, 2)) { /* an else */
		put(p, draw(&p->d, 2) ? INSN(BPF_JMP | BPF_JA, 0, 0, 0, 0) : INSN(BPF_JMP32 | BPF_JA, 0, 0, 0, 0));
		put_block(p, draw(&p->d, 6), depth + 1);
		if (p->insns[end].code == (BPF_JMP | BPF_JA))
			p->insns[end].off = (int16_t)(p->nr - end - 1);
		else
			p->insns[end].imm = (int32_t)(p->nr - end - 1);
		end++;
	}
	p->insns[at].off = (int16_t)(end - at - 1);
}

static inline void put_loop(struct random_program *p, uint32_t depth)
{
	uint16_t busy = p->busy;
	uint8_t counter;
	uint32_t at;

	if (p->loops >= 3)
		return;
	p->loops++;
	counter = any_dst(p);
	put(p, INSN(BPF_ALU64 | BPF_MOV | BPF_K, counter, 0, 0, 1 + draw(&p->d, 5)));
	p->busy |= 1u << counter;
	at = p->nr;
	put_block(p, 1 + draw(&p->d, 8), depth + 1);
	put(p, INSN(BPF_ALU64 | BPF_ADD | BPF_K, counter, 0, 0, -1));
	put(p, INSN(BPF_JMP | BPF_JNE | BPF_K, counter, 0, (int32_t)at - (int32_t)p->nr - 1, 0));
	p->busy = busy;
}

static inline void put_block(struct random_program *p, uint32_t n, uint32_t depth)
{
	while (n-- && p->nr < RANDOM_MAX - 600)
		switch (draw(&p->d, depth < 4 ? 18 : 15)) {
		default:
			put_alu(p);
			break;
		case 7:
		case 8:
			put_access(p);
			break;
		case 9:
			put_atomic(p);
			break;
		case 10:
		case 11:
			put_idiom(p);
			break;
		case 12:
			put_call(p);
			break;
		case 13:
			put_dead_idiom(p);
			break;
		case 14:
			put_choice(p);
			break;
		case 15:
		case 16:
			put_branch(p, depth);
			break;
		case 17:
			put_loop(p, depth);
			break;
		}
}

static inline void put_function(struct random_program *p)
{
	uint8_t r;
	int32_t slot;

	p->starts[p->this_function] = p->nr;
	p->base = (uint8_t)(6 + draw(&p->d, 4));
	p->busy = (uint16_t)(1u << p->base);
	p->loops = 0;
	/* main has the memory in r1; a callback gets its context in r2, and so do functions */
	put(p, INSN(BPF_ALU64 | BPF_MOV | BPF_X, p->base, p->this_function ? 2 : 1, 0, 0));
	for (r = 0; r < 10; r++)
		if (r != p->base && (p->this_function == 0 || r == 0 || r == 2 || r > 5 || p->is_callback[p->this_function]))
			put_value(p, r, draw_value(&p->d));
	for (slot = -64; slot < 0; slot += 8)
		put(p, INSN(BPF_STX | BPF_MEM | BPF_DW, 10, any_src(p), slot, 0));
	put_block(p, 3 + draw(&p->d, 20), 0);
	for (r = 1; r < 10; r++) {
		if (r == p->base)
			continue;
		put(p, INSN(BPF_ALU64 | BPF_MUL | BPF_K, 0, 0, 0, 31));
		put(p, INSN(BPF_ALU64 | BPF_ADD | BPF_X, 0, r, 0, 0));
	}
	if (p->is_callback[p->this_function])
		put(p, INSN(BPF_ALU64 | BPF_AND | BPF_K, 0, 0, 0, draw(&p->d, 2)));
	put(p, INSN(BPF_JMP | BPF_EXIT, 0, 0, 0, 0));
}

/* Fill in @p->insns; false where the draw made it too long. */
static inline bool random_program(struct random_program *p)
{
	uint32_t i;

	p->nr = p->nr_calls = 0;
	p->nr_functions = draw(&p->d, 2) ? 1 : 1 + draw(&p->d, 4);
	for (i = 0; i < p->nr_functions; i++)
		p->is_callback[i] = i && draw(&p->d, 2);
	for (i = 0; i < p->nr_functions; i++) {
		p->this_function = i;
		put_function(p);
	}
	for (i = 0; i < p->nr_calls; i++)
		p->insns[p->calls[i].at].imm = (int32_t)(p->starts[p->calls[i].function] - p->calls[i].at - 1);
	return p->nr < RANDOM_MAX;
}

#endif
