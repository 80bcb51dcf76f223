/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
#ifndef ABIDE_CLI_RUN_H
#define ABIDE_CLI_RUN_H

#include <signal.h>
#include <time.h>

#include "cli/inputs.h"
#include "kernel/engine.h"
#include "render/render.h"

/* Inside `abide run`: what was asked, and its parts, one file each. */
#define RUN_PIDS 64

struct run {
	const char *path, *catalog;
	char **settings; /* "--min-us=100": options that abide itself does not know */
	uint32_t nr_settings;
	char **command; /* behind "--", NULL: none */
	pid_t pids[RUN_PIDS];
	uint32_t nr_pids;
	double duration, interval; /* seconds, 0: not asked */
	uint64_t count;            /* intervals, 0: no end */
	uint32_t top;
	bool json, timestamps, per_cpu, quiet, help, force;
	int verbose;
};

/*
 * run_constants.c: the object's `const volatile` variables as options. *@out has @run's
 * settings, typed and checked by BTF; free it with run_constants_free.
 */
struct run_constants {
	struct session_variable *values;
	uint32_t n;
};
int run_constants(const struct object *o, const struct run *run, struct run_constants *out,
                  struct abide_error *e);
void run_constants_free(struct run_constants *c);
void run_constants_help(const struct object *o, FILE *f);

/* run_command.c: a command that waits until it is let go. All-zero: none. */
struct run_command {
	pid_t pid;
	int go, failed; /* pipes: write end; read end of the errno of a failed exec */
	bool ended;
	int status; /* of wait(2), when .ended */
};
/* @mask: signals that the command is to have blocked. */
int run_command_start(struct run_command *c, char **argv, const sigset_t *mask,
                      struct abide_error *e);
/* 0: it runs. Otherwise *@status is what a shell would exit with: 126 or 127. */
int run_command_go(struct run_command *c, char **argv, int *status, struct abide_error *e);
/* Has it ended? Does not wait. */
bool run_command_poll(struct run_command *c);
/* Never let go: goes away by itself. Running: asked to end by SIGTERM. */
void run_command_stop(struct run_command *c);

/* run_loop.c: wait, print, until something ends it. */
struct run_loop {
	const struct run *run;
	const struct object *object;
	struct session *session;
	struct render_plan *plan;
	struct run_command *command;
	int signals;          /* signalfd */
	const sigset_t *mask; /* of before: a second signal acts as it always does */
	struct buf out;
	bool render_failed;
	struct abide_error *e;
};
int run_loop(struct run_loop *l, struct abide_error *e);

/* run_json.c: lines that no map or ring is behind. */
void run_json_attached(const struct run *run, const struct session *s);
void run_json_error(const struct abide_error *e);

#endif
