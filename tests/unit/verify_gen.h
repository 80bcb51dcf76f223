/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
#ifndef ABIDE_TESTS_VERIFY_GEN_H
#define ABIDE_TESTS_VERIFY_GEN_H

/*
 * Random programs on the application of verify_env.h: maps, stack, context, typed pointers, ring
 * records, functions and callbacks. The generator knows roughly what its registers hold, so
 * that most programs are safe, and now and then does what it should not: leaves out a
 * test, goes one too far, uses what is not there.
 */
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
	uint32_t depth, loops, sloppy; /* one in so many is wrong; 0: none */
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
	return g->sloppy && !gen_draw(g, g->sloppy);
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

	if (r != 255 && !gen_wrong(g))
		return r;
	if (r != 255 && g->sloppy)
		return (uint8_t)gen_draw(g, 10);
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
		at += gen_draw(g, 2 * size + 2);
	switch (gen_draw(g, writable ? 6 : 2)) {
	case 0:
	case 1:
		r = gen_dst(g);
		gen_put(g, INSN(BPF_LDX | (k < 3 && gen_draw(g, 2) ? OP_MEMSX : BPF_MEM) | gen_sizes[k], r, base, off + (int32_t)at, 0));
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
	gen_put(g, INSN(BPF_LDX | (k < 3 && gen_draw(g, 2) ? OP_MEMSX : BPF_MEM) | gen_sizes[k], r, base, m->off + (int32_t)(gen_draw(g, m->size >> k) << k), 0));
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

/* r0 to r5 after a call; a loop may count in one of them, so not there. */
static inline bool gen_may_call(struct gen *g)
{
	return !(g->busy & 0x3f);
}

static inline void gen_clobber(struct gen *g)
{
	uint8_t k;

	for (k = 0; k <= 5; k++)
		gen_set(g, k, GEN_NONE, 0);
}

static inline void gen_map(struct gen *g, uint8_t reg, int32_t map)
{
	gen_put(g, INSN(BPF_LD | BPF_IMM | BPF_DW, reg, BPF_PSEUDO_MAP_FD, 0, map));
	gen_put(g, INSN(0, 0, 0, 0, 0));
}

/* r10 - something, of the 64 bytes that are numbers. */
static inline void gen_stack(struct gen *g, uint8_t reg, uint32_t size)
{
	int32_t at = -64 + (int32_t)(gen_draw(g, (64 - size) / 8 + 1) * 8);

	if (gen_wrong(g))
		at += (int32_t)gen_draw(g, 60) - 10;
	gen_put(g, INSN(BPF_ALU64 | BPF_MOV | BPF_X, reg, 10, 0, 0));
	gen_put(g, INSN(BPF_ALU64 | BPF_ADD | BPF_K, reg, 0, 0, at));
}

static inline void gen_call(struct gen *g, int32_t helper)
{
	gen_put(g, INSN(BPF_JMP | BPF_CALL, 0, 0, 0, helper));
	gen_clobber(g);
}

static inline uint8_t gen_keep(struct gen *g)
{
	uint8_t r = (uint8_t)(6 + gen_draw(g, 4));

	return g->busy & 1u << r ? 0 : r;
}

static inline void gen_lookup(struct gen *g)
{
	static const int32_t maps[] = { ENV_ARRAY, ENV_HASH, ENV_PERCPU, ENV_DATA };
	int32_t map = maps[gen_draw(g, 4)];
	struct gen_reg before[10], spill[4];
	uint32_t at;
	uint8_t keep = gen_keep(g);

	if (!gen_may_call(g))
		return;
	if (gen_draw(g, 2)) { /* a key that is known, or nearly */
		gen_put(g, INSN(BPF_ST | BPF_MEM | BPF_DW, 10, 0, -64, gen_draw(g, 7)));
		gen_put(g, INSN(BPF_ALU64 | BPF_MOV | BPF_X, 2, 10, 0, 0));
		gen_put(g, INSN(BPF_ALU64 | BPF_ADD | BPF_K, 2, 0, 0, -64));
	} else {
		gen_stack(g, 2, 8);
	}
	gen_map(g, 1, map);
	gen_call(g, BPF_FUNC_map_lookup_elem);
	if (keep) {
		gen_put(g, INSN(BPF_ALU64 | BPF_MOV | BPF_X, keep, 0, 0, 0));
		gen_set(g, keep, GEN_NONE, 0);
	}
	memcpy(before, g->r, sizeof(before));
	memcpy(spill, g->spill, sizeof(spill));
	at = g->p->nr;
	if (!gen_wrong(g))
		gen_put(g, INSN(BPF_JMP | BPF_JEQ | BPF_K, keep && gen_draw(g, 2) ? keep : 0, 0, 0, 0));
	gen_set(g, 0, GEN_VALUE, (uint32_t)map);
	if (keep)
		gen_set(g, keep, GEN_VALUE, (uint32_t)map);
	gen_block(g, 2 + gen_draw(g, 5));
	if (g->p->insns[at].code == (BPF_JMP | BPF_JEQ | BPF_K))
		g->p->insns[at].off = (int16_t)(g->p->nr - at - 1);
	gen_meet(g, before, spill);
}

static inline void gen_ring(struct gen *g)
{
	struct gen_reg before[10], spill[4];
	uint32_t size = 8 + 8 * gen_draw(g, 8), at;
	uint16_t busy = g->busy;
	uint8_t keep = gen_keep(g);

	if (!gen_may_call(g) || !keep)
		return;
	gen_map(g, 1, ENV_RING);
	gen_put(g, INSN(BPF_ALU64 | BPF_MOV | BPF_K, 2, 0, 0, size));
	gen_put(g, INSN(BPF_ALU64 | BPF_MOV | BPF_K, 3, 0, 0, 0));
	gen_call(g, BPF_FUNC_ringbuf_reserve);
	gen_put(g, INSN(BPF_ALU64 | BPF_MOV | BPF_X, keep, 0, 0, 0));
	gen_set(g, keep, GEN_NONE, 0);
	memcpy(before, g->r, sizeof(before));
	memcpy(spill, g->spill, sizeof(spill));
	at = g->p->nr;
	gen_put(g, INSN(BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 0, 0));
	gen_set(g, keep, GEN_RECORD, size);
	g->busy |= (uint16_t)(1u << keep);
	gen_block(g, 1 + gen_draw(g, 5));
	g->busy = busy;
	if (!gen_wrong(g)) {
		gen_put(g, INSN(BPF_ALU64 | BPF_MOV | BPF_X, 1, keep, 0, 0));
		gen_put(g, INSN(BPF_ALU64 | BPF_MOV | BPF_K, 2, 0, 0, 0));
		gen_call(g, gen_draw(g, 2) ? BPF_FUNC_ringbuf_submit : BPF_FUNC_ringbuf_discard);
	}
	gen_set(g, keep, GEN_NONE, 0);
	g->p->insns[at].off = (int16_t)(g->p->nr - at - 1);
	gen_meet(g, before, spill);
}

/* Helpers that read or write memory. */
static inline void gen_helper(struct gen *g)
{
	uint8_t base = gen_find(g, gen_draw(g, 2) ? GEN_VALUE : GEN_RECORD), n;
	uint32_t room;
	int32_t map = gen_draw(g, 2) ? ENV_ARRAY : ENV_HASH;

	if (!gen_may_call(g))
		return;
	switch (gen_draw(g, 9)) {
	case 0:
		if (base != 255 && g->r[base].kind == GEN_VALUE && env_maps[g->r[base].of].value_size >= 48)
			gen_put(g, INSN(BPF_ALU64 | BPF_MOV | BPF_X, 3, base, 0, 0));
		else
			gen_stack(g, 3, 48);
		gen_stack(g, 2, 8);
		gen_map(g, 1, map);
		gen_put(g, INSN(BPF_ALU64 | BPF_MOV | BPF_K, 4, 0, 0, 0));
		gen_call(g, BPF_FUNC_map_update_elem);
		gen_set(g, 0, GEN_NUM, 0);
		break;
	case 1:
		gen_stack(g, 2, 8);
		gen_map(g, 1, ENV_HASH);
		gen_call(g, BPF_FUNC_map_delete_elem);
		gen_set(g, 0, GEN_NUM, 0);
		break;
	case 2:
	case 3: /* some bytes at r2 or r1, as many as a bounded number says */
		room = base == 255 ? 64 : gen_room(&g->r[base]);
		n = gen_num(g);
		gen_put(g, INSN(BPF_ALU64 | BPF_MOV | BPF_X, 3, n, 0, 0));
		if (gen_draw(g, 2)) {
			gen_put(g, INSN(BPF_JMP | BPF_JLE | BPF_K, 3, 0, 1, room + (gen_wrong(g) ? 1 : 0)));
			gen_put(g, INSN(BPF_ALU64 | BPF_MOV | BPF_K, 3, 0, 0, gen_draw(g, room + 1)));
		} else {
			gen_put(g, INSN(BPF_ALU64 | BPF_MOV | BPF_K, 3, 0, 0, gen_draw(g, room + 1)));
		}
		if (base == 3)
			base = 255;
		if (base == 255) {
			gen_put(g, INSN(BPF_ALU64 | BPF_MOV | BPF_X, 2, 10, 0, 0));
			gen_put(g, INSN(BPF_ALU64 | BPF_ADD | BPF_K, 2, 0, 0, -64));
		} else {
			gen_put(g, INSN(BPF_ALU64 | BPF_MOV | BPF_X, 2, base, 0, 0));
		}
		if (gen_draw(g, 2) || (base != 255 && g->r[base].kind == GEN_VALUE && g->r[base].of == ENV_RODATA)) {
			gen_map(g, 1, ENV_RING);
			gen_put(g, INSN(BPF_ALU64 | BPF_MOV | BPF_K, 4, 0, 0, 0));
			gen_call(g, BPF_FUNC_ringbuf_output);
		} else {
			gen_put(g, INSN(BPF_ALU64 | BPF_MOV | BPF_X, 1, 2, 0, 0));
			gen_put(g, INSN(BPF_ALU64 | BPF_MOV | BPF_X, 2, 3, 0, 0));
			gen_put(g, INSN(BPF_ALU64 | BPF_MOV | BPF_K, 3, 0, 0, 0x1000));
			gen_call(g, BPF_FUNC_probe_read_kernel);
		}
		gen_set(g, 0, GEN_NUM, 0);
		break;
	case 4:
		gen_call(g, BPF_FUNC_ktime_get_ns);
		gen_set(g, 0, GEN_NUM, 0);
		break;
	case 5:
		gen_call(g, BPF_FUNC_get_prandom_u32);
		gen_set(g, 0, GEN_NUM, 0);
		break;
	case 6:
		gen_stack(g, 2, 8);
		gen_map(g, 1, ENV_QUEUE);
		if (gen_draw(g, 2)) {
			gen_put(g, INSN(BPF_ALU64 | BPF_MOV | BPF_K, 3, 0, 0, 0));
			gen_call(g, BPF_FUNC_map_push_elem);
		} else {
			gen_call(g, BPF_FUNC_map_pop_elem);
		}
		gen_set(g, 0, GEN_NUM, 0);
		break;
	case 7:
		gen_stack(g, 1, 16);
		gen_put(g, INSN(BPF_ALU64 | BPF_MOV | BPF_K, 2, 0, 0, 1 + gen_draw(g, 16)));
		gen_call(g, BPF_FUNC_get_current_comm);
		gen_set(g, 0, GEN_NUM, 0);
		break;
	default: /* the program's own data, by address */
		n = gen_dst(g);
		gen_put(g, INSN(BPF_LD | BPF_IMM | BPF_DW, n, BPF_PSEUDO_MAP_VALUE, 0, gen_draw(g, 2) ? ENV_DATA : ENV_RODATA));
		gen_put(g, INSN(0, 0, 0, 0, 0));
		gen_set(g, n, GEN_VALUE, (uint32_t)g->p->insns[g->p->nr - 2].imm);
	}
}

static inline void gen_spill(struct gen *g)
{
	uint32_t slot = gen_draw(g, 4);
	uint8_t r = (uint8_t)gen_draw(g, 10);

	if (g->spill[slot].kind != GEN_NONE && gen_draw(g, 2)) {
		r = gen_dst(g);
		gen_put(g, INSN(BPF_LDX | BPF_MEM | BPF_DW, r, 10, -96 + 8 * (int32_t)slot, 0));
		g->r[r] = g->spill[slot];
		return;
	}
	if (g->r[r].kind == GEN_NONE || g->r[r].kind == GEN_RECORD)
		return;
	gen_put(g, INSN(BPF_STX | BPF_MEM | BPF_DW, 10, r, -96 + 8 * (int32_t)slot, 0));
	g->spill[slot] = g->r[r];
}

static inline void gen_function(struct gen *g)
{
	uint32_t callee = g->function + 1;
	uint8_t k;

	if (!gen_may_call(g) || callee >= g->functions || g->nr_fix == 32)
		return;
	g->fix[g->nr_fix].function = callee;
	if (g->callback[callee]) {
		bool each = !(callee & 1); /* see gen_body */

		gen_put(g, INSN(BPF_ALU64 | BPF_MOV | BPF_X, 3, 10, 0, 0));
		gen_put(g, INSN(BPF_ALU64 | BPF_ADD | BPF_K, 3, 0, 0, -64));
		if (each)
			gen_map(g, 1, ENV_ARRAY);
		else
			gen_put(g, INSN(BPF_ALU64 | BPF_MOV | BPF_K, 1, 0, 0, gen_draw(g, 4)));
		g->fix[g->nr_fix++].at = g->p->nr;
		gen_put(g, INSN(BPF_LD | BPF_IMM | BPF_DW, 2, BPF_PSEUDO_FUNC, 0, 0));
		gen_put(g, INSN(0, 0, 0, 0, 0));
		gen_put(g, INSN(BPF_ALU64 | BPF_MOV | BPF_K, 4, 0, 0, 0));
		gen_call(g, each ? BPF_FUNC_for_each_map_elem : BPF_FUNC_loop);
	} else {
		for (k = 1; k <= 2; k++)
			gen_put(g, INSN(BPF_ALU64 | BPF_MOV | BPF_X, k, gen_num(g), 0, 0));
		gen_put(g, INSN(BPF_ALU64 | BPF_MOV | BPF_X, 3, 10, 0, 0));
		gen_put(g, INSN(BPF_ALU64 | BPF_ADD | BPF_K, 3, 0, 0, -64));
		g->fix[g->nr_fix++].at = g->p->nr;
		gen_put(g, INSN(BPF_JMP | BPF_CALL, 0, BPF_PSEUDO_CALL, 0, 0));
		gen_clobber(g);
	}
	gen_set(g, 0, GEN_NUM, 0);
}

static inline void gen_block(struct gen *g, uint32_t n)
{
	g->depth++;
	while (n-- && g->p->nr < RANDOM_MAX - 800)
		switch (gen_draw(g, g->depth < 5 ? 22 : 14)) {
		default:
			gen_alu(g);
			break;
		case 4:
		case 5:
		case 6:
			gen_access(g);
			break;
		case 7:
			gen_context(g);
			break;
		case 8:
			gen_typed(g);
			break;
		case 9:
		case 10:
			gen_helper(g);
			break;
		case 11:
			gen_spill(g);
			break;
		case 12:
			gen_function(g);
			break;
		case 14:
		case 15:
		case 16:
			gen_branch(g);
			break;
		case 17:
			gen_loop(g);
			break;
		case 18:
		case 19:
		case 20:
			gen_lookup(g);
			break;
		case 21:
			gen_ring(g);
			break;
		}
	g->depth--;
}

static inline void gen_body(struct gen *g)
{
	int32_t slot;
	uint8_t k, n;

	memset(g->r, 0, sizeof(g->r));
	memset(g->spill, 0, sizeof(g->spill));
	g->busy = 0;
	g->depth = g->loops = 0;
	g->p->starts[g->function] = g->p->nr;
	if (!g->function) {
		gen_put(g, INSN(BPF_ALU64 | BPF_MOV | BPF_X, 6, 1, 0, 0));
		gen_set(g, 6, GEN_CTX, 0);
		g->busy = 1u << 6;
		gen_value(g, 1, draw_value(&g->p->d));
	} else if (!g->callback[g->function]) {
		gen_set(g, 1, GEN_NUM, 0);
		gen_set(g, 2, GEN_NUM, 0);
		gen_set(g, 3, GEN_FRAME, 0);
	} else if (g->function & 1) {
		gen_set(g, 1, GEN_NUM, 0);
		gen_set(g, 2, GEN_FRAME, 0);
	} else {
		gen_set(g, 3, GEN_VALUE, ENV_ARRAY);
		gen_set(g, 4, GEN_FRAME, 0);
	}
	for (k = 0; k < 10; k++)
		if (g->r[k].kind == GEN_NONE && (k == 0 || gen_draw(g, 2)))
			gen_value(g, k, draw_value(&g->p->d));
	for (slot = -64; slot < 0; slot += 8)
		gen_put(g, INSN(BPF_STX | BPF_MEM | BPF_DW, 10, gen_find(g, GEN_NUM), slot, 0));
	gen_block(g, 4 + gen_draw(g, 14));
	/* r0 sums up what there is */
	n = gen_num(g);
	if (n)
		gen_put(g, INSN(BPF_ALU64 | BPF_MOV | BPF_X, 0, n, 0, 0));
	for (k = 1; k < 10; k++)
		if (g->r[k].kind == GEN_NUM) {
			gen_put(g, INSN(BPF_ALU64 | BPF_MUL | BPF_K, 0, 0, 0, 31));
			gen_put(g, INSN(BPF_ALU64 | BPF_ADD | BPF_X, 0, k, 0, 0));
		}
	if (g->callback[g->function])
		gen_put(g, INSN(BPF_ALU64 | BPF_AND | BPF_K, 0, 0, 0, gen_draw(g, 2)));
	gen_put(g, INSN(BPF_JMP | BPF_EXIT, 0, 0, 0, 0));
}

/* Fills in @p->insns; false where the draw made it too long. */
static inline bool gen_program(struct random_program *p, uint32_t sloppy)
{
	static struct gen g;
	uint32_t i;

	memset(&g, 0, sizeof(g));
	g.p = p;
	g.sloppy = sloppy;
	p->nr = 0;
	g.functions = draw(&p->d, 2) ? 1 : 1 + draw(&p->d, 3);
	for (i = 1; i < g.functions; i++)
		g.callback[i] = draw(&p->d, 2);
	for (i = 0; i < g.functions; i++) {
		g.function = i;
		gen_body(&g);
	}
	for (i = 0; i < g.nr_fix; i++)
		p->insns[g.fix[i].at].imm = (int32_t)(p->starts[g.fix[i].function] - g.fix[i].at - 1);
	return p->nr < RANDOM_MAX - 10;
}

#endif
