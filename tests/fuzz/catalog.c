/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Fuzz target: any bytes as a catalog, alone and on top of the built-in one; what begins
 * with "!" as a lock. Beside the sanitizers' checks: a catalog keeps its own promises, every
 * reference is inside, every field is found by its offset, errors have a tag and a line.
 */
#include <stdlib.h>
#include <string.h>

#include "catalog/header.h"
#include "catalog/lock.h"
#include "standalone.h"

static void must(bool ok)
{
	if (!ok)
		abort();
}

static void visit_source(const struct catalog *c, const struct cat_source *s)
{
	uint32_t i;

	must(s->text && s->path.nr_steps <= CAT_STEPS && s->second.nr_steps <= CAT_STEPS &&
	     s->nr_ops <= CAT_OPS);
	for (i = 0; i < s->nr_ops; i++) {
		must(s->ops[i].kind != CAT_ENUMMAP || s->ops[i].target < c->nr_enums);
		must(s->ops[i].kind != CAT_RULES || s->ops[i].target < c->nr_rules);
	}
	must(s->nr_elements || s->path.constant || s->path.current || s->path.nr_steps);
	for (i = 0; i < s->path.nr_steps; i++)
		must(s->path.steps[i].name && *s->path.steps[i].name);
}

static void visit_field(const struct catalog *c, const struct cat_field *f)
{
	uint32_t i;

	must(*f->name && *f->type && f->size && f->count && f->since && f->since <= c->version);
	must(f->kind != CAT_POINTER || f->target < c->nr_structs);
	must(f->kind != CAT_ENUM || f->target < c->nr_enums);
	must(f->nr_sources);
	for (i = 0; i < f->nr_sources; i++)
		visit_source(c, &f->sources[i]);
}

static void visit(struct catalog *c)
{
	const struct cat_syscall *all;
	const struct cat_event *ev;
	char name[80];
	uint32_t i, k, n;

	for (i = 0; i < c->nr_structs; i++) {
		const struct cat_struct *s = &c->structs[i];

		must(s->nr_kernel && s->nr_fields && catalog_struct(c, s->name) == s);
		for (k = 0; k < s->nr_fields; k++) {
			visit_field(c, &s->fields[k]);
			must(catalog_field_at(s, s->fields[k].offset) == &s->fields[k]);
			must(catalog_field(s, s->fields[k].name) == &s->fields[k]);
		}
	}
	for (i = 0; i < c->nr_events; i++) {
		ev = &c->events[i];
		must(ev->nr_places && ev->nr_subjects && catalog_event(c, ev->name) == ev);
		for (k = 0; k < ev->nr_args; k++)
			visit_field(c, &ev->args[k]);
		for (k = 0; k < ev->nr_subjects; k++)
			must(ev->subjects[k] >= -1 && ev->subjects[k] < (int32_t)ev->nr_args);
	}
	all = catalog_syscalls(c, &n);
	for (i = 0; i < n && i < 20; i++) {
		strcpy(name, "sys_enter:");
		strncat(name, all[i].name, 64);
		ev = catalog_event(c, name);
		for (k = 0; ev && k < ev->nr_args; k++)
			visit_field(c, &ev->args[k]);
	}
}

static void whole(const char *text, uint32_t size, const struct catalog *base)
{
	struct abide_error e = { 0 };
	struct buf header = { 0 }, lock = { 0 };
	struct catalog *c = NULL;
	int rc = catalog_parse(text, size, "fuzz", base, &c, &e);

	if (rc) {
		must(!c && e.code == rc && *e.tag && !strncmp(e.problem, "fuzz", 4));
		return;
	}
	visit(c);
	must(!header_write(c, &header, &e) && header.size);
	must(!lock_write(c, &lock, &e));
	must(!lock_check(c, (const char *)lock.data, lock.size, "lock", &e));
	catalog_suggest(c, "sched_swich");
	catalog_suggest(c, "sys_enter:opnat");
	buf_free(&header);
	buf_free(&lock);
	catalog_free(c);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char small[] =
		"catalog linux 1\nenum e since 1 other 0 \"e\"\n\tE 0 since 1 \"e\"\n"
		"struct a_user of a since 1 \"a\"\n\tu32 b @0 since 1 \"b\"\n\t\tfrom b\n";
	struct catalog *base = NULL;
	struct abide_error e;

	if (size > 1 << 16)
		return 0;
	if (catalog_parse(small, sizeof(small) - 1, "base", NULL, &base, &e))
		abort();
	if (size && *data == '!') {
		lock_check(base, (const char *)data + 1, size - 1, "fuzz", &e);
	} else {
		whole((const char *)data, (uint32_t)size, NULL);
		whole((const char *)data, (uint32_t)size, base);
	}
	catalog_free(base);
	return 0;
}
