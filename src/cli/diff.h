/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
#ifndef ABIDE_CLI_DIFF_H
#define ABIDE_CLI_DIFF_H

#include "cli/check.h"
#include "cli/view.h"

/* What the parts of `abide diff` share. */
struct diff {
	struct checked_kernels kernels; /* two: from, to */
	struct catalog *catalog;
	struct view page;    /* width and colours alone */
	bool json, verbose;
	int name_width;      /* of the kernels' names */
	uint32_t nr;         /* differences, and among them */
	uint32_t nr_moved;   /* what only lies elsewhere */
};

/* diff_catalog.c: events, structs and fields on both. */
int diff_catalog(struct diff *d, struct abide_error *e);
/* diff_object.c: what the object at @path depends on. -errno: it cannot be read. */
int diff_object(struct diff *d, const char *path, struct abide_error *e);

/* One side of a difference as text: the kernel's name, then @text, wrapped. */
void diff_side(const struct diff *d, uint32_t kernel, const char *text);

#endif
