/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Branches that a loop takes now and then, over a few cheap instructions: the machine guesses
 * wrong and loses some 20 cycles, where both ways together would take two. The instruction set
 * has no conditional move, so compilers have to write each choice between two values so.
 *
 *	if r1 > r2 goto T             tmp = r3
 *	r3 += 7                       tmp += 7
 *	T:                            compare r1, r2
 *	                              r3 = tmp where not above
 *
 * or the same with "goto T" behind the instructions and T anywhere; where T is behind us, the
 * budget is one more value that is chosen. Left as they are: branches outside of loops, which
 * mostly go one way, and instructions that may fault, pay or take long.
 */
#include "process/jit.h"

#if defined(__x86_64__)

#define MOST_INSNS   3
#define MOST_WRITTEN 2

struct select {
	uint32_t nr;  /* instructions between */
	uint32_t to;  /* where both ways meet */
	bool has_goto;
	int32_t back; /* the goto's distance if it goes back, or 0 */
	uint32_t nr_written;
	uint8_t written[MOST_WRITTEN];
};

static const uint8_t tmp[MOST_WRITTEN] = { TMP1, TMP2 };

/* It takes a cycle or so, does not fault, and needs no register but its own. */
static bool is_cheap(const struct jit *j, const struct insn *i)
{
	switch (i->op) {
	case OP_MUL64K:
	case OP_MUL32K:
		return i->imm == 3 || i->imm == 5 || i->imm == 9 || (i->imm > 0 && !(i->imm & (i->imm - 1)));
	case OP_LSH64X:
	case OP_LSH32X:
	case OP_RSH64X:
	case OP_RSH32X:
	case OP_ARSH64X:
	case OP_ARSH32X:
		return j->bmi2;
	case OP_ADD64K ... OP_SUB32X:
	case OP_OR64K ... OP_XOR32X:
	case OP_LSH64K:
	case OP_LSH32K:
	case OP_RSH64K:
	case OP_RSH32K:
	case OP_ARSH64K:
	case OP_ARSH32K:
	case OP_MOV64K ... OP_MOV32X:
	case OP_NEG64:
	case OP_NEG32:
	case OP_MOVSX64_8 ... OP_MOVSX32_16:
		return true;
	default:
		return false;
	}
}

static bool reads_its_own(const struct insn *i)
{
	bool is_move = (i->op >= OP_MOV64K && i->op <= OP_MOV32X) ||
	               (i->op >= OP_MOVSX64_8 && i->op <= OP_MOVSX32_16);

	return !is_move || i->src == i->dst;
}

/* The program's registers that are written, at most two. */
static bool note_written(struct select *s, uint8_t reg)
{
	uint32_t k;

	for (k = 0; k < s->nr_written; k++)
		if (s->written[k] == reg)
			return true;
	if (k == MOST_WRITTEN)
		return false;
	s->written[s->nr_written++] = reg;
	return true;
}

static bool find(const struct jit *j, uint32_t pc, struct select *s)
{
	const struct process_program *p = j->p;
	uint32_t at;

	*s = (struct select){ .to = (uint32_t)((int64_t)pc + 1 + p->insns[pc].off) };
	/* a function ends in what is not cheap */
	for (at = pc + 1; at != s->to && !p->target[at]; at++) {
		const struct insn *i = &p->insns[at];

		if (i->op == OP_JA || i->op == OP_GOTOL) {
			s->has_goto = true;
			s->back = i->off < 0 ? i->off : 0;
			return s->nr && (uint32_t)((int64_t)at + 1 + i->off) == s->to;
		}
		if (s->nr++ == MOST_INSNS || !is_cheap(j, i) || !note_written(s, i->dst))
			return false;
	}
	return s->nr && at == s->to;
}

/* The instructions, with tmp[] in the place of s->written[]. */
static void speculate(struct jit *j, uint32_t pc, const struct select *s)
{
	uint32_t n = 0, at;
	uint8_t map[11];

	memcpy(map, j->map, sizeof(map));
	for (at = pc; at < pc + s->nr; at++) {
		const struct insn *i = &j->p->insns[at];

		if (n < s->nr_written && s->written[n] == i->dst) {
			j->map[i->dst] = tmp[n++];
			if (reads_its_own(i))
				x86_mov(&j->c, true, j->map[i->dst], map[i->dst]);
		}
		jit_alu(j, i);
	}
	memcpy(j->map, map, sizeof(map));
}

uint32_t jit_select(struct jit *j, uint32_t pc, const struct jit_condition *c)
{
	struct x86 *x = &j->c;
	struct select s;
	uint32_t k;

	if (!(j->live[pc] & JIT_IN_LOOP) || !find(j, pc, &s))
		return 0;
	speculate(j, pc + 1, &s);
	if (s.back) {
		x86_lea(x, TMP3, mem_at(BUDGET, s.back));
		x86_lea(x, BUDGET, mem_at(BUDGET, j->p->insns[pc].off));
	}
	jit_compare(j, c);
	for (k = 0; k < s.nr_written; k++)
		if (!jit_is_dead(j, s.to, s.written[k]))
			x86_cmov(x, c->cc ^ 1, j->map[s.written[k]], tmp[k]);
	if (s.back) {
		x86_cmov(x, c->cc ^ 1, BUDGET, TMP3);
		x86_test(x, true, BUDGET, BUDGET);
		jit_jump(j, 0x70 | CC_NS, s.to);
		jit_jump(j, 0xeb, jit_label(j, j->function, LABEL_SPENT));
		j->f.has_spent = true;
	} else if (s.has_goto) {
		jit_jump(j, 0xeb, s.to);
	}
	return 1 + s.nr + s.has_goto;
}

#endif
