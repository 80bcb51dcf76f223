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

#define MS   1000000ull
#define NAP  (10 * MS)  /* ns without a look at the rings */
#define TICK (100 * MS) /* ns between looks at what tells nobody: rings, who is alive */

enum end { RUN_ON, END_PRINT, END_SILENT };

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static struct timespec wall(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return t;
}

/* Rendered text to stdout at once: a pipe's reader waits for it. */
static int put_out(struct run_loop *l, struct abide_error *e)
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
	struct run_loop *l = ctx;
	int err;

	err = render_event(l->plan, map, data, size, wall(), &l->out, l->e);
	l->render_failed = err;
	if (!err && l->out.size > 64 * 1024) {
		err = put_out(l, l->e);
		l->render_failed = err;
	}
	return err;
}

static int open_rings(struct run_loop *l, struct abide_error *e)
{
	uint32_t i;
	int err = 0;

	for (i = 0; !err && i < l->object->nr_maps; i++)
		if (render_wants(l->plan, i) == RENDER_RECORDS && session_map(l->session, i) >= 0)
			err = session_ring(l->session, i, on_record, l, e);
	return err;
}

static int consume(struct run_loop *l, struct abide_error *e)
{
	int n = session_rings_consume(l->session);

	if (n < 0)
		return l->render_failed
		               ? n
		               : error_set(e, n, "ring", "cannot read a ring: %s", strerror(-n));
	return put_out(l, e);
}

static int print_map(struct run_loop *l, uint32_t i, struct abide_error *e)
{
	struct session_entries entries;
	struct render_entries view;
	int err;

	err = session_read(l->session, i, &entries, e);
	if (err)
		return err;
	view = (struct render_entries){ .keys = entries.keys,
		                        .values = entries.values,
		                        .n = entries.n,
		                        .key_size = entries.key_size,
		                        .value_size = entries.value_size };
	err = render_map(l->plan, i, &view, wall(), &l->out, e);
	session_entries_free(&entries);
	return err;
}

static int print_maps(struct run_loop *l, struct abide_error *e)
{
	uint32_t i;
	int err = 0;

	for (i = 0; !err && i < l->object->nr_maps; i++)
		if (render_wants(l->plan, i) == RENDER_ENTRIES && session_map(l->session, i) >= 0)
			err = print_map(l, i, e);
	return err ? err : put_out(l, e);
}

static enum end take_signal(struct run_loop *l)
{
	struct signalfd_siginfo info;
	enum end end = RUN_ON;

	while (read(l->signals, &info, sizeof(info)) == sizeof(info)) {
		if (info.ssi_signo == SIGCHLD) {
			if (run_command_poll(l->command))
				end = END_PRINT;
		} else {
			sigprocmask(SIG_SETMASK, l->mask, NULL);
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

static int wait_and_print(struct run_loop *l, enum end *end, struct abide_error *e)
{
	bool follows = l->run->nr_pids && !l->run->command;
	int rings = session_rings_fd(l->session), err = 0, n;
	uint64_t start = now_ns(), now = start, until, nap = 0, printed = 0;
	uint64_t deadline = after(start, l->run->duration), next = after(start, l->run->interval);
	struct pollfd fds[2] = { { .fd = l->signals, .events = POLLIN }, { .events = POLLIN } };

	while (!err && *end == RUN_ON) {
		until = earlier(deadline, next);
		if (rings >= 0 || follows)
			until = earlier(until, now + TICK);
		if (rings >= 0 && now < nap)
			until = earlier(until, nap);
		fds[1].fd = now < nap ? -1 : rings;
		n = poll(fds, 2, timeout_ms(now, until));
		if (n < 0 && errno != EINTR)
			return error_set(e, -errno, "", "cannot wait: %s", strerror(errno));
		if (n > 0 && fds[0].revents)
			*end = take_signal(l);
		now = now_ns();
		if (n > 0 && fds[1].fd >= 0 && fds[1].revents) {
			err = consume(l, e);
			nap = now + NAP;
		}
		if (!err && now >= next && *end == RUN_ON) {
			err = print_maps(l, e);
			while (next <= now)
				next = after(next, l->run->interval);
			if (l->run->count && ++printed >= l->run->count)
				*end = END_SILENT;
		}
		if (*end == RUN_ON &&
		    (now >= deadline || (follows && !session_watched(l->session))))
			*end = END_PRINT;
	}
	return err;
}

static void say_how_it_ended(const struct run_loop *l)
{
	const struct run_command *c = l->command;
	uint64_t missed = session_unfollowed(l->session);

	if (missed)
		fprintf(stderr,
		        "abide: %llu children were not watched: too many processes at once\n",
		        (unsigned long long)missed);
	if (l->run->quiet || !c->pid)
		return;
	if (!c->ended)
		fprintf(stderr, "abide: %s still runs and is asked to end (SIGTERM)\n",
		        l->run->command[0]);
	else if (WIFSIGNALED(c->status))
		fprintf(stderr, "abide: %s was ended by signal %d (%s)\n", l->run->command[0],
		        WTERMSIG(c->status), strsignal(WTERMSIG(c->status)));
	else if (WEXITSTATUS(c->status))
		fprintf(stderr, "abide: %s ended with status %d\n", l->run->command[0],
		        WEXITSTATUS(c->status));
}

int run_loop(struct run_loop *l, struct abide_error *e)
{
	enum end end = RUN_ON;
	int err;

	l->e = e;
	if (run_command_poll(l->command))
		end = END_PRINT;
	err = open_rings(l, e);
	if (!err)
		err = wait_and_print(l, &end, e);
	session_detach(l->session);
	if (!err)
		err = consume(l, e);
	if (!err && end == END_PRINT)
		err = print_maps(l, e);
	say_how_it_ended(l);
	buf_free(&l->out);
	return err;
}
