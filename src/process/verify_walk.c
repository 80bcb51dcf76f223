/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Walks a program with all that its registers and stack can hold. In: blocks. Out: facts, or a refusal.
 *
 * Where paths meet, a node keeps the states that have come there: those that differ in kinds of
 * pointers or in ring records stay apart (a few of them), others are joined. What is covered by a
 * state that has been walked is not walked again. Nodes wait in a heap, in the order of verify_flow.c,
 * so that most are walked once. What still changes at a loop's head after some rounds is widened.
 *
 * Functions are walked at each call: a node belongs to a chain of calls. A helper that calls back is
 * the head of a loop whose body is the callback: 0 or more rounds of it, and then what follows the call.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "process/verify_walk.h"

#define VARIANTS       6          /* states of one node */
#define VARIANTS_APART 96         /* the same, second attempt */
#define ROUNDS         2          /* joins at a loop's head before it is widened */
#define ROUNDS_MARKS   20         /* joins after which numbers jump to their limits */
/*
 * The time of so many instructions, copies and comparisons of states counted (some 50 ns each): whoever sends a
 * program waits that long at most, and a long one may take as long as walking it several times.
 */
#define MAX_WORK       1000000u
#define MAX_WORK_INSN  4          /* and so many more an instruction */
#define MAX_MARKS      192

/* Order of walking: the chain of calling blocks, then the block. */
static bool before(const struct verifier *v, const struct verify_node *a, const struct verify_node *b)
{
	uint32_t i, x, y;

	for (i = 0;; i++) {
		x = i < a->context->depth ? a->context->order[i] : v->blocks[a->block].order;
		y = i < b->context->depth ? b->context->order[i] : v->blocks[b->block].order;
		if (x != y)
			return x < y;
		if (i >= a->context->depth)
			return i < b->context->depth;
		if (i >= b->context->depth)
			return false;
	}
}

static int enqueue(struct verifier *v, struct verify_node *n)
{
	uint32_t i = v->nr_heap, up;

	if (n->queued)
		return 0;
	if (v->nr_heap == v->room_heap) {
		uint32_t room = v->room_heap ? 2 * v->room_heap : 64;
		struct verify_node **heap = realloc(v->heap, room * sizeof(struct verify_node *));

		if (!heap)
			return error_nomem(v->e);
		v->heap = heap;
		v->room_heap = room;
	}
	n->queued = true;
	v->nr_heap++;
	for (; i; i = up) {
		up = (i - 1) / 2;
		if (!before(v, n, v->heap[up]))
			break;
		v->heap[i] = v->heap[up];
	}
	v->heap[i] = n;
	return 0;
}

static struct verify_node *dequeue(struct verifier *v)
{
	struct verify_node *first = v->heap[0], *last = v->heap[--v->nr_heap];
	uint32_t i = 0, down;

	for (;;) {
		down = 2 * i + 1;
		if (down >= v->nr_heap)
			break;
		if (down + 1 < v->nr_heap && before(v, v->heap[down + 1], v->heap[down]))
			down++;
		if (!before(v, v->heap[down], last))
			break;
		v->heap[i] = v->heap[down];
		i = down;
	}
	if (v->nr_heap)
		v->heap[i] = last;
	first->queued = false;
	return first;
}

static void free_variant(struct verifier *v, struct verify_variant *x)
{
	if (x->s)
		v->bytes -= verify_state_size(x->s);
	verify_state_free(&v->pool, x->s);
	x->s = NULL;
}

void verify_walk_free(struct verifier *v)
{
	verify_contexts_free(v);
	v->bytes = 0;
	free(v->heap);
	v->heap = NULL;
	v->nr_heap = v->room_heap = 0;
	free(v->now);
	free(v->other);
	v->now = v->other = NULL;
	verify_chunks_free(&v->pool);
}

static int compare_marks(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

static void add_mark(uint64_t *marks, uint32_t *nr, uint64_t m)
{
	int64_t d;

	for (d = -1; d <= 1; d++)
		if (*nr < MAX_MARKS)
			marks[(*nr)++] = m + (uint64_t)d;
}

/* What a loop compares with: constants in its branches, and in registers. */
static struct marks collect_marks(struct verifier *v, const struct verify_node *n, const struct state *s, uint64_t *marks)
{
	const struct verify_block *b = &v->blocks[n->block];
	const struct verify_function *f = &v->functions[v->function_of[n->block]];
	uint32_t end = b->loop_end > b->first ? b->loop_end + 1 : f->first + f->nr, pc, nr = 0, k;
	const struct frame *top = &s->frame[s->nr_frames - 1];

	for (k = 0; k < 10; k++)
		if (top->r[k].kind != KIND_NONE && num_is_const(&top->r[k].num))
			add_mark(marks, &nr, top->r[k].num.umin);
	for (pc = b->first; pc < end && nr < MAX_MARKS; pc++)
		if (v->form[pc] == FORM_JUMP_K) {
			add_mark(marks, &nr, (uint64_t)(int64_t)v->in->insns[pc].imm);
			if (v->in->insns[pc].imm < 0 && BPF_CLASS(v->in->insns[pc].code) == BPF_JMP32)
				add_mark(marks, &nr, (uint32_t)v->in->insns[pc].imm);
		}
	v->pool.work += 64 + (pc - b->first) / 16;
	qsort(marks, nr, sizeof(*marks), compare_marks);
	return (struct marks){ marks, nr };
}

static int add_variant(struct verifier *v, struct verify_node *n, const struct state *s)
{
	if (n->nr == n->room) {
		uint32_t room = n->room ? 2 * n->room : 2;
		struct verify_variant *x = realloc(n->variant, room * sizeof(*x));

		if (!x)
			return error_nomem(v->e);
		n->variant = x;
		n->room = room;
	}
	n->variant[n->nr] = (struct verify_variant){ .s = verify_state_save(&v->pool, s), .pending = true };
	if (!n->variant[n->nr].s)
		return error_nomem(v->e);
	v->bytes += verify_state_size(n->variant[n->nr++].s);
	if (v->bytes + v->pool.in_use * sizeof(struct chunk) > VERIFY_BYTES)
		return verify_too_complex(v, "too many different states");
	return enqueue(v, n);
}

static int join_variant(struct verifier *v, struct verify_node *n, struct verify_variant *x, const struct state *s)
{
	const struct verify_block *b = &v->blocks[n->block];
	uint64_t values[MAX_MARKS];
	struct marks marks = { values, 0 };
	bool widen = b->loops && ++x->joins > ROUNDS && !x->pending;

	if (b->loops && x->joins > 4 * ROUNDS_MARKS)
		widen = true;
	if (widen && x->joins <= ROUNDS_MARKS)
		marks = collect_marks(v, n, s, values);
	if (verify_state_join(&v->pool, x->s, s, widen ? &marks : NULL))
		x->pending = true;
	return x->pending ? enqueue(v, n) : 0;
}

/* State @s reaches a node: it is covered, joined, or kept beside the others. */
static int arrive(struct verifier *v, struct verify_context *c, uint32_t block, struct state *s)
{
	const struct verify_block *b = &v->blocks[block];
	struct frame *top = state_top(s);
	struct verify_node *n;
	uint32_t k, limit = v->apart ? VARIANTS_APART : VARIANTS;

	for (k = 0; k < 10; k++)
		if (!(b->live & 1u << k))
			top->r[k] = (struct value){ 0 };
	n = verify_node(v, c, block);
	if (!n)
		return -ENOMEM;
	for (k = 0; k < n->nr; k++)
		if (verify_state_covers(&v->pool, n->variant[k].s, s))
			return 0;
	for (k = 0; !v->apart && k < n->nr; k++)
		if (verify_state_similar(&v->pool, n->variant[k].s, s))
			return join_variant(v, n, &n->variant[k], s);
	if (n->nr < limit)
		return add_variant(v, n, s);
	for (k = 0; k < n->nr; k++)
		if (verify_state_similar(&v->pool, n->variant[k].s, s))
			return join_variant(v, n, &n->variant[k], s);
	for (k = 0; k < n->nr; k++)
		if (verify_state_joinable(n->variant[k].s, s))
			return join_variant(v, n, &n->variant[k], s);
	return verify_too_complex(v, "too many combinations of ring records meet");
}

int verify_push(struct verifier *v, bool callback)
{
	struct frame *f;

	if (v->now->nr_frames == PROCESS_FRAMES)
		return verify_refuse(v, TAG_DEPTH, "more than %d functions are active", PROCESS_FRAMES);
	f = &v->now->frame[v->now->nr_frames++];
	memset(f->r, 0, sizeof(f->r));
	f->records = callback ? v->now->records : 0;
	f->used = 0;
	memset(f->chunk, 0, sizeof(f->chunk));
	return 0;
}

/* A function that begins at slot @first is entered with the state at hand. */
static int enter(struct verifier *v, uint32_t first, bool callback)
{
	uint32_t block = v->block_at[first];
	struct verify_context *c = verify_context(v, v->function_of[block], callback);

	return c ? arrive(v, c, block, v->now) : v->over ? -E2BIG : -ENOMEM;
}

static int call(struct verifier *v, const struct bpf_insn *i)
{
	uint32_t first = v->pc + 1 + (uint32_t)i->imm, k;
	struct frame *caller = state_top(v->now);
	uint16_t live = v->blocks[v->block_at[v->pc + 1]].live;
	int err = verify_push(v, false);

	if (err)
		return err;
	for (k = 1; k <= 5; k++)
		state_top(v->now)->r[k] = caller->r[k];
	for (k = 0; k < 10; k++)
		if (k < 6 || !(live & 1u << k))
			caller->r[k] = (struct value){ 0 };
	return enter(v, first, false);
}

/* What led to the frame that has ended, or to the key that it was handed, leads nowhere now. */
static bool is_gone(const struct value *x, uint32_t frame)
{
	return (x->kind == KIND_STACK && x->index == frame) || (x->kind == KIND_KEY && x->delta == (int32_t)frame);
}

/* The running frame ends. */
static void forget_frame(struct verifier *v, struct state *s)
{
	uint32_t frame = --s->nr_frames, i, k;

	verify_frame_shrink(&v->pool, &s->frame[frame], 0);
	for (i = 0; i < s->nr_frames; i++) {
		struct frame *f = &s->frame[i];

		for (k = 0; k < 10; k++)
			if (is_gone(&f->r[k], frame))
				f->r[k] = (struct value){ 0 };
		for (k = 0; k < f->used; k++)
			if (frame_slot(f, k)->whole && is_gone(&frame_slot(f, k)->v, frame))
				*verify_slot(&v->pool, f, k) = (struct slot){ 0 };
		v->pool.work += 1 + f->used / 8;
	}
}

static int leave_callback(struct verifier *v, const struct value *r0)
{
	struct state *s = v->now;
	char text[120];

	if (r0->kind != KIND_NUMBER || r0->num.umax > 1)
		return verify_refuse(v, TAG_CALLBACK, "a callback returns %s, not 0 or 1", verify_value_text(v, r0, text, sizeof(text)));
	if (state_top(s)->records != s->records)
		return verify_refuse(v, TAG_CALLBACK, "a callback ends with more or fewer ring records than it began with");
	forget_frame(v, s);
	return arrive(v, v->context->parent, v->block_at[v->context->call], s);
}

static void note_stack(struct verifier *v)
{
	uint32_t i, sum = 0;

	for (i = 0; i < v->now->nr_frames; i++)
		sum += v->now->frame[i].used;
	if (sum > v->deepest)
		v->deepest = sum;
}

static int leave(struct verifier *v)
{
	struct state *s = v->now;
	const struct value *x;
	struct value tmp;
	char text[120];
	uint32_t k;

	note_stack(v);
	if (s->nr_frames > 1 && !v->context->callback) {
		s->frame[s->nr_frames - 2].r[0] = state_top(s)->r[0];
		forget_frame(v, s);
		return arrive(v, v->context->parent, v->block_at[v->context->call + 1], s);
	}
	x = verify_read(v, 0, &tmp);
	if (!x)
		return verify_refuse(v, TAG_RETURN, "it ends with nothing in r0, the result");
	if (v->context->callback)
		return leave_callback(v, x);
	if (x->kind != KIND_NUMBER)
		return verify_refuse(v, TAG_RETURN, "it returns %s", verify_value_text(v, x, text, sizeof(text)));
	if (!s->records)
		return 0;
	for (k = 0; !(s->records & 1u << k); k++)
		;
	return verify_refuse(v, TAG_RECORD, "it ends without giving up the ring record that instruction %u reserved", s->record[k].pc);
}

/* A callback's rounds, and what comes behind them. *over: this path has ended. */
static int call_helper(struct verifier *v, const struct bpf_insn *i)
{
	uint32_t first;
	int err;

	if (verify_helper_row(i->imm)->needs == NEEDS_CALLS) {
		v->result->loops = true;
		/* once to see that the arguments are good, on a copy */
		verify_state_load(&v->pool, v->other, v->now);
		err = verify_helper(v, i);
		if (err)
			return err;
		verify_state_load(&v->pool, v->now, v->other);
		err = verify_callback(v, i, &first);
		if (!err)
			err = enter(v, first, true);
		if (err)
			return err;
		/* back to before it: the first round may not be */
		verify_state_load(&v->pool, v->now, v->other);
	}
	return verify_helper(v, i);
}

/* One instruction; *next: the one that follows on this path, UINT32_MAX: none. */
static int step(struct verifier *v, uint32_t *next)
{
	const struct bpf_insn *i = &v->in->insns[v->pc];
	bool falls, jumps;
	int err;

	*next = v->pc + 1;
	switch (v->form[v->pc]) {
	case FORM_ALU_K:
	case FORM_ALU_X:
	case FORM_ALU_1:
		return verify_alu(v, i);
	case FORM_LOAD:
		return verify_load(v, i);
	case FORM_STORE_K:
	case FORM_STORE_X:
		return verify_store(v, i);
	case FORM_ATOMIC:
		return verify_atomic(v, i);
	case FORM_LD64:
	case FORM_LDFUNC:
	case FORM_MAP:
	case FORM_MAP_VALUE:
		*next = v->pc + 2;
		return verify_load64(v, i);
	case FORM_HELPER:
		return call_helper(v, i);
	case FORM_GOTO:
		*next = v->pc + 1 + (uint32_t)(int32_t)i->off;
		break;
	case FORM_GOTOL:
		*next = v->pc + 1 + (uint32_t)i->imm;
		break;
	case FORM_JUMP_K:
	case FORM_JUMP_X:
		err = verify_branch(v, i, &falls, &jumps);
		if (err)
			return err;
		if (!falls)
			*next = UINT32_MAX;
		if (jumps) {
			uint32_t to = v->pc + 1 + (uint32_t)(int32_t)i->off;

			v->result->loops |= to <= v->pc;
			return arrive(v, v->context, v->block_at[to], v->other);
		}
		return 0;
	case FORM_CALL:
		*next = UINT32_MAX;
		return call(v, i);
	default: /* FORM_EXIT */
		*next = UINT32_MAX;
		return leave(v);
	}
	v->result->loops |= *next <= v->pc;
	return 0;
}

static void note_values(struct verifier *v)
{
	struct verify_value *to = v->result->values[v->pc];
	bool first = !v->result->facts[v->pc].reached;
	uint32_t k;

	for (k = 0; k < 10; k++) {
		const struct value *x = &state_top(v->now)->r[k];

		if (first)
			to[k] = (struct verify_value){ x->kind == KIND_NUMBER, x->num };
		else if (x->kind != KIND_NUMBER)
			to[k].is_number = false;
		else if (to[k].is_number)
			to[k].num = num_join(&to[k].num, &x->num);
	}
}

/* From v->pc on until the path ends or meets another. */
static int walk(struct verifier *v)
{
	uint32_t next, begin = v->pc;
	int err;

	for (;;) {
		if (v->block_at[v->pc] != NO_BLOCK && v->pc != begin && v->blocks[v->block_at[v->pc]].meets)
			return arrive(v, v->context, v->block_at[v->pc], v->now);
		v->result->visited++;
		if (++v->pool.work > MAX_WORK + MAX_WORK_INSN * (uint64_t)v->in->nr_insns)
			return verify_too_complex(v, "a million steps have not been enough");
		if (!verify_chunks_ready(&v->pool))
			return error_nomem(v->e);
		if (v->result->values)
			note_values(v);
		v->result->facts[v->pc].reached = true;
		err = step(v, &next);
		if (err || next == UINT32_MAX)
			return err;
		if (next <= v->pc) /* a jump back, perhaps to where this began */
			return arrive(v, v->context, v->block_at[next], v->now);
		v->pc = next;
	}
}

static int begin(struct verifier *v)
{
	struct frame *f;

	v->now = verify_state_full();
	v->other = verify_state_full();
	if (!v->now || !v->other || !verify_chunks_ready(&v->pool))
		return error_nomem(v->e);
	v->pc = 0;
	v->next_id = 0;
	memset(v->now->record, 0, sizeof(v->now->record));
	verify_push(v, false);
	f = state_top(v->now);
	if (v->in->has_memory) {
		f->r[1] = (struct value){ .kind = KIND_MEMORY, .num = num_const(0) };
		f->r[2] = value_number(num_const(v->in->memory));
	} else {
		f->r[1] = (struct value){ .kind = KIND_CONTEXT, .num = num_const(0) };
	}
	return enter(v, 0, false);
}

int verify_walk(struct verifier *v)
{
	struct verify_node *n;
	uint32_t k;
	int err = begin(v);

	while (!err && v->nr_heap) {
		n = dequeue(v);
		for (k = 0; !err && k < n->nr; k++) {
			if (!n->variant[k].pending)
				continue;
			n->variant[k].pending = false;
			verify_state_load(&v->pool, v->now, n->variant[k].s);
			v->context = n->context;
			v->pc = v->blocks[n->block].first;
			err = walk(v);
			note_stack(v);
			if (v->blocks[n->block].once)
				free_variant(v, &n->variant[k]);
		}
		if (!err && v->blocks[n->block].once)
			n->nr = 0;
	}
	return err;
}
