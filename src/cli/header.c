/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * abide header: <abide/linux.h> on stdout, for the built-in catalog and what --catalog
 * adds to it. No kernel is looked at: the header is the same for all of them.
 */
#include <getopt.h>

#include "catalog/header.h"
#include "cli/cli.h"
#include "cli/inputs.h"

static const char usage[] =
	"usage: abide header [--catalog FILE] >linux.h\n"
	"\n"
	"Print the header that programs include instead of vmlinux.h (<abide/linux.h>):\n"
	"user-ized structs, stable enums, and the user events as comments. It is the same\n"
	"for every kernel.\n"
	"\n"
	"      --catalog FILE  add or replace user events and structs\n"
	"  -h, --help          this text\n";

static int print_header(const char *catalog, struct abide_error *e)
{
	struct catalog *c = NULL;
	struct buf out = { 0 };
	int err;

	err = inputs_open_catalog(catalog, &c, e);
	if (!err)
		err = header_write(c, &out, e);
	if (!err)
		fwrite(out.data, 1, out.size, stdout);
	buf_free(&out);
	catalog_free(c);
	return err;
}

int cmd_header(int argc, char **argv)
{
	static const struct option options[] = {
		{ "catalog", required_argument, NULL, 'C' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	const char *catalog = NULL;
	struct abide_error e = { 0 };
	int c;

	while ((c = getopt_long(argc, argv, "h", options, NULL)) != -1)
		switch (c) {
		case 'C':
			catalog = optarg;
			break;
		case 'h':
			fputs(usage, stdout);
			return 0;
		default:
			fputs(usage, stderr);
			return EXIT_USAGE;
		}
	if (optind != argc) {
		fputs(usage, stderr);
		return EXIT_USAGE;
	}
	if (print_header(catalog, &e)) {
		cli_error(&e);
		return EXIT_FAILURE;
	}
	return 0;
}
