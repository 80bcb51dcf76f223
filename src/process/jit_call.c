/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * x86-64 code around functions: frames, calls of helpers, functions and other programs.
 *
 *	  return address
 *	  rbp of the caller     <- rbp, which is r10
 *	  the program's stack   (512 bytes, less where the most that it uses is known)
 *	  the run               where something needs it
 *	  r6 .. r9's registers  those that the function writes
 *
 * With the registers as they are assigned by default, arguments of a helper are where C
 * wants them. Functions of the program keep to the program's registers among themselves;
 * each that C calls has an entry that saves what C wants back and loads the budget.
 *
 * A function whose budget is spent returns, and so does its caller, which sees the sign of
 * the budget: frames of helpers in between are left in order.
 */
#include <stddef.h>
#include <sys/types.h>

#include "process/helper.h"
#include "process/jit.h"

#if defined(__x86_64__)

static const uint8_t c_args[5] = { RDI, RSI, RDX, RCX, R8 };

_Static_assert(offsetof(struct process_run, budget) == 0, "native code reaches it at offset 0");
_Static_assert(sizeof(enum process_status) == 4, "native code stores it");

/* glibc, since 2.35: where a thread's struct rseq lies, from the thread pointer on. */
extern const ptrdiff_t __rseq_offset __attribute__((weak));
extern const unsigned int __rseq_size __attribute__((weak));
#define RSEQ_CPU_ID 4 /* offset in struct rseq, linux/rseq.h */

static bool c_keeps(uint8_t reg)
{
	return reg == RBX || reg == RBP || reg >= R12;
}

void jit_load_run(struct jit *j)
{
	x86_rm(&j->c, 0, true, 0x8b, RUN, mem_at(RBP, -(int32_t)j->f.depth - 8), false);
}

static void leave_if_spent(struct jit *j)
{
	jit_jump(j, 0x70 | CC_S, jit_label(j, j->function, LABEL_SPENT));
	j->f.has_spent = true;
}

/* A call of a C function; direct where a distance of 32 bits reaches it. */
void jit_call_c(struct jit *j, const void *fn)
{
	intptr_t distance;

	if (j->second && !j->far) {
		distance = (intptr_t)((uintptr_t)fn - (j->base + j->c.at + 5));
		if (distance == (int32_t)distance) {
			x86_u8(&j->c, 0xe8);
			x86_u32(&j->c, (uint32_t)distance);
			return;
		}
	}
	x86_load(&j->c, TMP1, (uintptr_t)fn);
	x86_rr(&j->c, false, 0xff, 2, TMP1);
}

/* r1 to r5 to where C has its arguments. */
static void pass_arguments(struct jit *j)
{
	int k;

	for (k = 1; k <= 5; k++)
		x86_push(&j->c, j->map[k]);
	for (k = 5; k >= 1; k--)
		x86_pop(&j->c, c_args[k - 1]);
}

/* With another assignment: save those of r6 to r9 that C does not keep, pass, call, take r0. */
static void call_rotated(struct jit *j, const void *fn)
{
	uint8_t saved[5], n = 0, k;

	for (k = 6; k <= 9; k++)
		if (!c_keeps(j->map[k]))
			saved[n++] = j->map[k];
	for (k = 0; k < n; k++)
		x86_push(&j->c, saved[k]);
	if (n & 1)
		x86_push(&j->c, RAX);
	pass_arguments(j);
	jit_call_c(j, fn);
	if (n & 1)
		x86_pop(&j->c, TMP1);
	x86_mov(&j->c, true, TMP1, RAX); /* a saved one may be rax */
	while (n)
		x86_pop(&j->c, saved[--n]);
	x86_mov(&j->c, true, j->map[0], TMP1);
}

static void call_any(struct jit *j, const void *fn)
{
	if (j->rotated)
		call_rotated(j, fn);
	else
		jit_call_c(j, fn);
}

static bool has_cpu_id(void)
{
	return &__rseq_offset && &__rseq_size && __rseq_size;
}

static void cpu_id(struct jit *j)
{
	struct x86 *c = &j->c;

	/* mov r32, fs:[disp32] */
	x86_u8(c, 0x64);
	x86_rex(c, false, j->map[0], 0, 0, false);
	x86_u8(c, 0x8b);
	x86_u8(c, (j->map[0] & 7u) << 3 | 4);
	x86_u8(c, 0x25);
	x86_u32(c, (uint32_t)(__rseq_offset + RSEQ_CPU_ID));
}

/*
 * The kernel's clock, called where it is; its result, two words, on the stack. They are 0 where it
 * refuses (a filter of system calls may make it). Other assignments of registers call the helper.
 */
static void clock_ns(struct jit *j, uint8_t clock)
{
	struct x86 *c = &j->c;

	x86_u16(c, 0x006a); /* push 0 */
	x86_u16(c, 0x006a);
	x86_load(c, RDI, clock);
	x86_mov(c, true, RSI, RSP);
	jit_call_c(j, j->clock);
	x86_pop(c, RAX);
	x86_pop(c, TMP1);
	x86_rr(c, true, 0x69, RAX, RAX); /* imul */
	x86_u32(c, 1000000000);
	x86_alu(c, true, X86_ADD, RAX, TMP1);
}

/* What there is to do for a call of a helper. */
struct need {
	bool call, run;
};

static struct need need_of(const struct jit *j, const struct insn *i)
{
	const struct process_helper *h = &j->p->helpers->table[i->imm];
	enum jit_lookup kind;

	if (h->emit == INLINE_CPU_ID && has_cpu_id())
		return (struct need){ 0 };
	if (h->emit == INLINE_LOOKUP) {
		kind = jit_lookup_kind(j, i);
		return (struct need){ kind < LOOKUP_ARRAY, kind != LOOKUP_ARRAY };
	}
	return (struct need){ true, h->wants_run || h->calls_back || h->tail_call };
}

static bool inline_helper(struct jit *j, const struct process_helper *h, const struct insn *i)
{
	enum jit_lookup kind;

	switch (h->emit) {
	case INLINE_NONE:
		break;
	case INLINE_CPU_ID:
		if (!has_cpu_id())
			break;
		cpu_id(j);
		return true;
	case INLINE_LOOKUP:
		kind = jit_lookup_kind(j, i);
		if (kind == LOOKUP_CALL)
			break;
		jit_lookup(j, i, kind);
		return true;
	case INLINE_CLOCK:
		if (!j->clock || j->rotated)
			break;
		clock_ns(j, h->clock);
		return true;
	}
	return false;
}

static void save_budget(struct jit *j)
{
	x86_rm(&j->c, 0, true, 0x89, BUDGET, mem_at(RUN, 0), false);
}

static void restore_budget(struct jit *j)
{
	jit_load_run(j);
	x86_rm(&j->c, 0, true, 0x8b, BUDGET, mem_at(RUN, 0), false);
}

/* The native code to go on with, or NULL. A program without any is refused as an empty slot is. */
static uint64_t find_tail(uint64_t r1, uint64_t map, uint64_t index, uint64_t r4, uint64_t r5,
                          struct process_run *run)
{
	const struct process_program *next = process_tail(run, map, index);

	(void)r1;
	(void)r4;
	(void)r5;
	if (!next || !next->body || next->rotate != run->program->rotate)
		return 0;
	run->program = next;
	return (uint64_t)(uintptr_t)next->body;
}

/* The other program takes over the frame's place; its own entry is not passed. */
static void call_program(struct jit *j)
{
	struct x86 *c = &j->c;
	size_t none;

	jit_load_run(j);
	save_budget(j);
	x86_push(c, j->map[0]);
	x86_push(c, j->map[1]);
	call_any(j, (const void *)(uintptr_t)find_tail);
	x86_mov(c, true, TMP1, j->map[0]);
	x86_pop(c, j->map[1]);
	x86_pop(c, j->map[0]);
	x86_test(c, true, TMP1, TMP1);
	none = x86_skip(c, 0x70 | CC_E);
	jit_load_run(j);
	jit_leave(j);
	x86_rr(c, false, 0xff, 4, TMP1);
	x86_here(c, none);
}

void jit_call(struct jit *j, const struct insn *i)
{
	const struct process_helper *h;

	if (i->op == OP_CALL) {
		jit_load_run(j);
		jit_jump(j, 0xe8, jit_label(j, (uint32_t)i->imm, LABEL_BODY));
		x86_test(&j->c, true, BUDGET, BUDGET);
		leave_if_spent(j);
		return;
	}
	h = &j->p->helpers->table[i->imm];
	if (h->tail_call) {
		call_program(j);
		return;
	}
	if (inline_helper(j, h, i))
		return;
	if (h->wants_run || h->calls_back)
		jit_load_run(j);
	if (h->calls_back)
		save_budget(j);
	call_any(j, (const void *)(uintptr_t)h->fn);
	if (h->calls_back) {
		restore_budget(j);
		x86_test(&j->c, true, BUDGET, BUDGET);
		leave_if_spent(j);
	}
}

/* What the function needs, from its instructions. */
static void look_at(struct jit *j)
{
	const struct process_function *f = &j->p->functions[j->function];
	struct jit_function *x = &j->f;
	uint32_t pc, used = 0, written = 0;
	bool anywhere = false;
	int k;

	*x = (struct jit_function){ 0 };
	for (pc = f->first; pc < f->first + f->nr; pc++) {
		const struct insn *i = &j->p->insns[pc];
		enum op_form form = i->op < NR_OPS ? op_rows[i->op].form : FORM_EXIT;
		bool load = form == FORM_LOAD,
		     store = form == FORM_STORE_K || form == FORM_STORE_X || form == FORM_ATOMIC;
		bool names_src = op_rows[i->op < NR_OPS ? i->op : 0].field != FIELD_SRC;

		if ((load && i->src == 10) || (store && i->dst == 10))
			used = i->off < 0 && (uint32_t)-i->off > used ? (uint32_t)-i->off : used;
		/* the address itself goes somewhere: any of the stack may be used */
		if ((names_src && i->src == 10 && !load) || (i->dst == 10 && !store))
			anywhere = true;
		/* r0 is written by cmpxchg, and is nobody's to save */
		written |= 1u << i->dst;
		if (form == FORM_ATOMIC)
			written |= 1u << i->src;
		if (i->op == OP_CALL)
			x->has_call = x->has_run = true;
		if (i->op == OP_HELPER) {
			struct need need = need_of(j, i);

			x->has_call |= need.call;
			x->has_run |= need.run;
		}
	}
	x->has_fp = used || anywhere || x->has_run;
	x->depth = anywhere ? PROCESS_STACK : (used + 7) & ~7u;
	for (k = 6; k <= 9; k++)
		if (written & 1u << k)
			x->saved[x->nr_saved++] = j->map[k];
	/* a call wants rsp on a multiple of 16; the return address makes it odd */
	if (x->has_call && (x->depth / 8 + x->has_fp + x->has_run + x->nr_saved) % 2 == 0)
		x->depth += 8;
}

void jit_prologue(struct jit *j)
{
	const struct process_function *f = &j->p->functions[j->function];
	struct x86 *c = &j->c;
	size_t enough;
	uint8_t k;

	look_at(j);
	if (j->function) {
		x86_alu_imm(c, true, X86_SUB, BUDGET, (int32_t)f->nr);
		enough = x86_skip(c, 0x70 | CC_NS);
		x86_zero(c, j->map[0]);
		x86_u8(c, 0xc3);
		x86_here(c, enough);
	}
	if (j->f.has_fp) {
		x86_push(c, RBP);
		x86_mov(c, true, RBP, RSP);
	}
	if (j->f.depth)
		x86_alu_imm(c, true, X86_SUB, RSP, (int32_t)j->f.depth);
	if (j->f.has_run)
		x86_push(c, RUN);
	for (k = 0; k < j->f.nr_saved; k++)
		x86_push(c, j->f.saved[k]);
}

void jit_leave(struct jit *j)
{
	struct x86 *c = &j->c;
	uint8_t k;

	for (k = j->f.nr_saved; k; k--)
		x86_pop(c, j->f.saved[k - 1]);
	if (j->f.has_fp)
		x86_u8(c, 0xc9); /* leave */
	else if (j->f.depth)
		x86_alu_imm(c, true, X86_ADD, RSP, (int32_t)j->f.depth);
}

/* What is reserved goes back to its ring. @odd: the stack is 8 bytes off what a call wants. */
static void give_up(struct jit *j, bool odd)
{
	if (odd)
		x86_push(&j->c, RAX);
	x86_mov(&j->c, true, RDI, RUN);
	jit_call_c(j, (const void *)(uintptr_t)process_give_up);
	if (odd)
		x86_pop(&j->c, TMP1);
	x86_zero(&j->c, j->map[0]);
}

void jit_entry(struct jit *j, uint32_t function)
{
	uint8_t saved[JIT_REGS], n = 0, k;
	struct x86 *c = &j->c;

	/* the function itself saves r6 to r9 */
	for (k = 0; k <= 5; k++)
		if (c_keeps(j->map[k]))
			saved[n++] = j->map[k];
	if (j->budget)
		x86_push(c, BUDGET);
	for (k = 0; k < n; k++)
		x86_push(c, saved[k]);
	x86_push(c, RUN);
	if ((n + j->budget) % 2)
		x86_push(c, RAX);
	if (j->budget)
		x86_rm(c, 0, true, 0x8b, BUDGET, mem_at(RUN, 0), false);
	if (!function && j->p->wants_program) {
		x86_load(c, TMP1, (uintptr_t)j->p);
		x86_rm(c, 0, true, 0x89, TMP1, mem_at(RUN, offsetof(struct process_run, program)), false);
		x86_rm(c, 0, false, 0xc7, 0, mem_at(RUN, offsetof(struct process_run, tail_calls)), false);
		x86_u32(c, 0);
	}
	if (j->rotated) {
		for (k = 0; k < 5; k++)
			x86_push(c, c_args[k]);
		for (k = 5; k >= 1; k--)
			x86_pop(c, j->map[k]);
	}
	jit_jump(j, 0xe8, jit_label(j, function, LABEL_BODY));
	if ((n + j->budget) % 2)
		x86_pop(c, TMP1);
	x86_pop(c, RUN);
	if (j->budget) {
		size_t left;

		save_budget(j);
		x86_test(c, true, BUDGET, BUDGET);
		left = x86_skip(c, 0x70 | CC_NS);
		x86_rm(c, 0, false, 0xc7, 0, mem_at(RUN, offsetof(struct process_run, status)),
		       false);
		x86_u32(c, PROCESS_BUDGET);
		if (!function && j->p->reserves)
			give_up(j, (n + j->budget) % 2 == 0);
		x86_here(c, left);
	}
	x86_mov(c, true, TMP1, j->map[0]);
	while (n)
		x86_pop(c, saved[--n]);
	if (j->budget)
		x86_pop(c, BUDGET);
	x86_mov(c, true, RAX, TMP1);
	x86_u8(c, 0xc3);
}

#endif
