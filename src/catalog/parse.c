/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The catalog's parser. In: text (HACKING.md, "The catalog's text") from anybody. Out: a
 * catalog in which every name has become an index. One pass over lines without recursion;
 * references are resolved at the end, so order does not matter. Entries of a base catalog
 * are taken over and replaced by name. Refused, with FILE:LINE: unknown words, layouts
 * that overlap or are not aligned, names that are not known or stand twice.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "catalog/parse.h"

struct parser {
	struct lex l;
	struct catalog *c;
	/* what an indented line belongs to */
	enum { IN_NOTHING, IN_STRUCT, IN_EVENT, IN_ENUM, IN_RULES } in;
	struct cat_struct *st;
	struct cat_event *ev;
	struct cat_enum *en;
	struct cat_rules *ru;
	struct cat_field *field; /* that a "from" line belongs to */
	bool headed;
};

static bool nomem(struct parser *p)
{
	if (!p->l.failed)
		error_nomem(p->l.e);
	p->l.failed = true;
	return false;
}

/* "since N", at most the catalog's version */
static bool since(struct parser *p, uint32_t *out)
{
	int64_t n;

	if (!lex_is(&p->l, "since"))
		return lex_fail(&p->l, "catalog-syntax", "\"since N\" is missing");
	if (!lex_number(&p->l, "since", &n))
		return false;
	if (n < 1 || n > p->c->version)
		return lex_fail(&p->l, "catalog-syntax", "since %lld: this catalog is version %u", (long long)n,
				p->c->version);
	*out = (uint32_t)n;
	return true;
}

/* Names up to one of the words that may follow them. */
static bool names_until(struct parser *p, const char *const *stops, const char ***out, uint32_t *n)
{
	const char **list = NULL, **slot, *w;
	uint32_t i;

	*n = 0;
	while ((w = lex_peek(&p->l))) {
		for (i = 0; stops[i]; i++)
			if (!strcmp(w, stops[i]))
				goto done;
		slot = store_grow(p->l.store, &list, n, sizeof(*slot));
		if (!slot)
			return nomem(p);
		if (!lex_name(&p->l, "a name of the kernel's", slot))
			return false;
	}
done:
	*out = list;
	return true;
}

/* A number type: u8 .. u64, s8 .. s64, be16 be32 be64. */
static bool number_type(const char *w, struct cat_field *f)
{
	static const struct {
		const char *word, *c;
		enum cat_kind kind;
		uint32_t size;
	} types[] = {
		{ "u8", "__u8", CAT_UINT, 1 },	  { "u16", "__u16", CAT_UINT, 2 },   { "u32", "__u32", CAT_UINT, 4 },
		{ "u64", "__u64", CAT_UINT, 8 },  { "s8", "__s8", CAT_SINT, 1 },     { "s16", "__s16", CAT_SINT, 2 },
		{ "s32", "__s32", CAT_SINT, 4 },  { "s64", "__s64", CAT_SINT, 8 },   { "be16", "__be16", CAT_UINT, 2 },
		{ "be32", "__be32", CAT_UINT, 4 }, { "be64", "__be64", CAT_UINT, 8 },
	};
	size_t i;

	for (i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (!strcmp(w, types[i].word)) {
			f->kind = types[i].kind;
			f->size = types[i].size;
			f->type = types[i].c;
			f->big_endian = w[0] == 'b';
			return true;
		}
	return false;
}

/* "comm[16]": cut the brackets off the word at hand and return what they hold, 0 if there are none. */
static bool array_suffix(struct parser *p, uint32_t *n)
{
	const char *w = lex_peek(&p->l), *open = w ? strchr(w, '[') : NULL;
	char *end;
	unsigned long v;

	*n = 0;
	if (!open)
		return true;
	v = strtoul(open + 1, &end, 10);
	if (end == open + 1 || strcmp(end, "]") || v < 1 || v > 4096)
		return lex_fail(&p->l, "catalog-syntax", "bad array \"%.60s\"", w);
	p->l.words[p->l.next].text = store_text(p->l.store, w, (size_t)(open - w));
	if (!p->l.words[p->l.next].text)
		return nomem(p);
	*n = (uint32_t)v;
	return true;
}

/* TYPE NAME of a field or argument. Pointer and enum types keep the other's name in .type for now. */
static bool type_and_name(struct parser *p, struct cat_field *f)
{
	const char *w = lex_word(&p->l, "a type");
	uint32_t n;

	if (!w)
		return false;
	f->count = 1;
	f->line = p->l.line;
	if (number_type(w, f)) {
		;
	} else if (!strcmp(w, "char")) {
		f->kind = CAT_CHARS;
		f->type = "char";
	} else if (!strcmp(w, "enum")) {
		f->kind = CAT_ENUM;
		f->size = 4;
		if (!lex_name(&p->l, "an enum", &f->type))
			return false;
	} else if (!strcmp(w, "string") || !strcmp(w, "user")) {
		f->kind = *w == 's' ? CAT_STRING : CAT_USERPTR;
		f->type = *w == 's' ? "const char *" : "const void *";
		f->size = 8;
	} else if (lex_is(&p->l, "*")) {
		f->kind = CAT_POINTER;
		f->type = w;
		f->size = 8;
	} else {
		return lex_fail(&p->l, "catalog-syntax", "\"%.40s\" is no type", w);
	}
	if (!array_suffix(p, &n) || !lex_name(&p->l, "a field", &f->name))
		return false;
	if (f->kind == CAT_CHARS) {
		if (!n)
			return lex_fail(&p->l, "catalog-syntax", "char %s needs a length: char %s[16]", f->name, f->name);
		f->size = n;
	} else if (n && f->kind == CAT_UINT && f->size == 1) {
		f->kind = CAT_BYTES;
		f->size = n;
	} else if (n) {
		if (f->kind != CAT_UINT && f->kind != CAT_SINT)
			return lex_fail(&p->l, "catalog-syntax", "only arrays of numbers exist");
		f->count = n;
	}
	return true;
}

/* since N [unit U] [nullable] "meaning" */
static bool attributes(struct parser *p, struct cat_field *f)
{
	if (!since(p, &f->since))
		return false;
	f->unit = "";
	for (;;) {
		if (lex_is(&p->l, "unit")) {
			f->unit = lex_word(&p->l, "a unit");
			if (!f->unit)
				return false;
		} else if (lex_is(&p->l, "nullable")) {
			if (f->kind != CAT_POINTER)
				return lex_fail(&p->l, "catalog-syntax", "only pointers are nullable");
			f->nullable = true;
		} else {
			return lex_doc(&p->l, &f->doc);
		}
	}
}

/* Alignment of a field: of its elements, 1 for bytes in place. */
static uint32_t alignment(const struct cat_field *f)
{
	return f->kind == CAT_CHARS || f->kind == CAT_BYTES ? 1 : f->size;
}

static bool struct_field(struct parser *p)
{
	struct cat_struct *s = p->st;
	struct cat_field f = { 0 }, *slot;
	const char *w;
	char *end;
	uint32_t i;

	if (!type_and_name(p, &f))
		return false;
	w = lex_word(&p->l, "an offset (@N)");
	if (!w)
		return false;
	f.offset = *w == '@' ? (uint32_t)strtoul(w + 1, &end, 10) : 0;
	if (*w != '@' || end == w + 1 || *end || f.offset > 65536)
		return lex_fail(&p->l, "catalog-syntax", "\"%.40s\" is no offset: @N", w);
	if (!attributes(p, &f))
		return false;
	if (f.offset % alignment(&f))
		return lex_fail(&p->l, "catalog-layout", "%s.%s: offset %u is not aligned to %u", s->name, f.name,
				f.offset, alignment(&f));
	if (f.offset < s->size)
		return lex_fail(&p->l, "catalog-layout", "%s.%s at %u overlaps what is before it, which ends at %u",
				s->name, f.name, f.offset, s->size);
	for (i = 0; i < s->nr_fields; i++)
		if (!strcmp(s->fields[i].name, f.name))
			return lex_fail(&p->l, "catalog-name", "%s.%s stands twice", s->name, f.name);
	s->size = f.offset + f.size * f.count;
	slot = store_grow(p->l.store, &s->fields, &s->nr_fields, sizeof(*slot));
	if (!slot)
		return nomem(p);
	*slot = f;
	p->field = slot;
	return true;
}

static bool event_arg(struct parser *p)
{
	struct cat_event *ev = p->ev;
	struct cat_field f = { 0 }, *slot;

	if (!type_and_name(p, &f) || !attributes(p, &f))
		return false;
	if (f.kind == CAT_CHARS || f.kind == CAT_BYTES || f.count > 1)
		return lex_fail(&p->l, "catalog-layout", "an event hands over pointers and numbers only");
	f.offset = 8 * ev->nr_args;
	slot = store_grow(p->l.store, &ev->args, &ev->nr_args, sizeof(*slot));
	if (!slot)
		return nomem(p);
	*slot = f;
	p->field = slot;
	return true;
}

static bool from_line(struct parser *p)
{
	struct cat_source s = { 0 }, *slot;

	if (!p->field)
		return lex_fail(&p->l, "catalog-syntax", "\"from\" belongs under a field");
	if (!parse_source(&p->l, &s))
		return p->l.failed ? false : nomem(p);
	if (s.nr_elements && s.nr_elements != p->field->count)
		return lex_fail(&p->l, "catalog-layout", "%s has %u elements and %u paths", p->field->name,
				p->field->count, s.nr_elements);
	slot = store_grow(p->l.store, &p->field->sources, &p->field->nr_sources, sizeof(*slot));
	if (!slot)
		return nomem(p);
	*slot = s;
	return true;
}

/* NAME VALUE [= KERNEL[,KERNEL...]] since N "meaning" */
static bool enumerator(struct parser *p)
{
	struct cat_enumerator v = { 0 }, *slot;
	const char **name;
	int64_t n;
	uint32_t i;

	if (!lex_name(&p->l, "an enumerator", &v.name) || !lex_number(&p->l, v.name, &n))
		return false;
	if (n < 0 || n > INT32_MAX)
		return lex_fail(&p->l, "catalog-layout", "%s: enumerators lie in 0..2^31-1", v.name);
	v.value = (uint32_t)n;
	if (lex_is(&p->l, "="))
		do {
			name = store_grow(p->l.store, &v.kernel, &v.nr_kernel, sizeof(*name));
			if (!name)
				return nomem(p);
			if (!lex_name(&p->l, "an enumerator of the kernel's", name))
				return false;
		} while (lex_is(&p->l, ","));
	if (!since(p, &v.since) || !lex_doc(&p->l, &v.doc))
		return false;
	for (i = 0; i < p->en->nr_values; i++)
		if (p->en->values[i].value == v.value || !strcmp(p->en->values[i].name, v.name))
			return lex_fail(&p->l, "catalog-layout", "%s: its name or value stands twice", v.name);
	slot = store_grow(p->l.store, &p->en->values, &p->en->nr_values, sizeof(*slot));
	if (!slot)
		return nomem(p);
	*slot = v;
	return true;
}

/* mask N = R, value N = R, else R */
static bool rule(struct parser *p)
{
	struct cat_rule r = { 0 }, *slot;
	bool by_value = lex_is(&p->l, "value");
	int64_t n;

	if (!by_value && lex_is(&p->l, "else"))
		return lex_number(&p->l, "else", &p->ru->otherwise);
	if (!by_value && !lex_is(&p->l, "mask"))
		return lex_fail(&p->l, "catalog-syntax", "a rule begins with mask, value or else");
	if (p->ru->nr_rules && by_value != p->ru->by_value)
		return lex_fail(&p->l, "catalog-syntax", "masks and values do not mix");
	if (!lex_number(&p->l, "a rule", &n))
		return false;
	if (n < 0 || n > INT32_MAX)
		return lex_fail(&p->l, "catalog-syntax", "a rule's number lies in 0..2^31-1");
	if (!lex_is(&p->l, "=") || !lex_number(&p->l, "a rule's result", &r.result))
		return lex_fail(&p->l, "catalog-syntax", "a rule is written N = RESULT");
	r.mask = (uint64_t)n;
	p->ru->by_value = by_value;
	slot = store_grow(p->l.store, &p->ru->rules, &p->ru->nr_rules, sizeof(*slot));
	if (!slot)
		return nomem(p);
	*slot = r;
	return true;
}

/* The entry of that name in an array, to be replaced, or a new one at its end. */
static void *entry(struct parser *p, void *arrayp, uint32_t *n, size_t size, const char *name)
{
	void **array = arrayp;
	uint32_t i;

	for (i = 0; i < *n; i++) {
		char *at = (char *)*array + i * size;

		/* the name is the first member of every kind of entry */
		if (!strcmp(*(const char **)at, name)) {
			memset(at, 0, size);
			return at;
		}
	}
	return store_grow(p->l.store, arrayp, n, size);
}

static bool open_struct(struct parser *p)
{
	static const char *const stops[] = { "since", NULL };
	struct cat_struct s = { 0 }, *slot;

	s.line = p->l.line;
	if (!lex_name(&p->l, "a struct", &s.name))
		return false;
	if (!lex_is(&p->l, "of"))
		return lex_fail(&p->l, "catalog-syntax", "struct %s of KERNEL-STRUCT", s.name);
	if (!names_until(p, stops, &s.kernel, &s.nr_kernel) || !since(p, &s.since) || !lex_doc(&p->l, &s.doc))
		return false;
	slot = entry(p, &p->c->structs, &p->c->nr_structs, sizeof(s), s.name);
	if (!slot)
		return nomem(p);
	*slot = s;
	p->st = slot;
	p->in = IN_STRUCT;
	return true;
}

static bool open_event(struct parser *p)
{
	static const char *const stops[] = { "subject", NULL };
	struct cat_event ev = { 0 }, *slot;
	const char **subjects = NULL, **s;
	uint32_t n = 0;

	ev.line = p->l.line;
	if (!lex_name(&p->l, "an event", &ev.name) || !since(p, &ev.since))
		return false;
	if (!lex_is(&p->l, "on"))
		return lex_fail(&p->l, "catalog-syntax", "event %s since N on TRACEPOINT", ev.name);
	if (!names_until(p, stops, &ev.places, &ev.nr_places))
		return false;
	if (lex_is(&p->l, "subject"))
		while (lex_peek(&p->l)) {
			s = store_grow(p->l.store, &subjects, &n, sizeof(*s));
			if (!s)
				return nomem(p);
			if (n > sizeof(ev.subjects) / sizeof(ev.subjects[0]))
				return lex_fail(&p->l, "catalog-syntax", "more than 4 subjects");
			if (!lex_name(&p->l, "a subject", s))
				return false;
		}
	if (!lex_doc(&p->l, &ev.doc))
		return false;
	ev.subject_names = subjects;
	ev.nr_subjects = n;
	slot = entry(p, &p->c->events, &p->c->nr_events, sizeof(ev), ev.name);
	if (!slot)
		return nomem(p);
	*slot = ev;
	p->ev = slot;
	p->in = IN_EVENT;
	return true;
}

static bool open_enum(struct parser *p)
{
	static const char *const stops[] = { "since", "other", NULL };
	struct cat_enum en = { 0 }, *slot;
	int64_t other = 0;

	if (!lex_name(&p->l, "an enum", &en.name))
		return false;
	if (lex_is(&p->l, "of") && !names_until(p, stops, &en.kernel, &en.nr_kernel))
		return false;
	if (!since(p, &en.since) || !lex_is(&p->l, "other") || !lex_number(&p->l, "other", &other))
		return lex_fail(&p->l, "catalog-syntax", "enum %s [of KERNEL-ENUM...] since N other VALUE", en.name);
	if (other < 0 || other > INT32_MAX)
		return lex_fail(&p->l, "catalog-layout", "%s: other lies in 0..2^31-1", en.name);
	en.other = (uint32_t)other;
	if (!lex_doc(&p->l, &en.doc))
		return false;
	slot = entry(p, &p->c->enums, &p->c->nr_enums, sizeof(en), en.name);
	if (!slot)
		return nomem(p);
	*slot = en;
	p->en = slot;
	p->in = IN_ENUM;
	return true;
}

static bool open_rules(struct parser *p)
{
	struct cat_rules ru = { 0 }, *slot;
	const char *doc;

	if (!lex_name(&p->l, "rules", &ru.name) || !lex_doc(&p->l, &doc))
		return false;
	slot = entry(p, &p->c->rules, &p->c->nr_rules, sizeof(ru), ru.name);
	if (!slot)
		return nomem(p);
	*slot = ru;
	p->ru = slot;
	p->in = IN_RULES;
	return true;
}

static bool machine_number(struct parser *p, const char *machine, int32_t *out)
{
	int64_t n;

	*out = -1;
	if (!lex_is(&p->l, machine))
		return true;
	if (!lex_number(&p->l, machine, &n))
		return false;
	if (n < -1 || n > 65535)
		return lex_fail(&p->l, "catalog-layout", "%s: a system call's number lies in -1..65535", machine);
	*out = (int32_t)n;
	return true;
}

/* syscall NAME x86_64 N arm64 N generic N (TYPE NAME, ...) */
static bool open_syscall(struct parser *p)
{
	struct cat_syscall sc = { 0 }, *slot;

	p->in = IN_NOTHING;
	if (!lex_name(&p->l, "a system call", &sc.name) || !machine_number(p, "x86_64", &sc.x86_64) ||
	    !machine_number(p, "arm64", &sc.arm64) || !machine_number(p, "generic", &sc.generic))
		return false;
	if (!lex_is(&p->l, "("))
		return lex_fail(&p->l, "catalog-syntax", "syscall %s: its arguments in (...) are missing", sc.name);
	while (!lex_is(&p->l, ")")) {
		struct cat_field f = { .since = 1, .unit = "", .doc = "" }, *arg;

		if (sc.nr_args == 6)
			return lex_fail(&p->l, "catalog-syntax", "syscall %s: more than 6 arguments", sc.name);
		if ((sc.nr_args && !lex_is(&p->l, ",")) || !type_and_name(p, &f))
			return lex_fail(&p->l, "catalog-syntax", "syscall %s: bad arguments", sc.name);
		f.offset = 8 * sc.nr_args;
		arg = store_grow(p->l.store, &sc.args, &sc.nr_args, sizeof(*arg));
		if (!arg)
			return nomem(p);
		*arg = f;
	}
	if (p->l.next < p->l.nr_words)
		return lex_fail(&p->l, "catalog-syntax", "\"%.40s\" is not expected here", p->l.words[p->l.next].text);
	slot = entry(p, &p->c->syscalls, &p->c->nr_syscalls, sizeof(sc), sc.name);
	if (!slot)
		return nomem(p);
	*slot = sc;
	return true;
}

static bool head(struct parser *p)
{
	int64_t version;

	if (!lex_word(&p->l, "the catalog's name") || !lex_number(&p->l, "the catalog's version", &version))
		return false;
	if (version < 1 || version > 1000000)
		return lex_fail(&p->l, "catalog-syntax", "bad version %lld", (long long)version);
	if (version > p->c->version)
		p->c->version = (uint32_t)version;
	p->headed = true;
	p->in = IN_NOTHING;
	return true;
}

static bool opening(struct parser *p)
{
	p->field = NULL;
	if (lex_is(&p->l, "catalog"))
		return head(p);
	if (!p->headed)
		return lex_fail(&p->l, "catalog-syntax", "a catalog begins with \"catalog NAME VERSION\"");
	if (lex_is(&p->l, "struct"))
		return open_struct(p);
	if (lex_is(&p->l, "event"))
		return open_event(p);
	if (lex_is(&p->l, "enum"))
		return open_enum(p);
	if (lex_is(&p->l, "rules"))
		return open_rules(p);
	if (lex_is(&p->l, "syscall"))
		return open_syscall(p);
	return lex_fail(&p->l, "catalog-syntax", "\"%.40s\" opens no entry", p->l.words[0].text);
}

static bool member(struct parser *p)
{
	if ((p->in == IN_STRUCT || p->in == IN_EVENT) && lex_is(&p->l, "from"))
		return from_line(p);
	switch (p->in) {
	case IN_STRUCT:
		return struct_field(p);
	case IN_EVENT:
		return event_arg(p);
	case IN_ENUM:
		return enumerator(p);
	case IN_RULES:
		return rule(p);
	case IN_NOTHING:
		break;
	}
	return lex_fail(&p->l, "catalog-syntax", "an indented line that belongs to nothing");
}

int parse_text(struct catalog *c, const char *text, uint32_t size, const char *file, struct abide_error *e)
{
	struct parser *p = calloc(1, sizeof(*p));
	bool failed;

	if (!p)
		return error_nomem(e);
	p->l = (struct lex){ .at = text, .end = text + size, .file = file, .store = c->store, .e = e };
	p->c = c;
	while (lex_line(&p->l) && (p->l.indented ? member(p) : opening(p)))
		;
	if (!p->l.failed && !p->headed)
		lex_fail(&p->l, "catalog-syntax", "no catalog: it begins with \"catalog NAME VERSION\"");
	failed = p->l.failed;
	free(p);
	return failed ? e->code : 0;
}
