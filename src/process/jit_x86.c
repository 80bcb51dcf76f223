/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The compiler for x86-64. In: a decoded program that is trusted (verified, or the caller's
 * own). Out: native code with the interpreter's results, budget included. Refused
 * (-ENOTSUP): call graphs that only the interpreter can bound, and what memory refuses.
 *
 * The registers are the kernel's choice, so that calls need no moves: r0 rax, r1 to r5 the
 * C arguments, r6 to r9 rbx r13 r14 r15, r10 rbp. r12 holds the budget; a jump back costs a
 * subtraction and a branch that is not taken. Two passes over the program write the code;
 * see jit.h for the length of jumps.
 */
#include <errno.h>
#include <stdlib.h>

#include "process/jit.h"
#include "process/native.h"
#include "process/vdso.h"
#include "util/buf.h"

#if defined(__x86_64__)

#if __has_include(<sys/platform/x86.h>)
#include <sys/platform/x86.h>
#endif

#define MAX_PER_INSN 192 /* bytes: a tail call with everything far is about 120 */
#define LOOP_ALIGN   32

static const uint8_t assignment[JIT_REGS] = { RAX, RDI, RSI, RDX, RCX, R8, RBX, R13, R14, R15 };

/*
 * What libc found out when the process began. __builtin_cpu_supports() brings a constructor that asks
 * the processor again, in every program that links this file: 150 us where a hypervisor answers.
 */
static bool has_bmi2(void)
{
#ifdef CPU_FEATURE_ACTIVE
	return CPU_FEATURE_ACTIVE(BMI2);
#else
	return __builtin_cpu_supports("bmi2");
#endif
}

static bool make_room(struct jit *j)
{
	size_t room = j->room ? j->room * 2 : 8192;
	uint8_t *p;

	if (j->room - j->c.at >= MAX_PER_INSN)
		return true;
	p = realloc(j->c.data, room);
	if (!p) {
		j->failed = true;
		return false;
	}
	j->c.data = p;
	j->room = room;
	return true;
}

void jit_jump(struct jit *j, uint8_t op, uint32_t label)
{
	struct x86 *c = &j->c;
	struct jump *jump;

	if (!j->second) {
		jump = array_grow(j->jumps, j->nr_jumps, &j->room_jumps, sizeof(*jump));
		if (!jump) {
			j->failed = true;
			return;
		}
		j->jumps = jump;
		jump += j->nr_jumps;
		c->at += !op ? 4 : (op & 0xf0) == 0x70 ? 6 : 5;
		*jump = (struct jump){ .from = (uint32_t)c->at, .label = label };
		j->nr_jumps++;
		return;
	}
	jump = &j->jumps[j->nr_jumps++];
	if (jump->is_short) {
		x86_u8(c, op);
		jump->at = (uint32_t)c->at;
		x86_u8(c, 0);
		return;
	}
	if ((op & 0xf0) == 0x70)
		x86_u16(c, 0x0f | (op + 0x10u) << 8);
	else if (op)
		x86_u8(c, op == 0xeb ? 0xe9 : op);
	jump->at = (uint32_t)c->at;
	x86_u32(c, 0);
}

/* Whether it is reached by calls and addresses, which have no short form. */
static bool is_far_label(const struct jit *j, uint32_t label)
{
	uint32_t which = (label - j->p->nr) % LABELS_PER_FUNCTION;

	return label >= j->p->nr && (which == LABEL_BODY || which == LABEL_ENTRY);
}

/* Jumps that the places of the first pass show to be short. */
static void shorten(struct jit *j)
{
	uint32_t i;

	for (i = 0; i < j->nr_jumps; i++) {
		struct jump *jump = &j->jumps[i];
		int64_t distance = (int64_t)j->labels[jump->label] - jump->from;

		jump->is_short = !is_far_label(j, jump->label) && distance == (int8_t)distance;
	}
}

static void fill_in(struct jit *j)
{
	uint32_t i;

	for (i = 0; i < j->nr_jumps; i++) {
		const struct jump *jump = &j->jumps[i];
		uint32_t width = jump->is_short ? 1 : 4;
		int32_t distance = (int32_t)(j->labels[jump->label] - (jump->at + width));

		memcpy(j->c.data + jump->at, &distance, width);
	}
}

static void leave(struct jit *j, bool last)
{
	if (last)
		return; /* the end follows */
	if (j->f.nr_saved || j->f.has_fp || j->f.depth)
		jit_jump(j, 0xeb, jit_label(j, j->function, LABEL_END));
	else
		x86_u8(&j->c, 0xc3);
}

static void load_function(struct jit *j, const struct insn *i)
{
	/* lea r64, [rip + distance]: entries come last, so the distance is filled in like a jump's */
	x86_u8(&j->c, 0x48 | (j->map[i->dst] >> 3) << 2);
	x86_u8(&j->c, 0x8d);
	x86_u8(&j->c, (j->map[i->dst] & 7u) << 3 | 5);
	jit_jump(j, 0, jit_label(j, (uint32_t)i->imm, LABEL_ENTRY));
}

static uint32_t one(struct jit *j, const struct insn *i, uint32_t pc, bool last)
{
	struct jit_condition c;

	switch (op_rows[i->op].form) {
	case FORM_ALU_K:
	case FORM_ALU_X:
	case FORM_ALU_1:
		jit_alu(j, i);
		break;
	case FORM_JUMP_K:
	case FORM_JUMP_X:
		c = jit_condition_of(j, i);
		return jit_branch(j, pc, &c);
	case FORM_GOTO:
	case FORM_GOTOL:
		jit_goto(j, pc);
		break;
	case FORM_HELPER:
	case FORM_CALL:
		jit_call(j, i);
		break;
	case FORM_EXIT:
		leave(j, last);
		break;
	case FORM_LD64:
		x86_load(&j->c, j->map[i->dst], (uint64_t)i->imm);
		return 2;
	case FORM_LDFUNC:
		load_function(j, i);
		return 2;
	case FORM_LOAD:
	case FORM_STORE_K:
	case FORM_STORE_X:
	case FORM_ATOMIC:
		jit_memory(j, i);
		break;
	}
	return 1;
}

/*
 * Loops begin where the machine fetches. The first pass takes the most that this can need,
 * so that the second one only gets shorter.
 */
static void align(struct jit *j)
{
	x86_nop(&j->c, j->second ? -j->c.at % LOOP_ALIGN : LOOP_ALIGN - 1);
}

static void function(struct jit *j, uint32_t n)
{
	const struct process_function *f = &j->p->functions[n];
	uint32_t pc, end = f->first + f->nr, slots;

	j->function = n;
	if (!make_room(j))
		return;
	j->labels[jit_label(j, n, LABEL_BODY)] = (uint32_t)j->c.at;
	jit_prologue(j);
	for (pc = f->first; pc < end; pc += slots) {
		if (!make_room(j))
			return;
		if (j->p->target[pc] & TARGET_LOOP)
			align(j);
		/* from elsewhere they are others, also where this instruction takes no bytes */
		if (j->p->target[pc])
			j->flags_at = 0;
		j->labels[pc] = (uint32_t)j->c.at;
		slots = jit_fuse(j, pc, end);
		if (!slots)
			slots = one(j, &j->p->insns[pc], pc, pc + 1 == end);
	}
	if (!make_room(j))
		return;
	j->labels[jit_label(j, n, LABEL_END)] = (uint32_t)j->c.at;
	jit_leave(j);
	x86_u8(&j->c, 0xc3);
	if (!j->f.has_spent)
		return;
	j->labels[jit_label(j, n, LABEL_SPENT)] = (uint32_t)j->c.at;
	x86_zero(&j->c, j->map[0]);
	jit_jump(j, 0xeb, jit_label(j, n, LABEL_END));
}

static void pass(struct jit *j)
{
	uint32_t n;

	j->c.at = j->nr_jumps = j->flags_at = 0;
	for (n = 0; !j->failed && n < j->p->nr_functions; n++)
		function(j, n);
	for (n = 0; !j->failed && n < j->p->nr_functions; n++) {
		if (n ? !j->p->functions[n].callback
		      : !j->budget && !j->rotated && !j->p->wants_program &&
		        !j->p->functions[0].callback)
			continue;
		if (!make_room(j))
			return;
		j->labels[jit_label(j, n, LABEL_ENTRY)] = (uint32_t)j->c.at;
		jit_entry(j, n);
	}
}

/* Whether anything in the program pays. Without that the budget's register is left alone. */
static bool pays(const struct process_program *p)
{
	uint32_t i;

	if (p->nr_functions > 1)
		return true;
	for (i = 0; i < p->nr; i++) {
		const struct insn *k = &p->insns[i];

		switch (k->op < NR_OPS ? op_rows[k->op].form : FORM_EXIT) {
		case FORM_JUMP_K:
		case FORM_JUMP_X:
		case FORM_GOTO:
		case FORM_GOTOL:
			if (k->off < 0)
				return true;
			break;
		case FORM_HELPER:
			if (p->helpers->table[k->imm].calls_back ||
			    p->helpers->table[k->imm].tail_call)
				return true;
			break;
		case FORM_LDFUNC:
			return true;
		default:
			break;
		}
	}
	return false;
}

static int refuse(struct abide_error *e, const char *why)
{
	return error_set(e, -ENOTSUP, "exec-native", "no native code: %s", why);
}

/* Where a call of a helper should reach. */
static uintptr_t near_helpers(void)
{
	return (uintptr_t)&process_helpers;
}

static int write_code(struct jit *j, struct process_program *p, struct abide_error *e)
{
	size_t room;
	uint8_t *code;
	uint32_t n, entry;

	pass(j);
	if (j->failed)
		return error_nomem(e);
	shorten(j);
	room = native_room(j->c.at);
	code = native_map(room, j->far ? 0 : near_helpers());
	if (!code)
		return refuse(e, "no memory for it");
	j->second = true;
	j->base = (uintptr_t)code;
	pass(j);
	if (!j->failed)
		fill_in(j);
	if (j->failed || native_seal(memcpy(code, j->c.data, j->c.at), room)) {
		p->code = code;
		p->code_room = room;
		native_unmap(p);
		return j->failed ? error_nomem(e)
		                 : refuse(e, "the system forbids executable memory");
	}
	p->code = code;
	p->code_room = room;
	p->code_size = j->c.at;
	if (j->nr_loads) {
		if (fault_add_code(code, j->c.at, j->loads, j->nr_loads, p->faults)) {
			native_unmap(p);
			return error_nomem(e);
		}
		p->loads = j->loads;
		p->nr_loads = j->nr_loads;
		j->loads = NULL;
	}
	for (n = 0; n < p->nr_functions; n++)
		p->functions[n].entry =
			(process_fn)(uintptr_t)(code + j->labels[jit_label(j, n, LABEL_ENTRY)]);
	entry = j->budget || j->rotated || p->wants_program ? LABEL_ENTRY : LABEL_BODY;
	p->entry = (process_fn)(uintptr_t)(code + j->labels[jit_label(j, 0, entry)]);
	p->body = code + j->labels[jit_label(j, 0, LABEL_BODY)];
	return 0;
}

int process_compile(struct process_program *p, const struct process_compile_options *options,
                    struct abide_error *e)
{
	static const struct process_compile_options defaults;
	struct jit j = { .p = p };
	uint32_t i;
	int err;

	if (!options)
		options = &defaults;
	if (!program_nests(p))
		return refuse(e, "its functions call each other too deeply, or themselves");
	native_unmap(p);
	p->rotate = options->rotate % JIT_REGS;
	for (i = 0; i < JIT_REGS; i++)
		j.map[i] = assignment[(i + p->rotate) % JIT_REGS];
	j.map[10] = RBP;
	j.rotated = p->rotate != 0;
	j.bmi2 = has_bmi2() && !options->no_bmi2;
	j.far = options->far;
	j.clock = vdso_clock();
	j.budget = pays(p);
	j.labels = calloc((size_t)p->nr + (size_t)p->nr_functions * LABELS_PER_FUNCTION,
	                  sizeof(*j.labels));
	err = j.labels && jit_live(&j) ? write_code(&j, p, e) : error_nomem(e);
	free(j.labels);
	free(j.live);
	free(j.jumps);
	free(j.loads);
	free(j.c.data);
	return err;
}

#endif
