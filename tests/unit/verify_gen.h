/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
#ifndef ABIDE_TESTS_VERIFY_GEN_H
#define ABIDE_TESTS_VERIFY_GEN_H

/*
 * Random programs on the application of verify_env.h: maps, stack, context, typed pointers, ring
 * records, functions and callbacks. The generator knows roughly what its registers hold, so
 * that most programs are safe, and now and then does what it should not: leaves out a
 * test, goes one too far, uses what is not there.
 */
#include "verify_gen_base.h"

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

/* What must be refused: each of these is a mistake that verifiers have made. */
static inline void gen_danger(struct gen *g)
{
	uint8_t n = gen_num(g), p = gen_find(g, gen_draw(g, 2) ? GEN_TYPED : GEN_CTX), t, k;
	int32_t at;

	if (!gen_may_call(g))
		return;
	switch (gen_draw(g, 6)) {
	case 0: /* a spilled pointer, written over at an index that is not known, then used */
		if (p == 255)
			return;
		gen_put(g, INSN(BPF_STX | BPF_MEM | BPF_DW, 10, p, -112, 0));
		gen_put(g, INSN(BPF_ST | BPF_MEM | BPF_DW, 10, 0, -104, 0));
		gen_put(g, INSN(BPF_ALU64 | BPF_MOV | BPF_X, 1, n, 0, 0));
		gen_put(g, INSN(BPF_ALU64 | BPF_AND | BPF_K, 1, 0, 0, 15));
		gen_put(g, INSN(BPF_ALU64 | BPF_ADD | BPF_X, 1, 10, 0, 0));
		gen_put(g, INSN(BPF_ST | BPF_MEM | BPF_B, 1, 0, -112, 0x55));
		gen_put(g, INSN(BPF_LDX | BPF_MEM | BPF_DW, 2, 10, -112, 0));
		gen_put(g, INSN(BPF_LDX | BPF_MEM | BPF_W, 0, 2, g->r[p].kind == GEN_CTX ? 16 : 8, 0));
		break;
	case 1: /* what a helper may not have written */
		at = -512 + 8 * (int32_t)gen_draw(g, 20);
		gen_put(g, INSN(BPF_ALU64 | BPF_MOV | BPF_X, 2, n, 0, 0));
		gen_put(g, INSN(BPF_ALU64 | BPF_AND | BPF_K, 2, 0, 0, 15));
		gen_put(g, INSN(BPF_ALU64 | BPF_MOV | BPF_X, 1, 10, 0, 0));
		gen_put(g, INSN(BPF_ALU64 | BPF_ADD | BPF_K, 1, 0, 0, at));
		gen_put(g, INSN(BPF_ALU64 | BPF_MOV | BPF_K, 3, 0, 0, 0x1000));
		gen_put(g, INSN(BPF_JMP | BPF_CALL, 0, 0, 0, BPF_FUNC_probe_read_kernel));
		gen_put(g, INSN(BPF_LDX | BPF_MEM | BPF_B, 0, 10, at + (int32_t)gen_draw(g, 16), 0));
		break;
	case 2: /* the test of one lookup is no test of another */
		for (k = 7; k <= 8; k++) {
			if (g->busy & 1u << k)
				return;
			gen_put(g, INSN(BPF_STX | BPF_MEM | BPF_DW, 10, gen_num(g), -64, 0));
			gen_put(g, INSN(BPF_ALU64 | BPF_MOV | BPF_X, 2, 10, 0, 0));
			gen_put(g, INSN(BPF_ALU64 | BPF_ADD | BPF_K, 2, 0, 0, -64));
			gen_map(g, 1, ENV_HASH);
			gen_call(g, BPF_FUNC_map_lookup_elem);
			gen_put(g, INSN(BPF_ALU64 | BPF_MOV | BPF_X, k, 0, 0, 0));
			gen_set(g, k, GEN_NONE, 0);
			gen_value(g, 0, 1);
		}
		gen_put(g, INSN(BPF_JMP | BPF_JEQ | BPF_K, 7 + gen_draw(g, 2), 0, 1, 0));
		gen_put(g, INSN(BPF_LDX | BPF_MEM | BPF_DW, 0, 7 + gen_draw(g, 2), 8, 0));
		gen_value(g, 7, 1);
		gen_value(g, 8, 1);
		break;
	case 3: /* a record after it has been given up */
		t = gen_keep(g);
		if (!t)
			return;
		gen_map(g, 1, ENV_RING);
		gen_put(g, INSN(BPF_ALU64 | BPF_MOV | BPF_K, 2, 0, 0, 16));
		gen_put(g, INSN(BPF_ALU64 | BPF_MOV | BPF_K, 3, 0, 0, 0));
		gen_call(g, BPF_FUNC_ringbuf_reserve);
		gen_put(g, INSN(BPF_ALU64 | BPF_MOV | BPF_X, t, 0, 0, 0));
		gen_put(g, INSN(BPF_STX | BPF_MEM | BPF_DW, 10, t, -120, 0));
		gen_put(g, INSN(BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 5, 0));
		gen_put(g, INSN(BPF_ALU64 | BPF_MOV | BPF_X, 1, 0, 0, 0));
		gen_put(g, INSN(BPF_ALU64 | BPF_MOV | BPF_K, 2, 0, 0, 0));
		gen_put(g, INSN(BPF_JMP | BPF_CALL, 0, 0, 0, BPF_FUNC_ringbuf_submit));
		gen_put(g, gen_draw(g, 2) ? INSN(BPF_LDX | BPF_MEM | BPF_DW, t, 10, -120, 0) : INSN(BPF_JMP | BPF_JA, 0, 0, 0, 0));
		gen_put(g, INSN(BPF_ST | BPF_MEM | BPF_DW, t, 0, 8 * (int32_t)gen_draw(g, 2), 7));
		gen_value(g, t, 1);
		break;
	case 4: /* initialised on one of two ways only, deeper than all else */
		at = -512 + 8 * (int32_t)gen_draw(g, 20);
		gen_put(g, INSN(BPF_JMP | BPF_JGT | BPF_K, n, 0, 1, gen_draw(g, 100)));
		gen_put(g, INSN(BPF_ST | BPF_MEM | BPF_DW, 10, 0, at, 3));
		gen_put(g, INSN(BPF_LDX | BPF_MEM | BPF_B, 0, 10, at + (int32_t)gen_draw(g, 8), 0));
		break;
	default: /* a bound on one number, used for another that was its copy */
		t = gen_dst(g);
		if (t == n || t < 6)
			return;
		gen_put(g, INSN(BPF_ALU64 | BPF_MOV | BPF_X, t, n, 0, 0));
		gen_put(g, INSN((gen_draw(g, 2) ? BPF_ALU64 : BPF_ALU) | (gen_draw(g, 2) ? BPF_ADD : BPF_XOR) | BPF_K, t, 0, 0, 1 + gen_draw(g, 9)));
		gen_put(g, INSN((gen_draw(g, 2) ? BPF_JMP : BPF_JMP32) | BPF_JGT | BPF_K, t, 0, 5, 120));
		gen_put(g, INSN(BPF_LD | BPF_IMM | BPF_DW, 1, BPF_PSEUDO_MAP_VALUE, 0, ENV_DATA));
		gen_put(g, INSN(0, 0, 0, 0, 0));
		gen_put(g, INSN(BPF_ALU64 | BPF_ADD | BPF_X, 1, n, 0, 0));
		gen_put(g, INSN(BPF_LDX | BPF_MEM | BPF_DW, t, 1, (int32_t)gen_draw(g, 9), 0));
		gen_put(g, INSN(BPF_ALU64 | BPF_MOV | BPF_K, t, 0, 0, 1));
		gen_set(g, t, GEN_NUM, 0);
		if (n == 1)
			gen_value(g, 1, 1);
	}
	gen_clobber(g);
	gen_value(g, 0, 1);
}

static inline void gen_block(struct gen *g, uint32_t n)
{
	g->depth++;
	while (n-- && g->p->nr < RANDOM_MAX - 800) {
		if (gen_wrong(g))
			gen_danger(g);
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
