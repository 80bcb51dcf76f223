/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * `abide check` for people. In: the report. Out: the verdict first, with the one worst
 * cause; then each program with what it depends on that some kernel lacks (-v: all of
 * it), by source line, and what is stable instead; then the programs against the kernels.
 */
#include <stdio.h>
#include <string.h>

#include "cli/check.h"
#include "translate/translate.h"

enum paint { PLAIN, RED, GREEN, YELLOW, BOLD };

struct paper {
	const struct check_report *r;
	bool color, verbose;
};

static void painted(const struct paper *p, enum paint c, int width, const char *text)
{
	static const char *const codes[] = { "", "\033[31m", "\033[32m", "\033[33m", "\033[1m" };

	printf("%s%-*s%s", p->color ? codes[c] : "", width, text, p->color && c ? "\033[0m" : "");
}

static enum paint paint_of(const struct finding *worst)
{
	if (!worst)
		return GREEN;
	return worst->severity == SEV_FAILS || worst->severity == SEV_WRONG ? RED : YELLOW;
}

static void print_why(const struct abide_error *e, const char *indent)
{
	const char *p = e->reason, *end;

	printf("%s%s\n", indent, e->problem);
	for (; *p; p = end + (*end == '\n')) {
		end = strchrnul(p, '\n');
		printf("%s    %.*s\n", indent, (int)(end - p), p);
	}
	if (e->hint[0])
		printf("%s    try: %s\n", indent, e->hint);
}

static void print_verdict(const struct paper *p)
{
	const struct check_row *w = p->r->worst;

	printf("%s: ", p->r->path);
	painted(p, p->r->class == ABI_STABLE ? GREEN : p->r->class == ABI_NONE ? RED : YELLOW, 0, policy_class_name(p->r->class));
	putchar('\n');
	if (!w)
		return;
	if (w->why.code)
		print_why(&w->why, "  ");
	else
		printf("  %s (%s): %s\n", w->function->name, w->function->section_name, w->section->promise);
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

static void print_dependency(const struct paper *p, const struct check_row *row, const struct finding *f)
{
	const struct check_report *r = p->r;
	const struct finding *one;
	const char *sep = "";
	char place[128];
	uint32_t k, bad = 0;

	for (k = 0; k < r->kernels->nr; k++) {
		one = find(&row->cells[k].findings, f);
		bad += one && counts(one);
	}
	snprintf(place, sizeof(place), "%s", *f->where ? f->where : "-");
	printf("      %-22s ", place);
	painted(p, counts(f) ? paint_of(f) : PLAIN, 0, f->what);
	if (bad && r->kernels->nr > 1) {
		printf(" [");
		for (k = 0; k < r->kernels->nr; k++) {
			one = find(&row->cells[k].findings, f);
			if (!one || !counts(one))
				continue;
			printf("%s%s on %s", sep, severity_name(one->severity), r->kernels->items[k]->name);
			sep = ", ";
		}
		putchar(']');
	}
	printf(": %s%s\n", f->guarded ? "not reached: " : "", f->why);
	if (*f->instead)
		printf("      %-22s stable instead: %s\n", "", f->instead);
}

static void print_row(const struct paper *p, const struct check_row *row)
{
	const struct finding *f;
	uint32_t k, i, fine = 0;

	printf("  ");
	painted(p, BOLD, 20, row->function->name);
	printf(" %-18s %-28s %s\n", row->section->kind, row->function->section_name, policy_class_name(row->class));
	if (p->verbose && row->why.code)
		print_why(&row->why, "      ");
	for (k = 0; k < p->r->kernels->nr; k++)
		for (i = 0; i < row->cells[k].findings.nr; i++) {
			f = worst_form(p->r, row, k, &row->cells[k].findings.items[i]);
			if (!f)
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

static int name_width(const struct check_report *r)
{
	size_t n = 8, one;
	uint32_t i;

	for (i = 0; i < r->nr_rows; i++) {
		one = strlen(r->rows[i].function->name);
		if (one > n)
			n = one;
	}
	return (int)n;
}

static void print_matrix(const struct paper *p)
{
	const struct check_report *r = p->r;
	int width = name_width(r);
	uint32_t i, k;

	for (i = 0; i < r->nr_rows; i++)
		for (k = 0; k < r->kernels->nr; k++) {
			const struct checked_kernel *on = r->kernels->items[k];
			const struct check_cell *c = &r->rows[i].cells[k];

			printf("  %-*s %s%s: ", width, k ? "" : r->rows[i].function->name, on->name, on->running ? " (this kernel)" : "");
			painted(p, paint_of(c->worst), 0, cell_name(c));
			if (c->worst)
				printf(" (%s%s%s: %s)", c->worst->where, *c->worst->where ? ": " : "", c->worst->what, c->worst->why);
			putchar('\n');
		}
}

/* Several kernels and many programs: columns; causes are with the dependencies above. */
static void print_table(const struct paper *p)
{
	const struct check_report *r = p->r;
	int width = name_width(r), column;
	uint32_t i, k;

	printf("  %-*s", width, "");
	for (k = 0; k < r->kernels->nr; k++)
		printf("  %-7s", r->kernels->items[k]->name);
	putchar('\n');
	for (i = 0; i < r->nr_rows; i++) {
		printf("  %-*s", width, r->rows[i].function->name);
		for (k = 0; k < r->kernels->nr; k++) {
			column = (int)strlen(r->kernels->items[k]->name);
			printf("  ");
			painted(p, paint_of(r->rows[i].cells[k].worst), column < 7 ? 7 : column, cell_name(&r->rows[i].cells[k]));
		}
		putchar('\n');
	}
}

/* Each load of a user-ized field as it becomes on each kernel: its path, offsets, instructions. */
static void print_rewritten(const struct check_report *r)
{
	struct translated *t;
	struct abide_error e = { 0 };
	uint32_t k;

	for (k = 0; k < r->kernels->nr; k++) {
		struct buf text = { 0 };
		struct translate_options opts = { .explain = &text };

		t = NULL;
		if (!translate_object(r->object, r->catalog, r->kernels->items[k]->target, &opts, &t, &e) && text.size && !text.failed)
			printf("\n  on %s\n%.*s", r->kernels->items[k]->name, (int)text.size, (const char *)text.data);
		translated_free(t);
		buf_free(&text);
	}
}

void check_print_text(const struct check_report *r, bool color, bool verbose)
{
	struct paper p = { .r = r, .color = color, .verbose = verbose };
	uint32_t i;

	print_verdict(&p);
	for (i = 0; i < r->nr_rows; i++)
		print_row(&p, &r->rows[i]);
	if (verbose)
		print_rewritten(r);
	if (!r->kernels->nr)
		return;
	putchar('\n');
	if (r->kernels->nr > 1 && r->nr_rows > 1)
		print_table(&p);
	else
		print_matrix(&p);
}
