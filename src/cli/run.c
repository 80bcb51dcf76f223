/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * abide run OBJ: translate for the running kernel, or for processes with user events of
 * their own, load, attach, show. In: an object, whom to watch (-p, or a command behind
 * "--"), for how long. Results go to stdout, all else to stderr. Options that abide does
 * not know are the object's own. Nothing is left in the kernel, or in those processes, when
 * it ends, however it ends.
 */
#include <errno.h>
#include <getopt.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "app/app.h"
#include "cli/cli.h"
#include "cli/run.h"
#include "cli/run_preload.h"

static const char usage[] =
	"usage: abide run OBJ [OPTIONS] [--VARIABLE=VALUE]... [INTERVAL [COUNT]]\n"
	"                 [-- COMMAND [ARG]...]\n"
	"\n"
	"Run an object's programs and show what they find: on this kernel, or in\n"
	"processes where they are for an application's events (PROVIDER:NAME).\n"
	"\n"
	"  -p, --pid PID          watch this process and new children; repeatable\n"
	"  -- COMMAND [ARG]...    start a command, watch it and its children\n"
	"  -d, --duration SEC     stop after so many seconds\n"
	"  -i, --interval SEC     show results each SEC seconds, not only at the end\n"
	"  -o, --output FORMAT    table (default) or json\n"
	"  -j, --json             one JSON object a line\n"
	"  -n, --top N            at most N rows of each table\n"
	"      --per-cpu          do not sum what is counted for each CPU\n"
	"  -T, --timestamp        begin rows with the time of day\n"
	"      --preload LIBRARY  a library with user events for COMMAND: libc, or a path\n"
	"      --catalog FILE     add or replace user events and structs\n"
	"      --force            run what is stamped for another kernel (abide stamp)\n"
	"  -q, --quiet            no messages but errors\n"
	"  -v, --verbose          explain rewritten loads, and how often programs ran in\n"
	"                         an application; twice: the kernel's log too\n"
	"  -h, --help             this text; with OBJ, its own options too\n"
	"\n"
	"^C shows results a last time and ends; a second one kills.\n"
	"Exit status: 0 fine, 1 failed or refused, 2 wrong arguments, 126 or 127 COMMAND\n"
	"cannot be run.\n";

enum { OPT_CATALOG = 256, OPT_PER_CPU, OPT_FORCE, OPT_PRELOAD };

static const struct option options[] = {
	{ "pid", required_argument, NULL, 'p' },
	{ "tid", required_argument, NULL, 't' },
	{ "duration", required_argument, NULL, 'd' },
	{ "interval", required_argument, NULL, 'i' },
	{ "output", required_argument, NULL, 'o' },
	{ "json", no_argument, NULL, 'j' },
	{ "top", required_argument, NULL, 'n' },
	{ "per-cpu", no_argument, NULL, OPT_PER_CPU },
	{ "timestamp", no_argument, NULL, 'T' },
	{ "catalog", required_argument, NULL, OPT_CATALOG },
	{ "force", no_argument, NULL, OPT_FORCE },
	{ "preload", required_argument, NULL, OPT_PRELOAD },
	{ "quiet", no_argument, NULL, 'q' },
	{ "verbose", no_argument, NULL, 'v' },
	{ "help", no_argument, NULL, 'h' },
	{ 0 },
};

static int usage_error(const char *fmt, const char *what)
{
	fputs("abide: ", stderr);
	fprintf(stderr, fmt, what);
	fputs("\ntry: abide run --help\n", stderr);
	return EXIT_USAGE;
}

/* Take "--name" and "--name=value" that are not abide's out of argv[1..argc), up to "--". */
static int take_settings(struct run *run, int argc, char **argv)
{
	int i, to = 1;
	size_t k;

	for (i = 1; i < argc; i++) {
		size_t n = strcspn(argv[i], "=");

		for (k = 0; options[k].name; k++)
			if (n == strlen(options[k].name) + 2 &&
			    !strncmp(argv[i] + 2, options[k].name, n - 2))
				break;
		if (!strncmp(argv[i], "--", 2) && n > 2 && !options[k].name)
			run->settings[run->nr_settings++] = argv[i];
		else
			argv[to++] = argv[i];
	}
	argv[to] = NULL;
	return to;
}

static bool parse_seconds(const char *text, double *out)
{
	char *end;

	*out = strtod(text, &end);
	return end != text && !*end && isfinite(*out) && *out > 0 && *out < 1e9;
}

static bool parse_count(const char *text, uint64_t most, uint64_t *out)
{
	char *end;

	errno = 0;
	*out = strtoull(text, &end, 10);
	return *text >= '0' && *text <= '9' && !*end && !errno && *out && *out <= most;
}

static int add_pid(struct run *run, const char *text)
{
	uint64_t pid;

	if (!parse_count(text, INT32_MAX, &pid))
		return usage_error("\"%s\" is no process id", text);
	if (run->nr_pids == RUN_PIDS)
		return usage_error("too many processes: %s", text);
	run->pids[run->nr_pids++] = pid;
	return 0;
}

static int one_option(struct run *run, int c)
{
	uint64_t n;

	switch (c) {
	case 'p':
		return add_pid(run, optarg);
	case 't':
		return usage_error(
			"-t %s: single threads are not told apart; -p PID watches a whole process",
			optarg);
	case 'd':
		return parse_seconds(optarg, &run->duration)
		               ? 0
		               : usage_error("\"%s\" is no duration in seconds", optarg);
	case 'i':
		return parse_seconds(optarg, &run->interval)
		               ? 0
		               : usage_error("\"%s\" is no interval in seconds", optarg);
	case 'o':
		run->json = !strcmp(optarg, "json");
		return run->json || !strcmp(optarg, "table")
		               ? 0
		               : usage_error("\"%s\" is no output format: table, json", optarg);
	case 'j':
		run->json = true;
		return 0;
	case 'n':
		if (!parse_count(optarg, UINT32_MAX, &n))
			return usage_error("\"%s\" is no number of rows", optarg);
		run->top = n;
		return 0;
	case OPT_PER_CPU:
		run->per_cpu = true;
		return 0;
	case 'T':
		run->timestamps = true;
		return 0;
	case OPT_CATALOG:
		run->catalog = optarg;
		return 0;
	case OPT_PRELOAD:
		run->preload = optarg;
		return 0;
	case OPT_FORCE:
		run->force = true;
		return 0;
	case 'q':
		run->quiet = true;
		return 0;
	case 'v':
		run->verbose++;
		return 0;
	case 'h':
		run->help = true;
		return 0;
	default:
		fputs("try: abide run --help\n", stderr);
		return EXIT_USAGE;
	}
}

static int parse(struct run *run, int argc, char **argv)
{
	int c, i, status;

	for (i = 1; i < argc; i++)
		if (!strcmp(argv[i], "--"))
			break;
	if (i < argc) {
		run->command = argv + i + 1;
		if (!*run->command)
			return usage_error("a command is missing behind %s", "--");
		argv[i] = NULL;
	}
	argc = take_settings(run, i, argv);
	while ((c = getopt_long(argc, argv, "p:t:d:i:o:jn:Tqvh", options, NULL)) != -1) {
		status = one_option(run, c);
		if (status)
			return status;
	}
	if (optind < argc)
		run->path = argv[optind++];
	if (optind < argc && !parse_seconds(argv[optind++], &run->interval))
		return usage_error("\"%s\" is no interval in seconds", argv[optind - 1]);
	if (optind < argc && !parse_count(argv[optind++], UINT64_MAX, &run->count))
		return usage_error("\"%s\" is no number of intervals", argv[optind - 1]);
	if (optind < argc)
		return usage_error("what is \"%s\"? a command to start stands behind \"--\"",
		                   argv[optind]);
	if (!run->path && !run->help)
		return usage_error("%s", "no object: abide run OBJ");
	if (run->command && run->nr_pids)
		return usage_error("%s", "either -p or a command, not both");
	return 0;
}

static int help(const struct run *run)
{
	struct abide_error e = { 0 };
	struct object *o = NULL;

	fputs(usage, stdout);
	if (!run->path)
		return 0;
	if (object_open_file(run->path, &o, &e)) {
		cli_error(&e);
		return EXIT_FAILURE;
	}
	run_constants_help(o, stdout);
	object_free(o);
	return 0;
}

/* -p takes whole processes: thread groups, by their first thread's id. */
static int check_pid(pid_t pid, struct abide_error *e)
{
	char path[48], line[256], state = 0;
	int tgid = -1;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	f = fopen(path, "re");
	if (!f) {
		if (kill(pid, 0) && errno == ESRCH)
			return error_set(e, -ESRCH, "no-process", "there is no process %d", pid);
		return 0; /* /proc is not there: the filter itself finds out */
	}
	while (fgets(line, sizeof(line), f)) {
		sscanf(line, "State: %c", &state);
		sscanf(line, "Tgid: %d", &tgid);
	}
	fclose(f);
	if (tgid > 0 && tgid != pid) {
		error_set(e, -EINVAL, "not-a-process",
		          "%d is a thread of process %d, and processes are watched as a whole", pid,
		          tgid);
		return error_hint(e, "-p %d", tgid);
	}
	if (state == 'Z' || state == 'X')
		return error_set(e, -ESRCH, "no-process", "process %d has ended", pid);
	return 0;
}

static int check_pids(const struct run *run, struct abide_error *e)
{
	uint32_t i;
	int err = 0;

	for (i = 0; !err && i < run->nr_pids; i++)
		err = check_pid(run->pids[i], e);
	return err;
}

static int open_signals(struct run_parts *p, struct abide_error *e)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGCHLD);
	sigprocmask(SIG_BLOCK, &set, &p->mask);
	p->signals = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
	return p->signals < 0
	               ? error_set(e, -errno, "", "cannot wait for signals: %s", strerror(errno))
	               : 0;
}

static void name_symbol(void *ctx, uint32_t pid, uint64_t address, struct buf *out)
{
	const struct run_parts *p = ctx;

	p->engine->symbol(p, pid, address, out);
}

static int open_plan(struct run_parts *p, struct abide_error *e)
{
	const struct run *run = p->run;
	struct render_options opts = { .format = run->json ? RENDER_JSON : RENDER_TEXT,
		                       .timestamps = run->timestamps,
		                       .per_cpu = run->per_cpu,
		                       .top = run->top,
		                       .cpus = p->engine->cpus(),
		                       .machine = p->in.target ? target_machine(p->in.target) : NULL,
		                       .catalog = p->in.catalog,
		                       .symbol = p->engine->symbol ? name_symbol : NULL,
		                       .symbol_ctx = p };
	struct winsize w;

	if (isatty(STDOUT_FILENO)) {
		opts.color = !getenv("NO_COLOR");
		if (!ioctl(STDOUT_FILENO, TIOCGWINSZ, &w))
			opts.width = w.ws_col;
	}
	return render_open(p->object, &opts, &p->plan, e);
}

/* A library with events for programs that have none: they are in the command's process only. */
static int find_preload(const struct run *run, char **path, struct abide_error *e)
{
	if (!run->preload)
		return 0;
	if (run->command)
		return run_preload_find(run->preload, path, e);
	error_set(e, -EINVAL, "option-preload", "--preload is for a command that abide starts");
	return error_hint(e, "abide run %s --preload %s -- COMMAND", run->path, run->preload);
}

static int open_all(struct run_parts *p, struct abide_error *e)
{
	const struct run *run = p->run;
	int err;

	err = object_open_file(run->path, &p->object, e);
	if (err)
		return err;
	p->engine = app_wants(p->object) ? &run_engine_app : &run_engine_kernel;
	err = run_constants(p->object, run, &p->constants, e);
	if (!err)
		err = check_pids(run, e);
	if (!err)
		err = p->engine->prepare(p, e);
	if (!err)
		err = open_signals(p, e);
	if (!err && run->command)
		err = run_command_start(&p->command, run->command, &p->mask, e);
	if (!err)
		err = p->engine->open(p, e);
	return err ? err : open_plan(p, e);
}

void run_say_attached(struct run_parts *p)
{
	const struct run *run = p->run;
	uint32_t i, programs = p->engine->programs(p);

	if (p->said_attached)
		return;
	p->said_attached = true;
	if (run->json)
		run_json_attached(p);
	if (run->quiet || (!run->verbose && !isatty(STDERR_FILENO)))
		return;
	fprintf(stderr, "abide: %s: %u program%s, %u instructions", run->path, programs,
	        programs == 1 ? "" : "s", p->engine->insns(p));
	if (run->nr_pids || run->command)
		fputs(", watching process", stderr);
	for (i = 0; i < run->nr_pids; i++)
		fprintf(stderr, " %d", run->pids[i]);
	if (run->command)
		fprintf(stderr, " %d (%s)", p->command.pid, run->command[0]);
	fprintf(stderr, "%s; ^C ends\n", run->nr_pids || run->command ? " and its children" : "");
}

static void close_all(struct run_parts *p)
{
	run_command_stop(&p->command);
	render_free(p->plan);
	if (p->engine)
		p->engine->close(p);
	run_constants_free(&p->constants);
	inputs_close(&p->in);
	object_free(p->object);
	if (p->signals >= 0)
		close(p->signals);
}

static int execute(const struct run *run)
{
	struct run_parts p = { .run = run, .signals = -1 };
	struct abide_error e = { 0 };
	int status = EXIT_FAILURE, err;
	char *preload = NULL;

	err = find_preload(run, &preload, &e);
	p.command.preload = preload;
	if (!err)
		err = open_all(&p, &e);
	if (!err)
		err = p.engine->attach(&p, &e);
	if (!err && run->command)
		err = run_command_go(&p.command, run->command, &status, &e);
	if (!err)
		err = run_loop(&p, &e);
	if (err) {
		if (run->json)
			run_json_error(&e);
		cli_error(&e);
		if (!strncmp(e.tag, "option-", 7))
			status = EXIT_USAGE;
	}
	close_all(&p);
	free(preload);
	return err ? status : 0;
}

int cmd_run(int argc, char **argv)
{
	struct run run = { 0 };
	int status;

	run.settings = calloc(argc + 1, sizeof(*run.settings));
	if (!run.settings) {
		fputs("abide: out of memory\n", stderr);
		return EXIT_FAILURE;
	}
	status = parse(&run, argc, argv);
	if (!status)
		status = run.help ? help(&run) : execute(&run);
	free(run.settings);
	return status;
}
