/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * process_random [PROGRAMS [SEED]]: random programs on the interpreter and on native code,
 * with the registers turned, with and without BMI2, helpers near and far, and budgets that
 * end some of them. r0, the memory, the budget that is left and the reason of the end must
 * be the same. The memory lies between guard pages; a fault names the program's number.
 */
#include <signal.h>
#include <time.h>

#include "process_random.h"

struct outcome {
	uint64_t r0;
	int64_t budget;
	enum process_status status;
	uint8_t memory[KIT_PAGE];
};

static uint64_t number, seed;

static void on_fault(int sig)
{
	char text[120];
	int n = snprintf(text, sizeof(text), "not ok - signal %d in program %llu of seed %llu\n", sig,
	                 (unsigned long long)number, (unsigned long long)seed);

	if (write(STDOUT_FILENO, text, (size_t)n) < 0)
		_exit(3);
	_exit(1);
}

static void fill(uint8_t *page, uint64_t with)
{
	uint64_t x = with | 1, k;

	for (k = 0; k < KIT_PAGE; k += 8) {
		x = x * 6364136223846793005u + 1442695040888963407u;
		memcpy(page + k, &x, 8);
	}
}

static void once(const struct process_program *p, uint8_t *page, uint64_t with, int64_t budget, bool native,
                 bool checked, struct outcome *out)
{
	struct process_region region = { (uint64_t)(uintptr_t)page, KIT_PAGE, true };
	struct process_run run = { .budget = budget, .checked = checked, .regions = &region, .nr_regions = 1 };

	fill(page, with);
	out->r0 = native ? process_run(p, &run, region.base, KIT_PAGE) : process_interpret(p, &run, region.base, KIT_PAGE);
	out->budget = run.budget < 0 ? -1 : run.budget;
	out->status = run.status;
	memcpy(out->memory, page, KIT_PAGE);
}

static bool same(const struct outcome *a, const struct outcome *b)
{
	return a->r0 == b->r0 && a->budget == b->budget && a->status == b->status &&
	       !memcmp(a->memory, b->memory, KIT_PAGE);
}

static bool try_one(struct random_program *r, uint8_t *page, struct draw *how, const struct process_helpers *helpers)
{
	static struct outcome want, got;
	int64_t budget = draw(how, 8) ? 1000000 : draw(how, 400);
	struct process_compile_options o;
	struct process_program *p;
	struct abide_error e = { 0 };
	uint64_t with = draw(how, 1000);
	bool good = true;
	int k;

	if (process_program_new(r->insns, r->nr, helpers, &p, &e)) {
		printf("not ok - program %llu of seed %llu is refused: %s (%s)\n", (unsigned long long)number,
		       (unsigned long long)seed, e.problem, e.reason);
		kit_list(r->insns, r->nr);
		return false;
	}
	once(p, page, with, budget, false, draw(how, 2), &want);
	if (want.status != PROCESS_DONE && want.status != PROCESS_BUDGET) {
		printf("# the interpreter ended with status %d\n", want.status);
		good = false;
	}
	for (k = 0; good && k < 2; k++) {
		o = (struct process_compile_options){ .rotate = k ? draw(how, 10) : 0, .no_bmi2 = k && draw(how, 2),
			                              .far = k && !draw(how, 4) };
		if (process_compile(p, &o, &e)) {
			printf("# not compiled: %s\n", e.problem);
			good = false;
			break;
		}
		once(p, page, with, budget, true, false, &got);
		good = same(&want, &got);
		if (!good)
			printf("# rotate %u no_bmi2 %d far %d budget %lld: r0 %llx, not %llx; status %d, not %d; left %lld, not %lld; memory %s\n",
			       o.rotate, o.no_bmi2, o.far, (long long)budget, (unsigned long long)got.r0,
			       (unsigned long long)want.r0, got.status, want.status, (long long)got.budget,
			       (long long)want.budget, memcmp(got.memory, want.memory, KIT_PAGE) ? "differs" : "agrees");
	}
	if (!good) {
		printf("not ok - program %llu of seed %llu\n", (unsigned long long)number, (unsigned long long)seed);
		kit_list(r->insns, r->nr);
	}
	process_program_free(p);
	return good;
}

int main(int argc, char **argv)
{
	uint64_t nr = argc > 1 ? strtoull(argv[1], NULL, 0) : 20000, insns = 0, only;
	static struct random_program r;
	const struct process_helpers *helpers = kit_helpers();
	uint8_t *page = kit_page();
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	seed = argc > 2 ? strtoull(argv[2], NULL, 0) : (uint64_t)t.tv_nsec;
	only = argc > 3 ? strtoull(argv[3], NULL, 0) : UINT64_MAX;
	signal(SIGSEGV, on_fault);
	signal(SIGBUS, on_fault);
	signal(SIGILL, on_fault);
	signal(SIGFPE, on_fault);
	for (number = 0; number < nr; number++) {
		struct draw how;

		/* each program from its own number, so that one can be run alone */
		r.d = (struct draw){ .state = (seed * 0x9e3779b97f4a7c15u + number + 1) * 0xbf58476d1ce4e5b9u | 1 };
		if (only != UINT64_MAX && only != number)
			continue;
		if (!random_program(&r))
			continue;
		how = (struct draw){ .state = r.d.state ^ 0x5555 };
		if (only != UINT64_MAX)
			kit_list(r.insns, r.nr);
		if (!try_one(&r, page, &how, helpers))
			return 1;
		insns += r.nr;
	}
	printf("ok - %llu random programs agree on both engines (%llu instructions, seed %llu)\n",
	       (unsigned long long)nr, (unsigned long long)insns, (unsigned long long)seed);
	return 0;
}
