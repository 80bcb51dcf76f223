/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
#ifndef ABIDE_TESTS_MATRIX_TRACE_H
#define ABIDE_TESTS_MATRIX_TRACE_H

#include <stdbool.h>
#include <stddef.h>

/* A text file as lines, without their ends. */
struct lines {
	char *text;
	char **line;
	size_t n;
};

/* A file that cannot be read is empty. */
void lines_load(struct lines *l, const char *path);
void lines_free(struct lines *l);

/* One run of abide around one run of the workload. */
struct trace {
	struct lines out, err, truth;
	int status;      /* abide's exit status; 128 + signal; 124: it had to be killed */
	int work_status; /* the workload's, where it was started by us */
	bool attached;
};

enum trace_mode {
	TRACE_COMMAND, /* abide run OBJECT --json -- /bin/work ACTION... */
	TRACE_ALL,     /* abide run OBJECT --json, the workload beside it, then SIGINT */
	TRACE_PID,     /* abide run OBJECT --json -p PID of a workload that waits for it */
};

/* @options and @actions: words, separated by blanks. */
void trace_run(struct trace *t, enum trace_mode mode, const char *object, const char *options,
	       const char *actions);
void trace_free(struct trace *t);
/* Run "abide WORDS" to its end, at most @seconds; out, err and status of @t. */
void trace_abide(struct trace *t, const char *words, int seconds);

/* Print the results for people: the last lines of stderr, and the command that failed. */
void trace_explain(const struct trace *t);

/*
 * A value in one JSON line, by the name of its key wherever it stands: numbers of up to
 * 64 bits (false and true are 0 and 1), strings with their escapes resolved; json_raw
 * copies the token as it stands. False: there is no such key, or no such value.
 */
bool json_number(const char *line, const char *key, long long *value);
bool json_string(const char *line, const char *key, char *buf, size_t size);
bool json_raw(const char *line, const char *key, char *buf, size_t size);
bool json_is(const char *line, const char *key, const char *text);

/* How often the histogram in that line counted values in buckets that meet @from..@to. */
long long json_hist(const char *line, long long from, long long to);

/* A value in one line of truth (guest.h), in @buf; NULL if that key is not in it. */
const char *truth_get(const char *line, const char *key, char *buf, size_t size);
bool truth_number(const char *line, const char *key, long long *value);
bool truth_kind(const char *line, const char *kind);

/* The verdicts of a step, on the serial line. */
void ok(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void not_ok(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void note(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* ok or not_ok, by @good. */
void expect(bool good, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif
