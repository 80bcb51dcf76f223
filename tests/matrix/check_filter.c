/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The filter by process on this kernel: with "-- COMMAND" and with "-p PID", execsnoop
 * shows what the watched process and its children execute, and nothing of a stranger
 * that executes the same program all the while.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check_probe.h"
#include "guest.h"

/* Executes programs until it is killed; its children have it as their parent. */
static void stranger(void)
{
	char *argv[] = { (char *)"exec-target", (char *)"stranger", NULL };

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (;;) {
		pid_t pid = fork();

		if (pid == 0) {
			execv("/bin/exec-target", argv);
			_exit(1);
		}
		waitpid(pid, NULL, 0);
		usleep(30000);
	}
}

static bool has_number(const char *line, long long number)
{
	const char *p = line;

	while ((p = strchr(p, ':')))
		if (strtoll(++p, NULL, 10) == number)
			return true;
	return false;
}

static void check_mode(enum trace_mode mode, const char *how)
{
	unsigned int events = 0, strange = 0, wanted = 0, seen = 0;
	struct trace t;
	pid_t pid = fork();

	if (pid < 0)
		die("fork");
	if (!pid)
		stranger();
	trace_run(&t, mode, "/tools/execsnoop.bpf.o", NULL, "exec exec");
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	for (size_t i = 0; i < t.out.n; i++) {
		if (!json_is(t.out.line[i], "type", "event"))
			continue;
		events++;
		strange += has_number(t.out.line[i], pid);
	}
	for (size_t i = 0; i < t.truth.n; i++) {
		long long tid;

		if (!truth_kind(t.truth.line[i], "exec") ||
		    !truth_number(t.truth.line[i], "tid", &tid))
			continue;
		wanted++;
		for (size_t k = 0; k < t.out.n; k++)
			if (json_is(t.out.line[k], "type", "event") &&
			    has_number(t.out.line[k], tid)) {
				seen++;
				break;
			}
	}
	expect(!t.status && wanted == 2 && seen == 2 && !strange,
	       "the filter by process, %s: %u events, %u of %u by children of the watched, %u of a stranger (status %d)",
	       how, events, seen, wanted, strange, t.status);
	if (t.status || seen != 2)
		trace_explain(&t);
	trace_free(&t);
}

int check_filter(void)
{
	check_mode(TRACE_COMMAND, "-- COMMAND");
	check_mode(TRACE_PID, "-p PID");
	return 0;
}
