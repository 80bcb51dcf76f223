/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Prints <abide/linux.h> for the built-in catalog. Part of the build; users have `abide header`. */
#include <stdio.h>

#include "catalog/header.h"

int main(void)
{
	struct catalog *c = NULL;
	struct abide_error e = { 0 };
	struct buf out = { 0 };
	int err;

	err = catalog_open_builtin(&c, &e);
	if (!err)
		err = header_write(c, &out, &e);
	if (!err && fwrite(out.data, 1, out.size, stdout) != out.size)
		err = error_set(&e, -1, "", "cannot write");
	if (err)
		fprintf(stderr, "gen-header: %s\n", e.problem);
	buf_free(&out);
	catalog_free(c);
	return err ? 1 : 0;
}
