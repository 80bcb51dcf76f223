/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Lines and words of the catalog's text. In: a copy of the text, from anybody, which is
 * cut into words in place. Out: a line at a time, as words; a quoted meaning is one word.
 * Refused: anything but printable ASCII, tabs and line ends (meanings are printed on
 * terminals and stand in C comments), more than MAX_WORDS words a line, a quote that does
 * not end. Every failure says FILE:LINE.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "catalog/parse.h"

bool lex_fail(struct lex *l, const char *tag, const char *fmt, ...)
{
	char text[200];
	va_list ap;

	if (l->failed)
		return false;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	l->failed = error_set(l->e, -EINVAL, tag, "%s:%u: %s", l->file, l->line, text);
	return false;
}

bool lex_nomem(struct lex *l)
{
	if (!l->failed)
		l->failed = error_nomem(l->e);
	return false;
}

static bool add_word(struct lex *l, char *text, bool quoted)
{
	if (l->nr_words == MAX_WORDS)
		return lex_fail(l, "catalog-syntax", "more than %d words", MAX_WORDS);
	l->words[l->nr_words++] = (struct word){ text, quoted };
	return true;
}

enum { PLAIN = 1, NAME = 2, DIGIT = 4, SPACE = 8, PUNCTUATION = 16 };

/* What each byte may be: plain bytes form words. The locale has no say. */
static const uint8_t classes[256] = {
	['!'] = PLAIN,
	['$' ... '\''] = PLAIN,
	['*' ... '+'] = PLAIN,
	['-' ... '/'] = PLAIN,
	[':'] = PLAIN,
	['<' ... '@'] = PLAIN,
	['[' ... '^'] = PLAIN,
	['`'] = PLAIN,
	['{' ... '~'] = PLAIN,
	['a' ... 'z'] = PLAIN | NAME,
	['A' ... 'Z'] = PLAIN | NAME,
	['_'] = PLAIN | NAME,
	['0' ... '9'] = PLAIN | DIGIT,
	[' '] = SPACE,
	['\t'] = SPACE,
	['\r'] = SPACE,
	[','] = PUNCTUATION,
	['('] = PUNCTUATION,
	[')'] = PUNCTUATION,
	[';'] = PUNCTUATION,
};

static bool is(char c, unsigned class)
{
	return classes[(unsigned char)c] & class;
}

/* Words that need no space around them. Nobody writes to them: they have no brackets. */
static char *punctuation(char c)
{
	static char words[][2] = { ",", "(", ")", ";" };

	return words[c == ',' ? 0 : c == '(' ? 1 : c == ')' ? 2 : 3];
}

static bool is_visible(char c)
{
	return c > ' ' && c <= '~';
}

/* The end of the word at @p, NULL if something in it is not allowed. */
static char *word_end(struct lex *l, char *p, const char *end)
{
	while (p < end && is(*p, PLAIN))
		p++;
	if (p == end || *p == '#' || is(*p, SPACE | PUNCTUATION))
		return p;
	if (*p == '"')
		lex_fail(l, "catalog-syntax", "a space is missing before the quote");
	else
		lex_fail(l, "catalog-syntax", "byte 0x%02x is not allowed", (unsigned char)*p);
	return NULL;
}

/* The closing quote of the meaning that begins at @p. */
static char *quote_end(struct lex *l, char *p, const char *end)
{
	for (; p < end && *p != '"'; p++)
		if (!is_visible(*p) && *p != ' ') {
			lex_fail(l, "catalog-syntax", "byte 0x%02x is not allowed in a meaning",
			         (unsigned char)*p);
			return NULL;
		}
	if (p < end)
		return p;
	lex_fail(l, "catalog-syntax", "a quote does not end");
	return NULL;
}

/* Cut one line [p, end) into words. The byte at @end may be written. */
static bool split(struct lex *l, char *p, char *end)
{
	char *q, after;

	while (p < end && *p != '#') {
		if (is(*p, SPACE)) {
			p++;
		} else if (*p == '"') {
			q = quote_end(l, p + 1, end);
			if (!q || !add_word(l, p + 1, true))
				return false;
			*q = '\0';
			p = q + 1;
		} else if (is(*p, PUNCTUATION)) {
			if (!add_word(l, punctuation(*p++), false))
				return false;
		} else {
			q = word_end(l, p, end);
			if (!q || !add_word(l, p, false))
				return false;
			/* what follows the word is looked at before it becomes the word's end */
			after = q < end ? *q : ' ';
			*q = '\0';
			if (after == '#')
				return true;
			if (is(after, PUNCTUATION) && !add_word(l, punctuation(after), false))
				return false;
			p = q + 1;
		}
	}
	return true;
}

bool lex_line(struct lex *l)
{
	char *start, *end;

	while (!l->failed && l->at < l->end) {
		start = l->at;
		end = memchr(start, '\n', (size_t)(l->end - start));
		if (!end)
			end = l->end;
		l->at = end < l->end ? end + 1 : end;
		l->line++;
		l->nr_words = l->next = 0;
		l->indented = start < end && is(*start, SPACE);
		if (!split(l, start, end))
			return false;
		if (l->nr_words)
			return true;
	}
	return false;
}

char *lex_peek(const struct lex *l)
{
	return l->next < l->nr_words && !l->words[l->next].quoted ? l->words[l->next].text : NULL;
}

char *lex_word(struct lex *l, const char *what)
{
	char *w = lex_peek(l);

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

	if (!w || !same_word(w, word))
		return false;
	l->next++;
	return true;
}

static int digit_of(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : 16;
}

bool text_number(const char *p, int64_t *out)
{
	bool minus = *p == '-';
	unsigned base = 10;
	uint64_t v = 0;

	p += minus;
	if (p[0] == '0' && p[1] == 'x') {
		base = 16;
		p += 2;
	} else if (p[0] == '0' && p[1]) {
		return false;
	}
	if (!*p)
		return false;
	for (; *p; p++) {
		unsigned d = (unsigned)digit_of(*p);

		if (d >= base || __builtin_mul_overflow(v, base, &v) ||
		    __builtin_add_overflow(v, d, &v))
			return false;
	}
	if (minus && v > (uint64_t)INT64_MAX + 1)
		return false;
	*out = (int64_t)(minus ? 0 - v : v);
	return true;
}

bool lex_number(struct lex *l, const char *what, int64_t *out)
{
	const char *w = lex_word(l, what);

	if (!w)
		return false;
	if (!text_number(w, out))
		return lex_fail(l, "catalog-syntax", "%s: \"%.40s\" is no number (decimal or 0x)",
		                what, w);
	return true;
}

bool lex_range(struct lex *l, const char *what, int64_t from, int64_t to, int64_t *out)
{
	if (!lex_number(l, what, out))
		return false;
	if (*out < from || *out > to)
		return lex_fail(l, "catalog-syntax", "%s: %lld is not in %lld..%lld", what,
		                (long long)*out, (long long)from, (long long)to);
	return true;
}

bool lex_end(struct lex *l)
{
	if (l->next == l->nr_words)
		return true;
	return lex_fail(l, "catalog-syntax", "\"%.40s\" is not expected here",
	                l->words[l->next].text);
}

bool lex_doc(struct lex *l, const char **out)
{
	const char *text;

	*out = "";
	if (l->next == l->nr_words)
		return l->terse || lex_fail(l, "catalog-syntax",
		                "the line must end with its meaning in quotes");
	if (!l->words[l->next].quoted)
		return lex_end(l);
	text = l->words[l->next++].text;
	if (!*text || strlen(text) > 240)
		return lex_fail(l, "catalog-syntax", "a meaning has 1 to 240 characters");
	if (strstr(text, "*/") || strstr(text, "/*"))
		return lex_fail(l, "catalog-syntax",
		                "a meaning cannot contain /* or */: it stands in a C comment");
	*out = text;
	return lex_end(l);
}

bool is_name_part(char c, bool first)
{
	return is(c, first ? NAME : NAME | DIGIT);
}

bool is_identifier(const char *p)
{
	const char *q = p;

	while (is_name_part(*q, q == p))
		q++;
	return q > p && !*q;
}

bool lex_name(struct lex *l, const char *what, const char **out)
{
	const char *w = lex_word(l, what);

	if (!w)
		return false;
	if (!is_identifier(w))
		return lex_fail(l, "catalog-name", "%s: \"%.40s\" is no C name", what, w);
	if (strlen(w) > 63)
		return lex_fail(l, "catalog-name", "%s: \"%.40s...\" is longer than 63 characters",
		                what, w);
	*out = w;
	return true;
}

static int by_text(const void *key, const void *word)
{
	return strcmp(key, *(const char *const *)word);
}

/* A C identifier that the catalog may make up. */
static bool is_new_name(struct lex *l, const char *what, const char *w)
{
	static const char *const sorted[] = {
		"asm",      "auto",     "bool",     "break",    "case",   "char",    "const",
		"continue", "current",  "default",  "do",       "double", "else",    "enum",
		"extern",   "false",    "float",    "for",      "goto",   "if",      "inline",
		"int",      "long",     "register", "restrict", "return", "short",   "signed",
		"sizeof",   "static",   "struct",   "switch",   "true",   "typedef", "typeof",
		"union",    "unsigned", "void",     "volatile", "while",
	};

	if (!is_identifier(w))
		return lex_fail(l, "catalog-name", "%s: \"%.40s\" is no C name", what, w);
	if (strlen(w) > 63)
		return lex_fail(l, "catalog-name", "%s: \"%.40s...\" is longer than 63 characters",
		                what, w);
	if (*w == '_')
		return lex_fail(l, "catalog-name",
		                "%s: \"%.40s\": names that begin with _ are reserved", what, w);
	if (!strncmp(w, "BPF_", 4) || !strncmp(w, "ABIDE_", 6))
		return lex_fail(l, "catalog-name", "%s: \"%.40s\": the header has names like that",
		                what, w);
	if (bsearch(w, sorted, sizeof(sorted) / sizeof(sorted[0]), sizeof(sorted[0]), by_text))
		return lex_fail(l, "catalog-name", "%s: \"%s\" is a reserved word", what, w);
	return true;
}

bool lex_new_name(struct lex *l, const char *what, const char **out)
{
	*out = lex_word(l, what);
	return *out && is_new_name(l, what, *out);
}

bool lex_new_event(struct lex *l, const char **out)
{
	char *w = lex_word(l, "an event"), *colon = w ? strchr(w, ':') : NULL;
	bool ok;

	if (!w)
		return false;
	if (!colon)
		return lex_fail(l, "catalog-name",
		                "event \"%.40s\": an application's events are PROVIDER:NAME", w);
	*colon = '\0';
	if (!strcmp(w, "sys_enter") || !strcmp(w, "sys_exit"))
		return lex_fail(l, "catalog-name", "a provider: \"%s\" is the kernel's", w);
	ok = is_new_name(l, "a provider", w) && is_new_name(l, "an event", colon + 1);
	*colon = ':';
	*out = w;
	return ok;
}
