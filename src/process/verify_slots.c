/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Stacks of the verifier's states. A frame's slots are kept in chunks of eight that states
 * share; one that is written to while others have it is copied before. So a state that is
 * kept costs what the path has changed, and two that come from one are compared only where they differ.
 *
 * Chunks come out of slabs and go back to a list, and all go at once when the walk has ended. Some are
 * made ready before each instruction: what writes to a slot can then not fail.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "process/verify_state.h"

/* Memory that is not touched costs nothing: most programs use a few chunks of their only slab. */
#define SLAB_CHUNKS (3 * CHUNKS_READY)
#define CHUNK_WORK  3 /* what making a chunk costs, in instructions walked */

struct chunk_slab {
	struct chunk_slab *next;
	struct chunk chunk[SLAB_CHUNKS];
};

const struct slot verify_no_slot;

bool verify_chunks_ready(struct chunk_pool *p)
{
	struct chunk_slab *slab;

	if (p->nr_free + p->left >= CHUNKS_READY)
		return true;
	/* what is left of the newest slab goes to the list, so that one place is enough to remember */
	while (p->left) {
		struct chunk *c = &p->slabs->chunk[SLAB_CHUNKS - p->left--];

		c->next = p->free;
		p->free = c;
		p->nr_free++;
	}
	slab = malloc(sizeof(*slab));
	if (!slab)
		return false;
	slab->next = p->slabs;
	p->slabs = slab;
	p->left = SLAB_CHUNKS;
	return true;
}

void verify_chunks_free(struct chunk_pool *p)
{
	while (p->slabs) {
		struct chunk_slab *slab = p->slabs;

		p->slabs = slab->next;
		free(slab);
	}
	p->free = NULL;
	p->nr_free = p->left = 0;
	p->in_use = 0;
}

static struct chunk *take(struct chunk_pool *p)
{
	struct chunk *c = p->free;

	assert(c || p->left);
	if (c) {
		p->free = c->next;
		p->nr_free--;
	} else {
		c = &p->slabs->chunk[SLAB_CHUNKS - p->left--];
	}
	p->in_use++;
	p->work += CHUNK_WORK;
	return c;
}

static void give(struct chunk_pool *p, struct chunk *c)
{
	if (!c || --c->refs)
		return;
	c->next = p->free;
	p->free = c;
	p->nr_free++;
	p->in_use--;
}

struct slot *verify_slot(struct chunk_pool *p, struct frame *f, uint32_t k)
{
	struct chunk **at = &f->chunk[k / CHUNK_SLOTS], *c = *at;

	if (!c || c->refs > 1) {
		c = take(p);
		if (*at)
			memcpy(c->slot, (*at)->slot, sizeof(c->slot));
		else
			memset(c->slot, 0, sizeof(c->slot));
		give(p, *at);
		c->refs = 1;
		*at = c;
	}
	c->ties = TIES_UNKNOWN;
	return &c->slot[k % CHUNK_SLOTS];
}

void verify_frame_shrink(struct chunk_pool *p, struct frame *f, uint32_t used)
{
	uint32_t k, chunks = (used + CHUNK_SLOTS - 1) / CHUNK_SLOTS;

	for (k = used; k < f->used && k < chunks * CHUNK_SLOTS; k++)
		if (frame_slot(f, k)->init)
			*verify_slot(p, f, k) = (struct slot){ 0 };
	for (k = chunks; k * CHUNK_SLOTS < f->used; k++) {
		give(p, f->chunk[k]);
		f->chunk[k] = NULL;
	}
	f->used = used;
}

void verify_frame_copy(struct frame *to, const struct frame *from)
{
	uint32_t k;

	*to = *from;
	for (k = 0; k < FRAME_CHUNKS; k++)
		if (to->chunk[k])
			to->chunk[k]->refs++;
}

bool verify_chunk_ties(struct chunk *c)
{
	uint32_t k;

	if (c->ties == TIES_UNKNOWN) {
		c->ties = TIES_NONE;
		for (k = 0; k < CHUNK_SLOTS; k++)
			if (c->slot[k].whole && c->slot[k].v.id)
				c->ties = TIES_SOME;
	}
	return c->ties == TIES_SOME;
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
