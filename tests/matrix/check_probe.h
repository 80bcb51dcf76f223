/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
#ifndef ABIDE_TESTS_MATRIX_CHECK_PROBE_H
#define ABIDE_TESTS_MATRIX_CHECK_PROBE_H

#include "trace.h"

/* What is known of the values (facts.c), as tables. */

/* How an event is made to happen; an event that is not here gets every action. */
struct plan {
	const char *event;
	enum trace_mode mode;
	const char *actions;
};

/*
 * Which lines of truth speak of an object in a row: those of .kind where each .key has the
 * value of the .field. .scope is a user-ized struct (fields are the object's own: "tid"),
 * or an event (fields are paths: "task.tid").
 */
struct identity {
	const char *scope;
	const char *kind;
	const char *field[3], *key[3];
	/* A child starts with what its parent had; the value of the line that names it is due later. */
	bool inherits;
};

enum compare {
	SAME,       /* the number, or the text */
	TICKS,      /* ns here, clock ticks of 10 ms there; the two clocks may be read in two ticks */
	ADDRESS,    /* bytes of an address here, its text there */
	AT_LEAST,   /* only grows: not below the truth of an earlier moment, and not far above */
	ABOUT,      /* pages that each processor may hold back some of */
};

/* A field whose truth is known: that of .key in the lines of .kind that identity found. */
struct rule {
	const char *owner; /* "task_struct_user.ppid", "signal_generate.sig" */
	const char *kind;
	const char *key;
	enum compare how;
	const char *event; /* only in rows of this event; NULL: in all */
};

/* Two fields of one row that must agree, by the ends of their paths: "parent.tgid" and "ppid". */
struct agreement {
	const char *path, *with;
};

extern const struct plan plans[];
extern const struct identity identities[];
extern const struct rule rules[];
extern const struct agreement agreements[];
extern const unsigned int nr_plans, nr_identities, nr_rules, nr_agreements;

int check_probes(const char *which);
int check_syscalls(void);
int check_tools(const char *which);
int check_translate(const char *which);
int check_leftovers(void);
int check_filter(void);

#endif
