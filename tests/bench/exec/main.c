/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * bench-exec OBJECT MAPS-OBJECT: programs of the process engine against the same C compiled by gcc -O2,
 * in turns on one pinned CPU, the least of many rounds; the interpreter per instruction; and
 * how long it takes to verify a program and to make its native code; then programs with maps. Results must agree, or there is
 * nothing to compare: exit 1. "missed" is a figure, not a failure.
 */
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "exec.h"
#include "object/object.h"
#include "process/program.h"
#include "process/verify.h"
#include "promise.h"

#define ROUNDS 41
#define MEMORY 1024

static const struct {
	const char *name;
	uint64_t (*machine)(void *memory, uint64_t size);
} works[] = {
	{ "sort", work_sort }, { "collatz", work_collatz }, { "fnv", work_fnv }, { "filter", work_filter }, { "calls", work_calls },
};

#define NR_WORKS (sizeof(works) / sizeof(works[0]))

struct figures {
	double ratio; /* native code to machine code */
	double interpreted; /* ns an instruction */
};

static _Alignas(64) uint8_t memory[MEMORY];
static uint64_t counted;

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static void fill(void)
{
	static const struct {
		uint32_t pid, uid, flags, kind;
		uint64_t size, offset, latency;
		char name[16];
		uint16_t port;
		uint8_t proto, ttl;
		int32_t error;
	} event = { 4711, 1000, 0x11, 9, 65536, 8192, 77000000, "redis-server", 6379, 6, 60, -11 };
	uint32_t i;

	for (i = 0; i < MEMORY; i++)
		memory[i] = (uint8_t)(i * 7 + 3);
	memcpy(memory, &event, sizeof(event));
}

static void pin(void)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(sched_getcpu(), &set);
	sched_setaffinity(0, sizeof(set), &set);
}

static void count(struct process_run *run, const struct process_program *p, uint32_t pc, const uint64_t *r)
{
	(void)run;
	(void)p;
	(void)pc;
	(void)r;
	counted++;
}

/* As a site of events has it: made once, with a new budget for each run. */
static struct process_run one_run;

static uint64_t call(process_fn entry)
{
	one_run.budget = 1000000000;
	return entry((uintptr_t)memory, MEMORY, 0, 0, 0, &one_run);
}

static uint64_t interpret(const struct process_program *p)
{
	one_run.budget = 1000000000;
	return process_interpret(p, &one_run, (uintptr_t)memory, MEMORY);
}

/* Nanoseconds of one run, the least of @rounds batches of @n. */
#define LEAST(ns, rounds, n, does)                                                                \
	do {                                                                                      \
		int round_, k_;                                                                   \
		ns = 1e18;                                                                        \
		for (round_ = 0; round_ < (rounds); round_++) {                                   \
			double start_ = now(), took_;                                             \
			for (k_ = 0; k_ < (n); k_++)                                              \
				does;                                                             \
			took_ = (now() - start_) / (n);                                           \
			ns = took_ < ns ? took_ : ns;                                             \
		}                                                                                 \
	} while (0)

static const struct function *find(const struct object *o, const char *name)
{
	char full[64];
	uint32_t i;

	snprintf(full, sizeof(full), "work_%s", name);
	for (i = 0; i < o->nr_functions; i++)
		if (!strcmp(o->functions[i].name, full))
			return &o->functions[i];
	return NULL;
}

static int compare(const struct object *o, const struct process_helpers *helpers, size_t w, struct figures *out)
{
	const struct function *f = find(o, works[w].name);
	struct process_run run = { .budget = 1000000000, .trace = count };
	volatile uint64_t sink = 0;
	struct abide_error e = { 0 };
	struct process_program *p;
	process_fn entry;
	double machine = 1e18, native = 1e18, interpreted, ns;
	uint64_t want, got;
	size_t size;
	int k, n;

	if (!f || process_program_new(f->insns, f->nr_insns, helpers, &p, &e) || process_compile(p, NULL, &e)) {
		fprintf(stderr, "bench-exec: %s: %s\n", works[w].name, f ? e.problem : "no such program");
		return 1;
	}
	entry = process_entry(p);
	fill();
	want = works[w].machine(memory, MEMORY);
	fill();
	got = call(entry);
	fill();
	if (got != want || interpret(p) != want) {
		fprintf(stderr, "bench-exec: %s: %llx, not %llx\n", works[w].name, (unsigned long long)got, (unsigned long long)want);
		return 1;
	}
	fill();
	counted = 0;
	process_interpret(p, &run, (uintptr_t)memory, MEMORY);
	fill();
	n = (int)(200000 / (counted + 10)) + 1;
	for (k = 0; k < ROUNDS; k++) { /* in turns, so that both see the same machine */
		LEAST(ns, 1, n, sink += works[w].machine(memory, MEMORY));
		machine = ns < machine ? ns : machine;
		LEAST(ns, 1, n, sink += call(entry));
		native = ns < native ? ns : native;
	}
	LEAST(interpreted, 9, n / 2 + 1, sink += interpret(p));
	(void)sink;
	process_code(p, &size);
	*out = (struct figures){ native / machine, interpreted / (double)counted };
	printf("  %-9s %6u %6zu %12.1f %11.1f %7.2f %16.2f\n", works[w].name, f->nr_insns, size, machine, native, out->ratio,
	       out->interpreted);
	process_program_free(p);
	return 0;
}

/* A program of @nr instructions as compilers write them: arithmetic, loads, stores, branches. */
static int compile_time(const struct process_helpers *helpers, uint32_t nr, double *us)
{
	struct bpf_insn *insns = calloc(nr, sizeof(*insns));
	struct verify_input in = { .insns = insns, .nr_insns = nr, .has_memory = true, .memory = MEMORY };
	double verify, make, native;
	uint32_t i;

	for (i = 0; i < 4; i++)
		insns[i] = (struct bpf_insn){ BPF_ALU64 | BPF_MOV | BPF_K, (uint8_t)(2 + i), 0, 0, 1 };
	for (; i + 2 < nr; i++) {
		uint8_t d = (uint8_t)(2 + i % 4), s = (uint8_t)(2 + i / 3 % 4);

		switch (i % 6) {
		case 0:
			insns[i] = (struct bpf_insn){ BPF_LDX | BPF_MEM | BPF_W, d, 1, (int16_t)(i % 900), 0 };
			break;
		case 1:
			insns[i] = (struct bpf_insn){ BPF_ALU64 | BPF_ADD | BPF_X, d, s, 0, 0 };
			break;
		case 2:
			insns[i] = (struct bpf_insn){ BPF_ALU64 | BPF_MOV | BPF_K, d, 0, 0, (int32_t)i };
			break;
		case 3:
			insns[i] = (struct bpf_insn){ BPF_JMP | BPF_JGT | BPF_K, d, 0, (int16_t)(i + 9 < nr ? 6 : 0), 77 };
			break;
		case 4:
			insns[i] = (struct bpf_insn){ BPF_STX | BPF_MEM | BPF_DW, 10, d, (int16_t)(-8 - (int)(i % 60) * 8), 0 };
			break;
		default:
			insns[i] = (struct bpf_insn){ BPF_ALU | BPF_AND | BPF_K, d, 0, 0, 0xff };
		}
	}
	insns[nr - 2] = (struct bpf_insn){ BPF_ALU64 | BPF_MOV | BPF_K, 0, 0, 0, 1 };
	insns[nr - 1] = (struct bpf_insn){ BPF_JMP | BPF_EXIT, 0, 0, 0, 0 };
	{
		struct process_program *p = NULL;
		struct abide_error e = { 0 };
		struct verify_result *r = NULL;
		int bad = 0;

		LEAST(verify, 21, 2, ({
			verify_result_free(r);
			bad |= verify_program(&in, false, &r, &e);
		}));
		verify_result_free(r);
		if (bad) {
			fprintf(stderr, "bench-exec: %s: %s\n", e.problem, e.reason);
			return 1;
		}
		LEAST(make, 51, 4, ({
			process_program_free(p);
			bad |= process_program_new(insns, nr, helpers, &p, &e);
		}));
		if (bad) {
			fprintf(stderr, "bench-exec: %s\n", e.problem);
			return 1;
		}
		LEAST(native, 51, 4, bad |= process_compile(p, NULL, &e));
		if (bad) {
			fprintf(stderr, "bench-exec: %s\n", e.problem);
			return 1;
		}
		process_program_free(p);
	}
	printf("  %5u instructions %10.1f %9.1f %9.1f %11.1f\n", nr, verify / 1e3, make / 1e3, native / 1e3,
	       (verify + make + native) / 1e3);
	*us = (verify + make + native) / 1e3;
	free(insns);
	return 0;
}

int main(int argc, char **argv)
{
	static struct process_helper table[256];
	static const struct process_helpers helpers = { table, 256 };
	struct abide_error e = { 0 };
	struct process_program *empty;
	static const struct bpf_insn nothing[] = { { BPF_ALU64 | BPF_MOV | BPF_K, 0, 0, 0, 0 }, { BPF_JMP | BPF_EXIT, 0, 0, 0, 0 } };
	volatile uint64_t sink = 0;
	struct object *o = NULL, *maps = NULL;
	struct promises p = { 0 };
	struct figures f[NR_WORKS] = { { 0 } };
	double ns, few = 0, many = 0;
	char what[64];
	size_t i;
	int bad = 0;

	memcpy(table, process_helpers_basic()->table, process_helpers_basic()->nr * sizeof(*table));
	table[200] = (struct process_helper){ .fn = exec_mix, .name = "mix" };
	if (argc != 3 || object_open_file(argv[1], &o, &e) || object_open_file(argv[2], &maps, &e)) {
		fprintf(stderr, "bench-exec: %s\n", argc == 3 ? e.problem : "usage: bench-exec OBJECT MAPS-OBJECT");
		return 2;
	}
	pin();
	printf("Native code against gcc -O2 on the same C, and the interpreter\n\n"
	       "             insns  bytes  gcc -O2, ns  native, ns   ratio  interp., ns/insn\n");
	for (i = 0; i < NR_WORKS; i++)
		bad |= compare(o, &helpers, i, &f[i]);
	if (!process_program_new(nothing, 2, &helpers, &empty, &e) && !process_compile(empty, NULL, &e)) {
		process_fn entry = process_entry(empty);

		LEAST(ns, 41, 20000, sink += call(entry));
		printf("  an empty program: %.2f ns, its caller's part included\n", ns);
		process_program_free(empty);
	}
	(void)sink;
	printf("\nBefore a program runs, microseconds\n\n"
	       "                         verify    decode   compile         all\n");
	bad |= compile_time(&helpers, 50, &few);
	bad |= compile_time(&helpers, 4000, &many);
	printf("\n");
	bad |= exec_maps_bench(maps);
	printf("\n");
	for (i = 0; i < NR_WORKS; i++) {
		snprintf(what, sizeof(what), "%s, native code to gcc -O2", works[i].name);
		if (f[i].ratio > 0)
			promise(&p, what, f[i].ratio, 1.3, " times", NULL);
	}
	for (i = 0; i < NR_WORKS; i++) {
		snprintf(what, sizeof(what), "%s, interpreted, an instruction", works[i].name);
		if (f[i].ratio > 0)
			promise(&p, what, f[i].interpreted, 1.5, " ns", NULL);
	}
	if (few > 0)
		promise(&p, "50 instructions, from bytes to code", few, 100, " us", NULL);
	if (many > 0)
		promise(&p, "4000 instructions, from bytes to code", many / 1e3, 10, " ms", NULL);
	promises_total(&p, bad);
	object_free(maps);
	object_free(o);
	return bad;
}
