/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
#ifndef ABIDE_CATALOG_PARSE_H
#define ABIDE_CATALOG_PARSE_H

#include <stddef.h>

#include "catalog/catalog.h"

/* All that a catalog allocates, freed at once. */
struct catalog_store {
	void **blocks;
	size_t nr_blocks, room_blocks;
	struct catalog *base; /* whose entries were taken over */
	uint32_t users;       /* the catalog itself, and those that took its entries */
	struct cat_event **composed; /* sys_enter:NAME, as they are asked for */
	uint32_t nr_composed;
};

void *store_take(struct catalog_store *s, size_t size);      /* zeroed; NULL when out of memory */
char *store_text(struct catalog_store *s, const char *p, size_t n);
/* One more zeroed element of an array that the store owns; NULL when out of memory. */
void *store_grow(struct catalog_store *s, void *arrayp, uint32_t *n, size_t size);

#define MAX_WORDS 96

struct word {
	const char *text; /* terminated; in the store */
	bool quoted;
};

/* The line at hand, in words. */
struct lex {
	const char *at, *end;
	const char *file;
	uint32_t line;
	bool indented;
	struct word words[MAX_WORDS];
	uint32_t nr_words, next;
	struct catalog_store *store;
	struct abide_error *e;
	bool failed;
};

/* Go to the next line that has words; false at the end or after a failure (.failed). */
bool lex_line(struct lex *l);
/* "FILE:LINE: ..." with a tag; sets .failed, returns false. */
bool lex_fail(struct lex *l, const char *tag, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
const char *lex_word(struct lex *l, const char *what);   /* the next word, or a failure that names @what */
bool lex_is(struct lex *l, const char *word);            /* take the next word if it is that one */
const char *lex_peek(const struct lex *l);               /* NULL when there is none, or it is quoted */
bool lex_number(struct lex *l, const char *what, int64_t *out);
bool lex_doc(struct lex *l, const char **out);           /* the quoted meaning, which ends every line */
bool lex_name(struct lex *l, const char *what, const char **out); /* a C identifier */

/* parse_source.c: the words after "from". */
bool parse_source(struct lex *l, struct cat_source *s);

/* parse.c: add the entries of a text to @c; names are not linked yet. */
int parse_text(struct catalog *c, const char *text, uint32_t size, const char *file, struct abide_error *e);

#endif
