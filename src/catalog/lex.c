/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Lines and words of the catalog's text, and the memory they are kept in. In: text from
 * anybody. Out: a line at a time, as words; a quoted meaning is one word. Refused: control
 * characters, lines of more than 96 words, a quote that does not end. Every failure says
 * FILE:LINE.
 */
#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "catalog/parse.h"
#include "util/buf.h"

void *store_take(struct catalog_store *s, size_t size)
{
	void **blocks = array_grow(s->blocks, s->nr_blocks, &s->room_blocks, sizeof(*blocks));
	void *p;

	if (!blocks)
		return NULL;
	s->blocks = blocks;
	p = calloc(1, size ? size : 1);
	if (p)
		blocks[s->nr_blocks++] = p;
	return p;
}

char *store_text(struct catalog_store *s, const char *p, size_t n)
{
	char *copy = store_take(s, n + 1);

	if (copy)
		memcpy(copy, p, n);
	return copy;
}

void *store_grow(struct catalog_store *s, void *arrayp, uint32_t *n, size_t size)
{
	void **array = arrayp, *bigger;
	uint32_t room = 4;

	/* arrays double, from 4 on: full whenever their length is a power of two */
	if (*n == 0 || (*n >= 4 && !(*n & (*n - 1)))) {
		if (*n)
			room = *n * 2;
		if (room < *n || (size_t)room > SIZE_MAX / size)
			return NULL;
		bigger = store_take(s, room * size);
		if (!bigger)
			return NULL;
		if (*n)
			memcpy(bigger, *array, *n * size);
		*array = bigger;
	}
	return (char *)*array + (*n)++ * size;
}

bool lex_fail(struct lex *l, const char *tag, const char *fmt, ...)
{
	char text[200];
	va_list ap;

	if (l->failed)
		return false;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	error_set(l->e, -EINVAL, tag, "%s:%u: %s", l->file, l->line, text);
	l->failed = true;
	return false;
}

static bool add_word(struct lex *l, const char *p, size_t n, bool quoted)
{
	char *text;

	if (l->nr_words == MAX_WORDS)
		return lex_fail(l, "catalog-syntax", "more than %d words", MAX_WORDS);
	text = store_text(l->store, p, n);
	if (!text) {
		error_nomem(l->e);
		l->failed = true;
		return false;
	}
	l->words[l->nr_words++] = (struct word){ text, quoted };
	return true;
}

/* Words of one line [p, end). "," "(" ")" ";" stand alone, so they need no spaces. */
static bool split(struct lex *l, const char *p, const char *end)
{
	const char *q;

	while (p < end) {
		if (*p == ' ' || *p == '\t' || *p == '\r') {
			p++;
		} else if (*p == '#') {
			return true;
		} else if (*p == '"') {
			q = memchr(p + 1, '"', (size_t)(end - p - 1));
			if (!q)
				return lex_fail(l, "catalog-syntax", "a quote does not end");
			if (!add_word(l, p + 1, (size_t)(q - p - 1), true))
				return false;
			p = q + 1;
		} else if (strchr(",();", *p)) {
			if (!add_word(l, p++, 1, false))
				return false;
		} else if (iscntrl((unsigned char)*p)) {
			return lex_fail(l, "catalog-syntax", "a control character (0x%02x)", (unsigned char)*p);
		} else {
			for (q = p; q < end && !strchr(" \t\r\",();#", *q); q++)
				;
			if (q == p)
				return lex_fail(l, "catalog-syntax", "a NUL byte");
			if (!add_word(l, p, (size_t)(q - p), false))
				return false;
			p = q;
		}
	}
	return true;
}

bool lex_line(struct lex *l)
{
	const char *start, *end;

	while (!l->failed && l->at < l->end) {
		start = l->at;
		end = memchr(start, '\n', (size_t)(l->end - start));
		if (!end)
			end = l->end;
		l->at = end < l->end ? end + 1 : end;
		l->line++;
		l->nr_words = l->next = 0;
		l->indented = start < end && (*start == '\t' || *start == ' ');
		if (memchr(start, 0, (size_t)(end - start)))
			return lex_fail(l, "catalog-syntax", "a NUL byte");
		if (!split(l, start, end))
			return false;
		if (l->nr_words)
			return true;
	}
	return false;
}

const char *lex_peek(const struct lex *l)
{
	return l->next < l->nr_words && !l->words[l->next].quoted ? l->words[l->next].text : NULL;
}

const char *lex_word(struct lex *l, const char *what)
{
	const char *w = lex_peek(l);

	if (!w) {
		lex_fail(l, "catalog-syntax", "%s is missing", what);
		return NULL;
	}
	l->next++;
	return w;
}

bool lex_is(struct lex *l, const char *word)
{
	const char *w = lex_peek(l);

	if (!w || strcmp(w, word))
		return false;
	l->next++;
	return true;
}

bool lex_number(struct lex *l, const char *what, int64_t *out)
{
	const char *w = lex_word(l, what);
	char *end;

	if (!w)
		return false;
	errno = 0;
	*out = *w == '-' ? strtoll(w, &end, 0) : (int64_t)strtoull(w, &end, 0);
	if (errno || end == w || *end)
		return lex_fail(l, "catalog-syntax", "%s: \"%.40s\" is no number", what, w);
	return true;
}

bool lex_doc(struct lex *l, const char **out)
{
	if (l->next + 1 != l->nr_words || !l->words[l->next].quoted)
		return lex_fail(l, "catalog-syntax",
				l->next < l->nr_words && !l->words[l->next].quoted ?
					"\"%.40s\" is not expected here" : "the line must end with its meaning in quotes%.0s",
				l->next < l->nr_words ? l->words[l->next].text : "");
	*out = l->words[l->next++].text;
	return true;
}

bool lex_name(struct lex *l, const char *what, const char **out)
{
	const char *w = lex_word(l, what), *p;

	if (!w)
		return false;
	for (p = w; *p; p++)
		if (!(*p == '_' || isalpha((unsigned char)*p) || (p > w && isdigit((unsigned char)*p))))
			return lex_fail(l, "catalog-name", "%s: \"%.40s\" is no C name", what, w);
	if (p - w > 63)
		return lex_fail(l, "catalog-name", "%s: \"%.40s...\" is longer than 63 characters", what, w);
	*out = w;
	return true;
}
