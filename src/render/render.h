/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
#ifndef ABIDE_RENDER_RENDER_H
#define ABIDE_RENDER_RENDER_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "object/object.h"
#include "util/buf.h"
#include "util/error.h"

/*
 * Results by BTF alone: what each map of an object is (histogram, counter, table of
 * top keys, event rows, state of the program that is not shown) follows from the decl
 * tags and types in the object (include/abide/program.h makes them), and values become
 * text for a person or JSON lines for a program. Pure: bytes in, text out; who reads
 * the maps and who prints is somebody else (src/kernel, src/cli).
 */
enum render_format { RENDER_TEXT, RENDER_JSON };

/*
 * JSON: one object a line, whose members only ever get more.
 *
 *	{"ts":"2026-11-26T02:20:00.123456Z","type":T,"map":NAME, ...}     ts is UTC (RFC 3339)
 *	T "map"    "key":{...} (maps with keys), "value":{...}; both null: the map is empty
 *	T "hist"   "key":{...} (if keyed), "value":{"unit":U,"count":N,"sum":N,"buckets":
 *	           [{"min":A,"max":B,"count":N}, ...]}: inclusive bounds in U, null where open;
 *	           buckets that are empty are left out, and sum where it is not known
 *	T "event"  "value":{...}
 *	T "lost"   "what":TEXT,"count":N: since the last such line; "map" only if it is one map's
 *	"cpu":N stands before "value" where per-CPU values are not summed.
 *
 * Members of keys and values are those of the program's struct, nested as they are there;
 * scalars are {"key"...} (or named by their typedef), {"count"}, {"sum"} or {"value"}. Numbers
 * are exact and in the declared unit, also above 2^53. As strings: text, enums, system calls
 * (a number if it has no name), addresses, device numbers "8:1", bytes "0a1b", code "main+0x1d".
 */

struct render_options {
	enum render_format format;
	uint32_t width;     /* columns of the terminal, 0: as wide as needed (a pipe) */
	bool color;
	bool timestamps;    /* text rows begin with HH:MM:SS */
	bool per_cpu;       /* do not sum per-CPU maps */
	uint32_t cpus;      /* possible CPUs: values of per-CPU maps are that many, 8-byte aligned each */
	uint32_t top;       /* rows of a table, 0: as the object says, or all */
	const char *machine; /* whose system call numbers are shown by name: "x86_64" */
	const struct catalog *catalog; /* system call names */
	/* Append the name of an address in process @pid (0: the only one), nothing if it has none. NULL: none have. */
	void (*symbol)(void *ctx, uint32_t pid, uint64_t address, struct buf *out);
	void *symbol_ctx;
};

struct render_plan;
int render_open(const struct object *o, const struct render_options *opts, struct render_plan **out,
		struct abide_error *e);
void render_free(struct render_plan *p);

/* What the plan wants of map @index: nothing, its entries (render_map), or its records (render_event). */
enum render_want { RENDER_NOTHING, RENDER_ENTRIES, RENDER_RECORDS };
enum render_want render_wants(const struct render_plan *p, uint32_t index);

/* Entries of one map, as read: @n keys and values side by side (per-CPU: opts.cpus values a key). */
struct render_entries {
	const uint8_t *keys;
	const uint8_t *values;
	uint32_t n;
	uint32_t key_size, value_size; /* strides, of what was read */
};
/* Append the map's text (title, histogram or table) or JSON lines. An empty map is still named. */
int render_map(struct render_plan *p, uint32_t index, const struct render_entries *entries, struct timespec now,
	       struct buf *out, struct abide_error *e);
/* Append one row or line for a record of a ring (the header row comes before the first). */
int render_event(struct render_plan *p, uint32_t index, const void *data, uint32_t size, struct timespec now,
		 struct buf *out, struct abide_error *e);
/* Lines that are not data: "lost N events", JSON {"type":"lost"}. */
void render_lost(struct render_plan *p, const char *what, uint64_t n, struct timespec now, struct buf *out);

/*
 * A string of JSON, quotes included: what is UTF-8 stands as it is, but for control characters and others
 * that no reader sees (their \uXXXX); a byte that is no UTF-8 is \u00XX.
 */
void render_json_string(const uint8_t *s, size_t n, struct buf *out);
/* {"ts":...,"type":T and, unless it is NULL, ,"map":NAME: the beginning of a line. */
void render_json_begin(const char *type, const char *map, struct timespec now, struct buf *out);

#endif
