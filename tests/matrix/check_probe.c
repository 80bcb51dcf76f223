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

#define LIST       "/probes/list"
#define MAX_FIELDS 1024
#define MAX_ROWS   400

struct field {
	unsigned int number;
	char path[160], owner[96], kind[16];
	unsigned int size;
	char prefix[160]; /* path of the object that it is a member of; "" for an argument */
	int parent;       /* the field that is the pointer to that object, -1 for an argument */
	const struct rule *rule;
	unsigned int read, reachable, judged, right;
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

/* The rule for this event if there is one, else that for all. */
static const struct rule *rule_for(const char *owner, const char *event)
{
	const struct rule *best = NULL;

	for (unsigned int k = 0; k < nr_rules; k++)
		if (!strcmp(rules[k].owner, owner) &&
		    (rules[k].event ? !strcmp(rules[k].event, event) : !best))
			best = &rules[k];
	return best;
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

		if (sscanf(list->line[i], "field %95s %u %159s %95s %15s %u", name, &f->number,
		           f->path, f->owner, f->kind, &f->size) != 6 ||
		    strcmp(name, event))
			continue;
		snprintf(f->prefix, sizeof(f->prefix), "%s", f->path);
		dot = strrchr(f->prefix, '.');
		*(dot ? dot : f->prefix) = '\0';
		f->parent = dot ? find_path(p, f->prefix) : -1;
		f->rule = rule_for(f->owner, event);
		p->n++;
	}
}

static unsigned long long number(const char *text)
{
	return *text == '-' ? (unsigned long long)strtoll(text, NULL, 10)
	                    : strtoull(text, NULL, 10);
}

static bool is_number(const char *text)
{
	return *text && !text[strspn(text, "-0123456789")];
}

static bool same(const struct field *f, const char *value, const char *truth)
{
	unsigned long long v, t;

	if (!strcmp(value, truth))
		return true;
	if (!is_number(value) || !is_number(truth))
		return false;
	/* The same number in the field's width: -2 and 4294967294. */
	v = number(value);
	t = number(truth);
	if (!strcmp(f->kind, "be") && f->size == 2)
		v = htons((unsigned short)v);
	if (f->size < 8)
		v &= (1ULL << f->size * 8) - 1, t &= (1ULL << f->size * 8) - 1;
	return v == t;
}

/* An address as text, as a number in network order, as an array of bytes or as their hexadecimal digits. */
static bool same_address(const char *value, const char *truth)
{
	unsigned char bytes[16], got[16];
	unsigned int a, n = 0;
	char *end;

	if (!strcmp(value, truth))
		return true;
	if (inet_pton(AF_INET, truth, bytes) == 1) {
		memcpy(&a, bytes, 4);
		return is_number(value) && number(value) == a;
	}
	if (inet_pton(AF_INET6, truth, bytes) != 1)
		return false;
	if (inet_pton(AF_INET6, value, got) == 1)
		return !memcmp(bytes, got, 16);
	if (*value == '[') {
		for (value++; n < 16; n++, value = end + strspn(end, ", ")) {
			unsigned long b = strtoul(value, &end, 10);

			if (end == value || b != bytes[n])
				return false;
		}
		return *value == ']';
	}
	for (; n < 16 && sscanf(value, "%2x", &a) == 1 && a == bytes[n]; n++)
		value += 2 + (value[2] == ' ' || value[2] == ':');
	return n == 16 && !*value;
}

/* 1 right, 0 wrong, -1 says nothing: a moment before that of the truth, or too few to tell. */
static int compare(const struct field *f, const char *value, const char *truth)
{
	long long v = (long long)number(value), t = (long long)number(truth);

	switch (f->rule->how) {
	case SAME:
		return same(f, value, truth);
	case TICKS:
		v = v / 10000000 - t;
		return v >= -1 && v <= 1;
	case ADDRESS:
		return same_address(value, truth);
	case AT_LEAST:
		if (v < 0 || v > t + 60000000000LL)
			return 0;
		return v >= t && t > 0 ? 1 : -1;
	case ABOUT:
		return t > 1000 && v >= t - 200 && v <= t + 200 ? 1 : -1;
	}
	return 0;
}

/*
 * The lines of truth that speak of one object in one row. Many fields ask for the same
 * ones, and a guest is slow, so they are looked up once a row, identity and object.
 */
#define MAX_MATCHES 24
struct matches {
	const struct identity *id;
	const char *prefix;
	const char *line[MAX_MATCHES];
	unsigned int n;
};

/* The values in this row by which @id knows the object at @prefix ("": of the event); 0: it cannot. */
static int identity_values(const struct probe *p, const struct row *r, const struct identity *id,
                           const char *prefix, char values[3][128])
{
	char path[288];
	int n;

	for (n = 0; n < 3 && id->field[n]; n++) {
		int at;

		snprintf(path, sizeof(path), "%s%s%s", prefix, *prefix ? "." : "", id->field[n]);
		at = find_path(p, path);
		if (at < 0 || !was_read(r, at) ||
		    !value_text(r, &p->fields[at], values[n], sizeof(values[n])))
			return 0;
	}
	return n;
}

static void find_matches(struct matches *m, const struct probe *p, const struct row *r,
                         const struct lines *facts)
{
	char values[3][128], want[128];
	int n = identity_values(p, r, m->id, m->prefix, values);

	m->n = 0;
	for (size_t i = 0; n && i < facts->n && m->n < MAX_MATCHES; i++) {
		int k = 0;

		if (!truth_kind(facts->line[i], m->id->kind))
			continue;
		while (k < n && truth_get(facts->line[i], m->id->key[k], want, sizeof(want)) &&
		       !strcmp(want, values[k]))
			k++;
		if (k == n)
			m->line[m->n++] = facts->line[i];
	}
}

/* All that was looked up in one row. */
struct memory {
	struct matches known[128];
	unsigned int n;
};

static const struct matches *lookup(struct memory *memory, const struct identity *id,
                                    const char *prefix, const struct probe *p, const struct row *r,
                                    const struct lines *facts)
{
	struct matches *m;

	for (m = memory->known; m < memory->known + memory->n; m++)
		if (m->id == id && !strcmp(m->prefix, prefix))
			return m;
	if (memory->n == sizeof(memory->known) / sizeof(memory->known[0]))
		memory->n = 0;
	m = &memory->known[memory->n++];
	m->id = id;
	m->prefix = prefix;
	find_matches(m, p, r, facts);
	return m;
}

/* A young task still has what its parent had: any value of the same kind. */
static bool inherited(const struct field *f, const char *value, const struct lines *facts)
{
	char want[256];

	for (size_t i = 0; i < facts->n; i++)
		if (truth_kind(facts->line[i], f->rule->kind) &&
		    truth_get(facts->line[i], f->rule->key, want, sizeof(want)) &&
		    compare(f, value, want))
			return true;
	return false;
}

/* Hold one field of one row against the lines of truth that speak of it. */
static void judge(const struct probe *p, const struct row *r, struct field *f,
                  const struct lines *facts, struct memory *memory)
{
	char value[320], want[256], said[128] = "";
	size_t scope = strcspn(f->owner, ".");
	bool any = false, neutral = false, inherits = false;

	if (!value_text(r, f, value, sizeof(value))) {
		snprintf(f->wrong, sizeof(f->wrong), "the row has no such member");
		return;
	}
	for (unsigned int k = 0; k < nr_identities; k++) {
		const struct identity *id = &identities[k];
		bool own = !strncmp(id->scope, f->owner, scope) && !id->scope[scope],
		     event = !strcmp(id->scope, p->event);
		const struct matches *m;

		/* The object's own identity, or that of the event which hands it over. */
		if (strcmp(id->kind, f->rule->kind) || (!own && !event))
			continue;
		m = lookup(memory, id, event ? "" : f->prefix, p, r, facts);
		for (unsigned int i = 0; i < m->n; i++) {
			int verdict;

			if (!truth_get(m->line[i], f->rule->key, want, sizeof(want)))
				continue;
			verdict = compare(f, value, want);
			f->judged += !any;
			any = true;
			if (verdict > 0) {
				f->right++;
				return;
			}
			inherits |= id->inherits;
			neutral |= verdict < 0;
			snprintf(said, sizeof(said), "%.127s", want);
		}
	}
	if (any && !neutral && !*f->wrong && !(inherits && inherited(f, value, facts)))
		snprintf(f->wrong, sizeof(f->wrong), "it says %.80s, the truth is %.80s", value,
		         said);
}

/* Two ways to one fact in one row. */
static void agree(const struct probe *p, const struct row *r, struct field *f)
{
	char value[320], other[320], path[288];
	size_t n = strlen(f->path);

	for (unsigned int k = 0; k < nr_agreements; k++) {
		size_t m = strlen(agreements[k].path);
		int at;

		if (m > n || strcmp(f->path + n - m, agreements[k].path) ||
		    (n > m && f->path[n - m - 1] != '.'))
			continue;
		snprintf(path, sizeof(path), "%.*s%s", (int)(n - m), f->path, agreements[k].with);
		at = find_path(p, path);
		if (at < 0 || !was_read(r, at) || !value_text(r, f, value, sizeof(value)) ||
		    !value_text(r, &p->fields[at], other, sizeof(other)))
			continue;
		if (strcmp(value, other)) {
			if (!*f->wrong)
				snprintf(f->wrong, sizeof(f->wrong),
				         "it says %.60s, but %.80s says %.60s", value, path, other);
		} else if (strcmp(value, "0")) {
			f->right++;
		}
	}
}

static unsigned int judge_rows(struct probe *p, const struct trace *t)
{
	static struct memory memory;
	static struct row r;
	unsigned int rows = 0;

	for (size_t i = 0; i < t->out.n && rows < MAX_ROWS; i++) {
		if (!json_is(t->out.line[i], "type", "event"))
			continue;
		rows++;
		parse_row(t->out.line[i], &r);
		memory.n = 0;
		for (unsigned int k = 0; k < p->n; k++) {
			struct field *f = &p->fields[k];
			long long there = 1;

			if (f->parent >= 0) {
				const struct field *up = &p->fields[f->parent];
				char buf[32];

				there = was_read(&r, up->number) &&
				        value_text(&r, up, buf, sizeof(buf)) && strcmp(buf, "0") &&
				        strcmp(buf, "false");
			}
			f->reachable += there != 0;
			if (!was_read(&r, f->number))
				continue;
			f->read++;
			if (f->rule)
				judge(p, &r, f, &t->truth, &memory);
			agree(p, &r, f);
		}
	}
	return rows;
}

/* Not on this kernel: itself, or a pointer that leads to it. Else what leads to it was NULL each time. */
static bool is_unavailable(const struct probe *p, const struct field *f)
{
	for (;;) {
		if (f->reachable && !f->read)
			return true;
		if (f->parent < 0)
			return false;
		f = &p->fields[f->parent];
	}
}

static void print_field(const struct probe *p, const struct field *f, const char *state,
                        const char *why)
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

/* Does abide say that this kernel lacks WHAT? "event NAME is not available on 5.10...", "EVENT.ARG is ..." */
static bool says_unavailable(const struct trace *t, const char *what)
{
	char text[256];

	snprintf(text, sizeof(text), "%s is not available on ", what);
	/* On stderr, or as a line of JSON. */
	for (size_t i = 0; i < t->err.n; i++)
		if (strstr(t->err.line[i], text))
			return true;
	for (size_t i = 0; i < t->out.n; i++)
		if (json_is(t->out.line[i], "type", "error") && strstr(t->out.line[i], text))
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
			state = is_unavailable(p, f) ? "unavailable" : "unseen";
			states[is_unavailable(p, f) ? 1 : 2]++;
		} else if (f->right) {
			state = "ok";
			states[3]++;
		}
		if (f->rule) {
			totals[f->rule - rules].compared |= f->judged > 0;
			totals[f->rule - rules].right |= f->right > 0;
		}
		print_field(p, f, state, f->wrong);
	}
	expect(!states[0],
	       "%s: %u fields, %u compared, %u not on this kernel, %u not reached, %u wrong%s",
	       p->event, p->n, states[3], states[1], states[2], states[0], first);
}

static struct plan plan_for(const char *event)
{
	for (unsigned int i = 0; i < nr_plans; i++)
		if (!strcmp(plans[i].event, event))
			return plans[i];
	return (struct plan){
		event, TRACE_ALL,
		"task thread exec signal sleep syscalls migrate rename block tcp tcp6 udp drop retransmit"
	};
}

/*
 * A program cannot ask whether an argument exists, so there is an object for each number of
 * arguments (gen.c). While abide says that the kernel lacks the last one, the next object is
 * tried. The arguments that were left out are named in @p's fields as unavailable.
 */
static void run_event(struct trace *t, struct probe *p, const struct plan *plan,
                      unsigned int nr_args, char args[][64], unsigned int *with)
{
	char object[160], what[192];

	for (*with = nr_args; *with; (*with)--) {
		snprintf(object, sizeof(object), "/probes/%s-%u.bpf.o", p->event, *with);
		trace_run(t, plan->mode, object, NULL, plan->actions);
		snprintf(what, sizeof(what), "%s.%s", p->event, args[*with - 1]);
		if (!t->status || *with == 1 || !says_unavailable(t, what))
			return;
		trace_free(t);
	}
}

static void check_event(const struct lines *list, const char *event, unsigned int nr_args,
                        char args[][64])
{
	struct plan plan = plan_for(event);
	unsigned int rows, with = 0;
	char what[128];
	struct probe p;
	struct trace t;

	load_probe(&p, list, event);
	run_event(&t, &p, &plan, nr_args, args, &with);
	rows = judge_rows(&p, &t);
	snprintf(what, sizeof(what), "event %s", event);
	if (t.status && says_unavailable(&t, what)) {
		if (in_tracefs(event)) {
			not_ok("%s: abide says that this kernel lacks it, but tracefs has it",
			       event);
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
	char event[96], args[8][64];

	lines_load(&list, LIST);
	for (size_t i = 0; i < list.n; i++) {
		int n = sscanf(list.line[i], "event %95s %63s %63s %63s %63s %63s %63s %63s %63s",
		               event, args[0], args[1], args[2], args[3], args[4], args[5], args[6],
		               args[7]);

		if (n > 1 && (!which || !strcmp(which, event)))
			check_event(&list, event, n - 1, args);
	}
	for (unsigned int k = 0; k < nr_rules && !which; k++)
		if (totals[k].compared && !totals[k].right)
			not_ok("%s: read, but never equal to its truth (%s of %s)", rules[k].owner,
			       rules[k].key, rules[k].kind);
	lines_free(&list);
	return 0;
}
