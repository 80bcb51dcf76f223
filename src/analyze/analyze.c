/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The abstract interpreter's driver. In: a function and what its arguments are. Out: the
 * graph of nodes with a fact for each instruction. Method: a worklist over nodes (block,
 * inlined call, variant); a state that arrives at a block joins the variant whose address
 * kinds it shares, or opens a new one; numbers are widened after a few joins, so loops
 * end. Static subprograms are walked in place, call by call, on one shared stack:
 *
 *      fp - 0      +--------------------------------+
 *                  | frame of the program           |
 *                  +--------------------------------+  base of its callee =
 *                  | r6..r9 of the program          |  base + frame + 32
 *                  +--------------------------------+
 *                  | frame of the callee            |
 *
 * Refused: recursion, more than 8 nested calls, more stack than 512 bytes, variants or
 * copies of calls beyond a bound.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analyze/insn.h"
#include "analyze/walk.h"
#include "object/disasm.h"
#include "util/buf.h"

#define MAX_VARIANTS 64     /* of one block in one call */
#define MAX_CONSTANTS 16    /* ... before constants no longer open new ones */
#define MAX_NODES 20000
#define MAX_WALKS 1024
#define MAX_COPIES (1 << 20) /* blocks of all walks */
#define JOINS_BEFORE_WIDENING 8
#define JOINS_BEFORE_UNKNOWN 60 /* some values, each to some numbers that the code compares with */
#define CALLEE_SAVES 32

struct worklist {
	uint32_t *items;
	size_t n, room, head;
};

int refuse_at(const struct analysis *a, const struct walk *w, uint32_t insn, struct abide_error *e)
{
	const struct function *f = w->cfg->function;
	char where[160], text[96], rest[sizeof(e->reason)];
	const char *source = "";

	function_where(a->object, f, insn, where, sizeof(where), &source);
	disasm(&f->insns[insn], f->nr_insns - insn, text, sizeof(text));
	snprintf(rest, sizeof(rest), "%s", e->reason);
	while (*source == ' ' || *source == '\t')
		source++;
	error_reason(e, "%s: %s, instruction %u: %s%s%s%s%.600s", where, f->name, insn, text,
		     *source ? "\n    " : "", source, *rest ? "\n" : "", rest);
	return e->code;
}

int refuse(const struct analysis *a, const struct walk *w, uint32_t insn, const char *tag, struct abide_error *e,
	   const char *fmt, ...)
{
	char problem[256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(problem, sizeof(problem), fmt, ap);
	va_end(ap);
	error_set(e, -EINVAL, tag, "%s", problem);
	return refuse_at(a, w, insn, e);
}

static int need_cfg(struct analysis *a, uint32_t function, const struct cfg **out, struct abide_error *e)
{
	int err;

	if (!a->cfgs[function]) {
		err = cfg_build(a->object, &a->object->functions[function], &a->cfgs[function], e);
		if (err)
			return err;
	}
	*out = a->cfgs[function];
	return 0;
}

/* The walk of @function called from @call of @parent; made when it is new. */
static int need_walk(struct analysis *a, int32_t parent, uint32_t call, uint32_t function, uint32_t *out,
		     struct abide_error *e)
{
	const struct cfg *cfg;
	struct walk *p, w = { .parent = parent, .call = call, .function = function };
	int32_t up;
	uint32_t i;
	int err;

	for (i = 0; i < a->nr_walks; i++)
		if (a->walks[i].parent == parent && a->walks[i].call == call) {
			*out = i;
			return 0;
		}
	err = need_cfg(a, function, &cfg, e);
	if (err)
		return err;
	w.cfg = cfg;
	if (parent >= 0) {
		p = &a->walks[parent];
		w.base = p->base + p->cfg->frame + CALLEE_SAVES;
		w.depth = p->depth + 1;
		for (up = parent; up >= 0; up = a->walks[up].parent)
			if (a->walks[up].function == function)
				return refuse(a, p, call, "recursion", e, "%s calls itself", cfg->function->name);
		if (w.depth >= STATE_DEPTH)
			return refuse(a, p, call, "call-depth", e, "more than %u nested calls", STATE_DEPTH);
		if (a->nr_walks >= MAX_WALKS)
			return refuse(a, p, call, "too-large", e, "more than %u calls of subprograms", MAX_WALKS);
		if (a->nr_copies + cfg->nr_blocks > MAX_COPIES)
			return refuse(a, p, call, "too-large", e, "calls of large subprograms make more than %u blocks",
				      MAX_COPIES);
	}
	a->nr_copies += cfg->nr_blocks;
	if (w.base + cfg->frame > 512) {
		error_set(e, -EINVAL, "stack", "%s needs %u bytes of stack, and 512 is all there is",
			  cfg->function->name, w.base + cfg->frame);
		return error_hint(e, "keep large rows in a ring buffer's record (event_reserve) or a per-CPU map");
	}
	p = array_grow(a->walks, a->nr_walks, &a->room_walks, sizeof(*p));
	if (!p)
		return error_nomem(e);
	a->walks = p;
	w.variants = malloc(cfg->nr_blocks * sizeof(*w.variants));
	if (!w.variants)
		return error_nomem(e);
	memset(w.variants, 0xff, cfg->nr_blocks * sizeof(*w.variants)); /* -1 */
	if (w.base + cfg->frame > a->stack)
		a->stack = w.base + cfg->frame;
	*out = a->nr_walks;
	a->walks[a->nr_walks++] = w;
	return 0;
}

/* Which values of a state at the start of a block must not be merged across kinds. */
static struct key key_of(const struct analysis *a, uint32_t walk, uint32_t block)
{
	const struct walk *w = &a->walks[walk], *up;
	const struct alive *before = &w->cfg->before[w->cfg->blocks[block].first];
	struct key k = { .regs = before->address & 0x3ff, .kept = before->regs & INSN_CALLEE_SAVED };
	uint32_t base = w->base / 8;

	k.slots = base < 64 ? before->slots << base : 0;
	if (base) /* the callers' slots: whatever is kept there */
		k.slots |= base < 64 ? (1ull << base) - 1 : UINT64_MAX;
	for (up = w; up->parent >= 0; up = &a->walks[up->parent]) {
		const struct cfg *g = a->walks[up->parent].cfg;

		k.saved[up->depth - 1] = (uint8_t)(g->after[up->call].address >> 6 & 0xf);
		k.kept_saved[up->depth - 1] = (uint8_t)(g->after[up->call].regs >> 6 & 0xf);
	}
	return k;
}

static int enqueue(struct analysis *a, struct worklist *l, uint32_t node, struct abide_error *e)
{
	uint32_t *p;

	if (a->nodes[node].queued)
		return 0;
	if (l->head && l->n == l->room) { /* reuse what has been taken */
		memmove(l->items, l->items + l->head, (l->n - l->head) * sizeof(*l->items));
		l->n -= l->head;
		l->head = 0;
	}
	p = array_grow(l->items, l->n, &l->room, sizeof(*p));
	if (!p)
		return error_nomem(e);
	l->items = p;
	l->items[l->n++] = node;
	a->nodes[node].queued = true;
	return 0;
}

/* Let @s flow into a block: join a variant, or open one. *out is the node. */
static int flow(struct analysis *a, struct worklist *l, uint32_t walk, uint32_t block, const struct state *s,
		int32_t *out, struct abide_error *e)
{
	const struct walk *w = &a->walks[walk];
	struct widening widen = { w->cfg->marks, w->cfg->nr_marks };
	struct key k = key_of(a, walk, block);
	uint32_t variants = 0;
	struct node *n;
	int32_t i;

	for (i = w->variants[block]; i >= 0; i = a->nodes[i].older)
		variants++;
	k.constants = a->keep_constants && variants < MAX_CONSTANTS;
	for (i = w->variants[block]; i >= 0; i = n->older) {
		n = &a->nodes[i];
		if (!state_same_kinds(n->in, s, &k))
			continue;
		*out = i;
		if (n->joins >= JOINS_BEFORE_UNKNOWN)
			widen.nr = 0;
		if (!state_join(n->in, s, n->joins >= JOINS_BEFORE_WIDENING ? &widen : NULL))
			return 0;
		n->joins++;
		return enqueue(a, l, (uint32_t)i, e);
	}
	if (a->nr_nodes >= MAX_NODES) {
		refuse(a, w, w->cfg->blocks[block].first, "too-large", e, "walked in place, the program has more than %u blocks",
		       MAX_NODES);
		return error_hint(e, "call subprograms from fewer places, read fields before paths meet");
	}
	if (variants >= MAX_VARIANTS) {
		refuse(a, w, w->cfg->blocks[block].first, "variants", e,
		       "more than %u ways for pointers of different kinds to reach one place", MAX_VARIANTS);
		return error_hint(e, "read the fields in each branch, before the paths meet");
	}
	n = array_grow(a->nodes, a->nr_nodes, &a->room_nodes, sizeof(*n));
	if (!n)
		return error_nomem(e);
	a->nodes = n;
	n = &a->nodes[a->nr_nodes];
	*n = (struct node){ .walk = walk, .block = block, .next = -1, .taken = -1, .older = w->variants[block] };
	n->in = malloc(sizeof(*n->in));
	if (!n->in)
		return error_nomem(e);
	*n->in = *s;
	*out = (int32_t)a->nr_nodes++;
	w->variants[block] = *out;
	return enqueue(a, l, (uint32_t)*out, e);
}

static int enter_call(struct analysis *a, struct worklist *l, uint32_t node, uint32_t insn, struct state *s,
		      struct abide_error *e)
{
	uint32_t at = a->nodes[node].walk, walk, i;
	const struct reloc *r = function_reloc(a->walks[at].cfg->function, insn);
	struct walk *w;
	int32_t to = -1;
	int err;

	if (!r || r->kind != RELOC_CALL)
		return refuse(a, &a->walks[at], insn, "bad-instruction", e, "a call of no function");
	err = need_walk(a, (int32_t)at, insn, r->target, &walk, e);
	if (err)
		return err;
	w = &a->walks[walk];
	for (i = 0; i < 4; i++) {
		if (s->r[6 + i].kind == VAL_USER && s->r[6 + i].indexed) {
			refuse(a, &a->walks[at], insn, "pointer-arithmetic", e,
			       "a user-ized pointer with a variable index lives across a call");
			return error_hint(e, "read the element before the call");
		}
		s->saved[s->depth][i] = s->r[6 + i];
		s->r[6 + i] = (struct val){ 0 };
	}
	s->r[0] = (struct val){ 0 };
	s->depth++;
	for (i = w->base / 8; i < STATE_SLOTS; i++)
		s->slot[i] = (struct val){ 0 };
	err = flow(a, l, walk, 0, s, &to, e);
	a->nodes[node].next = to;
	return err;
}

static int leave_call(struct analysis *a, struct worklist *l, uint32_t node, struct state *s, struct abide_error *e)
{
	const struct walk *w = &a->walks[a->nodes[node].walk];
	const struct cfg *up;
	int32_t next, to = -1;
	uint32_t i;
	int err;

	if (w->parent < 0)
		return 0;
	up = a->walks[w->parent].cfg;
	next = up->blocks[up->block_of[w->call]].next;
	s->depth--;
	for (i = 0; i < 4; i++)
		s->r[6 + i] = s->saved[s->depth][i];
	for (i = 1; i <= 5; i++)
		s->r[i] = (struct val){ 0 };
	for (i = w->base / 8; i < STATE_SLOTS; i++)
		s->slot[i] = (struct val){ 0 };
	err = flow(a, l, (uint32_t)w->parent, (uint32_t)next, s, &to, e);
	a->nodes[node].next = to;
	return err;
}

static int need_callback(struct analysis *a, uint32_t function, struct abide_error *e)
{
	uint32_t i, *p;

	for (i = 0; i < a->nr_callbacks; i++)
		if (a->callbacks[i] == function)
			return 0;
	p = array_grow(a->callbacks, a->nr_callbacks, &a->room_callbacks, sizeof(*p));
	if (!p)
		return error_nomem(e);
	a->callbacks = p;
	a->callbacks[a->nr_callbacks++] = function;
	return 0;
}

static int run_branch(struct analysis *a, struct worklist *l, uint32_t node, uint32_t insn, struct state *s,
		      struct state *taken, struct fact *fact, struct abide_error *e)
{
	uint32_t walk = a->nodes[node].walk;
	const struct walk *w = &a->walks[walk];
	const struct block *k = &w->cfg->blocks[a->nodes[node].block];
	struct state before = *s;
	int32_t to = -1;
	int err;

	err = step_branch(a, w, insn, &before, s, taken, fact, e);
	if (!err && fact->always >= 0) {
		err = flow(a, l, walk, (uint32_t)k->taken, taken, &to, e);
		a->nodes[node].taken = to;
	}
	if (!err && fact->always <= 0) {
		err = flow(a, l, walk, (uint32_t)k->next, s, &to, e);
		a->nodes[node].next = to;
	}
	return err;
}

/* Walk one node's block and let the result flow on. @s is scratch for two states. */
static int run_node(struct analysis *a, struct worklist *l, uint32_t node, struct state *s, struct state *taken,
		    struct abide_error *e)
{
	uint32_t walk = a->nodes[node].walk, first, insn, wide;
	const struct walk *w = &a->walks[walk];
	const struct block *k = &w->cfg->blocks[a->nodes[node].block];
	const struct function *f = w->cfg->function;
	struct fact *facts = a->nodes[node].facts;
	int32_t to = -1;
	int err;

	first = k->first;
	if (!facts) {
		facts = calloc(k->end - first, sizeof(*facts));
		if (!facts)
			return error_nomem(e);
		a->nodes[node].facts = facts;
	}
	*s = *a->nodes[node].in;
	a->nodes[node].next = a->nodes[node].taken = -1;
	for (insn = first; insn < k->end; insn += wide) {
		const struct bpf_insn *i = &f->insns[insn];
		const struct reloc *r = function_reloc(f, insn);
		struct fact *fact = &facts[insn - first];

		wide = insn_is_ld_imm64(i) ? 2 : 1;
		*fact = (struct fact){ .written = state_written(s), .alive = w->cfg->after[insn].regs };
		if (r && r->kind == RELOC_FUNC && (err = need_callback(a, r->target, e)))
			return err;
		if (insn_is_local_call(i)) {
			fact->kind = FACT_CALL;
			a->changes = true;
			return enter_call(a, l, node, insn, s, e);
		}
		if (insn_is_exit(i)) {
			fact->kind = FACT_EXIT;
			return leave_call(a, l, node, s, e);
		}
		if (insn_is_branch(i)) {
			return run_branch(a, l, node, insn, s, taken, fact, e);
		}
		err = step_insn(a, w, insn, s, fact, e);
		if (err)
			return err;
		if (fact->kind != FACT_COPY)
			a->changes = true;
	}
	err = flow(a, l, walk, (uint32_t)k->next, s, &to, e);
	a->nodes[node].next = to;
	return err;
}

/* A function clobbers what its callees clobber. */
static void close_clobbers(struct analysis *a)
{
	bool changed = true;
	uint32_t i, k;

	while (changed) {
		changed = false;
		for (i = 0; i < a->object->nr_functions; i++) {
			struct cfg *g = a->cfgs[i];

			for (k = 0; g && k < g->function->nr_relocs; k++) {
				const struct reloc *r = &g->function->relocs[k];
				uint16_t more = r->kind == RELOC_CALL && a->cfgs[r->target] ?
							a->cfgs[r->target]->clobbers & ~g->clobbers : 0;

				g->clobbers |= more;
				changed |= more != 0;
			}
		}
	}
}

/* The context of other programs is the kernel's own: nothing is known of it, nothing rewritten. */
static void start_state(bool callback, const struct cat_event *event, struct state *s)
{
	unsigned r;

	memset(s, 0, sizeof(*s));
	if (!callback) {
		s->r[1] = val_pointer(event ? VAL_CTX : VAL_OTHER);
		return;
	}
	for (r = 1; r <= 5; r++)
		s->r[r] = val_pointer(VAL_OTHER);
}

static int run(struct analysis *a, bool callback, struct abide_error *e)
{
	struct state *s = malloc(sizeof(*s)), *taken = malloc(sizeof(*taken));
	struct worklist l = { 0 };
	uint32_t walk, node;
	int32_t start;
	int err;

	if (!s || !taken || !(a->cfgs = calloc(a->object->nr_functions, sizeof(struct cfg *)))) {
		err = error_nomem(e);
		goto out;
	}
	err = need_walk(a, -1, 0, (uint32_t)(a->function - a->object->functions), &walk, e);
	if (err)
		goto out;
	start_state(callback, a->event, s);
	err = flow(a, &l, walk, 0, s, &start, e);
	while (!err && l.head < l.n) {
		node = l.items[l.head++];
		a->nodes[node].queued = false;
		err = run_node(a, &l, node, s, taken, e);
	}
	if (!err)
		close_clobbers(a);
out:
	free(l.items);
	free(s);
	free(taken);
	return err;
}

int analyze_function(const struct object *o, const struct function *f, bool callback,
		     const struct cat_event *event, struct catalog *c, struct target *t, struct analysis **out,
		     struct abide_error *e)
{
	const struct placement *place = NULL;
	struct abide_error again;
	struct analysis *a;
	int keep, err;

	if (event && t && (err = resolve_event(t, event, &place, e)))
		return err;
	/*
	 * Compilers turn "flag ? a : b" into "base + (flag ? 8 : 0)" as well. Keeping every such
	 * constant apart would copy code that needs no copy, so that is tried second.
	 */
	for (keep = 0; keep < 2; keep++) {
		a = calloc(1, sizeof(*a));
		if (!a)
			return error_nomem(e);
		*a = (struct analysis){ .object = o, .function = f, .catalog = c, .target = t, .event = event,
					.placement = place, .keep_constants = keep };
		err = run(a, callback, keep ? &again : e);
		if (!err) {
			*out = a;
			return 0;
		}
		analysis_free(a);
		if (!event || err != -EINVAL)
			break;
	}
	/* what stays refused with constants apart is the reason, unless they are merely too many */
	if (keep >= 1 && strcmp(again.tag, "variants") && strcmp(again.tag, "too-large"))
		*e = again;
	return e->code;
}

void analysis_free(struct analysis *a)
{
	uint32_t i;

	if (!a)
		return;
	for (i = 0; i < a->nr_nodes; i++) {
		free(a->nodes[i].facts);
		free(a->nodes[i].in);
	}
	for (i = 0; a->cfgs && i < a->object->nr_functions; i++)
		cfg_free(a->cfgs[i]);
	free(a->cfgs);
	for (i = 0; i < a->nr_walks; i++)
		free(a->walks[i].variants);
	free(a->walks);
	free(a->nodes);
	free(a->callbacks);
	free(a);
}
