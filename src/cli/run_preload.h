/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
#ifndef ABIDE_CLI_RUN_PRELOAD_H
#define ABIDE_CLI_RUN_PRELOAD_H

#include "util/error.h"

/*
 * run --preload NAME: the library with user events for programs that nobody changed.
 * NAME "libc" is libabide-libc.so, beside abide or where it was installed; a name with a slash
 * is a path. *@path is absolute; free it. Tags: "option-preload" (no such library, or a path that
 * the dynamic loader would take for two).
 */
int run_preload_find(const char *name, char **path, struct abide_error *e);
/* Put it before what LD_PRELOAD has in this process's environment. 0 or -errno. */
int run_preload_set(const char *path);

#endif
