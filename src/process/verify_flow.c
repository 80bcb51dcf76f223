/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The shape of a program before it is walked. In: raw instructions. Out: each one's form,
 * functions, blocks, an order in which to walk them, and which registers are still looked at.
 * Refused: what is not in the instruction set, reserved fields, jumps out of their function
 * or into the middle of an instruction, functions that run off their end.
 *
 * The order is a reverse post-order of a depth-first search that leaves loops first: so a
 * block comes after all that lead to it, but for jumps back, and a loop is done with before
 * what follows it is looked at. Loops are found by where the search meets its own path.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "process/verify_walk.h"

#define ALL_REGS    0x3ff
#define LIVE_ROUNDS 16

enum { START_FUNCTION = 1, START_JUMP = 2, START_CALL = 4, START_BLOCK = 8, START_CALLBACK = 16 };

static int bad(struct verifier *v, uint32_t pc, const char *what)
{
	return verify_refuse_at(v, pc, TAG_INSN, "instruction %u %s", pc, what);
}

static int check_map(struct verifier *v, uint32_t pc, const struct bpf_insn *i)
{
	const struct verify_map *m;

	if (i->off || i->dst_reg > FP)
		return bad(v, pc, "has a reserved field that is not 0");
	if (i->dst_reg == FP)
		return bad(v, pc, "writes to r10, the read-only frame pointer");
	if ((uint32_t)i->imm >= v->in->nr_maps)
		return verify_refuse_at(v, pc, TAG_MAP, "it names map %d, of %u", i->imm, v->in->nr_maps);
	m = &v->in->maps[i->imm];
	if (i->src_reg == BPF_PSEUDO_MAP_FD)
		return i[1].imm ? bad(v, pc, "has a reserved field that is not 0") : 0;
	if (m->type != BPF_MAP_TYPE_ARRAY || m->max_entries != 1)
		return verify_refuse_at(v, pc, TAG_MAP, "it takes the address of a value in map %s, which is no array of one element", m->name);
	if ((uint32_t)i[1].imm >= m->value_size)
		return verify_refuse_at(v, pc, TAG_MAP, "it takes the address of byte %u in map %s, whose value has %u bytes",
		                        (uint32_t)i[1].imm, m->name, m->value_size);
	return 0;
}

static int check_insn(struct verifier *v, const struct op_index *x, uint32_t pc, uint32_t *slots)
{
	const struct bpf_insn *i = &v->in->insns[pc], *second = i + 1;
	bool wide = i->code == (BPF_LD | BPF_IMM | BPF_DW);
	const struct op_row *row;

	*slots = 1;
	if (wide) {
		if (pc + 1 >= v->in->nr_insns || second->code || second->dst_reg || second->src_reg || second->off)
			return bad(v, pc, "is a 64-bit load without its second half");
		*slots = 2;
		v->form[pc + 1] = FORM_SECOND;
		if (i->src_reg == BPF_PSEUDO_MAP_FD || i->src_reg == BPF_PSEUDO_MAP_VALUE) {
			v->form[pc] = i->src_reg == BPF_PSEUDO_MAP_FD ? FORM_MAP : FORM_MAP_VALUE;
			return check_map(v, pc, i);
		}
	}
	row = decode_find(x, i);
	if (!row)
		return bad(v, pc, "is not in the instruction set");
	if (decode_reserved(row, i) || (row->form == FORM_LDFUNC && second->imm))
		return bad(v, pc, "has a reserved field that is not 0");
	if (i->dst_reg > FP || (row->field != FIELD_SRC && i->src_reg > FP))
		return bad(v, pc, "names a register above r10");
	if (decode_writes_fp(row, i))
		return bad(v, pc, "writes to r10, the read-only frame pointer");
	v->form[pc] = (uint8_t)row->form;
	v->op[pc] = (uint16_t)(row - op_rows);
	if (row->form == FORM_HELPER && !verify_helper_row(i->imm))
		return verify_refuse_at(v, pc, TAG_HELPER, "it calls helper %d, which this engine does not have", i->imm);
	return 0;
}

/* Distance of a jump, call or address, from the next slot. */
static int64_t distance(const struct verifier *v, uint32_t pc)
{
	const struct bpf_insn *i = &v->in->insns[pc];

	switch (v->form[pc]) {
	case FORM_GOTOL:
	case FORM_CALL:
	case FORM_LDFUNC:
		return i->imm;
	default:
		return i->off;
	}
}

/* The slot that it leads to, or -1: none where an instruction begins. */
static int64_t target(const struct verifier *v, uint32_t pc)
{
	int64_t at = (int64_t)pc + 1 + distance(v, pc);

	return at < 0 || at >= v->in->nr_insns || v->form[at] == FORM_SECOND ? -1 : at;
}

static bool is_jump(const struct verifier *v, uint32_t pc)
{
	return v->form[pc] == FORM_JUMP_K || v->form[pc] == FORM_JUMP_X || v->form[pc] == FORM_GOTO ||
	       v->form[pc] == FORM_GOTOL;
}

static bool is_goto(const struct verifier *v, uint32_t pc)
{
	return v->form[pc] == FORM_GOTO || v->form[pc] == FORM_GOTOL;
}

static bool calls_back(const struct verifier *v, uint32_t pc)
{
	return v->form[pc] == FORM_HELPER && verify_helper_row(v->in->insns[pc].imm)->needs == NEEDS_CALLS;
}

static int find_functions(struct verifier *v)
{
	uint32_t pc, n = 1, k = 0, nr = v->in->nr_insns;
	int64_t at;

	v->starts[0] = START_FUNCTION;
	for (pc = 0; pc < nr; pc++) {
		if (v->form[pc] != FORM_CALL && v->form[pc] != FORM_LDFUNC)
			continue;
		at = target(v, pc);
		if (at < 0)
			return verify_refuse_at(v, pc, TAG_JUMP, "it calls where no instruction begins");
		n += !(v->starts[at] & START_FUNCTION);
		v->starts[at] |= START_FUNCTION;
	}
	v->functions = calloc(n, sizeof(*v->functions));
	if (!v->functions)
		return error_nomem(v->e);
	for (pc = 0; pc < nr; pc++)
		if (v->starts[pc] & START_FUNCTION)
			v->functions[k++].first = pc;
	v->nr_functions = n;
	for (k = 0; k < n; k++)
		v->functions[k].nr = (k + 1 < n ? v->functions[k + 1].first : nr) - v->functions[k].first;
	return 0;
}

static int mark_starts(struct verifier *v, const struct verify_function *f)
{
	uint32_t pc, end = f->first + f->nr, last = end - 1;
	int64_t at;

	for (pc = f->first; pc < end; pc++) {
		if (is_jump(v, pc)) {
			at = target(v, pc);
			if (at < f->first || at >= end)
				return verify_refuse_at(v, pc, TAG_JUMP, "it jumps out of its function, or to where no instruction begins");
			v->starts[at] |= START_JUMP;
		} else if (calls_back(v, pc)) {
			v->starts[pc] |= START_CALLBACK;
		}
		if (pc + 1 < end && (is_jump(v, pc) || v->form[pc] == FORM_EXIT))
			v->starts[pc + 1] |= START_BLOCK;
		if (pc + 1 < end && (v->form[pc] == FORM_CALL || calls_back(v, pc)))
			v->starts[pc + 1] |= START_CALL;
	}
	if (v->form[last] != FORM_EXIT && !is_goto(v, last))
		return verify_refuse_at(v, last, TAG_JUMP, "a function ends there, and neither with exit nor with a jump");
	return 0;
}

static int find_blocks(struct verifier *v)
{
	uint32_t pc, k, n = 0, f = 0;

	for (pc = 0; pc < v->in->nr_insns; pc++)
		n += v->starts[pc] != 0;
	v->blocks = calloc(n, sizeof(*v->blocks));
	v->function_of = calloc(n, sizeof(*v->function_of));
	if (!v->blocks || !v->function_of)
		return error_nomem(v->e);
	for (pc = 0, k = 0; pc < v->in->nr_insns; pc++) {
		v->block_at[pc] = NO_BLOCK;
		if (!v->starts[pc])
			continue;
		if (f + 1 < v->nr_functions && pc == v->functions[f + 1].first)
			f++;
		if (!v->functions[f].nr_blocks++)
			v->functions[f].first_block = k;
		v->blocks[k].first = pc;
		v->blocks[k].meets = v->starts[pc] != START_BLOCK;
		v->blocks[k].loops = v->starts[pc] & START_CALLBACK;
		v->function_of[k] = f;
		v->block_at[pc] = k++;
	}
	v->nr_blocks = n;
	return 0;
}

static uint32_t block_last(const struct verifier *v, uint32_t b)
{
	uint32_t end = b + 1 < v->nr_blocks ? v->blocks[b + 1].first : v->in->nr_insns;

	return v->form[end - 1] == FORM_SECOND ? end - 2 : end - 1;
}

/* Blocks that follow; how many (at most 2). */
static uint32_t successors(const struct verifier *v, uint32_t b, uint32_t next[2])
{
	uint32_t last = block_last(v, b), n = 0;

	if (v->form[last] == FORM_EXIT)
		return 0;
	if (!is_goto(v, last))
		next[n++] = b + 1;
	if (is_jump(v, last))
		next[n++] = v->block_at[target(v, last)];
	return n;
}

struct search {
	uint32_t *path;   /* blocks on the way here */
	uint8_t *colour;  /* 0 new, 1 on the path, 2 done; bits 2 and 3: successors seen */
	uint32_t *jumps;  /* how many ways lead to the block */
	uint32_t *depth;  /* loops around each instruction, by jumps back */
};

static void search_function(struct verifier *v, const struct verify_function *f, struct search *s)
{
	uint32_t nr = 0, order = f->nr_blocks, next[2], n, k, b;

	s->path[nr++] = f->first_block;
	s->colour[f->first_block] = 1;
	while (nr) {
		b = s->path[nr - 1];
		n = successors(v, b, next);
		k = s->colour[b] >> 2;
		if (k == n) {
			s->colour[b] = 2;
			v->blocks[b].order = --order;
			nr--;
			continue;
		}
		s->colour[b] += 4;
		/* out of a loop first */
		if (n == 2 && s->depth[v->blocks[next[0]].first] > s->depth[v->blocks[next[1]].first])
			k = 1 - k;
		b = next[k];
		s->jumps[b]++;
		if (!(s->colour[b] & 3)) {
			s->colour[b] = 1;
			s->path[nr++] = b;
		} else if ((s->colour[b] & 3) == 1) {
			uint32_t from = block_last(v, s->path[nr - 1]);

			v->blocks[b].loops = v->blocks[b].meets = true;
			if (from > v->blocks[b].loop_end)
				v->blocks[b].loop_end = from;
		}
	}
}

static void loop_depths(const struct verifier *v, uint32_t *depth)
{
	uint32_t pc, sum = 0;

	for (pc = 0; pc < v->in->nr_insns; pc++)
		if (is_jump(v, pc) && target(v, pc) <= pc) {
			depth[target(v, pc)]++;
			depth[pc + 1]--;
		}
	for (pc = 0; pc < v->in->nr_insns; pc++)
		depth[pc] = sum += depth[pc];
}

static int find_order(struct verifier *v)
{
	struct search s = {
		.path = malloc(v->nr_blocks * sizeof(uint32_t)),
		.colour = calloc(v->nr_blocks, 1),
		.jumps = calloc(v->nr_blocks, sizeof(uint32_t)),
		.depth = calloc(v->in->nr_insns + 1, sizeof(uint32_t)),
	};
	uint32_t k;
	int err = 0;

	if (!s.path || !s.colour || !s.jumps || !s.depth) {
		err = error_nomem(v->e);
		goto out;
	}
	loop_depths(v, s.depth);
	for (k = 0; k < v->nr_functions; k++)
		search_function(v, &v->functions[k], &s);
	for (k = 0; k < v->nr_blocks; k++)
		v->blocks[k].once = s.jumps[k] == 1 && !v->blocks[k].loops &&
		                    !(v->starts[v->blocks[k].first] & (START_FUNCTION | START_CALL));
out:
	free(s.path);
	free(s.colour);
	free(s.jumps);
	free(s.depth);
	return err;
}

/* Registers that an instruction reads and writes. */
static void uses(const struct verifier *v, uint32_t pc, uint16_t *reads, uint16_t *writes)
{
	const struct bpf_insn *i = &v->in->insns[pc];
	uint16_t dst = (uint16_t)(1u << i->dst_reg), src = (uint16_t)(1u << i->src_reg);

	*reads = *writes = 0;
	switch (v->form[pc]) {
	case FORM_ALU_K:
	case FORM_ALU_1:
		*reads = BPF_OP(i->code) == BPF_MOV ? 0 : dst;
		*writes = dst;
		break;
	case FORM_ALU_X:
		*reads = src | (BPF_OP(i->code) == BPF_MOV ? 0 : dst);
		*writes = dst;
		break;
	case FORM_JUMP_X:
	case FORM_STORE_X:
		*reads = dst | src;
		break;
	case FORM_JUMP_K:
	case FORM_STORE_K:
		*reads = dst;
		break;
	case FORM_HELPER:
		*reads = (uint16_t)((1u << (verify_helper_args(verify_helper_row(i->imm)) + 1)) - 2);
		*writes = 0x3f;
		break;
	case FORM_CALL:
		*reads = 0x3e;
		*writes = 0x3f;
		break;
	case FORM_EXIT:
		*reads = 1;
		break;
	case FORM_LD64:
	case FORM_LDFUNC:
	case FORM_MAP:
	case FORM_MAP_VALUE:
		*writes = dst;
		break;
	case FORM_LOAD:
		*reads = src;
		*writes = dst;
		break;
	case FORM_ATOMIC:
		*reads = dst | src | (i->imm == BPF_CMPXCHG ? 1 : 0);
		break; /* what it writes, it reads as well */
	default:
		break;
	}
}

static void find_live(struct verifier *v)
{
	uint16_t reads, writes, live;
	uint32_t b, pc, next[2], n, round;
	bool changed = true;

	for (round = 0; changed && round < LIVE_ROUNDS; round++) {
		changed = false;
		for (b = v->nr_blocks; b-- > 0;) {
			n = successors(v, b, next);
			live = n ? v->blocks[next[0]].live : 0;
			live |= n > 1 ? v->blocks[next[1]].live : 0;
			for (pc = block_last(v, b) + 1; pc-- > v->blocks[b].first;) {
				if (v->form[pc] == FORM_SECOND)
					continue;
				uses(v, pc, &reads, &writes);
				live = (uint16_t)((live & ~writes) | reads);
			}
			live &= ALL_REGS;
			changed |= live != v->blocks[b].live;
			v->blocks[b].live = live;
		}
	}
	for (b = 0; changed && b < v->nr_blocks; b++)
		v->blocks[b].live = ALL_REGS;
}

int verify_flow(struct verifier *v)
{
	uint32_t pc, nr = v->in->nr_insns, slots;
	struct op_index x;
	int err = 0;

	v->form = calloc(nr, 1);
	v->starts = calloc(nr, 1);
	v->op = calloc(nr, sizeof(*v->op));
	v->block_at = calloc(nr, sizeof(*v->block_at));
	if (!v->form || !v->starts || !v->op || !v->block_at)
		return error_nomem(v->e);
	decode_index(&x);
	for (pc = 0; !err && pc < nr; pc += slots)
		err = check_insn(v, &x, pc, &slots);
	if (!err)
		err = find_functions(v);
	for (pc = 0; !err && pc < v->nr_functions; pc++)
		err = mark_starts(v, &v->functions[pc]);
	if (!err)
		err = find_blocks(v);
	if (!err)
		err = find_order(v);
	if (!err)
		find_live(v);
	return err;
}
