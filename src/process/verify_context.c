/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Chains of calls. In: a call, in the chain that has led to it. Out: the chain that is longer by
 * this call, with a place for each block of the called function; the same again for the same call. Refused: more
 * of them than the memory that a program may make the verifier use.
 */
#include <stdlib.h>
#include <string.h>

#include "process/verify_walk.h"

#define CONTEXT_WORK 8 /* what making a chain costs, in instructions walked */

/* The block that an instruction is in. */
static uint32_t block_of(struct verifier *v, uint32_t pc)
{
	uint32_t first = pc;

	while (v->block_at[first] == NO_BLOCK)
		first--;
	v->pool.work += (pc - first) / 16;
	return v->block_at[first];
}

static struct verify_place *find_place(struct verifier *v, struct verify_context *c, uint32_t block)
{
	return &c->place[block - v->functions[c->function].first_block];
}

static struct verify_context *new_context(struct verifier *v, uint32_t function, bool callback)
{
	struct verify_context *parent = v->context, *c;
	uint32_t nr = v->functions[function].nr_blocks;

	v->bytes += sizeof(*c) + nr * sizeof(*c->place);
	v->pool.work += CONTEXT_WORK + nr / 8;
	if (v->bytes > VERIFY_BYTES) {
		verify_too_complex(v, "too many chains of calls");
		return NULL;
	}
	c = calloc(1, sizeof(*c));
	if (c)
		c->place = calloc(nr, sizeof(*c->place));
	if (!c || !c->place) {
		free(c);
		error_nomem(v->e);
		return NULL;
	}
	c->parent = parent;
	c->call = v->pc;
	c->function = function;
	c->callback = callback;
	if (parent) {
		memcpy(c->order, parent->order, sizeof(c->order));
		c->depth = parent->depth + 1;
		c->order[c->depth - 1] = v->blocks[block_of(v, v->pc)].order;
	}
	return c;
}

/* A call ends its block, and a call with a callback is one: who called is known by the block. */
struct verify_context *verify_context(struct verifier *v, uint32_t function, bool callback)
{
	struct verify_context **at = v->context ? &find_place(v, v->context, block_of(v, v->pc))->called : &v->contexts, *c;

	for (c = *at; c; c = c->next, v->pool.work++)
		if (c->function == function)
			return c;
	c = new_context(v, function, callback);
	if (c) {
		c->next = *at;
		*at = c;
	}
	return c;
}

struct verify_node *verify_node(struct verifier *v, struct verify_context *c, uint32_t block)
{
	struct verify_place *at = find_place(v, c, block);

	if (!at->node) {
		at->node = calloc(1, sizeof(*at->node));
		if (!at->node) {
			error_nomem(v->e);
			return NULL;
		}
		at->node->context = c;
		at->node->block = block;
	}
	return at->node;
}

static void free_node(struct verify_node *n)
{
	uint32_t k;

	if (!n)
		return;
	for (k = 0; k < n->nr; k++)
		free(n->variant[k].s); /* its chunks go with all others */
	free(n->variant);
	free(n);
}

/* No deeper than functions may be. */
static void free_context(struct verifier *v, struct verify_context *c)
{
	uint32_t b;

	for (b = 0; b < v->functions[c->function].nr_blocks; b++) {
		while (c->place[b].called) {
			struct verify_context *called = c->place[b].called;

			c->place[b].called = called->next;
			free_context(v, called);
		}
		free_node(c->place[b].node);
	}
	free(c->place);
	free(c);
}

void verify_contexts_free(struct verifier *v)
{
	if (v->contexts)
		free_context(v, v->contexts);
	v->contexts = v->context = NULL;
}
