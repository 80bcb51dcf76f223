/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * States of the verifier: copies, order and joins. The running state has room for 8 frames;
 * those that wait or are compared with have as many as are active. Their stacks are
 * made of chunks, which are shared until one of them writes (verify_slots.c).
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

/* What copying a frame's registers costs, in instructions walked. */
#define FRAME_WORK 2
/* A number that jumps to the next of many marks. */
#define WIDEN_WORK 16

struct state *verify_state_full(void)
{
	return calloc(1, sizeof(struct state) + PROCESS_FRAMES * sizeof(struct frame));
}

static void copy(struct chunk_pool *p, struct state *to, const struct state *from)
{
	uint32_t i;

	to->nr_frames = from->nr_frames;
	to->records = from->records;
	memcpy(to->record, from->record, sizeof(to->record));
	for (i = 0; i < from->nr_frames; i++)
		verify_frame_copy(&to->frame[i], &from->frame[i]);
	p->work += from->nr_frames * FRAME_WORK;
}

static void drop(struct chunk_pool *p, struct state *s)
{
	while (s->nr_frames)
		verify_frame_shrink(p, &s->frame[--s->nr_frames], 0);
}

void verify_state_load(struct chunk_pool *p, struct state *to, const struct state *from)
{
	drop(p, to);
	copy(p, to, from);
}

size_t verify_state_size(const struct state *s)
{
	return sizeof(*s) + s->nr_frames * sizeof(struct frame);
}

struct state *verify_state_save(struct chunk_pool *p, const struct state *from)
{
	struct state *s = malloc(verify_state_size(from));

	if (s)
		copy(p, s, from);
	return s;
}

void verify_state_free(struct chunk_pool *p, struct state *s)
{
	if (s)
		drop(p, s);
	free(s);
}

bool verify_num_meet(struct num *n, const struct num *with)
{
	struct num other = *with;

	return num_refine(BPF_JEQ, true, true, n, &other);
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

/* Whether two pointers of one kind lead to the same kind of object. */
static bool same_target(const struct value *a, const struct value *b)
{
	return a->index == b->index && (a->kind != KIND_KEY || a->delta == b->delta);
}

static bool covers(struct ties *t, const struct value *old, const struct value *new)
{
	if (old->kind == KIND_NONE)
		return true;
	if (old->kind != new->kind)
		return old->null && !old->id && null_or(new, old);
	if (!same_target(old, new) || (new->null && !old->null) || !num_within(&new->num, &old->num))
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
	if (old->whole && new->whole)
		return covers(t, &old->v, &new->v);
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
	for (i = 0; i < old->nr_frames; i++)
		if (old->frame[i].records != new->frame[i].records)
			return false;
	for (i = 0; old->records >> i; i++)
		if (old->records & 1u << i && old->record[i].size != new->record[i].size)
			return false;
	return true;
}

bool verify_state_joinable(const struct state *old, const struct state *new)
{
	return same_records(old, new);
}

/* Chunks that both have say nothing, but for what their ties are called. */
static bool covers_chunk(struct chunk_pool *p, struct ties *t, struct chunk *old, const struct chunk *new)
{
	uint32_t k;

	if (!old || (old == new && !verify_chunk_ties(old)))
		return true;
	p->work += CHUNK_SLOTS / 4;
	for (k = 0; k < CHUNK_SLOTS; k++)
		if (!covers_slot(t, &old->slot[k], new ? &new->slot[k] : &verify_no_slot))
			return false;
	return true;
}

bool verify_state_covers(struct chunk_pool *p, const struct state *old, const struct state *new)
{
	struct ties t = { 0 };
	uint32_t i, k;

	p->work++;
	if (!same_records(old, new))
		return false;
	for (i = old->nr_frames; i-- > 0;) {
		const struct frame *a = &old->frame[i], *b = &new->frame[i];

		for (k = 0; k < 10; k++)
			if (!covers(&t, &a->r[k], &b->r[k]))
				return false;
		for (k = 0; k * CHUNK_SLOTS < a->used; k++)
			if (!covers_chunk(p, &t, a->chunk[k], b->chunk[k]))
				return false;
	}
	return true;
}

static bool alike(const struct value *a, const struct value *b)
{
	if (a->kind != b->kind)
		return null_or(a, b) || null_or(b, a);
	return same_target(a, b) && a->null == b->null;
}

static bool similar_slot(const struct slot *x, const struct slot *y)
{
	bool p = x->whole && value_is_pointer(&x->v), q = y->whole && value_is_pointer(&y->v);

	return (!p && !q) || (x->whole && y->whole && alike(&x->v, &y->v));
}

bool verify_state_similar(struct chunk_pool *p, const struct state *old, const struct state *new)
{
	uint32_t i, k;

	p->work++;
	if (!same_records(old, new))
		return false;
	for (i = old->nr_frames; i-- > 0;) {
		const struct frame *a = &old->frame[i], *b = &new->frame[i];

		for (k = 0; k < 10; k++)
			if (!alike(&a->r[k], &b->r[k]))
				return false;
		for (k = 0; k < a->used && k < b->used; k++) {
			if (k % CHUNK_SLOTS == 0) {
				if (a->chunk[k / CHUNK_SLOTS] == b->chunk[k / CHUNK_SLOTS]) {
					k += CHUNK_SLOTS - 1;
					continue;
				}
				p->work++;
			}
			if (!similar_slot(frame_slot(a, k), frame_slot(b, k)))
				return false;
		}
	}
	return true;
}

struct joiner {
	struct ties ties;
	const struct marks *marks;
	bool changed;
	uint64_t work;
};

static void join_num(struct joiner *j, struct num *old, const struct num *new)
{
	struct num n;

	if (num_within(new, old))
		return;
	n = num_join(old, new);
	if (num_equal(&n, old))
		return;
	j->work += j->marks ? WIDEN_WORK : 1;
	if (j->marks)
		n = num_widen(old, &n, j->marks->v, j->marks->nr);
	*old = n;
	j->changed = true;
}

static void join_value(struct joiner *j, struct value *old, const struct value *new)
{
	if (old->kind == KIND_NONE)
		return;
	if (old->kind == new->kind && same_target(old, new)) {
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

static void join_chunk(struct chunk_pool *p, struct joiner *j, struct frame *a, const struct frame *b, uint32_t c)
{
	struct chunk *old = a->chunk[c];
	uint32_t k;

	if (!old || (old == b->chunk[c] && !verify_chunk_ties(old)))
		return;
	p->work += CHUNK_SLOTS;
	for (k = c * CHUNK_SLOTS; k < (c + 1) * CHUNK_SLOTS; k++) {
		struct slot x = *frame_slot(a, k);
		bool before = j->changed;

		j->changed = false;
		join_slot(j, &x, frame_slot(b, k));
		if (j->changed)
			*verify_slot(p, a, k) = x;
		j->changed |= before;
	}
}

bool verify_state_join(struct chunk_pool *p, struct state *old, const struct state *new, const struct marks *marks)
{
	struct joiner j = { .marks = marks };
	uint32_t i, k;

	for (i = old->nr_frames; i-- > 0;) {
		struct frame *a = &old->frame[i];
		const struct frame *b = &new->frame[i];

		p->work += 4;
		for (k = 0; k < 10; k++)
			join_value(&j, &a->r[k], &b->r[k]);
		for (k = b->used; k < a->used; k++)
			j.changed |= frame_slot(a, k)->init != 0;
		if (a->used > b->used)
			verify_frame_shrink(p, a, b->used);
		for (k = 0; k * CHUNK_SLOTS < a->used; k++)
			join_chunk(p, &j, a, b, k);
	}
	p->work += j.work;
	return j.changed;
}
