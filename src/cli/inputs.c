/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The inputs that subcommands share. In: paths and names. Out: opened handles in pipeline
 * order, closed in reverse. A target is named after its profile or file, "this kernel" by its release.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "cli/inputs.h"

#define KERNEL_BTF "/sys/kernel/btf/vmlinux"

int inputs_open_catalog(const char *path, struct catalog **out, struct abide_error *e)
{
	struct catalog *base;
	int err;

	err = catalog_open_builtin(&base, e);
	if (err)
		return err;
	if (!path) {
		*out = base;
		return 0;
	}
	err = catalog_open_file(path, base, out, e);
	catalog_free(base);
	return err;
}

/* The one kernel that @what names. */
static int open_named(struct inputs *in, const char *what, struct abide_error *e)
{
	struct kernel_list l = { 0 };
	const char *name, *path;
	int err;

	err = kernels_open(&in->kernels, e);
	if (!err)
		err = kernels_find(in->kernels, what, &l, e);
	if (!err && l.nr != 1) {
		error_set(e, -EINVAL, "kernel-many", "\"%s\" are %u kernels, and one is wanted",
		          what, l.nr);
		err = error_hint(e, "abide kernel list");
	}
	if (!err)
		err = kernels_btf(in->kernels, l.items[0], &in->btf, e);
	if (err)
		goto out;
	path = kernels_origin(in->kernels, l.items[0]) == KERNEL_FILE
	               ? kernels_path(in->kernels, l.items[0])
	               : NULL;
	name = path ? strrchr(path, '/') : NULL;
	name = name ? name + 1 : path ? path : kernels_facts(in->kernels, l.items[0])->name;
	err = target_open(in->btf, name, in->catalog, &in->target, e);
out:
	free(l.items);
	return err;
}

static int open_target(struct inputs *in, const char *kernel, struct abide_error *e)
{
	struct utsname u;
	int err;

	if (kernel)
		return open_named(in, kernel, e);
	if (access(KERNEL_BTF, R_OK)) {
		error_set(e, -ENOENT, "no-btf", "this kernel does not describe its types");
		error_reason(e, "%s: %s", KERNEL_BTF, strerror(errno));
		return error_hint(
			e,
			"use a kernel with CONFIG_DEBUG_INFO_BTF=y, or name another kernel: --kernel NAME");
	}
	err = btf_open_file(KERNEL_BTF, &in->btf, e);
	if (err)
		return err;
	if (uname(&u))
		snprintf(u.release, sizeof(u.release), "this kernel");
	return target_open(in->btf, u.release, in->catalog, &in->target, e);
}

int inputs_open(struct inputs *in, const char *object, const char *catalog, const char *kernel,
                struct abide_error *e)
{
	int err;

	memset(in, 0, sizeof(*in));
	err = object ? object_open_file(object, &in->object, e) : 0;
	if (!err)
		err = inputs_open_catalog(catalog, &in->catalog, e);
	if (!err)
		err = open_target(in, kernel, e);
	if (err)
		inputs_close(in);
	return err;
}

void inputs_close(struct inputs *in)
{
	if (in->app) {
		app_free(in->app);
	} else {
		target_free(in->target);
		if (in->kernels)
			kernels_close(in->kernels);
		else
			btf_free(in->btf);
		catalog_free(in->catalog);
	}
	object_free(in->object);
	memset(in, 0, sizeof(*in));
}
