/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Which registers somebody still reads. In: a decoded program. Out: for each slot a bit for
 * every register that is read at it or behind it before it is written, and JIT_IN_LOOP where a
 * jump back can lead before it.
 *
 * Sweeps from the end to the beginning until nothing is new: a loop needs one more for each
 * that it lies in. A program that would need many has all registers alive, which is what is
 * true of any program; so the time is linear. Where r1 to r5 mean nothing any more (behind a
 * call) they count as read, since nobody has verified a program that process_program_new made.
 */
#include <stdlib.h>

#include "process/jit.h"

#if defined(__x86_64__)

#define SWEEPS 12
#define ALL    0x7ffu
#define ARGS   0x3eu /* r1 to r5 */

struct effect {
	uint32_t reads, writes;
};

static struct effect alu_effect(const struct insn *i, uint32_t src)
{
	uint32_t dst = 1u << i->dst;

	switch (i->op) {
	case OP_MOV64K:
	case OP_MOV32K:
		return (struct effect){ 0, dst };
	case OP_MOV64X:
	case OP_MOV32X:
	case OP_MOVSX64_8:
	case OP_MOVSX64_16:
	case OP_MOVSX64_32:
	case OP_MOVSX32_8:
	case OP_MOVSX32_16:
		return (struct effect){ src, dst };
	default:
		return (struct effect){ src | dst, dst };
	}
}

static struct effect effect_of(const struct process_program *p, const struct insn *i)
{
	uint32_t dst = 1u << i->dst, src = 1u << i->src;

	switch (op_rows[i->op].form) {
	case FORM_ALU_K:
	case FORM_ALU_1:
		return alu_effect(i, 0);
	case FORM_ALU_X:
		return alu_effect(i, src);
	case FORM_JUMP_K:
	case FORM_STORE_K:
		return (struct effect){ dst, 0 };
	case FORM_JUMP_X:
	case FORM_STORE_X:
		return (struct effect){ dst | src, 0 };
	case FORM_GOTO:
	case FORM_GOTOL:
		return (struct effect){ 0, 0 };
	case FORM_HELPER:
		/* a tail call that fails leaves r0 as it is */
		if (p->helpers->table[i->imm].tail_call)
			return (struct effect){ ALL, 0 };
		return (struct effect){ ARGS, 1 };
	case FORM_CALL:
		return (struct effect){ ALL, 0 };
	case FORM_EXIT:
		/* a caller sees what a function leaves in r1 to r5 */
		return (struct effect){ p->nr_functions > 1 ? ARGS | 1 : 1, 0 };
	case FORM_LD64:
	case FORM_LDFUNC:
		return (struct effect){ 0, dst };
	case FORM_LOAD:
		return (struct effect){ src, dst };
	case FORM_ATOMIC:
		return (struct effect){ dst | src | 1, 0 };
	}
	return (struct effect){ ALL, 0 };
}

/* What is alive behind @pc. */
static uint32_t behind(const struct process_program *p, const uint16_t *live, uint32_t pc)
{
	const struct insn *i = &p->insns[pc];
	uint32_t to = (uint32_t)((int64_t)pc + 1 + i->off);

	switch (op_rows[i->op].form) {
	case FORM_JUMP_K:
	case FORM_JUMP_X:
		return live[pc + 1] | live[to];
	case FORM_GOTO:
	case FORM_GOTOL:
		return live[to];
	case FORM_EXIT:
		return 0;
	case FORM_LD64:
	case FORM_LDFUNC:
		return live[pc + 2];
	default:
		return live[pc + 1];
	}
}

static bool sweep(const struct process_program *p, uint16_t *live)
{
	bool changed = false;
	uint32_t pc;

	for (pc = p->nr; pc--;) {
		struct effect x;
		uint16_t was = live[pc];

		if (p->insns[pc].op >= NR_OPS)
			continue;
		x = effect_of(p, &p->insns[pc]);
		live[pc] = (uint16_t)(x.reads | (behind(p, live, pc) & ~x.writes));
		changed |= live[pc] != was;
	}
	return changed;
}

/* From the end: the lowest place that jumps from here on lead back to. */
static void mark_loops(const struct process_program *p, uint16_t *live)
{
	uint32_t low = UINT32_MAX, pc, to;

	for (pc = p->nr; pc--;) {
		const struct insn *i = &p->insns[pc];
		enum op_form form = i->op < NR_OPS ? op_rows[i->op].form : FORM_EXIT;

		if (i->off < 0 && (form == FORM_JUMP_K || form == FORM_JUMP_X || form == FORM_GOTO ||
		                   form == FORM_GOTOL)) {
			to = (uint32_t)((int64_t)pc + 1 + i->off);
			low = to < low ? to : low;
		}
		if (low <= pc)
			live[pc] |= JIT_IN_LOOP;
	}
}

bool jit_live(struct jit *j)
{
	const struct process_program *p = j->p;
	uint32_t n = 0, pc;

	j->live = calloc(p->nr + 1, sizeof(*j->live));
	if (!j->live)
		return false;
	while (n < SWEEPS && sweep(p, j->live))
		n++;
	for (pc = 0; n == SWEEPS && pc <= p->nr; pc++)
		j->live[pc] = ALL;
	mark_loops(p, j->live);
	return true;
}

#endif
