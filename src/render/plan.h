/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
#ifndef ABIDE_RENDER_PLAN_H
#define ABIDE_RENDER_PLAN_H

#include "catalog/catalog.h"
#include "render/render.h"

/*
 * What src/render knows of an object: a view for each map, columns for its keys and
 * values. Names, titles and units are borrowed from the object's BTF.
 */
enum kind {
	KIND_UINT,
	KIND_SINT,
	KIND_BOOL,
	KIND_ENUM,
	KIND_FLAGS, /* enum NAME_set: bits by name */
	KIND_TEXT,  /* char[N] */
	KIND_BYTES, /* what no other kind fits: hexadecimal digits */
	KIND_HEX,   /* pointers, and what is tagged so */
	KIND_BE,    /* big-endian number: hexadecimal in host order */
	KIND_PORT,  /* big-endian number: decimal */
	KIND_IP4,
	KIND_IP6,
	KIND_SYSCALL,
	KIND_ERRNO,
	KIND_SIGNAL,
	KIND_WAIT,  /* as wait(2) gives it */
	KIND_DEV,   /* major << 20 | minor */
	KIND_CLOCK, /* nanoseconds since boot */
	KIND_CODE,  /* address in an application, by name; more than one: a stack */
};

#define SIZE_NONE UINT32_MAX

struct column {
	const char *name;   /* member, typedef, or "key" and "value" */
	uint32_t name_size; /* bytes of it: a typedef is named without "_t", "_nr", "_user" */
	const char *title;  /* as tagged; NULL: the name in capitals */
	const char *unit;   /* "" when there is none */
	enum kind kind;
	uint32_t off;              /* bytes into the key, value or record */
	uint32_t size;             /* bytes of one element */
	uint32_t count;            /* elements of an array, 1 otherwise */
	uint8_t bit_off, bit_size; /* bit-field within .size bytes, 0: none */
	bool is_signed, max, sort;
	uint32_t type;    /* BTF id of the enum */
	uint32_t skip;    /* bytes of the names' common prefix that text leaves out */
	const char *open; /* JSON: the object that begins before this column, NULL: none */
	uint8_t close;    /* JSON: objects that end behind it */
	uint32_t width;   /* of events: columns in the terminal */
	uint32_t pid_off; /* CODE: where the number of its process is, SIZE_NONE: nowhere */
};

struct columns {
	struct column *list;
	uint32_t nr;
	size_t room;
};

enum view_kind {
	VIEW_NONE,
	VIEW_HIST,
	VIEW_LINEAR,
	VIEW_HEAT,
	VIEW_COUNT,
	VIEW_TABLE,
	VIEW_EVENTS,
	VIEW_LOST
};

struct loss { /* a counter of what found no room, in .bss */
	uint32_t off;
	uint32_t view; /* index of the map that had no room */
	uint64_t reported;
};

struct view {
	enum view_kind kind;
	const struct map_def *map;
	const char *title; /* the map's name when it has none */
	const char *unit;
	bool per_cpu;
	bool keyed;          /* more than one entry */
	bool indexed;        /* an array: entries that are all zeros were never used */
	uint32_t value_size; /* bytes of one value as declared */
	struct columns keys, values;
	uint32_t sort; /* index into values */
	uint32_t top;  /* rows as the object says, 0: all */
	/* Histograms: where in the value; SIZE_NONE: it has none. */
	uint32_t slots, slot_size, nr_slots, count, sum, second;
	int64_t min;
	uint64_t step;
	struct column bucket; /* .count > 0: the slot stands in the key (buckets.c) */
	/* HEAT: seconds before this one have been shown; the first second ever shown. */
	uint64_t shown, origin;
	struct loss *losses; /* LOST */
	uint32_t nr_losses;
};

struct tag { /* one "abide:KEY=VALUE" */
	uint32_t type;
	int32_t member;   /* -1: the type itself */
	const char *text; /* behind "abide:" */
};

struct render_plan {
	const struct object *o;
	struct render_options opts;
	struct view *views; /* one a map */
	struct tag *tags;   /* by type */
	uint32_t nr_tags;
	bool any, block;     /* text has been shown; the last of it was more than a line */
	int32_t last_events; /* map whose header was printed last, -1: none */
};

/* tags.c */
int render_tags_collect(struct render_plan *p, struct abide_error *e);
/* What follows "KEY=" of a tag on @type's member, "" for a bare "KEY", NULL if it has none. */
const char *render_tag_get(const struct render_plan *p, uint32_t type, int32_t member,
                           const char *key);

/* columns.c: what is shown of a type; @name is for a scalar. All offsets are below @size. */
int render_columns_of(const struct render_plan *p, uint32_t type, const char *name, uint32_t size,
                      struct columns *out, struct abide_error *e);

/* view.c */
int render_view_open(struct render_plan *p, uint32_t index, struct abide_error *e);

/* value.c: element @i of a column, in text without padding, or as JSON. */
void render_value_text(const struct render_plan *p, const struct column *c, const uint8_t *data,
                       struct buf *out);
void render_value_json(const struct render_plan *p, const struct column *c, const uint8_t *data,
                       struct buf *out);
uint64_t render_value_number(const struct column *c, const uint8_t *data, uint32_t i);
bool render_value_is_text(const struct column *c); /* left-aligned */
bool render_value_is_stack(const struct column *c); /* lines of its own in a table */
/* Frames of a stack: those before the first 0. */
uint32_t render_value_frames(const struct column *c, const uint8_t *data);
/* "malloc+0x1d", "0x7f0012345678". */
void render_value_code(const struct render_plan *p, const struct column *c, const uint8_t *data, uint32_t i,
                       struct buf *out);
int render_value_compare(const struct column *c, const uint8_t *a, const uint8_t *b);
void render_column_heading(const struct column *c,
                           struct buf *out); /* the title, or the name in capitals */
uint32_t render_value_width(const struct render_plan *p,
                            const struct column *c); /* what it mostly needs */
/* {"a":1,"b":{"c":2}} of all columns. */
void render_columns_json(const struct render_plan *p, const struct columns *cs, const uint8_t *data,
                         struct buf *out);

/* names.c: NULL when it has none. */
const char *render_name_errno(uint32_t err);
const char *render_name_signal(uint32_t sig);
const char *render_name_syscall(const struct render_plan *p, int64_t nr);

/* scale.c */
struct scale { /* a unit and how many of the base unit it is */
	const char *name;
	uint64_t factor;
};
/* The largest unit not above @value of @unit's family; false: it is not one that scales. */
bool render_scale_for(const char *unit, uint64_t value, struct scale *out);
/* @value / @factor with three significant digits, without a fraction of zeros if @trim; no unit. */
void render_scale_digits(uint64_t value, uint64_t factor, bool trim, char *buf, size_t size);
/* "1.25ms", "12KiB", "17 packets", "17". */
void render_scale_text(const char *unit, uint64_t value, bool negative, struct buf *out);

/* text.c: bytes of strangers made harmless. */
void render_text_safe(const uint8_t *s, size_t n, struct buf *out);
size_t render_text_width(const uint8_t *s, size_t n); /* columns of the terminal */
/* At most @width columns; what is cut ends in '~'. */
void render_text_cut(struct buf *b, size_t from, size_t width);
void render_text_pad(struct buf *b, size_t n);
/* Decimal, as fast as rows come; printf takes four times as long. */
void render_put_u64(struct buf *out, uint64_t v);
void render_put_s64(struct buf *out, int64_t v);
void render_put(struct buf *out, const char *s); /* text of our own */
void render_text_end(struct buf *b);             /* the line's end, without blanks before it */
void render_text_clock(struct timespec now, struct buf *out); /* "HH:MM:SS " */
void render_text_bold(const struct render_plan *p, const char *s, struct buf *out);

/* rows.c: entries of a map, summed and in order. */
struct row {
	const uint8_t *key, *value;
	int32_t cpu; /* -1: all */
};
struct rows {
	struct row *list;
	uint32_t nr;
	uint8_t *memory; /* the sums */
};
int render_rows_make(const struct render_plan *p, const struct view *v,
                     const struct render_entries *in, struct rows *out, struct abide_error *e);
void render_rows_free(struct rows *rows);
/* buckets.c: does the key's last member say which slot? And rows of slots into rows of histograms. */
bool render_buckets_open(struct view *v);
int render_buckets_group(const struct view *v, struct rows *rows, struct abide_error *e);

/* One file a kind of view. */
uint64_t render_hist_slot(const struct view *v, const uint8_t *value, uint32_t i);
uint64_t render_hist_count(const struct view *v, const uint8_t *value);
void render_hist_text(const struct render_plan *p, const struct view *v, const struct rows *rows,
                      struct timespec now, struct buf *out);
void render_hist_json(const struct render_plan *p, const struct view *v, const struct rows *rows,
                      struct timespec now, struct buf *out);
void render_heat_text(const struct render_plan *p, struct view *v, const struct rows *rows,
                      struct timespec now, struct buf *out);
void render_heat_json(const struct render_plan *p, struct view *v, const struct rows *rows,
                      struct timespec now, struct buf *out);
void render_table_text(const struct render_plan *p, const struct view *v, const struct rows *rows,
                       struct timespec now, struct buf *out);
void render_table_json(const struct render_plan *p, const struct view *v, const struct rows *rows,
                       struct timespec now, struct buf *out);
void render_event_text(struct render_plan *p, uint32_t index, const uint8_t *data,
                       struct timespec now, struct buf *out);
void render_event_json(struct render_plan *p, uint32_t index, const uint8_t *data,
                       struct timespec now, struct buf *out);

#endif
