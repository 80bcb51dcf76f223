/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
#ifndef ABIDE_TESTS_VERIFY_GEN_BASE_H
#define ABIDE_TESTS_VERIFY_GEN_BASE_H

/* The generator of verify_gen.h: its state, arithmetic, accesses, branches and loops. */
#include "process_random.h"
#include "verify_env.h"

enum gen_kind { GEN_NONE, GEN_NUM, GEN_CTX, GEN_VALUE, GEN_RECORD, GEN_TYPED, GEN_FRAME };

struct gen_reg {
	enum gen_kind kind;
	uint32_t of; /* VALUE: map; RECORD: bytes; TYPED: type */
};

struct gen {
	struct random_program *p; /* the draw and the code */
	struct gen_reg r[10];
	struct gen_reg spill[4];  /* slots r10-96 to r10-72 */
	uint16_t busy;
	uint32_t depth, loops;
	uint32_t sloppy; /* so many chances to be wrong from here on, one is taken; 0: none */
	uint32_t functions, function;
	bool in_callback;
	struct {
		uint32_t at, function;
	} fix[32];
	uint32_t nr_fix;
	bool callback[4];
};

static inline uint32_t gen_draw(struct gen *g, uint32_t n)
{
	return draw(&g->p->d, n);
}

static inline bool gen_wrong(struct gen *g)
{
	return g->sloppy && !--g->sloppy;
}

static inline void gen_put(struct gen *g, struct bpf_insn i)
{
	put(g->p, i);
}

static inline void gen_set(struct gen *g, uint8_t reg, enum gen_kind kind, uint32_t of)
{
	g->r[reg] = (struct gen_reg){ kind, of };
}

static inline void gen_value(struct gen *g, uint8_t reg, uint64_t v)
{
	put_value(g->p, reg, v);
	gen_set(g, reg, GEN_NUM, 0);
}

/* A register that may be written: not the context, not a loop's counter. */
static inline uint8_t gen_dst(struct gen *g)
{
	uint8_t r;

	do
		r = (uint8_t)gen_draw(g, 10);
	while (g->busy & 1u << r);
	return r;
}

/* A register of that kind, or 255. */
static inline uint8_t gen_find(struct gen *g, enum gen_kind kind)
{
	uint8_t r = (uint8_t)gen_draw(g, 10), k;

	for (k = 0; k < 10; k++, r = (uint8_t)((r + 1) % 10))
		if (g->r[r].kind == kind)
			return r;
	return 255;
}

static inline uint8_t gen_num(struct gen *g)
{
	uint8_t r = gen_find(g, GEN_NUM);

	if (r != 255)
		return gen_draw(g, 16) || !gen_wrong(g) ? r : (uint8_t)gen_draw(g, 10);
	r = gen_dst(g);
	gen_value(g, r, draw_value(&g->p->d));
	return r;
}

static inline void gen_alu(struct gen *g)
{
	static const uint8_t ops[] = { BPF_ADD, BPF_SUB, BPF_MUL, BPF_DIV, BPF_OR, BPF_AND, BPF_LSH, BPF_RSH,
		                       BPF_MOD, BPF_XOR, BPF_MOV, BPF_ARSH, BPF_NEG, BPF_END };
	uint8_t op = ops[gen_draw(g, sizeof(ops))], class = gen_draw(g, 2) ? BPF_ALU64 : BPF_ALU, dst = gen_num(g), src = gen_num(g);
	bool x = gen_draw(g, 2);
	int16_t off = 0;

	if (g->busy & 1u << dst) {
		dst = gen_dst(g);
		gen_put(g, INSN(BPF_ALU64 | BPF_MOV | BPF_X, dst, src, 0, 0));
	}
	gen_set(g, dst, GEN_NUM, 0);
	if (op == BPF_NEG) {
		gen_put(g, INSN(class | op, dst, 0, 0, 0));
		return;
	}
	if (op == BPF_END) {
		gen_put(g, INSN(class | op | (class == BPF_ALU && x ? BPF_TO_BE : 0), dst, 0, 0, 16 << gen_draw(g, 3)));
		return;
	}
	if (op == BPF_DIV || op == BPF_MOD)
		off = (int16_t)gen_draw(g, 2);
	if (op == BPF_MOV && x)
		off = (int16_t)(gen_draw(g, 2) ? 0 : 8 << gen_draw(g, class == BPF_ALU64 ? 3 : 2));
	if (x)
		gen_put(g, INSN(class | op | BPF_X, dst, src, off, 0));
	else if (op == BPF_LSH || op == BPF_RSH || op == BPF_ARSH)
		gen_put(g, INSN(class | op | BPF_K, dst, 0, 0, gen_draw(g, class == BPF_ALU64 ? 64 : 32)));
	else
		gen_put(g, INSN(class | op | BPF_K, dst, 0, off, gen_draw(g, 2) ? gen_draw(g, 70) : draw_value(&g->p->d)));
}

static const uint8_t gen_sizes[] = { BPF_B, BPF_H, BPF_W, BPF_DW };

/* What a pointer register leads to: bytes that may be accessed from it on. */
static inline uint32_t gen_room(const struct gen_reg *r)
{
	switch (r->kind) {
	case GEN_VALUE:
		return env_maps[r->of].value_size;
	case GEN_RECORD:
		return r->of;
	case GEN_FRAME:
		return 64;
	default:
		return 8;
	}
}

/* A load, store or atomic operation at @base + @off + whatever is in it, @room bytes from there. */
static inline void gen_touch(struct gen *g, uint8_t base, int32_t off, uint32_t room, bool writable)
{
	uint32_t k = gen_draw(g, 4), size = 1u << k, at;
	uint8_t r;

	if (size > room)
		k = 0, size = 1;
	at = room > size ? gen_draw(g, room - size + 1) : 0;
	if (gen_wrong(g))
		at = gen_draw(g, 3) ? room - size + 1 + gen_draw(g, 2) : at + gen_draw(g, 2 * size + 2);
	switch (gen_draw(g, writable ? 6 : 2)) {
	case 0:
	case 1:
		r = gen_dst(g);
		gen_put(g, INSN(BPF_LDX | (k < 3 && gen_draw(g, 2) ? INSN_MEMSX : BPF_MEM) | gen_sizes[k], r, base, off + (int32_t)at, 0));
		gen_set(g, r, GEN_NUM, 0);
		break;
	case 2:
		gen_put(g, INSN(BPF_ST | BPF_MEM | gen_sizes[k], base, 0, off + (int32_t)at, draw_value(&g->p->d)));
		break;
	case 3: {
		static const int32_t ops[] = { BPF_ADD, BPF_OR, BPF_AND, BPF_XOR, BPF_XCHG, BPF_CMPXCHG, BPF_ADD | BPF_FETCH, BPF_XOR | BPF_FETCH };
		int32_t op = ops[gen_draw(g, 8)];

		if (room < 4)
			break;
		k = room >= 8 && gen_draw(g, 2) ? 3 : 2;
		at = room / (1u << k) > 1 ? gen_draw(g, room / (1u << k)) << k : 0;
		r = gen_num(g);
		if (g->busy & 1u << r || (op == BPF_CMPXCHG && g->r[0].kind != GEN_NUM))
			break;
		gen_put(g, INSN(BPF_STX | BPF_ATOMIC | gen_sizes[k], base, r, off + (int32_t)at, op));
		break;
	}
	default:
		gen_put(g, INSN(BPF_STX | BPF_MEM | gen_sizes[k], base, gen_num(g), off + (int32_t)at, 0));
	}
}

static inline void gen_access(struct gen *g)
{
	static const enum gen_kind kinds[] = { GEN_VALUE, GEN_VALUE, GEN_RECORD, GEN_FRAME };
	uint8_t base = gen_find(g, kinds[gen_draw(g, 4)]), t, i;
	uint32_t room, step, most;

	if (base == 255 || gen_draw(g, 3) == 0) { /* the stack, all of which is numbers there */
		gen_touch(g, 10, -64, 64, true);
		return;
	}
	room = gen_room(&g->r[base]);
	if (gen_draw(g, 2)) {
		gen_touch(g, base, 0, room, g->r[base].kind != GEN_VALUE || g->r[base].of != ENV_RODATA);
		return;
	}
	/* an index that is bounded in one of several ways, times the size of an element */
	i = gen_num(g);
	t = gen_dst(g);
	if (t == base || t == i)
		return;
	step = gen_draw(g, 4);
	most = (room >> step) - 1;
	if (gen_wrong(g))
		most += 1 + gen_draw(g, 3);
	if (room >> step == 0)
		return;
	gen_put(g, INSN((gen_draw(g, 3) ? BPF_ALU64 : BPF_ALU) | BPF_MOV | BPF_X, t, i, 0, 0));
	gen_set(g, t, GEN_NUM, 0);
	switch (gen_draw(g, 5)) {
	case 0: { /* a mask */
		uint32_t mask = 1;

		while (mask * 2 + 1 <= most)
			mask = mask * 2 + 1;
		gen_put(g, INSN((gen_draw(g, 2) ? BPF_ALU64 : BPF_ALU) | BPF_AND | BPF_K, t, 0, 0, mask > most ? 0 : mask));
		break;
	}
	case 1: /* unsigned, otherwise the end of it */
		gen_put(g, INSN(BPF_JMP | BPF_JLE | BPF_K, t, 0, 1, most));
		gen_put(g, INSN(BPF_ALU64 | BPF_MOV | BPF_K, t, 0, 0, most));
		break;
	case 2: /* signed, both sides */
		gen_put(g, INSN(BPF_JMP | BPF_JSGT | BPF_K, t, 0, 1, most));
		gen_put(g, INSN(BPF_JMP | BPF_JSGE | BPF_K, t, 0, 1, 0));
		gen_put(g, INSN(BPF_ALU64 | BPF_MOV | BPF_K, t, 0, 0, 0));
		break;
	case 3: /* remainder, unsigned */
		gen_put(g, INSN((gen_draw(g, 2) ? BPF_ALU64 : BPF_ALU) | BPF_MOD | BPF_K, t, 0, 0, most + 1));
		break;
	default: /* 32 bits */
		gen_put(g, INSN(BPF_ALU | BPF_MOV | BPF_X, t, t, 0, 0));
		gen_put(g, INSN((gen_draw(g, 2) ? BPF_JMP32 : BPF_JMP) | BPF_JLT | BPF_K, t, 0, 1, most + 1));
		gen_put(g, INSN(BPF_ALU | BPF_AND | BPF_K, t, 0, 0, 0));
	}
	if (step)
		gen_put(g, INSN(BPF_ALU64 | BPF_LSH | BPF_K, t, 0, 0, step));
	gen_put(g, INSN(BPF_ALU64 | BPF_ADD | BPF_X, t, base, 0, 0));
	gen_touch(g, t, 0, 1u << step, g->r[base].kind != GEN_VALUE || g->r[base].of != ENV_RODATA);
	if (g->r[t].kind == GEN_NUM && !gen_draw(g, 4))
		gen_set(g, t, GEN_NONE, 0);
	gen_value(g, t, draw_value(&g->p->d));
}

static inline void gen_context(struct gen *g)
{
	uint8_t base = gen_find(g, GEN_CTX), r = gen_dst(g), k;

	if (base == 255)
		return;
	k = (uint8_t)gen_draw(g, 4);
	if (k < 2) {
		gen_put(g, INSN(BPF_LDX | BPF_MEM | BPF_DW, r, base, 8 * k, 0));
		gen_set(g, r, GEN_TYPED, k ? 0 : 1);
		return;
	}
	k = (uint8_t)gen_draw(g, 4);
	gen_put(g, INSN(BPF_LDX | BPF_MEM | gen_sizes[k], r, base, 16 + (int32_t)(gen_draw(g, 16 >> k) << k), 0));
	gen_set(g, r, GEN_NUM, 0);
}

static inline void gen_typed(struct gen *g)
{
	uint8_t base = gen_find(g, GEN_TYPED), r = gen_dst(g);
	const struct verify_type *t;
	const struct verify_member *m;
	uint32_t k;

	if (base == 255)
		return;
	t = &env_types[g->r[base].of];
	m = &t->members[gen_draw(g, t->nr_members)];
	if (m->pointer) {
		gen_put(g, INSN(BPF_LDX | BPF_MEM | BPF_DW, r, base, m->off, 0));
		gen_set(g, r, GEN_TYPED, m->target);
		return;
	}
	k = gen_draw(g, m->size >= 8 ? 4 : m->size >= 4 ? 3 : 2);
	gen_put(g, INSN(BPF_LDX | (k < 3 && gen_draw(g, 2) ? INSN_MEMSX : BPF_MEM) | gen_sizes[k], r, base, m->off + (int32_t)(gen_draw(g, m->size >> k) << k), 0));
	gen_set(g, r, GEN_NUM, 0);
}

static inline void gen_block(struct gen *g, uint32_t n);

/* After a branch registers hold what they hold on both ways, or nothing. */
static inline void gen_meet(struct gen *g, const struct gen_reg before[10], const struct gen_reg spill[4])
{
	uint32_t k;

	for (k = 0; k < 10; k++)
		if (g->r[k].kind != before[k].kind || g->r[k].of != before[k].of)
			gen_set(g, (uint8_t)k, GEN_NONE, 0);
	for (k = 0; k < 4; k++)
		if (g->spill[k].kind != spill[k].kind || g->spill[k].of != spill[k].of)
			g->spill[k] = (struct gen_reg){ 0 };
}

static inline uint8_t gen_compare(struct gen *g)
{
	static const uint8_t ops[] = { BPF_JEQ, BPF_JNE, BPF_JGT, BPF_JGE, BPF_JLT, BPF_JLE, BPF_JSGT, BPF_JSGE,
		                       BPF_JSLT, BPF_JSLE, BPF_JSET };

	return (uint8_t)(ops[gen_draw(g, sizeof(ops))] | (gen_draw(g, 2) ? BPF_JMP : BPF_JMP32));
}

static inline void gen_branch(struct gen *g)
{
	struct gen_reg before[10], spill[4];
	uint32_t at, end;
	uint8_t a = gen_num(g), b = gen_num(g);

	at = g->p->nr;
	if (gen_draw(g, 2))
		gen_put(g, INSN(gen_compare(g) | BPF_X, a, b, 0, 0));
	else
		gen_put(g, INSN(gen_compare(g) | BPF_K, a, 0, 0, gen_draw(g, 2) ? gen_draw(g, 70) : draw_value(&g->p->d)));
	memcpy(before, g->r, sizeof(before));
	memcpy(spill, g->spill, sizeof(spill));
	gen_block(g, gen_draw(g, 5));
	end = g->p->nr;
	if (gen_draw(g, 2)) {
		struct gen_reg then[10], then_spill[4];

		gen_put(g, INSN(BPF_JMP | BPF_JA, 0, 0, 0, 0));
		memcpy(then, g->r, sizeof(then));
		memcpy(then_spill, g->spill, sizeof(then_spill));
		memcpy(g->r, before, sizeof(before));
		memcpy(g->spill, spill, sizeof(spill));
		gen_block(g, gen_draw(g, 5));
		g->p->insns[end].off = (int16_t)(g->p->nr - end - 1);
		end++;
		gen_meet(g, then, then_spill);
	} else {
		gen_meet(g, before, spill);
	}
	g->p->insns[at].off = (int16_t)(end - at - 1);
}

static inline void gen_loop(struct gen *g)
{
	struct gen_reg before[10], spill[4];
	uint16_t busy = g->busy;
	uint32_t at, k, times = 1 + gen_draw(g, 6);
	uint8_t counter = gen_dst(g);
	bool up = gen_draw(g, 2);

	if (g->loops >= 3)
		return;
	g->loops++;
	gen_value(g, counter, 0);
	gen_put(g, INSN(BPF_ALU64 | BPF_MOV | BPF_K, counter, 0, 0, up ? 0 : times));
	g->busy |= (uint16_t)(1u << counter);
	/* what a round may change, the next one may not rely on */
	for (k = 0; k < 10; k++)
		if (!(g->busy & 1u << k) && g->r[k].kind != GEN_NUM && gen_draw(g, 3))
			gen_value(g, (uint8_t)k, draw_value(&g->p->d));
	memcpy(before, g->r, sizeof(before));
	memcpy(spill, g->spill, sizeof(spill));
	at = g->p->nr;
	gen_block(g, 1 + gen_draw(g, 6));
	for (k = 0; k < 10; k++) /* back to how it began */
		if (before[k].kind == GEN_NUM && g->r[k].kind != GEN_NUM)
			gen_value(g, (uint8_t)k, draw_value(&g->p->d));
	gen_put(g, INSN(BPF_ALU64 | BPF_ADD | BPF_K, counter, 0, 0, up ? 1 : -1));
	gen_put(g, INSN(BPF_JMP | (up ? (gen_draw(g, 2) ? BPF_JLT : BPF_JSLT) : BPF_JNE) | BPF_K, counter, 0, (int32_t)at - (int32_t)g->p->nr - 1, up ? times : 0));
	gen_meet(g, before, spill);
	g->busy = busy;
}

#endif
