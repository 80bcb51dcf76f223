/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
#ifndef ABIDE_TESTS_CASE_H
#define ABIDE_TESTS_CASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * A file of text cases:
 *
 *	anything before the first case is for the reader
 *	=== title
 *	what is tested, for the reader
 *	-- section arguments
 *	text of the section, up to the next line that starts a section or a case
 */
struct part {
	char *name;
	char *args;     /* "" when there are none */
	char *text;     /* without blank lines at its end */
	uint32_t line;  /* of the "-- name" line; the text starts on the next */
	size_t begin, end; /* where the text stands in the file */
};

struct test_case {
	char *title;
	uint32_t line;
	struct part *sections;
	size_t nr_sections, room_sections;
};

struct case_file {
	char *path;
	char *data;
	size_t size;
	struct test_case *cases;
	size_t nr_cases, room_cases;
};

/* The whole file, NUL-terminated, or NULL (errno). The caller frees it. */
char *read_file(const char *path, size_t *size);

/* Exits with a message when the file cannot be read or is not a file of cases. */
struct case_file *case_file_open(const char *path);
void case_file_free(struct case_file *f);
/* The @nth section of that name, or NULL. */
const struct part *case_part(const struct test_case *c, const char *name, size_t nth);

/* The next word of *@p into @word ("" at the end); moves on. Quotes ("a b") keep spaces. */
bool next_word(const char **p, char *word, size_t size);
/* The next line of *@p into @line without its newline; false at the end. */
bool next_line(const char **p, char *line, size_t size);

#endif
