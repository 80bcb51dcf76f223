/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * abide header: <abide/linux.h> on stdout, for the built-in catalog and what --catalog
 * adds to it. No kernel is looked at: the header is the same for all of them. abide header BINARY: the
 * header of an application, from the descriptions that its files hold.
 */
#include <getopt.h>
#include <string.h>

#include "catalog/header.h"
#include "cli/cli.h"
#include "cli/inputs.h"

static const char usage[] =
	"usage: abide header [--catalog FILE] >linux.h\n"
	"       abide header BINARY... >mydb.h\n"
	"       abide header -p PID >mydb.h\n"
	"\n"
	"Print the header that programs include instead of vmlinux.h (<abide/linux.h>):\n"
	"user-ized structs, stable enums, and the user events as comments. It is the same\n"
	"for every kernel.\n"
	"\n"
	"With executables or shared libraries that have user events of their own: the\n"
	"header for programs on those events. It is the same for all builds that keep\n"
	"what they promise.\n"
	"\n"
	"      --catalog FILE  add or replace user events and structs\n"
	"  -p, --pid PID       the events of a running application, its libraries\n"
	"                      included\n"
	"  -h, --help          this text\n";

static int print_kernel(const char *catalog, struct buf *out, struct abide_error *e)
{
	struct catalog *c = NULL;
	int err;

	err = inputs_open_catalog(catalog, &c, e);
	if (!err)
		err = header_write(c, out, e);
	catalog_free(c);
	return err;
}

static int print_app(const struct inputs_app *which, struct buf *out, struct abide_error *e)
{
	struct app *a = NULL;
	char name[80];
	int err;

	err = inputs_app_open(which, &a, e);
	if (!err) {
		/* not the number of a process: the same application has the same header */
		snprintf(name, sizeof(name), "%.*s", (int)strcspn(a->name, " "), a->name);
		err = header_write_application(a->catalog, name, out, e);
	}
	app_free(a);
	return err;
}

int cmd_header(int argc, char **argv)
{
	static const struct option options[] = {
		{ "catalog", required_argument, NULL, 'C' },
		{ "pid", required_argument, NULL, 'p' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	const char *catalog = NULL;
	struct inputs_app app = { 0 };
	struct abide_error e = { 0 };
	struct buf out = { 0 };
	int c, err;

	while ((c = getopt_long(argc, argv, "p:h", options, NULL)) != -1)
		switch (c) {
		case 'C':
			catalog = optarg;
			break;
		case 'p':
			if (!inputs_app_pid(&app, optarg))
				return EXIT_USAGE;
			break;
		default:
			return cli_usage(usage, c == 'h');
		}
	for (; optind < argc; optind++)
		if (!inputs_app_file(&app, argv[optind]))
			return EXIT_USAGE;
	if (catalog && inputs_app_asked(&app))
		return cli_usage(usage, false);
	err = inputs_app_asked(&app) ? print_app(&app, &out, &e) : print_kernel(catalog, &out, &e);
	if (err)
		cli_error(&e);
	else
		fwrite(out.data, 1, out.size, stdout);
	buf_free(&out);
	return err ? EXIT_FAILURE : 0;
}
