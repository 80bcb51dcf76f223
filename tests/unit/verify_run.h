/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
#ifndef ABIDE_TESTS_VERIFY_RUN_H
#define ABIDE_TESTS_VERIFY_RUN_H

/*
 * Verifies a program and, if it is accepted, runs it: on the checked interpreter, where every
 * access must be to what the program owns and every register hold what the verifier has
 * said, and as native code in another copy of the application, at other addresses. @problem says
 * what is wrong.
 */
#include "verify_gen.h"

#define INPUTS 3
#define BUDGET 20000

static uint64_t nr_runs, nr_faults;
static struct env home, away;
static const struct verify_result *result;
static const struct bpf_insn *insns;
static char problem[300];

/* The interpreter is about to run an instruction: is all as the verifier has said? */
static void check(struct process_run *run, const struct process_program *p, uint32_t pc, const uint64_t *r)
{
	const struct verify_fact *f = &result->facts[pc];
	uint32_t k, key, map;

	(void)p;
	if (*problem)
		return;
	if (!f->reached)
		snprintf(problem, sizeof(problem), "instruction %u is reached, and should not", pc);
	for (k = 0; k < 10; k++)
		if (result->values[pc][k].is_number && !num_contains(&result->values[pc][k].num, r[k]))
			snprintf(problem, sizeof(problem), "instruction %u: r%u is 0x%llx, not in u[%llx %llx] s[%llx %llx] bits %llx/%llx", pc, k,
			         (unsigned long long)r[k], (unsigned long long)result->values[pc][k].num.umin,
			         (unsigned long long)result->values[pc][k].num.umax, (unsigned long long)result->values[pc][k].num.smin,
			         (unsigned long long)result->values[pc][k].num.smax, (unsigned long long)result->values[pc][k].num.bits,
			         (unsigned long long)result->values[pc][k].num.unknown);
	if (insns[pc].code == (BPF_JMP | BPF_CALL) && !insns[pc].src_reg && (f->key_known || f->key_in_range)) {
		map = (uint32_t)(r[1] - (uintptr_t)home.handle);
		memcpy(&key, (void *)(uintptr_t)r[2], 4);
		if (f->has_map && f->map != map)
			snprintf(problem, sizeof(problem), "instruction %u: map %u, not %u", pc, map, f->map);
		if (f->key_known && f->key != key)
			snprintf(problem, sizeof(problem), "instruction %u: key %u, not %u", pc, key, f->key);
		if (f->key_in_range && key >= env_maps[map].max_entries)
			snprintf(problem, sizeof(problem), "instruction %u: key %u is out of range", pc, key);
	}
	(void)run;
}

static __attribute__((noinline)) void dirty_stack(void)
{
	volatile uint8_t junk[16384];
	uint32_t k;

	for (k = 0; k < sizeof(junk); k++)
		junk[k] = (uint8_t)(k * 7 + 0xa5);
}

static uint64_t mix32(uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e, struct process_run *run)
{
	return (uint32_t)kit_mix(a, b, c, d, e, run);
}

/* Programs of process_random.h call one helper of their own: by the number of one that takes nothing. */
static const struct process_helpers *memory_helpers(void)
{
	static struct process_helper table[256];
	static struct process_helpers helpers = { table, 256 };

	table[BPF_FUNC_get_prandom_u32] = (struct process_helper){ .fn = mix32, .name = "mix" };
	table[BPF_FUNC_loop] = process_helpers_basic()->table[BPF_FUNC_loop];
	return &helpers;
}

static bool same_memory(bool memory)
{
	return !memcmp(home.array, away.array, ENV_ENTRIES * 48) && !memcmp(home.hash, away.hash, ENV_HASHED * 40) &&
	       !memcmp(home.percpu, away.percpu, 64) && !memcmp(home.data, away.data, 128) &&
	       !memcmp(home.ring, away.ring, ENV_RECORDS * 64) && !memcmp(home.rodata, env_rodata, 32) &&
	       !memcmp(home.keys, away.keys, sizeof(home.keys)) && !memcmp(home.queue, away.queue, sizeof(home.queue)) &&
	       home.seen == away.seen && (!memory || !memcmp(home.memory, away.memory, KIT_PAGE));
}

/* One run on both engines; false: @problem says what is wrong. */
static bool run_both(struct process_program *here, struct process_program *there, bool memory, uint64_t with)
{
	struct process_run run = { .budget = BUDGET, .checked = true, .regions = home.regions, .user = &home, .trace = check,
		                   .nr_regions = sizeof(home.regions) / sizeof(home.regions[0]) };
	struct process_run native = { .budget = BUDGET, .user = &away };
	uint64_t r0, got;
	uint32_t k;
	char text[200];

	env_reset(&home, with, memory);
	env_reset(&away, with, memory);
	nr_runs++;
	r0 = process_interpret(here, &run, memory ? (uintptr_t)home.memory : (uintptr_t)home.ctx, memory ? KIT_PAGE : 0);
	if (*problem)
		return false;
	if (run.status == PROCESS_ACCESS && !home.wrong && result->facts[run.fault_pc].faults && run.fault_address < 4096) {
		nr_faults++;
		return true; /* through NULL, where the engine would read 0 */
	}
	if (run.status != PROCESS_DONE && run.status != PROCESS_BUDGET) {
		snprintf(problem, sizeof(problem), "instruction %u: %s%s%s", run.fault_pc, process_status_text(&run, text, sizeof(text)),
		         home.wrong ? ", a helper was handed " : "", home.wrong ? home.wrong : "");
		return false;
	}
	for (k = 0; run.status == PROCESS_DONE && k < ENV_RECORDS; k++)
		if (home.held[k]) {
			snprintf(problem, sizeof(problem), "a ring record is left");
			return false;
		}
	if (run.status == PROCESS_BUDGET && !result->loops) {
		snprintf(problem, sizeof(problem), "it ran out of its budget, and has no loops");
		return false;
	}
	dirty_stack();
	got = process_run(there, &native, memory ? (uintptr_t)away.memory : (uintptr_t)away.ctx, memory ? KIT_PAGE : 0);
	if (got != r0 || native.status != run.status || !same_memory(memory)) {
		snprintf(problem, sizeof(problem), "native: r0 %llx, not %llx; status %d, not %d; memory %s; helpers saw %llx, not %llx",
		         (unsigned long long)got, (unsigned long long)r0, native.status, run.status, same_memory(memory) ? "agrees" : "differs",
		         (unsigned long long)away.seen, (unsigned long long)home.seen);
		return false;
	}
	return true;
}

static bool run_program(uint32_t nr, bool memory, struct draw *how)
{
	static struct bpf_insn code[RANDOM_MAX];
	struct process_compile_options o = { .rotate = draw(how, 10), .no_bmi2 = draw(how, 2) };
	const struct process_helpers *helpers = memory ? memory_helpers() : env_helpers();
	struct process_program *here = NULL, *there = NULL;
	struct abide_error e = { 0 };
	bool good = false;
	uint32_t k;

	env_patch(&home, insns, nr, code);
	if (process_program_new(code, nr, helpers, &here, &e)) {
		/* helpers that the verifier knows, and this application has not */
		if (!strcmp(e.tag, "exec-helper"))
			return true;
		snprintf(problem, sizeof(problem), "the engine refuses it: %.100s (%.100s)", e.problem, e.reason);
		return false;
	}
	env_patch(&away, insns, nr, code);
	/* a function that takes its own address is left to the interpreter */
	if (process_program_new(code, nr, helpers, &there, &e) || (process_compile(there, &o, &e) && e.code != -ENOTSUP)) {
		snprintf(problem, sizeof(problem), "not compiled: %.200s", e.problem);
		goto out;
	}
	good = true;
	for (k = 0; good && k < INPUTS; k++)
		good = run_both(here, there, memory, draw(how, 100000));
out:
	process_program_free(here);
	process_program_free(there);
	return good;
}

/* Verify and, if it is accepted, run. */
static bool try_one(const struct random_program *r, bool memory, struct draw *how, bool *accepted)
{
	struct verify_input in = { .name = "random", .insns = r->insns, .nr_insns = r->nr, .types = env_types, .nr_types = 2,
		                   .maps = env_maps, .nr_maps = ENV_MAPS };
	struct verify_result *v;
	struct abide_error e = { 0 };
	bool good = true;

	if (memory) {
		in.has_memory = true;
		in.memory = KIT_PAGE;
	} else {
		in.args = env_args;
		in.nr_args = 4;
	}
	*accepted = !verify_program(&in, true, &v, &e);
	if (*accepted) {
		result = v;
		insns = r->insns;
		good = run_program(r->nr, memory, how);
		verify_result_free(v);
	} else if (getenv("VERIFY_WHY")) {
		printf("# %s: %s %s\n", e.tag, e.problem, e.reason);
	}
	return good;
}

#endif
