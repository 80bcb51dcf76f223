/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The kernels that --kernel names. In: a path of raw BTF or of an ELF file with .BTF, or
 * nothing: the running kernel. Out: opened handles, shared by all objects that are checked.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "cli/check.h"
#include "util/buf.h"

#define KERNEL_BTF "/sys/kernel/btf/vmlinux"

/* "dir/6.1.btf" is shown as "6.1" */
static char *shown_name(const char *path)
{
	const char *slash = strrchr(path, '/');
	char *name = strdup(slash ? slash + 1 : path);
	size_t n = name ? strlen(name) : 0;

	if (n > 4 && !strcmp(name + n - 4, ".btf"))
		name[n - 4] = '\0';
	return name;
}

static void close_one(struct checked_kernel *k)
{
	check_kernel_free(k->kernel);
	target_free(k->target);
	btf_free(k->btf);
	free(k->name);
}

int kernels_find(const char *asked, struct catalog *c, struct checked_kernels *l, struct abide_error *e)
{
	struct checked_kernel k = { .running = !asked }, *items;
	struct utsname u;
	int err;

	if (!asked && access(KERNEL_BTF, R_OK)) {
		error_set(e, -ENOENT, "no-btf", "this kernel does not describe its types");
		error_reason(e, "%s: %s", KERNEL_BTF, strerror(errno));
		return error_hint(e, "name another kernel's BTF: --kernel FILE");
	}
	if (!asked && uname(&u))
		snprintf(u.release, sizeof(u.release), "this kernel");
	k.name = asked ? shown_name(asked) : strdup(u.release);
	if (!k.name)
		return error_nomem(e);
	err = btf_open_file(asked ? asked : KERNEL_BTF, &k.btf, e);
	if (!err)
		err = target_open(k.btf, k.name, c, &k.target, e);
	if (!err)
		err = check_kernel_open(k.btf, k.name, &k.kernel, e);
	if (!err) {
		items = array_grow(l->items, l->nr, &l->room, sizeof(*items));
		err = items ? 0 : error_nomem(e);
		if (items)
			l->items = items;
	}
	if (err) {
		close_one(&k);
		return err;
	}
	l->items[l->nr++] = k;
	return 0;
}

void kernels_close(struct checked_kernels *l)
{
	uint32_t i;

	for (i = 0; i < l->nr; i++)
		close_one(&l->items[i]);
	free(l->items);
	memset(l, 0, sizeof(*l));
}
