/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Rows of a ring, one a record. The header comes before the first, and again when rows
 * of another ring came between. Columns have the width that their type mostly needs;
 * what is longer pushes the rest of its row. On a terminal a row is cut at its width.
 */
#include <string.h>

#include "render/plan.h"

/* Pad what was written since @from; the last column, if text, is left as it is. */
static void align(const struct view *v, uint32_t i, size_t from, struct buf *out)
{
	const struct column *c = &v->values.list[i];
	size_t want = c->width, have;
	struct buf copy = { 0 };

	if (out->failed)
		return;
	have = render_text_width(out->data + from, out->size - from);
	if (have >= want || (render_value_is_text(c) && i + 1 == v->values.nr))
		return;
	if (render_value_is_text(c)) {
		render_text_pad(out, want - have);
		return;
	}
	buf_add(&copy, out->data + from, out->size - from);
	out->size = from;
	render_text_pad(out, want - have);
	buf_add(out, copy.data, copy.size);
	out->failed |= copy.failed;
	buf_free(&copy);
}

static void header(const struct render_plan *p, const struct view *v, struct buf *out)
{
	size_t line = out->size, from;
	uint32_t i;

	if (p->opts.timestamps)
		buf_printf(out, "TIME     ");
	for (i = 0; i < v->values.nr; i++) {
		if (i)
			buf_u8(out, ' ');
		from = out->size;
		render_column_heading(&v->values.list[i], out);
		align(v, i, from, out);
	}
	if (p->opts.width)
		render_text_cut(out, line, p->opts.width);
	render_text_end(out);
}

void render_event_text(struct render_plan *p, uint32_t index, const uint8_t *data,
                       struct timespec now, struct buf *out)
{
	const struct view *v = &p->views[index];
	size_t line, from;
	uint32_t i;

	if (p->last_events != (int32_t)index)
		header(p, v, out);
	p->last_events = (int32_t)index;
	line = out->size;
	if (p->opts.timestamps)
		render_text_clock(now, out);
	for (i = 0; i < v->values.nr; i++) {
		if (i)
			buf_u8(out, ' ');
		from = out->size;
		render_value_text(p, &v->values.list[i], data, out);
		align(v, i, from, out);
	}
	if (p->opts.width)
		render_text_cut(out, line, p->opts.width);
	render_text_end(out);
}

void render_event_json(struct render_plan *p, uint32_t index, const uint8_t *data,
                       struct timespec now, struct buf *out)
{
	const struct view *v = &p->views[index];

	render_json_begin("event", v->map->name, now, out);
	buf_printf(out, ",\"value\":");
	render_columns_json(p, &v->values, data, out);
	buf_printf(out, "}\n");
}
