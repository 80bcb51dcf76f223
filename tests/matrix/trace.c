/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Run abide around the workload in a matrix guest, and collect its lines, its errors
 * and the workload's truth. Time limits on everything; only processes that were
 * started here are ended, by pid.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "guest.h"
#include "trace.h"

#define ABIDE     "/bin/abide"
#define OUT_FILE  "/tmp/out"
#define ERR_FILE  "/tmp/err"
#define MAX_WORDS 64

void lines_load(struct lines *l, const char *path)
{
	size_t room = 0, size = 0, lines = 0;
	FILE *f = fopen(path, "re");
	size_t n;

	memset(l, 0, sizeof(*l));
	while (f && !feof(f) && !ferror(f)) {
		room = room ? room * 2 : 65536;
		l->text = realloc(l->text, room + 1);
		if (!l->text)
			abort();
		n = fread(l->text + size, 1, room - size, f);
		size += n;
	}
	if (f)
		fclose(f);
	if (!l->text)
		return;
	l->text[size] = '\0';
	for (size_t i = 0; i < size; i++)
		lines += l->text[i] == '\n';
	l->line = calloc(lines + 1, sizeof(*l->line));
	if (!l->line)
		abort();
	for (char *p = l->text, *end; *p; p = end + 1) {
		end = strchr(p, '\n');
		l->line[l->n++] = p;
		if (!end)
			break;
		*end = '\0';
	}
}

void lines_free(struct lines *l)
{
	free(l->text);
	free(l->line);
	memset(l, 0, sizeof(*l));
}

static int split(const char *words, char *copy, size_t size, char **argv, int n)
{
	char *save, *w;

	snprintf(copy, size, "%s", words ? words : "");
	for (w = strtok_r(copy, " ", &save); w && n < MAX_WORDS; w = strtok_r(NULL, " ", &save))
		argv[n++] = w;
	argv[n] = NULL;
	return n;
}

/* @gate: a pipe; the child starts only when our end is closed. NULL: at once. */
static pid_t start(char **argv, const char *out, const char *err, const int *gate)
{
	pid_t pid = fork();
	char c;

	if (pid < 0)
		die("fork");
	if (pid)
		return pid;
	if (out) {
		int o = open(out, O_WRONLY | O_CREAT | O_TRUNC, 0644);
		int e = open(err, O_WRONLY | O_CREAT | O_TRUNC, 0644);

		if (o < 0 || e < 0 || dup2(o, 1) < 0 || dup2(e, 2) < 0)
			die(out);
	}
	if (gate) {
		close(gate[1]);
		if (read(gate[0], &c, 1) < 0)
			die("gate");
	}
	execv(argv[0], argv);
	die(argv[0]);
}

static void pause_ms(long ms)
{
	nanosleep(&(struct timespec){ ms / 1000, ms % 1000 * 1000000 }, NULL);
}

/* Its exit status, 128 + signal, or 124 after it had to be killed. */
static int wait_limit(pid_t pid, int seconds)
{
	int status;

	for (int i = 0; i < seconds * 50; i++) {
		pid_t got = waitpid(pid, &status, WNOHANG);

		if (got == pid)
			return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
		if (got < 0 && errno != EINTR)
			return 125;
		pause_ms(20);
	}
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	return 124;
}

/* Has abide said that it is attached? It prints {"type":"attached"} as its first line. */
static bool wait_attached(pid_t pid, int seconds)
{
	siginfo_t info;
	struct lines l;
	bool yes = false;

	for (int i = 0; i < seconds * 50 && !yes; i++) {
		info.si_pid = 0;
		if (waitid(P_PID, pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
		    info.si_pid == pid)
			return false;
		lines_load(&l, OUT_FILE);
		for (size_t k = 0; k < l.n && !yes; k++)
			yes = json_is(l.line[k], "type", "attached");
		lines_free(&l);
		if (!yes)
			pause_ms(20);
	}
	return yes;
}

void trace_abide(struct trace *t, const char *words, int seconds)
{
	char copy[1024], *argv[MAX_WORDS + 1] = { (char *)ABIDE };

	memset(t, 0, sizeof(*t));
	split(words, copy, sizeof(copy), argv, 1);
	t->status = wait_limit(start(argv, OUT_FILE, ERR_FILE, NULL), seconds);
	lines_load(&t->out, OUT_FILE);
	lines_load(&t->err, ERR_FILE);
}

void trace_run(struct trace *t, enum trace_mode mode, const char *object, const char *options,
               const char *actions)
{
	char *run[MAX_WORDS + 1] = { (char *)ABIDE, (char *)"run", (char *)object,
		                     (char *)"--json" };
	char *work[MAX_WORDS + 1] = { (char *)"/bin/work" };
	char options_copy[512], actions_copy[4096], number[16];
	int n, gate[2];
	pid_t abide, worker = -1;

	memset(t, 0, sizeof(*t));
	unlink(TRUTH_FILE);
	unlink(OUT_FILE);
	n = split(options, options_copy, sizeof(options_copy), run, 4);
	if (mode == TRACE_COMMAND) {
		run[n++] = (char *)"--";
		run[n++] = work[0];
		split(actions, actions_copy, sizeof(actions_copy), run, n);
		t->status = wait_limit(start(run, OUT_FILE, ERR_FILE, NULL), 40);
		goto collect;
	}
	split(actions, actions_copy, sizeof(actions_copy), work, 1);
	if (pipe2(gate, O_CLOEXEC))
		die("pipe");
	worker = start(work, NULL, NULL, gate);
	if (mode == TRACE_PID) {
		snprintf(number, sizeof(number), "%d", worker);
		run[n++] = (char *)"-p";
		run[n++] = number;
		run[n] = NULL;
	}
	abide = start(run, OUT_FILE, ERR_FILE, NULL);
	close(gate[0]);
	t->attached = wait_attached(abide, 25);
	if (!t->attached) {
		/* The worker has done nothing yet, and need not. */
		kill(worker, SIGKILL);
		close(gate[1]);
		wait_limit(worker, 5);
		kill(abide, SIGINT);
		t->status = wait_limit(abide, 5);
		goto collect;
	}
	close(gate[1]);
	t->work_status = wait_limit(worker, 25);
	/* What happens later, in timers and interrupts: TIME-WAIT, completions. */
	pause_ms(150);
	kill(abide, SIGINT);
	t->status = wait_limit(abide, 20);
collect:
	lines_load(&t->out, OUT_FILE);
	lines_load(&t->err, ERR_FILE);
	lines_load(&t->truth, TRUTH_FILE);
}

void trace_free(struct trace *t)
{
	lines_free(&t->out);
	lines_free(&t->err);
	lines_free(&t->truth);
}

void trace_explain(const struct trace *t)
{
	size_t from = t->err.n > 12 ? t->err.n - 12 : 0;

	note("abide ended with %d, %zu lines, %zu of truth", t->status, t->out.n, t->truth.n);
	for (size_t i = from; i < t->err.n; i++)
		note("stderr: %.300s", t->err.line[i]);
}

static void say(const char *what, const char *fmt, va_list ap)
{
	char text[1024];

	vsnprintf(text, sizeof(text), fmt, ap);
	for (char *p = text; *p; p++)
		if (*p == '\n' || *p == '\r')
			*p = ' ';
	/* One write a line: the serial line is shared with the kernel. */
	printf("%s%s\n", what, text);
	fflush(stdout);
}

void ok(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say("ok - ", fmt, ap);
	va_end(ap);
}

void not_ok(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say("not ok - ", fmt, ap);
	va_end(ap);
}

void note(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say("# ", fmt, ap);
	va_end(ap);
}

void expect(bool good, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say(good ? "ok - " : "not ok - ", fmt, ap);
	va_end(ap);
}
