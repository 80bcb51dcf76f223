/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * What `abide check` takes: one object on five kernels, a hundred objects on twenty. The kernels are
 * the built-in profiles, and for twenty of them copies of that set, which are unpacked and
 * parsed each for itself; and twenty copies of this kernel's BTF, which share nothing at all.
 * Processor time from exec to exit, output into nothing.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench.h"

#define OWN_BTF "/sys/kernel/btf/vmlinux"

enum { OBJECTS = 100, ARGS = OBJECTS + 64, SETS = 3, FILES = 20 };

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

	if ((size_t)snprintf(cmd, sizeof(cmd), "cp '%s' '%s'", from, to) >= sizeof(cmd))
		return failed("copy a kernel", -ENAMETOOLONG);
	return system(cmd) ? failed("copy a kernel", -EIO) : 0;
}

/* A hundred objects on @nr copies of @from; promises begin with @what. */
static int many(const char *dir, const char *abide, char **objects, unsigned nr_objects, const char *from, unsigned nr, unsigned rounds,
		const char *what, struct promises *p)
{
	char copies[FILES][512], *argv[ARGS];
	unsigned i, n = 0, made;
	double us, kib;
	int err = 0;

	argv[n++] = (char *)abide;
	argv[n++] = (char *)"check";
	for (made = 0; made < nr && !err; made++) {
		snprintf(copies[made], sizeof(copies[made]), "%s/copy-%u.kernels", dir, made);
		err = copy(from, copies[made]);
		argv[n++] = (char *)"--kernel";
		argv[n++] = copies[made];
	}
	for (i = 0; i < OBJECTS; i++)
		argv[n++] = objects[i % nr_objects];
	argv[n] = NULL;
	if (!err)
		err = measure(argv, rounds < 3 ? rounds : 3, &us, &kib);
	if (!err) {
		promise(p, what, us / 1e6, 10, " s", NULL);
		promise(p, "its memory", kib / 1024, 100, " MiB", NULL);
	}
	while (made--)
		unlink(copies[made]);
	return err;
}

int bench_check(const char *dir, const char *abide, char **objects, unsigned nr, unsigned rounds, struct promises *p)
{
	static const char *const five[] = { "5.10", "6.1", "6.12", "6.18", "7.3" };
	char *argv[ARGS];
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

	if (many(dir, abide, objects, nr, "profiles/linux.kernels", SETS, rounds, "a hundred objects on twenty kernels", p))
		return -1;
	return many(dir, abide, objects, nr, OWN_BTF, FILES, rounds, "the same on twenty files of BTF", p);
}
