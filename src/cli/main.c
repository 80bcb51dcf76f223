/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * abide: the command. In: argv. Finds the subcommand in commands.def and hands over; has
 * --help and --version itself. An output that cannot be written (a full disk) is a failure
 * even if the subcommand did not notice.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "cli/cli.h"

struct command {
	const char *name;
	const char *what;
	int (*run)(int argc, char **argv);
};

static const struct command commands[] = {
#define COMMAND(name, what) { #name, what, cmd_##name },
#include "cli/commands.def"
#undef COMMAND
};

#define NR_COMMANDS (sizeof(commands) / sizeof(commands[0]))

static void print_help(FILE *f)
{
	size_t i;

	fputs("usage: abide COMMAND [OPTIONS]\n"
	      "\n"
	      "Stable tracing programs, translated to the running kernel.\n"
	      "\n",
	      f);
	for (i = 0; i < NR_COMMANDS; i++)
		fprintf(f, "  abide %-10s %s\n", commands[i].name, commands[i].what);
	fputs("\n"
	      "  -h, --help     this text; abide COMMAND --help tells about a command\n"
	      "  -V, --version  print the version\n"
	      "\n"
	      "Exit status: 0 fine, 1 failed or refused, 2 wrong arguments.\n",
	      f);
}

static const struct command *find(const char *name)
{
	size_t i;

	for (i = 0; i < NR_COMMANDS; i++)
		if (!strcmp(commands[i].name, name))
			return &commands[i];
	return NULL;
}

/* Text that may hold a stranger's names: nothing in it reaches the terminal as a command. */
static void print_safe(const char *text, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		fputc(((unsigned char)text[i] < ' ' && text[i] != '\t') || text[i] == 0x7f
		              ? '?'
		              : text[i],
		      stderr);
	fputc('\n', stderr);
}

void cli_error(const struct abide_error *e)
{
	bool color = isatty(STDERR_FILENO) && !getenv("NO_COLOR");
	const char *p, *end;

	fflush(stdout);
	fprintf(stderr, "%sabide:%s ", color ? "\033[1;31m" : "", color ? "\033[0m" : "");
	print_safe(e->problem, strlen(e->problem));
	for (p = e->reason; *p; p = end + (*end == '\n')) {
		end = strchrnul(p, '\n');
		fputs("    ", stderr);
		print_safe(p, (size_t)(end - p));
	}
	if (e->hint[0]) {
		fprintf(stderr, "%stry:%s ", color ? "\033[1m" : "", color ? "\033[0m" : "");
		print_safe(e->hint, strlen(e->hint));
	}
}

int cli_usage(const char *usage, bool asked)
{
	fputs(usage, asked ? stdout : stderr);
	return asked ? 0 : EXIT_USAGE;
}

static int run(const struct command *c, int argc, char **argv)
{
	char name[32];
	int status;

	/* getopt's messages begin with argv[0] */
	snprintf(name, sizeof(name), "abide %s", c->name);
	argv[0] = name;
	status = c->run(argc, argv);
	if (fflush(stdout) || ferror(stdout)) {
		fprintf(stderr, "abide: cannot write the output: %s\n", strerror(errno));
		return status ? status : EXIT_FAILURE;
	}
	return status;
}

int main(int argc, char **argv)
{
	static char help[] = "--help";
	const struct command *c;

	if (argc < 2) {
		print_help(stderr);
		return EXIT_USAGE;
	}
	if (!strcmp(argv[1], "-V") || !strcmp(argv[1], "--version")) {
		puts("abide " ABIDE_VERSION);
		return 0;
	}
	if (!strcmp(argv[1], "-h") || !strcmp(argv[1], "--help") ||
	    (!strcmp(argv[1], "help") && argc == 2)) {
		print_help(stdout);
		return 0;
	}
	if (!strcmp(argv[1], "help")) {
		/* abide help NAME is abide NAME --help */
		argv[1] = argv[2];
		argv[2] = help;
		argc = 3;
	}
	c = find(argv[1]);
	if (!c) {
		fprintf(stderr, "abide: there is no command \"%s\"\ntry: abide --help\n", argv[1]);
		return EXIT_USAGE;
	}
	return run(c, argc - 1, argv + 1);
}
