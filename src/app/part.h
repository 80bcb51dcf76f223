/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
#ifndef ABIDE_APP_PART_H
#define ABIDE_APP_PART_H

#include "app/app.h"
#include "util/buf.h"

/* Inside of app_open_*: the steps from files to a catalog and a target. */
struct app_store {
	size_t room_files;
	struct buf btf;         /* the target's types */
	struct btf_data *types; /* over .btf */
};

/* Bounds of an application: all its files together. */
#define APP_STRUCTS 4096
#define APP_EVENTS  4096
#define APP_HOPS    1024       /* different pointers on the way to one struct's fields */
#define APP_OFFSET  (1u << 28) /* bytes into a struct: BTF counts in bits, in 32 of them */

/* app.c: an application with a name and nothing else. */
int app_new(const char *name, struct app **out, struct abide_error *e);
/* Parse @records of the file at @path and add them. */
int app_add(struct app *a, const char *path, const struct buf *records, struct abide_error *e);
/* From files to the catalog and the target. */
int app_finish(struct app *a, struct abide_error *e);
/* merge.c: fill a->all. */
int app_merge(struct app *a, struct abide_error *e);
/* text.c: the catalog's text of what @l promises. */
int app_write_catalog(const struct layout *l, struct buf *out, struct abide_error *e);
/* target.c: BTF of where it is. */
int app_write_btf(const struct layout *l, struct buf *out, struct abide_error *e);
/* The application's own name of a struct, as the catalog and BTF have it: "query"; made of @s in text.c. */
const char *app_real_name(const struct layout *l, uint32_t s, char *buf, size_t size);

/* maps.c: the code that process @pid has mapped. Adds files that have events. */
int app_read_process(struct app *a, pid_t pid, struct abide_error *e);

#endif
