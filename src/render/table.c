/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Counters and tables: a column for each member of key and value, numbers right, text
 * left, the largest first. On a terminal that is too narrow the widest text columns are
 * cut ("~"); a pipe gets everything.
 */
#include <stdlib.h>
#include <string.h>

#include "render/plan.h"

struct cell {
	size_t off, size; /* in the text of all cells */
	size_t width;     /* columns of the terminal */
};

struct grid {
	struct buf text;
	struct cell *cells; /* row by row; row 0 is the header */
	uint32_t rows, columns;
	size_t *width; /* of each column */
	bool *left;
};

static void grid_free(struct grid *g)
{
	buf_free(&g->text);
	free(g->cells);
	free(g->width);
	free(g->left);
}

static void end_cell(struct grid *g, uint32_t row, uint32_t column, size_t from)
{
	struct cell *c = &g->cells[(size_t)row * g->columns + column];

	if (g->text.failed)
		return;
	*c = (struct cell){ from, g->text.size - from,
		            render_text_width(g->text.data + from, g->text.size - from) };
	if (c->width > g->width[column])
		g->width[column] = c->width;
}

static void fill_part(const struct render_plan *p, struct grid *g, uint32_t row, uint32_t at,
                      const struct columns *cs, const uint8_t *data)
{
	uint32_t i;
	size_t from;

	for (i = 0; i < cs->nr; i++) {
		if (render_value_is_stack(&cs->list[i])) {
			at--;
			continue;
		}
		from = g->text.size;
		if (data)
			render_value_text(p, &cs->list[i], data, &g->text);
		else
			render_column_heading(&cs->list[i], &g->text);
		g->left[at + i] = render_value_is_text(&cs->list[i]);
		end_cell(g, row, at + i, from);
	}
}

static uint32_t cells(const struct columns *cs)
{
	uint32_t i, n = 0;

	for (i = 0; i < cs->nr; i++)
		n += !render_value_is_stack(&cs->list[i]);
	return n;
}

/* Stacks stand below their row, a line for each frame. */
static void put_stacks(const struct render_plan *p, const struct columns *cs, const uint8_t *data,
                       struct buf *out)
{
	uint32_t i, k;

	for (i = 0; i < cs->nr; i++)
		for (k = 0; render_value_is_stack(&cs->list[i]) &&
		            k < render_value_frames(&cs->list[i], data);
		     k++) {
			render_text_pad(out, 8);
			render_value_code(p, &cs->list[i], data, k, out);
			buf_u8(out, '\n');
		}
}

/* Keys, the CPU if they are split, values. */
static bool fill(const struct render_plan *p, const struct view *v, const struct rows *rows,
                 uint32_t n, struct grid *g)
{
	bool split = n && rows->list[0].cpu >= 0;
	uint32_t i, keys = cells(&v->keys);
	size_t from;

	g->rows = n + 1;
	g->columns = keys + split + cells(&v->values);
	g->cells = calloc((size_t)g->rows * g->columns, sizeof(*g->cells));
	g->width = calloc(g->columns, sizeof(*g->width));
	g->left = calloc(g->columns, sizeof(*g->left));
	if (!g->cells || !g->width || !g->left)
		return false;
	for (i = 0; i <= n; i++) {
		const struct row *r = i ? &rows->list[i - 1] : NULL;

		fill_part(p, g, i, 0, &v->keys, r ? r->key : NULL);
		if (split) {
			from = g->text.size;
			if (r)
				buf_printf(&g->text, "%d", r->cpu);
			else
				render_put(&g->text, "CPU");
			end_cell(g, i, keys, from);
		}
		fill_part(p, g, i, keys + split, &v->values, r ? r->value : NULL);
	}
	return !g->text.failed;
}

/* Make the widest text column narrower until all fit, but none narrower than 8. */
static void fit(struct grid *g, uint32_t width)
{
	size_t total;
	uint32_t i, widest;

	for (;;) {
		total = g->columns ? g->columns - 1 : 0;
		widest = g->columns;
		for (i = 0; i < g->columns; i++) {
			total += g->width[i];
			if (g->left[i] && g->width[i] > 8 &&
			    (widest == g->columns || g->width[i] > g->width[widest]))
				widest = i;
		}
		if (total <= width || widest == g->columns)
			return;
		g->width[widest] -=
			g->width[widest] - 8 < total - width ? g->width[widest] - 8 : total - width;
	}
}

static void put_cell(const struct grid *g, uint32_t row, uint32_t column, struct buf *out)
{
	const struct cell *c = &g->cells[(size_t)row * g->columns + column];
	size_t from, width, want = g->width[column];

	if (!g->left[column] && c->width < want)
		render_text_pad(out, want - c->width);
	from = out->size;
	buf_add(out, g->text.data + c->off, c->size);
	render_text_cut(out, from, want);
	width = out->failed ? want : render_text_width(out->data + from, out->size - from);
	if (g->left[column] && column + 1 < g->columns && width < want)
		render_text_pad(out, want - width);
}

static void title(const struct render_plan *p, const struct view *v, struct timespec now,
                  struct buf *out)
{
	if (p->opts.timestamps)
		render_text_clock(now, out);
	render_text_bold(p, v->title, out);
}

void render_table_text(const struct render_plan *p, const struct view *v, const struct rows *rows,
                       struct timespec now, struct buf *out)
{
	uint32_t top = p->opts.top ? p->opts.top : v->top,
		 n = top && top < rows->nr ? top : rows->nr, i, k;
	struct grid g = { 0 };

	title(p, v, now, out);
	if (!rows->nr) {
		render_put(out, ": nothing yet\n");
		return;
	}
	if (!v->keyed && v->values.nr == 1 && rows->nr == 1 && rows->list[0].cpu < 0) {
		render_put(out, ": ");
		render_value_text(p, &v->values.list[0], rows->list[0].value, out);
		buf_u8(out, '\n');
		return;
	}
	buf_u8(out, '\n');
	if (!fill(p, v, rows, n, &g)) {
		out->failed = true;
		grid_free(&g);
		return;
	}
	if (p->opts.width)
		fit(&g, p->opts.width);
	for (i = 0; i < g.rows; i++) {
		for (k = 0; k < g.columns; k++) {
			if (k)
				buf_u8(out, ' ');
			put_cell(&g, i, k, out);
		}
		render_text_end(out);
		if (i) {
			put_stacks(p, &v->keys, rows->list[i - 1].key, out);
			put_stacks(p, &v->values, rows->list[i - 1].value, out);
		}
	}
	if (n < rows->nr)
		buf_printf(out, "(%u more)\n", rows->nr - n);
	grid_free(&g);
}

void render_table_json(const struct render_plan *p, const struct view *v, const struct rows *rows,
                       struct timespec now, struct buf *out)
{
	uint32_t i, n = p->opts.top && p->opts.top < rows->nr ? p->opts.top : rows->nr;

	for (i = 0; i < n; i++) {
		const struct row *r = &rows->list[i];

		render_json_begin("map", v->map->name, now, out);
		if (v->keyed) {
			render_put(out, ",\"key\":");
			render_columns_json(p, &v->keys, r->key, out);
		}
		if (r->cpu >= 0)
			buf_printf(out, ",\"cpu\":%d", r->cpu);
		render_put(out, ",\"value\":");
		render_columns_json(p, &v->values, r->value, out);
		render_put(out, "}\n");
	}
	if (rows->nr)
		return;
	render_json_begin("map", v->map->name, now, out);
	render_put(out, ",\"key\":null,\"value\":null}\n");
}
