/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * "Did you mean": the catalog's name that is nearest to a wrong one. In: a name that the
 * catalog does not have. Out: one that it has, or NULL where none is near: at most a third
 * of the characters are wrong, or the name is a part of it.
 */
#include <stdio.h>
#include <string.h>

#include "catalog/parse.h"

#define LONGEST 64

/* Edits that turn one word into the other (Levenshtein), of their first 64 characters. */
static uint32_t distance(const char *a, const char *b)
{
	uint32_t row[LONGEST + 1], i, k, left, up, n = (uint32_t)strnlen(b, LONGEST);

	for (k = 0; k <= n; k++)
		row[k] = k;
	for (i = 0; a[i] && i < LONGEST; i++) {
		left = row[0];
		row[0] = i + 1;
		for (k = 1; k <= n; k++) {
			up = row[k];
			row[k] = left + (a[i] != b[k - 1]);
			if (up + 1 < row[k])
				row[k] = up + 1;
			if (row[k - 1] + 1 < row[k])
				row[k] = row[k - 1] + 1;
			left = up;
		}
	}
	return row[n];
}

struct nearest {
	const char *wanted;
	const char *name;
	uint32_t least; /* a candidate must be nearer than that */
};

static void consider(struct nearest *n, const char *candidate)
{
	uint32_t d = distance(n->wanted, candidate);

	/* "switch" for "sched_switch", and "task_struct" for "task_struct_user" */
	if (strlen(n->wanted) > 3 && strstr(candidate, n->wanted) && d > 1)
		d = 1;
	if (d < n->least) {
		n->least = d;
		n->name = candidate;
	}
}

/* "sys_enter:opnat": the prefix stays, the system call is looked for. */
static const char *suggest_syscall(const struct catalog *c, const char *name, const char *colon)
{
	struct nearest n = { .wanted = colon + 1, .least = (uint32_t)strlen(colon + 1) / 3 + 1 };
	uint32_t i, nr;
	const struct cat_syscall *all = catalog_syscalls(c, &nr);
	char text[160];

	for (i = 0; i < nr; i++)
		consider(&n, all[i].name);
	if (!n.name)
		return NULL;
	snprintf(text, sizeof(text), "%.*s:%s", (int)(colon - name), name, n.name);
	return store_text(c->store, text, strlen(text));
}

const char *catalog_suggest(const struct catalog *c, const char *name)
{
	struct nearest n = { .wanted = name, .least = (uint32_t)strlen(name) / 3 + 1 };
	const char *colon = strchr(name, ':');
	uint32_t i;

	if (colon && (!strncmp(name, "sys_enter:", 10) || !strncmp(name, "sys_exit:", 9)))
		return suggest_syscall(c, name, colon);
	for (i = 0; i < c->nr_events; i++)
		consider(&n, c->events[i].name);
	for (i = 0; i < c->nr_structs; i++)
		consider(&n, c->structs[i].name);
	for (i = 0; i < c->nr_enums; i++)
		consider(&n, c->enums[i].name);
	return n.name;
}
