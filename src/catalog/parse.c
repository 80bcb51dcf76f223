/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The catalog's parser. In: text (HACKING.md, "The catalog's text") from anybody. Out:
 * entries of a catalog. One pass over lines without recursion; a line in the first column
 * opens an entry, indented ones are its members. References are resolved at the end
 * (parse_link.c), so order does not matter. An entry replaces one of its name that was
 * taken over from a base catalog; twice in one text it is refused, like unknown words,
 * layouts that overlap (parse_field.c), and names that C or the header would not take.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "catalog/parse.h"

#define MAX_NAMES 16 /* of the kernel's for one entry: alternatives */
#define MAX_RULES 256

bool parse_since(struct parser *p, uint32_t least, uint32_t *out)
{
	int64_t n;

	if (!lex_is(&p->l, "since"))
		return lex_fail(&p->l, "catalog-syntax", "\"since N\" is missing");
	if (!lex_number(&p->l, "since", &n))
		return false;
	if (n < 1 || n > p->version)
		return lex_fail(&p->l, "catalog-layout",
		                "since %lld, but this catalog is version %u", (long long)n,
		                p->version);
	if (n < least)
		return lex_fail(&p->l, "catalog-layout",
		                "since %lld, but what it belongs to is since %u", (long long)n,
		                least);
	*out = (uint32_t)n;
	return true;
}

static bool add_name(struct parser *p, uint32_t scope, const char *name, uint32_t at,
                     const char *of)
{
	int rc = names_add(&p->names, scope, name, at, false);

	if (rc == -ENOMEM)
		return lex_nomem(&p->l);
	if (rc == -E2BIG)
		return lex_fail(&p->l, "catalog-name", "more names than a catalog may have");
	if (rc)
		return lex_fail(&p->l, "catalog-name", "%s%s%s stands twice", of, *of ? "." : "",
		                name);
	return true;
}

bool parse_member_name(struct parser *p, const char *of, const char *name)
{
	return add_name(p, IN_MEMBERS + p->entries, name, 0, of);
}

/* Names of the kernel's, at least one, up to one of the words that may follow them. */
static bool names_until(struct parser *p, const char *stop1, const char *stop2, const char ***out,
                        uint32_t *n)
{
	const char **slot, *w;

	while ((w = lex_peek(&p->l)) && !same_word(w, stop1) && !same_word(w, stop2)) {
		if (*n == MAX_NAMES)
			return lex_fail(&p->l, "catalog-syntax", "more than %d names", MAX_NAMES);
		slot = store_grow(p->l.store, out, n, sizeof(*slot));
		if (!slot)
			return lex_nomem(&p->l);
		if (!lex_name(&p->l, "a name of the kernel's", slot))
			return false;
	}
	return *n || lex_fail(&p->l, "catalog-syntax", "a name of the kernel's is missing");
}

/*
 * Where the entry @name goes: the place of the one that it replaces, or a new one at the
 * array's end. NULL after a failure.
 */
static void *place(struct parser *p, enum scope scope, const char *name, void *arrayp, uint32_t *n,
                   size_t size)
{
	struct name *known = names_find(&p->names, scope, name);
	void **array = arrayp, *slot;

	p->entries++;
	if (known && known->base) {
		known->base = false;
		return (char *)*array + known->at * size;
	}
	if (!add_name(p, scope, name, *n, ""))
		return NULL;
	slot = store_grow(p->l.store, arrayp, n, size);
	if (!slot)
		lex_nomem(&p->l);
	return slot;
}

/* struct NAME_user of KERNEL... since N "meaning" */
static bool open_struct(struct parser *p)
{
	struct cat_struct s = { .line = p->l.line }, *slot;
	size_t len;

	if (!lex_new_name(&p->l, "a struct", &s.name))
		return false;
	/* keeps them apart from the kernel's own, and makes "NAME *" a type that cannot be missed */
	len = strlen(s.name);
	if (len < 6 || strcmp(s.name + len - 5, "_user"))
		return lex_fail(&p->l, "catalog-name",
		                "struct %s: names of user-ized structs end in _user", s.name);
	if (names_find(&p->names, IN_ENUMS, s.name))
		return lex_fail(&p->l, "catalog-name", "%s is an enum already", s.name);
	if (!lex_is(&p->l, "of"))
		return lex_fail(&p->l, "catalog-syntax",
		                "struct %s of KERNEL-STRUCT since N \"meaning\"", s.name);
	if (!names_until(p, "since", "since", &s.kernel, &s.nr_kernel) ||
	    !parse_since(p, 1, &s.since) || !lex_doc(&p->l, &s.doc))
		return false;
	slot = place(p, IN_STRUCTS, s.name, &p->c->structs, &p->c->nr_structs, sizeof(s));
	if (!slot)
		return false;
	*slot = s;
	p->st = slot;
	p->of = OF_STRUCT;
	return true;
}

/* An application's event takes place under its own name. */
static bool own_place(struct parser *p, struct cat_event *ev)
{
	const char **slot = store_grow(p->l.store, &ev->places, &ev->nr_places, sizeof(*slot));

	if (!slot)
		return lex_nomem(&p->l);
	*slot = ev->name;
	return true;
}

/*
 * event NAME since N on TRACEPOINT... [subject ARG...] "meaning"
 * event PROVIDER:NAME since N "meaning", in an application's catalog
 */
static bool open_event(struct parser *p)
{
	struct cat_event ev = { .line = p->l.line }, *slot;
	const char **subject;

	if (!(p->c->application ? lex_new_event(&p->l, &ev.name)
	                        : lex_new_name(&p->l, "an event", &ev.name)) ||
	    !parse_since(p, 1, &ev.since))
		return false;
	if (p->c->application) {
		if (!own_place(p, &ev))
			return false;
	} else if (!lex_is(&p->l, "on")) {
		return lex_fail(&p->l, "catalog-syntax",
		                "event %s since N on TRACEPOINT \"meaning\"", ev.name);
	} else if (!names_until(p, "subject", "subject", &ev.places, &ev.nr_places)) {
		return false;
	}
	if (!p->c->application && lex_is(&p->l, "subject"))
		while (lex_peek(&p->l)) {
			if (ev.nr_subjects == sizeof(ev.subjects) / sizeof(ev.subjects[0]))
				return lex_fail(&p->l, "catalog-syntax",
				                "%s: more than %u subjects", ev.name,
				                ev.nr_subjects);
			subject = store_grow(p->l.store, &ev.subject_names, &ev.nr_subjects,
			                     sizeof(*subject));
			if (!subject)
				return lex_nomem(&p->l);
			if (!lex_name(&p->l, "a subject", subject))
				return false;
		}
	if (!lex_doc(&p->l, &ev.doc))
		return false;
	slot = place(p, IN_EVENTS, ev.name, &p->c->events, &p->c->nr_events, sizeof(ev));
	if (!slot)
		return false;
	*slot = ev;
	p->ev = slot;
	p->of = OF_EVENT;
	return true;
}

/* enum NAME [of KERNEL...] since N other VALUE "meaning" */
static bool open_enum(struct parser *p)
{
	struct cat_enum en = { .line = p->l.line }, *slot;
	int64_t other;

	if (!lex_new_name(&p->l, "an enum", &en.name))
		return false;
	if (names_find(&p->names, IN_STRUCTS, en.name) || names_find(&p->names, IN_RULES, en.name))
		return lex_fail(&p->l, "catalog-name", "%s is a struct or rules already", en.name);
	if (lex_is(&p->l, "of") && !names_until(p, "since", "other", &en.kernel, &en.nr_kernel))
		return false;
	if (!parse_since(p, 1, &en.since))
		return false;
	if (!lex_is(&p->l, "other"))
		return lex_fail(&p->l, "catalog-syntax", "enum %s: \"other VALUE\" is missing",
		                en.name);
	if (!lex_range(&p->l, "other", 0, INT32_MAX, &other) || !lex_doc(&p->l, &en.doc))
		return false;
	en.other = (uint32_t)other;
	slot = place(p, IN_ENUMS, en.name, &p->c->enums, &p->c->nr_enums, sizeof(en));
	if (!slot)
		return false;
	*slot = en;
	p->en = slot;
	p->of = OF_ENUM;
	return true;
}

/* NAME VALUE [= KERNEL[,KERNEL...]] since N "meaning" */
static bool enumerator(struct parser *p)
{
	struct cat_enumerator v = { .line = p->l.line }, *slot;
	const char **name;
	int64_t n;

	if (!lex_new_name(&p->l, "an enumerator", &v.name) ||
	    !lex_range(&p->l, v.name, 0, INT32_MAX, &n))
		return false;
	v.value = (uint32_t)n;
	if (lex_is(&p->l, "=")) {
		if (!p->en->nr_kernel)
			return lex_fail(&p->l, "catalog-syntax",
			                "%s: enum %s is \"of\" no enum of the kernel's", v.name,
			                p->en->name);
		do {
			if (v.nr_kernel == MAX_NAMES)
				return lex_fail(&p->l, "catalog-syntax", "more than %d names",
				                MAX_NAMES);
			name = store_grow(p->l.store, &v.kernel, &v.nr_kernel, sizeof(*name));
			if (!name)
				return lex_nomem(&p->l);
			if (!lex_name(&p->l, "an enumerator of the kernel's", name) ||
			    !parse_member_name(p, p->en->name, *name))
				return false;
		} while (lex_is(&p->l, ","));
	}
	if (!parse_since(p, p->en->since, &v.since) || !lex_doc(&p->l, &v.doc))
		return false;
	slot = store_grow(p->l.store, &p->en->values, &p->en->nr_values, sizeof(*slot));
	if (!slot)
		return lex_nomem(&p->l);
	*slot = v;
	return true;
}

/* rules NAME "meaning" */
static bool open_rules(struct parser *p)
{
	struct cat_rules ru = { .line = p->l.line, .otherwise = NO_ELSE }, *slot;
	const char *doc;

	if (!lex_new_name(&p->l, "rules", &ru.name) || !lex_doc(&p->l, &doc))
		return false;
	if (names_find(&p->names, IN_ENUMS, ru.name))
		return lex_fail(&p->l, "catalog-name", "%s is an enum already", ru.name);
	slot = place(p, IN_RULES, ru.name, &p->c->rules, &p->c->nr_rules, sizeof(ru));
	if (!slot)
		return false;
	*slot = ru;
	p->ru = slot;
	p->of = OF_RULES;
	return true;
}

/* mask N = RESULT, value N = RESULT; else RESULT ends them */
static bool rule(struct parser *p)
{
	struct cat_rules *ru = p->ru;
	struct cat_rule r = { 0 }, *slot;
	bool by_value = lex_is(&p->l, "value");
	int64_t n;

	if (!by_value && lex_is(&p->l, "else")) {
		p->of = OF_NOTHING; /* it is the last */
		return lex_range(&p->l, "else", INT32_MIN, INT32_MAX, &ru->otherwise) &&
		       lex_end(&p->l);
	}
	if (!by_value && !lex_is(&p->l, "mask"))
		return lex_fail(&p->l, "catalog-syntax", "a rule begins with mask, value or else");
	if (ru->nr_rules && by_value != ru->by_value)
		return lex_fail(&p->l, "catalog-syntax", "%s: masks and values do not mix",
		                ru->name);
	if (ru->nr_rules == MAX_RULES)
		return lex_fail(&p->l, "catalog-syntax", "%s: more than %d rules", ru->name,
		                MAX_RULES);
	if (!lex_range(&p->l, "a rule", by_value ? 0 : 1, UINT32_MAX, &n))
		return false;
	if (!lex_is(&p->l, "="))
		return lex_fail(&p->l, "catalog-syntax", "a rule is written: mask N = RESULT");
	if (!lex_range(&p->l, "a rule's result", INT32_MIN, INT32_MAX, &r.result) ||
	    !lex_end(&p->l))
		return false;
	r.mask = (uint64_t)n;
	ru->by_value = by_value;
	slot = store_grow(p->l.store, &ru->rules, &ru->nr_rules, sizeof(*slot));
	if (!slot)
		return lex_nomem(&p->l);
	*slot = r;
	return true;
}

/* "x86_64 N": -1 where the machine is not named or has no such call. */
static bool machine_number(struct parser *p, const char *machine, int32_t *out)
{
	int64_t n;

	*out = -1;
	if (!lex_is(&p->l, machine))
		return true;
	if (!lex_range(&p->l, machine, -1, 65535, &n))
		return false;
	*out = (int32_t)n;
	return true;
}

enum { MAX_SYSCALL_ARGS = 6 };

/* Six at most, so names are compared here: in the table they would be half of all. */
static bool syscall_arg(struct parser *p, const struct cat_syscall *sc, struct cat_field *args,
                        uint32_t nr)
{
	struct cat_field *f = &args[nr];
	uint32_t i;

	if (nr && !lex_is(&p->l, ","))
		return lex_fail(&p->l, "catalog-syntax", "syscall %s: a comma is missing",
		                sc->name);
	*f = (struct cat_field){ .since = sc->since, .offset = 8 * nr };
	if (!parse_type_and_name(p, f))
		return false;
	for (i = 0; i < nr; i++)
		if (same_word(args[i].name, f->name))
			return lex_fail(&p->l, "catalog-name", "%s.%s stands twice", sc->name,
			                f->name);
	if ((f->kind != CAT_UINT && f->kind != CAT_SINT && f->kind != CAT_USERPTR) ||
	    f->count > 1 || f->big_endian)
		return lex_fail(&p->l, "catalog-syntax",
		                "syscall %s: %s: an argument is a number or \"user\"", sc->name,
		                f->name);
	return true;
}

/* syscall NAME [since N] x86_64 N arm64 N generic N (TYPE NAME, ...) */
static bool open_syscall(struct parser *p)
{
	struct cat_syscall sc = { .since = 1, .line = p->l.line }, *slot;
	struct cat_field args[MAX_SYSCALL_ARGS];
	const char *w;

	p->of = OF_NOTHING;
	if (!lex_name(&p->l, "a system call", &sc.name))
		return false;
	w = lex_peek(&p->l);
	if (w && same_word(w, "since") && !parse_since(p, 1, &sc.since))
		return false;
	if (!machine_number(p, "x86_64", &sc.x86_64) || !machine_number(p, "arm64", &sc.arm64) ||
	    !machine_number(p, "generic", &sc.generic))
		return false;
	if (!lex_is(&p->l, "("))
		return lex_fail(&p->l, "catalog-syntax",
		                "syscall %s x86_64 N arm64 N generic N (TYPE NAME, ...)", sc.name);
	slot = place(p, IN_SYSCALLS, sc.name, &p->l.store->syscalls, &p->l.store->nr_syscalls,
	             sizeof(sc));
	if (!slot)
		return false;
	for (; !lex_is(&p->l, ")"); sc.nr_args++) {
		if (sc.nr_args == MAX_SYSCALL_ARGS)
			return lex_fail(&p->l, "catalog-syntax",
			                "syscall %s: more than %d arguments", sc.name,
			                MAX_SYSCALL_ARGS);
		if (!syscall_arg(p, &sc, args, sc.nr_args))
			return false;
	}
	if (sc.nr_args) {
		sc.args = store_take(p->l.store, sc.nr_args * sizeof(*args));
		if (!sc.args)
			return lex_nomem(&p->l);
		memcpy(sc.args, args, sc.nr_args * sizeof(*args));
	}
	*slot = sc;
	return lex_end(&p->l);
}

/*
 * catalog linux VERSION: at the top of each of the files that a text consists of; or
 * catalog application VERSION, of a text that stands alone
 */
static bool head(struct parser *p)
{
	bool application = lex_is(&p->l, "application");
	int64_t version;

	p->of = OF_NOTHING;
	if (!application && !lex_is(&p->l, "linux"))
		return lex_fail(&p->l, "catalog-syntax",
		                "a catalog begins with \"catalog linux VERSION\"");
	if (p->c->version && application != p->c->application)
		return lex_fail(&p->l, "catalog-syntax",
		                "a catalog of the kernel's events and one of an application's do not mix");
	p->c->application = p->l.terse = application;
	if (!lex_range(&p->l, "the catalog's version", 1, 1000000, &version) || !lex_end(&p->l))
		return false;
	p->version = (uint32_t)version;
	if (p->version > p->c->version)
		p->c->version = p->version;
	return true;
}

static bool opening(struct parser *p)
{
	static const struct {
		const char *word;
		bool (*open)(struct parser *p);
	} entries[] = {
		{ "struct", open_struct }, { "event", open_event },     { "enum", open_enum },
		{ "rules", open_rules },   { "syscall", open_syscall },
	};
	size_t i;

	p->field = NULL;
	if (lex_is(&p->l, "catalog"))
		return head(p);
	if (!p->version)
		return lex_fail(&p->l, "catalog-syntax",
		                "a catalog begins with \"catalog linux VERSION\"");
	for (i = 0; i < sizeof(entries) / sizeof(entries[0]); i++)
		if (lex_is(&p->l, entries[i].word))
			return entries[i].open(p);
	return lex_fail(&p->l, "catalog-syntax", "\"%.40s\" opens no entry", p->l.words[0].text);
}

static bool member(struct parser *p)
{
	if ((p->of == OF_STRUCT || p->of == OF_EVENT) && lex_is(&p->l, "from"))
		return parse_from(p);
	switch (p->of) {
	case OF_STRUCT:
		return parse_struct_field(p);
	case OF_EVENT:
		return parse_event_arg(p);
	case OF_ENUM:
		return enumerator(p);
	case OF_RULES:
		return rule(p);
	case OF_NOTHING:
		break;
	}
	return lex_fail(&p->l, "catalog-syntax", "an indented line that belongs to nothing");
}

/* Names of what was taken over: they can be referred to, and replaced. */
static bool base_names(struct parser *p)
{
	const struct catalog *c = p->c;
	uint32_t i;
	int rc = 0;

	for (i = 0; !rc && i < c->nr_structs; i++)
		rc = names_add(&p->names, IN_STRUCTS, c->structs[i].name, i, true);
	for (i = 0; !rc && i < c->nr_events; i++)
		rc = names_add(&p->names, IN_EVENTS, c->events[i].name, i, true);
	for (i = 0; !rc && i < c->nr_enums; i++)
		rc = names_add(&p->names, IN_ENUMS, c->enums[i].name, i, true);
	for (i = 0; !rc && i < c->nr_rules; i++)
		rc = names_add(&p->names, IN_RULES, c->rules[i].name, i, true);
	for (i = 0; !rc && i < c->store->nr_syscalls; i++)
		rc = names_add(&p->names, IN_SYSCALLS, c->store->syscalls[i].name, i, true);
	return !rc || lex_nomem(&p->l);
}

int parse_text(struct catalog *c, const char *text, uint32_t size, const char *file,
               struct abide_error *e)
{
	struct parser *p;
	char *copy;
	int failed;

	if (size > CATALOG_MAX)
		return error_set(e, -EFBIG, "catalog-syntax", "%s is larger than %u MiB", file,
		                 CATALOG_MAX >> 20);
	p = calloc(1, sizeof(*p));
	copy = store_text(c->store, text, size);
	if (!p || !copy) {
		free(p);
		return error_nomem(e);
	}
	p->l = (struct lex){
		.at = copy, .end = copy + size, .file = file, .store = c->store, .e = e
	};
	p->c = c;
	if (base_names(p))
		while (lex_line(&p->l) && (p->l.indented ? member(p) : opening(p)))
			;
	if (!p->l.failed && !p->version)
		lex_fail(&p->l, "catalog-syntax",
		         "no catalog: it begins with \"catalog linux VERSION\"");
	if (!p->l.failed)
		parse_link(p);
	failed = p->l.failed;
	names_free(&p->names);
	free(p);
	return failed;
}
