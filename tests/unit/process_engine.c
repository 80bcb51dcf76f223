/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The process engine beyond single operations: what is refused when a program is made, what
 * the interpreter catches while an unverified one runs, budgets, tail calls, the trace hook,
 * memory that is never writable and executable, and the helpers.
 */
#include <errno.h>
#include <sched.h>
#include <time.h>

#include "process_check.h"
#include "process_kit.h"

#define MOV(d, v) INSN(BPF_ALU64 | BPF_MOV | BPF_K, d, 0, 0, v)
#define MOVR(d, s) INSN(BPF_ALU64 | BPF_MOV | BPF_X, d, s, 0, 0)
#define ADD(d, v) INSN(BPF_ALU64 | BPF_ADD | BPF_K, d, 0, 0, v)
#define EXIT      INSN(BPF_JMP | BPF_EXIT, 0, 0, 0, 0)
#define CALL(to)  INSN(BPF_JMP | BPF_CALL, 0, BPF_PSEUDO_CALL, 0, to)
#define HELPER(n) INSN(BPF_JMP | BPF_CALL, 0, 0, 0, n)
#define JA(off)   INSN(BPF_JMP | BPF_JA, 0, 0, off, 0)
#define LD64(d, v) INSN(BPF_LD | BPF_IMM | BPF_DW, d, 0, 0, v), INSN(0, 0, 0, 0, (uint64_t)(v) >> 32)
#define LDFUNC(d, to) INSN(BPF_LD | BPF_IMM | BPF_DW, d, BPF_PSEUDO_FUNC, 0, to), INSN(0, 0, 0, 0, 0)
#define LEN(a)    (sizeof(a) / sizeof((a)[0]))

static const struct process_helpers *helpers;

static struct process_program *make(const struct bpf_insn *insns, size_t nr, const char *what)
{
	struct abide_error e = { 0 };
	struct process_program *p;

	if (process_program_new(insns, (uint32_t)nr, helpers, &p, &e)) {
		check(false, what, e.problem);
		exit(1);
	}
	return p;
}

/* What must be refused, with the code and the tag of the refusal. */
static const struct refusal {
	const char *what;
	int code;
	const char *tag;
	struct bpf_insn insns[6];
	uint32_t nr;
} refusals[] = {
	{ "no instructions", -EINVAL, "exec-insn", { EXIT }, 0 },
	{ "an unknown opcode", -EINVAL, "exec-insn", { INSN(0xff, 0, 0, 0, 0), EXIT }, 2 },
	{ "an operation that ALU does not have", -EINVAL, "exec-insn", { INSN(0xe7, 0, 0, 0, 0), EXIT }, 2 },
	{ "a packet load", -EINVAL, "exec-insn", { INSN(BPF_LD | BPF_ABS | BPF_W, 0, 0, 0, 0), EXIT }, 2 },
	{ "a reserved immediate", -EINVAL, "exec-insn", { INSN(BPF_ALU64 | BPF_ADD | BPF_X, 0, 1, 0, 1), EXIT }, 2 },
	{ "a reserved source", -EINVAL, "exec-insn", { INSN(BPF_ALU64 | BPF_ADD | BPF_K, 0, 1, 0, 1), EXIT }, 2 },
	{ "an offset of an addition", -EINVAL, "exec-insn", { INSN(BPF_ALU64 | BPF_ADD | BPF_K, 0, 0, 1, 1), EXIT }, 2 },
	{ "a division with offset 2", -EINVAL, "exec-insn", { INSN(BPF_ALU64 | BPF_DIV | BPF_K, 0, 0, 2, 1), EXIT }, 2 },
	{ "movsx of 32 bits in 32", -EINVAL, "exec-insn", { INSN(BPF_ALU | BPF_MOV | BPF_X, 0, 1, 32, 0), EXIT }, 2 },
	{ "a swap of 8 bits", -EINVAL, "exec-insn", { INSN(BPF_ALU | BPF_END, 0, 0, 0, 8), EXIT }, 2 },
	{ "a sign-extending load of 8 bytes", -EINVAL, "exec-insn", { INSN(BPF_LDX | INSN_MEMSX | BPF_DW, 0, 1, 0, 0), EXIT }, 2 },
	{ "an atomic on 2 bytes", -EINVAL, "exec-insn", { INSN(BPF_STX | BPF_ATOMIC | BPF_H, 1, 2, 0, BPF_ADD), EXIT }, 2 },
	{ "an atomic of no kind", -EINVAL, "exec-insn", { INSN(BPF_STX | BPF_ATOMIC | BPF_W, 1, 2, 0, BPF_SUB), EXIT }, 2 },
	{ "xchg without fetch", -EINVAL, "exec-insn", { INSN(BPF_STX | BPF_ATOMIC | BPF_W, 1, 2, 0, 0xe0), EXIT }, 2 },
	{ "register r11", -EINVAL, "exec-insn", { MOV(11, 0), EXIT }, 2 },
	{ "source r15", -EINVAL, "exec-insn", { MOVR(0, 15), EXIT }, 2 },
	{ "a write to r10", -EINVAL, "exec-insn", { MOV(10, 0), EXIT }, 2 },
	{ "a load into r10", -EINVAL, "exec-insn", { INSN(BPF_LDX | BPF_MEM | BPF_W, 10, 1, 0, 0), EXIT }, 2 },
	{ "a fetch into r10", -EINVAL, "exec-insn", { INSN(BPF_STX | BPF_ATOMIC | BPF_W, 1, 10, 0, BPF_XCHG), EXIT }, 2 },
	{ "half a 64-bit load", -EINVAL, "exec-insn", { INSN(BPF_LD | BPF_IMM | BPF_DW, 0, 0, 0, 0) }, 1 },
	{ "a 64-bit load with a bad second half", -EINVAL, "exec-insn", { INSN(BPF_LD | BPF_IMM | BPF_DW, 0, 0, 0, 0), EXIT }, 2 },
	{ "a jump past the end", -EINVAL, "exec-jump", { JA(1), EXIT }, 2 },
	{ "a jump before the beginning", -EINVAL, "exec-jump", { JA(-2), EXIT }, 2 },
	{ "a long jump far away", -EINVAL, "exec-jump", { INSN(BPF_JMP32 | BPF_JA, 0, 0, 0, 0x7fffffff), EXIT }, 2 },
	{ "a jump into a 64-bit load", -EINVAL, "exec-jump", { JA(1), LD64(0, 1), EXIT }, 4 },
	{ "a program that runs off its end", -EINVAL, "exec-jump", { MOV(0, 1) }, 1 },
	{ "a branch at the end", -EINVAL, "exec-jump", { INSN(BPF_JMP | BPF_JEQ | BPF_K, 0, 0, -1, 0) }, 1 },
	{ "a jump into another function", -EINVAL, "exec-jump", { CALL(1), JA(0), MOV(0, 1), EXIT }, 4 },
	{ "a call past the end", -EINVAL, "exec-jump", { CALL(7), EXIT }, 2 },
	{ "a call into a 64-bit load", -EINVAL, "exec-jump", { CALL(2), EXIT, LD64(0, 1), EXIT }, 5 },
	{ "a helper that is not there", -ENOTSUP, "exec-helper", { HELPER(99), EXIT }, 2 },
	{ "helper -1", -ENOTSUP, "exec-helper", { HELPER(-1), EXIT }, 2 },
	{ "a kernel function", -ENOTSUP, "exec-helper", { INSN(BPF_JMP | BPF_CALL, 0, BPF_PSEUDO_KFUNC_CALL, 0, 1), EXIT }, 2 },
	{ "a map", -ENOTSUP, "exec-map", { INSN(BPF_LD | BPF_IMM | BPF_DW, 1, BPF_PSEUDO_MAP_FD, 0, 3), INSN(0, 0, 0, 0, 0), EXIT }, 3 },
};

static void test_refusals(void)
{
	struct process_program *p;
	size_t i;

	for (i = 0; i < LEN(refusals); i++) {
		const struct refusal *r = &refusals[i];
		struct abide_error e = { 0 };
		int err = process_program_new(r->insns, r->nr, helpers, &p, &e);

		check(err == r->code && !p && !strcmp(e.tag, r->tag) && e.problem[0], r->what, err ? e.problem : "accepted");
		process_program_free(p);
		/* a caller that wants no text */
		check(process_program_new(r->insns, r->nr, helpers, &p, NULL) == r->code, r->what, "without an error to fill in");
	}
	printf("%sok - %zu kinds of programs are refused\n", nr_failed ? "not " : "", LEN(refusals));
}

static struct process_run checked_run(const struct process_region *regions, uint32_t nr)
{
	return (struct process_run){ .budget = 10000, .checked = true, .regions = regions, .nr_regions = nr };
}

static void expect(const char *what, const struct bpf_insn *insns, size_t nr, uint64_t r1, enum process_status status, uint32_t pc)
{
	static uint64_t good[2] = { 5, 6 };
	static const uint64_t fixed[2] = { 7, 8 };
	struct process_region regions[2] = { { (uintptr_t)good, 16, true }, { (uintptr_t)fixed, 16, false } };
	struct process_program *p = make(insns, nr, what);
	struct process_run run = checked_run(regions, 2);
	char text[160], detail[220];
	uint64_t r0;

	r0 = process_interpret(p, &run, r1 == 1 ? regions[0].base : r1 == 2 ? regions[1].base : r1, 16);
	snprintf(detail, sizeof(detail), "status %d, instruction %u: %s", run.status, run.fault_pc, process_status_text(&run, text, sizeof(text)));
	check(run.status == status && (status == PROCESS_DONE || (run.fault_pc == pc && !r0)), what, detail);
	check(run.depth == 0 && !run.program, what, "the run is left as found");
	process_program_free(p);
}

#define EXPECT(what, r1, status, pc, ...)                                                         \
	expect(what, (const struct bpf_insn[]){ __VA_ARGS__ }, LEN(((const struct bpf_insn[]){ __VA_ARGS__ })), r1, status, pc)

static void test_bounds(void)
{
	unsigned int before = nr_failed;
	int size;

	for (size = 0; size < 4; size++) {
		static const uint8_t codes[] = { BPF_B, BPF_H, BPF_W, BPF_DW };
		int bytes = 1 << size;

		EXPECT("the last load that fits", 1, PROCESS_DONE, 0, INSN(BPF_LDX | BPF_MEM | codes[size], 0, 1, 16 - bytes, 0), EXIT);
		EXPECT("a load one byte too far", 1, PROCESS_ACCESS, 0, INSN(BPF_LDX | BPF_MEM | codes[size], 0, 1, 17 - bytes, 0), EXIT);
		EXPECT("a load one byte before", 1, PROCESS_ACCESS, 0, INSN(BPF_LDX | BPF_MEM | codes[size], 0, 1, -1, 0), EXIT);
		EXPECT("a store too far", 1, PROCESS_ACCESS, 0, INSN(BPF_ST | BPF_MEM | codes[size], 1, 0, 17 - bytes, 0), MOV(0, 0), EXIT);
		EXPECT("a store of a register too far", 1, PROCESS_ACCESS, 0, INSN(BPF_STX | BPF_MEM | codes[size], 1, 2, 17 - bytes, 0), EXIT);
		EXPECT("the lowest byte of the stack", 1, PROCESS_DONE, 0, INSN(BPF_LDX | BPF_MEM | codes[size], 0, 10, -512, 0), EXIT);
		EXPECT("below the stack", 1, PROCESS_ACCESS, 0, INSN(BPF_LDX | BPF_MEM | codes[size], 0, 10, -513, 0), EXIT);
		EXPECT("above the stack", 1, PROCESS_ACCESS, 0, INSN(BPF_STX | BPF_MEM | codes[size], 10, 0, -bytes + 1, 0), EXIT);
	}
	EXPECT("a load from read-only memory", 2, PROCESS_DONE, 0, INSN(BPF_LDX | BPF_MEM | BPF_W, 0, 1, 0, 0), EXIT);
	EXPECT("a store to read-only memory", 2, PROCESS_ACCESS, 1, MOV(0, 0), INSN(BPF_ST | BPF_MEM | BPF_W, 1, 0, 0, 0), EXIT);
	EXPECT("an atomic on read-only memory", 2, PROCESS_ACCESS, 0, INSN(BPF_STX | BPF_ATOMIC | BPF_W, 1, 2, 0, BPF_ADD), EXIT);
	EXPECT("an unaligned atomic", 1, PROCESS_ALIGN, 0, INSN(BPF_STX | BPF_ATOMIC | BPF_DW, 1, 2, 4, BPF_ADD), EXIT);
	EXPECT("an unaligned 32-bit cmpxchg", 1, PROCESS_ALIGN, 0, INSN(BPF_STX | BPF_ATOMIC | BPF_W, 1, 2, 2, BPF_CMPXCHG), EXIT);
	EXPECT("an atomic outside", 1, PROCESS_ACCESS, 0, INSN(BPF_STX | BPF_ATOMIC | BPF_DW, 1, 2, 16, BPF_ADD | BPF_FETCH), EXIT);
	EXPECT("a null pointer", 0, PROCESS_ACCESS, 0, INSN(BPF_LDX | BPF_MEM | BPF_DW, 0, 1, 0, 0), EXIT);
	EXPECT("an address that wraps around", UINT64_MAX - 3, PROCESS_ACCESS, 0, INSN(BPF_LDX | BPF_MEM | BPF_DW, 0, 1, 0, 0), EXIT);
	EXPECT("a callee's frame from its caller", 1, PROCESS_ACCESS, 1, CALL(2), INSN(BPF_LDX | BPF_MEM | BPF_DW, 0, 10, -520, 0), EXIT,
	       INSN(BPF_ST | BPF_MEM | BPF_DW, 10, 0, -8, 1), MOV(0, 0), EXIT);
	EXPECT("recursion", 1, PROCESS_DEPTH, 0, CALL(-1), EXIT);
	EXPECT("recursion through a callback", 1, PROCESS_DEPTH, 6, MOV(1, 1), LDFUNC(2, -2), MOV(3, 0), MOV(4, 0), MOV(5, 0), HELPER(KIT_LOOP), EXIT);
	EXPECT("a callback that is none", 1, PROCESS_CALLBACK, 3, MOV(1, 1), MOV(2, 64), MOV(4, 0), HELPER(KIT_LOOP), EXIT);
	EXPECT("an access of a callback", 1, PROCESS_ACCESS, 7, MOV(1, 1), LDFUNC(2, 5), MOV(3, 0), MOV(4, 0), HELPER(KIT_LOOP), EXIT,
	       INSN(BPF_LDX | BPF_MEM | BPF_W, 0, 2, 0, 0), EXIT);
	EXPECT("a loop without an end", 1, PROCESS_BUDGET, 0, JA(-1), EXIT);
	EXPECT("a loop of bpf_loop that is too long", 1, PROCESS_BUDGET, 5, MOV(1, 1 << 22), LDFUNC(2, 5), MOV(3, 0), MOV(4, 0), HELPER(KIT_LOOP), EXIT, MOV(0, 0), EXIT);
	EXPECT("what was never written on the stack reads 0", 1, PROCESS_DONE, 0, INSN(BPF_LDX | BPF_MEM | BPF_DW, 1, 10, -504, 0),
	       INSN(BPF_JMP | BPF_JEQ | BPF_K, 1, 0, 1, 0), JA(-1), MOV(0, 1), EXIT);
	printf("%sok - accesses, depth, callbacks and budget of unverified programs\n", nr_failed != before ? "not " : "");
}

/* Both engines, with the least budget that is enough and with one less. */
static void test_budget(void)
{
	const struct bpf_insn insns[] = {
		MOV(0, 0), MOV(6, 10), CALL(4), ADD(6, -1), INSN(BPF_JMP | BPF_JNE | BPF_K, 6, 0, -3, 0), MOV(0, 42), EXIT,
		MOV(0, 1), EXIT,
	};
	struct process_program *p = make(insns, LEN(insns), "budget");
	unsigned int before = nr_failed;
	int64_t need = 9 * 3 + 10 * 2, k; /* nine jumps back, ten calls */
	struct process_run run;
	int engine;

	for (engine = 0; engine < 2; engine++)
		for (k = need - 1; k <= need + 1; k++) {
			struct abide_error e = { 0 };

			if (engine && process_compile(p, NULL, &e)) {
				check(e.code == -ENOTSUP, "budget", e.problem);
				continue;
			}
			run = (struct process_run){ .budget = k };
			check(process_run(p, &run, 0, 0) == (k >= need ? 42 : 0), "budget", "r0");
			check(run.status == (k >= need ? PROCESS_DONE : PROCESS_BUDGET), "budget", "status");
			check((run.budget < 0) == (k < need) && (k < need || run.budget == k - need), "budget", "what is left");
		}
	process_program_free(p);
	printf("%sok - a budget is enough to the instruction, on both engines\n", nr_failed != before ? "not " : "");
}

static const struct process_program *slots[3];

static const struct process_program *slot(struct process_run *run, uint64_t map, uint32_t index)
{
	(void)run;
	return map == 0x77 && index < 3 ? slots[index] : NULL;
}

/* main calls a function, which calls the program in slot 1, which returns to main in its place. */
static void test_tail_calls(void)
{
	const struct bpf_insn first[] = {
		MOVR(6, 1), MOV(7, 1000), CALL(3), INSN(BPF_ALU64 | BPF_ADD | BPF_X, 0, 7, 0, 0), INSN(BPF_ALU64 | BPF_ADD | BPF_X, 0, 6, 0, 0), EXIT,
		MOV(6, 5), MOV(1, 9), MOV(2, 0x77), MOV(3, 1), HELPER(BPF_FUNC_tail_call), MOV(0, 3), EXIT,
	};
	const struct bpf_insn second[] = { MOV(6, 6), MOV(7, 7), MOVR(0, 1), ADD(0, 100), INSN(BPF_ST | BPF_MEM | BPF_DW, 10, 0, -512, 1), EXIT };
	const struct bpf_insn empty[] = { MOV(2, 0x77), MOV(3, 9), HELPER(BPF_FUNC_tail_call), MOV(0, 4), EXIT };
	/* calls itself until the limit */
	const struct bpf_insn chain[] = { INSN(BPF_LDX | BPF_MEM | BPF_DW, 6, 1, 0, 0), ADD(6, 1), INSN(BPF_STX | BPF_MEM | BPF_DW, 1, 6, 0, 0),
		                          MOV(2, 0x77), MOV(3, 2), HELPER(BPF_FUNC_tail_call), MOVR(0, 6), EXIT };
	struct process_program *p[4] = { make(first, LEN(first), "tail"), make(second, LEN(second), "tail"),
		                         make(empty, LEN(empty), "tail"), make(chain, LEN(chain), "tail") };
	unsigned int before = nr_failed, rotate;
	struct process_run run;
	uint64_t counter;
	size_t i;

	slots[1] = p[1];
	slots[2] = p[3];
	for (rotate = 0; rotate <= 10; rotate++) { /* 0: the interpreter */
		char engine[32];

		snprintf(engine, sizeof(engine), rotate ? "native code, rotate %u" : "interpreter", rotate - 1);
		for (i = 0; rotate && i < 4; i++) {
			struct process_compile_options o = { .rotate = rotate - 1 };

			if (process_compile(p[i], &o, NULL))
				goto out; /* the interpreter is all that this machine has */
		}
		run = (struct process_run){ .budget = 1000, .tail_call = slot };
		check(process_run(p[0], &run, 20000, 0) == 20000 + 1000 + 109 && run.status == PROCESS_DONE, "a tail call from a function", engine);
		check(run.tail_calls == 1, "tail calls are counted", engine);
		run = (struct process_run){ .budget = 1000 };
		check(process_run(p[0], &run, 20000, 0) == 20000 + 1000 + 3, "a tail call without programs fails", engine);
		run = (struct process_run){ .budget = 1000, .tail_call = slot };
		check(process_run(p[2], &run, 0, 0) == 4, "a tail call of an empty slot fails", engine);
		counter = 0;
		run = (struct process_run){ .budget = 1000, .tail_call = slot };
		check(process_run(p[3], &run, (uintptr_t)&counter, 8) == PROCESS_TAIL_CALLS + 1 && counter == PROCESS_TAIL_CALLS + 1,
		      "33 tail calls, and no more", engine);
	}
out:
	for (i = 0; i < 4; i++)
		process_program_free(p[i]);
	printf("%sok - tail calls\n", nr_failed != before ? "not " : "");
}

static uint32_t trace_pc[16], nr_trace;
static uint64_t trace_r0[16];

static void note(struct process_run *run, const struct process_program *p, uint32_t pc, const uint64_t *r)
{
	(void)run;
	(void)p;
	if (nr_trace < 16) {
		trace_pc[nr_trace] = pc;
		trace_r0[nr_trace++] = r[0];
	}
}

static void test_trace(void)
{
	const struct bpf_insn insns[] = { MOV(0, 3), CALL(3), JA(0), ADD(0, 1), EXIT, LD64(0, 7), EXIT };
	static const uint32_t pcs[] = { 0, 1, 5, 7, 2, 3, 4 };
	static const uint64_t r0[] = { 0, 3, 3, 7, 7, 7, 8 };
	struct process_program *p = make(insns, LEN(insns), "trace");
	struct process_run run = { .budget = 100, .trace = note };
	bool good = process_interpret(p, &run, 0, 0) == 8 && nr_trace == LEN(pcs) &&
	            !memcmp(pcs, trace_pc, sizeof(pcs)) && !memcmp(r0, trace_r0, sizeof(r0));

	check(good, "trace", "instructions and values");
	process_program_free(p);
	printf("%sok - the trace hook sees each instruction before it runs\n", good ? "" : "not ");
}

/* No mapping of this process is writable and executable. */
static void test_memory(void)
{
	const struct bpf_insn insns[] = { MOV(0, 3), EXIT };
	struct process_program *p = make(insns, 2, "memory");
	char row[512], rights[8];
	unsigned long from, to;
	bool found = false, both = false;
	const char *code;
	FILE *f;

	if (process_compile(p, NULL, NULL)) {
		printf("skip - memory of native code: there is none on this machine\n");
		process_program_free(p);
		return;
	}
	code = process_code(p, NULL);
	f = fopen("/proc/self/maps", "r");
	while (f && fgets(row, sizeof(row), f))
		if (sscanf(row, "%lx-%lx %7s", &from, &to, rights) == 3) {
			both |= strchr(rights, 'w') && strchr(rights, 'x');
			found |= from <= (uintptr_t)code && (uintptr_t)code < to && !strcmp(rights, "r-xp");
		}
	if (f)
		fclose(f);
	check(found && !both, "memory of native code", found ? "something is writable and executable" : "not found as r-x");
	process_program_free(p);
	printf("%sok - native code is never writable and executable\n", found && !both ? "" : "not ");
}

/* Divisions by constants are multiplications in native code: quotients and remainders beside each multiple. */
static bool divides(int32_t d, bool wide, bool mod, uint8_t dst, bool no_bmi2)
{
	const struct bpf_insn insns[] = {
		MOVR(dst, 1), INSN((wide ? BPF_ALU64 : BPF_ALU) | (mod ? BPF_MOD : BPF_DIV) | BPF_K, dst, 0, 0, d), MOVR(0, dst), EXIT,
	};
	struct process_program *p = make(insns, LEN(insns), "division");
	struct process_compile_options o = { .no_bmi2 = no_bmi2 };
	uint64_t by = wide ? (uint64_t)(int64_t)d : (uint32_t)d, most = (wide ? UINT64_MAX : UINT32_MAX) / by, k;
	bool good = true;

	process_compile(p, &o, NULL);
	for (k = 0; good && k < 90; k++) {
		/* small multiples, all powers of two of them, the greatest ones; one less, itself, one more */
		uint64_t times = k < 10 ? k : k < 74 ? most >> (k - 10) : most - (k - 74);
		int64_t around;

		for (around = -1; good && around <= 1; around++) {
			uint64_t n = times * by + (uint64_t)around, m = wide ? n : (uint32_t)n;
			struct process_run run = { .budget = 100 };

			good = process_run(p, &run, n, 0) == (mod ? m % by : m / by);
			if (!good)
				printf("# %llu %s %llu, %d bits, r%u\n", (unsigned long long)m, mod ? "mod" : "by",
				       (unsigned long long)by, wide ? 64 : 32, dst);
		}
	}
	process_program_free(p);
	return good;
}

static void test_divisions(void)
{
	static const int32_t by[] = { 1, 2, 3, 5, 6, 7, 9, 10, 11, 12, 14, 28, 100, 641, 1000, 4096, 10000, 100000, 1000000, 1000000007,
		                      0x7fffffff, 3 << 20, 7 << 24, 3125 << 5, -1, -2, -3, -1000, -0x7fffffff };
	unsigned int before = nr_failed;
	size_t i;
	int how;

	for (i = 0; i < LEN(by); i++)
		for (how = 0; how < 24; how++) {
			static const uint8_t dst[] = { 0, 3, 4 }; /* rax and rdx of the machine, and another one */

			check(divides(by[i], how & 1, how & 2, dst[how / 8], how & 4), "division", "by a constant");
		}
	printf("%sok - divisions by constants\n", nr_failed != before ? "not " : "");
}

static uint64_t call_one(int32_t number, bool native)
{
	const struct bpf_insn insns[] = { MOV(1, 0), HELPER(number), EXIT };
	struct process_program *p = make(insns, LEN(insns), "helper");
	struct process_run run = { .budget = 100 };
	uint64_t r0;

	if (native)
		process_compile(p, NULL, NULL);
	r0 = process_run(p, &run, 0, 0);
	process_program_free(p);
	return r0;
}

static uint64_t clock_ns(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static void test_helpers(void)
{
	static const struct {
		int32_t number;
		clockid_t clock;
	} clocks[] = { { BPF_FUNC_ktime_get_ns, CLOCK_MONOTONIC }, { BPF_FUNC_ktime_get_boot_ns, CLOCK_BOOTTIME },
		       { BPF_FUNC_ktime_get_tai_ns, CLOCK_TAI }, { BPF_FUNC_ktime_get_coarse_ns, CLOCK_MONOTONIC_COARSE } };
	unsigned int before = nr_failed, native, bits = 0;
	cpu_set_t all, one;
	size_t i;
	int cpu;

	sched_getaffinity(0, sizeof(all), &all);
	for (native = 0; native < 2; native++) {
		for (i = 0; i < LEN(clocks); i++) {
			uint64_t a = clock_ns(clocks[i].clock), t = call_one(clocks[i].number, native), b = clock_ns(clocks[i].clock);

			check(a <= t && t <= b, "clock", "not between two readings");
		}
		check(call_one(BPF_FUNC_get_current_pid_tgid, native) == ((uint64_t)getpid() << 32 | (uint32_t)gettid()), "pid_tgid", "");
		check(call_one(BPF_FUNC_get_current_uid_gid, native) == ((uint64_t)getgid() << 32 | getuid()), "uid_gid", "");
		for (cpu = 0; cpu < CPU_SETSIZE; cpu++) {
			if (!CPU_ISSET(cpu, &all))
				continue;
			CPU_ZERO(&one);
			CPU_SET(cpu, &one);
			if (!sched_setaffinity(0, sizeof(one), &one))
				check(call_one(BPF_FUNC_get_smp_processor_id, native) == (uint64_t)cpu, "cpu id", native ? "native" : "interpreter");
		}
		sched_setaffinity(0, sizeof(all), &all);
		for (i = 0; i < 64; i++) {
			uint64_t v = call_one(BPF_FUNC_get_prandom_u32, native);

			check(v <= UINT32_MAX, "prandom", "more than 32 bits");
			bits |= (unsigned int)v;
		}
	}
	check(bits == UINT32_MAX, "prandom", "bits that never come");
	printf("%sok - helpers: clocks, CPU, ids, random numbers\n", nr_failed != before ? "not " : "");
}

/* What only the interpreter can bound is not compiled. */
static void test_not_compiled(void)
{
	const struct bpf_insn itself[] = { CALL(-1), EXIT };
	struct bpf_insn deep[32];
	struct abide_error e = { 0 };
	struct process_program *p = make(itself, 2, "recursion");
	unsigned int before = nr_failed;
	int k, err;

	err = process_compile(p, NULL, &e);
	check(err == -ENOTSUP && !process_code(p, NULL) && !strcmp(e.tag, "exec-native"), "recursion is not compiled", e.problem);
	process_program_free(p);
	for (k = 0; k < 9; k++) { /* nine functions, each calls the next */
		deep[3 * k] = k < 8 ? CALL(2) : MOV(0, 1);
		deep[3 * k + 1] = ADD(0, 1);
		deep[3 * k + 2] = EXIT;
	}
	p = make(deep, 27, "nine deep");
	check(process_compile(p, NULL, &e) == -ENOTSUP, "nine functions deep are not compiled", e.problem);
	process_program_free(p);
	p = make(deep + 3, 24, "eight deep");
#if defined(__x86_64__)
	check(process_compile(p, NULL, &e) == 0, "eight functions deep are compiled", e.problem);
#endif
	process_program_free(p);
	printf("%sok - native code for all but recursion and too deep calls\n", nr_failed != before ? "not " : "");
}

int main(void)
{
	helpers = kit_helpers();
	test_refusals();
	test_bounds();
	test_budget();
	test_tail_calls();
	test_trace();
	test_memory();
	test_divisions();
	test_helpers();
	test_not_compiled();
	printf("# %u checks\n", nr_checks);
	return nr_failed != 0;
}
