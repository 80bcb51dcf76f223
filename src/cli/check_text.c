/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * `abide check` for people. In: the report. Out: the verdict first, with the one worst
 * cause; then each program with what it depends on that some kernel lacks (-v: all of
 * it), by source line, and what is stable instead; then the programs against the kernels.
 */
#include <stdio.h>
#include <string.h>

#include "cli/check_print.h"

struct paper {
	const struct check_report *r;
	const struct view *page;
	bool verbose;
};

static void print_why(const struct paper *p, const struct abide_error *e, uint32_t indent)
{
	char line[sizeof(e->reason)];
	const char *at = e->reason, *end;

	printf("%*s", (int)indent, "");
	view_wrap(p->page, indent, indent, e->problem);
	for (; *at; at = end + (*end == '\n')) {
		end = strchrnul(at, '\n');
		snprintf(line, sizeof(line), "%.*s", (int)(end - at), at);
		printf("%*s", (int)indent + 4, "");
		view_wrap(p->page, indent + 4, indent + 4, line);
	}
	if (e->hint[0]) {
		printf("%*stry: ", (int)indent + 4, "");
		view_wrap(p->page, indent + 9, indent + 4, e->hint);
	}
}

static void print_verdict(const struct paper *p)
{
	const struct check_row *w = p->r->worst;
	char text[600];

	printf("%s: ", p->r->path);
	check_paint(p->page, p->r->class == ABI_STABLE ? PAINT_GOOD : p->r->class == ABI_NONE ? PAINT_BAD : PAINT_DOUBT,
		    policy_class_name(p->r->class), 0);
	putchar('\n');
	if (!w)
		return;
	if (w->why.code) {
		print_why(p, &w->why, 2);
		return;
	}
	snprintf(text, sizeof(text), "%s (%s): %s", w->function->name, w->function->section_name, w->section->promise);
	printf("  ");
	view_wrap(p->page, 2, 4, text);
}

/* Programs of an object share its maps, so this is said once. */
static void print_left_open(const struct paper *p)
{
	const struct findings *l;
	char text[2400];
	size_t n = 0;
	uint32_t i;

	if (!p->r->nr_rows || !p->r->kernels->nr)
		return;
	l = &p->r->rows[0].cells[0].findings;
	for (i = 0; i < l->nr && n < sizeof(text); i++)
		if (l->items[i].loader)
			n += (size_t)snprintf(text + n, sizeof(text) - n, "%s%s", n ? ", " : "whoever loads it has to set ", l->items[i].what);
	if (!n)
		return;
	printf("  ");
	view_wrap(p->page, 2, 4, text);
}

static const struct finding *find(const struct findings *l, const struct finding *like)
{
	uint32_t i;

	for (i = 0; i < l->nr; i++)
		if (l->items[i].function == like->function && l->items[i].insn == like->insn &&
		    l->items[i].kind == like->kind && !strcmp(l->items[i].what, like->what))
			return &l->items[i];
	return NULL;
}

/* The worst form of a finding over all kernels; NULL where an earlier kernel has it (it is printed already). */
static const struct finding *worst_form(const struct check_report *r, const struct check_row *row, uint32_t kernel,
					const struct finding *f)
{
	const struct finding *worst = f, *other;
	uint32_t k;

	for (k = 0; k < r->kernels->nr; k++) {
		other = find(&row->cells[k].findings, f);
		if (!other)
			continue;
		if (k < kernel)
			return NULL;
		if (!other->guarded && (other->severity > worst->severity || worst->guarded))
			worst = other;
	}
	return worst;
}

static bool counts(const struct finding *f)
{
	return !f->guarded && f->severity != SEV_FINE;
}

static bool alike(const struct finding *a, const struct finding *b)
{
	return a && counts(a) && a->severity == b->severity && a->constant == b->constant;
}

/* "fails on 5.10.0-46, 6.1.0-50" of the kernels where it is as bad as that; nothing when there is one kernel. */
static size_t add_kernels(const struct paper *p, const struct check_row *row, const struct finding *f, char *buf, size_t size)
{
	const struct checked_kernels *ks = p->r->kernels;
	uint32_t k, nr = 0;
	size_t n;

	for (k = 0; k < ks->nr; k++)
		nr += alike(find(&row->cells[k].findings, f), f);
	n = (size_t)snprintf(buf, size, "%s%s", severity_name(f->severity), nr == ks->nr && nr > 1 ? " on all" : nr > 1 || ks->nr > 1 ? " on " : "");
	if (nr == ks->nr)
		return n;
	for (k = 0; k < ks->nr && n < size; k++)
		if (alike(find(&row->cells[k].findings, f), f))
			n += (size_t)snprintf(buf + n, size - n, "%s%s", buf[n - 1] == ' ' ? "" : ", ", ks->items[k]->name);
	return n < size ? n : size - 1;
}

#define DEEPER 10 /* column of what is said of a dependency */

static void print_dependency(const struct paper *p, const struct check_row *row, const struct finding *f)
{
	char text[2400];
	size_t n = 0;

	printf("      %s%s", f->where, *f->where ? "  " : "");
	check_paint(p->page, counts(f) && !f->constant && !f->loader ? check_paint_of(f) : PAINT_PLAIN, f->what, 0);
	printf("\n%*s", DEEPER, "");
	if (counts(f) && !f->loader) {
		n = add_kernels(p, row, f, text, sizeof(text) - 8);
		n += (size_t)snprintf(text + n, sizeof(text) - n, ": ");
	}
	snprintf(text + n, sizeof(text) - n, "%s%s%s%s%s%s", f->guarded ? "not reached: " : "",
		 f->loader ? "left to whoever loads it: " : f->constant ? "only when the loader sets a constant: " : "", f->why,
		 *f->module ? ", in module " : "", f->module, f->if_loaded ? ", where that is loaded" : "");
	view_wrap(p->page, DEEPER, DEEPER, text);
	if (*f->instead) {
		printf("%*sstable instead: ", DEEPER, "");
		view_wrap(p->page, DEEPER + 16, DEEPER, f->instead);
	}
}

static void print_row(const struct paper *p, const struct check_row *row)
{
	const struct finding *f;
	uint32_t k, i, fine = 0;

	printf("  ");
	check_paint(p->page, PAINT_STRONG, row->function->name, 0);
	printf(" (%s): %s\n", row->function->section_name, policy_class_name(row->class));
	if (p->verbose)
		printf("      program type %s\n", row->section->kind);
	if (p->verbose && row->why.code)
		print_why(p, &row->why, 6);
	for (k = 0; k < p->r->kernels->nr; k++)
		for (i = 0; i < row->cells[k].findings.nr; i++) {
			f = worst_form(p->r, row, k, &row->cells[k].findings.items[i]);
			if (!f || (f->loader && !p->verbose))
				continue;
			if (!p->verbose && !counts(f)) {
				fine++;
				continue;
			}
			print_dependency(p, row, f);
		}
	if (fine)
		printf("      %u dependenc%s on the %s hold%s everywhere (-v shows them)\n", fine, fine == 1 ? "y" : "ies",
		       p->r->kernels->app ? "application" : "kernel", fine == 1 ? "s" : "");
}

static void print_rewritten(const struct check_report *r)
{
	const struct buf *text;
	uint32_t k;

	for (k = 0; k < r->kernels->nr; k++) {
		text = &r->rewritten[k];
		if (text->size && !text->failed)
			printf("\n  on %s\n%.*s", r->kernels->items[k]->name, (int)text->size, (const char *)text->data);
	}
}

void check_print_text(const struct check_report *r, const struct view *page, bool verbose)
{
	struct paper p = { .r = r, .page = page, .verbose = verbose };
	uint32_t i;

	print_verdict(&p);
	print_left_open(&p);
	for (i = 0; i < r->nr_rows; i++)
		print_row(&p, &r->rows[i]);
	if (r->rewritten)
		print_rewritten(r);
	if (!r->kernels->nr)
		return;
	putchar('\n');
	check_print_matrix(r, page);
}
