/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
#ifndef ABIDE_BENCH_PROMISE_H
#define ABIDE_BENCH_PROMISE_H

/* What the project promises, and whether this run kept it: the same lines from all parts of the bench. */
struct promises { /* counted over a program's parts */
	unsigned int kept, missed;
};

/* "  ok      WHAT   VALUE UNIT, at most LIMIT", or missed, with @why (may be NULL). @unit begins with its space. */
void promise(struct promises *p, const char *what, double value, double limit, const char *unit,
             const char *why);
/* "  -       ...": a figure without a limit, or why there is none. */
__attribute__((format(printf, 1, 2))) void remark(const char *format, ...);
/* "N of M limits kept", and more if @incomplete. tests/bench/all adds these lines up. */
void promises_total(const struct promises *p, int incomplete);

#endif
