/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The small parts of assembler lines: names, registers, sums, memory operands. Each reader
 * passes over what it knows and returns true, or leaves the line where it was.
 */
#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "asm_read.h"

void read_fail(struct reader *s, const char *fmt, ...)
{
	char text[400];
	va_list ap;

	if (s->a->error[0])
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	snprintf(s->a->error, sizeof(s->a->error), "line %u: %s", s->line, text);
}

void read_spaces(struct reader *s)
{
	while (*s->p == ' ' || *s->p == '\t')
		s->p++;
}

bool read_text(struct reader *s, const char *text)
{
	const char *start = s->p;

	read_spaces(s);
	for (; *text; text++) {
		if (*text == ' ') {
			read_spaces(s);
			continue;
		}
		if (*s->p != *text) {
			s->p = start;
			return false;
		}
		s->p++;
	}
	return true;
}

bool read_end(struct reader *s)
{
	read_spaces(s);
	return !*s->p;
}

bool read_word(struct reader *s, char *out, size_t size)
{
	size_t n = 0;

	read_spaces(s);
	if (!isalpha((unsigned char)*s->p) && *s->p != '_')
		return false;
	while (isalnum((unsigned char)*s->p) || (*s->p && strchr("_.[]:", *s->p))) {
		if (n + 1 < size)
			out[n++] = *s->p;
		s->p++;
	}
	out[n] = '\0';
	return true;
}

bool read_reg(struct reader *s, char prefix, uint8_t *out)
{
	const char *start = s->p;
	unsigned long n;
	char *end;

	read_spaces(s);
	if (*s->p != prefix || !isdigit((unsigned char)s->p[1])) {
		s->p = start;
		return false;
	}
	n = strtoul(s->p + 1, &end, 10);
	if (n > 15 || isalnum((unsigned char)*end) || *end == '_') {
		s->p = start;
		return false;
	}
	s->p = end;
	*out = (uint8_t)n;
	return true;
}

bool read_term(struct reader *s, int64_t *v)
{
	const char *start = s->p;
	char name[96];
	char *end;

	read_spaces(s);
	if (isdigit((unsigned char)*s->p)) {
		*v = (int64_t)strtoull(s->p, &end, 0);
		s->p = end;
		return true;
	}
	if (read_word(s, name, sizeof(name)) && asm_symbol(s->symbols, name, v))
		return true;
	s->p = start;
	return false;
}

bool read_sum(struct reader *s, int64_t *v)
{
	const char *start = s->p;
	bool minus = read_text(s, "-");
	int64_t t;

	if (!minus)
		read_text(s, "+");
	if (!read_term(s, v)) {
		s->p = start;
		return false;
	}
	if (minus)
		*v = -*v;
	for (;;) {
		minus = read_text(s, "-");
		if (!minus && !read_text(s, "+"))
			return true;
		if (!read_term(s, &t)) {
			s->p = start;
			return false;
		}
		*v += minus ? -t : t;
	}
}

bool read_memory(struct reader *s, bool *is_signed, uint32_t *bytes, uint8_t *base, int64_t *off)
{
	const char *start = s->p;
	int64_t bits;

	*is_signed = false;
	if (!read_text(s, "*( u")) {
		if (!read_text(s, "*( s"))
			return false;
		*is_signed = true;
	}
	*off = 0;
	if (read_sum(s, &bits) && (bits == 8 || bits == 16 || bits == 32 || bits == 64) && read_text(s, " *)(") &&
	    read_reg(s, 'r', base) && (read_text(s, ")") || (read_sum(s, off) && read_text(s, ")")))) {
		*bytes = (uint32_t)bits / 8;
		return true;
	}
	s->p = start;
	return false;
}

