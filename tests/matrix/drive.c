/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The steps of a matrix guest (tests/matrix/steps): "drive work", "drive probes [EVENT]",
 * "drive syscalls", "drive tools [NAME]", "drive translate [NAME]", "drive leftovers",
 * "drive filter".
 */
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check_probe.h"
#include "guest.h"

/* The workload by itself: without it no comparison means anything. */
static int check_work(void)
{
	static const char *const argv[] = { "/bin/work", "task", "thread",  "exec", "signal", "sleep", "syscalls", "migrate",
					    "rename",	 "block", "tcp",   "tcp6", "udp",    "drop", "retransmit", "queue", "mapper", "others", NULL };
	struct lines l;
	int status;
	pid_t pid;

	unlink(TRUTH_FILE);
	pid = fork();
	if (pid == 0) {
		execv(argv[0], (char **)argv);
		_exit(127);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		die("work");
	lines_load(&l, TRUTH_FILE);
	expect(status == 0 && l.n > 0 && truth_kind(l.line[l.n - 1], "end"), "the workload alone: %zu facts", l.n);
	for (size_t i = 0; i < l.n; i++)
		note("truth: %s", l.line[i]);
	lines_free(&l);
	return 0;
}

int drive_main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "", *which = argc > 2 ? argv[2] : NULL;

	if (!strcmp(what, "work"))
		return check_work();
	if (!strcmp(what, "probes"))
		return check_probes(which);
	if (!strcmp(what, "syscalls"))
		return check_syscalls();
	if (!strcmp(what, "tools"))
		return check_tools(which);
	if (!strcmp(what, "translate"))
		return check_translate(which);
	if (!strcmp(what, "leftovers"))
		return check_leftovers();
	if (!strcmp(what, "filter"))
		return check_filter();
	return 2;
}
