/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Waiting and printing. In: an attached session and a plan of what its maps mean. Out:
 * results on stdout, each interval and at the end. It ends by SIGINT or SIGTERM (a second
 * one kills), when the time or the intervals are over, when the command ends, or when
 * the last watched process has ended.
 *
 * A wake-up costs far more than a record, so after each look at the rings they are left
 * alone for a few milliseconds, and looked at every tenth of a second whether or not
 * the program asks for a wake-up.
 */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/run.h"
#include "util/clock.h"

#define MS   1000000ull
#define NAP  (10 * MS)  /* ns without a look at the rings */
#define TICK (100 * MS) /* ns between looks at what tells nobody: rings, who is alive */

enum end { RUN_ON, END_PRINT, END_SILENT };

struct loop {
	struct run_parts *p;
	const struct run_engine *engine;
	struct buf out;
	bool render_failed;
	struct abide_error *e;
};

static struct timespec wall(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return t;
}

/* Rendered text to stdout at once: a pipe's reader waits for it. */
static int put_out(struct loop *l, struct abide_error *e)
{
	size_t size = l->out.size;

	if (l->out.failed)
		return error_nomem(e);
	l->out.size = 0;
	if (!size || (fwrite(l->out.data, 1, size, stdout) == size && !fflush(stdout)))
		return 0;
	return error_set(e, -EIO, "output", "cannot write results: %s", strerror(errno));
}

static int on_record(void *ctx, uint32_t map, const void *data, uint32_t size)
{
	struct loop *l = ctx;
	int err;

	err = render_event(l->p->plan, map, data, size, wall(), &l->out, l->e);
	l->render_failed = err;
	if (!err && l->out.size > 64 * 1024) {
		err = put_out(l, l->e);
		l->render_failed = err;
	}
	return err;
}

static int open_rings(struct loop *l, struct abide_error *e)
{
	uint32_t i;
	int err = 0;

	for (i = 0; !err && i < l->p->object->nr_maps; i++)
		if (render_wants(l->p->plan, i) == RENDER_RECORDS)
			err = l->engine->ring(l->p, i, on_record, l, e);
	return err;
}

static int consume(struct loop *l, struct abide_error *e)
{
	int n = l->engine->rings_consume(l->p);

	if (n < 0)
		return l->render_failed
		               ? n
		               : error_set(e, n, "ring", "cannot read a ring: %s", strerror(-n));
	return put_out(l, e);
}

static int print_map(struct loop *l, uint32_t i, struct abide_error *e)
{
	struct session_entries entries;
	struct render_entries view;
	int err;

	err = l->engine->read(l->p, i, &entries, e);
	if (err)
		return err;
	view = (struct render_entries){ .keys = entries.keys,
		                        .values = entries.values,
		                        .n = entries.n,
		                        .key_size = entries.key_size,
		                        .value_size = entries.value_size };
	err = render_map(l->p->plan, i, &view, wall(), &l->out, e);
	session_entries_free(&entries);
	return err;
}

static int print_maps(struct loop *l, struct abide_error *e)
{
	uint32_t i;
	int err = 0;

	for (i = 0; !err && i < l->p->object->nr_maps; i++)
		if (render_wants(l->p->plan, i) == RENDER_ENTRIES && l->engine->has_map(l->p, i))
			err = print_map(l, i, e);
	return err ? err : put_out(l, e);
}

static enum end take_signal(struct loop *l)
{
	struct signalfd_siginfo info;
	enum end end = RUN_ON;

	while (read(l->p->signals, &info, sizeof(info)) == sizeof(info)) {
		if (info.ssi_signo == SIGCHLD) {
			if (run_command_poll(&l->p->command))
				end = END_PRINT;
		} else {
			sigprocmask(SIG_SETMASK, &l->p->mask, NULL);
			end = END_PRINT;
		}
	}
	return end;
}

static int timeout_ms(uint64_t now, uint64_t until)
{
	if (until <= now)
		return 0;
	return (until - now) / MS > 3600000 ? 3600000 : (int)((until - now + MS - 1) / MS);
}

static uint64_t after(uint64_t start, double seconds)
{
	return seconds > 0 && seconds < 1e9 ? start + (uint64_t)(seconds * 1e9) : UINT64_MAX;
}

static uint64_t earlier(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* What poll(2) waits for: signals, rings, processes that the engine looks after. */
enum { SIGNALS, RINGS, PROCESSES, NR_FDS };

static int wait_for(struct loop *l, struct pollfd *fds, uint64_t until, struct abide_error *e)
{
	bool ready = fds[RINGS].fd >= 0 && l->engine->rings_ready(l->p);
	uint64_t now = clock_ns();
	int n = poll(fds, NR_FDS, ready ? 0 : timeout_ms(now, until));

	if (n < 0 && errno != EINTR)
		return error_set(e, -errno, "", "cannot wait: %s", strerror(errno));
	if (n <= 0)
		fds[SIGNALS].revents = fds[RINGS].revents = fds[PROCESSES].revents = 0;
	if (ready)
		fds[RINGS].revents = POLLIN;
	return 0;
}

static int wait_and_print(struct loop *l, enum end *end, struct abide_error *e)
{
	const struct run *run = l->p->run;
	bool follows = run->nr_pids && !run->command;
	uint64_t start = clock_ns(), now = start, until, nap = 0, printed = 0;
	uint64_t deadline = after(start, run->duration), next = after(start, run->interval);
	struct pollfd fds[NR_FDS] = { [SIGNALS] = { .fd = l->p->signals, .events = POLLIN },
		                      [RINGS] = { .events = POLLIN },
		                      [PROCESSES] = { .fd = l->engine->fd(l->p), .events = POLLIN } };
	int rings, err = 0;

	while (!err && *end == RUN_ON) {
		rings = l->engine->rings_fd(l->p);
		until = earlier(deadline, next);
		if (rings >= 0 || follows)
			until = earlier(until, now + TICK);
		if (rings >= 0 && now < nap)
			until = earlier(until, nap);
		fds[RINGS].fd = now < nap ? -1 : rings;
		err = wait_for(l, fds, until, e);
		if (err)
			return err;
		if (fds[PROCESSES].revents)
			err = l->engine->serve(l->p, e);
		if (fds[SIGNALS].revents)
			*end = take_signal(l);
		now = clock_ns();
		if (!err && fds[RINGS].fd >= 0 && fds[RINGS].revents) {
			err = consume(l, e);
			nap = now + NAP;
		}
		if (!err && now >= next && *end == RUN_ON) {
			err = print_maps(l, e);
			while (next <= now)
				next = after(next, run->interval);
			if (run->count && ++printed >= run->count)
				*end = END_SILENT;
		}
		if (*end == RUN_ON && (now >= deadline || (follows && !l->engine->watched(l->p))))
			*end = END_PRINT;
	}
	return err;
}

static int print_lost(struct loop *l, struct abide_error *e)
{
	uint64_t n;
	uint32_t i;

	for (i = 0; i < l->p->object->nr_maps; i++) {
		n = l->engine->has_map(l->p, i) ? l->engine->lost(l->p, i) : 0;
		if (n)
			render_lost(l->p->plan, l->p->object->maps[i].name, n, wall(), &l->out);
	}
	return put_out(l, e);
}

static void say_how_it_ended(const struct run_parts *p)
{
	const struct run_command *c = &p->command;
	const char *name = c->pid ? p->run->command[0] : NULL;

	if (p->run->quiet || !name)
		return;
	if (!c->ended)
		fprintf(stderr, "abide: %s still runs and is asked to end (SIGTERM)\n", name);
	else if (WIFSIGNALED(c->status))
		fprintf(stderr, "abide: %s was ended by signal %d (%s)\n", name,
		        WTERMSIG(c->status), strsignal(WTERMSIG(c->status)));
	else if (WEXITSTATUS(c->status))
		fprintf(stderr, "abide: %s ended with status %d\n", name, WEXITSTATUS(c->status));
}

int run_loop(struct run_parts *p, struct abide_error *e)
{
	struct loop l = { .p = p, .engine = p->engine, .e = e };
	enum end end = RUN_ON;
	int err;

	if (run_command_poll(&p->command))
		end = END_PRINT;
	err = open_rings(&l, e);
	if (!err)
		err = wait_and_print(&l, &end, e);
	p->engine->detach(p);
	if (!err)
		err = consume(&l, e);
	if (!err && end == END_PRINT)
		err = print_maps(&l, e);
	if (!err)
		err = print_lost(&l, e);
	if (!err)
		err = p->engine->ended(p, e);
	say_how_it_ended(p);
	buf_free(&l.out);
	return err;
}
