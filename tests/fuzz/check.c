/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Fuzz target: any bytes as an object that is checked against a kernel whose BTF is the
 * object's own, so both sides of every comparison are hostile: records, types that loop,
 * sizes and counts of 2^31. Every finding must say what and why, and end in its buffers.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check/check.h"
#include "standalone.h"

static void need(bool ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "check: %s\n", what);
	abort();
}

static void look(const struct findings *l)
{
	uint32_t i;

	for (i = 0; i < l->nr; i++) {
		const struct finding *f = &l->items[i];

		need(f->kind < FIND_KINDS && *finding_kind_name(f->kind) && *severity_name(f->severity), "a finding of no kind");
		need(memchr(f->what, 0, sizeof(f->what)) && memchr(f->why, 0, sizeof(f->why)) && *f->why, "a finding without a word");
		need(f->insn == FINDING_WHOLE || f->insn < f->function->nr_insns, "a finding outside of its function");
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct abide_error e = { 0 };
	struct check_kernel *k = NULL;
	struct btf_data *b = NULL;
	struct object *o = NULL;
	struct check *x = NULL;
	struct findings l = { 0 };
	const void *bytes;
	size_t n;
	uint32_t i;

	if (object_open_mem(data, size, "fuzz", &o, &e) || !o->btf)
		goto out;
	bytes = btf_bytes(o->btf, &n);
	if (btf_open_mem(bytes, n, &b, &e) || check_kernel_open(b, "6.1.0-fuzz", &k, &e) || check_open(o, k, NULL, &x, &e))
		goto out;
	for (i = 0; i < o->nr_functions; i++) {
		if (o->functions[i].subprogram)
			continue;
		need(!check_program(x, &o->functions[i], &l, &e), "out of memory, on a small input");
		look(&l);
		findings_free(&l);
	}
out:
	check_free(x);
	check_kernel_free(k);
	btf_free(b);
	object_free(o);
	return 0;
}
