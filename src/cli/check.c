/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * abide check OBJ...: does a program depend on the kernel's internals, and would it be
 * accepted by this (or another) kernel's translation? Nothing is loaded and no privilege
 * is needed. Verdict first: that of the worst program; then a line for each program.
 * Exits like grep: 0 all that was asked holds, 1 something does not, 2 usage or unreadable.
 */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/inputs.h"
#include "policy/policy.h"
#include "translate/translate.h"

static const char usage[] =
	"usage: abide check OBJ... [--kernel BTF-FILE]... [--require abi] [--catalog FILE] [-v]\n"
	"\n"
	"Say whether programs depend on kernel internals, and whether they translate to a\n"
	"kernel. Nothing is loaded; no privilege is needed.\n"
	"\n"
	"  -k, --kernel BTF-FILE  check against this kernel (default: the running one); repeatable\n"
	"      --require abi      fail also when the verdict is not ABI\n"
	"      --catalog FILE     add or replace user events and structs\n"
	"  -v, --verbose          show every reason, not only the worst\n"
	"  -h, --help             this text\n"
	"\n"
	"Exit status: 0 everything holds, 1 something does not, 2 bad usage or unreadable input.\n";

#define MAX_KERNELS 64

struct asked {
	const char *kernels[MAX_KERNELS];
	uint32_t nr_kernels;
	const char *catalog;
	bool require_abi, verbose;
};

/*
 * A program's own class: of its type, made worse by what it does. On a user event it must
 * keep the rules whatever the kernel, so it is walked without one.
 */
static enum abi_class program_class(const struct object *o, const struct function *f, struct catalog *c,
				    struct abide_error *why)
{
	const struct section_class *type = policy_section(f->section_name);
	const char *name = policy_event(f->section_name);
	const struct cat_event *ev = name ? catalog_event(c, name) : NULL;
	struct analysis *a = NULL;
	enum abi_class class = type->class;

	memset(why, 0, sizeof(*why));
	if (type->class == ABI_CONDITIONAL)
		return policy_check_other(o, f, why) ? ABI_NONE : ABI_STABLE;
	if (type->class != ABI_STABLE)
		return class;
	if (!ev) {
		error_set(why, -ENOENT, "event-unknown", "this catalog (version %u) has no event \"%s\"", c->version, name);
		return ABI_NONE;
	}
	if (analyze_function(o, f, false, ev, c, NULL, &a, why) || policy_check_user(a, why))
		class = ABI_NONE;
	analysis_free(a);
	return class;
}

static void print_why(const struct abide_error *e, const char *indent)
{
	const char *p = e->reason, *end;

	printf("%s%s\n", indent, e->problem);
	for (; *p; p = end + (*end == '\n')) {
		end = strchrnul(p, '\n');
		printf("%s    %.*s\n", indent, (int)(end - p), p);
	}
	if (e->hint[0])
		printf("%s    try: %s\n", indent, e->hint);
}

static enum abi_class verdict(const struct object *o, struct catalog *c, const char *path, const struct asked *q)
{
	const struct function *worst = NULL;
	enum abi_class class = ABI_STABLE, one;
	struct abide_error why, worst_why = { 0 };
	uint32_t i;

	for (i = 0; i < o->nr_functions; i++) {
		if (o->functions[i].subprogram)
			continue;
		one = program_class(o, &o->functions[i], c, &why);
		if (!worst || one > class) {
			class = one;
			worst = &o->functions[i];
			worst_why = why;
		}
	}
	printf("%s: %s\n", path, policy_class_name(class));
	if (worst && class != ABI_STABLE) {
		if (worst_why.code)
			print_why(&worst_why, "  ");
		else
			printf("  %s (%s): %s\n", worst->name, worst->section_name,
			       policy_section(worst->section_name)->promise);
	}
	for (i = 0; i < o->nr_functions; i++) {
		const struct function *f = &o->functions[i];

		if (f->subprogram)
			continue;
		one = program_class(o, f, c, &why);
		printf("  %-20s %-18s %-28s %s\n", f->name, policy_section(f->section_name)->kind, f->section_name,
		       policy_class_name(one));
		if (q->verbose && why.code)
			print_why(&why, "      ");
	}
	return class;
}

/* 0 translates, 1 does not, 2 the kernel's BTF cannot be read. */
static int against(const char *path, const char *kernel, const struct asked *q)
{
	struct translated *t = NULL;
	struct abide_error e = { 0 };
	struct inputs in;
	int err, rc = 0;

	err = inputs_open(&in, path, q->catalog, kernel, &e);
	if (err) {
		cli_error(&e);
		return EXIT_USAGE;
	}
	err = translate_object(in.object, in.catalog, in.target, NULL, &t, &e);
	if (err) {
		printf("  %s%s: fails\n", target_name(in.target), kernel ? "" : " (this kernel)");
		print_why(&e, "    ");
		rc = EXIT_FAILURE;
	} else {
		printf("  %s%s: translates\n", target_name(in.target), kernel ? "" : " (this kernel)");
	}
	translated_free(t);
	inputs_close(&in);
	return rc;
}

static int one_object(const char *path, const struct asked *q)
{
	struct abide_error e = { 0 };
	struct object *o = NULL;
	struct catalog *c = NULL;
	enum abi_class class;
	int rc = 0, one;
	uint32_t i;

	if (object_open_file(path, &o, &e) || inputs_open_catalog(q->catalog, &c, &e)) {
		cli_error(&e);
		object_free(o);
		return EXIT_USAGE;
	}
	class = verdict(o, c, path, q);
	object_free(o);
	catalog_free(c);
	if (q->require_abi && class > ABI_CONDITIONAL)
		rc = EXIT_FAILURE;
	for (i = 0; i < q->nr_kernels || (!q->nr_kernels && !i); i++) {
		one = against(path, q->nr_kernels ? q->kernels[i] : NULL, q);
		if (one > rc)
			rc = one;
	}
	return rc;
}

int cmd_check(int argc, char **argv)
{
	static const struct option options[] = {
		{ "kernel", required_argument, NULL, 'k' },  { "require", required_argument, NULL, 'r' },
		{ "catalog", required_argument, NULL, 'C' }, { "verbose", no_argument, NULL, 'v' },
		{ "help", no_argument, NULL, 'h' },          { 0 },
	};
	struct asked q = { 0 };
	int c, i, one, rc = 0;

	while ((c = getopt_long(argc, argv, "k:vh", options, NULL)) != -1)
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
		case 'v':
			q.verbose = true;
			break;
		case 'h':
			fputs(usage, stdout);
			return 0;
		default:
			fputs(usage, stderr);
			return EXIT_USAGE;
		}
	if (optind == argc) {
		fputs(usage, stderr);
		return EXIT_USAGE;
	}
	for (i = optind; i < argc; i++) {
		one = one_object(argv[i], &q);
		if (one > rc)
			rc = one;
	}
	return rc;
}
