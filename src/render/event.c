/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Rows of a ring, one a record. The header comes before the first, and again when rows
 * of another ring came between. Columns have the width that their type mostly needs;
 * what is longer pushes the rest of its row. On a terminal a row keeps to its width: text
 * is cut ("~").
 */
#include <string.h>

#include "render/plan.h"

/*
 * Bring what was written since @from to the column's width. Longer text takes from @spare,
 * the columns that the terminal has beyond the row's, and is cut behind that; numbers are
 * not cut. The last column, if text, has all that is left.
 */
static void align(const struct view *v, uint32_t i, size_t from, size_t *spare, struct buf *out)
{
	const struct column *c = &v->values.list[i];
	bool text = render_value_is_text(c);
	size_t want = c->width, have;
	struct buf copy = { 0 };

	if (out->failed || (text && i + 1 == v->values.nr))
		return;
	have = render_text_width(out->data + from, out->size - from);
	if (have > want) {
		if (text && have - want > *spare) {
			have = want + *spare;
			render_text_cut(out, from, have);
		}
		*spare -= have - want > *spare ? *spare : have - want;
		return;
	}
	if (text) {
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

/* Columns of the terminal beyond those of a row; a pipe has any number. */
static size_t spare_of(const struct render_plan *p, const struct view *v)
{
	size_t total = p->opts.timestamps ? 9 : 0;
	uint32_t i;

	if (!p->opts.width)
		return SIZE_MAX;
	for (i = 0; i < v->values.nr; i++) {
		const struct column *c = &v->values.list[i];

		if (i + 1 < v->values.nr || !render_value_is_text(c))
			total += c->width + 1;
	}
	return total < p->opts.width ? p->opts.width - total : 0;
}

static void header(const struct render_plan *p, const struct view *v, struct buf *out)
{
	size_t line = out->size, spare = spare_of(p, v), from;
	uint32_t i;

	if (p->opts.timestamps)
		render_put(out, "TIME     ");
	for (i = 0; i < v->values.nr; i++) {
		if (i)
			buf_u8(out, ' ');
		from = out->size;
		render_column_heading(&v->values.list[i], out);
		align(v, i, from, &spare, out);
	}
	if (p->opts.width)
		render_text_cut(out, line, p->opts.width);
	render_text_end(out);
}

void render_event_text(struct render_plan *p, uint32_t index, const uint8_t *data,
                       struct timespec now, struct buf *out)
{
	const struct view *v = &p->views[index];
	size_t line, spare = spare_of(p, v), from;
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
		align(v, i, from, &spare, out);
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
	render_put(out, ",\"value\":");
	render_columns_json(p, &v->values, data, out);
	render_put(out, "}\n");
}
