/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The walk over a program's control flow. In: a function; rules that say what the kernel
 * knows. Out: the reached instructions, each reported with the state before it, in the
 * order of the code. Method: a worklist over (call, block) with one joined state each,
 * numbers widened after a few joins. A static function is walked once for each place that
 * calls it, with what it is given there; a global one and a callback with unknown
 * arguments, as the kernel's verifier does. A branch whose condition is a constant has
 * one side: that is how a check for existence hides what it guards.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "analyze/insn.h"
#include "check/flow.h"
#include "util/buf.h"

#define MAX_NODES 8000
#define MAX_WALKS 400
#define MAX_DEPTH 16
#define MAX_RUNS 100000
#define JOINS_BEFORE_WIDENING 6

struct frame { /* one function, called from one place */
	int32_t parent;            /* -1: a root */
	uint32_t call, function, depth;
	int32_t *nodes;            /* by block, -1: not reached */
	struct flow_state *caller; /* state at the call; NULL for roots */
	struct cell result;        /* joined r0 of its exits */
	bool returns;
};

struct spot {
	uint32_t frame, block, joins;
	bool queued;
	struct flow_state in;
};

struct flow {
	const struct object *object;
	const struct flow_rules *rules;
	struct abide_error *e;
	struct cfg **cfgs;
	struct frame *frames;
	uint32_t nr_frames;
	size_t room_frames;
	struct spot **spots;
	uint32_t nr_spots;
	size_t room_spots;
	uint32_t *queue, head, queued;
	size_t room_queue;
};

static int need_frame(struct flow *w, int32_t parent, uint32_t call, uint32_t function, uint32_t *out)
{
	struct abide_error ignored = { 0 };
	struct frame *p, f = { .parent = parent, .call = call, .function = function };
	uint32_t i;
	int32_t up;
	int err;

	for (i = 0; i < w->nr_frames; i++)
		if (w->frames[i].parent == parent && w->frames[i].call == call &&
		    (parent >= 0 || w->frames[i].function == function)) {
			*out = i;
			return 0;
		}
	for (up = parent; up >= 0; up = w->frames[up].parent)
		if (w->frames[up].function == function || ++f.depth > MAX_DEPTH)
			return -E2BIG;
	if (w->nr_frames >= MAX_WALKS)
		return -E2BIG;
	if (!w->cfgs[function]) {
		err = cfg_build(w->object, &w->object->functions[function], &w->cfgs[function], &ignored);
		if (err)
			return err == -ENOMEM ? error_nomem(w->e) : -E2BIG;
	}
	p = array_grow(w->frames, w->nr_frames, &w->room_frames, sizeof(*p));
	if (!p)
		return error_nomem(w->e);
	w->frames = p;
	f.nodes = malloc(w->cfgs[function]->nr_blocks * sizeof(*f.nodes));
	if (!f.nodes)
		return error_nomem(w->e);
	memset(f.nodes, 0xff, w->cfgs[function]->nr_blocks * sizeof(*f.nodes)); /* -1 */
	*out = w->nr_frames;
	w->frames[w->nr_frames++] = f;
	return 0;
}

static int enqueue(struct flow *w, uint32_t spot)
{
	uint32_t *p;

	if (w->spots[spot]->queued)
		return 0;
	if (w->head && w->queued == w->room_queue) {
		memmove(w->queue, w->queue + w->head, (w->queued - w->head) * sizeof(*p));
		w->queued -= w->head;
		w->head = 0;
	}
	p = array_grow(w->queue, w->queued, &w->room_queue, sizeof(*p));
	if (!p)
		return error_nomem(w->e);
	w->queue = p;
	w->queue[w->queued++] = spot;
	w->spots[spot]->queued = true;
	return 0;
}

static int arrive(struct flow *w, uint32_t frame, int32_t block, const struct flow_state *s)
{
	struct spot **p, *n;
	int32_t at;

	if (block < 0)
		return 0;
	at = w->frames[frame].nodes[block];
	if (at >= 0) {
		n = w->spots[at];
		if (!flow_join(&n->in, s, n->joins >= JOINS_BEFORE_WIDENING, 0x40000000u + (uint32_t)at * 128))
			return 0;
		n->joins++;
		return enqueue(w, (uint32_t)at);
	}
	if (w->nr_spots >= MAX_NODES)
		return -E2BIG;
	p = array_grow(w->spots, w->nr_spots, &w->room_spots, sizeof(struct spot *));
	if (!p)
		return error_nomem(w->e);
	w->spots = p;
	n = calloc(1, sizeof(*n));
	if (!n)
		return error_nomem(w->e);
	n->frame = frame;
	n->block = (uint32_t)block;
	n->in = *s;
	w->spots[w->nr_spots] = n;
	w->frames[frame].nodes[block] = (int32_t)w->nr_spots;
	return enqueue(w, w->nr_spots++);
}

/* What the caller has after the call. */
static int go_back(struct flow *w, uint32_t frame)
{
	const struct frame *f = &w->frames[frame], *up = &w->frames[f->parent];
	const struct cfg *g = w->cfgs[up->function];
	struct flow_state *s = malloc(sizeof(*s));
	unsigned r;
	int err;

	if (!s)
		return error_nomem(w->e);
	*s = *f->caller;
	for (r = 1; r <= 5; r++) /* it may have written where it was pointed to */
		if (s->r[r].kind == CELL_STACK)
			for (unsigned k = 0; k < FLOW_SLOTS; k++)
				s->slot[k] = cell_num(num_any());
	for (r = 1; r <= 5; r++)
		s->r[r] = (struct cell){ 0 };
	s->r[0] = f->result;
	err = arrive(w, (uint32_t)f->parent, g->blocks[g->block_of[f->call]].next, s);
	free(s);
	return err;
}

static int enter(struct flow *w, uint32_t frame, uint32_t insn, const struct flow_state *s)
{
	const struct function *f = &w->object->functions[w->frames[frame].function];
	const struct reloc *r = function_reloc(f, insn);
	struct flow_state *in;
	struct frame *to;
	uint32_t k, at;
	int err;

	if (!r || r->kind != RELOC_CALL)
		return -E2BIG;
	err = need_frame(w, (int32_t)frame, insn, r->target, &at);
	if (err)
		return err;
	to = &w->frames[at];
	in = calloc(1, sizeof(*in));
	if (!to->caller)
		to->caller = calloc(1, sizeof(*to->caller));
	if (!in || !to->caller) {
		free(in);
		return error_nomem(w->e);
	}
	*to->caller = *s;
	for (k = 1; k <= 5; k++) {
		in->r[k] = s->r[k];
		if (in->r[k].kind == CELL_STACK)
			in->r[k] = cell_kind(CELL_OTHER);
		if (w->object->functions[r->target].global && in->r[k].kind != CELL_NONE)
			in->r[k] = in->r[k].kind == CELL_NUM ? cell_num(num_any()) : cell_kind(CELL_OTHER);
		if (w->object->functions[r->target].global && s->r[k].kind == CELL_CTX)
			in->r[k] = s->r[k];
	}
	err = arrive(w, at, 0, in);
	free(in);
	if (!err && w->frames[at].returns)
		err = go_back(w, at);
	return err;
}

static int leave(struct flow *w, uint32_t frame, const struct flow_state *s)
{
	struct frame *f = &w->frames[frame];
	struct flow_state a = { 0 }, b = { 0 };

	if (f->parent < 0)
		return 0;
	b.r[0] = w->object->functions[f->function].global ? cell_num(num_any()) : s->r[0];
	if (f->returns) {
		a.r[0] = f->result;
		if (!flow_join(&a, &b, true, 0x80000000u + frame))
			return 0;
		f->result = a.r[0];
	} else {
		f->result = b.r[0];
		f->returns = true;
	}
	return go_back(w, frame);
}

static int callback(struct flow *w, uint32_t function)
{
	struct flow_state *s = calloc(1, sizeof(*s));
	uint32_t at;
	unsigned r;
	int err;

	if (!s)
		return error_nomem(w->e);
	for (r = 1; r <= 5; r++)
		s->r[r] = cell_kind(CELL_OTHER);
	err = need_frame(w, -1, UINT32_MAX, function, &at);
	if (!err)
		err = arrive(w, at, 0, s);
	free(s);
	return err;
}

static uint32_t name_of(uint32_t frame, uint32_t insn)
{
	return (frame << 20 ^ insn) + 1;
}

/* Walk one block; with @report, tell of its instructions and let nothing flow. @s: three states. */
static int run(struct flow *w, const struct spot *n, struct flow_state *s, bool report)
{
	uint32_t frame = n->frame, function = w->frames[frame].function, insn;
	const struct cfg *g = w->cfgs[function];
	const struct function *f = &w->object->functions[function];
	struct block k = g->blocks[n->block];
	struct flow_insn x;
	int err, way;

	s[0] = n->in;
	for (insn = k.first; insn < k.end; insn += insn_is_ld_imm64(&x.i) ? 2 : 1) {
		const struct reloc *r = function_reloc(f, insn);

		x = flow_fetch(f, insn, w->rules);
		if (report) {
			err = w->rules->reached(w->rules->arg, f, insn, &x, &s[0]);
			if (err)
				return err;
		} else if (r && r->kind == RELOC_FUNC) {
			err = callback(w, r->target);
			if (err)
				return err;
		}
		if (insn_is_exit(&x.i))
			return report ? 0 : leave(w, frame, &s[0]);
		if (insn_is_local_call(&x.i))
			return report ? 0 : enter(w, frame, insn, &s[0]);
		if (insn_is_branch(&x.i)) {
			way = flow_branch(&x, &s[0], &s[1], &s[2]);
			err = report || way < 0 ? 0 : arrive(w, frame, k.taken, &s[2]);
			return err || report || way > 0 ? err : arrive(w, frame, k.next, &s[1]);
		}
		flow_step(w->object, f, insn, &x, w->rules, name_of(frame, insn), &s[0]);
	}
	return report ? 0 : arrive(w, frame, k.next, &s[0]);
}

static int report(struct flow *w, struct flow_state *s)
{
	uint32_t i, b;
	int err = 0;

	for (i = 0; i < w->nr_frames && !err; i++)
		for (b = 0; b < w->cfgs[w->frames[i].function]->nr_blocks && !err; b++)
			if (w->frames[i].nodes[b] >= 0)
				err = run(w, w->spots[w->frames[i].nodes[b]], s, true);
	return err;
}

static void release(struct flow *w)
{
	uint32_t i;

	for (i = 0; i < w->nr_frames; i++) {
		free(w->frames[i].nodes);
		free(w->frames[i].caller);
	}
	for (i = 0; i < w->nr_spots; i++)
		free(w->spots[i]);
	for (i = 0; w->cfgs && i < w->object->nr_functions; i++)
		cfg_free(w->cfgs[i]);
	free(w->cfgs);
	free(w->frames);
	free(w->spots);
	free(w->queue);
}

int flow_walk(const struct object *o, const struct function *f, const struct flow_rules *rules, struct abide_error *e)
{
	struct flow w = { .object = o, .rules = rules, .e = e };
	struct flow_state *s = calloc(3, sizeof(*s));
	uint32_t at, runs = 0, spot;
	int err;

	w.cfgs = calloc(o->nr_functions, sizeof(struct cfg *));
	if (!s || !w.cfgs) {
		err = error_nomem(e);
		goto out;
	}
	err = need_frame(&w, -1, UINT32_MAX, (uint32_t)(f - o->functions), &at);
	if (err)
		goto out;
	s->r[1] = cell_kind(CELL_CTX);
	err = arrive(&w, at, 0, s);
	while (!err && w.head < w.queued) {
		spot = w.queue[w.head++];
		w.spots[spot]->queued = false;
		err = ++runs > MAX_RUNS ? -E2BIG : run(&w, w.spots[spot], s, false);
	}
	if (!err)
		err = report(&w, s);
out:
	release(&w);
	free(s);
	return err;
}
