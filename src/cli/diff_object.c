// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * What an object depends on, on two kernels. In: what check finds on each. Out: for each program what
 * is there on one alone, has another shape or value, or is reached on one alone. What only lies elsewhere
 * and is told to the loader by a relocation is counted, and no difference.
 */
#include <string.h>

#include "cli/diff.h"

static const struct finding *find(const struct findings *l, const struct finding *like)
{
	uint32_t i;

	for (i = 0; i < l->nr; i++)
		if (l->items[i].function == like->function && l->items[i].insn == like->insn && l->items[i].kind == like->kind &&
		    !strcmp(l->items[i].what, like->what))
			return &l->items[i];
	return NULL;
}

static bool reached(const struct finding *f)
{
	return f && !f->guarded && !f->constant;
}

/* Same dependency, same meaning? */
static bool same(const struct finding *a, const struct finding *b)
{
	if (!reached(a) || !reached(b))
		return reached(a) == reached(b);
	return a->severity == b->severity && !strcmp(a->value, b->value) && !strcmp(a->module, b->module);
}

static bool moved(const struct finding *a, const struct finding *b)
{
	return reached(a) && reached(b) && strcmp(a->place, b->place);
}

static const char *change_word(const struct finding *a, const struct finding *b)
{
	if (same(a, b))
		return "moved";
	if (!reached(a))
		return "reached";
	if (!reached(b))
		return "not-reached";
	if (a->severity != b->severity)
		return a->severity < b->severity ? "worse" : "better";
	return strcmp(a->module, b->module) ? "module" : "value";
}

static void json_side(const char *key, const struct finding *f)
{
	printf(",\"%s\":{\"reached\":%s", key, reached(f) ? "true" : "false");
	if (reached(f)) {
		json_member("severity", severity_name(f->severity));
		json_member("why", f->why);
		if (*f->value)
			json_member("value", f->value);
		if (*f->place)
			json_member("place", f->place);
		if (*f->module)
			json_member("module", f->module);
	}
	putchar('}');
}

static void text_side(const struct diff *d, uint32_t kernel, const struct finding *f)
{
	char text[420];

	if (!reached(f))
		snprintf(text, sizeof(text), "not reached");
	else if (f->severity != SEV_FINE)
		snprintf(text, sizeof(text), "%s: %s", severity_name(f->severity), f->why);
	else if (*f->value || *f->place)
		snprintf(text, sizeof(text), "%s%s%s", f->value, *f->value && *f->place ? ", " : "", f->place);
	else
		snprintf(text, sizeof(text), "%s", f->why);
	if (reached(f) && *f->module)
		snprintf(text + strlen(text), sizeof(text) - strlen(text), ", in module %s", f->module);
	diff_side(d, kernel, text);
}

static void title(const struct diff *d, const struct check_report *r, const struct check_row *row, bool *titled)
{
	char text[240];
	size_t n = 0;
	uint32_t k;

	if (*titled)
		return;
	*titled = true;
	for (k = 0; k < 2; k++)
		n += (size_t)snprintf(text + n, sizeof(text) - n, "%s%s on %.90s", k ? ", " : "", cell_name(&row->cells[k]),
				      r->kernels->items[k]->name);
	printf("%s%s%s (%s): ", d->page.color ? "\033[1m" : "", row->function->name, d->page.color ? "\033[0m" : "",
	       row->function->section_name);
	view_wrap(&d->page, (uint32_t)(strlen(row->function->name) + strlen(row->function->section_name)) + 5, 4, text);
}

static void dependency(struct diff *d, const struct check_report *r, const struct check_row *row, const struct finding *a,
		       const struct finding *b, bool *titled)
{
	const struct finding *any = a ? a : b;
	bool differs = !same(a, b);
	char text[256];

	if (!differs && !moved(a, b))
		return;
	d->nr += differs;
	d->nr_moved += !differs;
	if (d->json) {
		printf("{\"type\":\"dependency\"");
		json_member("program", row->function->name);
		json_member("kind", finding_kind_name(any->kind));
		json_member("what", any->what);
		if (*any->where)
			json_member("where", any->where);
		json_member("change", change_word(a, b));
		json_side("from", a);
		json_side("to", b);
		printf("}\n");
		return;
	}
	if (!differs && !d->verbose)
		return;
	title(d, r, row, titled);
	snprintf(text, sizeof(text), "%s%s%s%s", any->where, *any->where ? ": " : "", any->what, differs ? "" : " (only moved)");
	printf("  ");
	view_wrap(&d->page, 2, 4, text);
	text_side(d, 0, a);
	text_side(d, 1, b);
}

static void program(struct diff *d, const struct check_report *r, const struct check_row *row)
{
	const struct findings *from = &row->cells[0].findings, *to = &row->cells[1].findings;
	bool titled = false;
	uint32_t i;

	for (i = 0; i < from->nr; i++)
		dependency(d, r, row, &from->items[i], find(to, &from->items[i]), &titled);
	for (i = 0; i < to->nr; i++)
		if (!find(from, &to->items[i]))
			dependency(d, r, row, NULL, &to->items[i], &titled);
}

static void summary(const struct diff *d, const struct check_report *r)
{
	char text[600], more[96] = "";

	if (d->nr_moved)
		snprintf(more, sizeof(more), "; %u only lie%s elsewhere, which the loader puts right", d->nr_moved,
			 d->nr_moved == 1 ? "s" : "");
	if (d->nr)
		snprintf(text, sizeof(text), "%u of what %.300s depends on differ%s%s.", d->nr, r->path, d->nr == 1 ? "s" : "", more);
	else
		snprintf(text, sizeof(text), "%.300s: nothing that it depends on differs between %.90s and %.90s%s.", r->path,
			 r->kernels->items[0]->name, r->kernels->items[1]->name, more);
	if (d->nr)
		putchar('\n');
	view_wrap(&d->page, 0, 0, text);
}

int diff_object(struct diff *d, const char *path, struct abide_error *e)
{
	struct check_report r;
	uint32_t i;
	int err = report_make(&r, path, d->catalog, &d->kernels, e);

	if (err)
		return err;
	for (i = 0; i < r.nr_rows; i++)
		program(d, &r, &r.rows[i]);
	if (!d->json)
		summary(d, &r);
	report_free(&r);
	return 0;
}
