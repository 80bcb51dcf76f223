/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
#ifndef ABIDE_TESTS_TRANSLATE_SIM_GEN_H
#define ABIDE_TESTS_TRANSLATE_SIM_GEN_H

#include "translate_sim.h"

struct gen {
	struct sim_program *p;
	struct sim_function *f;
	uint32_t index; /* of the function */
	enum type reg[10], slot[8];
};

static inline void put(struct gen *g, uint8_t code, unsigned dst, unsigned src, int off, int32_t imm)
{
	g->f->code[g->f->n++] = (struct bpf_insn){ .code = code, .dst_reg = (uint8_t)(dst & 15),
						   .src_reg = (uint8_t)(src & 15), .off = (int16_t)off, .imm = imm };
}

static inline void mov(struct gen *g, unsigned dst, unsigned src)
{
	put(g, BPF_ALU64 | BPF_MOV | BPF_X, dst, src, 0, 0);
	if (dst < 10 && src < 10)
		g->reg[dst] = g->reg[src];
}

static inline void add(struct gen *g, unsigned dst, int32_t imm)
{
	put(g, BPF_ALU64 | BPF_ADD | BPF_K, dst, 0, 0, imm);
}

static inline void number(struct gen *g, unsigned dst, int32_t imm)
{
	put(g, BPF_ALU64 | BPF_MOV | BPF_K, dst, 0, 0, imm);
	g->reg[dst] = NUM;
}

static inline void skip_if(struct gen *g, unsigned r, int32_t mask, int by)
{
	put(g, BPF_JMP | BPF_JSET | BPF_K, r, 0, by, mask);
}

static inline int slot_off(unsigned slot)
{
	return -8 * (int)(slot + 1);
}

struct place {
	int off, size;
	enum type gives;
};

#define ANY(array) (array)[rnd(sizeof(array) / sizeof((array)[0]))]

/* A register that holds such a thing, -1 if there is none. */
int pick(const struct gen *g, enum type t);
/* A register to write to; contexts and the callers' stack are kept. */
unsigned any(const struct gen *g);
/* Another one than those; -1 if chance has it so. */
int other(const struct gen *g, int a, int b, int c);
void load(struct gen *g, unsigned dst, unsigned base, int delta, struct place p);
/* A load that a pointer of that type allows. */
struct place any_place(enum type t);

/* Idioms that read the user-ized structs (translate_sim_loads.c). */
void gen_field(struct gen *g);
void gen_arg(struct gen *g);
void gen_arg_by_path(struct gen *g);
void gen_merge(struct gen *g);
void gen_constant(struct gen *g);
void gen_index(struct gen *g);
void gen_loop(struct gen *g);

#endif
