/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
#ifndef ABIDE_CATALOG_LOCK_H
#define ABIDE_CATALOG_LOCK_H

#include "catalog/catalog.h"
#include "util/buf.h"

/*
 * What a catalog promises, as text: a line for each thing that a compiled program relies
 * on, sorted. catalog/linux.lock is that text for the last release; a catalog may add to
 * it and take nothing back (HACKING.md, "The lock").
 */

/* Append the promises of @c, sys_enter:NAME included (which composes them: not const). */
int lock_write(struct catalog *c, struct buf *out, struct abide_error *e);

/*
 * Does @c keep what @text (@size bytes, named @file in messages) promises? 0, or -EINVAL
 * with tag "catalog-abi": the first breach is the problem, all (that fit) are the reason.
 * A lock that cannot be read is -EINVAL with tag "lock-syntax".
 */
int lock_check(struct catalog *c, const char *text, size_t size, const char *file,
               struct abide_error *e);
/* The same; appends all breaches to @lines, one a line, however many. */
int lock_breaches(struct catalog *c, const char *text, size_t size, const char *file, struct buf *lines,
                  struct abide_error *e);

#endif
