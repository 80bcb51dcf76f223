/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * process_steps [SEED]: every step of steps.def, run as one and run operation by operation, which is what a
 * traced run does. Registers are random where the step leaves a choice; jumps go forward, and back to
 * the head of a loop with budgets that end some of them. All registers, the memory, the budget
 * and the place where the run ends must be the same.
 */
#include "process_random.h"

#define TRIALS 60
#define BASE   6 /* the memory */
#define INDEX  7 /* a number from 0 to 255 */
#define COUNT  9 /* of the loop */

enum how { ANY, SAME, FROM };

static const struct row {
	const char *name;
	uint8_t step, nr, op[3];
	enum how how[3];
} rows[] = {
#define STEP2(form1, first, how, form2, second)                                                                        \
	{ #first " " #second " (" #how ")", STEP_##first##_##how##_##second, 2, { OP_##first, OP_##second }, { ANY, how } },
#define STEP3(form1, first, how2, form2, second, how3, form3, third)                                                   \
	{ #first " " #second " " #third, STEP_##first##_##how2##_##second##_##how3##_##third, 3,                       \
	  { OP_##first, OP_##second, OP_##third }, { ANY, how2, how3 } },
#include "process/steps.def"
#undef STEP2
#undef STEP3
};

static enum op_form form_of(const struct row *row, uint32_t n)
{
	return n < row->nr ? op_rows[row->op[n]].form : FORM_EXIT;
}

/* Whether the operation's register is the address of the next one's access. */
static bool makes_address(const struct row *row, uint32_t n)
{
	enum op_form next = form_of(row, n + 1);

	return (next == FORM_LOAD && row->how[n + 1] == FROM) || (next == FORM_STORE_X && row->how[n + 1] == SAME);
}

static struct bpf_insn operation(struct draw *d, const struct row *row, uint32_t n, const struct bpf_insn *before)
{
	const struct op_row *op = &op_rows[row->op[n]];
	uint8_t dst = row->how[n] == SAME ? before->dst_reg : (uint8_t)draw(d, 6), src = (uint8_t)draw(d, 6);

	/* without SAME another row may be the one that fits */
	while (n && row->how[n] == ANY && dst == before->dst_reg)
		dst = (uint8_t)draw(d, 6);
	if (row->how[n] == FROM)
		src = before->dst_reg;
	switch (op->form) {
	case FORM_ALU_K:
		return INSN(op->code, dst, 0, 0, draw(d, 2) ? draw(d, 32) : (uint32_t)draw_value(d) & 31);
	case FORM_ALU_X:
		return INSN(op->code, dst, makes_address(row, n) ? (row->op[n] == OP_MOV64X ? BASE : INDEX) :
		                           makes_address(row, n + 1) && n + 1 < row->nr ? BASE : src, 0, 0);
	case FORM_LOAD:
		return INSN(op->code, dst, row->how[n] == FROM ? src : BASE, draw(d, 1000), 0);
	case FORM_STORE_X:
		return INSN(op->code, row->how[n] == SAME ? dst : BASE, row->how[n] == SAME ? INDEX : src, draw(d, 1000), 0);
	case FORM_JUMP_K:
		return INSN(op->code, dst, 0, 0, draw(d, 2) ? draw(d, 4) : draw_value(d));
	default:
		return INSN(op->code, op->form == FORM_GOTO ? 0 : dst, op->form == FORM_GOTO ? 0 : src, 0, 0);
	}
}

/* The program; where its step begins. */
static uint32_t build(struct random_program *p, const struct row *row, bool back)
{
	uint32_t n, at, top;
	struct bpf_insn *last;
	uint8_t r;

	p->nr = 0;
	put(p, INSN(BPF_ALU64 | BPF_MOV | BPF_X, BASE, 1, 0, 0));
	for (r = 0; r < 6; r++)
		put_value(p, r, draw(&p->d, 2) ? draw_value(&p->d) : draw(&p->d, 4));
	put(p, INSN(BPF_ALU64 | BPF_MOV | BPF_K, INDEX, 0, 0, draw(&p->d, 256)));
	put(p, INSN(BPF_ALU64 | BPF_MOV | BPF_K, COUNT, 0, 0, 2 + draw(&p->d, 5)));
	top = p->nr;
	put(p, INSN(BPF_ALU64 | BPF_SUB | BPF_K, COUNT, 0, 0, 1));
	put(p, INSN(BPF_JMP | BPF_JEQ | BPF_K, COUNT, 0, 0, 0));
	if (row->how[1] != ANY && row->op[0] == OP_ADD64X && makes_address(row, 0))
		for (r = 0; r < 6; r++) /* whichever it is */
			put(p, INSN(BPF_ALU64 | BPF_MOV | BPF_X, r, BASE, 0, 0));
	put_value(p, 8, 1ull << 40 | draw(&p->d, 1000)); /* no step goes over this */
	at = p->nr;
	for (n = 0; n < row->nr; n++)
		put(p, operation(&p->d, row, n, &p->insns[p->nr - 1]));
	last = &p->insns[p->nr - 1];
	put_value(p, 8, 1ull << 41);
	if (form_of(row, row->nr - 1) == FORM_GOTO || form_of(row, row->nr - 1) == FORM_JUMP_K ||
	    form_of(row, row->nr - 1) == FORM_JUMP_X)
		last->off = back ? (int16_t)((int32_t)top - (int32_t)(at + row->nr)) : 2;
	p->insns[top + 1].off = (int16_t)(p->nr - top - 2);
	for (r = 1; r < 10; r++) {
		put(p, INSN(BPF_ALU64 | BPF_MUL | BPF_K, 0, 0, 0, 31));
		put(p, INSN(BPF_ALU64 | BPF_ADD | BPF_X, 0, r, 0, 0));
	}
	put(p, INSN(BPF_JMP | BPF_EXIT, 0, 0, 0, 0));
	return at;
}

struct outcome {
	uint64_t r0;
	int64_t budget;
	uint32_t status, pc;
	uint8_t memory[KIT_PAGE];
};

static void nothing(struct process_run *run, const struct process_program *p, uint32_t pc, const uint64_t *r)
{
	(void)run;
	(void)p;
	(void)pc;
	(void)r;
}

static void once(const struct process_program *p, uint8_t *page, int64_t budget, bool checked, bool traced, struct outcome *out)
{
	struct process_region region = { (uint64_t)(uintptr_t)page, KIT_PAGE, true };
	struct process_run run = { .budget = budget, .checked = checked, .regions = &region, .nr_regions = 1,
		                   .trace = traced ? nothing : NULL };
	uint32_t k;

	for (k = 0; k < KIT_PAGE; k++)
		page[k] = (uint8_t)(k * 37 + 11);
	*out = (struct outcome){ .r0 = process_interpret(p, &run, region.base, KIT_PAGE) };
	out->budget = run.budget;
	out->status = run.status;
	out->pc = run.fault_pc;
	memcpy(out->memory, page, KIT_PAGE);
}

static bool try_row(struct random_program *r, const struct row *row, uint8_t *page)
{
	static struct outcome want, got;
	int64_t budget = draw(&r->d, 3) ? 1000 : draw(&r->d, 60);
	uint32_t at = build(r, row, draw(&r->d, 2));
	bool checked = draw(&r->d, 2), good;
	struct abide_error e = { 0 };
	struct process_program *p;

	if (process_program_new(r->insns, r->nr, process_helpers_basic(), &p, &e)) {
		printf("# %s: %s\n", row->name, e.problem);
		kit_list(r->insns, r->nr);
		return false;
	}
	good = p->insns[at].step == row->step;
	if (!good)
		printf("# the step is another one\n");
	once(p, page, budget, checked, true, &want);
	once(p, page, budget, checked, false, &got);
	if (memcmp(&want, &got, sizeof(want))) {
		printf("# budget %lld: r0 %llx, not %llx; left %lld, not %lld; status %u, not %u; at %d, not %d\n", (long long)budget,
		       (unsigned long long)got.r0, (unsigned long long)want.r0, (long long)got.budget, (long long)want.budget,
		       got.status, want.status, (int)got.pc, (int)want.pc);
		good = false;
	}
	if (want.status != PROCESS_DONE && want.status != PROCESS_BUDGET) {
		printf("# status %u at %u\n", want.status, want.pc);
		good = false;
	}
	if (!good)
		kit_list(r->insns, r->nr);
	process_program_free(p);
	return good;
}

int main(int argc, char **argv)
{
	static struct random_program r;
	uint8_t *page = kit_page();
	uint32_t i, k, failed = 0, nr = sizeof(rows) / sizeof(rows[0]);

	r.d.state = argc > 1 ? strtoull(argv[1], NULL, 0) : 1;
	for (i = 0; i < nr; i++)
		for (k = 0; k < TRIALS; k++)
			if (!try_row(&r, &rows[i], page)) {
				printf("not ok - %s\n", rows[i].name);
				failed++;
				break;
			}
	printf("%sok - %u steps of the interpreter do what their operations do one by one\n", failed ? "not " : "", nr);
	return failed != 0;
}
