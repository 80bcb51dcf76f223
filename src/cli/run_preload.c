/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The library behind --preload. In: a name. Out: a file that is there. "libc" is looked for
 * where abide itself is (a build folder), then in lib/abide beside the folder that abide is
 * in (/usr/bin/abide: /usr/lib/abide), with Debian's folder for each machine in between.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/run_preload.h"

#if defined(__x86_64__)
#define MULTIARCH "x86_64-linux-gnu"
#elif defined(__aarch64__)
#define MULTIARCH "aarch64-linux-gnu"
#else
#define MULTIARCH "."
#endif

/* The folder that abide is in; NULL: nobody knows. */
static char *own_folder(void)
{
	char *path = realpath("/proc/self/exe", NULL), *slash = path ? strrchr(path, '/') : NULL;

	if (slash)
		*slash = '\0';
	return path;
}

static int find_beside(const char *name, char **path)
{
	static const char *const places[] = { "%s/libabide-%s.so", "%s/../lib/" MULTIARCH "/abide/libabide-%s.so",
		                              "%s/../lib/abide/libabide-%s.so" };
	char *folder = own_folder(), *candidate;
	size_t i;

	for (i = 0; folder && !*path && i < sizeof(places) / sizeof(*places); i++) {
		if (asprintf(&candidate, places[i], folder, name) < 0)
			break;
		*path = realpath(candidate, NULL);
		free(candidate);
	}
	free(folder);
	return *path ? 0 : -ENOENT;
}

int run_preload_find(const char *name, char **path, struct abide_error *e)
{
	*path = NULL;
	if (strchr(name, '/'))
		*path = realpath(name, NULL);
	else
		find_beside(name, path);
	if (!*path || access(*path, R_OK)) {
		error_set(e, -ENOENT, "option-preload", "--preload %s: there is no such library", name);
		if (!strchr(name, '/'))
			error_reason(e, "libabide-%s.so is neither beside abide nor in lib/abide", name);
		return error_hint(e, "--preload libc, after make preload; or a path");
	}
	if (!strpbrk(*path, ": "))
		return 0;
	error_set(e, -EINVAL, "option-preload", "--preload %s: %s has a colon or a space in it", name, *path);
	error_reason(e, "the dynamic loader takes these for the end of a name in LD_PRELOAD");
	return error_hint(e, "copy the library to a folder whose name has neither, and give that path");
}

int run_preload_set(const char *path)
{
	const char *before = getenv("LD_PRELOAD");
	char *both;
	int err;

	if (asprintf(&both, "%s%s%s", path, before && *before ? ":" : "", before ? before : "") < 0)
		return -ENOMEM;
	err = setenv("LD_PRELOAD", both, 1) ? -errno : 0;
	free(both);
	return err;
}
