/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * "from" lines: how to get a value on some kernel. In: words such as
 *
 *	__state or exit_state as task_state
 *	di ; si ; dx
 *	error : blk_status_t as blk_errno
 *	sk (struct tcp_sock *)->srtt_us shr 3
 *
 * Out: struct cat_source. Names of enums and rules stay names (in op.name) until the
 * whole catalog is known.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "catalog/parse.h"

#define MAX_INDEX 65535
#define MAX_TEXT  80 /* of a type or cast */

static bool bad_path(struct lex *l, const char *path)
{
	return lex_fail(l, "catalog-syntax", "bad path \"%.60s\"", path);
}

/* "[3]", "[ENUMERATOR]", "[]" at @p. Returns what follows, NULL after a failure. */
static char *parse_index(struct lex *l, char *p, const char *path, struct cat_step *s)
{
	char *end = strchr(p, ']');
	int64_t n;

	if (!end) {
		bad_path(l, path);
		return NULL;
	}
	*end = '\0';
	p++;
	s->has_index = true;
	if (!*p) {
		s->own_index = true;
	} else if (*p >= '0' && *p <= '9') {
		if (!text_number(p, &n) || n > MAX_INDEX) {
			lex_fail(l, "catalog-syntax", "\"%.40s\" is no index, or too large", p);
			return NULL;
		}
		s->index = (uint32_t)n;
	} else if (is_identifier(p)) {
		s->index_name = p;
	} else {
		lex_fail(l, "catalog-syntax", "\"%.40s\" is no index", p);
		return NULL;
	}
	return end + 1;
}

static bool add_step(struct lex *l, const struct cat_step *s, struct cat_path *path)
{
	struct cat_step *slot;

	if (path->nr_steps == CAT_STEPS)
		return lex_fail(l, "catalog-syntax", "a path of more than %d steps", CAT_STEPS);
	slot = store_grow(l->store, &path->steps, &path->nr_steps, sizeof(*slot));
	if (!slot)
		return lex_nomem(l);
	*slot = *s;
	return true;
}

/* The member's name at @p; *after is what follows. */
static const char *member_name(struct lex *l, char *p, char **after)
{
	char *q = p;
	char *name;

	while (is_name_part(*q, q == p))
		q++;
	if (q == p)
		return NULL;
	*after = q;
	if (!*q)
		return p;
	name = store_text(l->store, p, (size_t)(q - p));
	if (!name)
		lex_nomem(l);
	return name;
}

/* One word of a path: "a.b->c[3]". Steps are appended. */
static bool parse_steps(struct lex *l, char *word, const char *cast, struct cat_path *path)
{
	char *p = word;
	bool arrow = false;

	if (*p == '&' && !path->nr_steps) {
		path->address = true;
		p++;
	} else if (path->nr_steps) {
		arrow = p[0] == '-' && p[1] == '>';
		if (!arrow && (*p != '.' || cast))
			return bad_path(l, word);
		p += arrow ? 2 : 1;
	}
	for (;;) {
		struct cat_step s = { .arrow = arrow, .cast = cast };

		s.name = member_name(l, p, &p);
		if (!s.name)
			return bad_path(l, word);
		if (*p == '[') {
			p = parse_index(l, p, word, &s);
			if (!p)
				return false;
		}
		if (!add_step(l, &s, path))
			return false;
		cast = NULL;
		if (!*p)
			return true;
		arrow = p[0] == '-' && p[1] == '>';
		if (!arrow && *p != '.')
			return bad_path(l, word);
		p += arrow ? 2 : 1;
	}
}

/* One more word of a type that is kept as text: names, "*", "char[16]". */
static bool add_type_word(struct lex *l, char text[MAX_TEXT], const char *w)
{
	size_t n = strlen(text), len = strlen(w);
	const char *p;

	for (p = w; *p; p++)
		if (!is_name_part(*p, false) && !strchr("*[]", *p))
			return lex_fail(l, "catalog-syntax", "\"%.40s\" is no part of a type", w);
	if (n + len + 2 > MAX_TEXT)
		return lex_fail(l, "catalog-syntax", "a type of more than %d characters",
		                MAX_TEXT - 2);
	if (n)
		text[n++] = ' ';
	memcpy(text + n, w, len + 1);
	return true;
}

static const char *keep_text(struct lex *l, const char *text)
{
	const char *kept = store_text(l->store, text, strlen(text));

	if (!kept)
		lex_nomem(l);
	return kept;
}

/* "(struct tcp_sock *)": what stands between the parentheses, as text. */
static const char *parse_cast(struct lex *l)
{
	char text[MAX_TEXT] = "";
	const char *w;

	while (!lex_is(l, ")")) {
		w = lex_word(l, "the end of a cast");
		if (!w || !add_type_word(l, text, w))
			return NULL;
	}
	if (!strchr(text, ' ') || text[strlen(text) - 1] != '*') {
		lex_fail(l, "catalog-syntax", "(%s): a cast is to a pointer: (struct NAME *)",
		         text);
		return NULL;
	}
	return keep_text(l, text);
}

/* ": struct task_struct *": up to a word that goes on otherwise, or the end. */
static bool parse_wanted(struct lex *l, struct cat_path *path)
{
	static const char *const ends[] = { "or",  "unless", ";",       "and", "shr", "shl",
		                            "add", "bswap",  "nonzero", "bit", "as" };
	char text[MAX_TEXT] = "";
	const char *w;
	size_t i;

	for (; (w = lex_peek(l)); l->next++) {
		for (i = 0; i < sizeof(ends) / sizeof(ends[0]) && strcmp(w, ends[i]); i++)
			;
		if (i < sizeof(ends) / sizeof(ends[0]))
			break;
		if (!add_type_word(l, text, w))
			return false;
	}
	if (!*text)
		return lex_fail(l, "catalog-syntax", "a type is missing behind \":\"");
	path->want_type = keep_text(l, text);
	return path->want_type != NULL;
}

static bool parse_path(struct lex *l, struct cat_path *path)
{
	const char *cast;
	char *w;

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
	} while (w && (*w == '(' || *w == '.' || !strncmp(w, "->", 2)));
	/* The running task: the rest of the path goes on from there. */
	if (!strcmp(path->steps[0].name, "current") && !path->steps[0].has_index &&
	    !path->steps[0].cast && !path->address) {
		path->current = true;
		path->nr_steps--;
		path->steps++;
	}
	return lex_is(l, ":") ? parse_wanted(l, path) : true;
}

static bool parse_op(struct lex *l, struct cat_op *op)
{
	static const struct {
		const char *name;
		enum cat_op_kind kind;
		bool number;
		int64_t from, to;
	} ops[] = {
		{ "and", CAT_AND, true, INT64_MIN, INT64_MAX },
		{ "shr", CAT_SHR, true, 0, 63 },
		{ "shl", CAT_SHL, true, 0, 63 },
		{ "add", CAT_ADD, true, INT32_MIN, INT32_MAX },
		{ "bswap", CAT_BSWAP, false, 0, 0 },
		{ "nonzero", CAT_NONZERO, false, 0, 0 },
	};
	const char *w = lex_word(l, "an operation");
	size_t i;

	if (!w)
		return false;
	for (i = 0; i < sizeof(ops) / sizeof(ops[0]); i++)
		if (!strcmp(w, ops[i].name)) {
			op->kind = ops[i].kind;
			return !ops[i].number || lex_range(l, w, ops[i].from, ops[i].to, &op->imm);
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

/* What was written, for messages: the words from @from on. */
static const char *source_text(struct lex *l, uint32_t from)
{
	char text[160] = "";
	size_t n = 0;
	uint32_t i;

	for (i = from; i < l->nr_words && n < sizeof(text); i++) {
		const char *w = l->words[i].text;
		bool tight = i == from || *w == ';' || *w == ')' || *l->words[i - 1].text == '(';

		n += (size_t)snprintf(text + n, sizeof(text) - n, "%s%s", tight ? "" : " ", w);
	}
	return keep_text(l, text);
}

/* "a ; b ; c": @s->path is the first. */
static bool parse_elements(struct lex *l, struct cat_source *s)
{
	struct cat_path *p;

	do {
		p = store_grow(l->store, &s->elements, &s->nr_elements, sizeof(*p));
		if (!p)
			return lex_nomem(l);
		if (s->nr_elements == 1)
			*p = s->path;
		else if (!parse_path(l, p))
			return false;
	} while (lex_is(l, ";"));
	memset(&s->path, 0, sizeof(s->path));
	return true;
}

bool parse_source(struct lex *l, struct cat_source *s)
{
	struct cat_op *op;
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
	if (s->combine != CAT_ALONE && s->nr_elements)
		return lex_fail(l, "catalog-syntax", "\"or\" and \"unless\" do not go with \";\"");
	if (s->combine != CAT_ALONE && !parse_path(l, &s->second))
		return false;
	while (l->next < l->nr_words) {
		if (s->nr_ops == CAT_OPS)
			return lex_fail(l, "catalog-syntax", "more than %d operations", CAT_OPS);
		op = store_grow(l->store, &s->ops, &s->nr_ops, sizeof(*op));
		if (!op)
			return lex_nomem(l);
		if (!parse_op(l, op))
			return false;
	}
	return true;
}
