/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * What the interpreter runs as one step, chosen once when a program is decoded: from each slot on
 * the fewest steps to the end of the program. Nothing is moved or left out, so a step means what its
 * operations mean one after the other.
 */
#include "process/decode.h"

enum how { ANY, SAME, FROM };

static const struct step_row {
	uint8_t nr, op[3];
	enum how how[3];
	uint8_t step;
} rows[] = {
#define STEP2(form1, first, how, form2, second)                                                   \
	{ 2, { OP_##first, OP_##second }, { ANY, how }, STEP_##first##_##how##_##second },
#define STEP3(form1, first, how2, form2, second, how3, form3, third)                              \
	{ 3, { OP_##first, OP_##second, OP_##third }, { ANY, how2, how3 },                        \
	  STEP_##first##_##how2##_##second##_##how3##_##third },
#include "process/steps.def"
#undef STEP2
#undef STEP3
};

#define NR_ROWS (sizeof(rows) / sizeof(rows[0]))

_Static_assert((int64_t)PROCESS_MAX_INSNS * sizeof(struct insn) <= INT32_MAX, "distances in bytes fit");
_Static_assert(NR_STEPS <= UINT8_MAX + 1, "a byte names them");
#define GOES_ON(form)                                                                             \
	_Static_assert(FORM_##form <= FORM_ALU_1 || (FORM_##form >= FORM_LOAD && FORM_##form <= FORM_STORE_X), \
	               "only the last of a step may jump");
#define STEP2(form1, first, how, form2, second) GOES_ON(form1)
#define STEP3(form1, first, how2, form2, second, how3, form3, third) GOES_ON(form1) GOES_ON(form2)
#include "process/steps.def"
#undef STEP2
#undef STEP3

static bool begins(const struct step_row *row, const struct insn *i)
{
	uint32_t n;

	for (n = 1; n < row->nr; n++)
		if (i[n].op != row->op[n] || (row->how[n] == SAME && i[n].dst != i[n - 1].dst) ||
		    (row->how[n] == FROM && i[n].src != i[n - 1].dst))
			return false;
	return true;
}

/* Nothing but an addition between a jump and its target. */
static void measure_jump(struct insn *i)
{
	enum op_form form = op_rows[i->op].form;
	int32_t k = (int32_t)i->imm;

	if (form != FORM_JUMP_K && form != FORM_JUMP_X && form != FORM_GOTO && form != FORM_GOTOL)
		return;
	i->k = k;
	i->jump = (i->off + 1) * (int32_t)sizeof(*i);
}

/*
 * Of two ways of equal length the one with the later long step is taken: that has a test with its branch
 * rather than with what comes before. The last operation of a program ends it and begins no step of several.
 */
void decode_steps(struct process_program *p)
{
	uint8_t head[NR_OPS + 1] = { 0 }, next[NR_ROWS + 1], k; /* rows by first operation, from 1 */
	uint32_t left[4] = { 0 }, pc; /* steps to the end from here on, from the next one, .. */

	for (k = NR_ROWS; k; k--) {
		next[k] = head[rows[k - 1].op[0]];
		head[rows[k - 1].op[0]] = k;
	}
	for (pc = p->nr; pc--;) {
		struct insn *i = &p->insns[pc];

		i->step = i->op;
		if (i->op == OP_SECOND)
			continue; /* no step */
		measure_jump(i);
		left[3] = left[2];
		left[2] = left[1];
		left[1] = left[0];
		left[0]++;
		for (k = head[i->op]; k; k = next[k]) {
			const struct step_row *row = &rows[k - 1];

			if (pc + row->nr > p->nr || 1 + left[row->nr] >= left[0] || !begins(row, i))
				continue;
			i->step = row->step;
			left[0] = 1 + left[row->nr];
		}
	}
}
