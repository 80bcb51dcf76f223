// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * abide diff KERNEL KERNEL [OBJ]: what changed between two kernels, for the catalog or for what
 * an object depends on. Nothing is loaded. Exits like diff: 0 nothing differs, 1 something
 * does, 2 usage or unreadable.
 */
#include <getopt.h>
#include <string.h>

#include "cli/diff.h"

static const char usage[] =
	"usage: abide diff KERNEL KERNEL [OBJ] [--json] [--catalog FILE] [-v]\n"
	"\n"
	"Say what changed between two kernels: for the catalog (which fields are read\n"
	"from elsewhere, are not there, which events have other places), or for what an\n"
	"object depends on. A KERNEL is a kernel's file in any form, or a name of abide\n"
	"kernel list; \"-\" is the running one.\n"
	"\n"
	"      --json          an object a line\n"
	"      --catalog FILE  add or replace user events and structs\n"
	"  -v, --verbose       show also what only lies at another offset\n"
	"  -h, --help          this text\n"
	"\n"
	"Exit status: 0 nothing differs, 1 something does, 2 bad usage or unreadable\n"
	"input.\n";

void diff_side(const struct diff *d, uint32_t kernel, const char *text)
{
	uint32_t at = 6 + (uint32_t)d->name_width + 2;

	printf("      %-*s  ", d->name_width, d->kernels.items[kernel]->name);
	view_wrap(&d->page, at, at, text);
}

static int find_kernel(struct diff *d, const char *asked, struct abide_error *e)
{
	uint32_t before = d->kernels.nr;
	int err = checked_find(strcmp(asked, "-") ? asked : NULL, &d->kernels, e);

	if (!err && d->kernels.nr != before + 1) {
		error_set(e, -1, "kernel-several", "\"%s\" is %u kernels, and two are compared", asked, d->kernels.nr - before);
		return error_hint(e, "abide kernel list");
	}
	return err;
}

static int run(struct diff *d, const char *catalog, char **argv, int argc)
{
	struct abide_error e = { 0 };
	size_t n;
	int err, i;

	view_page(&d->page);
	err = inputs_open_catalog(catalog, &d->catalog, &e);
	for (i = 0; !err && i < 2; i++)
		err = find_kernel(d, argv[i], &e);
	if (!err && !d->json)
		checked_shorten(&d->kernels);
	for (i = 0; !err && i < 2; i++)
		err = checked_open(&d->kernels, i, d->catalog, &e);
	for (i = 0; !err && i < 2; i++) {
		n = strlen(d->kernels.items[i]->name);
		d->name_width = (int)n > d->name_width ? (int)n : d->name_width;
	}
	if (!err)
		err = argc > 2 ? diff_object(d, argv[2], &e) : diff_catalog(d, &e);
	if (err)
		cli_error(&e);
	checked_close(&d->kernels);
	catalog_free(d->catalog);
	return err ? EXIT_USAGE : d->nr ? EXIT_FAILURE : 0;
}

int cmd_diff(int argc, char **argv)
{
	static const struct option options[] = {
		{ "catalog", required_argument, NULL, 'C' }, { "verbose", no_argument, NULL, 'v' },
		{ "json", no_argument, NULL, 'j' },          { "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	const char *catalog = NULL;
	struct diff d = { 0 };
	int c;

	while ((c = getopt_long(argc, argv, "jvh", options, NULL)) != -1)
		switch (c) {
		case 'C':
			catalog = optarg;
			break;
		case 'j':
			d.json = true;
			break;
		case 'v':
			d.verbose = true;
			break;
		default:
			return cli_usage(usage, c == 'h');
		}
	if (argc - optind != 2 && argc - optind != 3)
		return cli_usage(usage, false);
	return run(&d, catalog, argv + optind, argc - optind);
}
