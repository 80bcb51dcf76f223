/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * `abide check --json`: one line for each object (abide-check(1) documents it; members are
 * only ever added). In: the report. Out: JSON on stdout, everything that was found.
 */
#include <stdio.h>

#include "cli/check.h"
#include "cli/view.h"

static const char *class_word(enum abi_class class)
{
	switch (class) {
	case ABI_STABLE:
		return "abi";
	case ABI_CONDITIONAL:
		return "abi-while";
	case ABI_APPLICATION:
		return "application";
	case ABI_NONE:
		return "not-abi";
	}
	return "";
}

static void first_member(const char *key, const char *text)
{
	printf("{\"%s\":", key);
	view_json_string(text);
}

static void print_finding(const struct check_row *row, const struct finding *f)
{
	first_member("kind", finding_kind_name(f->kind));
	json_member("severity", severity_name(f->severity));
	json_member("what", f->what);
	json_member("why", f->why);
	if (f->insn != FINDING_WHOLE) {
		json_member("where", f->where);
		printf(",\"insn\":%u", f->insn);
	}
	if (f->function != row->function)
		json_member("function", f->function->name);
	if (*f->value)
		json_member("value", f->value);
	if (*f->place)
		json_member("place", f->place);
	if (*f->module)
		json_member("module", f->module);
	if (f->if_loaded)
		printf(",\"if_loaded\":true");
	if (f->guarded)
		printf(",\"guarded\":true");
	if (f->constant)
		printf(",\"constant\":true");
	if (f->loader)
		printf(",\"loader\":true");
	if (*f->instead)
		json_member("instead", f->instead);
	putchar('}');
}

static void print_cell(const struct check_report *r, const struct check_row *row, uint32_t kernel)
{
	const struct check_cell *c = &row->cells[kernel];
	uint32_t i;

	first_member("kernel", r->kernels->items[kernel]->name);
	if (r->kernels->items[kernel]->running)
		printf(",\"running\":true");
	json_member("outcome", cell_name(c));
	if (c->worst) {
		json_member("cause", c->worst->why);
		json_member("cause_what", c->worst->what);
		if (*c->worst->where)
			json_member("cause_where", c->worst->where);
	}
	printf(",\"findings\":[");
	for (i = 0; i < c->findings.nr; i++) {
		if (i)
			putchar(',');
		print_finding(row, &c->findings.items[i]);
	}
	printf("]}");
}

static void print_row(const struct check_report *r, const struct check_row *row)
{
	uint32_t k;

	first_member("name", row->function->name);
	json_member("section", row->function->section_name);
	json_member("type", row->section->kind);
	json_member("class", class_word(row->class));
	if (row->why.code) {
		json_member("why", row->why.problem);
		json_member("tag", row->why.tag);
		if (*row->why.reason)
			json_member("reason", row->why.reason);
		if (*row->why.hint)
			json_member("try", row->why.hint);
	} else if (row->class != ABI_STABLE) {
		json_member("why", row->section->promise);
	}
	printf(",\"kernels\":[");
	for (k = 0; k < r->kernels->nr; k++) {
		if (k)
			putchar(',');
		print_cell(r, row, k);
	}
	printf("]}");
}

void check_print_json(const struct check_report *r)
{
	uint32_t i;

	first_member("object", r->path);
	json_member("class", class_word(r->class));
	json_member("verdict", policy_class_name(r->class));
	printf(",\"holds\":%s,\"programs\":[", report_holds(r, false) ? "true" : "false");
	for (i = 0; i < r->nr_rows; i++) {
		if (i)
			putchar(',');
		print_row(r, &r->rows[i]);
	}
	printf("]}\n");
}
