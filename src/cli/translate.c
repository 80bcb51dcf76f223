/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * abide translate OBJ -o OUT: the plain libbpf object for one kernel. -v explains every
 * load that was rewritten: source line, stable path, kernel path, instructions.
 */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/inputs.h"
#include "object/write.h"
#include "translate/translate.h"

static const char usage[] =
	"usage: abide translate OBJ [-o OUT] [--kernel BTF-FILE] [--catalog FILE] [-v]\n"
	"       abide translate OBJ --app BINARY | -p PID [-v]\n"
	"\n"
	"Write the plain libbpf object that OBJ becomes on one kernel. For an application\n"
	"no file is written: abide run translates what it sends; -v shows it.\n"
	"\n"
	"  -o, --output OUT       where to write (default: only say what changed)\n"
	"  -k, --kernel BTF-FILE  the kernel to translate for (default: this one)\n"
	"      --catalog FILE     add or replace user events and structs\n"
	INPUTS_APP_USAGE
	"  -v, --verbose          explain every rewritten load\n"
	"  -h, --help             this text\n";

static int write_file(const char *path, const struct buf *b, struct abide_error *e)
{
	FILE *f = strcmp(path, "-") ? fopen(path, "wb") : stdout;
	bool ok;

	if (!f)
		return error_set(e, -errno, "", "cannot write %s: %s", path, strerror(errno));
	ok = fwrite(b->data, 1, b->size, f) == b->size;
	ok &= (f == stdout ? fflush(f) : fclose(f)) == 0;
	return ok ? 0 : error_set(e, -EIO, "", "cannot write %s: %s", path, strerror(errno));
}

static void summary(const struct translated *t, const char *target)
{
	uint32_t i, k, insns;

	for (i = 0; i < t->nr_programs; i++) {
		const struct translated_program *p = &t->programs[i];

		for (insns = k = 0; k < p->nr_codes; k++)
			insns += p->codes[k].nr_insns;
		if (p->verbatim)
			fprintf(stderr, "  %-20s %-28s unchanged\n", p->source->name, p->section);
		else
			fprintf(stderr, "  %-20s %-28s %u -> %u instructions for %s\n", p->source->name, p->section,
				p->source->nr_insns, insns, target);
	}
}

int cmd_translate(int argc, char **argv)
{
	static const struct option options[] = {
		{ "output", required_argument, NULL, 'o' }, { "kernel", required_argument, NULL, 'k' },
		{ "app", required_argument, NULL, 'A' },     { "pid", required_argument, NULL, 'p' },
		{ "catalog", required_argument, NULL, 'C' }, { "verbose", no_argument, NULL, 'v' },
		{ "help", no_argument, NULL, 'h' },          { 0 },
	};
	const char *output = NULL, *kernel = NULL, *catalog = NULL;
	struct translate_options opts = { 0 };
	struct translated *t = NULL;
	struct abide_error e = { 0 };
	struct inputs in = { 0 };
	struct inputs_app app = { 0 };
	struct buf explain = { 0 }, elf = { 0 };
	int c, err;

	while ((c = getopt_long(argc, argv, "o:k:p:vh", options, NULL)) != -1)
		switch (c) {
		case 'o':
			output = optarg;
			break;
		case 'k':
			kernel = optarg;
			break;
		case 'C':
			catalog = optarg;
			break;
		case 'A':
			if (!inputs_app_file(&app, optarg))
				return EXIT_USAGE;
			break;
		case 'p':
			if (!inputs_app_pid(&app, optarg))
				return EXIT_USAGE;
			break;
		case 'v':
			opts.explain = &explain;
			break;
		default:
			return cli_usage(usage, c == 'h');
		}
	if (argc - optind != 1 || (inputs_app_asked(&app) && (output || kernel || catalog)))
		return cli_usage(usage, false);
	err = inputs_app_asked(&app) ? inputs_open_app(&in, argv[optind], &app, &e)
	                             : inputs_open(&in, argv[optind], catalog, kernel, &e);
	if (!err)
		err = translate_object(in.object, in.catalog, in.target, &opts, &t, &e);
	if (explain.size)
		fwrite(explain.data, 1, explain.size, stderr);
	if (!err && !in.app)
		err = object_write(t, &elf, &e);
	if (!err && output)
		err = write_file(output, &elf, &e);
	if (!err && (!output || opts.explain))
		summary(t, target_name(in.target));
	if (err)
		cli_error(&e);
	translated_free(t);
	buf_free(&explain);
	buf_free(&elf);
	inputs_close(&in);
	return err ? EXIT_FAILURE : 0;
}
