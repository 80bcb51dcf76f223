// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Where a kernel's modules are. In: the kernel's file. Out: that file, if it is a package, and the packages
 * of modules that distributions make beside it, where they lie in the same directory and are of the very
 * same version; or the directory of a raw BTF that is called vmlinux, as /sys/kernel/btf was copied: any
 * other name says nothing of its neighbours.
 */
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "profile/places.h"

#define RUNNING_BTF "/sys/kernel/btf"

/* A kernel's package begins with .begin and has .part in its name; a neighbour has .other in that place. */
static const struct neighbour {
	const char *begin, *part, *other;
	bool needed; /* without it, modules are missing; if not, they may be in the kernel's own package */
} neighbours[] = {
	{ "kernel-", "-core-", "-modules-core-", true }, /* Fedora and its kin: also kernel-rt-core-... */
	{ "kernel-", "-core-", "-modules-", true },
	{ "kernel-", "-core-", "-modules-extra-", true },
	{ "linux-binary-", "linux-binary-", "linux-modules-", true }, /* Debian from 6.19 on */
	{ "linux-image-unsigned-", "linux-image-unsigned-", "linux-modules-", true }, /* Ubuntu */
	{ "linux-image-unsigned-", "linux-image-unsigned-", "linux-modules-extra-", true },
	{ "linux-image-", "linux-image-", "linux-modules-", false }, /* Debian has them in it, Ubuntu has not */
	{ "linux-image-", "linux-image-", "linux-modules-extra-", false },
};

static int add_neighbours(struct modules *m, const char *path, struct abide_error *e)
{
	const char *slash = strrchr(path, '/'), *file = slash ? slash + 1 : path, *part;
	const struct neighbour *first = NULL;
	char other[PATH_MAX];
	bool some = false;
	size_t i;
	int err = 0;

	for (i = 0; !err && i < sizeof(neighbours) / sizeof(neighbours[0]); i++) {
		const struct neighbour *n = &neighbours[i];

		part = strncmp(file, n->begin, strlen(n->begin)) ? NULL : strstr(file, n->part);
		if (!part || (first && strcmp(first->begin, n->begin)))
			continue;
		first = first ? first : n;
		if (snprintf(other, sizeof(other), "%.*s%s%s", (int)(part - path), path, n->other, part + strlen(n->part)) <
			    (int)sizeof(other) && !access(other, R_OK)) {
			err = modules_place(m, other, e);
			some = true;
		} else if (n->needed || some) {
			modules_partial(m);
		}
	}
	return err;
}

int places_open(const char *path, const char *format, struct btf_data *base, struct modules **out, struct abide_error *e)
{
	const char *slash = path ? strrchr(path, '/') : NULL;
	bool package = strstr(format, "package") || strstr(format, "tar file") || strstr(format, "cpio file");
	bool beside = !strcmp(format, "raw BTF") && slash && !strcmp(slash, "/vmlinux");
	char dir[PATH_MAX];
	int err;

	*out = NULL;
	if (path && !package && !beside)
		return 0;
	err = modules_open(base, !path, out, e);
	if (err)
		return err;
	snprintf(dir, sizeof(dir), "%.*s", slash ? (int)(slash - path) + (slash == path) : 0, slash ? path : "");
	err = modules_place(*out, !path ? RUNNING_BTF : package ? path : dir, e);
	if (!err && package)
		err = add_neighbours(*out, path, e);
	if (err) {
		modules_free(*out);
		*out = NULL;
	}
	return err;
}
