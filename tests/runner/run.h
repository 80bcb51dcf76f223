/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
#ifndef ABIDE_TESTS_RUN_H
#define ABIDE_TESTS_RUN_H

#include "asm.h"
#include "case.h"
#include "catalog/resolve.h"
#include "layout.h"
#include "object/code.h"
#include "util/buf.h"

/*
 * One case being run. What its sections describe (catalog, object, kernels) is made when it
 * is first asked for; whatever does not come out as expected goes to the report.
 */
#define MAX_KERNELS 16

struct kernel { /* a layout and what is made of it */
	char name[64];
	struct layout *layout;
	struct buf bytes;
	struct btf_data *btf;
	struct target *target;
};

struct run {
	const struct case_file *file;
	const struct test_case *c;
	const char *command; /* path of the abide command, absolute */
	const char *build;   /* build directory, absolute */
	char dir[512];       /* where the file of cases is */
	struct catalog *catalog;
	bool catalog_tried;
	struct buf elf;
	struct object *object;
	bool object_tried;
	size_t variant;      /* which of the compiler's flags C is compiled with */
	struct kernel kernels[MAX_KERNELS];
	size_t nr_kernels;
	struct buf report;   /* what went wrong; empty: nothing */
	char skip[256];      /* why the case cannot be run here */
	bool update;
	struct buf *edits;   /* by section: what it should say, .data NULL: as it is */
};

/* NULL, with the reason in the report, when the case's text is bad. */
struct catalog *run_catalog(struct run *r);
struct kernel *run_kernel(struct run *r, const char *name);
/* The case's object; on failure NULL and *e is set, or the report says what is wrong with the text. */
struct object *run_object(struct run *r, struct abide_error *e);
/* C goes through the compiler in several ways. The next one, or false when there is none. */
bool run_next_variant(struct run *r);
const char *run_flags(const struct run *r);
void run_close(struct run *r);

/* "# FILE:LINE: ..." in the report. */
void run_fail(struct run *r, const struct part *s, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
void run_fail_error(struct run *r, const struct part *s, const char *what, const struct abide_error *e);
/* Compare texts line by line; report the difference, or with --update take what came out. */
void run_compare(struct run *r, const struct part *s, const char *want, const char *have);
/* Every line of the section must occur in @have. */
void run_contains(struct run *r, const struct part *s, const char *have);
/* problem, reason and hint as one text */
void error_text(const struct abide_error *e, struct buf *out);
/* Where asm text of expected sections finds names. */
struct asm_symbols run_symbols(struct run *r, struct kernel *k);

/* One file a stage: each drives the sections it knows. */
struct driver {
	const char *section;
	void (*run)(struct run *r, const struct part *s);
};
extern const struct driver translate_drivers[], text_drivers[], cli_drivers[], execute_drivers[];

#endif
