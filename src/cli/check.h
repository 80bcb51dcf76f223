/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
#ifndef ABIDE_CLI_CHECK_H
#define ABIDE_CLI_CHECK_H

#include "check/check.h"
#include "cli/cli.h"
#include "cli/inputs.h"
#include "cli/view.h"
#include "policy/policy.h"
#include "util/buf.h"

/* A kernel that was asked for; all but its names only while it is open. */
struct checked_kernel {
	char *name;          /* as it is shown: a release, a file's name without ".btf" */
	char *full;          /* the same before it was made short */
	bool running;        /* this machine's */
	struct btf_data *btf;
	struct target *target;
	struct check_kernel *kernel;
	struct kernels *store; /* which knows it as number .index */
	uint32_t index;
};

struct kernels;

struct checked_kernels {
	struct kernels *store; /* owns their BTF */
	struct app *app;       /* or it does; NULL: none */
	struct checked_kernel **items;
	uint32_t nr;
	size_t room;
};

/* Find what --kernel names (NULL: the running kernel) and append it. All look-up is here. */
int checked_find(const char *asked, struct checked_kernels *l, struct abide_error *e);
/* Open a kernel, if it is not. */
int checked_open(const struct checked_kernels *l, uint32_t kernel, struct catalog *c, struct abide_error *e);
/*
 * Are there so many kernels with memory of their own that not all shall be open at once? Then some are closed by
 * checked_leave, and a kernel should be asked for all objects before the next is opened.
 */
bool checked_many(const struct checked_kernels *l);
void checked_leave(const struct checked_kernels *l, uint32_t kernel);
/* An application as if it were a kernel; it is closed with them. Its programs use its catalog. */
int checked_app(const struct inputs_app *which, struct checked_kernels *l, struct catalog **c, struct abide_error *e);
/* Give them names as short as tells them apart; once all are found. */
void checked_shorten(struct checked_kernels *l);
void checked_close(struct checked_kernels *l);

struct check_cell { /* a program on a kernel */
	struct findings findings;
	const struct finding *worst; /* NULL: it runs */
};

struct check_row { /* a program */
	const struct function *function;
	const struct section_class *section;
	enum abi_class class;
	struct abide_error why;   /* why it is worse than its section's class; empty otherwise */
	struct check_cell *cells; /* one for each kernel */
};

/* What is known of one object: the one model of all printers. */
struct check_report {
	const char *path;
	struct object *object;
	enum abi_class class;
	const struct check_row *worst; /* that gave .class; NULL: ABI */
	struct check_row *rows;
	uint32_t nr_rows;
	const struct checked_kernels *kernels;
	struct catalog *catalog;
	struct buf *rewritten; /* for each kernel: loads of stable fields as they become there; NULL: not asked for */
};

/* An object without its cells. 0, or why it cannot be examined. */
int report_open(struct check_report *r, const char *path, struct catalog *c, const struct checked_kernels *k, bool rewritten,
		struct abide_error *e);
/* Its cells for one kernel, which is open. */
int report_add(struct check_report *r, uint32_t kernel, struct abide_error *e);
/* Both, for all kernels, which are opened. */
int report_make(struct check_report *r, const char *path, struct catalog *c, const struct checked_kernels *k,
		struct abide_error *e);
void report_free(struct check_report *r);
/* Does all that was asked hold? */
bool report_holds(const struct check_report *r, bool require_abi);
/* "runs", "wrong", "unknown", "fails" */
const char *cell_name(const struct check_cell *c);

void check_print_text(const struct check_report *r, const struct view *page, bool verbose);
void check_print_json(const struct check_report *r);

#endif
