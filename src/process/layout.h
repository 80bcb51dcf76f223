/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
#ifndef ABIDE_PROCESS_LAYOUT_H
#define ABIDE_PROCESS_LAYOUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/error.h"

/*
 * What a binary says of its user events: the records that the macros of <abide/event.h>
 * left in its section "abide_user", parsed. The stable view (.stable, .name) is the ABI;
 * the rest says where the binary's own structs keep it.
 */
enum layout_kind {
	LAYOUT_UINT,    /* also bool, enums of unsigned type */
	LAYOUT_SINT,
	LAYOUT_CHARS,   /* char NAME[N] in place */
	LAYOUT_BYTES,   /* unsigned char NAME[N] in place */
	LAYOUT_POINTER, /* to a user-ized struct, .target */
	LAYOUT_STRING,  /* const char *: only user_str() follows it */
	LAYOUT_ADDRESS, /* any other pointer: a number */
};

#define LAYOUT_HOPS 4

struct layout_field {
	const char *name;
	const char *doc;   /* "" if none */
	const char *unit;  /* "ns"; "" if none */
	enum layout_kind kind;
	uint32_t stable;   /* bytes into the stable view */
	uint32_t stable_size; /* bytes of an element there: 1 2 4 8; CHARS, BYTES: .count */
	uint32_t count;    /* elements; 1 but for arrays, CHARS and BYTES */
	/* p = *(void **)(p + hops[i]) for each hop, then the value at p + .offset */
	uint32_t hops[LAYOUT_HOPS];
	uint32_t nr_hops;
	uint32_t offset;
	uint32_t size;     /* bytes of an element as the binary stores it: 1 2 4 8; CHARS, BYTES: 1 */
	uint8_t bit_off, bit_size; /* bit-field: bits from .offset on, little-endian numbering; 0: none */
	uint32_t target;   /* POINTER: index into structs */
};

struct layout_struct {
	const char *name;  /* "query_user" */
	const char *real;  /* "struct query": the binary's own type, for messages */
	const char *doc;
	uint32_t size;     /* sizeof the real struct */
	uint32_t stable_size;
	struct layout_field *fields; /* by .stable */
	uint32_t nr_fields;
};

#define LAYOUT_ARGS 12

struct layout_arg {
	const char *name;
	enum layout_kind kind; /* UINT, SINT, POINTER, STRING, ADDRESS */
	uint32_t size;         /* bytes of its type; it is handed over as 8, extended by its sign */
	uint32_t target;       /* POINTER: index into structs */
};

struct layout_event {
	const char *provider, *name; /* "mydb", "query_done" */
	const char *doc;
	struct layout_arg args[LAYOUT_ARGS];
	uint32_t nr_args;
};

/* One binary's (an executable's or a shared library's). Owns all that it points to. */
struct layout {
	struct layout_struct *structs;
	uint32_t nr_structs;
	struct layout_event *events;
	uint32_t nr_events;
	struct layout_store *store;
};

/*
 * Parse the bytes of a section "abide_user", which may be anybody's: every count, offset and
 * name is checked, references are resolved by name, the same struct or event twice (a header
 * in several source files) becomes one if they are alike and is refused if not. @name is for messages.
 * Tags: "user-record" (malformed), "user-conflict" (two that differ), "user-unknown" (a struct that nobody defines).
 */
int layout_parse(const void *data, size_t size, const char *name, struct layout **out, struct abide_error *e);
void layout_free(struct layout *l);
/* "query_done" of "mydb", or NULL. */
const struct layout_event *layout_event(const struct layout *l, const char *provider, const char *name);
const struct layout_struct *layout_struct(const struct layout *l, const char *name);

#endif
