/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * process_isa [FOLDER]: the instruction set, from the texts in tests/isa. A line of a .values
 * file is one operation on one pair of operands, a case of a .case file one program. Each runs
 * on the interpreter, with and without checks, and on native code with the registers turned
 * to every place, with BMI2 and without. After an operation all ten registers are looked at:
 * it may have changed its own alone. At the end every row of ops.def must have had a case.
 */
#include <ctype.h>
#include <errno.h>

#include "asm.h"
#include "case.h"
#include "process_kit.h"

#define MAX_CODE 512

static const struct process_helpers *helpers;
static uint8_t *page;
static uint64_t seen[NR_OPS];
static unsigned int nr_failed, nr_lines, nr_cases, nr_runs;
static const char *file;
static uint32_t line;

struct code {
	struct bpf_insn insns[MAX_CODE];
	uint32_t nr;
};

static void add(struct code *c, struct bpf_insn i)
{
	if (c->nr == MAX_CODE) {
		fprintf(stderr, "%s:%u: the program is too long\n", file, line);
		exit(2);
	}
	c->insns[c->nr++] = i;
}

static void add_value(struct code *c, uint8_t reg, uint64_t v)
{
	add(c, INSN(BPF_LD | BPF_IMM | BPF_DW, reg, 0, 0, v));
	add(c, INSN(0, 0, 0, 0, v >> 32));
}

static void fail(const char *engine, const char *what)
{
	printf("not ok - %s:%u: %s, %s\n", file, line, engine, what);
	nr_failed++;
}

static void note(struct process_run *run, const struct process_program *p, uint32_t pc, const uint64_t *r)
{
	(void)run;
	(void)r;
	seen[p->insns[pc].op]++;
}

/* What must come out: r0 and the memory. */
struct want {
	uint64_t r0;
	const uint8_t *before, *after;
	uint32_t size;
};

static bool run_one(const struct process_program *p, const struct want *w, bool native, bool checked, bool count,
                    const char *engine)
{
	/* the memory ends where a guard page begins */
	uint8_t *memory = page + KIT_PAGE - w->size;
	struct process_region region = { (uint64_t)(uintptr_t)memory, w->size, true };
	struct process_run run = { .budget = 1000000, .checked = checked, .regions = &region, .nr_regions = 1,
		                   .trace = count ? note : NULL };
	char text[200], status[160];
	uint64_t r0;
	uint32_t k;

	if (w->size)
		memcpy(memory, w->before, w->size);
	nr_runs++;
	r0 = native ? process_run(p, &run, region.base, w->size) : process_interpret(p, &run, region.base, w->size);
	if (run.status != PROCESS_DONE) {
		fail(engine, process_status_text(&run, status, sizeof(status)));
		return false;
	}
	if (r0 != w->r0) {
		snprintf(text, sizeof(text), "r0 is 0x%llx, not 0x%llx", (unsigned long long)r0, (unsigned long long)w->r0);
		fail(engine, text);
		return false;
	}
	for (k = 0; k < w->size; k++)
		if (memory[k] != w->after[k]) {
			snprintf(text, sizeof(text), "byte %u of the memory is %02x, not %02x", k, memory[k], w->after[k]);
			fail(engine, text);
			return false;
		}
	return true;
}

static void run_all(const struct code *c, const struct want *w, bool count)
{
	struct abide_error e = { 0 };
	struct process_program *p;
	char engine[64];
	uint32_t k;
	bool good;

	if (process_program_new(c->insns, c->nr, helpers, &p, &e)) {
		fail(e.problem, e.reason);
		return;
	}
	good = run_one(p, w, false, true, count, "interpreter") && run_one(p, w, false, false, false, "interpreter, unchecked");
	for (k = 0; good && k < 20; k++) {
		struct process_compile_options o = { .rotate = k % 10, .no_bmi2 = k >= 10, .far = k == 5 };

		snprintf(engine, sizeof(engine), "native code, rotate %u%s", o.rotate, o.no_bmi2 ? ", no BMI2" : "");
		if (process_compile(p, &o, &e)) {
			if (e.code == -ENOTSUP && k == 0)
				break; /* no compiler for this machine */
			fail(engine, e.problem);
			break;
		}
		good = run_one(p, w, true, false, false, engine);
	}
	if (!good)
		kit_list(c->insns, c->nr);
	process_program_free(p);
}

static uint64_t sentinel(uint8_t reg)
{
	return 0xa5a5a5a500000000u + (uint64_t)reg * 0x1000100010001u;
}

/* All registers and r1's memory as an instruction finds them; @d and @s have the operands. */
static void begin(struct code *c)
{
	uint8_t k;

	c->nr = 0;
	add(c, INSN(BPF_STX | BPF_MEM | BPF_DW, 10, 1, -88, 0));
	for (k = 0; k < 10; k++)
		add_value(c, k, sentinel(k));
}

/* All registers to the memory at @at. */
static void end(struct code *c, int16_t at)
{
	int16_t k;

	for (k = 0; k < 10; k++)
		add(c, INSN(BPF_STX | BPF_MEM | BPF_DW, 10, k, -80 + 8 * k, 0));
	add(c, INSN(BPF_LDX | BPF_MEM | BPF_DW, 1, 10, -88, 0));
	for (k = 0; k < 10; k++) {
		add(c, INSN(BPF_LDX | BPF_MEM | BPF_DW, 0, 10, -80 + 8 * k, 0));
		add(c, INSN(BPF_STX | BPF_MEM | BPF_DW, 1, 0, at + 8 * k, 0));
	}
	add(c, INSN(BPF_ALU64 | BPF_MOV | BPF_K, 0, 0, 0, 0x600d));
	add(c, INSN(BPF_JMP | BPF_EXIT, 0, 0, 0, 0));
}

static int find_op(const char *name, const char *suffix)
{
	char full[48];
	int k;

	snprintf(full, sizeof(full), "%s%s", name, suffix);
	for (k = 0; k < NR_OPS; k++)
		if (!strcmp(op_rows[k].name, full))
			return k;
	return -1;
}

/* An instruction of that row, with the value that selects it in its field. */
static struct bpf_insn make(int op, uint8_t d, uint8_t s, int16_t off, int32_t imm)
{
	const struct op_row *row = &op_rows[op];

	return INSN(row->code, d, s, row->field == FIELD_OFF ? row->value : off,
	            row->field == FIELD_IMM ? row->value : imm);
}

static void check_alu(int op, uint64_t a, uint64_t b, uint8_t d, uint8_t s, uint64_t result)
{
	struct code c;
	uint64_t before[10] = { 0 }, after[10];
	struct want w = { 0x600d, (const uint8_t *)before, (const uint8_t *)after, sizeof(after) };
	bool x = op_rows[op].form == FORM_ALU_X;
	uint8_t k;

	begin(&c);
	add_value(&c, d, a);
	if (x)
		add_value(&c, s, b);
	add(&c, make(op, d, x ? s : 0, 0, op_rows[op].form == FORM_ALU_K ? (int32_t)b : 0));
	end(&c, 0);
	for (k = 0; k < 10; k++)
		after[k] = k == d ? result : x && k == s ? b : sentinel(k);
	seen[op]++;
	run_all(&c, &w, false);
}

static void check_jump(int op, uint64_t a, uint64_t b, uint8_t d, uint8_t s, uint64_t result)
{
	bool x = op_rows[op].form == FORM_JUMP_X;
	struct want w = { result ? 0x11 : 0x22, NULL, NULL, 0 };
	struct bpf_insn yes = INSN(BPF_ALU64 | BPF_MOV | BPF_K, 0, 0, 0, 0x11),
	                no = INSN(BPF_ALU64 | BPF_MOV | BPF_K, 0, 0, 0, 0x22), out = INSN(BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
	struct code c = { .nr = 0 };
	int32_t imm = x ? 0 : (int32_t)b;

	add_value(&c, d, a);
	if (x)
		add_value(&c, s, b);
	add(&c, make(op, d, x ? s : 0, 2, imm));
	add(&c, no);
	add(&c, out);
	add(&c, yes);
	add(&c, out);
	seen[op]++;
	run_all(&c, &w, false);
	c.nr = 0;
	add_value(&c, d, a);
	if (x)
		add_value(&c, s, b);
	add(&c, INSN(BPF_JMP | BPF_JA, 0, 0, 2, 0));
	add(&c, yes);
	add(&c, out);
	add(&c, make(op, d, x ? s : 0, -3, imm));
	add(&c, no);
	add(&c, out);
	run_all(&c, &w, false);
}

static void check_atomic(int op, const uint64_t *in, uint64_t memory, uint64_t reg, uint8_t d, uint8_t s)
{
	bool cmpxchg = op == OP_CMPXCHG64 || op == OP_CMPXCHG32;
	uint64_t before[12], after[12];
	struct want w = { 0x600d, (const uint8_t *)before, (const uint8_t *)after, sizeof(after) };
	struct code c;
	uint8_t k;

	if (cmpxchg && (!d || !s))
		return;
	memset(before, 0x77, sizeof(before));
	memset(after, 0x77, sizeof(after));
	before[0] = in[0];
	begin(&c);
	add_value(&c, s, in[1]);
	if (cmpxchg)
		add_value(&c, 0, in[2]);
	add(&c, INSN(BPF_LDX | BPF_MEM | BPF_DW, d, 10, -88, 0));
	add(&c, make(op, d, s, 0, 0));
	add_value(&c, d, sentinel(d)); /* not the address, which is another each time */
	end(&c, 16);
	after[0] = memory;
	for (k = 0; k < 10; k++)
		after[2 + k] = k == s ? (cmpxchg ? in[1] : reg) : cmpxchg && !k ? reg : sentinel(k);
	seen[op]++;
	run_all(&c, &w, false);
}

static bool fits(const char *name, uint64_t b)
{
	bool narrow = strstr(name, "32") != NULL;

	return narrow || (int64_t)b == (int32_t)b;
}

static void values_line(const char *text)
{
	uint64_t in[3] = { 0 }, out[2] = { 0 };
	char name[40], word[40];
	int n_in = 0, n_out = 0, op, k, x;
	bool right = false;
	uint8_t d = (uint8_t)(nr_lines % 10), s = (uint8_t)((d + 1 + nr_lines / 10 % 9) % 10);

	if (!next_word(&text, name, sizeof(name)) || name[0] == '#')
		return;
	while (next_word(&text, word, sizeof(word))) {
		if (!strcmp(word, "="))
			right = true;
		else if (right && n_out < 2)
			out[n_out++] = strtoull(word, NULL, 0);
		else if (!right && n_in < 3)
			in[n_in++] = strtoull(word, NULL, 0);
	}
	nr_lines++;
	op = find_op(name, "");
	if (op >= 0 && op_rows[op].form == FORM_ATOMIC && n_out == 2) {
		check_atomic(op, in, out[0], out[1], d, s);
		/* CMPXCHG has its own use for r0 */
		check_atomic(op, in, out[0], out[1], 7, (uint8_t)(1 + nr_lines % 5));
		return;
	}
	if (op >= 0 && n_in == 1 && n_out == 1) { /* of one register, or from one into another */
		bool x1 = op_rows[op].form == FORM_ALU_X;

		check_alu(op, x1 ? ~in[0] : in[0], in[0], d, s, out[0]);
		if (x1)
			check_alu(op, in[0], in[0], d, d, out[0]);
		return;
	}
	k = find_op(name, "K");
	x = find_op(name, "X");
	if (k < 0 || x < 0 || n_in != 2 || n_out != 1) {
		fail(name, "is no operation with such operands");
		return;
	}
	if (op_rows[x].form == FORM_JUMP_X) {
		check_jump(x, in[0], in[1], d, s, out[0]);
		if (fits(name, in[1]))
			check_jump(k, in[0], in[1], d, s, out[0]);
		if (in[0] == in[1])
			check_jump(x, in[0], in[1], d, d, out[0]);
		return;
	}
	check_alu(x, in[0], in[1], d, s, out[0]);
	if (fits(name, in[1]))
		check_alu(k, in[0], in[1], d, s, out[0]);
	if (in[0] == in[1])
		check_alu(x, in[0], in[1], d, d, out[0]);
}

static void values_file(const char *path)
{
	size_t size;
	char *data = read_file(path, &size), text[200];
	const char *p = data;

	if (!data) {
		perror(path);
		exit(2);
	}
	file = path;
	for (line = 1; next_line(&p, text, sizeof(text)); line++)
		values_line(text);
	free(data);
}

static uint32_t hex(const struct part *part, uint8_t *out)
{
	const char *p = part ? part->text : "";
	char word[8];
	uint32_t n = 0;

	while (n < 1024 && next_word(&p, word, sizeof(word)))
		out[n++] = (uint8_t)strtoul(word, NULL, 16);
	return n;
}

static void link_functions(struct assembly *a, struct code *c)
{
	uint32_t starts[32];
	size_t i, k, n;

	for (i = 0; i < a->nr_functions && i < 32; i++) {
		starts[i] = c->nr;
		for (k = 0; k < a->functions[i].nr_insns; k++)
			add(c, a->functions[i].insns[k]);
	}
	for (i = 0; i < a->nr_functions && i < 32; i++)
		for (k = 0; k < a->functions[i].nr_relocs; k++) {
			const struct asm_reloc *r = &a->functions[i].relocs[k];
			uint32_t at = starts[i] + r->insn;

			for (n = 0; n < a->nr_functions && strcmp(a->functions[n].name, r->name); n++)
				;
			if (n == a->nr_functions) {
				fail(r->name, "is no function");
				return;
			}
			c->insns[at].src_reg = r->kind == ASM_CALL ? BPF_PSEUDO_CALL : BPF_PSEUDO_FUNC;
			c->insns[at].imm = (int32_t)(starts[n] - at - 1);
		}
}

static void one_case(const struct test_case *t)
{
	const struct part *text = case_part(t, "code", 0), *result = case_part(t, "result", 0);
	struct asm_symbols symbols = { 0 };
	uint8_t before[1024], after[1024];
	struct want w = { 0, before, after, 0 };
	struct assembly a = { 0 };
	struct code c = { .nr = 0 };

	line = t->line;
	if (!text || !result) {
		fail(t->title, "has no code or no result");
		return;
	}
	w.size = hex(case_part(t, "mem", 0), before);
	memcpy(after, before, w.size);
	if (case_part(t, "after", 0) && hex(case_part(t, "after", 0), after) != w.size) {
		fail(t->title, "has memory of another size afterwards");
		return;
	}
	w.r0 = strtoull(result->text, NULL, 0);
	if (!assemble(&a, text->text, "test", "main", text->line + 1, &symbols)) {
		fail(t->title, a.error);
	} else {
		link_functions(&a, &c);
		nr_cases++;
		run_all(&c, &w, true);
	}
	assembly_free(&a);
}

static void case_file(const char *path)
{
	struct case_file *f = case_file_open(path);
	size_t i;

	file = path;
	for (i = 0; i < f->nr_cases; i++)
		one_case(&f->cases[i]);
	case_file_free(f);
}

static void check_coverage(void)
{
	int k, missing = 0;

	for (k = 0; k < NR_OPS; k++)
		if (!seen[k]) {
			printf("# no case has %s\n", op_rows[k].name);
			missing++;
		}
	printf("%sok - every operation of the instruction set has a case (%d)\n", missing ? "not " : "", NR_OPS);
	nr_failed += missing != 0;
}

int main(int argc, char **argv)
{
	static const char *const values[] = { "alu", "unary", "jump", "atomic" }, *const cases[] = { "memory", "control" };
	const char *folder = argc > 1 ? argv[1] : "tests/isa";
	unsigned int before;
	char path[512];
	size_t i;

	helpers = kit_helpers();
	page = kit_page();
	for (i = 0; i < 6; i++) {
		before = nr_failed;
		snprintf(path, sizeof(path), "%s/%s.%s", folder, i < 4 ? values[i] : cases[i - 4], i < 4 ? "values" : "case");
		if (i < 4)
			values_file(path);
		else
			case_file(path);
		if (nr_failed == before)
			printf("ok - %s on both engines, registers turned\n", path);
	}
	check_coverage();
	printf("# %u operations on values, %u programs, %u runs\n", nr_lines, nr_cases, nr_runs);
	return nr_failed != 0;
}
