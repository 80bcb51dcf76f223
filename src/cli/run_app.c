/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Programs in applications. In: an object whose events are PROVIDER:NAME, and processes, or a
 * command. Out: each process has the programs, translated for its binary. No privilege is needed, and
 * no bpf(2). The session (src/app) does the work; this is its place in the table of engines, and
 * says what happens to processes.
 *
 * A command connects by itself (ABIDE_EVENT_WAIT) and waits at its start, so the first of its
 * events is seen; so do other programs that it starts. What they refuse is told once it is clear
 * that nobody ran the programs.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "app/session.h"
#include "app/symbols.h"
#include "cli/cli.h"
#include "cli/run.h"

struct app_run {
	struct app_session *session;
	struct app_symbols *symbols;
	struct timespec looked; /* when, at what processes have mapped */
	struct run_parts *parts;
	struct abide_error refused; /* the first one that says so by itself */
};

static struct app_run *state(const struct run_parts *p)
{
	return p->state;
}

static void say_made(const struct app_run *a, const struct app_process *process)
{
	const struct app_program *program;
	uint32_t i;

	for (i = 0; (program = app_session_program(a->session, i)); i++) {
		const struct message_made *m = &process->made[i];

		fprintf(stderr,
		        "abide: process %d (%s): %s on %s: %u instructions, %u bytes of native code; "
		        "verified in %.2f ms (%u steps), compiled in %.2f ms\n",
		        process->pid, process->name, program->name, program->event, m->insns,
		        m->native, m->verify_ns / 1e6, m->visited, m->compile_ns / 1e6);
	}
}

static void on_attached(void *ctx, const struct app_process *process)
{
	struct app_run *a = ctx;
	const struct run *run = a->parts->run;

	app_symbols_look(a->symbols, process->pid);
	if (run->command)
		run_say_attached(a->parts);
	if (run->verbose && process->made)
		say_made(a, process);
	else if (run->verbose)
		fprintf(stderr, "abide: process %d (%s): a child, with its parent's programs\n",
		        process->pid, process->name);
}

static void on_explained(void *ctx, const char *binary, const struct buf *text)
{
	(void)ctx;
	fprintf(stderr, "abide: for %s:\n", binary);
	fwrite(text->data, 1, text->size, stderr);
}

static void on_refused(void *ctx, pid_t pid, const struct abide_error *e)
{
	struct app_run *a = ctx;

	if (!a->refused.code)
		a->refused = *e;
	if (a->parts->run->verbose)
		fprintf(stderr, "abide: process %d goes on without: %s\n", pid, e->problem);
}

/* Told at once: what it misses is not in any count. */
static void on_unlike(void *ctx, const struct app_process *process, const struct app_program *program, const char *file)
{
	const struct app_run *a = ctx;

	if (a->parts->run->json)
		run_json_unlike(process->pid, program->name, program->event, file);
	fprintf(stderr,
	        "abide: process %d (%s): %s, loaded later, has event %s laid out otherwise: %s is not on it there\n",
	        process->pid, process->name, file ? file : "a library", program->event, program->name);
}

/* As the kernel's trace_pipe: text, with the line's end where the program wrote one. */
static void on_printed(void *ctx, const char *text, uint32_t size)
{
	(void)ctx;
	fwrite(text, 1, size, stderr);
	if (size && text[size - 1] != '\n')
		fputc('\n', stderr);
}

static int refuse_nobody(const struct run *run, struct abide_error *e)
{
	error_set(e, -EINVAL, "app-nobody", "%s is for an application's events: which process?",
	          run->path);
	return error_hint(e, "abide run %s -p PID, or abide run %s -- COMMAND", run->path,
	                  run->path);
}

static int prepare(struct run_parts *p, struct abide_error *e)
{
	const struct run *run = p->run;
	struct app_run *a = calloc(1, sizeof(*a));
	struct app_session_options opts = { .settings = p->constants.values,
		                            .nr_settings = p->constants.n,
		                            .explain = run->verbose,
		                            .attached = on_attached,
		                            .explained = on_explained,
		                            .refused = on_refused,
		                            .unlike = on_unlike,
		                            .printed = on_printed,
		                            .ctx = a };
	int err;

	p->state = a;
	if (!a)
		return error_nomem(e);
	a->parts = p;
	err = app_symbols_new(&a->symbols, e);
	if (err)
		return err;
	if (!run->command && !run->nr_pids)
		return refuse_nobody(run, e);
	err = app_session_open(p->object, &opts, &a->session, e);
	if (err)
		return err;
	p->command.environment[0].name = "ABIDE_EVENT";
	p->command.environment[0].value = "1";
	p->command.environment[1].name = "ABIDE_EVENT_WAIT";
	p->command.environment[1].value = app_session_path(a->session);
	return 0;
}

static int open_app(struct run_parts *p, struct abide_error *e)
{
	uint32_t i;
	int err = 0;

	for (i = 0; !err && i < p->run->nr_pids; i++)
		err = app_session_watch(state(p)->session, p->run->pids[i], e);
	return err;
}

static int attach(struct run_parts *p, struct abide_error *e)
{
	int err = app_session_start(state(p)->session, e);

	if (!err && p->run->nr_pids)
		run_say_attached(p);
	return err;
}

static void detach(struct run_parts *p)
{
	app_session_detach(state(p)->session);
}

static void close_app(struct run_parts *p)
{
	if (!p->state)
		return;
	app_session_free(state(p)->session);
	app_symbols_free(state(p)->symbols);
	free(p->state);
}

static uint32_t programs(const struct run_parts *p)
{
	return app_session_programs(state(p)->session);
}

static uint32_t insns(const struct run_parts *p)
{
	return app_session_insns(state(p)->session);
}

static uint32_t cpus(void)
{
	return PROCESS_SLOTS;
}

static bool has_map(const struct run_parts *p, uint32_t map)
{
	return app_session_has_map(state(p)->session, map);
}

/* Libraries come later, too. What has ended stays as it was last seen. */
static void look_again(struct app_run *a)
{
	const struct app_process *process;
	struct timespec now;
	uint32_t i;

	clock_gettime(CLOCK_MONOTONIC, &now);
	if (now.tv_sec == a->looked.tv_sec)
		return;
	a->looked = now;
	for (i = 0; (process = app_session_process(a->session, i)); i++)
		if (!process->ended)
			app_symbols_look(a->symbols, process->pid);
}

static void symbol(const struct run_parts *p, uint32_t pid, uint64_t address, struct buf *out)
{
	app_symbols_name(state(p)->symbols, pid, address, out);
}

static int read_map(const struct run_parts *p, uint32_t map, struct session_entries *out,
                    struct abide_error *e)
{
	look_again(state(p));
	return app_session_read(state(p)->session, map, out, e);
}

static int ring(struct run_parts *p, uint32_t map, session_record_fn fn, void *ctx,
                struct abide_error *e)
{
	return app_session_ring(state(p)->session, map, fn, ctx, e);
}

static int rings_fd(const struct run_parts *p)
{
	return app_session_rings_fd(state(p)->session);
}

static bool rings_ready(struct run_parts *p)
{
	return app_session_rings_ready(state(p)->session);
}

static int rings_consume(struct run_parts *p)
{
	return app_session_rings_consume(state(p)->session);
}

static uint64_t lost(const struct run_parts *p, uint32_t map)
{
	return app_session_lost(state(p)->session, map);
}

static int fd(const struct run_parts *p)
{
	return app_session_fd(state(p)->session);
}

static int serve(struct run_parts *p, struct abide_error *e)
{
	return app_session_serve(state(p)->session, e);
}

static uint32_t watched(const struct run_parts *p)
{
	return app_session_watched(state(p)->session);
}

static void say_counts(const struct app_run *a, const struct app_process *process)
{
	const struct app_program *program;
	uint32_t i;

	if (!process->counts) {
		fprintf(stderr, "abide: process %d (%s) ended before abide did\n", process->pid,
		        process->name);
		return;
	}
	for (i = 0; (program = app_session_program(a->session, i)); i++) {
		const struct message_counts *c = &process->counts[i];

		fprintf(stderr,
		        "abide: process %d (%s): %s on %s: %llu runs, %llu missed, %llu over budget, "
		        "%llu bad addresses\n",
		        process->pid, process->name, program->name, program->event,
		        (unsigned long long)c->runs, (unsigned long long)c->missed,
		        (unsigned long long)c->budget, (unsigned long long)c->faults);
	}
}

static int in_vain(const struct run_parts *p, struct abide_error *e)
{
	const struct app_run *a = state(p);

	error_set(e, -ENOENT, "app-nobody", "no process of %s ran the programs of %s",
	          p->run->command[0], p->run->path);
	if (a->refused.code)
		error_reason(e, "%s", a->refused.problem);
	else if (p->run->preload)
		error_reason(e, "it did not load the library: it is statically linked, or runs with more rights "
		                "than its user");
	else
		error_reason(e, "none of them connected: none is linked with libabide-event");
	if (!a->refused.code && p->run->preload)
		return error_hint(e, "ldd COMMAND says whether it is; man 7 abide-libc");
	return error_hint(e, "%s", *a->refused.hint ? a->refused.hint
	                                            : "abide list BINARY shows its events; --preload libc gives "
	                                              "any command some");
}

static int ended(struct run_parts *p, struct abide_error *e)
{
	const struct app_run *a = state(p);
	const struct app_process *process;
	uint32_t i;

	for (i = 0; p->run->verbose && (process = app_session_process(a->session, i)); i++)
		say_counts(a, process);
	return app_session_ever(a->session) ? 0 : in_vain(p, e);
}

const struct run_engine run_engine_app = {
	.prepare = prepare,
	.open = open_app,
	.attach = attach,
	.detach = detach,
	.close = close_app,
	.programs = programs,
	.insns = insns,
	.cpus = cpus,
	.has_map = has_map,
	.read = read_map,
	.ring = ring,
	.rings_fd = rings_fd,
	.rings_ready = rings_ready,
	.rings_consume = rings_consume,
	.lost = lost,
	.fd = fd,
	.serve = serve,
	.watched = watched,
	.ended = ended,
	.symbol = symbol,
};
