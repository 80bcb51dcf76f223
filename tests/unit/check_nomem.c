/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Memory that runs out: while the programs of check_guard.bpf.c are checked, on a kernel with a module, the first
 * allocation fails, then the second, and so on, until a run needs no more. Every run ends in
 * -ENOMEM or in the very findings of a run that was refused nothing. Linked with --wrap.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check/check.h"
#include "module_kit.h"
#include "nomem_kit.h"
#include "profile/modules.h"

/* All findings of all programs, as one number. */
static int once(const struct object *o, struct btf_data *b, const struct image_module *module, uint64_t *sum)
{
	struct modules *m = NULL;
	struct check_kernel *k = NULL;
	struct check *x = NULL;
	struct findings l = { 0 };
	struct abide_error e = { 0 };
	const char *c;
	uint32_t i, n;
	int err;

	*sum = 0;
	err = check_kernel_open(b, "old", &k, &e);
	if (!err)
		err = modules_open(b, false, &m, &e);
	if (!err)
		err = modules_add(m, module, &e);
	if (!err)
		check_kernel_modules(k, m);
	if (!err)
		err = check_open(o, k, NULL, &x, &e);
	for (i = 0; !err && i < o->nr_functions; i++) {
		if (o->functions[i].subprogram)
			continue;
		err = check_program(x, &o->functions[i], &l, &e);
		for (n = 0; n < l.nr; n++)
			for (c = l.items[n].why; *c; c++)
				*sum = *sum * 31 + (uint64_t)*c + l.items[n].severity;
		findings_free(&l);
	}
	if (err && !e.problem[0])
		err = -EINVAL; /* refused without a word */
	check_free(x);
	check_kernel_free(k);
	modules_free(m);
	return err;
}

int main(int argc, char **argv)
{
	const char *slash = strrchr(argv[0], '/');
	int dir = slash ? (int)(slash + 1 - argv[0]) : 0, err;
	long needed, bad = 0, refused = 0;
	struct object *o = NULL;
	struct btf_data *b = NULL;
	struct image_module module = { .name = "the_module" };
	struct bb made = { 0 };
	struct abide_error e = { 0 };
	uint64_t want, have;
	char path[512];

	(void)argc;
	snprintf(path, sizeof(path), "%.*scheck_guard.bpf.o", dir, argv[0]);
	err = object_open_file(path, &o, &e);
	snprintf(path, sizeof(path), "%.*scheck_kernel_old.bpf.o", dir, argv[0]);
	if (!err && !btf_open_file(path, &b, &e))
		module.btf = make_module(b, &made, &module.btf_size);
	if (!b || once(o, b, &module, &want)) {
		printf("not ok 1 - %s\n1..1\n", e.problem);
		return 1;
	}
	allocations = 0;
	once(o, b, &module, &have);
	needed = allocations;
	for (fail_at = 0; fail_at < needed; fail_at++) {
		allocations = 0;
		err = once(o, b, &module, &have);
		refused += err == -ENOMEM;
		if (err ? err != -ENOMEM : have != want) {
			printf("# allocation %ld: %d\n", fail_at, err);
			bad++;
		}
	}
	fail_at = -1;
	printf("%sok 1 - each refused allocation ends in -ENOMEM or changes nothing (%ld of %ld)\n", bad ? "not " : "", refused,
	       needed);
	printf("%sok 2 - some were refused, and a run without is what it was\n1..2\n",
	       refused < 100 || once(o, b, &module, &have) || have != want ? "not " : "");
	btf_free(b);
	bb_free(&made);
	object_free(o);
	return bad != 0 || refused < 100;
}
