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
	const char *path, *catalog, *preload;
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
#define RUN_ENVIRONMENT 2
struct run_command {
	/* For the command alone; borrowed. */
	struct {
		const char *name, *value;
	} environment[RUN_ENVIRONMENT];
	const char *preload; /* path of a library, NULL: none */
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

/* All that one run holds, in the order in which it comes to be. */
struct run_engine;
struct run_parts {
	const struct run *run;
	struct object *object;
	struct run_constants constants;
	const struct run_engine *engine;
	sigset_t mask; /* of before: a second signal acts as it always does */
	int signals;   /* signalfd */
	struct run_command command;
	void *state;         /* the engine's */
	struct inputs in;    /* the engine's; the object is above */
	struct render_plan *plan;
	bool said_attached;
};

/*
 * Where programs run: run_kernel.c, run_app.c. Chosen by the object's events. All may be called with what
 * came before them only; close with anything.
 */
struct run_engine {
	/* Before the command is started: can it work here, and what does the command's environment have to be? */
	int (*prepare)(struct run_parts *p, struct abide_error *e);
	/* Translate and load; nothing runs yet. */
	int (*open)(struct run_parts *p, struct abide_error *e);
	int (*attach)(struct run_parts *p, struct abide_error *e);
	/* Nothing runs any more; maps and counts are what they are. */
	void (*detach)(struct run_parts *p);
	void (*close)(struct run_parts *p);
	uint32_t (*programs)(const struct run_parts *p);
	uint32_t (*insns)(const struct run_parts *p);
	uint32_t (*cpus)(void); /* values in an entry of a per-CPU map */
	/* Results: as in kernel/engine.h. */
	bool (*has_map)(const struct run_parts *p, uint32_t map);
	int (*read)(const struct run_parts *p, uint32_t map, struct session_entries *out, struct abide_error *e);
	int (*ring)(struct run_parts *p, uint32_t map, session_record_fn fn, void *ctx, struct abide_error *e);
	int (*rings_fd)(const struct run_parts *p);
	bool (*rings_ready)(struct run_parts *p); /* about to wait for rings_fd: is there something already? */
	int (*rings_consume)(struct run_parts *p);
	uint64_t (*lost)(const struct run_parts *p, uint32_t map); /* records of a ring */
	/* Processes: a descriptor to poll for what serve has to look at, -1: none. */
	int (*fd)(const struct run_parts *p);
	int (*serve)(struct run_parts *p, struct abide_error *e);
	uint32_t (*watched)(const struct run_parts *p); /* how many are alive */
	/* After detach: what is to be told; an error if the run was in vain. */
	int (*ended)(struct run_parts *p, struct abide_error *e);
	/* The name of an address in a process, as in render.h; NULL: none have. */
	void (*symbol)(const struct run_parts *p, uint32_t pid, uint64_t address, struct buf *out);
};
extern const struct run_engine run_engine_kernel, run_engine_app;

/* run.c: everything is attached. For once; the engine may do it when it knows that late. */
void run_say_attached(struct run_parts *p);

/* run_loop.c: wait, print, until something ends it. */
int run_loop(struct run_parts *p, struct abide_error *e);

/* run_json.c: lines that no map or ring is behind. */
void run_json_attached(const struct run_parts *p);
/* @file: NULL: not known. */
void run_json_unlike(int pid, const char *program, const char *event, const char *file);
void run_json_error(const struct abide_error *e);

#endif
