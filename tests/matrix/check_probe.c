/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The generated probes (gen.c) on this kernel: each event's object runs around the
 * actions that make the event happen, and each field of its rows becomes one line
 *
 *	@@ field EVENT PATH STATE [WHY]
 *
 *	ok           equal to what the workload or /proc says, at least once, and never different
 *	loads        the kernel's verifier took it and it was read; no other source says its value
 *	unavailable  abide says that this kernel lacks it
 *	unseen       what leads to it was NULL in every row
 *	wrong        different from the truth, or the object did not load
 *
 * A field that is compared (facts.c) must be "ok" in at least one event of the whole
 * catalog, or it is wrong: a constant could not pass otherwise.
 */
#include <arpa/inet.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "check_probe.h"

#define LIST "/probes/list"
#define MAX_FIELDS 1024
#define MAX_ROWS 400

struct field {
	unsigned int number;
	char path[160], owner[96], kind[16];
	unsigned int size;
	char prefix[160];        /* path of the object that it is a member of; "" for an argument */
	int parent;              /* the field that is the pointer to that object, -1 for an argument */
	const struct rule *rule;
	unsigned int read, reachable, right, neutral;
	char wrong[240];
};

struct probe {
	char event[96];
	struct field *fields;
	unsigned int n;
};

/* One row: where the value of each field stands in its line. */
struct row {
	const char *value[MAX_FIELDS];
	unsigned long long has[MAX_FIELDS / 64];
};

static void parse_row(const char *line, struct row *r)
{
	char buf[64];
	const char *p = line;
	char *end;

	memset(r, 0, sizeof(*r));
	for (unsigned int i = 0; i < MAX_FIELDS / 64; i++) {
		long long v;

		snprintf(buf, sizeof(buf), "has%u", i);
		if (!json_number(line, buf, &v))
			break;
		r->has[i] = v;
	}
	/* Members are called f0, f1, ...; a key is a string with a colon behind it. */
	while ((p = strstr(p, "\"f"))) {
		unsigned long n = strtoul(p + 2, &end, 10);

		p += 2;
		if (end != p && *end == '"' && n < MAX_FIELDS) {
			end += 1 + strspn(end + 1, " ");
			if (*end == ':')
				r->value[n] = end + 1 + strspn(end + 1, " ");
		}
	}
}

static bool was_read(const struct row *r, unsigned int n)
{
	return r->has[n / 64] >> n % 64 & 1;
}

/* The value as text: a string without quotes, or the number's digits. */
static const char *value_text(const struct row *r, const struct field *f, char *buf, size_t size)
{
	char line[320];

	if (!r->value[f->number])
		return NULL;
	/* As a line of its own, for the reader in json.c. */
	snprintf(line, sizeof(line), "\"v\":%.300s", r->value[f->number]);
	if (json_string(line, "v", buf, size))
		return buf;
	return json_raw(line, "v", buf, size) ? buf : NULL;
}

static int find_path(const struct probe *p, const char *path)
{
	for (unsigned int i = 0; i < p->n; i++)
		if (!strcmp(p->fields[i].path, path))
			return (int)i;
	return -1;
}

static void load_probe(struct probe *p, const struct lines *list, const char *event)
{
	memset(p, 0, sizeof(*p));
	snprintf(p->event, sizeof(p->event), "%s", event);
	p->fields = calloc(MAX_FIELDS, sizeof(*p->fields));
	if (!p->fields)
		abort();
	for (size_t i = 0; i < list->n && p->n < MAX_FIELDS; i++) {
		struct field *f = &p->fields[p->n];
		char name[96], *dot;

		if (sscanf(list->line[i], "field %95s %u %159s %95s %15s %u", name, &f->number, f->path, f->owner,
			   f->kind, &f->size) != 6 ||
		    strcmp(name, event))
			continue;
		snprintf(f->prefix, sizeof(f->prefix), "%s", f->path);
		dot = strrchr(f->prefix, '.');
		*(dot ? dot : f->prefix) = '\0';
		f->parent = dot ? find_path(p, f->prefix) : -1;
		for (unsigned int k = 0; k < nr_rules; k++)
			if (!strcmp(rules[k].owner, f->owner))
				f->rule = &rules[k];
		p->n++;
	}
}

static bool equal(const struct field *f, const char *value, const char *truth)
{
	unsigned long long v, t;
	unsigned char bytes[16];
	char text[64];
	size_t nv, nt;

	switch (f->rule->how) {
	case SAME:
		if (!strcmp(value, truth))
			return true;
		if (!*value || value[strspn(value, "-0123456789")] || truth[strspn(truth, "-0123456789")])
			return false;
		/* The same number in the field's width: -2 and 4294967294. */
		v = *value == '-' ? (unsigned long long)strtoll(value, NULL, 10) : strtoull(value, NULL, 10);
		t = *truth == '-' ? (unsigned long long)strtoll(truth, NULL, 10) : strtoull(truth, NULL, 10);
		if (!strcmp(f->kind, "be") && f->size == 2)
			v = htons((unsigned short)v);
		if (f->size < 8)
			v &= (1ULL << f->size * 8) - 1, t &= (1ULL << f->size * 8) - 1;
		return v == t;
	case TICKS:
		return strtoull(value, NULL, 10) / 10000000 == strtoull(truth, NULL, 10);
	case ADDRESS:
		if (!strcmp(value, truth))
			return true;
		if (inet_pton(AF_INET, truth, bytes) == 1) {
			unsigned int a;

			memcpy(&a, bytes, 4);
			return strtoull(value, NULL, 10) == a;
		}
		/* Bytes as an array of numbers, or as hexadecimal digits. */
		if (inet_pton(AF_INET6, truth, bytes) != 1)
			return false;
		for (int i = 0; i < 16; i++) {
			value += strcspn(value, "0123456789abcdef");
			snprintf(text, sizeof(text), "%d", bytes[i]);
			if ((unsigned int)strtoul(value, (char **)&value, 10) != bytes[i])
				return false;
		}
		return true;
	case ENUM_TEXT:
		nv = strlen(value);
		nt = strlen(truth);
		return nv >= nt && !strcmp(value + nv - nt, truth);
	}
	return false;
}

/* Does the line speak of the object at @prefix ("" : of the event) in this row? */
static bool identified(const struct probe *p, const struct row *r, const struct identity *id, const char *prefix,
		       const char *line)
{
	char path[288], value[256], want[128];

	if (!truth_kind(line, id->kind))
		return false;
	for (int i = 0; i < 3 && id->field[i]; i++) {
		int at;

		snprintf(path, sizeof(path), "%s%s%s", prefix, *prefix ? "." : "", id->field[i]);
		at = find_path(p, path);
		if (at < 0 || !was_read(r, at) || !value_text(r, &p->fields[at], value, sizeof(value)) ||
		    !truth_get(line, id->key[i], want, sizeof(want)))
			return false;
		if (strcmp(value, want)) {
			/* Ports and the like may stand in network order. */
			if (strcmp(p->fields[at].kind, "be") || htons((unsigned short)atoi(value)) != atoi(want))
				return false;
		}
	}
	return true;
}

/* Hold one field of one row against the lines of truth that speak of it. */
static void judge(const struct probe *p, const struct row *r, struct field *f, const struct lines *facts)
{
	char value[320], want[256], said[128] = "";
	size_t scope = strcspn(f->owner, ".");
	bool any = false, right = false, inherited = false, inherits = false;

	if (!value_text(r, f, value, sizeof(value))) {
		snprintf(f->wrong, sizeof(f->wrong), "the row has no such member");
		return;
	}
	for (unsigned int k = 0; k < nr_identities; k++) {
		const struct identity *id = &identities[k];

		if (strncmp(id->scope, f->owner, scope) || id->scope[scope] || strcmp(id->kind, f->rule->kind))
			continue;
		for (size_t i = 0; i < facts->n && !right; i++) {
			const char *line = facts->line[i];

			if (!truth_get(line, f->rule->key, want, sizeof(want)) ||
			    !identified(p, r, id, f->prefix, line))
				continue;
			any = true;
			inherits |= id->inherits;
			right = equal(f, value, want);
			snprintf(said, sizeof(said), "%.127s", want);
		}
	}
	if (right) {
		f->right++;
		return;
	}
	/* A young task still has what its parent had: any other value of the same kind. */
	for (size_t i = 0; i < facts->n && inherits && !inherited; i++)
		inherited = truth_kind(facts->line[i], f->rule->kind) &&
			    truth_get(facts->line[i], f->rule->key, want, sizeof(want)) && equal(f, value, want);
	if (any && !inherited && !*f->wrong)
		snprintf(f->wrong, sizeof(f->wrong), "it says %.80s, the truth is %.80s", value, said);
	f->neutral += any && inherited;
}

static unsigned int judge_rows(struct probe *p, const struct trace *t)
{
	static struct row r;
	unsigned int rows = 0;

	for (size_t i = 0; i < t->out.n && rows < MAX_ROWS; i++) {
		if (!json_is(t->out.line[i], "type", "event"))
			continue;
		rows++;
		parse_row(t->out.line[i], &r);
		for (unsigned int k = 0; k < p->n; k++) {
			struct field *f = &p->fields[k];
			long long there = 1;

			if (f->parent >= 0) {
				const struct field *up = &p->fields[f->parent];
				char buf[32];

				there = was_read(&r, up->number) && value_text(&r, up, buf, sizeof(buf)) &&
					strcmp(buf, "0") && strcmp(buf, "false");
			}
			f->reachable += there != 0;
			if (!was_read(&r, f->number))
				continue;
			f->read++;
			if (f->rule)
				judge(p, &r, f, &t->truth);
		}
	}
	return rows;
}

static void print_field(const struct probe *p, const struct field *f, const char *state, const char *why)
{
	printf("@@ field %s %s %s %s\n", p->event, f->path, state, why);
}

static void print_all(const struct probe *p, const char *state, const char *why)
{
	for (unsigned int i = 0; i < p->n; i++)
		print_field(p, &p->fields[i], state, i ? "" : why);
}

/* Is there a tracepoint of that name in tracefs, whatever its group? */
static bool in_tracefs(const char *name)
{
	static const char events[] = "/sys/kernel/tracing/events";
	DIR *d = opendir(events);
	struct dirent *e;
	char path[512];
	bool yes = false;

	while (d && !yes && (e = readdir(d))) {
		snprintf(path, sizeof(path), "%s/%s/%s/id", events, e->d_name, name);
		yes = e->d_name[0] != '.' && !access(path, F_OK);
	}
	if (d)
		closedir(d);
	return yes;
}

static bool says_unavailable(const struct trace *t)
{
	for (size_t i = 0; i < t->err.n; i++)
		if (strstr(t->err.line[i], "event-unavailable"))
			return true;
	return false;
}

/* Which owners were right somewhere, over all events of this guest. */
static struct {
	bool compared, right;
	char why[200];
} totals[256];

static void sum_up(struct probe *p)
{
	unsigned int states[4] = { 0 };
	char first[400] = "";

	for (unsigned int i = 0; i < p->n; i++) {
		struct field *f = &p->fields[i];
		const char *state = "loads";

		if (*f->wrong) {
			state = "wrong";
			states[0]++;
			if (!*first)
				snprintf(first, sizeof(first), ": %s: %.220s", f->path, f->wrong);
		} else if (!f->read) {
			state = f->reachable ? "unavailable" : "unseen";
			states[f->reachable ? 1 : 2]++;
		} else if (f->right) {
			state = "ok";
			states[3]++;
		}
		if (f->rule) {
			totals[f->rule - rules].compared |= f->read > 0;
			totals[f->rule - rules].right |= f->right > 0;
		}
		print_field(p, f, state, f->wrong);
	}
	expect(!states[0], "%s: %u fields, %u compared, %u not on this kernel, %u not reached, %u wrong%s", p->event,
	       p->n, states[3], states[1], states[2], states[0], first);
}

static void check_event(const struct lines *list, const char *event)
{
	struct plan plan = { event, TRACE_ALL,
			     "task thread exec signal sleep syscalls migrate rename block tcp tcp6 udp drop retransmit" };
	char object[160];
	struct probe p;
	struct trace t;
	unsigned int rows;

	load_probe(&p, list, event);
	for (unsigned int i = 0; i < nr_plans; i++)
		if (!strcmp(plans[i].event, event))
			plan = plans[i];
	snprintf(object, sizeof(object), "/probes/%s.bpf.o", event);
	trace_run(&t, plan.mode, object, NULL, plan.actions);
	rows = judge_rows(&p, &t);
	if (t.status && says_unavailable(&t)) {
		if (in_tracefs(event)) {
			not_ok("%s: abide says that this kernel lacks it, but tracefs has it", event);
			trace_explain(&t);
			print_all(&p, "wrong", "tracefs has it");
		} else {
			ok("%s: not on this kernel, as abide says", event);
			print_all(&p, "unavailable", "no such event");
		}
	} else if (t.status || (plan.mode != TRACE_COMMAND && !t.attached)) {
		not_ok("%s: runs (status %d)", event, t.status);
		trace_explain(&t);
		print_all(&p, "wrong", "the object did not run");
	} else if (!rows) {
		not_ok("%s: is seen while the workload makes it happen", event);
		trace_explain(&t);
		print_all(&p, "wrong", "no event was seen");
	} else {
		sum_up(&p);
	}
	fflush(stdout);
	trace_free(&t);
	free(p.fields);
}

int check_probes(const char *which)
{
	struct lines list;
	char event[96];

	lines_load(&list, LIST);
	for (size_t i = 0; i < list.n; i++)
		if (sscanf(list.line[i], "event %95s", event) == 1 && (!which || !strcmp(which, event)))
			check_event(&list, event);
	for (unsigned int k = 0; k < nr_rules && !which; k++)
		if (totals[k].compared && !totals[k].right)
			not_ok("%s: read, but never equal to its truth (%s of %s)", rules[k].owner, rules[k].key,
			       rules[k].kind);
	lines_free(&list);
	return 0;
}
