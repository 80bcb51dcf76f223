/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * runner FILE.case...: runs text cases. For each case "ok - FILE: TITLE", "not ok - ..." with
 * what differs in lines of "# ", or "skip - ...: reason". Each case runs in a process of its
 * own with a time limit, so that a crash or an endless loop fails that case only. Exit
 * status: 0 all passed, 1 some failed, 2 the cases or the arguments are bad.
 *
 *	--update     write what came out into sections that are compared
 *	--only TEXT  only cases whose title holds TEXT
 *	--dump DIR   only write each case's object into DIR (a corpus for the fuzz targets)
 *	--build DIR  where the command and the generated header are (default: build)
 */
#include <getopt.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "run.h"

#define SECONDS 60 /* a case with C takes the compiler's time, under sanitizers several seconds */
#define SKIPPED 77

static const struct driver *const all_drivers[] = { translate_drivers, text_drivers, cli_drivers, execute_drivers };

/* Sections that describe something; drivers look at them. */
static const char *const inputs[] = {
	"catalog", "layout", "maps", "license", "program", "program-c", "memory",
	"stdout", "stdout-has", "stderr", "stderr-has", "exit", "file",
};

static const struct driver *find_driver(const char *name)
{
	const struct driver *d;
	size_t i;

	for (i = 0; i < sizeof(all_drivers) / sizeof(all_drivers[0]); i++)
		for (d = all_drivers[i]; d->section; d++)
			if (!strcmp(d->section, name))
				return d;
	return NULL;
}

static bool is_input(const char *name)
{
	size_t i;

	for (i = 0; i < sizeof(inputs) / sizeof(inputs[0]); i++)
		if (!strcmp(inputs[i], name))
			return true;
	return false;
}

static unsigned run_parts(struct run *r)
{
	const struct driver *d;
	unsigned driven = 0;
	size_t i;

	for (i = 0; i < r->c->nr_sections && !r->skip[0]; i++) {
		const struct part *s = &r->c->sections[i];

		d = find_driver(s->name);
		if (d) {
			d->run(r, s);
			driven++;
		} else if (!is_input(s->name)) {
			run_fail(r, s, "nobody knows this section");
		}
	}
	return driven;
}

static void run_case(struct run *r)
{
	unsigned driven = run_parts(r);

	if (!driven)
		run_fail(r, NULL, "the case checks nothing");
	while (!r->report.size && !r->skip[0] && run_next_variant(r)) {
		run_parts(r);
		if (r->report.size)
			buf_printf(&r->report, "# (compiled with %s)\n", run_flags(r));
	}
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* Returns the exit status of the case's process: 0, 1, SKIPPED. */
static int report(struct run *r)
{
	const char *file = base_name(r->file->path);
	int rc = 0;

	if (r->skip[0]) {
		printf("skip - %s: %s: %s\n", file, r->c->title, r->skip);
		rc = SKIPPED;
	} else if (r->report.size) {
		printf("not ok - %s: %s\n", file, r->c->title);
		fwrite(r->report.data, 1, r->report.size, stdout);
		rc = 1;
	} else {
		printf("ok - %s: %s\n", file, r->c->title);
	}
	fflush(stdout);
	return rc;
}

static int run_apart(struct run *r)
{
	int status;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid < 0) {
		perror("runner: fork");
		exit(2);
	}
	if (!pid) {
		alarm(SECONDS);
		run_case(r);
		status = report(r);
		run_close(r);
		case_file_free((struct case_file *)r->file);
		free(r->edits);
		exit(status);
	}
	waitpid(pid, &status, 0);
	if (WIFEXITED(status) && (WEXITSTATUS(status) <= 1 || WEXITSTATUS(status) == SKIPPED))
		return WEXITSTATUS(status);
	printf("not ok - %s: %s\n# %s:%u: ", base_name(r->file->path), r->c->title, r->file->path, r->c->line);
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM)
		printf("did not end within %d seconds\n", SECONDS);
	else if (WIFSIGNALED(status))
		printf("killed by signal %d (%s)\n", WTERMSIG(status), strsignal(WTERMSIG(status)));
	else
		printf("exit status %d\n", WEXITSTATUS(status));
	return 1;
}

static void write_back(const struct case_file *f, struct buf **edits)
{
	FILE *out = fopen(f->path, "wb");
	size_t i, k, at = 0;

	if (!out) {
		perror(f->path);
		exit(2);
	}
	for (i = 0; i < f->nr_cases; i++)
		for (k = 0; k < f->cases[i].nr_sections; k++) {
			const struct part *s = &f->cases[i].sections[k];
			struct buf *b = &edits[i][k];

			if (!b->size)
				continue;
			while (b->size && b->data[b->size - 1] == '\n')
				b->size--;
			fwrite(f->data + at, 1, s->begin - at, out);
			fwrite(b->data, 1, b->size, out);
			at = s->end;
		}
	fwrite(f->data + at, 1, f->size - at, out);
	fclose(out);
}

static void update_file(const char *path, struct run base)
{
	struct case_file *f = case_file_open(path);
	struct buf **edits = calloc(f->nr_cases, sizeof(*edits));
	size_t i;

	for (i = 0; i < f->nr_cases; i++) {
		struct run r = base;

		r.file = f;
		r.c = &f->cases[i];
		r.update = true;
		edits[i] = r.edits = calloc(r.c->nr_sections + 1, sizeof(struct buf));
		run_case(&r);
		report(&r);
		run_close(&r);
	}
	write_back(f, edits);
	case_file_free(f);
}

/* The object of each case as a file. Cases whose object is meant to be bad have none. */
static void dump_file(const char *path, const char *dir, const struct run *base)
{
	struct case_file *f = case_file_open(path);
	size_t i;

	for (i = 0; i < f->nr_cases; i++) {
		struct run r = *base;
		struct abide_error e;
		char name[512];
		FILE *out;

		r.file = f;
		r.c = &f->cases[i];
		if (!case_part(r.c, "program", 0) && !case_part(r.c, "program-c", 0))
			continue;
		do {
			if (!run_object(&r, &e))
				continue;
			snprintf(name, sizeof(name), "%s/%s-%u-%zu.bpf.o", dir, base_name(path), r.c->line, r.variant);
			out = fopen(name, "wb");
			if (!out || fwrite(r.elf.data, 1, r.elf.size, out) != r.elf.size || fclose(out)) {
				perror(name);
				exit(2);
			}
		} while (run_next_variant(&r));
		run_close(&r);
	}
	case_file_free(f);
}

static unsigned run_file(const char *path, const char *only, const struct run *base)
{
	struct case_file *f = case_file_open(path);
	unsigned failed = 0;
	size_t i;

	for (i = 0; i < f->nr_cases; i++) {
		struct run r = *base;

		if (only && !strstr(f->cases[i].title, only))
			continue;
		r.file = f;
		r.c = &f->cases[i];
		r.edits = calloc(r.c->nr_sections + 1, sizeof(struct buf));
		failed += run_apart(&r) == 1;
		free(r.edits);
	}
	case_file_free(f);
	return failed;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "update", no_argument, NULL, 'u' }, { "only", required_argument, NULL, 'o' },
		{ "build", required_argument, NULL, 'b' }, { "dump", required_argument, NULL, 'd' }, { 0 },
	};
	const char *only = NULL, *build = "build", *dump = NULL;
	char build_path[4096], command[4200], *copy;
	unsigned failed = 0;
	bool update = false;
	struct run base = { 0 };
	int c, i;

	while ((c = getopt_long(argc, argv, "uo:b:d:", options, NULL)) != -1)
		switch (c) {
		case 'u':
			update = true;
			break;
		case 'o':
			only = optarg;
			break;
		case 'b':
			build = optarg;
			break;
		case 'd':
			dump = optarg;
			break;
		default:
			return 2;
		}
	if (optind == argc || !realpath(build, build_path)) {
		fprintf(stderr, "usage: runner [--update] [--only TEXT] [--dump DIR] [--build DIR] FILE.case...\n");
		return 2;
	}
	snprintf(command, sizeof(command), "%s/abide", build_path);
	base.command = command;
	base.build = build_path;
	for (i = optind; i < argc; i++) {
		copy = strdup(argv[i]);
		snprintf(base.dir, sizeof(base.dir), "%s", dirname(copy));
		free(copy);
		if (dump)
			dump_file(argv[i], dump, &base);
		else if (update)
			update_file(argv[i], base);
		else
			failed += run_file(argv[i], only, &base);
	}
	return failed ? 1 : 0;
}
