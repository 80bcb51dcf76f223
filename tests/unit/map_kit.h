/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* What the tests of maps share: results as TAP, random numbers, a map that is made and opened. */
#ifndef MAP_KIT_H
#define MAP_KIT_H

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "process/map.h"

static unsigned int kit_failed, kit_checks;

/* Counts; tells of the first few that fail. */
static __attribute__((format(printf, 2, 3), unused)) bool check(bool good, const char *fmt, ...)
{
	va_list ap;

	__atomic_fetch_add(&kit_checks, 1, __ATOMIC_RELAXED);
	if (good || __atomic_add_fetch(&kit_failed, 1, __ATOMIC_RELAXED) > 20)
		return good;
	va_start(ap, fmt);
	printf("# wrong: ");
	vprintf(fmt, ap);
	printf("\n");
	va_end(ap);
	return good;
}

static unsigned int kit_bad;

/* One line for what was checked since the last one. */
static __attribute__((unused)) void verdict(const char *what)
{
	bool good = !kit_failed && kit_checks;

	printf("%s - %s (%u checks)\n", good ? "ok" : "not ok", what, kit_checks);
	fflush(stdout);
	kit_bad += !good;
	kit_failed = kit_checks = 0;
}

static uint64_t kit_seed = 1;

/* splitmix64 */
static __attribute__((unused)) uint64_t mix(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15u;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

static __attribute__((unused)) uint32_t below(uint32_t n)
{
	return (uint32_t)(mix(&kit_seed) % n);
}

static __attribute__((unused)) struct process_map *open_map(int fd, const struct process_map_def *def)
{
	struct abide_error e = { 0 };
	struct process_map *m;

	if (process_map_open(fd, def, &m, &e)) {
		printf("not ok - map %s cannot be opened: %s: %s\n", def->name, e.problem, e.reason);
		exit(1);
	}
	return m;
}

static __attribute__((unused)) int make_fd(const struct process_map_def *def)
{
	struct abide_error e = { 0 };
	int fd;

	if (process_map_create(def, &fd, &e)) {
		printf("not ok - map %s cannot be made: %s: %s\n", def->name, e.problem, e.reason);
		exit(1);
	}
	return fd;
}

static __attribute__((unused)) struct process_map *make_map(const struct process_map_def *def)
{
	int fd = make_fd(def);
	struct process_map *m = open_map(fd, def);

	close(fd);
	return m;
}

#endif
