/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * What was said while a program was tried, and the one line of it that tells why. A
 * verifier's log is mostly the walk itself ("3: (79) r1 = ...", register states, source
 * lines after ";", statistics): what remains first is the refusal, also on kernels (7.3)
 * that end with a diagnosis of several lines. Without a verifier's log: libbpf's last word.
 */
#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "truth.h"

#define BEGIN "-- BEGIN PROG LOAD LOG --\n"
#define END   "-- END PROG LOAD LOG --"

/* libbpf's print callback has no argument of ours. */
static struct log *current;

static int collect(enum libbpf_print_level level, const char *fmt, va_list ap)
{
	size_t room = sizeof(current->text) - current->len;
	int n;

	if (level != LIBBPF_WARN)
		return 0;
	n = vsnprintf(current->text + current->len, room, fmt, ap);
	if (n > 0)
		current->len += (size_t)n < room ? (size_t)n : room - 1;
	return 0;
}

void log_start(struct log *l)
{
	l->len = 0;
	l->text[0] = 0;
	current = l;
	libbpf_set_print(collect);
}

static bool is_walk(const char *line, size_t len)
{
	static const char *const skip[] = { ";",	   "processed ", "verification time", "stack depth",  "from ",
					    "func#",	   "arg#",	 "Validating ",	      "Func#",	      "last_idx",
					    "regs=",	   "mark_precise", "max_states",      "Live regs",    "R0=",
					    "R0_w=",	   "R1=",	 "R1_w=",	      "reg type unsupported", "caller:",
					    "callee:",	   "returning from callee", "to caller at", "frame", "insns total",
					    "Verification failed", "-- " };

	while (len && isspace((unsigned char)*line))
		line++, len--;
	if (!len)
		return true;
	/*
	 * "func 'vfs_read' arg0 has btf_id 418 type STRUCT 'file'", "Unrecognized arg#0 type PTR",
	 * "Global function f() doesn't return scalar": what it found on its way, no refusal.
	 */
	if (memmem(line, len, " has btf_id ", 12) || memmem(line, len, "Unrecognized arg#", 17) ||
	    memmem(line, len, "doesn't return scalar", 21))
		return true;
	if (isdigit((unsigned char)*line)) {
		while (len && isdigit((unsigned char)*line))
			line++, len--;
		return len && (*line == ':' || isspace((unsigned char)*line));
	}
	for (size_t i = 0; i < sizeof(skip) / sizeof(skip[0]); i++)
		if (!strncmp(line, skip[i], strlen(skip[i])))
			return true;
	return false;
}

static void copy(char *why, size_t size, const char *line, size_t len)
{
	size_t n = 0;

	while (len && isspace((unsigned char)*line))
		line++, len--;
	while (n + 1 < size && n < len) {
		why[n] = line[n] >= ' ' && line[n] < 127 ? line[n] : ' ';
		n++;
	}
	why[n] = 0;
}

void log_why(const struct log *l, char *why, size_t size)
{
	const char *p, *end, *last = strstr(l->text, BEGIN);

	why[0] = 0;
	if (last) {
		for (p = last + strlen(BEGIN); *p && strncmp(p, END, strlen(END)); p = end + (*end == '\n')) {
			end = strchrnul(p, '\n');
			if (!is_walk(p, (size_t)(end - p))) {
				copy(why, size, p, (size_t)(end - p));
				return;
			}
		}
	}
	/* The lines that every failure ends with say less than the first one. */
	for (p = l->text; *p; p = end + (*end == '\n')) {
		end = strchrnul(p, '\n');
		if (!strncmp(p, "libbpf: ", 8) && !memmem(p, (size_t)(end - p), "Retrying without BTF", 20)) {
			copy(why, size, p + 8, (size_t)(end - p - 8));
			return;
		}
	}
}
