/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The end of a parse: names become indices, and what only the whole catalog shows is
 * checked. In: the entries of one text and those taken over from a base catalog, whose
 * indices hold, for an entry is replaced in its place. Refused: names that nothing has,
 * enumerators that stand twice (C puts those of all enums into one scope), two system
 * calls of one number, entries and fields without content, values that an enum lacks.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "catalog/parse.h"

static bool missing(struct parser *p, uint32_t line, const char *what, const char *name)
{
	p->l.line = line;
	return lex_fail(&p->l, "catalog-name", "there is no %s %s", what, name);
}

static bool wrong(struct parser *p, uint32_t line, const char *what, const char *name)
{
	p->l.line = line;
	return lex_fail(&p->l, "catalog-layout", "%s %s", name, what);
}

/* Is the entry of this text, and not taken over? */
static bool is_new(const struct parser *p, enum scope scope, const char *name)
{
	const struct name *n = names_find(&p->names, scope, name);

	return n && !n->base;
}

/* "struct X *" or "enum X" as C spells it, from the bare name. */
static bool spell(struct parser *p, struct cat_field *f)
{
	char text[96];
	int n = snprintf(text, sizeof(text), f->kind == CAT_POINTER ? "struct %s *" : "enum %s",
	                 f->type);

	f->type = store_text(p->l.store, text, (size_t)n);
	return f->type || lex_nomem(&p->l);
}

static bool link_type(struct parser *p, struct cat_field *f)
{
	bool pointer = f->kind == CAT_POINTER;
	const struct name *n;

	if (!pointer && f->kind != CAT_ENUM)
		return true;
	n = names_find(&p->names, pointer ? IN_STRUCTS : IN_ENUMS, f->type);
	if (!n)
		return missing(p, f->line, pointer ? "struct" : "enum", f->type);
	f->target = n->at;
	return spell(p, f);
}

static bool has_value(const struct cat_enum *en, int64_t value)
{
	uint32_t i;

	for (i = 0; i < en->nr_values; i++)
		if (en->values[i].value == value)
			return true;
	return false;
}

/* Rules whose results become an enum give none that it lacks. Each pair is looked at once. */
static bool results_fit(struct parser *p, const struct cat_field *f, const struct cat_source *s,
                        const struct cat_rules *ru)
{
	const struct cat_enum *en = &p->c->enums[f->target];
	uint32_t pairs = IN_MEMBERS + p->entries + 1, i;

	if (names_find(&p->names, pairs + f->target, ru->name))
		return true;
	switch (names_add(&p->names, pairs + f->target, ru->name, 0, false)) {
	case 0:
		break;
	case -ENOMEM:
		return lex_nomem(&p->l);
	default:
		p->l.line = s->line;
		return lex_fail(&p->l, "catalog-name", "more names than a catalog may have");
	}

	for (i = 0; i < ru->nr_rules; i++)
		if (!has_value(en, ru->rules[i].result))
			return wrong(p, s->line, "give a value that the enum does not have",
			             ru->name);
	return has_value(en, ru->otherwise) ||
	       wrong(p, s->line, "give a value (else) that the enum does not have", ru->name);
}

static bool link_op(struct parser *p, const struct cat_field *f, const struct cat_source *s,
                    uint32_t i)
{
	struct cat_op *op = &s->ops[i];
	const struct name *n;

	if (op->kind != CAT_ENUMMAP)
		return true;
	n = names_find(&p->names, IN_ENUMS, op->name);
	if (n) {
		op->target = n->at;
		if (f->kind != CAT_ENUM || f->target != n->at || i + 1 < s->nr_ops)
			return wrong(p, s->line,
			             "is of another type, or its conversion is not the last",
			             f->name);
		return true;
	}
	n = names_find(&p->names, IN_RULES, op->name);
	if (!n)
		return missing(p, s->line, "enum or rules", op->name);
	op->kind = CAT_RULES;
	op->target = n->at;
	return f->kind != CAT_ENUM || i + 1 < s->nr_ops ||
	       results_fit(p, f, s, &p->c->rules[n->at]);
}

static bool link_field(struct parser *p, struct cat_field *f)
{
	uint32_t i, k;

	if (!f->nr_sources)
		return wrong(p, f->line, "has no \"from\" line", f->name);
	if (!link_type(p, f))
		return false;
	for (i = 0; i < f->nr_sources; i++)
		for (k = 0; k < f->sources[i].nr_ops; k++)
			if (!link_op(p, f, &f->sources[i], k))
				return false;
	return true;
}

/* Is it a pointer to a task? Subjects are: the process filter reads their tgid. */
static bool is_task(const struct catalog *c, const struct cat_field *f)
{
	const struct cat_struct *s = f->kind == CAT_POINTER ? &c->structs[f->target] : NULL;
	uint32_t i;

	for (i = 0; s && i < s->nr_kernel; i++)
		if (!strcmp(s->kernel[i], "task_struct"))
			return true;
	return s && catalog_field(s, "tgid");
}

static bool link_subjects(struct parser *p, struct cat_event *ev)
{
	uint32_t i, k;

	for (i = 0; i < ev->nr_subjects; i++) {
		ev->subjects[i] = -1;
		if (!strcmp(ev->subject_names[i], "current"))
			continue;
		if (!strcmp(ev->subject_names[i], "anybody")) {
			ev->anybody = true;
			continue;
		}
		for (k = 0; k < ev->nr_args && strcmp(ev->args[k].name, ev->subject_names[i]); k++)
			;
		if (k == ev->nr_args)
			return missing(p, ev->line, "argument", ev->subject_names[i]);
		if (!is_task(p->c, &ev->args[k]))
			return wrong(p, ev->line, "is a subject, but no pointer to a task",
			             ev->subject_names[i]);
		ev->subjects[i] = (int32_t)k;
	}
	if (!ev->nr_subjects) {
		ev->subjects[0] = -1;
		ev->nr_subjects = 1;
	}
	return true;
}

static bool link_structs(struct parser *p)
{
	struct catalog *c = p->c;
	uint32_t i, k;

	for (i = 0; i < c->nr_structs; i++) {
		struct cat_struct *s = &c->structs[i];

		if (!is_new(p, IN_STRUCTS, s->name))
			continue;
		if (!s->nr_fields)
			return wrong(p, s->line, "has no fields", s->name);
		for (k = 0; k < s->nr_fields; k++)
			if (!link_field(p, &s->fields[k]))
				return false;
	}
	return true;
}

static bool link_events(struct parser *p)
{
	struct catalog *c = p->c;
	uint32_t i, k;

	for (i = 0; i < c->nr_events; i++) {
		struct cat_event *ev = &c->events[i];

		if (!is_new(p, IN_EVENTS, ev->name))
			continue;
		for (k = 0; k < ev->nr_args; k++)
			if (!link_field(p, &ev->args[k]))
				return false;
		if (!link_subjects(p, ev))
			return false;
	}
	return true;
}

static int by_value(const void *x, const void *y)
{
	const struct cat_enumerator *a = *(const struct cat_enumerator *const *)x;
	const struct cat_enumerator *b = *(const struct cat_enumerator *const *)y;

	if (a->value != b->value)
		return a->value < b->value ? -1 : 1;
	return a->line < b->line ? -1 : a->line > b->line;
}

/* No value twice. Sorted, for an enum may have as many as the text has lines. */
static bool values_differ(struct parser *p, const struct cat_enum *en)
{
	const struct cat_enumerator **v = calloc(en->nr_values, sizeof(*v));
	uint32_t i;
	bool ok = true;

	if (!v)
		return lex_nomem(&p->l);
	for (i = 0; i < en->nr_values; i++)
		v[i] = &en->values[i];
	qsort(v, en->nr_values, sizeof(*v), by_value);
	for (i = 1; ok && i < en->nr_values; i++)
		if (v[i]->value == v[i - 1]->value) {
			p->l.line = v[i]->line;
			ok = lex_fail(&p->l, "catalog-layout", "%s has the value of %s: %u",
			              v[i]->name, v[i - 1]->name, v[i]->value);
		}
	free(v);
	return ok;
}

static bool add_enumerators(struct parser *p, const struct cat_enum *en, bool complain)
{
	uint32_t i;
	int rc;

	for (i = 0; i < en->nr_values; i++) {
		rc = names_add(&p->names, IN_ENUMERATORS, en->values[i].name, 0, false);
		if (rc == -ENOMEM)
			return lex_nomem(&p->l);
		if (!rc || !complain)
			continue;
		p->l.line = en->values[i].line;
		return lex_fail(&p->l, "catalog-name",
		                rc == -EEXIST ? "enumerator %s stands twice"
		                              : "%s: more names than a catalog may have",
		                en->values[i].name);
	}
	return true;
}

/* Those taken over first, so that the line is one of this text. */
static bool link_enums(struct parser *p)
{
	const struct catalog *c = p->c;
	uint32_t i;

	for (i = 0; i < c->nr_enums; i++)
		if (!is_new(p, IN_ENUMS, c->enums[i].name) &&
		    !add_enumerators(p, &c->enums[i], false))
			return false;
	for (i = 0; i < c->nr_enums; i++) {
		const struct cat_enum *en = &c->enums[i];

		if (!is_new(p, IN_ENUMS, en->name))
			continue;
		if (!en->nr_values)
			return wrong(p, en->line, "has no enumerators", en->name);
		if (!values_differ(p, en) || !add_enumerators(p, en, true))
			return false;
	}
	return true;
}

static bool link_rules(struct parser *p)
{
	const struct cat_rules *ru = p->c->rules;
	uint32_t i;

	for (i = 0; i < p->c->nr_rules; i++)
		if (!ru[i].nr_rules || ru[i].otherwise == NO_ELSE)
			return wrong(p, ru[i].line, ru[i].nr_rules ? "has no else" : "has no rules",
			             ru[i].name);
	return true;
}

/* One call a number, on each machine. */
static bool link_syscalls(struct parser *p)
{
	enum { MACHINES = 3, NUMBERS = 65536 };
	const struct catalog_store *s = p->l.store;
	const struct cat_syscall **by_number = NULL;
	uint32_t i, m;
	bool ok = true;

	if (s->nr_syscalls) {
		by_number = calloc(MACHINES * NUMBERS, sizeof(*by_number));
		if (!by_number)
			return lex_nomem(&p->l);
	}
	for (i = 0; ok && i < s->nr_syscalls; i++) {
		const struct cat_syscall *sc = &s->syscalls[i];
		const int32_t nr[MACHINES] = { sc->x86_64, sc->arm64, sc->generic };

		for (m = 0; ok && m < MACHINES; m++) {
			const struct cat_syscall **slot =
				nr[m] < 0 ? NULL : &by_number[m * NUMBERS + (uint32_t)nr[m]];

			if (slot && *slot) {
				p->l.line = sc->line > (*slot)->line ? sc->line : (*slot)->line;
				ok = lex_fail(&p->l, "catalog-layout",
				              "system calls %s and %s have one number: %d",
				              (*slot)->name, sc->name, nr[m]);
			} else if (slot) {
				*slot = sc;
			}
		}
	}
	free(by_number);
	return ok;
}

bool parse_link(struct parser *p)
{
	return link_enums(p) && link_rules(p) && link_structs(p) && link_events(p) &&
	       link_syscalls(p);
}
