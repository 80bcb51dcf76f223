/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Programs in the running kernel. In: an object whose events are the kernel's. Out: it is
 * translated by the kernel's BTF, loaded by bpf(2), and filtered by processes where some are to be
 * watched. The session (src/kernel) does the work; this is its place in the table of engines.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include <bpf/libbpf.h>

#include "check/stamp.h"
#include "cli/cli.h"
#include "cli/run.h"
#include "profile/places.h"
#include "translate/translate.h"

struct kernel_run {
	struct object *follow_object;
	struct translated *translated, *follow;
	struct session *session;
};

static const struct kernel_run *state(const struct run_parts *p)
{
	return p->state;
}

static int prepare(struct run_parts *p, struct abide_error *e)
{
	int err = engine_probe(e);

	if (err)
		return err;
	p->state = calloc(1, sizeof(struct kernel_run));
	return p->state ? 0 : error_nomem(e);
}

static int translate(struct run_parts *p, struct kernel_run *k, struct abide_error *e)
{
	const struct run *run = p->run;
	struct translate_options opts = { .filter = run->nr_pids || run->command };
	struct buf explain = { 0 };
	int err;

	opts.explain = run->verbose ? &explain : NULL;
	err = translate_object(p->object, p->in.catalog, p->in.target, &opts, &k->translated, e);
	if (explain.size && !explain.failed)
		fwrite(explain.data, 1, explain.size, stderr);
	buf_free(&explain);
	if (err || !opts.filter)
		return err;
	opts = (struct translate_options){ 0 };
	err = object_open_mem(follow_object, follow_object_size, "the process filter",
	                      &k->follow_object, e);
	return err ? err
	           : translate_object(k->follow_object, p->in.catalog, p->in.target, &opts,
	                              &k->follow, e);
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
static int check_stamp(const struct run_parts *p, struct abide_error *e)
{
	struct here h = { 0 };
	struct stamp_kernel on = { .btf = p->in.btf, .notes = notes_here, .notes_arg = &h };
	struct utsname u;
	int err;

	if (p->run->force)
		return 0;
	if (uname(&u))
		return error_set(e, -errno, "", "which kernel is this? %s", strerror(errno));
	on.release = u.release;
	err = places_open(NULL, "", p->in.btf, &on.modules, e);
	if (!err)
		err = stamp_allows(p->object, &on, p->in.catalog, e);
	modules_free(on.modules);
	free(h.list.items);
	kernels_close(h.kernels);
	return err;
}

static int open_session(struct run_parts *p, struct kernel_run *k, struct abide_error *e)
{
	struct session_options opts = { .variables = p->constants.values,
		                        .nr_variables = p->constants.n,
		                        .follow = k->follow,
		                        .log = p->run->verbose > 1 };
	int err;

	err = session_open(k->translated, &opts, &k->session, e);
	if (!err && p->run->verbose > 1)
		fputs(session_log(k->session), stderr);
	return err;
}

static int open_kernel(struct run_parts *p, struct abide_error *e)
{
	struct kernel_run *k = p->state;
	int err;

	err = inputs_open(&p->in, NULL, p->run->catalog, NULL, e);
	if (!err)
		err = check_stamp(p, e);
	if (!err)
		err = translate(p, k, e);
	return err ? err : open_session(p, k, e);
}

static int attach(struct run_parts *p, struct abide_error *e)
{
	struct kernel_run *k = p->state;
	uint32_t i;
	int err;

	err = session_attach(k->session, e);
	for (i = 0; !err && i < p->run->nr_pids; i++)
		err = session_watch(k->session, p->run->pids[i], e);
	if (!err && p->run->command)
		err = session_watch(k->session, p->command.pid, e);
	if (!err)
		run_say_attached(p);
	return err;
}

static void detach(struct run_parts *p)
{
	session_detach(state(p)->session);
}

static void close_kernel(struct run_parts *p)
{
	struct kernel_run *k = p->state;

	if (!k)
		return;
	session_free(k->session);
	translated_free(k->translated);
	translated_free(k->follow);
	object_free(k->follow_object);
	free(k);
}

static uint32_t programs(const struct run_parts *p)
{
	return session_programs(state(p)->session);
}

static uint32_t insns(const struct run_parts *p)
{
	return session_insns(state(p)->session);
}

static uint32_t cpus(void)
{
	int n = libbpf_num_possible_cpus();

	return n > 0 ? n : 1;
}

static bool has_map(const struct run_parts *p, uint32_t map)
{
	return session_map(state(p)->session, map) >= 0;
}

static int read_map(const struct run_parts *p, uint32_t map, struct session_entries *out,
                    struct abide_error *e)
{
	return session_read(state(p)->session, map, out, e);
}

static int ring(struct run_parts *p, uint32_t map, session_record_fn fn, void *ctx,
                struct abide_error *e)
{
	return session_ring(state(p)->session, map, fn, ctx, e);
}

static int rings_fd(const struct run_parts *p)
{
	return session_rings_fd(state(p)->session);
}

/* The kernel itself looks when the descriptor is waited for. */
static bool rings_ready(struct run_parts *p)
{
	(void)p;
	return false;
}

static int rings_consume(struct run_parts *p)
{
	return session_rings_consume(state(p)->session);
}

/* A ring in the kernel does not count what did not fit. */
static uint64_t lost(const struct run_parts *p, uint32_t map)
{
	(void)p;
	(void)map;
	return 0;
}

static int no_fd(const struct run_parts *p)
{
	(void)p;
	return -1;
}

static int serve(struct run_parts *p, struct abide_error *e)
{
	(void)p;
	(void)e;
	return 0;
}

static uint32_t watched(const struct run_parts *p)
{
	int n = session_watched(state(p)->session);

	return n > 0 ? n : 0;
}

static int ended(struct run_parts *p, struct abide_error *e)
{
	uint64_t missed = session_unfollowed(state(p)->session);

	(void)e;
	if (missed)
		fprintf(stderr,
		        "abide: %llu children were not watched: too many processes at once\n",
		        (unsigned long long)missed);
	return 0;
}

const struct run_engine run_engine_kernel = {
	.prepare = prepare,
	.open = open_kernel,
	.attach = attach,
	.detach = detach,
	.close = close_kernel,
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
	.fd = no_fd,
	.serve = serve,
	.watched = watched,
	.ended = ended,
};
