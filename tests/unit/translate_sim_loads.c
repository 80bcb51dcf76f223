/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Random idioms that read the user-ized structs: fields of every width, by pointers that
 * differ by path, by constants that do, by indices, in loops.
 */
#include "translate_sim_gen.h"

int pick(const struct gen *g, enum type t)
{
	unsigned start = rnd(10), i;

	for (i = 0; i < 10; i++)
		if (g->reg[(start + i) % 10] == t)
			return (int)((start + i) % 10);
	return -1;
}

unsigned any(const struct gen *g)
{
	unsigned r;

	do
		r = rnd(10);
	while (g->reg[r] == CTX || g->reg[r] == PAIR);
	return r;
}

int other(const struct gen *g, int a, int b, int c)
{
	int r = (int)any(g), tries;

	for (tries = 0; tries < 20 && (r == a || r == b || r == c); tries++)
		r = (int)any(g);
	return r == a || r == b || r == c ? -1 : r;
}

/* Loads of the stable structs that mean something; those of both lie at one offset. */
static const struct place alpha_places[] = {
	{ 0, 4, NUM },    { 0, 2, NUM },   { 1, 1, NUM },   { 4, 2, NUM },   { 5, 1, NUM },   { 6, 2, NUM },
	{ 7, 1, NUM },    { 0, 8, NUM },   { 4, 4, NUM },   { 8, 8, NUM },   { 8, 4, NUM },   { 12, 4, NUM },
	{ 15, 1, NUM },   { 16, 8, NUM },  { 24, 8, NUM },  { 19, 1, NUM },  { 20, 4, NUM },  { 32, 8, BETA },
	{ 40, 4, NUM },   { 40, 1, NUM },  { 44, 4, NUM },  { 40, 8, NUM },  { 48, 1, NUM },  { 49, 1, NUM },
	{ 48, 2, NUM },   { 48, 8, NUM },  { 52, 4, NUM },  { 54, 2, NUM },  { 56, 8, NUM },  { 80, 8, NUM },
	{ 84, 4, NUM },   { 88, 4, NUM },  { 92, 4, NUM },  { 88, 8, NUM },  { 96, 4, NUM },  { 98, 2, NUM },
	{ 104, 8, BETA }, { 48, 4, NUM },  { 120, 8, NUM }, { 124, 4, NUM }, { 136, 4, NUM }, { 136, 8, NUM },
	{ 144, 8, NUM },  { 152, 8, NUM }, { 151, 1, NUM }, { 155, 1, NUM }, { 160, 8, NUM }, { 312, 8, NUM },
	{ 138, 2, NUM },
};
static const struct place beta_places[] = {
	{ 0, 4, NUM }, { 4, 4, NUM }, { 0, 8, NUM }, { 6, 1, NUM }, { 5, 1, NUM }, { 8, 8, NUM }, { 12, 4, NUM },
	{ 32, 8, ALPHA },
};
static const struct place task_places[] = {
	{ 0, 4, NUM }, { 4, 4, NUM }, { 0, 8, NUM }, { 8, 8, ALPHA }, { 16, 8, NUM }, { 20, 1, NUM }, { 5, 1, NUM },
};
static const struct place both_places[] = { { 0, 4, NUM }, { 8, 8, NUM }, { 0, 2, NUM }, { 12, 4, NUM }, { 0, 8, NUM } };

struct place any_place(enum type t)
{
	switch (t) {
	case ALPHA:
		return ANY(alpha_places);
	case BETA:
		return ANY(beta_places);
	case TASK:
		return ANY(task_places);
	default:
		return ANY(both_places);
	}
}

void load(struct gen *g, unsigned dst, unsigned base, int delta, struct place p)
{
	bool sign = p.size < 8 && rnd(6) == 0;

	put(g, BPF_LDX | (sign ? INSN_MEMSX : BPF_MEM) | insn_size_code((uint32_t)p.size), dst, base, p.off - delta, 0);
	g->reg[dst] = p.gives;
}

static int pick_struct(const struct gen *g)
{
	static const enum type types[] = { ALPHA, ALPHA, BETA, TASK, EITHER };

	return pick(g, ANY(types));
}

void gen_field(struct gen *g)
{
	int base = pick_struct(g);
	unsigned dst = any(g), via;
	enum type t;

	if (base < 0)
		return;
	t = g->reg[base];
	if (rnd(4)) {
		load(g, dst, (unsigned)base, 0, any_place(t));
		return;
	}
	via = any(g); /* through a copy with a constant added */
	mov(g, via, (unsigned)base);
	add(g, via, 24);
	load(g, dst, via, 24, any_place(t));
	if (dst != via)
		number(g, via, (int32_t)rnd(1000));
}

void gen_arg(struct gen *g)
{
	static const enum type types[] = { ALPHA, BETA, NUM, NUM, TASK };
	int ctx = pick(g, CTX);
	unsigned dst = any(g), arg = rnd(5);

	if (ctx < 0)
		return;
	if (types[arg] == NUM && rnd(4) == 0)
		load(g, dst, (unsigned)ctx, 0, (struct place){ (int)(8 * arg) + 4, 4, NUM });
	else if (types[arg] == NUM && rnd(2))
		load(g, dst, (unsigned)ctx, 0, (struct place){ (int)(8 * arg), 1 << rnd(3), NUM });
	else
		load(g, dst, (unsigned)ctx, 0, (struct place){ (int)(8 * arg), 8, types[arg] });
}

/* "r2 = r1 + 8 | r1" and "r1 + (flag ? 8 : 0)", then one load */
void gen_arg_by_path(struct gen *g)
{
	int ctx = pick(g, CTX), n = pick(g, NUM), to = other(g, ctx, n, -1);
	unsigned dst = any(g);

	if (ctx < 0 || n < 0 || to < 0)
		return;
	if (rnd(2)) {
		mov(g, (unsigned)to, (unsigned)ctx);
		skip_if(g, (unsigned)n, 1, 1);
		add(g, (unsigned)to, 8);
	} else {
		number(g, (unsigned)to, 0);
		skip_if(g, (unsigned)n, 2, 1);
		number(g, (unsigned)to, 8);
		put(g, BPF_ALU64 | BPF_ADD | BPF_X, (unsigned)to, (unsigned)ctx, 0, 0);
	}
	load(g, dst, (unsigned)to, 0, (struct place){ 0, 8, EITHER });
	if ((int)dst != to)
		number(g, (unsigned)to, 4);
}

/* "flag ? x : y" of two kinds, then one load: what clang makes of k = flag ? a->f : b->g */
void gen_merge(struct gen *g)
{
	int a = pick(g, ALPHA), b = pick(g, rnd(2) ? BETA : ALPHA), n = pick(g, NUM), to = other(g, b, n, -1);
	unsigned dst = any(g), delta = rnd(2) ? 8 : 0;
	struct place p = ANY(both_places);

	if (a < 0 || b < 0 || n < 0 || to < 0)
		return;
	if (g->reg[b] == ALPHA && rnd(2)) { /* two fields of one struct, by path */
		skip_if(g, (unsigned)n, 2, 2);
		mov(g, (unsigned)to, (unsigned)a);
		put(g, BPF_JMP | BPF_JA, 0, 0, 2, 0);
		mov(g, (unsigned)to, (unsigned)b);
		add(g, (unsigned)to, 40);
		p = (struct place){ 0, 4, NUM };
		delta = 0;
	} else {
		skip_if(g, (unsigned)n, 1, 3);
		mov(g, (unsigned)to, (unsigned)a);
		add(g, (unsigned)to, (int32_t)delta);
		put(g, BPF_JMP | BPF_JA, 0, 0, 2, 0);
		mov(g, (unsigned)to, (unsigned)b);
		add(g, (unsigned)to, (int32_t)delta);
		g->reg[to] = EITHER;
		if (!delta && rnd(2))
			return;
	}
	load(g, dst, (unsigned)to, (int)delta, p);
	if ((int)dst != to)
		number(g, (unsigned)to, 3);
}

/* A number by path that picks a field: constants that become addresses. */
void gen_constant(struct gen *g)
{
	int a = pick(g, ALPHA), n = pick(g, NUM), to = other(g, a, n, -1);
	unsigned dst = any(g);

	if (a < 0 || n < 0 || to < 0)
		return;
	number(g, (unsigned)to, 40);
	skip_if(g, (unsigned)n, 4, 1);
	number(g, (unsigned)to, (int32_t)(rnd(2) ? 0 : 88));
	put(g, BPF_ALU64 | BPF_ADD | BPF_X, (unsigned)to, (unsigned)a, 0, 0);
	load(g, dst, (unsigned)to, 0, (struct place){ 0, 4, NUM });
	if ((int)dst != to)
		number(g, (unsigned)to, 1);
}

void gen_index(struct gen *g)
{
	int a = pick(g, ALPHA), n = pick(g, NUM), p = other(g, a, n, -1);
	unsigned dst = any(g), kind = rnd(4);
	struct place at = { 56, 8, NUM };

	if (a < 0 || n < 0 || p < 0 || a == n)
		return;
	put(g, BPF_ALU64 | BPF_MOV | BPF_X, (unsigned)p, (unsigned)n, 0, 0);
	switch (kind) {
	case 0:
		put(g, BPF_ALU64 | BPF_AND | BPF_K, (unsigned)p, 0, 0, 3);
		break;
	case 1: /* not from the first element on */
		put(g, BPF_ALU64 | BPF_AND | BPF_K, (unsigned)p, 0, 0, 1);
		add(g, (unsigned)p, 2);
		break;
	case 2: /* a long one, read by a fetch */
		put(g, BPF_ALU64 | BPF_MOD | BPF_K, (unsigned)p, 0, 0, 18);
		add(g, (unsigned)p, (int32_t)rnd(3));
		at.off = 160;
		break;
	default:
		put(g, BPF_ALU64 | BPF_AND | BPF_K, (unsigned)p, 0, 0, 15);
		at = (struct place){ rnd(2) ? 16 : 144, 1, NUM };
		break;
	}
	if (kind < 3)
		put(g, BPF_ALU64 | BPF_LSH | BPF_K, (unsigned)p, 0, 0, 3);
	if (rnd(2)) {
		put(g, BPF_ALU64 | BPF_ADD | BPF_X, (unsigned)p, (unsigned)a, 0, 0);
	} else {
		int q = other(g, a, n, p);

		if (q < 0)
			return;
		mov(g, (unsigned)q, (unsigned)a);
		put(g, BPF_ALU64 | BPF_ADD | BPF_X, (unsigned)q, (unsigned)p, 0, 0);
		number(g, (unsigned)p, 2);
		p = q;
	}
	load(g, dst, (unsigned)p, 0, at);
	if ((int)dst != p)
		number(g, (unsigned)p, 9);
}

static void loop_end(struct gen *g, unsigned c, int32_t step, int32_t stop, uint32_t head)
{
	add(g, c, step);
	put(g, BPF_JMP | (rnd(2) && step > 0 ? BPF_JLT : BPF_JNE) | BPF_K, c, 0, (int)head - (int)g->f->n - 1, stop);
}

/* Loops as clang leaves them: a counter, a walk, an index, a pointer that is moved (LSR). */
void gen_loop(struct gen *g)
{
	int a = pick(g, ALPHA), c = other(g, a, -1, -1), s = other(g, a, c, -1), q = other(g, a, c, s);
	unsigned kind = rnd(4);
	uint32_t head;

	if (a < 0 || c < 0 || s < 0 || q < 0)
		return;
	number(g, (unsigned)s, 1);
	number(g, (unsigned)c, 0);
	mov(g, (unsigned)q, (unsigned)a);
	head = g->f->n;
	switch (kind) {
	case 0: /* p = p->back of p->vp, in place */
		put(g, BPF_LDX | BPF_MEM | BPF_DW, (unsigned)q, (unsigned)q, rnd(2) ? 104 : 32, 0);
		put(g, BPF_LDX | BPF_MEM | BPF_DW, (unsigned)q, (unsigned)q, 32, 0);
		put(g, BPF_ALU64 | BPF_ADD | BPF_K, (unsigned)s, 0, 0, 3);
		loop_end(g, (unsigned)c, 1, 1 + (int32_t)rnd(12), head);
		g->reg[q] = ALPHA;
		break;
	case 1: /* an index from a counter */
		put(g, BPF_ALU64 | BPF_MOV | BPF_X, (unsigned)q, (unsigned)c, 0, 0);
		put(g, BPF_ALU64 | BPF_LSH | BPF_K, (unsigned)q, 0, 0, 3);
		put(g, BPF_ALU64 | BPF_ADD | BPF_X, (unsigned)q, (unsigned)a, 0, 0);
		put(g, BPF_LDX | BPF_MEM | BPF_DW, (unsigned)q, (unsigned)q, 56, 0);
		put(g, BPF_ALU64 | BPF_XOR | BPF_X, (unsigned)s, (unsigned)q, 0, 0);
		loop_end(g, (unsigned)c, 1, 1 + (int32_t)rnd(4), head);
		g->reg[q] = NUM;
		break;
	case 2: { /* the pointer is moved, a counter runs down */
		int v = other(g, a, q, c);

		if (v < 0 || v == s) {
			g->reg[q] = ALPHA;
			return;
		}
		number(g, (unsigned)c, 4);
		head = g->f->n;
		put(g, BPF_LDX | BPF_MEM | BPF_DW, (unsigned)v, (unsigned)q, 56, 0);
		put(g, BPF_ALU64 | BPF_ADD | BPF_X, (unsigned)s, (unsigned)v, 0, 0);
		add(g, (unsigned)q, 8);
		loop_end(g, (unsigned)c, -1, 0, head);
		number(g, (unsigned)q, 5);
		g->reg[v] = NUM;
		break;
	}
	default: /* the offset is moved */
		mov(g, (unsigned)q, (unsigned)a);
		put(g, BPF_ALU64 | BPF_ADD | BPF_X, (unsigned)q, (unsigned)c, 0, 0);
		put(g, BPF_LDX | BPF_MEM | BPF_DW, (unsigned)q, (unsigned)q, 160, 0);
		put(g, BPF_ALU64 | BPF_XOR | BPF_X, (unsigned)s, (unsigned)q, 0, 0);
		loop_end(g, (unsigned)c, 8, 8 * (1 + (int32_t)rnd(20)), head);
		g->reg[q] = NUM;
		break;
	}
	g->reg[c] = g->reg[s] = NUM;
}
