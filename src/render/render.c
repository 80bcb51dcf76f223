/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The stage's front: the plan of an object, its maps' entries and records as text or
 * JSON lines. Each kind of view has a printer of text and one of JSON in the table.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "render/plan.h"

typedef void print_fn(const struct render_plan *p, struct view *v, const struct rows *rows,
                      struct timespec now, struct buf *out);

static void print_hist_text(const struct render_plan *p, struct view *v, const struct rows *rows,
                            struct timespec now, struct buf *out)
{
	render_hist_text(p, v, rows, now, out);
}

static void print_hist_json(const struct render_plan *p, struct view *v, const struct rows *rows,
                            struct timespec now, struct buf *out)
{
	render_hist_json(p, v, rows, now, out);
}

static void print_table_text(const struct render_plan *p, struct view *v, const struct rows *rows,
                             struct timespec now, struct buf *out)
{
	render_table_text(p, v, rows, now, out);
}

static void print_table_json(const struct render_plan *p, struct view *v, const struct rows *rows,
                             struct timespec now, struct buf *out)
{
	render_table_json(p, v, rows, now, out);
}

static const struct printer {
	print_fn *text, *json;
} printers[] = {
	[VIEW_HIST] = { print_hist_text, print_hist_json },
	[VIEW_LINEAR] = { print_hist_text, print_hist_json },
	[VIEW_HEAT] = { render_heat_text, render_heat_json },
	[VIEW_COUNT] = { print_table_text, print_table_json },
	[VIEW_TABLE] = { print_table_text, print_table_json },
	[VIEW_EVENTS] = { NULL, NULL },
	[VIEW_LOST] = { NULL, NULL },
};

int render_open(const struct object *o, const struct render_options *opts, struct render_plan **out,
                struct abide_error *e)
{
	struct render_plan *p = calloc(1, sizeof(*p));
	uint32_t i;
	int err;

	*out = NULL;
	if (!p)
		return error_nomem(e);
	p->o = o;
	p->opts = *opts;
	p->last_events = -1;
	p->views = calloc((size_t)o->nr_maps + 1, sizeof(*p->views));
	err = p->views ? render_tags_collect(p, e) : error_nomem(e);
	for (i = 0; i < o->nr_maps && !err; i++)
		err = render_view_open(p, i, e);
	if (err)
		render_free(p);
	else
		*out = p;
	return err;
}

void render_free(struct render_plan *p)
{
	uint32_t i;

	if (!p)
		return;
	for (i = 0; p->views && i < p->o->nr_maps; i++) {
		free(p->views[i].keys.list);
		free(p->views[i].values.list);
		free(p->views[i].losses);
	}
	free(p->views);
	free(p->tags);
	free(p);
}

enum render_want render_wants(const struct render_plan *p, uint32_t index)
{
	switch (index < p->o->nr_maps ? p->views[index].kind : VIEW_NONE) {
	case VIEW_HIST:
	case VIEW_LINEAR:
	case VIEW_HEAT:
	case VIEW_COUNT:
	case VIEW_TABLE:
	case VIEW_LOST:
		return RENDER_ENTRIES;
	case VIEW_EVENTS:
		return RENDER_RECORDS;
	case VIEW_NONE:
		break;
	}
	return RENDER_NOTHING;
}

static void put_lost(struct render_plan *p, const char *map, const char *what, uint64_t n,
                     struct timespec now, struct buf *out)
{
	if (p->opts.format == RENDER_JSON) {
		render_json_begin("lost", map, now, out);
		render_put(out, ",\"what\":");
		render_json_string((const uint8_t *)what, strlen(what), out);
		buf_printf(out, ",\"count\":%llu}\n", (unsigned long long)n);
		return;
	}
	if (p->opts.timestamps)
		render_text_clock(now, out);
	buf_printf(out, "lost %llu ", (unsigned long long)n);
	render_text_safe((const uint8_t *)what, strlen(what), out);
	if (map) {
		render_put(out, " of ");
		render_text_safe((const uint8_t *)map, strlen(map), out);
		render_put(out, ": no room");
	}
	buf_u8(out, '\n');
}

void render_lost(struct render_plan *p, const char *what, uint64_t n, struct timespec now,
                 struct buf *out)
{
	put_lost(p, NULL, what, n, now, out);
}

/* Counters of what found no room: a line for each that has grown. */
static void print_losses(struct render_plan *p, struct view *v, const uint8_t *bss,
                         struct timespec now, struct buf *out)
{
	uint32_t i;

	for (i = 0; i < v->nr_losses; i++) {
		struct loss *l = &v->losses[i];
		uint64_t n;

		memcpy(&n, bss + l->off, sizeof(n));
		if (n > l->reported)
			put_lost(p, p->o->maps[l->view].name,
			         p->views[l->view].kind == VIEW_EVENTS ? "rows" : "values",
			         n - l->reported, now, out);
		l->reported = n;
	}
}

static int finish(const struct buf *out, struct abide_error *e)
{
	return out->failed ? error_nomem(e) : 0;
}

/* An empty line between a map's text, from @from on, and what came before, unless both are one line. */
static void separate(struct render_plan *p, size_t from, struct buf *out)
{
	bool block;

	if (out->failed || out->size == from)
		return;
	block = memchr(out->data + from, '\n', out->size - from - 1) != NULL;
	if (p->any && (p->block || block)) {
		buf_u8(out, 0);
		if (out->failed)
			return;
		memmove(out->data + from + 1, out->data + from, out->size - from - 1);
		out->data[from] = '\n';
	}
	p->any = true;
	p->block = block;
}

int render_map(struct render_plan *p, uint32_t index, const struct render_entries *entries,
               struct timespec now, struct buf *out, struct abide_error *e)
{
	const struct printer *pr;
	struct view *v;
	struct rows rows;
	size_t from;
	int err;

	if (render_wants(p, index) != RENDER_ENTRIES)
		return error_set(e, -EINVAL, "map-entries", "map %u is not shown", index);
	v = &p->views[index];
	if (v->kind == VIEW_LOST) {
		if (entries->n != 1 || entries->value_size < v->value_size)
			return error_set(e, -EINVAL, "map-entries",
			                 "map %s: not all of it was read", v->map->name);
		print_losses(p, v, entries->values, now, out);
		return finish(out, e);
	}
	err = render_rows_make(p, v, entries, &rows, e);
	if (err)
		return err;
	pr = &printers[v->kind];
	p->last_events = -1;
	from = out->size;
	(p->opts.format == RENDER_JSON ? pr->json : pr->text)(p, v, &rows, now, out);
	if (p->opts.format == RENDER_TEXT)
		separate(p, from, out);
	render_rows_free(&rows);
	return finish(out, e);
}

int render_event(struct render_plan *p, uint32_t index, const void *data, uint32_t size,
                 struct timespec now, struct buf *out, struct abide_error *e)
{
	const struct view *v;
	uint8_t *copy = NULL;

	if (render_wants(p, index) != RENDER_RECORDS)
		return error_set(e, -EINVAL, "map-entries", "map %u has no rows", index);
	v = &p->views[index];
	if (size < v->value_size) { /* cut by the program: what it left out reads as zeros */
		copy = calloc(1, v->value_size);
		if (!copy)
			return error_nomem(e);
		memcpy(copy, data, size);
		data = copy;
	}
	if (p->opts.format == RENDER_JSON)
		render_event_json(p, index, data, now, out);
	else
		render_event_text(p, index, data, now, out);
	p->any = p->block = true;
	free(copy);
	return finish(out, e);
}
