/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * States of the verifier: copies, order and joins. The running state has room for 8 frames
 * of 512 bytes; those that wait or are compared with are packed into one allocation of the size
 * that they need, since most programs use a few slots of stack.
 *
 * Ties (value.id) are relations between values of one state, so two states are compared up to
 * a renaming: what is tied in the older one must be tied in the newer one, by whatever
 * number. A join keeps the ties that both have.
 */
#include <linux/bpf.h>
#include <stdlib.h>
#include <string.h>

#include "process/verify_state.h"

#define MAX_TIES 32

/* What ids of the older state are called in the newer one. */
struct ties {
	uint32_t nr;
	struct {
		uint32_t old, new;
		int32_t delta;
	} tie[MAX_TIES];
};

struct state *verify_state_full(void)
{
	size_t frames = PROCESS_FRAMES * sizeof(struct frame);
	struct state *s = malloc(sizeof(*s) + frames + PROCESS_FRAMES * FRAME_SLOTS * sizeof(struct slot));
	struct slot *slots;
	uint32_t i;

	if (!s)
		return NULL;
	slots = (struct slot *)(void *)((uint8_t *)s + sizeof(*s) + frames);
	s->nr_frames = 0;
	s->records = 0;
	for (i = 0; i < PROCESS_FRAMES; i++)
		s->frame[i].slot = slots + (size_t)i * FRAME_SLOTS;
	return s;
}

static void copy_frame(struct frame *to, const struct frame *from)
{
	struct slot *slot = to->slot;

	*to = *from;
	to->slot = slot;
	memcpy(slot, from->slot, from->used * sizeof(*slot));
}

static void copy_head(struct state *to, const struct state *from)
{
	to->nr_frames = from->nr_frames;
	to->records = from->records;
	memcpy(to->record, from->record, sizeof(to->record));
}

void verify_state_load(struct state *to, const struct state *from)
{
	uint32_t i;

	copy_head(to, from);
	for (i = 0; i < from->nr_frames; i++)
		copy_frame(&to->frame[i], &from->frame[i]);
}

size_t verify_state_size(const struct state *s)
{
	size_t size = sizeof(*s) + s->nr_frames * sizeof(struct frame);
	uint32_t i;

	for (i = 0; i < s->nr_frames; i++)
		size += s->frame[i].used * sizeof(struct slot);
	return size;
}

struct state *verify_state_save(const struct state *from)
{
	size_t frames = from->nr_frames * sizeof(struct frame);
	struct state *s = malloc(verify_state_size(from));
	struct slot *slot;
	uint32_t i;

	if (!s)
		return NULL;
	copy_head(s, from);
	slot = (struct slot *)(void *)((uint8_t *)s + sizeof(*s) + frames);
	for (i = 0; i < from->nr_frames; i++) {
		s->frame[i].slot = slot;
		copy_frame(&s->frame[i], &from->frame[i]);
		slot += from->frame[i].used;
	}
	return s;
}

void verify_frame_grow(struct frame *f, uint32_t k)
{
	if (k < f->used)
		return;
	memset(&f->slot[f->used], 0, (k + 1 - f->used) * sizeof(*f->slot));
	f->used = k + 1;
}

bool verify_num_meet(struct num *n, const struct num *with)
{
	struct num other = *with;

	return num_refine(BPF_JEQ, true, true, n, &other);
}

void verify_slot_halves(const struct slot *s, struct num *low, struct num *high)
{
	struct num by = num_const(32);

	if (!s->whole) {
		*low = s->v.num;
		*high = s->high;
		return;
	}
	*low = num_zext(&s->v.num, 32);
	*high = num_alu(BPF_RSH, &s->v.num, &by, true, false);
}

struct value verify_slot_value(const struct slot *s)
{
	struct num by = num_const(32), high;

	if (s->whole)
		return s->v;
	high = num_alu(BPF_LSH, &s->high, &by, true, false);
	return value_number(num_alu(BPF_ADD, &high, &s->v.num, true, false));
}

void verify_slot_split(struct slot *s)
{
	struct num low, high;

	if (s->whole && s->v.kind != KIND_NUMBER) {
		s->init = 0; /* parts of a pointer are nothing that may be read */
		low = high = num_range(0, UINT32_MAX);
	} else if (s->whole || s->init) {
		verify_slot_halves(s, &low, &high);
	} else {
		low = high = num_range(0, UINT32_MAX);
	}
	s->whole = false;
	s->v = value_number(low);
	s->high = high;
}

/* Whether @old's tie also holds in the newer state, so far; notes it. */
static bool tied(struct ties *t, const struct value *old, const struct value *new)
{
	int32_t delta = new->delta - old->delta;
	uint32_t i;

	for (i = 0; i < t->nr; i++)
		if (t->tie[i].old == old->id)
			return new->id && t->tie[i].new == new->id && t->tie[i].delta == delta;
	if (t->nr == MAX_TIES)
		return false;
	/* without a number of its own the newer value is tied to nothing: good for the first of a group only */
	t->tie[t->nr].old = old->id;
	t->tie[t->nr].new = new->id;
	t->tie[t->nr++].delta = delta;
	return true;
}

/* 0 on one path and a pointer on the other: a pointer that may be NULL. */
static bool null_or(const struct value *zero, const struct value *pointer)
{
	return value_is_zero(zero) &&
	       (pointer->kind == KIND_ELEMENT || pointer->kind == KIND_TYPED) &&
	       num_is_const(&pointer->num) && !pointer->num.umin;
}

static bool covers(struct ties *t, const struct value *old, const struct value *new)
{
	if (old->kind == KIND_NONE)
		return true;
	if (old->kind != new->kind)
		return old->null && !old->id && null_or(new, old);
	if (old->index != new->index || (new->null && !old->null) || !num_within(&new->num, &old->num))
		return false;
	if (old->kind == KIND_NUMBER && num_is_const(&old->num))
		return true;
	return !old->id || tied(t, old, new);
}

static bool covers_slot(struct ties *t, const struct slot *old, const struct slot *new)
{
	struct value whole;
	struct num low, high;

	if (!old->init)
		return true;
	if (old->init & ~new->init)
		return false;
	if (old->whole) {
		whole = verify_slot_value(new);
		return covers(t, &old->v, &whole);
	}
	if (new->whole && new->v.kind != KIND_NUMBER)
		return false;
	verify_slot_halves(new, &low, &high);
	return (!(old->init & 0x0f) || num_within(&low, &old->v.num)) &&
	       (!(old->init & 0xf0) || num_within(&high, &old->high));
}

static bool same_records(const struct state *old, const struct state *new)
{
	uint32_t i;

	if (old->records != new->records)
		return false;
	for (i = 0; i < MAX_RECORDS; i++)
		if (old->records & 1u << i && old->record[i].size != new->record[i].size)
			return false;
	return true;
}

bool verify_state_joinable(const struct state *old, const struct state *new)
{
	return same_records(old, new);
}

bool verify_state_covers(const struct state *old, const struct state *new)
{
	struct ties t = { 0 };
	uint32_t i, k;

	if (!same_records(old, new))
		return false;
	for (i = old->nr_frames; i-- > 0;) {
		const struct frame *a = &old->frame[i], *b = &new->frame[i];

		for (k = 0; k < 10; k++)
			if (!covers(&t, &a->r[k], &b->r[k]))
				return false;
		for (k = 0; k < a->used; k++)
			if (a->slot[k].init && (k >= b->used || !covers_slot(&t, &a->slot[k], &b->slot[k])))
				return false;
	}
	return true;
}

static bool alike(const struct value *a, const struct value *b)
{
	if (a->kind != b->kind)
		return null_or(a, b) || null_or(b, a);
	return a->index == b->index && a->null == b->null;
}

bool verify_state_similar(const struct state *old, const struct state *new)
{
	uint32_t i, k;

	if (!same_records(old, new))
		return false;
	for (i = old->nr_frames; i-- > 0;) {
		const struct frame *a = &old->frame[i], *b = &new->frame[i];

		for (k = 0; k < 10; k++)
			if (!alike(&a->r[k], &b->r[k]))
				return false;
		for (k = 0; k < a->used && k < b->used; k++) {
			const struct slot *x = &a->slot[k], *y = &b->slot[k];
			bool p = x->whole && value_is_pointer(&x->v), q = y->whole && value_is_pointer(&y->v);

			if ((p || q) && !(x->whole && y->whole && alike(&x->v, &y->v)))
				return false;
		}
	}
	return true;
}

struct joiner {
	struct ties ties;
	const struct marks *marks;
	bool changed;
};

static void join_num(struct joiner *j, struct num *old, const struct num *new)
{
	struct num n;

	if (num_within(new, old))
		return;
	n = num_join(old, new);
	if (num_equal(&n, old))
		return;
	if (j->marks)
		n = num_widen(old, &n, j->marks->v, j->marks->nr);
	*old = n;
	j->changed = true;
}

static void join_value(struct joiner *j, struct value *old, const struct value *new)
{
	if (old->kind == KIND_NONE)
		return;
	if (old->kind == new->kind && old->index == new->index) {
		join_num(j, &old->num, &new->num);
		if (new->null && !old->null)
			old->null = j->changed = true;
		if (old->id && !tied(&j->ties, old, new)) {
			old->id = 0;
			j->changed = true;
		}
		return;
	}
	if (null_or(new, old)) {
		if (!old->null || old->id) {
			old->null = j->changed = true;
			old->id = 0;
		}
		return;
	}
	j->changed = true;
	if (null_or(old, new)) {
		*old = *new;
		old->null = true;
		old->id = 0;
		return;
	}
	*old = (struct value){ 0 };
}

static void join_slot(struct joiner *j, struct slot *old, const struct slot *new)
{
	struct num low, high;
	struct value whole;

	if (!old->init)
		return;
	if (old->init & ~new->init) {
		if (old->whole)
			verify_slot_split(old);
		old->init &= new->init;
		j->changed = true;
		if (!old->init)
			return;
	}
	if (old->whole) {
		whole = verify_slot_value(new);
		join_value(j, &old->v, &whole);
		if (old->v.kind == KIND_NONE) {
			old->init = 0;
			old->whole = false;
			old->v = value_number(num_range(0, UINT32_MAX));
			old->high = old->v.num;
		}
		return;
	}
	if (new->whole && new->v.kind != KIND_NUMBER) {
		old->init = 0;
		j->changed = true;
		return;
	}
	verify_slot_halves(new, &low, &high);
	if (old->init & 0x0f)
		join_num(j, &old->v.num, &low);
	if (old->init & 0xf0)
		join_num(j, &old->high, &high);
}

bool verify_state_join(struct state *old, const struct state *new, const struct marks *marks)
{
	struct joiner j = { .marks = marks };
	uint32_t i, k;

	for (i = old->nr_frames; i-- > 0;) {
		struct frame *a = &old->frame[i];
		const struct frame *b = &new->frame[i];

		for (k = 0; k < 10; k++)
			join_value(&j, &a->r[k], &b->r[k]);
		for (k = b->used; k < a->used; k++)
			j.changed |= a->slot[k].init != 0;
		if (a->used > b->used)
			a->used = b->used;
		for (k = 0; k < a->used; k++)
			join_slot(&j, &a->slot[k], &b->slot[k]);
	}
	return j.changed;
}
