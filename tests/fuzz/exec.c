/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Fuzz target: the process engine. The first byte chooses. Even: the rest is instructions as
 * they come; what the engine accepts runs on the checked interpreter, which must keep it in
 * its memory, and is compiled, not run. Odd: the rest draws a program that a verifier would
 * accept (process_random.h); both engines must agree on it.
 */
#include "../unit/process_random.h"
#include "standalone.h"

#define SMALL 64 /* bytes of memory for programs that nobody verified */

static void hostile(const uint8_t *data, size_t size)
{
	uint32_t nr = (uint32_t)(size / sizeof(struct bpf_insn)), k;
	struct bpf_insn *insns = malloc(nr * sizeof(*insns) + 1);
	/* exactly as large as it is, so that a sanitizer sees what is beside */
	uint8_t *memory = malloc(SMALL);
	struct process_program *p;
	struct abide_error e = { 0 };
	struct process_region regions[2];
	char text[200];

	if (!insns || !memory)
		abort();
	memcpy(insns, data, nr * sizeof(*insns));
	memset(memory, 0x5a, SMALL);
	regions[0] = (struct process_region){ (uintptr_t)memory, SMALL - 16, true };
	regions[1] = (struct process_region){ (uintptr_t)memory + SMALL - 16, 16, false };
	if (!process_program_new(insns, nr, process_helpers_basic(), &p, &e)) {
		struct process_run run = { .budget = 20000, .checked = true, .regions = regions, .nr_regions = 2 };

		process_interpret(p, &run, regions[0].base, SMALL);
		process_status_text(&run, text, sizeof(text));
		for (k = SMALL - 16; k < SMALL; k++)
			if (memory[k] != 0x5a)
				abort();
		process_compile(p, &(struct process_compile_options){ .rotate = nr % 10, .no_bmi2 = nr & 1 }, &e);
		process_program_free(p);
	}
	free(insns);
	free(memory);
}

static void drawn(const uint8_t *data, size_t size)
{
	static struct random_program r;
	static uint8_t *page;
	static uint8_t after[KIT_PAGE];
	struct process_region region;
	struct process_program *p;
	struct abide_error e = { 0 };
	uint64_t r0;
	int64_t left;
	int k;

	if (!page)
		page = kit_page();
	region = (struct process_region){ (uintptr_t)page, KIT_PAGE, true };
	r.d = (struct draw){ .state = 0x5eed, .bytes = data, .left = size };
	if (!random_program(&r))
		return;
	if (process_program_new(r.insns, r.nr, kit_helpers(), &p, &e)) {
		fprintf(stderr, "refused: %s\n", e.problem);
		abort();
	}
	for (k = 0; k < 3; k++) {
		struct process_run run = { .budget = 100000, .checked = true, .regions = &region, .nr_regions = 1 };
		uint64_t got;

		memset(page, 0x3c, KIT_PAGE);
		if (k && process_compile(p, &(struct process_compile_options){ .rotate = k > 1 ? r.nr % 10 : 0, .no_bmi2 = k > 1 }, &e))
			abort();
		got = process_run(p, &run, region.base, KIT_PAGE);
		if (run.budget < 0)
			run.budget = -1;
		if (!k) {
			r0 = got;
			left = run.budget;
			memcpy(after, page, KIT_PAGE);
		} else if (got != r0 || run.budget != left || memcmp(after, page, KIT_PAGE)) {
			kit_list(r.insns, r.nr);
			abort();
		}
	}
	process_program_free(p);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (!size)
		return 0;
	if (data[0] & 1)
		drawn(data + 1, size - 1);
	else
		hostile(data + 1, size - 1);
	return 0;
}
