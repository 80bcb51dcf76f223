/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
#ifndef ABIDE_CLI_INPUTS_H
#define ABIDE_CLI_INPUTS_H

#include "catalog/resolve.h"
#include "object/object.h"
#include "profile/kernels.h"

/* What most subcommands begin with: a catalog, a target kernel and perhaps an object. */
struct inputs {
	struct catalog *catalog;
	struct kernels *kernels; /* where a kernel was named: its BTF belongs to them */
	struct btf_data *btf;
	struct target *target;
	struct object *object;
};

/*
 * @object: path of an eBPF object, NULL: none. @catalog: path of a catalog that adds to the
 * built-in one, NULL: none. @kernel: a file or a name (profile/kernels.h) that stands for one kernel, NULL: this kernel.
 */
int inputs_open(struct inputs *in, const char *object, const char *catalog, const char *kernel,
		struct abide_error *e);
/* The catalog alone; the built-in one where @path is NULL. */
int inputs_open_catalog(const char *path, struct catalog **out, struct abide_error *e);
void inputs_close(struct inputs *in);

#endif
