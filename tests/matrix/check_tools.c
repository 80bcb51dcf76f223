/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The tools on this kernel, the same files as everywhere. Each runs
 * around actions of the workload; what it must show is in the table below as facts:
 * for each line of truth of a kind there must be a line of JSON that holds all of the
 * named values, whatever its columns are called. A value may be written in several ways
 * ("SIGUSR2" or 12). Histograms must have counted what took a known time.
 *
 * A tool that is not in the table must at least run and say something.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "check_probe.h"
#include "guest.h"

#define TOOLS "/tools"

static const struct tool {
	const char *name;
	enum trace_mode mode;
	const char *actions;
	/* Lines of this kind of truth, and the keys whose values one line of JSON must hold. */
	const char *kind, *keys;
	/* Some histogram counted a value in from..to; 0: there need not be one. */
	long long from, to;
	/* Some line holds this text. */
	const char *text;
	/* It is no stable tool: it wants this function, and is refused where the kernel has none of that name. */
	const char *function;
} tools[] = {
	{ "runqlat", TRACE_COMMAND, "task sleep", NULL, NULL, 1, 1LL << 40, NULL, NULL },
	/* Asleep for 80 ms, in a histogram of ns, or in a table. */
	{ "offcpu", TRACE_COMMAND, "sleep", NULL, NULL, WORK_SLEEP_MS * 1000000LL, WORK_SLEEP_MS * 2000000LL, "sleeps",
	  NULL },
	{ "execsnoop", TRACE_COMMAND, "exec", "exec", "tid filename", 0, 0, NULL, NULL },
	{ "exitsnoop", TRACE_COMMAND, "task exec", "exit", "tid code", 0, 0, NULL, NULL },
	{ "sigsnoop", TRACE_COMMAND, "signal", "signal", "sig sender target", 0, 0, NULL, NULL },
	{ "opensnoop", TRACE_COMMAND, "syscalls", "open", "tid file ret", 0, 0, NULL, NULL },
	{ "syscount", TRACE_COMMAND, "syscalls", NULL, NULL, 0, 0, "newfstatat", NULL },
	{ "syslat", TRACE_COMMAND, "syscalls sleep", NULL, NULL, WORK_SLEEP_MS * 1000000LL, WORK_SLEEP_MS * 2000000LL,
	  NULL, NULL },
	{ "biolat", TRACE_ALL, "block", NULL, NULL, 1, 1LL << 40, NULL, NULL },
	{ "biosnoop", TRACE_ALL, "block", "io", "sector bytes disk", 0, 0, NULL, NULL },
	{ "tcpstate", TRACE_ALL, "tcp tcp6", "tcp", "sport dport", 0, 0, NULL, NULL },
	{ "skbdrop", TRACE_ALL, "drop", "drop", "name", 0, 0, NULL, NULL },
	{ "tracex1", TRACE_ALL, "udp tcp", NULL, NULL, 0, 0, NULL, NULL },
	{ "tracex2", TRACE_ALL, "drop syscalls", NULL, NULL, 0, 0, NULL, NULL },
	{ "tracex3", TRACE_ALL, "block", NULL, NULL, 0, 0, NULL, NULL },
	{ "tracex4", TRACE_ALL, "task exec tcp", NULL, NULL, 0, 0, NULL, "kmem_cache_alloc" },
};

/* Does the line hold the value, as a number or as a text of its own? */
static bool holds(const char *line, const char *value)
{
	size_t n = strlen(value);
	const char *p = line;

	while ((p = strstr(p, value))) {
		char before = p == line ? 0 : p[-1], after = p[n];

		if ((before == '"' && after == '"') || (strchr(":[ ", before) && strchr(",]} ", after)))
			return true;
		p++;
	}
	return false;
}

/* The ways in which a tool may write the value of that key. */
static bool holds_fact(const char *line, const char *key, const char *value)
{
	static const struct {
		const char *key, *value, *other;
	} spellings[] = {
		{ "sig", "12", "SIGUSR2" }, { "code", "42", "exit 42" },  { "code", "42", "10752" },
		{ "ret", "-2", "ENOENT" },  { "ret", "-2", "2" },	  { "name", "NO_SOCKET", "SKB_DROP_USER_NO_SOCKET" },
		{ "name", "NO_SOCKET", "3" }, { "name", "NOT_SPECIFIED", "SKB_DROP_USER_NOT_SPECIFIED" },
		{ "name", "NOT_SPECIFIED", "2" },
	};

	if (holds(line, value))
		return true;
	for (size_t i = 0; i < sizeof(spellings) / sizeof(spellings[0]); i++)
		if (!strcmp(spellings[i].key, key) && !strcmp(spellings[i].value, value) &&
		    holds(line, spellings[i].other))
			return true;
	return false;
}

static bool line_has_all(const char *line, const char *fact, const char *keys)
{
	char copy[128], value[128], *save, *key;

	snprintf(copy, sizeof(copy), "%s", keys);
	for (key = strtok_r(copy, " ", &save); key; key = strtok_r(NULL, " ", &save))
		if (!truth_get(fact, key, value, sizeof(value)) || !holds_fact(line, key, value))
			return false;
	return true;
}

/* Facts of the kind that have all keys, and how many of them no line shows. */
static unsigned int missing(const struct trace *t, const struct tool *tool, unsigned int *facts)
{
	char value[128], copy[128], *save, *key;
	unsigned int lost = 0;

	*facts = 0;
	for (size_t i = 0; tool->kind && i < t->truth.n; i++) {
		const char *fact = t->truth.line[i];
		bool whole = truth_kind(fact, tool->kind), shown = false;

		snprintf(copy, sizeof(copy), "%s", tool->keys);
		for (key = strtok_r(copy, " ", &save); key && whole; key = strtok_r(NULL, " ", &save))
			whole = truth_get(fact, key, value, sizeof(value)) != NULL;
		if (!whole)
			continue;
		(*facts)++;
		for (size_t k = 0; k < t->out.n && !shown; k++)
			shown = !json_is(t->out.line[k], "type", "attached") && line_has_all(t->out.line[k], fact, tool->keys);
		if (!shown && !lost++)
			note("%s: nothing shows \"%s\" by %s", tool->name, fact, tool->keys);
	}
	return lost;
}

/* In the buckets of a histogram, or as a number of a table. */
static bool counted(const char *line, const struct tool *tool)
{
	const char *p = line;

	if (strstr(line, "\"buckets\""))
		return json_hist(line, tool->from, tool->to) > 0;
	while ((p = strchr(p, ':'))) {
		long long v = strtoll(++p, NULL, 10);

		if (v >= tool->from && v <= tool->to)
			return true;
	}
	return false;
}

static bool has_function(const char *name)
{
	struct lines l;
	bool yes = false;
	size_t n = strlen(name);

	lines_load(&l, "/proc/kallsyms");
	for (size_t i = 0; i < l.n && !yes; i++) {
		const char *p = strrchr(l.line[i], ' ');

		yes = p && !strncmp(p + 1, name, n) && (!p[1 + n] || p[1 + n] == '\t');
	}
	lines_free(&l);
	return yes;
}

/* A tool on the kernel's internals, where those are not: it must say so, and name the function. */
static void check_refused(const struct tool *tool, const struct trace *t)
{
	bool named = false;

	for (size_t i = 0; i < t->out.n; i++)
		named |= json_is(t->out.line[i], "type", "error") && strstr(t->out.line[i], tool->function);
	expect(t->status == 1 && named, "%s: refused, because this kernel has no function %s (status %d)", tool->name,
	       tool->function, t->status);
}

static void check_tool(const struct tool *tool)
{
	bool in_range = !tool->from, text = !tool->text;
	unsigned int lines = 0, facts, lost;
	char object[128];
	struct trace t;

	snprintf(object, sizeof(object), TOOLS "/%s.bpf.o", tool->name);
	trace_run(&t, tool->mode, object, NULL, tool->actions);
	if (tool->function && !has_function(tool->function)) {
		check_refused(tool, &t);
		trace_free(&t);
		return;
	}
	for (size_t i = 0; i < t.out.n; i++) {
		const char *line = t.out.line[i];

		if (json_is(line, "type", "attached") || json_is(line, "type", "error"))
			continue;
		lines++;
		in_range |= counted(line, tool);
		text |= tool->text && strstr(line, tool->text);
	}
	lost = missing(&t, tool, &facts);
	expect(!t.status && lines && !lost && in_range && text && (facts || !tool->kind),
	       "%s: status %d, %u lines, %u of %u facts shown%s%s", tool->name, t.status, lines, facts - lost, facts,
	       in_range ? "" : ", the known time is not counted", text ? "" : ", a name is missing");
	if (t.status || !lines || lost || !in_range || !text) {
		trace_explain(&t);
		for (size_t i = 0; i < t.out.n && i < 6; i++)
			note("stdout: %.400s", t.out.line[i]);
	}
	trace_free(&t);
}

int check_tools(const char *which)
{
	static const char all[] = "task exec signal sleep syscalls block udp tcp drop";
	struct dirent **names;
	int n = scandir(TOOLS, &names, NULL, alphasort);

	for (size_t k = 0; k < sizeof(tools) / sizeof(tools[0]); k++) {
		char path[128];

		snprintf(path, sizeof(path), TOOLS "/%s.bpf.o", tools[k].name);
		if (which && strcmp(which, tools[k].name))
			continue;
		if (access(path, R_OK))
			printf("skip - %s # there is no such tool\n", tools[k].name);
		else
			check_tool(&tools[k]);
	}
	for (int i = 0; i < n; i++) {
		char *end = strstr(names[i]->d_name, ".bpf.o");
		bool known = !end;

		if (end)
			*end = '\0';
		for (size_t k = 0; k < sizeof(tools) / sizeof(tools[0]) && !known; k++)
			known = !strcmp(tools[k].name, names[i]->d_name);
		if (!known && (!which || !strcmp(which, names[i]->d_name)))
			check_tool(&(struct tool){ names[i]->d_name, TRACE_ALL, all, NULL, NULL, 0, 0, NULL, NULL });
		free(names[i]);
	}
	if (n >= 0)
		free(names);
	return 0;
}
