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

/* Objects that are checked together, where a kernel is not opened for each of them. */
#define TOGETHER 32

struct work { /* on an object */
	struct check_report report;
	struct abide_error why; /* it cannot be examined */
};

static int print_one(struct work *w, const struct asked *q)
{
	if (w->why.code) {
		cli_error(&w->why);
		return EXIT_USAGE;
	}
	if (q->json)
		check_print_json(&w->report);
	else
		check_print_text(&w->report, &q->page, q->verbose);
	return report_holds(&w->report, q->require_abi) ? 0 : EXIT_FAILURE;
}

/* Some objects, first on all kernels and then printed. Returns the exit status, or < 0: a kernel cannot be used. */
static int check_some(char **paths, int nr, bool first, const struct asked *q, struct catalog *c, const struct checked_kernels *l,
		      struct abide_error *e)
{
	struct work *list = calloc((size_t)nr, sizeof(*list));
	int i, one, rc = list ? 0 : error_nomem(e);
	uint32_t k;

	for (i = 0; i < nr && !rc; i++)
		report_open(&list[i].report, paths[i], c, l, q->verbose && !q->json, &list[i].why);
	for (k = 0; k < l->nr && !rc; k++) {
		rc = checked_open(l, k, c, e);
		for (i = 0; i < nr && !rc; i++)
			if (!list[i].why.code)
				report_add(&list[i].report, k, &list[i].why);
		checked_leave(l, k);
	}
	for (i = 0; i < nr && rc >= 0; i++) {
		if (!(first && !i) && !q->json)
			putchar('\n');
		one = print_one(&list[i], q);
		rc = one > rc ? one : rc;
	}
	for (i = 0; list && i < nr; i++)
		report_free(&list[i].report);
	free(list);
	return rc;
}

static int run(const struct asked *q, char **paths, int nr)
{
	struct checked_kernels kernels = { 0 };
	struct abide_error e = { 0 };
	struct catalog *c = NULL;
	int i, one, some, rc = 0;
	uint32_t k;

	if (inputs_app_asked(&q->app) ? checked_app(&q->app, &kernels, &c, &e) : inputs_open_catalog(q->catalog, &c, &e))
		goto fail;
	for (k = 0; !kernels.app && (k < q->nr_kernels || (!q->nr_kernels && !k)); k++)
		if (checked_find(q->nr_kernels ? q->kernels[k] : NULL, &kernels, &e))
			goto fail;
	if (!q->json && !kernels.app)
		checked_shorten(&kernels);
	some = checked_many(&kernels) ? TOGETHER : 1;
	for (i = 0; i < nr; i += some) {
		one = check_some(paths + i, nr - i < some ? nr - i : some, !i, q, c, &kernels, &e);
		if (one < 0)
			goto fail;
		rc = one > rc ? one : rc;
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
