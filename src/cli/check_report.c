/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * What `abide check` finds out of one object. In: a path, a catalog, kernels. Out: for each
 * program its class (that of its type, made worse by what it does) and a cell for each
 * kernel; for the object the class of its worst program.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "check/event.h"
#include "cli/check.h"
#include "translate/translate.h"

/*
 * A program's own class. On a user event it must keep the rules whatever the kernel, so it
 * is walked without one.
 */
static enum abi_class class_of(const struct object *o, const struct function *f, struct catalog *c,
			       struct abide_error *why)
{
	const struct section_class *type = policy_section(f->section_name);
	const char *name = policy_event(f->section_name);
	const struct cat_event *ev = name ? catalog_event(c, name) : NULL;
	struct analysis *a = NULL;
	enum abi_class class = type->class;

	if (type->class == ABI_CONDITIONAL)
		return policy_check_other(o, f, why) ? ABI_NONE : ABI_CONDITIONAL;
	if (type->class != ABI_STABLE)
		return class;
	if (!ev && !c->application && policy_app_event(f->section_name)) {
		error_set(why, -ENOENT, "event-unknown", "\"%s\" is a user event of an application, and none is named", name);
		error_hint(why, "abide check %s --app BINARY", o->path);
		return ABI_NONE;
	}
	if (!ev && c->application) {
		error_set(why, -ENOENT, "event-unknown", "the application has no user event \"%s\"", name);
		return ABI_NONE;
	}
	if (!ev) {
		error_set(why, -ENOENT, "event-unknown", "this catalog (version %u) has no event \"%s\"", c->version, name);
		return ABI_NONE;
	}
	if (analyze_function(o, f, false, ev, c, NULL, &a, why) || policy_check_user(a, why))
		class = ABI_NONE;
	analysis_free(a);
	return class;
}

static int make_rows(struct check_report *r, struct catalog *c, struct abide_error *e)
{
	const struct object *o = r->object;
	uint32_t i, nr = 0;

	for (i = 0; i < o->nr_functions; i++)
		nr += !o->functions[i].subprogram;
	r->rows = calloc(nr + 1, sizeof(*r->rows));
	if (!r->rows)
		return error_nomem(e);
	for (i = 0; i < o->nr_functions; i++) {
		struct check_row *row = &r->rows[r->nr_rows];

		if (o->functions[i].subprogram)
			continue;
		r->nr_rows++;
		row->function = &o->functions[i];
		row->section = policy_section(row->function->section_name);
		row->class = class_of(o, row->function, c, &row->why);
		row->cells = calloc(r->kernels->nr + 1, sizeof(*row->cells));
		if (!row->cells)
			return error_nomem(e);
		if (row->class > r->class || (!r->worst && row->class != ABI_STABLE)) {
			r->class = row->class;
			r->worst = row;
		}
	}
	return 0;
}

/* A struct of operations is made of all of its programs: one that fails takes the others with it. */
static int join_struct_ops(struct check_report *r, uint32_t kernel, struct abide_error *e)
{
	const struct check_row *bad = NULL;
	uint32_t i;
	int err = 0;

	for (i = 0; i < r->nr_rows; i++) {
		const struct finding *worst = r->rows[i].cells[kernel].worst;

		if (!strncmp(r->rows[i].function->section_name, "struct_ops", 10) && worst && worst->severity == SEV_FAILS)
			bad = &r->rows[i];
	}
	for (i = 0; bad && !err && i < r->nr_rows; i++) {
		struct check_cell *c = &r->rows[i].cells[kernel];

		if (strncmp(r->rows[i].function->section_name, "struct_ops", 10) || (c->worst && c->worst->severity == SEV_FAILS))
			continue;
		err = findings_blame(&c->findings, r->rows[i].function, bad->function, e);
		c->worst = findings_worst(&c->findings);
	}
	return err;
}

/* Each load of a user-ized field as it becomes there: its path, offsets, instructions. What fails says nothing. */
static void rewrite(struct check_report *r, uint32_t kernel)
{
	struct translate_options opts = { .explain = &r->rewritten[kernel] };
	struct translated *t = NULL;
	struct abide_error e = { 0 };

	if (translate_object(r->object, r->catalog, r->kernels->items[kernel]->target, &opts, &t, &e))
		buf_free(&r->rewritten[kernel]);
	translated_free(t);
}

static int make_cells(struct check_report *r, uint32_t kernel, struct catalog *c, struct abide_error *e)
{
	const struct checked_kernel *k = r->kernels->items[kernel];
	struct check *x;
	const char *event;
	uint32_t i;
	int err;

	err = check_open(r->object, k->kernel, c, &x, e);
	for (i = 0; !err && i < r->nr_rows; i++) {
		struct check_cell *cell = &r->rows[i].cells[kernel];

		event = policy_event(r->rows[i].function->section_name);
		if (event || c->application)
			err = check_event(x, r->rows[i].function, event ? event : "none", c, k->target, &cell->findings, e);
		else
			err = check_program(x, r->rows[i].function, &cell->findings, e);
		cell->worst = findings_worst(&cell->findings);
	}
	check_free(x);
	if (!err)
		err = join_struct_ops(r, kernel, e);
	return err;
}

int report_open(struct check_report *r, const char *path, struct catalog *c, const struct checked_kernels *k, bool rewritten,
		struct abide_error *e)
{
	int err;

	*r = (struct check_report){ .path = path, .kernels = k, .catalog = c };
	err = object_open_file(path, &r->object, e);
	if (!err && rewritten) {
		r->rewritten = calloc(k->nr + 1, sizeof(*r->rewritten));
		err = r->rewritten ? 0 : error_nomem(e);
	}
	if (!err)
		err = make_rows(r, c, e);
	if (err)
		report_free(r);
	return err;
}

int report_add(struct check_report *r, uint32_t kernel, struct abide_error *e)
{
	int err = make_cells(r, kernel, r->catalog, e);

	if (!err && r->rewritten)
		rewrite(r, kernel);
	return err;
}

int report_make(struct check_report *r, const char *path, struct catalog *c, const struct checked_kernels *k,
		struct abide_error *e)
{
	uint32_t i;
	int err = report_open(r, path, c, k, false, e);

	for (i = 0; !err && i < k->nr; i++) {
		err = checked_open(k, i, c, e);
		if (!err)
			err = report_add(r, i, e);
		if (err)
			report_free(r);
	}
	return err;
}

void report_free(struct check_report *r)
{
	uint32_t i, k;

	for (i = 0; i < r->nr_rows; i++) {
		for (k = 0; r->rows[i].cells && k < r->kernels->nr; k++)
			findings_free(&r->rows[i].cells[k].findings);
		free(r->rows[i].cells);
	}
	free(r->rows);
	for (k = 0; r->rewritten && k < r->kernels->nr; k++)
		buf_free(&r->rewritten[k]);
	free(r->rewritten);
	object_free(r->object);
	memset(r, 0, sizeof(*r));
}

bool report_holds(const struct check_report *r, bool require_abi)
{
	uint32_t i, k;

	if (require_abi && r->class > ABI_CONDITIONAL)
		return false;
	for (i = 0; i < r->nr_rows; i++)
		for (k = 0; k < r->kernels->nr; k++)
			if (r->rows[i].cells[k].worst && r->rows[i].cells[k].worst->severity != SEV_UNKNOWN)
				return false;
	return true;
}

const char *cell_name(const struct check_cell *c)
{
	return c->worst ? severity_name(c->worst->severity) : "runs";
}
