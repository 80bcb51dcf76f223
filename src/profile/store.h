/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
#ifndef ABIDE_PROFILE_STORE_H
#define ABIDE_PROFILE_STORE_H

#include <limits.h>

#include "util/buf.h"
#include "util/error.h"

/* The user's directory of profiles: one file a kernel, NAME.kernel. */
#define STORE_SUFFIX ".kernel"
#define STORE_FILE   (64u << 20) /* bytes; a kernel takes 640 to 980 KB */

/* Letters, digits and ._+~:- and no dot first: a name never leads out of the directory. */
bool store_name_ok(const char *name);
/* The directory, made if @make. -ENOENT when there is no home. */
int store_dir(bool make, char path[PATH_MAX], struct abide_error *e);
int store_path(const char *name, bool make, char path[PATH_MAX], struct abide_error *e);
/* Does the file begin like a profile? */
bool store_is_profile(const char *path);
/* All of a file into @b. */
int store_read(const char *path, struct buf *b, struct abide_error *e);
/* Replace or make a file: it is there whole or not at all. */
int store_write(const char *path, const struct buf *b, struct abide_error *e);

#endif
