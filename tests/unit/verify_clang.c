/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * verify_clang [-v] OBJECT...: every program of each object must be accepted. The objects are
 * verify_tools.bpf.c and verify_calls.bpf.c, compiled for each version of the instruction set.
 */
#include <stdlib.h>

#include "verify_kit.h"

static struct kit_program program;

int main(int argc, char **argv)
{
	bool verbose = argc > 1 && !strcmp(argv[1], "-v");
	uint32_t i, nr = 0, failed = 0;
	int k;

	for (k = 1 + verbose; k < argc; k++) {
		struct abide_error e = { 0 };
		struct object *o;

		if (object_open_file(argv[k], &o, &e)) {
			printf("not ok - %s: %s\n", argv[k], e.problem);
			return 1;
		}
		for (i = 0; i < o->nr_functions; i++) {
			struct verify_result *r;

			if (o->functions[i].subprogram)
				continue;
			kit_link(&program, o, i);
			nr++;
			if (verify_program(&program.in, false, &r, &e)) {
				failed++;
				printf("not ok - %s: %s is refused: %s (%s) %s\n", argv[k], o->functions[i].name, e.problem, e.tag, e.reason);
				if (verbose)
					kit_list(program.insns, program.nr);
			} else if (verbose) {
				printf("# %-20s %5u instructions, %6u visited, %3u bytes of stack%s\n", o->functions[i].name, program.nr,
				       r->visited, r->stack, r->loops ? ", loops" : "");
			}
			verify_result_free(r);
		}
		object_free(o);
	}
	if (!nr)
		printf("not ok - no programs\n");
	else if (!failed)
		printf("ok - the verifier accepts %u programs as clang compiles them\n", nr);
	return failed || !nr;
}
