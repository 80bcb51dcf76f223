/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * x86-64 code for branches and gotos. One that goes back pays for what it may run again,
 * where it is taken: a subtraction from the budget and a jump that is not taken. The budget
 * is not negative and a distance is positive, so "less than 0 now" is also the machine's
 * signed comparison of both, which it runs together with the subtraction.
 */
#include "process/jit.h"

#if defined(__x86_64__)

/* x86 conditions of JEQ, JNE, .. JSLE, in the order of ops.def; JSET is a test of its own. */
static const uint8_t conditions[] = { CC_E, CC_NE, CC_A, CC_AE, CC_B, CC_BE,
	                              CC_G, CC_GE, CC_L, CC_LE, CC_NE };

struct jit_condition jit_condition_of(const struct jit *j, const struct insn *i)
{
	return (struct jit_condition){
		.wide = !(i->op & 2),
		.is_test = i->op >= OP_JSET64K && i->op <= OP_JSET32X,
		.is_imm = !(i->op & 1),
		.a = j->map[i->dst],
		.b = j->map[i->src],
		.imm = i->k,
		.cc = conditions[(i->op - OP_JEQ64K) / 4],
	};
}

static bool flags_are_of(const struct jit *j, uint8_t reg, bool wide)
{
	return j->flags_at && j->flags_at == j->c.at && j->flags_reg == reg &&
	       j->flags_wide == wide;
}

void jit_compare(struct jit *j, const struct jit_condition *c)
{
	struct x86 *x = &j->c;

	if (c->is_test && c->is_imm)
		x86_test_imm(x, c->wide, c->a, c->imm);
	else if (c->is_test)
		x86_test(x, c->wide, c->a, c->b);
	else if (!c->is_imm)
		x86_alu(x, c->wide, X86_CMP, c->a, c->b);
	else if (c->imm)
		x86_alu_imm(x, c->wide, X86_CMP, c->a, c->imm);
	else if (!flags_are_of(j, c->a, c->wide))
		x86_test(x, c->wide, c->a, c->a);
}

/* "if .. goto +1; goto L" is the other way round "if not .. goto L". */
static bool is_around_goto(const struct jit *j, const struct insn *i, uint32_t pc)
{
	return i->off == 1 && !j->p->target[pc + 1] && (i[1].op == OP_JA || i[1].op == OP_GOTOL) &&
	       i[1].off > 0;
}

/* From @pc back by @distance slots. */
static void pay_and_jump(struct jit *j, uint32_t pc, uint32_t distance)
{
	x86_alu_imm(&j->c, true, X86_SUB, BUDGET, (int32_t)distance);
	jit_jump(j, 0x70 | CC_GE, pc + 1 - distance);
	jit_jump(j, 0xeb, jit_label(j, j->function, LABEL_SPENT));
	j->f.has_spent = true;
}

uint32_t jit_branch(struct jit *j, uint32_t pc, const struct jit_condition *c)
{
	const struct insn *i = &j->p->insns[pc];
	uint32_t slots = jit_select(j, pc, c);
	size_t not_taken;

	if (slots)
		return slots;
	jit_compare(j, c);
	if (i->off < 0) {
		not_taken = x86_skip(&j->c, 0x70 | (c->cc ^ 1));
		pay_and_jump(j, pc, (uint32_t)-i->off);
		x86_here(&j->c, not_taken);
		return 1;
	}
	if (is_around_goto(j, i, pc)) {
		jit_jump(j, 0x70 | (c->cc ^ 1), (uint32_t)((int64_t)pc + 2 + i[1].off));
		return 2;
	}
	jit_jump(j, 0x70 | c->cc, (uint32_t)((int64_t)pc + 1 + i->off));
	return 1;
}

void jit_goto(struct jit *j, uint32_t pc)
{
	const struct insn *i = &j->p->insns[pc];

	if (i->off > 0)
		jit_jump(j, 0xeb, (uint32_t)((int64_t)pc + 1 + i->off));
	else if (i->off < 0)
		pay_and_jump(j, pc, (uint32_t)-i->off);
}

#endif
