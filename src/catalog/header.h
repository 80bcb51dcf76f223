/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
#ifndef ABIDE_CATALOG_HEADER_H
#define ABIDE_CATALOG_HEADER_H

#include "catalog/catalog.h"
#include "util/buf.h"

/* Append <abide/linux.h> for this catalog: what a BPF program includes instead of vmlinux.h. */
int header_write(const struct catalog *c, struct buf *out, struct abide_error *e);
/*
 * Append the header of an application's catalog. It stands alone, and beside <abide/linux.h> and the
 * headers of other applications. @name: the application's, for the comment and the guard.
 */
int header_write_application(const struct catalog *c, const char *name, struct buf *out, struct abide_error *e);

#endif
