/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Programs that are hard on the verifier (verify_shapes.h), of some 4,000 and of 65,000 instructions: each is
 * accepted, or refused in three parts, before a budget has been used up that says how long an application's
 * control thread may be kept. What a program costs is counted, not timed, so the numbers are the same everywhere.
 */
#include <errno.h>
#include <stdio.h>

#include "verify_shapes.h"

#define SMALL 4068
#define LARGE 65000
/* verify_walk.c's; what one instruction and one join may go over it is far below a tenth */
#define BUDGET(nr) ((1000000u + 4 * (uint64_t)(nr)) * 11 / 10)

static unsigned nr_tests;
static int bad;

static void ok(int good, const char *name, uint32_t nr, const char *what)
{
	printf("%sok %u - %s, %u instructions: %s\n", good ? "" : "not ", ++nr_tests, name, nr, what);
	bad |= !good;
}

/* What must not be refused for its cost: a 4,000-instruction program, walked a few times. */
static const struct {
	const char *name;
	uint64_t work; /* at most */
} cheap[] = {
	{ "kinds", 200000 }, { "storm", 150000 }, { "loops in a row", 100000 }, { "deep", 200000 },
	{ "ties", 200000 }, { "records", 40000 }, { "formats", 80000 }, { "lookups", 40000 },
};

static void check_cheap(size_t k, uint32_t nr, const struct verify_result *r)
{
	size_t i;

	for (i = 0; i < sizeof(cheap) / sizeof(cheap[0]); i++)
		if (!strcmp(cheap[i].name, shapes[k].name))
			ok(r && r->work < cheap[i].work, shapes[k].name, nr, "is accepted, and at what it cost before");
}

static void check(size_t k, uint32_t nr, const char *string)
{
	struct verify_result *r = NULL;
	struct abide_error e = { 0 };
	struct verify_map maps[3];
	struct verify_input in;
	struct shape s = { 0 };
	char what[160];
	int err;

	shapes[k].make(&s, nr);
	in = shape_input(&s, shapes[k].name, string, maps);
	err = verify_program(&in, false, &r, &e);
	if (!err) {
		ok(r->work <= BUDGET(s.nr) && r->visited >= s.nr / 2, shapes[k].name, s.nr, "accepted within the budget");
	} else {
		snprintf(what, sizeof(what), "refused in three parts: %s", e.tag);
		ok((err == -E2BIG && !strcmp(e.tag, "too-complex")) || (err == -EINVAL && !strcmp(e.tag, "not-pointer")), shapes[k].name, s.nr,
		   what);
		ok(*e.problem && *e.reason && *e.hint, shapes[k].name, s.nr, "with a problem, a reason and a hint");
	}
	if (nr == SMALL)
		check_cheap(k, s.nr, r);
	verify_result_free(r);
	free(s.insns);
}

int main(void)
{
	char *string = malloc(SHAPE_STRING);
	size_t k;

	if (!string)
		return 2;
	memset(string, 'x', SHAPE_STRING);
	string[SHAPE_STRING - 1] = '\0';
	for (k = 0; k < NR_SHAPES; k++) {
		check(k, SMALL, string);
		check(k, LARGE, string);
	}
	free(string);
	printf("1..%u\n", nr_tests);
	return bad;
}
