/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Branches. In: a conditional jump and the running state. Out: which outcomes are possible, and
 * what each of them says: of the compared numbers and all that is tied to them, and of
 * pointers that are, or are not, NULL. Refused: comparisons that would tell an address.
 */
#include <errno.h>

#include "process/verify_walk.h"

#define FAR (1ll << 30) /* no object is that large, and none is that close to the end of memory */

/* What is done with values that are tied to another; *of: which ones. */
struct change {
	bool (*of)(const struct value *x, const void *ctx);
	bool (*fn)(struct value *x, const void *ctx); /* false: that cannot be */
	const void *ctx;
	bool ties; /* all of them have an .id */
};

static bool change_slots(struct chunk_pool *p, struct frame *f, uint32_t first, const struct change *c)
{
	uint32_t k;

	if (!f->chunk[first / CHUNK_SLOTS] || (c->ties && !verify_chunk_ties(f->chunk[first / CHUNK_SLOTS])))
		return true;
	p->work++;
	for (k = first; k < first + CHUNK_SLOTS; k++)
		if (frame_slot(f, k)->whole && c->of(&frame_slot(f, k)->v, c->ctx) && !c->fn(&verify_slot(p, f, k)->v, c->ctx))
			return false;
	return true;
}

static bool change_values(struct chunk_pool *p, struct state *s, const struct change *c)
{
	uint32_t i, k;

	for (i = 0; i < s->nr_frames; i++) {
		struct frame *f = &s->frame[i];

		p->work++;
		for (k = 0; k < 10; k++)
			if (f->r[k].kind != KIND_NONE && c->of(&f->r[k], c->ctx) && !c->fn(&f->r[k], c->ctx))
				return false;
		for (k = 0; k < f->used; k += CHUNK_SLOTS)
			if (!change_slots(p, f, k, c))
				return false;
	}
	return true;
}

struct narrowed {
	uint32_t id;
	int32_t delta;
	struct num num;
};

static bool is_tied(const struct value *x, const void *ctx)
{
	const struct narrowed *n = ctx;

	return x->id == n->id && x->kind == KIND_NUMBER;
}

static bool narrow_tied(struct value *x, const void *ctx)
{
	const struct narrowed *n = ctx;
	struct num by, num;

	by = num_const((uint64_t)((int64_t)x->delta - n->delta));
	num = num_alu(BPF_ADD, &n->num, &by, true, false);
	return verify_num_meet(&x->num, &num);
}

/* Register @reg is known to be @num. False: that cannot be. */
static bool narrow(struct chunk_pool *p, struct state *s, unsigned reg, const struct num *num)
{
	struct value *x = &state_top(s)->r[reg];
	struct narrowed n = { .id = x->id, .delta = x->delta, .num = *num };
	struct change c = { .of = is_tied, .fn = narrow_tied, .ctx = &n, .ties = true };

	x->num = *num;
	return !x->id || change_values(p, s, &c);
}

static bool outcome(struct chunk_pool *p, struct state *s, const struct bpf_insn *i, bool taken, const struct value *a, const struct value *b)
{
	struct num x = a->num, y = b->num;
	bool reg = BPF_SRC(i->code) == BPF_X;

	if (!num_refine(BPF_OP(i->code), taken, BPF_CLASS(i->code) == BPF_JMP, &x, &y))
		return false;
	if (reg && i->dst_reg == i->src_reg)
		return verify_num_meet(&x, &y) && narrow(p, s, i->dst_reg, &x);
	return narrow(p, s, i->dst_reg, &x) && (!reg || narrow(p, s, i->src_reg, &y));
}

static int numbers(struct verifier *v, const struct bpf_insn *i, const struct value *a, const struct value *b, bool *falls,
                   bool *jumps)
{
	struct value x = *a, y = *b;

	verify_state_load(&v->pool, v->other, v->now);
	*jumps = outcome(&v->pool, v->other, i, true, &x, &y);
	*falls = outcome(&v->pool, v->now, i, false, &x, &y);
	return 0;
}

struct tested {
	struct value x;
	bool is_null;
};

static bool is_tested(const struct value *x, const void *ctx)
{
	const struct tested *t = ctx;

	return x->kind == t->x.kind && x->index == t->x.index && x->null && (x->kind == KIND_RECORD || x->id == t->x.id);
}

static bool apply_null(struct value *x, const void *ctx)
{
	const struct tested *t = ctx;

	x->null = false;
	if (t->is_null)
		*x = value_number(num_const(0));
	return true;
}

/* @reg: where the tested value is; others follow if they are tied to it. */
static void null_outcome(struct chunk_pool *p, struct state *s, unsigned reg, bool is_null)
{
	struct value *x = &state_top(s)->r[reg];
	struct tested t = { .x = *x, .is_null = is_null };
	struct change c = { .of = is_tested, .fn = apply_null, .ctx = &t, .ties = x->kind != KIND_RECORD };

	if (x->kind == KIND_RECORD && is_null)
		s->records &= ~(1u << x->index);
	if (x->id || x->kind == KIND_RECORD)
		change_values(p, s, &c);
	else
		apply_null(x, &t);
}

/* Whether an address in an object cannot be 0. */
static bool never_null(const struct verifier *v, const struct value *p)
{
	if (p->null || (p->kind == KIND_CONTEXT && !v->in->nr_args) || (p->kind == KIND_MEMORY && !v->in->memory))
		return false;
	if (p->kind == KIND_TYPED) /* may be junk */
		return num_is_const(&p->num) && !p->num.umin;
	return p->num.smin >= -PROCESS_STACK && p->num.smax <= FAR;
}

static int null_test(struct verifier *v, const struct bpf_insn *i, unsigned reg, const struct value *p, bool *falls, bool *jumps)
{
	uint8_t op = BPF_OP(i->code);
	bool null_jumps = op == BPF_JEQ || op == BPF_JLE, plain = num_is_const(&p->num) && !p->num.umin;
	bool can_be_null = !never_null(v, p), known = p->null && plain;

	*jumps = !null_jumps || can_be_null;
	*falls = null_jumps || can_be_null;
	verify_state_load(&v->pool, v->other, v->now);
	if (known) {
		null_outcome(&v->pool, v->other, reg, null_jumps);
		null_outcome(&v->pool, v->now, reg, !null_jumps);
	}
	return 0;
}

static int pointers(struct verifier *v, const struct bpf_insn *i, const struct value *a, const struct value *b, bool *falls,
                    bool *jumps)
{
	uint8_t op = BPF_OP(i->code);
	struct value x = *a, y = *b;
	bool equality = op == BPF_JEQ || op == BPF_JNE, close;

	*falls = *jumps = true;
	if (!verify_same_object(v, a, b)) {
		if (!equality)
			return verify_refuse(v, TAG_COMPARE, "it compares the order of pointers into different objects");
		verify_state_load(&v->pool, v->other, v->now);
		return 0;
	}
	/* an order of addresses is one of offsets while nothing wraps */
	close = x.num.smin >= 0 && x.num.smax <= FAR && y.num.smin >= 0 && y.num.smax <= FAR;
	verify_state_load(&v->pool, v->other, v->now);
	if (!equality && !close)
		return 0;
	*jumps = num_refine(op, true, true, &x.num, &y.num);
	if (*jumps && i->dst_reg != FP && i->src_reg != FP) {
		state_top(v->other)->r[i->dst_reg].num = x.num;
		state_top(v->other)->r[i->src_reg].num = y.num;
	}
	x = *a;
	y = *b;
	*falls = num_refine(op, false, true, &x.num, &y.num);
	if (*falls && i->dst_reg != FP && i->src_reg != FP) {
		state_top(v->now)->r[i->dst_reg].num = x.num;
		state_top(v->now)->r[i->src_reg].num = y.num;
	}
	return 0;
}

int verify_branch(struct verifier *v, const struct bpf_insn *i, bool *falls, bool *jumps)
{
	struct value tmp, tmp2 = value_number(num_const((uint64_t)(int64_t)i->imm)), copy;
	const struct value *a = verify_read(v, i->dst_reg, &tmp), *b = &tmp2;
	uint8_t op = BPF_OP(i->code);
	char text[120];

	if (!a || (BPF_SRC(i->code) == BPF_X && !(b = verify_read(v, i->src_reg, &tmp2))))
		return -EINVAL;
	if (a->kind == KIND_NUMBER && b->kind == KIND_NUMBER)
		return numbers(v, i, a, b, falls, jumps);
	if (BPF_CLASS(i->code) != BPF_JMP)
		return verify_refuse(v, TAG_COMPARE, "it compares 32 bits of %s",
		                     verify_value_text(v, value_is_pointer(a) ? a : b, text, sizeof(text)));
	if (value_is_pointer(a) && value_is_pointer(b) && op != BPF_JSET) {
		copy = *a;
		tmp = *b;
		return pointers(v, i, &copy, &tmp, falls, jumps);
	}
	if (value_is_pointer(a) && value_is_zero(b) && (op == BPF_JEQ || op == BPF_JNE || op == BPF_JGT || op == BPF_JLE)) {
		copy = *a;
		return null_test(v, i, i->dst_reg, &copy, falls, jumps);
	}
	if (value_is_pointer(b) && value_is_zero(a) && (op == BPF_JEQ || op == BPF_JNE)) {
		copy = *b;
		return null_test(v, i, i->src_reg, &copy, falls, jumps);
	}
	return verify_refuse(v, TAG_COMPARE, "it compares %s with a number",
	                     verify_value_text(v, value_is_pointer(a) ? a : b, text, sizeof(text)));
}
