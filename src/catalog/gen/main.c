/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * gen-header: what the build makes of the built-in catalog. Users have `abide header`.
 *
 *	gen-header               <abide/linux.h>
 *	gen-header --lock        the promises, for catalog/linux.lock
 *	gen-header --check FILE  does the catalog keep the promises in FILE?
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "catalog/header.h"
#include "catalog/lock.h"

static int read_file(const char *path, struct buf *out, struct abide_error *e)
{
	FILE *f = fopen(path, "r");
	char piece[4096];
	size_t n;
	int rc = 0;

	if (!f)
		return error_set(e, -errno, "", "cannot read %s: %s", path, strerror(errno));
	while ((n = fread(piece, 1, sizeof(piece), f)))
		buf_add(out, piece, n);
	if (ferror(f) || out->failed)
		rc = error_set(e, -EIO, "", "cannot read %s", path);
	fclose(f);
	return rc;
}

static int check(struct catalog *c, const char *path, struct abide_error *e)
{
	struct buf text = { 0 };
	int rc = read_file(path, &text, e);

	if (!rc)
		rc = lock_check(c, (const char *)text.data, text.size, path, e);
	buf_free(&text);
	return rc;
}

int main(int argc, char **argv)
{
	bool lock = argc == 2 && !strcmp(argv[1], "--lock"),
	     checks = argc == 3 && !strcmp(argv[1], "--check");
	struct catalog *c = NULL;
	struct abide_error e = { 0 };
	struct buf out = { 0 };
	int err;

	if (argc > 1 && !lock && !checks) {
		fprintf(stderr, "usage: gen-header [--lock | --check LOCK-FILE]\n");
		return 2;
	}
	err = catalog_open_builtin(&c, &e);
	if (!err)
		err = catalog_read_syscalls(c, &e); /* nobody else would report an error in it */
	if (!err)
		err = checks ? check(c, argv[2], &e)
		      : lock ? lock_write(c, &out, &e)
		             : header_write(c, &out, &e);
	if (!err && out.size &&
	    (fwrite(out.data, 1, out.size, stdout) != out.size || fflush(stdout)))
		err = error_set(&e, -EIO, "", "cannot write");
	if (err)
		fprintf(stderr, "gen-header: %s\n%s%s", e.problem, e.reason, *e.reason ? "\n" : "");
	buf_free(&out);
	catalog_free(c);
	return err ? 1 : 0;
}
