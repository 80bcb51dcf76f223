/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Re-emission of one function. In: the graph of nodes with their facts. Out: code in the
 * order of the original wherever nothing was split, so a program that needs no change of
 * shape comes out instruction for instruction. Nodes are placed along their fall-through;
 * where two variants of one block both fall into a third, the later one gets a goto. Only
 * nodes that can be reached are emitted (the kernel refuses dead code).
 */
#include <errno.h>
#include <stdlib.h>

#include "analyze/insn.h"
#include "translate/lower.h"
#include "translate/program.h"

struct placing {
	struct emit *m;
	struct target *t;
	uint8_t *state;   /* by node: 0 unseen, 1 waits, 2 placed */
	uint32_t waiting; /* how many */
	uint32_t *list;   /* of those that wait, and some that have been placed since */
	uint32_t nr_list;
};

/* Put r6..r9 of the caller on its stack, or back: those that are needed after the call and that the callee writes. */
static void callee_saved(struct emit *m, const struct walk *callee, uint16_t written, bool restore)
{
	const struct walk *caller = &m->a->walks[callee->parent];
	uint16_t mask = callee->cfg->clobbers & INSN_CALLEE_SAVED & caller->cfg->after[callee->call].regs & written;
	unsigned r;

	for (r = 6; r < 10; r++) {
		int16_t off = (int16_t)-(int32_t)(caller->base + caller->cfg->frame + 8 * (r - 5));

		if (!(mask >> r & 1))
			continue;
		if (restore)
			emit_load(m, 8, r, FP, off);
		else
			emit_store(m, 8, FP, off, r);
	}
}

/* Which of the caller's r6..r9 hold something, as the callee's node knows it. */
static uint16_t saved_mask(const struct node *n)
{
	uint16_t mask = 0;
	unsigned k;

	for (k = 0; k < 4; k++)
		if (n->in->saved[n->in->depth - 1][k].kind != VAL_NONE)
			mask |= (uint16_t)(1u << (6 + k));
	return mask;
}

/* An instruction as it was, on the shared stack. */
static int copy(struct emit *m, const struct walk *w, uint32_t insn, struct abide_error *e)
{
	const struct function *f = w->cfg->function;
	const struct reloc *r = function_reloc(f, insn);
	struct bpf_insn i = f->insns[insn];
	int32_t off = i.off;

	if (w->base && (insn_uses(&i) >> FP & 1)) {
		if (i.code == (BPF_ALU64 | BPF_MOV | BPF_X)) {
			emit_raw(m, i);
			emit_alu_k(m, BPF_ADD, i.dst_reg, -(int32_t)w->base);
			return 0;
		}
		if (!(insn_is_load(&i) || insn_is_store(&i)) || (BPF_CLASS(i.code) == BPF_STX && i.src_reg == FP))
			return error_set(e, -ENOTSUP, "stack", "%s uses its frame pointer as a value", f->name);
		off -= (int32_t)w->base;
	}
	i.off = (int16_t)off;
	if (r) {
		struct reloc moved = *r;
		uint32_t k;

		if (r->kind == RELOC_FUNC)
			for (k = 0; k < m->a->nr_callbacks; k++)
				if (m->a->callbacks[k] == r->target)
					moved.target = 1 + k;
		emit_reloc(m, moved);
	}
	emit_raw(m, i);
	if (insn_is_ld_imm64(&i))
		emit_raw(m, f->insns[insn + 1]);
	return 0;
}

/* CO-RE relocations stay with programs that are not on user events; there, they described stable structs. */
static void keep_core_relo(struct emit *m, const struct walk *w, uint32_t insn)
{
	const struct core_relo *r = function_core_relo(w->cfg->function, insn);

	if (r && !m->a->event)
		emit_core_relo(m, *r);
}

static void fetch_call(struct emit *m, uint32_t size)
{
	int16_t slot = emit_slot(m, SLOT_FETCH);

	emit_mov(m, 3, 1);
	emit_mov(m, 1, FP);
	emit_alu_k(m, BPF_ADD, 1, slot);
	emit_number(m, 2, size);
	emit_call(m, 113); /* probe_read_kernel */
	emit_load(m, size, 0, FP, slot);
}

static void move_index(struct emit *m, unsigned dst, unsigned src)
{
	emit_load(m, 8, dst, FP, emit_slot(m, SLOT_INDEX + src));
	emit_store(m, 8, FP, emit_slot(m, SLOT_INDEX + dst), dst);
	emit_mov(m, dst, src);
}

static int one_fact(struct placing *p, const struct node *n, uint32_t insn, const struct fact *f, struct abide_error *e)
{
	struct emit *m = p->m;
	const struct walk *w = &m->a->walks[n->walk];
	struct bpf_insn i = w->cfg->function->insns[insn];

	switch ((enum fact_kind)f->kind) {
	case FACT_COPY:
		keep_core_relo(m, w, insn);
		return copy(m, w, insn, e);
	case FACT_DROP:
		return 0;
	case FACT_MOVE:
		emit_mov(m, i.dst_reg, i.src_reg);
		return 0;
	case FACT_INDEX:
		emit_store(m, 8, FP, emit_slot(m, SLOT_INDEX + i.dst_reg), i.src_reg);
		return 0;
	case FACT_INDEX_SWAP:
		emit_store(m, 8, FP, emit_slot(m, SLOT_INDEX + i.dst_reg), i.dst_reg);
		emit_mov(m, i.dst_reg, i.src_reg);
		return 0;
	case FACT_INDEX_MOVE:
		move_index(m, i.dst_reg, i.src_reg);
		return 0;
	case FACT_ARG:
	case FACT_FIELD:
	case FACT_STR:
		return lower_load(m, p->t, n, insn, f, e);
	case FACT_VALUE:
		emit_number(m, 0, f->imm);
		return 0;
	case FACT_STR_VALUE:
		emit_load(m, 8, 3, 3, 0);
		emit_call(m, 115); /* probe_read_kernel_str */
		return 0;
	case FACT_CURRENT:
		emit_call(m, target_has_helper(p->t, 158) ? 158 : 35);
		return 0;
	case FACT_FETCH:
		fetch_call(m, f->size);
		return 0;
	case FACT_FETCH_STR:
		emit_call(m, 115);
		return 0;
	case FACT_PLAIN_ADD:
		i.imm = BPF_ADD;
		if (i.dst_reg == FP)
			i.off = (int16_t)(i.off - (int32_t)w->base);
		emit_raw(m, i);
		return 0;
	case FACT_BRANCH:
		if (f->always == 0)
			emit_jump_raw(m, i, (uint32_t)n->taken);
		return 0;
	case FACT_CALL:
		callee_saved(m, &m->a->walks[m->a->nodes[n->next].walk], f->written, false);
		return 0;
	case FACT_EXIT:
		if (w->parent < 0)
			emit_exit(m);
		else
			callee_saved(m, w, saved_mask(n), true);
		return 0;
	}
	return 0;
}

/* Facts that rewrite what they stand for, and so are worth explaining. */
static bool rewrites(const struct fact *f)
{
	return f->kind != FACT_COPY && f->kind != FACT_BRANCH && f->kind != FACT_EXIT && f->kind != FACT_CALL;
}

/* Add where it happened to a failure of the lowering. */
static int refuse_here(const struct emit *m, const struct walk *w, uint32_t insn, struct abide_error *e)
{
	char where[160];
	const char *source;

	error_reason(e, "%s: %s, instruction %u", function_where(m->a->object, w->cfg->function, insn, where,
								 sizeof(where), &source),
		     w->cfg->function->name, insn);
	return e->code;
}

static int place_one(struct placing *p, uint32_t node, struct abide_error *e)
{
	struct emit *m = p->m;
	const struct node *n = &m->a->nodes[node];
	const struct walk *w = &m->a->walks[n->walk];
	const struct block *k = &w->cfg->blocks[n->block];
	const struct function *fn = w->cfg->function;
	uint32_t insn;
	size_t from;
	int err;

	emit_bind(m, node);
	for (insn = k->first; insn < k->end; insn++) {
		const struct fact *f = &n->facts[insn - k->first];

		if (insn_is_goto(&fn->insns[insn]))
			break;
		emit_source(m, w, insn);
		from = m->n;
		err = one_fact(p, n, insn, f, e);
		if (err)
			return e->reason[0] ? err : refuse_here(m, w, insn, e);
		if (m->explain && rewrites(f))
			emit_note(m, (uint32_t)from);
		if (insn_is_ld_imm64(&fn->insns[insn]))
			insn++;
	}
	return 0;
}

static void wait_for(struct placing *p, int32_t node)
{
	if (node < 0 || p->state[node])
		return;
	p->state[node] = 1;
	p->waiting++;
	p->list[p->nr_list++] = (uint32_t)node;
}

static bool comes_before(const struct node *x, const struct node *y, uint32_t walk)
{
	if ((x->walk == walk) != (y->walk == walk))
		return x->walk == walk;
	if (x->walk != y->walk)
		return x->walk < y->walk;
	return x->block < y->block;
}

/* The waiting node that comes first in the original, of the function at hand if it has any. */
static uint32_t first_waiting(struct placing *p, uint32_t walk)
{
	const struct analysis *a = p->m->a;
	uint32_t i, n = 0, best = a->nr_nodes;

	for (i = 0; i < p->nr_list; i++) {
		uint32_t node = p->list[i];

		if (p->state[node] != 1)
			continue;
		p->list[n++] = node;
		if (best == a->nr_nodes || comes_before(&a->nodes[node], &a->nodes[best], walk) ||
		    (!comes_before(&a->nodes[best], &a->nodes[node], walk) && node < best))
			best = node;
	}
	p->nr_list = n;
	return best;
}

/* Does the original fall from this node into its successor? */
static bool falls(const struct analysis *a, const struct node *n)
{
	const struct cfg *g = a->walks[n->walk].cfg;
	const struct block *k = &g->blocks[n->block];

	return !insn_is_goto(&g->function->insns[k->end - 1]) && n->next >= 0;
}

static int place_all(struct placing *p, struct abide_error *e)
{
	const struct analysis *a = p->m->a;
	uint32_t node = 0, next;
	int err;

	wait_for(p, 0);
	while (p->waiting) {
		const struct node *n = &a->nodes[node];
		int32_t to;

		p->state[node] = 2;
		p->waiting--;
		err = place_one(p, node, e);
		if (err)
			return err;
		/* a branch that always goes one way has one successor */
		to = n->next >= 0 ? n->next : n->taken;
		wait_for(p, n->taken);
		wait_for(p, n->next);
		if (to >= 0 && falls(a, n) && p->state[to] == 1)
			next = (uint32_t)to;
		else
			next = first_waiting(p, n->walk);
		if (to >= 0 && (uint32_t)to != next)
			emit_goto(p->m, (uint32_t)to);
		node = next;
	}
	return 0;
}

int translate_function(const struct analysis *a, struct target *t, bool filter, struct buf *explain_to, struct code *out,
		       struct abide_error *e)
{
	struct emit m = { 0 };
	struct placing p = { .m = &m, .t = t };
	int err;

	p.state = calloc(a->nr_nodes + 1, 1);
	p.list = calloc(a->nr_nodes + 1, sizeof(*p.list));
	if (!p.state || !p.list || !emit_open(&m, a)) {
		err = error_nomem(e);
		goto out;
	}
	m.explain = explain_to;
	emit_source(&m, &a->walks[0], 0);
	err = lower_prologue(&m, t, filter, e);
	if (!err)
		err = place_all(&p, e);
	if (!err)
		err = emit_finish(&m, out, e);
out:
	free(p.state);
	free(p.list);
	emit_close(&m);
	return err;
}
