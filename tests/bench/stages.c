/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Where time goes before a program is loaded: each stage's microseconds. First those that
 * are the same for every program (catalog, the kernel's BTF, the target), then for each
 * object to open, to analyze its programs on user events, and to translate all (which
 * analyzes again). The last is on a target that has seen the object's fields before; "first"
 * is on one that has not.
 */
#include <errno.h>
#include <string.h>

#include "analyze/facts.h"
#include "bench.h"
#include "policy/policy.h"
#include "translate/translate.h"

struct ground {
	struct catalog *catalog;
	struct btf_data *btf;
	struct target *target;
};

enum { OPEN, FIRST, ANALYZE, TRANSLATE, COLUMNS };

static void ground_close(struct ground *g)
{
	target_free(g->target);
	btf_free(g->btf);
	catalog_free(g->catalog);
	memset(g, 0, sizeof(*g));
}

/* @us: catalog, BTF, target; may be NULL. */
static int ground_open(struct ground *g, double us[3])
{
	struct abide_error e = { 0 };
	double t[4];
	int i;

	t[0] = now_us();
	if (catalog_open_builtin(&g->catalog, &e))
		goto failed;
	t[1] = now_us();
	if (btf_open_file("/sys/kernel/btf/vmlinux", &g->btf, &e))
		goto failed;
	t[2] = now_us();
	if (target_open(g->btf, "this kernel", g->catalog, &g->target, &e))
		goto failed;
	t[3] = now_us();
	for (i = 0; us && i < 3; i++)
		us[i] = t[i + 1] - t[i];
	return 0;
failed:
	fprintf(stderr, "bench: %s\n", e.problem);
	return -1;
}

static int common(unsigned rounds)
{
	static const char *const names[] = { "catalog", "kernel's BTF", "target" };
	double us[3][MAX_ROUNDS], one[3];
	struct ground g = { 0 };
	unsigned r, i;
	int err = 0;

	for (r = 0; r < rounds && !err; r++) {
		err = ground_open(&g, one);
		ground_close(&g);
		for (i = 0; i < 3; i++)
			us[i][r] = one[i];
	}
	for (i = 0; i < 3 && !err; i++)
		printf("  %-18s %34.0f us\n", names[i], median(us[i], rounds));
	return err;
}

static int analyze_all(const struct object *o, const struct ground *g, struct abide_error *e)
{
	struct analysis *a;
	uint32_t i;
	int err = 0;

	for (i = 0; i < o->nr_functions && !err; i++) {
		const struct function *f = &o->functions[i];
		const char *name = f->subprogram ? NULL : policy_event(f->section_name);
		const struct cat_event *ev = name ? catalog_event(g->catalog, name) : NULL;

		if (!ev)
			continue;
		err = analyze_function(o, f, false, ev, g->catalog, g->target, &a, e);
		if (!err)
			analysis_free(a);
	}
	return err;
}

static uint32_t insns(const struct object *o)
{
	uint32_t i, n = 0;

	for (i = 0; i < o->nr_functions; i++)
		n += o->functions[i].nr_insns;
	return n;
}

static int measure(const char *path, const struct ground *warm, double us[COLUMNS], uint32_t *nr,
                   struct abide_error *e)
{
	struct translated *t = NULL;
	struct ground fresh = { 0 };
	struct object *o = NULL;
	double at = now_us();
	int err;

	err = object_open_file(path, &o, e);
	us[OPEN] = now_us() - at;
	if (!err)
		err = ground_open(&fresh, NULL);
	if (err)
		goto out;
	*nr = insns(o);
	at = now_us();
	err = translate_object(o, fresh.catalog, fresh.target, NULL, &t, e);
	us[FIRST] = now_us() - at;
	translated_free(t);
	t = NULL;
	if (err)
		goto out;
	at = now_us();
	err = analyze_all(o, warm, e);
	us[ANALYZE] = now_us() - at;
	if (err)
		goto out;
	at = now_us();
	err = translate_object(o, warm->catalog, warm->target, NULL, &t, e);
	us[TRANSLATE] = now_us() - at;
out:
	translated_free(t);
	object_free(o);
	ground_close(&fresh);
	return err;
}

static int one_object(const char *path, const struct ground *warm, unsigned rounds)
{
	double us[COLUMNS][MAX_ROUNDS], one[COLUMNS];
	const char *name = strrchr(path, '/');
	struct abide_error e = { 0 };
	uint32_t nr = 0;
	unsigned r, i;

	name = name ? name + 1 : path;
	for (r = 0; r < rounds + 1; r++) { /* the first one warms up, and is overwritten */
		if (measure(path, warm, one, &nr, &e)) {
			printf("  %-18.*s cannot be translated here: %s\n", (int)strcspn(name, "."),
			       name, e.problem);
			return 0;
		}
		for (i = 0; i < COLUMNS; i++)
			us[i][r ? r - 1 : 0] = one[i];
	}
	printf("  %-18.*s %6u", (int)strcspn(name, "."), name, nr);
	for (i = 0; i < COLUMNS; i++)
		printf(" %10.0f", median(us[i], rounds));
	printf("\n");
	return 0;
}

int bench_stages(const char *dir, char **objects, unsigned nr, unsigned rounds, struct promises *p)
{
	struct ground warm = { 0 };
	char path[512];
	unsigned i;
	int err;

	(void)p;
	printf("\nBefore a program is loaded, microseconds\n\n");
	err = common(rounds);
	if (!err)
		err = ground_open(&warm, NULL);
	if (err)
		goto out;
	printf("\n                                           translate           translate\n"
	       "  object              insns       open      first    analyze       again\n");
	snprintf(path, sizeof(path), "%s/long.user.bpf.o", dir);
	err = one_object(path, &warm, rounds);
	for (i = 0; i < nr && !err; i++)
		err = one_object(objects[i], &warm, rounds);
out:
	ground_close(&warm);
	return err;
}
