/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Reads files of text cases (case.h). In: a path. Out: titles and sections with the line
 * they start on and where their text stands, so that --update can write it anew. A file
 * without a case, or with a section outside of one, is an error of the tests: exit 2.
 */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "case.h"
#include "util/buf.h"

static void *need(void *p)
{
	if (!p) {
		fprintf(stderr, "runner: out of memory\n");
		exit(2);
	}
	return p;
}

char *read_file(const char *path, size_t *size)
{
	FILE *f = fopen(path, "rb");
	struct buf b = { 0 };
	char block[4096];
	size_t n;

	if (!f)
		return NULL;
	while ((n = fread(block, 1, sizeof(block), f)) > 0)
		buf_add(&b, block, n);
	fclose(f);
	*size = b.size;
	buf_u8(&b, 0);
	return b.failed ? NULL : (char *)b.data;
}

bool next_line(const char **p, char *line, size_t size)
{
	size_t n = strcspn(*p, "\n");

	if (!**p)
		return false;
	snprintf(line, size, "%.*s", (int)n, *p);
	*p += n + ((*p)[n] == '\n');
	return true;
}

bool next_word(const char **p, char *word, size_t size)
{
	bool quoted;
	size_t n = 0;

	while (isspace((unsigned char)**p))
		(*p)++;
	quoted = **p == '"';
	*p += quoted;
	while (**p && (quoted ? **p != '"' : !isspace((unsigned char)**p))) {
		if (n + 1 < size)
			word[n++] = **p;
		(*p)++;
	}
	word[n] = '\0';
	*p += quoted && **p == '"';
	return n || quoted;
}

static void trim(char *s)
{
	size_t n = strlen(s);

	while (n && isspace((unsigned char)s[n - 1]))
		s[--n] = '\0';
}

static struct test_case *add_case(struct case_file *f, const char *title, uint32_t line)
{
	struct test_case *c;

	f->cases = need(array_grow(f->cases, f->nr_cases, &f->room_cases, sizeof(*c)));
	c = &f->cases[f->nr_cases++];
	*c = (struct test_case){ .title = need(strdup(title)), .line = line };
	trim(c->title);
	return c;
}

static struct part *add_section(struct test_case *c, const char *head, uint32_t line)
{
	struct part *s;
	char name[64];

	c->sections = need(array_grow(c->sections, c->nr_sections, &c->room_sections, sizeof(*s)));
	s = &c->sections[c->nr_sections++];
	*s = (struct part){ .line = line };
	next_word(&head, name, sizeof(name));
	while (*head == ' ' || *head == '\t')
		head++;
	s->name = need(strdup(name));
	s->args = need(strdup(head));
	trim(s->args);
	return s;
}

static void close_section(const struct case_file *f, struct part *s, size_t end)
{
	if (!s)
		return;
	while (end > s->begin && isspace((unsigned char)f->data[end - 1]))
		end--;
	s->end = end;
	s->text = need(strndup(f->data + s->begin, end - s->begin));
}

struct case_file *case_file_open(const char *path)
{
	struct case_file *f = need(calloc(1, sizeof(*f)));
	struct test_case *c = NULL;
	struct part *s = NULL;
	const char *p;
	char line[4096];
	uint32_t number = 0;
	size_t start;

	f->path = need(strdup(path));
	f->data = read_file(path, &f->size);
	if (!f->data) {
		fprintf(stderr, "runner: %s: %s\n", path, strerror(errno));
		exit(2);
	}
	for (p = f->data; start = (size_t)(p - f->data), next_line(&p, line, sizeof(line));) {
		number++;
		if (!strncmp(line, "=== ", 4)) {
			close_section(f, s, start);
			s = NULL;
			c = add_case(f, line + 4, number);
		} else if (!strncmp(line, "-- ", 3) && islower((unsigned char)line[3])) {
			close_section(f, s, start);
			if (!c) {
				fprintf(stderr, "runner: %s:%u: a section outside of any case\n", path, number);
				exit(2);
			}
			s = add_section(c, line + 3, number);
			s->begin = (size_t)(p - f->data);
		}
	}
	close_section(f, s, f->size);
	if (!f->nr_cases) {
		fprintf(stderr, "runner: %s holds no case (\"=== title\")\n", path);
		exit(2);
	}
	return f;
}

void case_file_free(struct case_file *f)
{
	size_t i, k;

	if (!f)
		return;
	for (i = 0; i < f->nr_cases; i++) {
		for (k = 0; k < f->cases[i].nr_sections; k++) {
			free(f->cases[i].sections[k].name);
			free(f->cases[i].sections[k].args);
			free(f->cases[i].sections[k].text);
		}
		free(f->cases[i].sections);
		free(f->cases[i].title);
	}
	free(f->cases);
	free(f->data);
	free(f->path);
	free(f);
}

const struct part *case_part(const struct test_case *c, const char *name, size_t nth)
{
	size_t i;

	for (i = 0; i < c->nr_sections; i++)
		if (!strcmp(c->sections[i].name, name) && !nth--)
			return &c->sections[i];
	return NULL;
}
