/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * "from" lines: how to get a value on some kernel. In: words such as
 *
 *	__state or exit_state as task_state
 *	di ; si ; dx
 *	error : blk_status_t as blk_errno
 *
 * Out: struct cat_source. Names of enums and rules stay names (in op.name) until the
 * whole catalog is known.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "catalog/parse.h"

static bool is_name(char c, bool first)
{
	return c == '_' || isalpha((unsigned char)c) || (!first && isdigit((unsigned char)c));
}

static bool bad_path(struct lex *l, const char *path)
{
	return lex_fail(l, "catalog-syntax", "bad path \"%.60s\"", path);
}

/* "[3]", "[ENUMERATOR]", "[]" behind a step. */
static const char *parse_index(struct lex *l, const char *p, struct cat_step *s)
{
	const char *end = strchr(p, ']');
	char *stop;

	if (!end)
		return NULL;
	s->has_index = true;
	if (end == p + 1) {
		s->own_index = true;
	} else if (isdigit((unsigned char)p[1])) {
		s->index = (uint32_t)strtoul(p + 1, &stop, 0);
		if (stop != end)
			return NULL;
	} else {
		s->index_name = store_text(l->store, p + 1, (size_t)(end - p - 1));
		if (!s->index_name)
			return NULL;
	}
	return end + 1;
}

/* One word of a path: "a.b->c[3]". Steps are appended. */
static bool parse_steps(struct lex *l, const char *word, const char *cast, struct cat_path *path)
{
	const char *p = word, *q;
	struct cat_step *s;
	bool arrow = false;

	if (*p == '&' && !path->nr_steps) {
		path->address = true;
		p++;
	}
	if (path->nr_steps && !strncmp(p, "->", 2)) {
		arrow = true;
		p += 2;
	} else if (path->nr_steps && *p == '.') {
		p++;
	}
	for (;;) {
		if (path->nr_steps == CAT_STEPS)
			return lex_fail(l, "catalog-syntax", "a path of more than %d steps", CAT_STEPS);
		for (q = p; is_name(*q, q == p); q++)
			;
		if (q == p)
			return bad_path(l, word);
		s = &path->steps[path->nr_steps++];
		s->arrow = arrow;
		s->cast = cast;
		cast = NULL;
		s->name = store_text(l->store, p, (size_t)(q - p));
		if (!s->name)
			return bad_path(l, word);
		p = q;
		if (*p == '[') {
			p = parse_index(l, p, s);
			if (!p)
				return bad_path(l, word);
		}
		if (!*p)
			return true;
		arrow = p[0] == '-' && p[1] == '>';
		if (!arrow && *p != '.')
			return bad_path(l, word);
		p += arrow ? 2 : 1;
	}
}

/* "(struct tcp_sock *)", three or more words between the parentheses, kept as text. */
static const char *parse_cast(struct lex *l)
{
	char text[80] = "";
	size_t n = 0;
	const char *w;

	while (!lex_is(l, ")")) {
		w = lex_word(l, "the end of a cast");
		if (!w)
			return NULL;
		n += (size_t)snprintf(text + n, sizeof(text) - n, "%s%s", n ? " " : "", w);
		if (n >= sizeof(text)) {
			lex_fail(l, "catalog-syntax", "a cast that is too long");
			return NULL;
		}
	}
	return store_text(l->store, text, n);
}

/* ": struct task_struct *": up to a word that is an operation, "or", "unless", ";" or the end. */
static bool parse_type(struct lex *l, struct cat_path *path)
{
	static const char *const ends[] = { "or", "unless", ";", "and", "shr", "shl", "add",
					    "bswap", "nonzero", "bit", "as" };
	char text[80] = "";
	const char *w;
	size_t n = 0, i;

	while ((w = lex_peek(l))) {
		for (i = 0; i < sizeof(ends) / sizeof(ends[0]); i++)
			if (!strcmp(w, ends[i]))
				goto done;
		l->next++;
		n += (size_t)snprintf(text + n, sizeof(text) - n, "%s%s", n ? " " : "", w);
		if (n >= sizeof(text))
			return lex_fail(l, "catalog-syntax", "a type that is too long");
	}
done:
	if (!n)
		return lex_fail(l, "catalog-syntax", "a type is missing behind \":\"");
	path->want_type = store_text(l->store, text, n);
	return path->want_type != NULL;
}

static bool parse_path(struct lex *l, struct cat_path *path)
{
	const char *w, *cast = NULL;

	if (lex_is(l, "const")) {
		path->constant = true;
		return lex_number(l, "the constant", &path->imm);
	}
	do {
		cast = NULL;
		if (lex_is(l, "(")) {
			cast = parse_cast(l);
			if (!cast)
				return false;
		}
		w = lex_word(l, "a path");
		if (!w || !parse_steps(l, w, cast, path))
			return false;
		w = lex_peek(l);
	} while (w && (!strcmp(w, "(") || *w == '.' || !strncmp(w, "->", 2)));
	if (!strcmp(path->steps[0].name, "current") && !path->steps[0].has_index) {
		path->current = true;
		path->nr_steps--;
		memmove(path->steps, path->steps + 1, path->nr_steps * sizeof(path->steps[0]));
	}
	return lex_is(l, ":") ? parse_type(l, path) : true;
}

static bool parse_op(struct lex *l, struct cat_op *op)
{
	static const struct {
		const char *name;
		enum cat_op_kind kind;
		bool number;
	} ops[] = {
		{ "and", CAT_AND, true },     { "shr", CAT_SHR, true },   { "shl", CAT_SHL, true },
		{ "add", CAT_ADD, true },     { "bswap", CAT_BSWAP, false }, { "nonzero", CAT_NONZERO, false },
	};
	const char *w = lex_word(l, "an operation");
	size_t i;

	if (!w)
		return false;
	for (i = 0; i < sizeof(ops) / sizeof(ops[0]); i++)
		if (!strcmp(w, ops[i].name)) {
			op->kind = ops[i].kind;
			if (ops[i].number && !lex_number(l, w, &op->imm))
				return false;
			if ((op->kind == CAT_SHR || op->kind == CAT_SHL) && (op->imm < 0 || op->imm > 63))
				return lex_fail(l, "catalog-syntax", "a shift by more than 63 bits");
			if (op->kind == CAT_ADD && op->imm != (int32_t)op->imm)
				return lex_fail(l, "catalog-syntax", "add takes a 32-bit number");
			return true;
		}
	if (!strcmp(w, "bit")) {
		op->kind = CAT_BIT;
		return lex_name(l, "the enumerator of a bit", &op->name);
	}
	if (!strcmp(w, "as")) {
		op->kind = CAT_ENUMMAP; /* or CAT_RULES: found out when all names are known */
		return lex_name(l, "an enum or rules", &op->name);
	}
	return lex_fail(l, "catalog-syntax", "\"%.40s\" is no operation", w);
}

/* What was written, for messages. */
static const char *source_text(struct lex *l, uint32_t from)
{
	char text[160] = "";
	size_t n = 0;
	uint32_t i;

	for (i = from; i < l->nr_words && n < sizeof(text); i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n, "%s%s", i > from ? " " : "", l->words[i].text);
	return store_text(l->store, text, strlen(text));
}

static bool parse_elements(struct lex *l, struct cat_source *s)
{
	struct cat_path *paths = NULL, *p;

	p = store_grow(l->store, &paths, &s->nr_elements, sizeof(*p));
	if (!p)
		return false;
	*p = s->path;
	while (lex_is(l, ";")) {
		p = store_grow(l->store, &paths, &s->nr_elements, sizeof(*p));
		if (!p || !parse_path(l, p))
			return false;
	}
	s->elements = paths;
	memset(&s->path, 0, sizeof(s->path));
	return true;
}

bool parse_source(struct lex *l, struct cat_source *s)
{
	const char *w;

	s->line = l->line;
	s->text = source_text(l, l->next);
	if (!s->text || !parse_path(l, &s->path))
		return false;
	w = lex_peek(l);
	if (w && !strcmp(w, ";") && !parse_elements(l, s))
		return false;
	if (lex_is(l, "or"))
		s->combine = CAT_OR;
	else if (lex_is(l, "unless"))
		s->combine = CAT_UNLESS;
	if (s->combine != CAT_ALONE && !parse_path(l, &s->second))
		return false;
	while (l->next < l->nr_words) {
		if (s->nr_ops == CAT_OPS)
			return lex_fail(l, "catalog-syntax", "more than %d operations", CAT_OPS);
		if (!parse_op(l, &s->ops[s->nr_ops++]))
			return false;
	}
	return true;
}
