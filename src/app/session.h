/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
#ifndef ABIDE_APP_SESSION_H
#define ABIDE_APP_SESSION_H

#include <sys/types.h>

#include "app/image.h"
#include "kernel/engine.h"
#include "process/message.h"
#include "util/buf.h"

/*
 * One run of an object on applications: its maps, and any number of processes that run its
 * programs on them. All that it makes is memory and sockets; it needs no privilege and no bpf(2), and
 * whatever ends this process ends what the others run for it.
 */
struct app_session;

/* A process that runs the programs, or ran them. */
struct app_process {
	pid_t pid;
	char name[16];
	bool ended;
	uint32_t insns; /* of all programs */
	const struct message_made *made;     /* one a program, NULL: a child that was forked with them */
	const struct message_counts *counts; /* final ones, NULL: it ended without them */
};

struct app_session_options {
	const struct session_variable *settings; /* of `const volatile` variables */
	uint32_t nr_settings;
	bool explain; /* hand over what was translated */
	/* Any may be NULL. */
	void (*attached)(void *ctx, const struct app_process *p);
	void (*explained)(void *ctx, const char *binary, const struct buf *text);
	/* A process that came later, or a child, does not run the programs: it goes on without. */
	void (*refused)(void *ctx, pid_t pid, const struct abide_error *e);
	/* A program is not on its event in @file (NULL: not known): the event is laid out otherwise there. */
	void (*unlike)(void *ctx, const struct app_process *p, const struct app_program *program, const char *file);
	void (*printed)(void *ctx, const char *text, uint32_t size); /* what programs print */
	void *ctx;
};

/* @o and what @opts names outlive the session. Listens for processes: app_session_path. */
int app_session_open(const struct object *o, const struct app_session_options *opts, struct app_session **out,
		     struct abide_error *e);
void app_session_free(struct app_session *s);
/* For ABIDE_EVENT_WAIT: processes that connect there are attached before they go on. */
const char *app_session_path(const struct app_session *s);

/* Connect to a process and send it the programs, translated for it; nothing runs yet. */
int app_session_watch(struct app_session *s, pid_t pid, struct abide_error *e);
/* Start all. */
int app_session_start(struct app_session *s, struct abide_error *e);
/* Detach everywhere; counts become final. Maps stay readable. */
void app_session_detach(struct app_session *s);

/* To poll(2) for POLLIN: processes came or ended, see app_session_serve; records came. */
int app_session_fd(const struct app_session *s);
/* An error: no process has run the programs so far, and this one refused them. */
int app_session_serve(struct app_session *s, struct abide_error *e);
/* How many run the programs now, and ever. */
uint32_t app_session_watched(const struct app_session *s);
uint32_t app_session_ever(const struct app_session *s);
/* The one of number @i, in the order in which they came; NULL: there is none. */
const struct app_process *app_session_process(const struct app_session *s, uint32_t i);
/* Of the first binary; 0: none came so far. */
uint32_t app_session_programs(const struct app_session *s);
uint32_t app_session_insns(const struct app_session *s);
const struct app_program *app_session_program(const struct app_session *s, uint32_t i);

/* Results. As of the kernel's session (kernel/engine.h), with PROCESS_SLOTS values in per-CPU maps. */
bool app_session_has_map(const struct app_session *s, uint32_t index);
int app_session_read(const struct app_session *s, uint32_t index, struct session_entries *out, struct abide_error *e);
/* Also before there is a process, and so maps. */
int app_session_ring(struct app_session *s, uint32_t index, session_record_fn fn, void *ctx, struct abide_error *e);
int app_session_rings_fd(const struct app_session *s);
/* About to wait for rings_fd. True: there is something already. */
bool app_session_rings_ready(struct app_session *s);
int app_session_rings_consume(struct app_session *s);
/* Records that did not fit into map @index, a ring. */
uint64_t app_session_lost(const struct app_session *s, uint32_t index);

#endif
