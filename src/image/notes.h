/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
#ifndef ABIDE_IMAGE_NOTES_H
#define ABIDE_IMAGE_NOTES_H

#include <stdbool.h>

#include "util/buf.h"
#include "util/error.h"

/*
 * What is known of a kernel that its BTF does not tell: a set of lines "TAG NAME" or "TAG NAME
 * VALUE", sorted. All-zero is an empty set, which knows nothing.
 */
enum note_tag {
	NOTE_AMBIGUOUS = 'a', /* function of which there are several: VALUE many */
	NOTE_CONFIG = 'c',    /* configuration option without CONFIG_: VALUE as in .config; n is left out */
	NOTE_D_PATH = 'd',    /* function whose programs may call bpf_d_path */
	NOTE_EVENT = 'e',     /* CATEGORY/NAME of a tracepoint with a record: VALUE its class */
	NOTE_FUNCTION = 'f',  /* symbol of a function that BTF does not describe */
	NOTE_GONE = 'g',      /* function that BTF describes, without a symbol of that name */
	NOTE_KNOWS = 'h',     /* which of these lists are whole: the words of note_lists */
	NOTE_INJECT = 'i',    /* function whose result programs may change */
	NOTE_NO_PROBE = 'k',  /* function at which kprobes are refused */
	NOTE_SLEEPS = 'l',    /* LSM hook whose programs may sleep */
	NOTE_NO_TRACE = 'n',  /* function that cannot be traced: no fentry, and kprobes by name as a rule refuse it */
	NOTE_SYMBOL = 's',    /* symbol of data */
};

/* NAMEs of NOTE_KNOWS. */
#define KNOWS_CONFIG  "config"
#define KNOWS_D_PATH  "d-path"
#define KNOWS_DATA    "data"
#define KNOWS_EVENTS  "events"
#define KNOWS_INJECT  "inject"
#define KNOWS_PROBES  "probes"
#define KNOWS_SLEEPS  "sleeps"
#define KNOWS_SYMBOLS "symbols"
#define KNOWS_TRACE   "trace"

struct notes {
	struct buf text;      /* lines, each ended by NUL */
	uint32_t *lines, nr;  /* where they begin */
	size_t room;
};

/* Append a line; @value may be NULL. Out of memory is told by notes_finish. */
void notes_add(struct notes *n, enum note_tag tag, const char *name, const char *value);
/* Sort, and drop what is there twice: before the first notes_find. */
int notes_finish(struct notes *n, struct abide_error *e);
/* Is there such a line? @value (may be NULL) gets its VALUE, "" where it has none. */
bool notes_find(const struct notes *n, enum note_tag tag, const char *name, const char **value);
bool notes_know(const struct notes *n, const char *list);
const char *notes_line(const struct notes *n, uint32_t i);
void notes_free(struct notes *n);

/* The options of a .config that are not n, and that they are known. */
void notes_add_config(struct notes *n, const char *text);
/* A name that compilers and macros make by the thousand and nobody asks for by hand. */
bool notes_made_up(const char *name);

#endif
