/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The abstract machine: registers, stack slots and the callers' saved registers. In: two
 * states that meet at one instruction. Out: whether they may be merged (the kinds of all
 * values that are later used as addresses agree) and the merged state. What is not used
 * as an address merges without harm: to VAL_MIXED, through which no load is allowed.
 */
#include <string.h>

#include "analyze/state.h"

struct val val_num(struct num n)
{
	return (struct val){ .kind = VAL_NUM, .num = n };
}

struct val val_pointer(enum val_kind kind)
{
	return (struct val){ .kind = (uint8_t)kind };
}

static bool tracked(const struct val *v)
{
	return v->kind == VAL_CTX || v->kind == VAL_STACK || v->kind == VAL_USER ||
	       v->kind == VAL_STRING || v->kind == VAL_MIXED;
}

static bool is_null(const struct val *v)
{
	return v->kind == VAL_NUM && num_is_const(&v->num) && !v->num.umin;
}

/* A user-ized pointer as the kernel gave it: NULL is one of its values. */
static bool is_whole_user(const struct val *v)
{
	return v->kind == VAL_USER && !v->delta && !v->indexed;
}

bool val_same_kind(const struct val *a, const struct val *b, bool constants)
{
	if ((is_null(a) && is_whole_user(b)) || (is_whole_user(a) && is_null(b)))
		return true; /* "p ? p->next : NULL" */
	if (constants && a->kind == VAL_NUM && b->kind == VAL_NUM && num_is_const(&a->num))
		return num_equal(&a->num, &b->num);
	if (!tracked(a) && !tracked(b))
		return true;
	if (a->kind != b->kind)
		return false;
	if (a->kind == VAL_STACK || a->kind == VAL_STRING || a->kind == VAL_MIXED)
		return true;
	return a->sid == b->sid && a->delta == b->delta && a->untyped == b->untyped && a->indexed == b->indexed;
}

bool val_hides(const struct val *v)
{
	switch ((enum val_kind)v->kind) {
	case VAL_USER:
	case VAL_CTX:
		return v->delta || v->indexed;
	case VAL_MIXED:
		return v->delta;
	case VAL_NONE:
	case VAL_NUM:
	case VAL_STACK:
	case VAL_OTHER:
	case VAL_STRING:
		break;
	}
	return false;
}

static bool both_written(const struct val *a, const struct val *b)
{
	return (a->kind == VAL_NONE) == (b->kind == VAL_NONE);
}

bool state_same_kinds(const struct state *a, const struct state *b, const struct key *k)
{
	unsigned i, d;

	for (i = 0; i < 10; i++)
		if (k->regs >> i & 1 && !val_same_kind(&a->r[i], &b->r[i], k->constants))
			return false;
	for (i = 6; i < 10; i++)
		if (k->kept >> i & 1 && !both_written(&a->r[i], &b->r[i]))
			return false;
	for (i = 0; i < STATE_SLOTS; i++)
		if (k->slots >> i & 1 && !val_same_kind(&a->slot[i], &b->slot[i], k->constants))
			return false;
	for (d = 0; d < a->depth; d++)
		for (i = 0; i < 4; i++)
			if ((k->saved[d] >> i & 1 && !val_same_kind(&a->saved[d][i], &b->saved[d][i], k->constants)) ||
			    (k->kept_saved[d] >> i & 1 && !both_written(&a->saved[d][i], &b->saved[d][i])))
				return false;
	return true;
}

static bool join_num(struct num *to, const struct num *from, const struct widening *widen)
{
	struct num n = num_join(to, from);

	if (num_equal(&n, to))
		return false;
	if (widen)
		n = widen->nr ? num_widen(to, &n, widen->marks, widen->nr) : num_any();
	*to = n;
	return true;
}

static bool join_stack(struct val *to, const struct val *from)
{
	if (to->indexed || (!from->indexed && from->delta == to->delta))
		return false;
	to->indexed = true;
	to->delta = 0;
	return true;
}

/* A pointer on one path, NULL on the other. False if they are not that. */
static bool join_null(struct val *to, const struct val *from, bool *changed)
{
	struct val v;

	if (is_null(from) && is_whole_user(to))
		v = *to;
	else if (is_null(to) && is_whole_user(from))
		v = *from;
	else
		return false;
	v.maybe_null = true;
	v.id = 0;
	*changed = to->kind != v.kind || !to->maybe_null || to->id;
	*to = v;
	return true;
}

static bool join_val(struct val *to, const struct val *from, const struct widening *widen)
{
	bool changed = false, hides;

	if (to->kind == VAL_NONE)
		return false;
	if (from->kind == VAL_NONE) {
		*to = (struct val){ 0 };
		return true;
	}
	if (join_null(to, from, &changed))
		return changed;
	if (to->kind == VAL_NUM && from->kind == VAL_NUM)
		return join_num(&to->num, &from->num, widen);
	if (to->kind == VAL_STACK && from->kind == VAL_STACK)
		return join_stack(to, from);
	if (to->kind == from->kind && to->kind != VAL_MIXED && val_same_kind(to, from, false)) {
		if (to->id && to->id != from->id) {
			to->id = 0;
			changed = true;
		}
		if (from->maybe_null && !to->maybe_null) {
			to->maybe_null = true;
			changed = true;
		}
		if (to->indexed)
			changed |= join_num(&to->num, &from->num, widen);
		return changed;
	}
	hides = val_hides(to) || val_hides(from);
	if ((to->kind == VAL_MIXED && to->delta == hides) || (to->kind == VAL_OTHER && !tracked(from)))
		return false;
	*to = val_pointer(tracked(to) || tracked(from) ? VAL_MIXED : VAL_OTHER);
	to->delta = hides;
	return true;
}

bool state_join(struct state *to, const struct state *from, const struct widening *widen)
{
	bool changed = false;
	unsigned i, d;

	for (i = 0; i < 10; i++)
		changed |= join_val(&to->r[i], &from->r[i], widen);
	for (i = 0; i < STATE_SLOTS; i++)
		changed |= join_val(&to->slot[i], &from->slot[i], widen);
	for (d = 0; d < to->depth; d++)
		for (i = 0; i < 4; i++)
			changed |= join_val(&to->saved[d][i], &from->saved[d][i], widen);
	return changed;
}

typedef void visit_fn(struct val *v, uint32_t id, bool null);

static void visit(struct state *s, uint32_t id, bool null, visit_fn *fn)
{
	unsigned i, d;

	for (i = 0; i < 10; i++)
		if (s->r[i].id == id)
			fn(&s->r[i], id, null);
	for (i = 0; i < STATE_SLOTS; i++)
		if (s->slot[i].id == id)
			fn(&s->slot[i], id, null);
	for (d = 0; d < s->depth; d++)
		for (i = 0; i < 4; i++)
			if (s->saved[d][i].id == id)
				fn(&s->saved[d][i], id, null);
}

static void forget(struct val *v, uint32_t id, bool null)
{
	(void)id;
	(void)null;
	v->id = 0;
}

/* NULL stays a pointer of its kind, so that paths meet again; loads through it are tested. */
static void set_null(struct val *v, uint32_t id, bool null)
{
	(void)id;
	v->maybe_null = null;
}

void state_forget_id(struct state *s, uint32_t id)
{
	if (id)
		visit(s, id, false, forget);
}

void state_set_null(struct state *s, uint32_t id, bool null)
{
	if (id)
		visit(s, id, null, set_null);
}

uint16_t state_written(const struct state *s)
{
	uint16_t mask = 0;
	unsigned i;

	for (i = 0; i < 10; i++)
		if (s->r[i].kind != VAL_NONE)
			mask |= (uint16_t)(1u << i);
	return mask;
}
