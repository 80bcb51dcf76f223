/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * abide check OBJ...: does a program depend on the kernel's internals, where, and on which
 * kernels will it run? Nothing is loaded and no privilege is needed. Exits like grep: 0 all
 * that was asked holds, 1 something does not, 2 usage or unreadable.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/check.h"

static const char usage[] =
	"usage: abide check OBJ... [--kernel KERNEL]... [--require abi] [--json]\n"
	"                   [--catalog FILE] [-v]\n"
	"       abide check OBJ... --app BINARY | -p PID [--require abi] [--json] [-v]\n"
	"\n"
	"Say whether programs depend on kernel internals, where, and on which kernels\n"
	"they run. Nothing is loaded; no privilege is needed.\n"
	"\n"
	"  -k, --kernel KERNEL    check against this kernel (default: the running one):\n"
	"                         a kernel's file in any form, a name of abide kernel\n"
	"                         list, or \"all\" of those; repeatable\n"
	INPUTS_APP_USAGE
	"      --require abi      fail also when the verdict is not ABI\n"
	"      --json             one line of JSON for each object\n"
	"      --catalog FILE     add or replace user events and structs\n"
	"  -v, --verbose          show every dependency, also those that hold everywhere\n"
	"  -h, --help             this text\n"
	"\n"
	"A program on a kernel: runs; wrong (it loads, and reads something else than it\n"
	"means); unknown (what is known of the kernel does not tell); fails.\n"
	"\n"
	"Exit status: 0 everything holds, 1 something fails or is wrong, 2 bad usage or\n"
	"unreadable input.\n";

#define MAX_KERNELS 64

struct asked {
	const char *kernels[MAX_KERNELS];
	uint32_t nr_kernels;
	const char *catalog;
	struct inputs_app app;
	bool require_abi, verbose, json;
	struct view page; /* width and colours alone */
};

static int one_object(const char *path, const struct asked *q, struct catalog *c, const struct checked_kernels *k)
{
	struct abide_error e = { 0 };
	struct check_report r;
	int rc;

	if (report_make(&r, path, c, k, &e)) {
		cli_error(&e);
		return EXIT_USAGE;
	}
	if (q->json)
		check_print_json(&r);
	else
		check_print_text(&r, &q->page, q->verbose);
	rc = report_holds(&r, q->require_abi) ? 0 : EXIT_FAILURE;
	report_free(&r);
	return rc;
}

static int run(const struct asked *q, char **paths, int nr)
{
	struct checked_kernels kernels = { 0 };
	struct abide_error e = { 0 };
	struct catalog *c = NULL;
	int i, one, rc = 0;
	uint32_t k;

	if (inputs_app_asked(&q->app) ? checked_app(&q->app, &kernels, &c, &e) : inputs_open_catalog(q->catalog, &c, &e))
		goto fail;
	for (k = 0; !kernels.app && (k < q->nr_kernels || (!q->nr_kernels && !k)); k++)
		if (checked_find(q->nr_kernels ? q->kernels[k] : NULL, c, &kernels, &e))
			goto fail;
	if (!q->json && !kernels.app)
		checked_shorten(&kernels);
	for (i = 0; i < nr; i++) {
		if (i && !q->json)
			putchar('\n');
		one = one_object(paths[i], q, c, &kernels);
		if (one > rc)
			rc = one;
	}
	goto out;
fail:
	cli_error(&e);
	rc = EXIT_USAGE;
out:
	if (!kernels.app)
		catalog_free(c);
	checked_close(&kernels);
	return rc;
}

int cmd_check(int argc, char **argv)
{
	static const struct option options[] = {
		{ "kernel", required_argument, NULL, 'k' },  { "require", required_argument, NULL, 'r' },
		{ "app", required_argument, NULL, 'A' },     { "pid", required_argument, NULL, 'p' },
		{ "catalog", required_argument, NULL, 'C' }, { "verbose", no_argument, NULL, 'v' },
		{ "json", no_argument, NULL, 'j' },          { "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	struct asked q = { 0 };
	int c;

	while ((c = getopt_long(argc, argv, "k:p:vh", options, NULL)) != -1)
		switch (c) {
		case 'k':
			if (q.nr_kernels == MAX_KERNELS) {
				fprintf(stderr, "abide: at most %d kernels at once\n", MAX_KERNELS);
				return EXIT_USAGE;
			}
			q.kernels[q.nr_kernels++] = optarg;
			break;
		case 'r':
			if (strcmp(optarg, "abi")) {
				fprintf(stderr, "abide: --require knows only \"abi\"\n");
				return EXIT_USAGE;
			}
			q.require_abi = true;
			break;
		case 'C':
			q.catalog = optarg;
			break;
		case 'A':
			if (!inputs_app_file(&q.app, optarg))
				return EXIT_USAGE;
			break;
		case 'p':
			if (!inputs_app_pid(&q.app, optarg))
				return EXIT_USAGE;
			break;
		case 'j':
			q.json = true;
			break;
		case 'v':
			q.verbose = true;
			break;
		default:
			return cli_usage(usage, c == 'h');
		}
	if (optind == argc || (inputs_app_asked(&q.app) && (q.nr_kernels || q.catalog)))
		return cli_usage(usage, false);
	view_page(&q.page);
	return run(&q, argv + optind, argc - optind);
}
