/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * sys_enter:NAME and sys_exit:NAME on this kernel (objects syscalls_N of gen.c): all of
 * them load, and for those that the workload makes, with distinctive arguments and known
 * results or errors, exactly that is reported. The workload calls by the number in the
 * C library's headers, so a wrong number in the catalog shows as a call that was not seen.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check_probe.h"

#define LIST "/probes/list"

static bool same(long long a, long long b)
{
	/* An argument of 32 bits may be signed there and not here. */
	return a == b || (unsigned int)a == (unsigned int)b;
}

/* The row of that call, by its arguments at entry or its result at exit. */
static bool row_agrees(const char *row, const char *fact, bool exits, int nr_args)
{
	static const char *const names[] = { "a0", "a1", "a2", "a3", "a4", "a5" };
	long long v, want;

	if (exits) /* a result is signed: -22, or the same in 64 bits */
		return json_number(row, "a0", &v) && truth_number(fact, "ret", &want) && v == want;
	for (int i = 0; i < nr_args; i++)
		if (!json_number(row, names[i], &v) || !truth_number(fact, names[i], &want) ||
		    !same(v, want))
			return false;
	return true;
}

static bool seen(const struct trace *t, const char *fact, unsigned int number, bool exits,
                 int nr_args, const char **near)
{
	long long v;

	for (size_t i = 0; i < t->out.n; i++) {
		const char *row = t->out.line[i];

		if (!json_is(row, "type", "event") || !json_number(row, "number", &v) ||
		    v != number || !json_number(row, "exits", &v) || v != exits)
			continue;
		*near = row;
		if (row_agrees(row, fact, exits, nr_args))
			return true;
	}
	return false;
}

static void check_object(const struct lines *list, const char *object)
{
	unsigned int number, programs = 0, calls = 0, wrong = 0;
	char path[128], name[64], in[64], fact_name[64], actions[4096] = "syscalls calls=";
	struct trace t;
	int nr_args;

	snprintf(path, sizeof(path), "/probes/%s.bpf.o", object);
	for (size_t i = 0; i < list->n; i++)
		if (sscanf(list->line[i], "syscall %63s %u %63s %d", in, &number, name, &nr_args) ==
		            4 &&
		    !strcmp(in, object) && strlen(actions) + strlen(name) + 2 < sizeof(actions)) {
			strcat(actions, name);
			strcat(actions, ",");
		}
	trace_run(&t, TRACE_COMMAND, path, NULL, actions);
	for (size_t i = 0; i < list->n; i++) {
		bool called = false, good = true;

		if (sscanf(list->line[i], "syscall %63s %u %63s %d", in, &number, name, &nr_args) !=
		            4 ||
		    strcmp(in, object))
			continue;
		programs += 2;
		for (size_t k = 0; k < t.truth.n; k++) {
			const char *fact = t.truth.line[k], *near[2] = { "", "" };

			if (!truth_kind(fact, "syscall") ||
			    !truth_get(fact, "name", fact_name, sizeof(fact_name)) ||
			    strcmp(fact_name, name))
				continue;
			called = true;
			calls++;
			if (seen(&t, fact, number, false, nr_args, &near[0]) &&
			    seen(&t, fact, number, true, nr_args, &near[1]))
				continue;
			good = false;
			if (!wrong++)
				note("%s: truth: %s; near: %.200s %.200s", name, fact, near[0],
				     near[1]);
		}
		printf("@@ field sys_enter:%s arguments %s\n", name,
		       t.status  ? "wrong"
		       : !called ? "loads"
		       : good    ? "ok"
		                 : "wrong");
	}
	expect(!t.status && !wrong,
	       "%s: %u programs load (status %d), %u calls by the workload, %u wrong", object,
	       programs, t.status, calls, wrong);
	if (t.status)
		trace_explain(&t);
	trace_free(&t);
}

int check_syscalls(void)
{
	struct lines list;
	char object[64];

	lines_load(&list, LIST);
	for (size_t i = 0; i < list.n; i++)
		if (sscanf(list.line[i], "syscalls %63s", object) == 1)
			check_object(&list, object);
	lines_free(&list);
	return 0;
}
