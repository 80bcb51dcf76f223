/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Random programs for the simulation, one small idiom after another, each as compilers
 * write it: field loads of every width, copies, spills, merges of pointers by path, loops,
 * subprograms. The types of registers and slots are kept, so programs are well-formed.
 */
#include "translate_sim_gen.h"

static void gen_alu(struct gen *g)
{
	static const uint8_t ops[] = { BPF_ADD, BPF_XOR, BPF_MUL, BPF_SUB, BPF_OR, BPF_AND, BPF_DIV, BPF_MOD };
	static const uint8_t shifts[] = { BPF_LSH, BPF_RSH, BPF_ARSH };
	int a = pick(g, NUM), b = pick(g, NUM);
	uint8_t class = rnd(2) ? BPF_ALU : BPF_ALU64;

	if (a < 0)
		return;
	switch (rnd(5)) {
	case 0:
		put(g, class | ANY(ops) | BPF_X, (unsigned)a, (unsigned)b, 0, 0);
		break;
	case 1:
		put(g, class | ANY(shifts) | BPF_K, (unsigned)a, 0, 0, (int32_t)rnd(class == BPF_ALU ? 32 : 64));
		break;
	case 2: /* movsx */
		put(g, class | BPF_MOV | BPF_X, (unsigned)a, (unsigned)b, 8 << rnd(class == BPF_ALU ? 2 : 3), 0);
		break;
	case 3:
		if (rnd(2))
			put(g, class | BPF_NEG, (unsigned)a, 0, 0, 0);
		else
			put(g, BPF_ALU | BPF_END | (rnd(2) ? BPF_TO_BE : BPF_TO_LE), (unsigned)a, 0, 0, 16 << rnd(3));
		break;
	default:
		put(g, class | ops[rnd(6)] | BPF_K, (unsigned)a, 0, 0, (int32_t)rnd(5000) - 2500);
	}
}

static void gen_jump(struct gen *g)
{
	static const uint8_t ops[] = { BPF_JEQ, BPF_JNE, BPF_JGT, BPF_JGE, BPF_JLT, BPF_JLE, BPF_JSGT, BPF_JSGE,
				       BPF_JSLT, BPF_JSLE, BPF_JSET };
	int a = pick(g, NUM), b = pick(g, NUM);
	uint8_t class = rnd(2) ? BPF_JMP : BPF_JMP32;

	if (a < 0)
		return;
	if (rnd(8) == 0) { /* gotol over what is never reached */
		put(g, BPF_JMP32 | BPF_JA, 0, 0, 0, 1);
		put(g, BPF_LDX | BPF_MEM | BPF_DW, (unsigned)a, (unsigned)a, 0, 0);
		return;
	}
	if (rnd(3) == 0) /* a comparison that folds */
		number(g, (unsigned)a, (int32_t)rnd(4) - 1);
	if (rnd(2))
		put(g, class | ANY(ops) | BPF_X, (unsigned)a, (unsigned)b, 1, 0);
	else
		put(g, class | ANY(ops) | BPF_K, (unsigned)a, 0, 1, (int32_t)rnd(6) - 2);
	put(g, BPF_ALU64 | (rnd(2) ? BPF_ADD : BPF_MOV) | BPF_K, (unsigned)b, 0, 0, (int32_t)rnd(9));
}

static void gen_spill(struct gen *g)
{
	unsigned slot = rnd(g->f->slots), r = any(g), via = any(g), up = rnd(2);

	if (rnd(2)) {
		if (g->reg[r] == NONE)
			return;
		if (rnd(3) == 0 && via != r) { /* through a pointer into the stack */
			put(g, BPF_ALU64 | BPF_MOV | BPF_X, via, 10, 0, 0);
			add(g, via, slot_off(slot) - 8 * (int)up);
			put(g, BPF_STX | BPF_MEM | BPF_DW, via, r, 8 * (int)up, 0);
			number(g, via, 6);
		} else {
			put(g, BPF_STX | BPF_MEM | BPF_DW, 10, r, slot_off(slot), 0);
		}
		g->slot[slot] = g->reg[r];
	} else if (g->slot[slot] != NONE) {
		if (rnd(3) == 0) {
			put(g, BPF_ALU64 | BPF_MOV | BPF_X, via, 10, 0, 0);
			add(g, via, slot_off(slot));
			put(g, BPF_LDX | BPF_MEM | BPF_DW, r, via, 0, 0);
			if (via != r)
				number(g, via, 8);
		} else {
			put(g, BPF_LDX | BPF_MEM | BPF_DW, r, 10, slot_off(slot), 0);
		}
		g->reg[r] = g->slot[slot];
	}
}

/* Numbers on the stack, written and read in parts, and atomics on them. */
static void gen_parts(struct gen *g)
{
	static const int32_t atomics[] = { BPF_ADD, BPF_ADD | BPF_FETCH, BPF_OR, BPF_XOR | BPF_FETCH, BPF_AND, BPF_XCHG,
					   BPF_CMPXCHG };
	unsigned slot = rnd(g->f->slots), dst = any(g), size = 1u << rnd(4);
	int a = pick(g, NUM), pair = pick(g, PAIR), off = slot_off(slot);
	unsigned base = 10;
	int32_t op = ANY(atomics);

	if (a < 0)
		return;
	if (pair >= 0 && rnd(2)) {
		base = (unsigned)pair;
		off = 8 * (int)rnd(2);
	} else {
		put(g, BPF_STX | BPF_MEM | BPF_W, 10, (unsigned)a, off, 0);
		put(g, BPF_ST | BPF_MEM | BPF_W, 10, 0, off + 4, (int32_t)rnd(100000));
		g->slot[slot] = NUM;
	}
	if (rnd(3) == 0)
		put(g, BPF_STX | BPF_MEM | BPF_B, base, (unsigned)a, off + (int)rnd(8), 0);
	if (rnd(5) == 0 && (op != BPF_CMPXCHG || g->reg[0] == NUM))
		put(g, BPF_STX | BPF_ATOMIC | (rnd(2) ? BPF_W : BPF_DW), base, (unsigned)a, off, op);
	load(g, dst, base, 0, (struct place){ off + (int)(rnd(8 / size) * size), (int)size, NUM });
}

static void after_call(struct gen *g, enum type ret)
{
	unsigned r;

	for (r = 1; r < 6; r++)
		g->reg[r] = NONE;
	g->reg[0] = ret;
}

static void gen_string(struct gen *g)
{
	static const int32_t fields[] = { 16, 128, 144 };
	static const int32_t sizes[] = { 16, 16, 8, 5 };
	int p = pick(g, rnd(4) ? ALPHA : TASK);
	unsigned slot = rnd(g->f->slots - 1);
	int32_t size = ANY(sizes);
	enum type t;

	if (p < 0)
		return;
	t = g->reg[p];
	put(g, BPF_ALU64 | BPF_MOV | BPF_X, 3, (unsigned)p, 0, 0);
	add(g, 3, t == TASK ? 16 : ANY(fields));
	put(g, BPF_ALU64 | BPF_MOV | BPF_X, 1, 10, 0, 0);
	add(g, 1, slot_off(slot + 1));
	put(g, BPF_ALU64 | BPF_MOV | BPF_K, 2, 0, 0, size);
	put(g, BPF_JMP | BPF_CALL, 0, 0, 0, PSEUDO_USER_STR);
	g->slot[slot + 1] = size >= 8 ? NUM : NONE;
	if (size > 8)
		g->slot[slot] = NUM;
	after_call(g, NUM);
}

static void gen_helper(struct gen *g)
{
	int a = pick(g, ALPHA);
	bool absent = rnd(2);
	unsigned keep;

	switch (rnd(4)) {
	case 0: /* does the field exist? then it is read */
		for (keep = 7; keep < 10 && (g->reg[keep] == CTX || g->reg[keep] == PAIR); keep++)
			;
		if (a < 0 || keep == 10)
			return;
		mov(g, keep, (unsigned)a);
		put(g, BPF_ALU64 | BPF_MOV | BPF_X, 1, keep, 0, 0);
		add(g, 1, absent ? 112 : 8);
		put(g, BPF_JMP | BPF_CALL, 0, 0, 0, PSEUDO_FIELD_EXISTS);
		after_call(g, NUM);
		number(g, 1, 77);
		put(g, BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 1, 0);
		put(g, BPF_LDX | BPF_MEM | BPF_W, 1, keep, absent ? 112 : 8, 0);
		return;
	case 1:
		put(g, BPF_JMP | BPF_CALL, 0, 0, 0, PSEUDO_CURRENT_TASK);
		after_call(g, TASK);
		return;
	case 2:
		gen_string(g);
		return;
	default:
		put(g, BPF_JMP | BPF_CALL, 0, 0, 0, 7);
		after_call(g, NUM);
	}
}

/* The program's own test of an argument that may be NULL. */
static void gen_null_test(struct gen *g)
{
	int p = pick(g, rnd(2) ? BETA : EITHER), dst = other(g, p, -1, -1);

	if (p < 0 || dst < 0)
		return;
	number(g, (unsigned)dst, 9);
	put(g, BPF_JMP | (rnd(2) ? BPF_JEQ : BPF_JNE) | BPF_K, (unsigned)p, 0, 2, 0);
	put(g, BPF_LDX | BPF_MEM | BPF_W, (unsigned)dst, (unsigned)p, 0, 0);
	put(g, BPF_JMP | BPF_JA, 0, 0, 1, 0);
	put(g, BPF_ALU64 | BPF_MOV | BPF_K, (unsigned)dst, 0, 0, 11);
	if (g->f->code[g->f->n - 4].code == (BPF_JMP | BPF_JNE | BPF_K)) /* not NULL: to the load */
		g->f->code[g->f->n - 4] = (struct bpf_insn){ .code = BPF_JMP | BPF_JEQ | BPF_K, .dst_reg = (uint8_t)(p & 15),
							     .off = 2 };
}

static bool fits(enum type want, enum type have)
{
	return want == have || (want == EITHER && (have == ALPHA || have == BETA));
}

/* Call a later function: the arguments go through slots, so every order of registers works. */
static void gen_local_call(struct gen *g)
{
	uint32_t to = g->index + 1 + rnd(FUNCTIONS), k;
	const struct sim_function *f;
	int src[ARGS_MAX];

	if (to >= g->p->nr || g->f->nr_relocs >= 8)
		return;
	f = &g->p->f[to];
	for (k = 0; k < f->nr_args; k++) {
		src[k] = -1;
		if (f->args[k] == EITHER)
			src[k] = pick(g, rnd(3) == 0 ? EITHER : rnd(2) ? ALPHA : BETA);
		else if (f->args[k] != PAIR)
			src[k] = pick(g, f->args[k]);
		if (f->args[k] != PAIR && (src[k] < 0 || !fits(f->args[k], g->reg[src[k]])))
			return;
	}
	for (k = 0; k < f->nr_args; k++) {
		if (f->args[k] == PAIR) {
			put(g, BPF_ST | BPF_MEM | BPF_DW, 10, 0, slot_off(0), (int32_t)rnd(50));
			put(g, BPF_ST | BPF_MEM | BPF_DW, 10, 0, slot_off(1), -(int32_t)rnd(50));
			g->slot[0] = g->slot[1] = NUM;
			continue;
		}
		put(g, BPF_STX | BPF_MEM | BPF_DW, 10, (unsigned)src[k], slot_off(g->f->slots - 1 - k), 0);
		g->slot[g->f->slots - 1 - k] = g->reg[src[k]];
	}
	for (k = 0; k < f->nr_args; k++)
		if (f->args[k] == PAIR) {
			put(g, BPF_ALU64 | BPF_MOV | BPF_X, k + 1, 10, 0, 0);
			add(g, k + 1, slot_off(1));
		} else {
			put(g, BPF_LDX | BPF_MEM | BPF_DW, k + 1, 10, slot_off(g->f->slots - 1 - k), 0);
		}
	g->f->relocs[g->f->nr_relocs++] = (struct reloc){ .insn = g->f->n, .kind = RELOC_CALL, .target = to };
	put(g, BPF_JMP | BPF_CALL, 0, BPF_PSEUDO_CALL, 0, -1);
	after_call(g, f->ret);
	if (f->ret == EITHER && rnd(2))
		load(g, any(g), 0, 0, any_place(EITHER));
}

static void gen_step(struct gen *g)
{
	switch (rnd(22)) {
	case 0: gen_arg(g); break;
	case 1: gen_arg_by_path(g); break;
	case 2: gen_alu(g); break;
	case 3: gen_jump(g); break;
	case 4:
	case 5: gen_spill(g); break;
	case 6: gen_parts(g); break;
	case 7: gen_merge(g); break;
	case 8: gen_constant(g); break;
	case 9:
	case 10: gen_index(g); break;
	case 11: gen_loop(g); break;
	case 12:
	case 13: gen_helper(g); break;
	case 14: gen_null_test(g); break;
	case 15:
	case 16: gen_local_call(g); break;
	default: gen_field(g); break;
	}
}

/* r0 = a hash of all numbers, of all numbers that the slots hold too */
static void gen_result(struct gen *g)
{
	unsigned i;

	if (g->reg[0] != NUM)
		number(g, 0, 1);
	for (i = 1; i < 10; i++)
		if (g->reg[i] == NUM) {
			put(g, BPF_ALU64 | BPF_MUL | BPF_K, 0, 0, 0, 31);
			put(g, BPF_ALU64 | BPF_ADD | BPF_X, 0, i, 0, 0);
		}
	for (i = 0; i < g->f->slots; i++)
		if (g->slot[i] == NUM) {
			put(g, BPF_LDX | BPF_MEM | BPF_DW, 1, 10, slot_off(i), 0);
			put(g, BPF_ALU64 | BPF_MUL | BPF_K, 0, 0, 0, 31);
			put(g, BPF_ALU64 | BPF_ADD | BPF_X, 0, 1, 0, 0);
		}
	g->f->ret = NUM;
}

static void gen_return(struct gen *g)
{
	int a = pick(g, ALPHA), b = pick(g, BETA), n = pick(g, NUM);

	if (!g->index || rnd(3) == 0 || a < 0) {
		gen_result(g);
	} else if (b >= 0 && n >= 0 && rnd(2)) {
		skip_if(g, (unsigned)n, 1, 2);
		put(g, BPF_ALU64 | BPF_MOV | BPF_X, 0, (unsigned)a, 0, 0);
		if (rnd(2))
			put(g, BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
		else
			put(g, BPF_JMP | BPF_JA, 0, 0, 1, 0);
		put(g, BPF_ALU64 | BPF_MOV | BPF_X, 0, (unsigned)b, 0, 0);
		g->f->ret = EITHER;
	} else {
		put(g, BPF_ALU64 | BPF_MOV | BPF_X, 0, (unsigned)a, 0, 0);
		g->f->ret = ALPHA;
	}
	put(g, BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
}

static void gen_function(struct sim_program *p, uint32_t index)
{
	static const enum type types[] = { NUM, ALPHA, BETA, EITHER, EITHER, PAIR };
	struct gen g = { .p = p, .f = &p->f[index], .index = index };
	unsigned steps = index ? 2 + rnd(8) : 6 + rnd(30), i;
	bool pair = false;

	g.f->n = g.f->nr_relocs = g.f->nr_args = 0;
	g.f->slots = index ? 5 : 8;
	if (!index) {
		g.reg[1] = CTX;
		mov(&g, 6, 1);
		gen_arg(&g);
		gen_arg(&g);
		gen_arg(&g);
	}
	for (i = 0; index && i < 1 + rnd(ARGS_MAX); i++) {
		enum type t = ANY(types);

		if (t == PAIR && pair)
			t = NUM;
		pair |= t == PAIR;
		g.f->args[g.f->nr_args++] = t;
		g.reg[i + 1] = t;
	}
	for (i = 0; i < steps && g.f->n < ROOM - 120; i++)
		gen_step(&g);
	gen_return(&g);
}

void gen_program(struct sim_program *p)
{
	uint32_t i;

	p->nr = rnd(3) ? 1 + rnd(FUNCTIONS) : 1;
	for (i = p->nr; i-- > 0;)
		gen_function(p, i);
}
