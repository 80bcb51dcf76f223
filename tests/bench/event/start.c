/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * bench-event-start PLAIN WITH: two programs that differ in libabide-event only, from fork to their end, in turns; the
 * least time of many rounds, and the memory that the kernel saw at most. "missed" is a figure, not a failure.
 */
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>

#include "promise.h"

#define ROUNDS 201

extern char **environ;

struct start {
	double us; /* the least */
	long kib;  /* the least: what it needs, not what was there to be shared */
};

static double now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static bool one(char *path, struct start *s)
{
	char *argv[] = { path, NULL };
	double begin = now_us(), us;
	struct rusage use;
	int status;
	pid_t pid;

	if (posix_spawn(&pid, path, NULL, NULL, argv, environ) || wait4(pid, &status, 0, &use) != pid || status)
		return false;
	us = now_us() - begin;
	if (!s->us || us < s->us)
		s->us = us;
	if (!s->kib || use.ru_maxrss < s->kib)
		s->kib = use.ru_maxrss;
	return true;
}

int main(int argc, char **argv)
{
	struct start plain = { 0 }, with = { 0 };
	struct promises p = { 0 };
	int i;

	if (argc != 3) {
		fprintf(stderr, "usage: bench-event-start PLAIN WITH\n");
		return 2;
	}
	for (i = 0; i < ROUNDS; i++)
		if (!one(argv[1], &plain) || !one(argv[2], &with)) {
			fprintf(stderr, "bench-event-start: a program cannot be run\n");
			return 1;
		}
	printf("A process from start to end, without and with libabide-event: %.0f, %.0f us\n\n", plain.us, with.us);
	promise(&p, "start-up with the library linked, more", (with.us - plain.us) / 1e3, 1, " ms", NULL);
	promise(&p, "memory with the library linked, more", (double)(with.kib - plain.kib) / 1024, 2, " MiB", NULL);
	promises_total(&p, 0);
	return 0;
}
