/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
#ifndef ABIDE_CATALOG_PARSE_H
#define ABIDE_CATALOG_PARSE_H

#include <stddef.h>
#include <string.h>

#include "catalog/catalog.h"

/* Larger texts are refused: it bounds what a hostile one can make the parser allocate. */
#define CATALOG_MAX (2u << 20)

/* parse_store.c: all that a catalog allocates, freed at once. */
struct catalog_store {
	struct block *blocks;
	struct catalog_store *base;  /* of the catalog whose entries were taken over */
	uint32_t users;              /* the catalog itself, and those that took its entries */
	struct cat_syscall *syscalls;
	uint32_t nr_syscalls;
	bool builtin;                /* the built-in table of system calls is still to be read */
	struct cat_event **composed; /* sys_enter:NAME, as they are asked for */
	uint32_t nr_composed;
};

void *store_take(struct catalog_store *s, size_t size); /* zeroed; NULL when out of memory */
char *store_text(struct catalog_store *s, const char *p, size_t n);
/* One more zeroed element of an array that the store owns; NULL when out of memory. */
void *store_grow(struct catalog_store *s, void *arrayp, uint32_t *n, size_t size);
void store_free(struct catalog_store *s);

/* Names in scopes, so that no text takes time that grows with the square of its size. */
enum scope { IN_STRUCTS, IN_ENUMS, IN_EVENTS, IN_RULES, IN_SYSCALLS, IN_ENUMERATORS, IN_MEMBERS };

struct name {
	const char *text;
	uint32_t scope; /* enum scope; IN_MEMBERS + N: members of the text's Nth entry */
	uint32_t hash;
	uint32_t at; /* index among the entries of its kind */
	bool base;   /* taken over, and not replaced so far */
};

struct names {
	struct name *slots;
	uint32_t room, n;
};

/* NULL if there is none; pointers hold until the next names_add. */
struct name *names_find(const struct names *names, uint32_t scope, const char *text);
/* 0, -EEXIST (nothing changes), -ENOMEM, -E2BIG: more than any catalog needs. */
int names_add(struct names *names, uint32_t scope, const char *text, uint32_t at, bool base);
void names_free(struct names *names);

/* lex.c: the line at hand, in words. */
#define MAX_WORDS 96

struct word {
	char *text; /* terminated, in the lexer's copy of the text */
	bool quoted;
};

struct lex {
	char *at, *end; /* of a copy: words are cut in place */
	const char *file;
	uint32_t line;
	bool indented;
	struct word words[MAX_WORDS];
	uint32_t nr_words, next;
	struct catalog_store *store;
	struct abide_error *e;
	int failed; /* -errno, 0 so far */
	bool terse; /* meanings may be left out: an application's catalog is written by no person */
};

/* Most words differ in the first byte. */
static inline bool same_word(const char *w, const char *is)
{
	return *w == *is && !strcmp(w, is);
}

/* Go to the next line that has words; false at the end or after a failure (.failed). */
bool lex_line(struct lex *l);
/* "FILE:LINE: ..." with a tag; sets .failed, returns false. The first failure counts. */
bool lex_fail(struct lex *l, const char *tag, const char *fmt, ...)
	__attribute__((format(printf, 3, 4))) ERROR_COLD;
bool lex_nomem(struct lex *l) ERROR_COLD;
char *lex_word(struct lex *l, const char *what); /* the next word, or a failure that names @what */
bool lex_is(struct lex *l, const char *word);    /* take the next word if it is that one */
char *lex_peek(const struct lex *l);             /* NULL when there is none, or it is quoted */
bool lex_number(struct lex *l, const char *what, int64_t *out);
bool lex_range(struct lex *l, const char *what, int64_t from, int64_t to, int64_t *out);
bool lex_doc(struct lex *l, const char **out); /* the quoted meaning, which ends every line */
bool lex_end(struct lex *l);                   /* nothing may follow */
/* A name of the kernel's: a C identifier. */
bool lex_name(struct lex *l, const char *what, const char **out);
/* A name that this catalog makes up: it stands in the header, so it is no word of C's, nor reserved. */
bool lex_new_name(struct lex *l, const char *what, const char **out);
/* PROVIDER:NAME of an application's event. The provider is none of the kernel's prefixes. */
bool lex_new_event(struct lex *l, const char **out);
bool is_identifier(const char *p);
bool is_name_part(char c, bool first); /* of a C identifier */
/* Decimal or 0x; no octal, no sign but '-'. */
bool text_number(const char *p, int64_t *out);

struct parser {
	struct lex l;
	struct catalog *c;
	struct names names;
	uint32_t version; /* of the text's last "catalog" line; 0: there was none */
	uint32_t entries; /* so far, in this text: members of each have a scope of their own */
	/* what an indented line belongs to */
	enum { OF_NOTHING, OF_STRUCT, OF_EVENT, OF_ENUM, OF_RULES } of;
	struct cat_struct *st;
	struct cat_event *ev;
	struct cat_enum *en;
	struct cat_rules *ru;
	struct cat_field *field; /* that a "from" line belongs to */
};

/* parse_field.c: types, fields, arguments, and the "from" lines under them. */
bool parse_type_and_name(struct parser *p, struct cat_field *f);
bool parse_struct_field(struct parser *p);
bool parse_event_arg(struct parser *p);
bool parse_from(struct parser *p);
/* parse_source.c: the words after "from". */
bool parse_source(struct lex *l, struct cat_source *s);

/* parse.c */
bool parse_since(struct parser *p, uint32_t least, uint32_t *out);
bool parse_member_name(struct parser *p, const char *of, const char *name);
/* Add the entries of @text to @c and link their names. */
int parse_text(struct catalog *c, const char *text, uint32_t size, const char *file,
               struct abide_error *e);
#define NO_ELSE INT64_MIN /* of rules, until their else is read */
/* parse_link.c: names become indices; what only the whole catalog shows is checked. */
bool parse_link(struct parser *p);

#endif
