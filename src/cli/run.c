/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * abide run OBJ: translate for the running kernel, load, attach, show. In: an object,
 * whom to watch (-p, or a command behind "--"), for how long. Results go to stdout, all
 * else to stderr. Options that abide does not know are the object's own. Nothing is left
 * in the kernel when it ends, however it ends.
 */
#include <errno.h>
#include <getopt.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include <bpf/libbpf.h>

#include "check/stamp.h"
#include "cli/cli.h"
#include "cli/run.h"
#include "translate/translate.h"

static const char usage[] =
	"usage: abide run OBJ [OPTIONS] [--VARIABLE=VALUE]... [INTERVAL [COUNT]]\n"
	"                 [-- COMMAND [ARG]...]\n"
	"\n"
	"Run an object's programs on this kernel and show what they find.\n"
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
	"      --catalog FILE     add or replace user events and structs\n"
	"      --force            run what is stamped for another kernel (abide stamp)\n"
	"  -q, --quiet            no messages but errors\n"
	"  -v, --verbose          explain rewritten loads; twice: the kernel's log too\n"
	"  -h, --help             this text; with OBJ, its own options too\n"
	"\n"
	"^C shows results a last time and ends; a second one kills.\n"
	"Exit status: 0 fine, 1 failed or refused, 2 wrong arguments, 126 or 127 COMMAND\n"
	"cannot be run.\n";

enum { OPT_CATALOG = 256, OPT_PER_CPU, OPT_FORCE };

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

/* All that one run holds, in the order in which it comes to be. */
struct parts {
	sigset_t mask; /* of before */
	int signals;
	struct run_command command;
	struct inputs in;
	struct run_constants constants;
	struct object *follow_object;
	struct translated *translated, *follow;
	struct session *session;
	struct render_plan *plan;
};

static int open_signals(struct parts *p, struct abide_error *e)
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

static int translate(const struct run *run, struct parts *p, struct abide_error *e)
{
	struct translate_options opts = { .filter = run->nr_pids || run->command };
	struct buf explain = { 0 };
	int err;

	opts.explain = run->verbose ? &explain : NULL;
	err = translate_object(p->in.object, p->in.catalog, p->in.target, &opts, &p->translated, e);
	if (explain.size && !explain.failed)
		fwrite(explain.data, 1, explain.size, stderr);
	buf_free(&explain);
	if (err || !opts.filter)
		return err;
	opts = (struct translate_options){ 0 };
	err = object_open_mem(follow_object, follow_object_size, "the process filter",
	                      &p->follow_object, e);
	return err ? err
	           : translate_object(p->follow_object, p->in.catalog, p->in.target, &opts,
	                              &p->follow, e);
}

/* The running kernel, asked for by the checks. */
struct here {
	struct kernels *kernels;
	struct kernel_list list;
};

static const struct notes *notes_here(void *arg, bool symbols)
{
	struct here *h = arg;
	const struct notes *n = NULL;

	if (!h->kernels && (kernels_open(&h->kernels, NULL) || kernels_find(h->kernels, NULL, &h->list, NULL)))
		return NULL;
	return !h->list.nr || kernels_notes(h->kernels, h->list.items[0], symbols, &n, NULL) ? NULL : n;
}

/* Was a program that depends on the kernel's internals tested for this kernel, if it says for which? */
static int check_stamp(const struct run *run, const struct parts *p, struct abide_error *e)
{
	struct here h = { 0 };
	struct stamp_kernel on = { .btf = p->in.btf, .notes = notes_here, .notes_arg = &h };
	struct utsname u;
	int err;

	if (run->force)
		return 0;
	if (uname(&u))
		return error_set(e, -errno, "", "which kernel is this? %s", strerror(errno));
	on.release = u.release;
	err = stamp_allows(p->in.object, &on, p->in.catalog, e);
	free(h.list.items);
	kernels_close(h.kernels);
	return err;
}

static int open_session(const struct run *run, struct parts *p, struct abide_error *e)
{
	struct session_options opts = { .variables = p->constants.values,
		                        .nr_variables = p->constants.n,
		                        .follow = p->follow,
		                        .log = run->verbose > 1 };
	int err;

	err = session_open(p->translated, &opts, &p->session, e);
	if (!err && run->verbose > 1)
		fputs(session_log(p->session), stderr);
	return err;
}

static int open_plan(const struct run *run, struct parts *p, struct abide_error *e)
{
	struct render_options opts = { .format = run->json ? RENDER_JSON : RENDER_TEXT,
		                       .timestamps = run->timestamps,
		                       .per_cpu = run->per_cpu,
		                       .top = run->top };
	int cpus = libbpf_num_possible_cpus();
	struct winsize w;

	if (isatty(STDOUT_FILENO)) {
		opts.color = !getenv("NO_COLOR");
		if (!ioctl(STDOUT_FILENO, TIOCGWINSZ, &w))
			opts.width = w.ws_col;
	}
	opts.cpus = cpus > 0 ? cpus : 1;
	opts.machine = target_machine(p->in.target);
	opts.catalog = p->in.catalog;
	return render_open(p->in.object, &opts, &p->plan, e);
}

static int open_all(const struct run *run, struct parts *p, struct abide_error *e)
{
	int err;

	err = engine_probe(e);
	if (!err)
		err = check_pids(run, e);
	if (!err)
		err = open_signals(p, e);
	if (!err && run->command)
		err = run_command_start(&p->command, run->command, &p->mask, e);
	if (!err)
		err = inputs_open(&p->in, run->path, run->catalog, NULL, e);
	if (!err)
		err = check_stamp(run, p, e);
	if (!err)
		err = run_constants(p->in.object, run, &p->constants, e);
	if (!err)
		err = translate(run, p, e);
	if (!err)
		err = open_session(run, p, e);
	if (!err)
		err = open_plan(run, p, e);
	return err;
}

static void say_attached(const struct run *run, const struct parts *p)
{
	uint32_t i;

	if (run->json)
		run_json_attached(run, p->session);
	if (run->quiet || (!run->verbose && !isatty(STDERR_FILENO)))
		return;
	fprintf(stderr, "abide: %s: %u program%s, %u instructions", run->path,
	        session_programs(p->session), session_programs(p->session) == 1 ? "" : "s",
	        session_insns(p->session));
	if (run->nr_pids || run->command)
		fputs(", watching process", stderr);
	for (i = 0; i < run->nr_pids; i++)
		fprintf(stderr, " %d", run->pids[i]);
	if (run->command)
		fprintf(stderr, " %d (%s)", p->command.pid, run->command[0]);
	fprintf(stderr, "%s; ^C ends\n", run->nr_pids || run->command ? " and its children" : "");
}

static int attach(const struct run *run, struct parts *p, int *status, struct abide_error *e)
{
	uint32_t i;
	int err;

	err = session_attach(p->session, e);
	for (i = 0; !err && i < run->nr_pids; i++)
		err = session_watch(p->session, run->pids[i], e);
	if (!err && run->command)
		err = session_watch(p->session, p->command.pid, e);
	if (err)
		return err;
	say_attached(run, p);
	return run->command ? run_command_go(&p->command, run->command, status, e) : 0;
}

static void close_all(struct parts *p)
{
	run_command_stop(&p->command);
	render_free(p->plan);
	session_free(p->session);
	translated_free(p->translated);
	translated_free(p->follow);
	object_free(p->follow_object);
	run_constants_free(&p->constants);
	inputs_close(&p->in);
	if (p->signals >= 0)
		close(p->signals);
}

static int execute(const struct run *run)
{
	struct parts p = { .signals = -1 };
	struct abide_error e = { 0 };
	struct run_loop loop = { .run = run, .command = &p.command, .mask = &p.mask };
	int status = EXIT_FAILURE, err;

	err = open_all(run, &p, &e);
	if (!err)
		err = attach(run, &p, &status, &e);
	if (!err) {
		loop.object = p.in.object;
		loop.session = p.session;
		loop.plan = p.plan;
		loop.signals = p.signals;
		err = run_loop(&loop, &e);
	}
	if (err) {
		if (run->json)
			run_json_error(&e);
		cli_error(&e);
		if (!strncmp(e.tag, "option-", 7))
			status = EXIT_USAGE;
	}
	close_all(&p);
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
