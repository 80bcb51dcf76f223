/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
#ifndef BENCH_H
#define BENCH_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

#include "promise.h"

/*
 * The bench: three parts, each prints its table and says of each limit that the project
 * promises whether this run kept it. Nothing here is linked into the command.
 */
enum { MAX_ROUNDS = 64 };

/* Sorts @v. */
double median(double *v, unsigned n);
/* How far the median of another run may be from this one's: 95 % of them. Sorts @v. */
double noise(double *v, unsigned n);
double now_us(void);
/* "cannot WHAT: strerror(-err)" on stderr; returns -1. */
int failed(const char *what, int err);

/* pair.c: translated programs against the same ones by hand. */
int bench_pairs(const char *dir, unsigned rounds, struct promises *p);
/* hand.c: open and load an object as a skeleton would, the variables first and second set. NULL: failed, and said why. */
struct bpf_object *hand_open(const char *path, uint32_t first, uint32_t second);

/* start.c: from exec to attached, and memory. */
int bench_start(const char *dir, const char *abide, unsigned rounds, struct promises *p);
/* stages.c: time to open, analyze and translate. */
int bench_stages(const char *dir, char **objects, unsigned nr, unsigned rounds, struct promises *p);

/* check.c: what abide check takes for one object and for many. */
int bench_check(const char *dir, const char *abide, char **objects, unsigned nr, unsigned rounds, struct promises *p);

/* work.c: processes that make events, pinned to one CPU, only while asked to. */
enum work_kind { WORK_PIPE, WORK_SPAWN, WORK_CALLS, WORK_PACKETS };
struct work;
int work_start(enum work_kind kind, struct work **out);
pid_t work_first(const struct work *w);
pid_t work_second(const struct work *w); /* 0: there is only one */
int work_round(struct work *w);          /* returns when it is done */
void work_stop(struct work *w);

#endif
