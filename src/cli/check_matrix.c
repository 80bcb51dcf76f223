/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Programs by kernels. In: the report. Out: with one kernel or one program a line each, with the first
 * cause; else a table. Where that is wider than the page, kernels on which all programs fare
 * alike share a column, named by a letter that a list below the table explains; and where it is too
 * wide even then, columns go on in another block.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/check_print.h"

#define PAGE   80 /* columns where the page is no terminal */
#define COLUMN 7  /* "unknown" */
#define GAP    2

void check_paint(const struct view *page, enum paint c, const char *text, int width)
{
	static const char *const codes[] = { "", "\033[31m", "\033[32m", "\033[33m", "\033[1m" };

	printf("%s%-*s%s", page->color ? codes[c] : "", width, text, page->color && c ? "\033[0m" : "");
}

enum paint check_paint_of(const struct finding *worst)
{
	if (!worst)
		return PAINT_GOOD;
	return worst->severity == SEV_FAILS || worst->severity == SEV_WRONG ? PAINT_BAD : PAINT_DOUBT;
}

static uint32_t page_width(const struct view *page)
{
	return page->width ? page->width : PAGE;
}

/* Of the programs' names; longer ones push their line, and no other, to the right. */
static int name_width(const struct check_report *r)
{
	size_t n = 8, one;
	uint32_t i;

	for (i = 0; i < r->nr_rows; i++) {
		one = strlen(r->rows[i].function->name);
		if (one > n && one <= 32)
			n = one;
	}
	return (int)n;
}

/* "where module xfs is loaded", if nobody knows whether it will be. */
static size_t condition(const struct check_cell *c, char *text, size_t size)
{
	char modules[200];

	if (c->worst || !*findings_modules(&c->findings, modules, sizeof(modules)))
		return 0;
	return (size_t)snprintf(text, size, "where %s %s loaded", modules, strchr(modules, ',') ? "are" : "is");
}

static void print_condition(const struct check_cell *c)
{
	char text[240];

	if (condition(c, text, sizeof(text)))
		printf(" %s", text);
	putchar('\n');
}

static void print_list(const struct check_report *r, const struct view *page)
{
	int width = name_width(r);
	char text[600];
	uint32_t i, k, at;

	for (i = 0; i < r->nr_rows; i++)
		for (k = 0; k < r->kernels->nr; k++) {
			const struct checked_kernel *on = r->kernels->items[k];
			const struct check_cell *c = &r->rows[i].cells[k];
			const char *here = on->running ? " (this kernel)" : "";

			at = (uint32_t)(width + 5 + (int)strlen(on->name) + (int)strlen(here));
			printf("  %-*s %s%s: ", width, k ? "" : r->rows[i].function->name, on->name, here);
			check_paint(page, check_paint_of(c->worst), cell_name(c), 0);
			if (!c->worst) {
				print_condition(c);
				continue;
			}
			snprintf(text, sizeof(text), "(%s%s%s: %s)", c->worst->where, *c->worst->where ? ": " : "", c->worst->what,
				 c->worst->why);
			putchar(' ');
			view_wrap(page, at + (uint32_t)strlen(cell_name(c)) + 1, (uint32_t)width + 5, text);
		}
}

struct column {
	uint32_t kernel; /* the first of those that are alike */
	char name[128];
	int width;
};

static bool alike(const struct check_report *r, uint32_t a, uint32_t b)
{
	uint32_t i;

	for (i = 0; i < r->nr_rows; i++)
		if (strcmp(cell_name(&r->rows[i].cells[a]), cell_name(&r->rows[i].cells[b])))
			return false;
	return true;
}

static void set_width(struct column *c)
{
	int n = (int)strlen(c->name);

	c->width = n > COLUMN ? n : COLUMN;
}

/* A column for each kernel, by its name; the width of all. */
static uint32_t each_kernel(const struct check_report *r, struct column *cols)
{
	uint32_t k, all = 0;

	for (k = 0; k < r->kernels->nr; k++) {
		cols[k].kernel = k;
		snprintf(cols[k].name, sizeof(cols[k].name), "%.127s", r->kernels->items[k]->name);
		set_width(&cols[k]);
		all += (uint32_t)cols[k].width + GAP;
	}
	return all;
}

/* A column for all kernels that are alike: "A" ... "Z", "A1" ...; how many. */
static uint32_t each_kind(const struct check_report *r, struct column *cols)
{
	uint32_t k, c, nr = 0;

	for (k = 0; k < r->kernels->nr; k++) {
		for (c = 0; c < nr && !alike(r, cols[c].kernel, k); c++)
			;
		if (c < nr)
			continue;
		cols[nr].kernel = k;
		snprintf(cols[nr].name, sizeof(cols[nr].name), nr < 26 ? "%c" : "%c%u", (char)('A' + nr % 26), nr / 26);
		set_width(&cols[nr]);
		nr++;
	}
	return nr;
}

static void print_block(const struct check_report *r, const struct view *page, const struct column *cols, uint32_t nr)
{
	int width = name_width(r);
	uint32_t i, c;

	printf("  %-*s", width, "");
	for (c = 0; c < nr; c++)
		printf("%*s%-*s", GAP, "", c + 1 < nr ? cols[c].width : 0, cols[c].name);
	putchar('\n');
	for (i = 0; i < r->nr_rows; i++) {
		printf("  %-*s", width, r->rows[i].function->name);
		for (c = 0; c < nr; c++) {
			const struct check_cell *cell = &r->rows[i].cells[cols[c].kernel];

			printf("%*s", GAP, "");
			check_paint(page, check_paint_of(cell->worst), cell_name(cell), c + 1 < nr ? cols[c].width : 0);
		}
		putchar('\n');
	}
}

/* "A  5.10.0-46, 6.1.0-50" */
static void print_kind(const struct check_report *r, const struct view *page, const struct column *col)
{
	size_t room = 0, n = 0;
	uint32_t k;
	char *text;

	for (k = 0; k < r->kernels->nr; k++)
		room += strlen(r->kernels->items[k]->name) + 3;
	text = calloc(room + 1, 1);
	if (!text)
		return;
	for (k = 0; k < r->kernels->nr; k++)
		if (alike(r, col->kernel, k))
			n += (size_t)snprintf(text + n, room + 1 - n, "%s%s", n ? ", " : "", r->kernels->items[k]->name);
	printf("  %-3s ", col->name);
	view_wrap(page, 6, 6, text);
	free(text);
}

/* What only runs where modules are loaded. */
static void print_conditions(const struct check_report *r, const struct view *page)
{
	char text[600], where[240];
	uint32_t i, k;

	for (i = 0; i < r->nr_rows; i++)
		for (k = 0; k < r->kernels->nr; k++) {
			if (!condition(&r->rows[i].cells[k], where, sizeof(where)))
				continue;
			snprintf(text, sizeof(text), "%s on %s: %s", r->rows[i].function->name, r->kernels->items[k]->name, where);
			printf("  ");
			view_wrap(page, 2, 4, text);
		}
}

static void print_table(const struct check_report *r, const struct view *page)
{
	uint32_t first = 2 + (uint32_t)name_width(r), nr = r->kernels->nr, from, to, wide, c;
	struct column *cols = calloc(nr, sizeof(*cols));
	bool kinds;

	if (!cols)
		return;
	kinds = first + each_kernel(r, cols) > page_width(page);
	if (kinds)
		nr = each_kind(r, cols);
	for (from = 0; from < nr; from = to) {
		wide = first;
		for (to = from; to < nr && (to == from || wide + (uint32_t)cols[to].width + GAP <= page_width(page)); to++)
			wide += (uint32_t)cols[to].width + GAP;
		if (from)
			putchar('\n');
		print_block(r, page, cols + from, to - from);
	}
	if (kinds)
		putchar('\n');
	for (c = 0; kinds && c < nr; c++)
		print_kind(r, page, &cols[c]);
	print_conditions(r, page);
	free(cols);
}

void check_print_matrix(const struct check_report *r, const struct view *page)
{
	if (r->kernels->nr > 1 && r->nr_rows > 1)
		print_table(r, page);
	else
		print_list(r, page);
}
