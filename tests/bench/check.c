/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * What `abide check` takes: one object on five kernels, a hundred objects on twenty. The kernels are
 * the built-in profiles, and for twenty of them copies of that set, which are unpacked and
 * parsed each for itself. Processor time from exec to exit, output into nothing.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench.h"

enum { OBJECTS = 100, ARGS = OBJECTS + 64, SETS = 3 };

/* One run: microseconds of a processor, which other work does not lengthen much, and KiB. */
static int run(char *const argv[], double *us, double *kib)
{
	struct rusage u;
	int status, fd;
	pid_t pid;

	pid = fork();
	if (pid < 0)
		return failed("fork", -errno);
	if (!pid) {
		fd = open("/dev/null", O_WRONLY);
		dup2(fd, STDOUT_FILENO);
		execv(argv[0], argv);
		_exit(127);
	}
	if (wait4(pid, &status, 0, &u) < 0)
		return failed("wait", -errno);
	*us = (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1e6 + (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec);
	*kib = (double)u.ru_maxrss;
	if (!WIFEXITED(status) || WEXITSTATUS(status) > 1)
		return failed("check the objects", -EINVAL);
	return 0;
}

static int measure(char *const argv[], unsigned rounds, double *us, double *kib)
{
	double times[MAX_ROUNDS], memory[MAX_ROUNDS];
	unsigned r;

	for (r = 0; r < rounds; r++)
		if (run(argv, &times[r], &memory[r]))
			return -1;
	*us = median(times, rounds);
	*kib = median(memory, rounds);
	return 0;
}

static int copy(const char *from, const char *to)
{
	char cmd[1200];

	snprintf(cmd, sizeof(cmd), "cp '%s' '%s'", from, to);
	return system(cmd) ? failed("copy the set of profiles", -EIO) : 0;
}

int bench_check(const char *dir, const char *abide, char **objects, unsigned nr, unsigned rounds, struct promises *p)
{
	static const char *const five[] = { "5.10", "6.1", "6.12", "6.18", "7.3" };
	char sets[SETS][512], *argv[ARGS];
	double us, kib;
	unsigned i, n = 0;

	if (!nr)
		return 0;
	printf("\nabide check\n\n");
	argv[n++] = (char *)abide;
	argv[n++] = (char *)"check";
	for (i = 0; i < sizeof(five) / sizeof(five[0]); i++) {
		argv[n++] = (char *)"--kernel";
		argv[n++] = (char *)five[i];
	}
	argv[n++] = objects[0];
	argv[n] = NULL;
	if (measure(argv, rounds, &us, &kib))
		return -1;
	promise(p, "one object on five kernels", us / 1e3, 100, " ms", NULL);
	promise(p, "its memory", kib / 1024, 100, " MiB", NULL);

	n = 2;
	for (i = 0; i < SETS; i++) {
		snprintf(sets[i], sizeof(sets[i]), "%s/copy-%u.kernels", dir, i);
		if (copy("profiles/linux.kernels", sets[i]))
			return -1;
		argv[n++] = (char *)"--kernel";
		argv[n++] = sets[i];
	}
	for (i = 0; i < OBJECTS; i++)
		argv[n++] = objects[i % nr];
	argv[n] = NULL;
	if (measure(argv, rounds < 3 ? rounds : 3, &us, &kib))
		return -1;
	promise(p, "a hundred objects on twenty kernels", us / 1e6, 10, " s", NULL);
	promise(p, "its memory", kib / 1024, 100, " MiB", NULL);
	for (i = 0; i < SETS; i++)
		unlink(sets[i]);
	return 0;
}
