/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Comparison of texts and the report of a case. In: what a section says and what came out.
 * Out: nothing, or a diff (longest common subsequence over lines) under the section's file
 * and line. Blanks at the start and end of lines do not count, and neither do empty lines,
 * so listings may be indented as the writer likes.
 */
#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "run.h"

#define MAX_LINES 2000

void run_fail(struct run *r, const struct part *s, const char *fmt, ...)
{
	char text[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	buf_printf(&r->report, "# %s:%u:%s%s: %s\n", r->file->path, s ? s->line : r->c->line, s ? " -- " : "",
		   s ? s->name : "", text);
}

void error_text(const struct abide_error *e, struct buf *out)
{
	buf_printf(out, "[%s] %s\n", e->tag, e->problem);
	if (e->reason[0])
		buf_printf(out, "%s\n", e->reason);
	if (e->hint[0])
		buf_printf(out, "try: %s\n", e->hint);
	buf_u8(out, 0);
}

static void report_lines(struct run *r, const char *prefix, const char *text)
{
	char line[1024];

	while (next_line(&text, line, sizeof(line)))
		buf_printf(&r->report, "# %s%s\n", prefix, line);
}

void run_fail_error(struct run *r, const struct part *s, const char *what, const struct abide_error *e)
{
	struct buf text = { 0 };

	error_text(e, &text);
	run_fail(r, s, "%s", what);
	report_lines(r, "    ", (const char *)text.data);
	buf_free(&text);
}

/* Lines without blanks around them; empty ones and comments left out. */
static size_t split(char *text, char **lines)
{
	size_t n = 0;
	char *p = text, *end;

	while (p && *p && n < MAX_LINES) {
		end = strchr(p, '\n');
		if (end)
			*end = '\0';
		while (isspace((unsigned char)*p))
			p++;
		lines[n] = p;
		p += strlen(p);
		while (p > lines[n] && isspace((unsigned char)p[-1]))
			*--p = '\0';
		n += *lines[n] != '\0';
		p = end ? end + 1 : NULL;
	}
	return n;
}

/* Length of the longest common subsequence of the tails from i and j on. */
static uint32_t *table_of(char **a, size_t n, char **b, size_t m)
{
	uint32_t *t = calloc((n + 1) * (m + 1), sizeof(*t));
	size_t i, j;

	for (i = n; t && i-- > 0;)
		for (j = m; j-- > 0;) {
			uint32_t down = t[(i + 1) * (m + 1) + j], right = t[i * (m + 1) + j + 1];

			t[i * (m + 1) + j] = !strcmp(a[i], b[j]) ? t[(i + 1) * (m + 1) + j + 1] + 1 : down > right ? down : right;
		}
	return t;
}

static void report_diff(struct run *r, char **a, size_t n, char **b, size_t m)
{
	uint32_t *t = table_of(a, n, b, m);
	size_t i = 0, j = 0;

	while (t && (i < n || j < m)) {
		if (i < n && j < m && !strcmp(a[i], b[j])) {
			buf_printf(&r->report, "#       %s\n", a[i]);
			i++, j++;
		} else if (j == m || (i < n && t[(i + 1) * (m + 1) + j] >= t[i * (m + 1) + j + 1])) {
			buf_printf(&r->report, "# want  %s\n", a[i++]);
		} else {
			buf_printf(&r->report, "# have  %s\n", b[j++]);
		}
	}
	free(t);
}

void run_compare(struct run *r, const struct part *s, const char *want, const char *have)
{
	char *a = strdup(want), *b = strdup(have);
	char **lines_a = calloc(MAX_LINES, sizeof(char *)), **lines_b = calloc(MAX_LINES, sizeof(char *));
	size_t n, m, i;

	if (!a || !b || !lines_a || !lines_b)
		exit(2);
	n = split(a, lines_a);
	m = split(b, lines_b);
	for (i = 0; i < n && i < m && !strcmp(lines_a[i], lines_b[i]); i++)
		;
	if (i == n && i == m)
		goto out;
	if (r->update && !r->edits[s - r->c->sections].size) {
		buf_printf(&r->edits[s - r->c->sections], "%s", have);
		goto out;
	}
	run_fail(r, s, "not as expected");
	report_diff(r, lines_a, n, lines_b, m);
out:
	free(a);
	free(b);
	free(lines_a);
	free(lines_b);
}

void run_contains(struct run *r, const struct part *s, const char *have)
{
	char *text = strdup(s->text), **lines = calloc(MAX_LINES, sizeof(char *));
	size_t n, i;

	if (!text || !lines)
		exit(2);
	n = split(text, lines);
	for (i = 0; i < n; i++) {
		if (strstr(have, lines[i]))
			continue;
		run_fail(r, s, "\"%s\" does not occur in", lines[i]);
		report_lines(r, "    ", have);
		break;
	}
	free(lines);
	free(text);
}
