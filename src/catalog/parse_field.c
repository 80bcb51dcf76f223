/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Fields of structs and arguments of events. In: a line's words. Out: struct cat_field at
 * the end of its struct or event. Layouts are checked here: offsets ascend, are aligned and
 * do not overlap. Types of pointers and enums stay names until parse_link.c.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "catalog/parse.h"

#define MAX_OFFSET  65536
#define MAX_ARRAY   4096
#define MAX_ARGS    12 /* what BPF_PROG() can spell */
#define MAX_SOURCES 16

/* A number type: u8 .. u64, s8 .. s64, be16 be32 be64. */
static bool number_type(const char *w, struct cat_field *f)
{
	static const struct {
		const char *word, *c;
		enum cat_kind kind;
		uint32_t size;
	} types[] = {
		{ "u8", "__u8", CAT_UINT, 1 },     { "u16", "__u16", CAT_UINT, 2 },
		{ "u32", "__u32", CAT_UINT, 4 },   { "u64", "__u64", CAT_UINT, 8 },
		{ "s8", "__s8", CAT_SINT, 1 },     { "s16", "__s16", CAT_SINT, 2 },
		{ "s32", "__s32", CAT_SINT, 4 },   { "s64", "__s64", CAT_SINT, 8 },
		{ "be16", "__be16", CAT_UINT, 2 }, { "be32", "__be32", CAT_UINT, 4 },
		{ "be64", "__be64", CAT_UINT, 8 },
	};
	size_t i;

	for (i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (w[1] == types[i].word[1] && same_word(w, types[i].word)) {
			f->kind = types[i].kind;
			f->size = types[i].size;
			f->type = types[i].c;
			f->big_endian = w[0] == 'b';
			return true;
		}
	return false;
}

static bool parse_type(struct parser *p, struct cat_field *f)
{
	const char *w = lex_word(&p->l, "a type");

	if (!w)
		return false;
	if (number_type(w, f))
		return true;
	f->size = 8;
	if (same_word(w, "char")) {
		f->kind = CAT_CHARS;
		f->type = "char";
	} else if (same_word(w, "enum")) {
		f->kind = CAT_ENUM;
		f->size = 4;
		return lex_name(&p->l, "an enum", &f->type);
	} else if (same_word(w, "string")) {
		f->kind = CAT_STRING;
		f->type = "const char *";
	} else if (same_word(w, "user")) {
		f->kind = CAT_USERPTR;
		f->type = "const void *";
	} else if (lex_is(&p->l, "*")) {
		f->kind = CAT_POINTER;
		f->type = w;
	} else {
		return lex_fail(&p->l, "catalog-syntax", "\"%.40s\" is no type", w);
	}
	return true;
}

/* "comm[16]": cut the brackets off the word at hand; *n is what they hold, 0 if there are none. */
static bool array_suffix(struct parser *p, uint32_t *n)
{
	char *w = lex_peek(&p->l), *open = w ? strchr(w, '[') : NULL, *close;
	int64_t v;

	*n = 0;
	if (!open)
		return true;
	close = strchr(open, ']');
	if (!close || close[1])
		return lex_fail(&p->l, "catalog-syntax", "\"%.60s\" is no array: NAME[N]", w);
	*close = *open = '\0';
	if (!text_number(open + 1, &v) || v < 1 || v > MAX_ARRAY)
		return lex_fail(&p->l, "catalog-syntax", "%.40s: an array has 1 to %d elements", w,
		                MAX_ARRAY);
	*n = (uint32_t)v;
	return true;
}

bool parse_type_and_name(struct parser *p, struct cat_field *f)
{
	uint32_t n;

	f->count = 1;
	f->line = p->l.line;
	f->unit = f->doc = "";
	if (!parse_type(p, f) || !array_suffix(p, &n) || !lex_new_name(&p->l, "a name", &f->name))
		return false;
	if (f->kind == CAT_CHARS) {
		if (!n)
			return lex_fail(&p->l, "catalog-syntax",
			                "char %s needs a length, as in char %s[16]", f->name,
			                f->name);
		f->size = n;
	} else if (n && f->kind == CAT_UINT && f->size == 1) {
		f->kind = CAT_BYTES;
		f->size = n;
	} else if (n) {
		if (f->kind != CAT_UINT && f->kind != CAT_SINT)
			return lex_fail(&p->l, "catalog-syntax", "%s: only numbers form arrays",
			                f->name);
		f->count = n;
	}
	return true;
}

/* since N [unit U] [nullable] "meaning" */
static bool attributes(struct parser *p, uint32_t least, struct cat_field *f)
{
	if (!parse_since(p, least, &f->since))
		return false;
	if (lex_is(&p->l, "unit") && !lex_name(&p->l, "a unit", &f->unit))
		return false;
	if (lex_is(&p->l, "nullable")) {
		if (f->kind != CAT_POINTER)
			return lex_fail(&p->l, "catalog-syntax", "%s: only pointers are nullable",
			                f->name);
		f->nullable = true;
	}
	return lex_doc(&p->l, &f->doc);
}

/* Alignment of a field: that of its elements, 1 for bytes in place. */
static uint32_t alignment(const struct cat_field *f)
{
	return f->kind == CAT_CHARS || f->kind == CAT_BYTES ? 1 : f->size;
}

/* "@N" */
static bool offset(struct parser *p, struct cat_field *f)
{
	const char *w = lex_word(&p->l, "an offset (@N)");
	int64_t n;

	if (!w)
		return false;
	if (*w != '@' || !text_number(w + 1, &n) || n < 0 || n > MAX_OFFSET)
		return lex_fail(&p->l, "catalog-syntax", "\"%.40s\" is no offset: @N, at most %d",
		                w, MAX_OFFSET);
	f->offset = (uint32_t)n;
	return true;
}

bool parse_struct_field(struct parser *p)
{
	struct cat_struct *s = p->st;
	struct cat_field f = { 0 }, *slot;

	if (!parse_type_and_name(p, &f) || !offset(p, &f) || !attributes(p, s->since, &f))
		return false;
	if (f.offset % alignment(&f))
		return lex_fail(&p->l, "catalog-layout", "%s.%s: offset %u is not aligned to %u",
		                s->name, f.name, f.offset, alignment(&f));
	if (s->nr_fields && f.offset < s->fields[s->nr_fields - 1].offset)
		return lex_fail(&p->l, "catalog-layout",
		                "%s.%s at %u stands behind %s at %u: fields ascend", s->name,
		                f.name, f.offset, s->fields[s->nr_fields - 1].name,
		                s->fields[s->nr_fields - 1].offset);
	if (f.offset < s->size)
		return lex_fail(&p->l, "catalog-layout",
		                "%s.%s at %u overlaps %s, which ends at %u", s->name, f.name,
		                f.offset, s->fields[s->nr_fields - 1].name, s->size);
	if (!parse_member_name(p, s->name, f.name))
		return false;
	s->size = f.offset + f.size * f.count;
	slot = store_grow(p->l.store, &s->fields, &s->nr_fields, sizeof(*slot));
	if (!slot)
		return lex_nomem(&p->l);
	*slot = f;
	p->field = slot;
	return true;
}

bool parse_event_arg(struct parser *p)
{
	struct cat_event *ev = p->ev;
	struct cat_field f = { 0 }, *slot;

	if (!parse_type_and_name(p, &f) || !attributes(p, ev->since, &f))
		return false;
	if (f.kind == CAT_CHARS || f.kind == CAT_BYTES || f.count > 1)
		return lex_fail(&p->l, "catalog-layout",
		                "%s.%s: an event hands over pointers and numbers only", ev->name,
		                f.name);
	if (ev->nr_args == MAX_ARGS)
		return lex_fail(&p->l, "catalog-layout", "%s: more than %d arguments", ev->name,
		                MAX_ARGS);
	if (!parse_member_name(p, ev->name, f.name))
		return false;
	f.offset = 8 * ev->nr_args;
	slot = store_grow(p->l.store, &ev->args, &ev->nr_args, sizeof(*slot));
	if (!slot)
		return lex_nomem(&p->l);
	*slot = f;
	p->field = slot;
	return true;
}

/* What a path may be under this field. */
static bool path_fits(struct parser *p, const struct cat_path *path, bool wants_own)
{
	const struct cat_field *f = p->field;
	uint32_t i, own = 0;

	for (i = 0; i < path->nr_steps; i++)
		own += path->steps[i].own_index;
	if (own != (wants_own && !path->constant))
		return lex_fail(
			&p->l, "catalog-syntax",
			wants_own
				? "%s: an array's path has [] once, or there is a path for each element"
				: "%s: [] is for arrays",
			f->name);
	if (path->address && (p->of != OF_STRUCT || f->kind != CAT_POINTER))
		return lex_fail(&p->l, "catalog-syntax", "%s: & is for pointers in a struct",
		                f->name);
	if (path->constant && f->kind != CAT_UINT && f->kind != CAT_SINT && f->kind != CAT_ENUM)
		return lex_fail(&p->l, "catalog-syntax", "%s: const is for numbers", f->name);
	if (p->of != OF_EVENT || path->constant || path->current)
		return true;
	if (path->steps[0].cast || path->steps[0].has_index)
		return lex_fail(&p->l, "catalog-syntax",
		                "%s: a path begins with an argument of the tracepoint", f->name);
	return true;
}

static bool source_fits(struct parser *p, const struct cat_source *s)
{
	const struct cat_field *f = p->field;
	bool number = f->kind == CAT_UINT || f->kind == CAT_SINT || f->kind == CAT_ENUM;
	uint32_t i;

	if (s->nr_elements && s->nr_elements != f->count)
		return lex_fail(&p->l, "catalog-layout",
		                "%s has %u elements, but here are %u paths", f->name, f->count,
		                s->nr_elements);
	if (!number && (s->combine != CAT_ALONE || (s->nr_ops && f->kind != CAT_USERPTR)))
		return lex_fail(&p->l, "catalog-syntax", "%s: operations are for numbers", f->name);
	for (i = 0; i < s->nr_elements; i++)
		if (!path_fits(p, &s->elements[i], false))
			return false;
	return (s->nr_elements || path_fits(p, &s->path, f->count > 1)) &&
	       (s->combine == CAT_ALONE || path_fits(p, &s->second, f->count > 1));
}

/* In a struct, "current" is a member like any other. */
static bool as_member(struct lex *l, struct cat_path *path)
{
	struct cat_step *steps;

	if (!path->current)
		return true;
	steps = store_take(l->store, (path->nr_steps + 1) * sizeof(*steps));
	if (!steps)
		return lex_nomem(l);
	steps[0].name = "current";
	if (path->nr_steps)
		memcpy(steps + 1, path->steps, path->nr_steps * sizeof(*steps));
	path->steps = steps;
	path->nr_steps++;
	path->current = false;
	return path->nr_steps <= CAT_STEPS ||
	       lex_fail(l, "catalog-syntax", "a path of more than %d steps", CAT_STEPS);
}

bool parse_from(struct parser *p)
{
	struct cat_source s = { 0 }, *slot;
	uint32_t i;

	if (!p->field)
		return lex_fail(&p->l, "catalog-syntax", "\"from\" belongs under a field");
	if (!parse_source(&p->l, &s))
		return false;
	if (p->of == OF_STRUCT) {
		if (!as_member(&p->l, &s.path) || !as_member(&p->l, &s.second))
			return false;
		for (i = 0; i < s.nr_elements; i++)
			if (!as_member(&p->l, &s.elements[i]))
				return false;
	}
	if (!source_fits(p, &s))
		return false;
	if (p->field->nr_sources == MAX_SOURCES)
		return lex_fail(&p->l, "catalog-syntax", "%s: more than %d alternatives",
		                p->field->name, MAX_SOURCES);
	slot = store_grow(p->l.store, &p->field->sources, &p->field->nr_sources, sizeof(*slot));
	if (!slot)
		return lex_nomem(&p->l);
	*slot = s;
	return true;
}
