/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Control flow and liveness. In: a function's instructions. Out: basic blocks in the
 * order of the code, and for each instruction which registers and stack slots are alive
 * before and after it: once as values (may a register be used as scratch?) and once as
 * addresses (does a later load need to know what it points to?). Refused: jumps that leave
 * the function or land inside a ld_imm64, code that falls off the end.
 *
 * Both kinds of liveness run backwards over the blocks until nothing changes. An address is
 * needed by the base of a load or store and by the arguments of calls; moves, constant
 * arithmetic and spills carry the need to their source.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "analyze/cfg.h"
#include "analyze/insn.h"

#define BIT(r) ((uint16_t)(1u << (r)))
#define MAX_INSNS 1000000 /* BPF_COMPLEXITY_LIMIT_INSNS; values' ids count on it */

/* Arguments of a call: all five where the callee is not known. */
static uint16_t call_uses(const struct bpf_insn *i)
{
	if (BPF_SRC(i->code) == BPF_X)
		return INSN_ARGS | BIT(i->dst_reg);
	return (uint16_t)(i->src_reg ? INSN_ARGS : (2u << insn_helper_args(i->imm)) - 2);
}

uint16_t insn_uses(const struct bpf_insn *i)
{
	switch (BPF_CLASS(i->code)) {
	case BPF_ALU:
	case BPF_ALU64:
		if (BPF_OP(i->code) == BPF_MOV)
			return BPF_SRC(i->code) == BPF_X ? BIT(i->src_reg) : 0;
		if (BPF_OP(i->code) == BPF_END || BPF_OP(i->code) == BPF_NEG)
			return BIT(i->dst_reg);
		return BIT(i->dst_reg) | (BPF_SRC(i->code) == BPF_X ? BIT(i->src_reg) : 0);
	case BPF_LDX:
		return BIT(i->src_reg);
	case BPF_ST:
		return BIT(i->dst_reg);
	case BPF_STX:
		if (BPF_MODE(i->code) == BPF_ATOMIC && i->imm == BPF_CMPXCHG)
			return BIT(i->dst_reg) | BIT(i->src_reg) | BIT(0);
		return BIT(i->dst_reg) | BIT(i->src_reg);
	case BPF_LD: /* ld_abs and ld_ind read the context in r6 */
		if (BPF_MODE(i->code) == BPF_ABS)
			return BIT(6);
		if (BPF_MODE(i->code) == BPF_IND)
			return BIT(6) | BIT(i->src_reg);
		return 0;
	default: /* jumps */
		if (insn_is_exit(i))
			return BIT(0);
		if (insn_is_goto(i))
			return 0;
		if (insn_is_call(i))
			return call_uses(i);
		return BIT(i->dst_reg) | (BPF_SRC(i->code) == BPF_X ? BIT(i->src_reg) : 0);
	}
}

uint16_t insn_defs(const struct bpf_insn *i)
{
	switch (BPF_CLASS(i->code)) {
	case BPF_ALU:
	case BPF_ALU64:
	case BPF_LDX:
		return BIT(i->dst_reg);
	case BPF_LD:
		if (BPF_MODE(i->code) == BPF_IMM)
			return BIT(i->dst_reg);
		return BIT(0) | INSN_ARGS;
	case BPF_STX:
		if (BPF_MODE(i->code) != BPF_ATOMIC)
			return 0;
		if (i->imm == BPF_CMPXCHG)
			return BIT(0);
		return i->imm & BPF_FETCH ? BIT(i->src_reg) : 0;
	case BPF_JMP:
		return insn_is_call(i) ? BIT(0) | INSN_ARGS : 0;
	default:
		return 0;
	}
}

/* The slots that [off, off+size) from the frame pointer touches. */
static uint64_t slots_of(int32_t off, uint32_t size)
{
	uint64_t mask = 0;
	int32_t at;

	for (at = off; at < off + (int32_t)size; at++)
		if (at < 0 && at >= -512)
			mask |= 1ull << ((-at - 1) / 8);
	return mask;
}

static bool is_spill_width(const struct bpf_insn *i)
{
	return BPF_SIZE(i->code) == BPF_DW && i->off % 8 == 0;
}

/*
 * Let @a, alive after the instruction, become what is alive before it. @returns: what the
 * function returns goes to a caller that may load through it.
 */
static void step_back(const struct bpf_insn *i, bool returns, struct alive *a)
{
	uint16_t defs = insn_defs(i), needed = a->address & defs;
	uint64_t slots;

	a->regs = (a->regs & ~defs) | insn_uses(i);
	a->address &= ~defs;
	if (insn_is_exit(i)) {
		a->address |= returns ? BIT(0) : 0;
	} else if (insn_is_call(i)) {
		a->address |= insn_uses(i) & INSN_ARGS;
		if (insn_is_local_call(i)) /* it may be handed a pointer to any slot */
			a->slots = UINT64_MAX;
	} else if (insn_is_alu(i)) {
		if (needed && BPF_OP(i->code) != BPF_MOV)
			a->address |= BIT(i->dst_reg);
		if (needed && BPF_SRC(i->code) == BPF_X && BPF_OP(i->code) != BPF_END)
			a->address |= BIT(i->src_reg);
	} else if (BPF_CLASS(i->code) == BPF_LDX) {
		a->address |= BIT(i->src_reg);
		if (needed)
			a->slots |= i->src_reg == FP ? slots_of(i->off, insn_size(i)) : UINT64_MAX;
	} else if (insn_is_store(i)) {
		a->address |= BIT(i->dst_reg);
		if (i->dst_reg != FP || insn_is_atomic(i)) {
			/* perhaps a spill through a pointer into the stack */
			if (BPF_CLASS(i->code) == BPF_STX && BPF_SIZE(i->code) == BPF_DW && a->slots)
				a->address |= BIT(i->src_reg);
			return;
		}
		slots = slots_of(i->off, insn_size(i));
		if (BPF_CLASS(i->code) == BPF_STX && is_spill_width(i) && (a->slots & slots))
			a->address |= BIT(i->src_reg);
		if (is_spill_width(i))
			a->slots &= ~slots;
	}
}

static bool merge_alive(struct alive *to, const struct alive *from)
{
	struct alive old = *to;

	to->regs |= from->regs;
	to->address |= from->address;
	to->slots |= from->slots;
	return old.regs != to->regs || old.address != to->address || old.slots != to->slots;
}

/* What is alive before block @b, by what is known of its successors. True if that grew. */
static bool alive_block(struct cfg *g, uint32_t b)
{
	const struct bpf_insn *insns = g->function->insns;
	const struct block *k = &g->blocks[b];
	struct alive a = { 0 };
	uint32_t i;

	if (k->next >= 0)
		merge_alive(&a, &g->before[g->blocks[k->next].first]);
	if (k->taken >= 0)
		merge_alive(&a, &g->before[g->blocks[k->taken].first]);
	for (i = k->end; i-- > k->first;) {
		g->after[i] = a;
		/* the second half of a ld_imm64 is no instruction: code 0 defines r0 */
		if (i == k->first || !insn_is_ld_imm64(&insns[i - 1]) || insns[i].code)
			step_back(&insns[i], g->function->subprogram, &a);
		if (i == k->first)
			return merge_alive(&g->before[i], &a);
		g->before[i] = a;
	}
	return false;
}

/*
 * Who jumps to or falls into each block: heads[b] .. heads[b + 1] in from[]. Then a stack
 * of blocks whose successors changed, the last one of the code first.
 */
static bool find_alive(struct cfg *g)
{
	uint32_t n = g->nr_blocks, b, top = 0, *heads, *from, *stack;
	uint8_t *queued = calloc(n, 1);
	bool ok;

	heads = calloc((size_t)n + 2, sizeof(*heads));
	from = calloc((size_t)n * 2, sizeof(*from));
	stack = calloc(n, sizeof(*stack));
	ok = queued && heads && from && stack;
	if (!ok)
		goto out;
	for (b = 0; b < n; b++) {
		if (g->blocks[b].next >= 0)
			heads[g->blocks[b].next + 2]++;
		if (g->blocks[b].taken >= 0)
			heads[g->blocks[b].taken + 2]++;
	}
	for (b = 2; b < n + 2; b++)
		heads[b] += heads[b - 1];
	for (b = 0; b < n; b++) {
		if (g->blocks[b].next >= 0)
			from[heads[g->blocks[b].next + 1]++] = b;
		if (g->blocks[b].taken >= 0)
			from[heads[g->blocks[b].taken + 1]++] = b;
		stack[top++] = b;
		queued[b] = 1;
	}
	while (top) {
		uint32_t i;

		b = stack[--top];
		queued[b] = 0;
		if (!alive_block(g, b))
			continue;
		for (i = heads[b]; i < heads[b + 1]; i++)
			if (!queued[from[i]]) {
				stack[top++] = from[i];
				queued[from[i]] = 1;
			}
	}
out:
	free(queued);
	free(heads);
	free(from);
	free(stack);
	return ok;
}

static int bad_jump(const struct function *f, uint32_t at, const char *why, struct abide_error *e)
{
	return error_set(e, -EINVAL, "bad-jump", "%s: instruction %u %s", f->name, at, why);
}

/* Mark where blocks start. */
static int find_leaders(const struct function *f, uint8_t *leader, uint8_t *second, struct abide_error *e)
{
	uint32_t i;
	int64_t to;

	for (i = 0; i < f->nr_insns; i++)
		if (insn_is_ld_imm64(&f->insns[i])) {
			if (i + 1 >= f->nr_insns)
				return bad_jump(f, i, "is half a 64-bit load", e);
			second[++i] = 1;
		}
	leader[0] = 1;
	for (i = 0; i < f->nr_insns; i++) {
		const struct bpf_insn *insn = &f->insns[i];

		if (second[i] || !insn_is_jump(insn))
			continue;
		if (insn_is_goto(insn) || insn_is_branch(insn)) {
			to = (int64_t)i + 1 + insn_jump(insn);
			if (to < 0 || to >= f->nr_insns || second[to])
				return bad_jump(f, i, "jumps out of its function or into another instruction", e);
			leader[to] = 1;
		} else if (!insn_is_exit(insn) && !insn_is_local_call(insn)) {
			continue;
		}
		if (i + 1 < f->nr_insns)
			leader[i + 1] = 1;
	}
	return 0;
}

static int make_blocks(struct cfg *g, const uint8_t *leader, struct abide_error *e)
{
	const struct function *f = g->function;
	uint32_t i, n = 0;

	for (i = 0; i < f->nr_insns; i++) {
		if (leader[i])
			g->blocks[n++] = (struct block){ .first = i, .next = -1, .taken = -1 };
		g->block_of[i] = n - 1;
		g->blocks[n - 1].end = i + 1;
	}
	g->nr_blocks = n;
	for (i = 0; i < n; i++) {
		struct block *k = &g->blocks[i];
		const struct bpf_insn *last = &f->insns[k->end - 1];

		if (k->end - k->first >= 2 && insn_is_ld_imm64(last - 1) && !last->code)
			last--; /* it ends with a 64-bit load */
		if (insn_is_exit(last))
			continue;
		if (insn_is_goto(last)) {
			k->next = (int32_t)g->block_of[(int64_t)k->end + insn_jump(last)];
			continue;
		}
		if (k->end >= f->nr_insns)
			return bad_jump(f, k->end - 1, "is the last one and does not exit", e);
		k->next = (int32_t)g->block_of[k->end];
		if (insn_is_branch(last))
			k->taken = (int32_t)g->block_of[(int64_t)k->end + insn_jump(last)];
	}
	return 0;
}

/* Stack that the code names: r10-based accesses and "rX = r10; rX += -N". */
static uint32_t find_frame(const struct function *f)
{
	int32_t low = 0, off;
	uint32_t i, k;

	for (i = 0; i < f->nr_insns; i++) {
		const struct bpf_insn *insn = &f->insns[i];

		off = 0;
		if (insn_is_load(insn) && insn->src_reg == FP)
			off = insn->off;
		else if (insn_is_store(insn) && insn->dst_reg == FP)
			off = insn->off;
		else if (insn->code == (BPF_ALU64 | BPF_MOV | BPF_X) && insn->src_reg == FP)
			for (k = i + 1; k < f->nr_insns && k < i + 8; k++)
				if (f->insns[k].code == (BPF_ALU64 | BPF_ADD | BPF_K) &&
				    f->insns[k].dst_reg == insn->dst_reg) {
					off = f->insns[k].imm;
					break;
				}
		if (off < low)
			low = off;
	}
	if (low < -512)
		low = -520; /* more than there is; the analysis refuses it where it is used */
	return (uint32_t)(-low + 7) & ~7u;
}

static void add_mark(struct cfg *g, uint64_t v)
{
	uint32_t at = 0;

	while (at < g->nr_marks && g->marks[at] < v)
		at++;
	if (g->nr_marks == CFG_MARKS || (at < g->nr_marks && g->marks[at] == v))
		return;
	memmove(&g->marks[at + 1], &g->marks[at], (g->nr_marks - at) * sizeof(v));
	g->marks[at] = v;
	g->nr_marks++;
}

/* Where loops end: "if r1 != 16" lets r1 be 15, 16 or 17 somewhere. */
static void find_marks(struct cfg *g)
{
	const struct function *f = g->function;
	uint32_t i;
	int32_t k;

	for (i = 0; i < f->nr_insns; i++)
		if (insn_is_branch(&f->insns[i]) && BPF_SRC(f->insns[i].code) == BPF_K && f->insns[i].imm > 0)
			for (k = -1; k <= 1; k++)
				add_mark(g, (uint64_t)((int64_t)f->insns[i].imm + k));
}

int cfg_build(const struct object *o, const struct function *f, struct cfg **out, struct abide_error *e)
{
	uint8_t *leader = NULL, *second = NULL;
	struct cfg *g = NULL;
	uint32_t i;
	int err;

	(void)o;
	if (!f->nr_insns)
		return error_set(e, -EINVAL, "bad-jump", "%s has no instructions", f->name);
	if (f->nr_insns > MAX_INSNS)
		return error_set(e, -EINVAL, "too-large", "%s has %u instructions, and no kernel takes more than %u",
				 f->name, f->nr_insns, MAX_INSNS);
	g = calloc(1, sizeof(*g));
	leader = calloc(f->nr_insns, 1);
	second = calloc(f->nr_insns, 1);
	if (!g || !leader || !second)
		goto nomem;
	g->function = f;
	g->blocks = calloc(f->nr_insns, sizeof(*g->blocks));
	g->block_of = calloc(f->nr_insns, sizeof(*g->block_of));
	g->before = calloc(f->nr_insns, sizeof(*g->before));
	g->after = calloc(f->nr_insns, sizeof(*g->after));
	if (!g->blocks || !g->block_of || !g->before || !g->after)
		goto nomem;
	err = find_leaders(f, leader, second, e);
	if (err)
		goto out;
	err = make_blocks(g, leader, e);
	if (err)
		goto out;
	if (!find_alive(g))
		goto nomem;
	find_marks(g);
	g->frame = find_frame(f);
	for (i = 0; i < f->nr_insns; i++)
		if (!second[i])
			g->clobbers |= insn_defs(&f->insns[i]);
	*out = g;
	g = NULL;
	err = 0;
	goto out;
nomem:
	err = error_nomem(e);
out:
	free(leader);
	free(second);
	cfg_free(g);
	return err;
}

void cfg_free(struct cfg *g)
{
	if (!g)
		return;
	free(g->blocks);
	free(g->block_of);
	free(g->before);
	free(g->after);
	free(g);
}
