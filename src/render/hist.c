/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Histograms, log2 and linear, in the layout that bcc's users know:
 *
 *	                     : count    distribution
 *	  16.4us -> 32.8us   : 12      |********                                |
 *
 * Bounds are inclusive, and scaled each for itself: a column may go from ns to s.
 */
#include <stdio.h>
#include <string.h>

#include "render/plan.h"

#define BAR 40

uint64_t render_hist_slot(const struct view *v, const uint8_t *value, uint32_t i)
{
	uint64_t n = 0;

	memcpy(&n, value + v->slots + (size_t)i * v->slot_size, v->slot_size);
	return n;
}

uint64_t render_hist_count(const struct view *v, const uint8_t *value)
{
	uint64_t n = 0;
	uint32_t i;

	for (i = 0; i < v->nr_slots; i++)
		n += render_hist_slot(v, value, i);
	return n;
}

/* Inclusive bounds; false: that side is open. Slot 0 of a log2 histogram holds 0 and 1. */
static bool lower(const struct view *v, uint32_t i, int64_t *low)
{
	if (v->kind != VIEW_LINEAR) {
		*low = i ? (int64_t)(1ull << i) : 0;
		return true;
	}
	*low = (int64_t)((uint64_t)v->min + v->step * (uint64_t)(i - 1));
	return i > 0;
}

static bool upper(const struct view *v, uint32_t i, int64_t *high)
{
	if (v->kind != VIEW_LINEAR) {
		*high = (int64_t)(i < 63 ? (1ull << (i + 1)) - 1 : UINT64_MAX);
		return true;
	}
	*high = (int64_t)((uint64_t)v->min + v->step * (uint64_t)i - 1);
	return i + 1 < v->nr_slots;
}

/* First and last slot that hold anything; false: none does. */
static bool extent(const struct view *v, const uint8_t *value, uint32_t *first, uint32_t *last)
{
	uint32_t i;
	bool any = false;

	for (i = 0; i < v->nr_slots; i++) {
		if (!render_hist_slot(v, value, i))
			continue;
		if (!any)
			*first = i;
		*last = i;
		any = true;
	}
	return any;
}

/* Units that scale stand behind each number (a column may go from ns to s); others over the column. */
static bool scales(const struct view *v)
{
	struct scale s;

	return render_scale_for(v->unit, 1, &s);
}

static void bound(const struct view *v, int64_t n, char *buf, size_t size)
{
	bool negative = v->kind == VIEW_LINEAR && n < 0;
	uint64_t u = negative ? -(uint64_t)n : (uint64_t)n;
	char digits[40];
	struct scale s;

	if (render_scale_for(v->unit, u, &s) && s.factor) {
		render_scale_digits(u, s.factor, true, digits, sizeof(digits));
		snprintf(buf, size, "%s%s%s", negative ? "-" : "", digits, s.name);
		return;
	}
	snprintf(buf, size, "%s%llu", negative ? "-" : "", (unsigned long long)u);
}

static void bounds(const struct view *v, uint32_t i, char *low, char *high, size_t size)
{
	int64_t n;

	if (lower(v, i, &n))
		bound(v, n, low, size);
	else
		snprintf(low, size, "less");
	if (upper(v, i, &n))
		bound(v, n, high, size);
	else
		snprintf(high, size, "more");
}

struct layout {
	uint32_t first, last;
	int low, high, count, bar;
	uint64_t most;
};

static bool lay_out(const struct render_plan *p, const struct view *v, const uint8_t *value,
                    struct layout *l)
{
	char low[48], high[48], count[32];
	uint32_t i;

	*l = (struct layout){ .low = 8, .high = 8, .count = 8, .bar = BAR };
	if (!extent(v, value, &l->first, &l->last))
		return false;
	for (i = l->first; i <= l->last; i++) {
		uint64_t n = render_hist_slot(v, value, i);

		bounds(v, i, low, high, sizeof(low));
		snprintf(count, sizeof(count), "%llu", (unsigned long long)n);
		l->low = (int)strlen(low) > l->low ? (int)strlen(low) : l->low;
		l->high = (int)strlen(high) > l->high ? (int)strlen(high) : l->high;
		l->count = (int)strlen(count) > l->count ? (int)strlen(count) : l->count;
		l->most = n > l->most ? n : l->most;
	}
	if (p->opts.width) {
		int left = (int)p->opts.width - (l->low + 4 + l->high + 3 + l->count + 3);

		l->bar = left > BAR ? BAR : left < 8 ? 8 : left;
	}
	return true;
}

static void put_slot(const struct view *v, const struct layout *l, const uint8_t *value, uint32_t i,
                     struct buf *out)
{
	uint64_t n = render_hist_slot(v, value, i);
	int stars = (int)((unsigned __int128)n * (unsigned)l->bar / l->most), k;
	char low[48], high[48];

	if (n && !stars)
		stars = 1;
	bounds(v, i, low, high, sizeof(low));
	buf_printf(out, "%*s -> %-*s : %-*llu |", l->low, low, l->high, high, l->count,
	           (unsigned long long)n);
	for (k = 0; k < l->bar; k++)
		buf_u8(out, k < stars ? '*' : ' ');
	render_put(out, "|\n");
}

/* Of a unit that scales, rounded to it; of a plain number with a fraction: 1.67 packets. */
static void put_ratio(const char *unit, uint64_t sum, uint64_t n, bool negative, struct buf *out)
{
	char digits[48];
	struct scale s;

	if (render_scale_for(unit, 1, &s)) {
		render_scale_text(unit, sum / n + (sum % n >= n - n / 2), negative, out);
		return;
	}
	render_scale_digits(sum, n, true, digits, sizeof(digits));
	buf_printf(out, "%s%s%s", negative ? "-" : "", digits, *unit ? " " : "");
	render_text_safe((const uint8_t *)unit, strlen(unit), out);
}

static void put_average(const struct view *v, const uint8_t *value, struct buf *out)
{
	uint64_t n = render_hist_count(v, value), sum;
	bool negative = false;

	buf_printf(out, "%llu value%s", (unsigned long long)n, n == 1 ? "" : "s");
	if (v->sum != SIZE_NONE && n) {
		memcpy(&sum, value + v->sum, sizeof(sum));
		if (v->kind == VIEW_LINEAR && (int64_t)sum < 0) {
			negative = true;
			sum = -sum;
		}
		render_put(out, ", average ");
		put_ratio(v->unit, sum, n, negative, out);
	}
	buf_u8(out, '\n');
}

/* "title, key = read, disk = vda, cpu 3" */
static void put_title(const struct render_plan *p, const struct view *v, const struct row *row,
                      struct timespec now, struct buf *out)
{
	uint32_t i;

	if (p->opts.timestamps)
		render_text_clock(now, out);
	render_text_bold(p, v->title, out);
	for (i = 0; row && i < v->keys.nr; i++) {
		const struct column *c = &v->keys.list[i];

		render_put(out, ", ");
		if (c->title)
			render_text_safe((const uint8_t *)c->title, strlen(c->title), out);
		else
			render_text_safe((const uint8_t *)c->name, c->name_size, out);
		buf_u8(out, ' ');
		render_value_text(p, c, row->key, out);
	}
	if (row && row->cpu >= 0)
		buf_printf(out, ", cpu %d", row->cpu);
}

/* The unit stands over the arrow of the bounds. */
static void put_header(const struct view *v, const struct layout *l, struct buf *out)
{
	size_t from, n, room = (size_t)(l->low + 4 + l->high);
	const char *unit = scales(v) ? "" : v->unit;

	n = strlen(unit);
	buf_u8(out, '\n');
	from = out->size;
	if (l->low + 1 > (int)(n / 2))
		render_text_pad(out, (size_t)l->low + 1 - n / 2);
	render_text_safe((const uint8_t *)unit, n, out);
	render_text_cut(out, from, room);
	n = out->failed ? room : render_text_width(out->data + from, out->size - from);
	render_text_pad(out, room - n);
	buf_printf(out, " : %-*s  distribution\n", l->count, "count");
}

void render_hist_text(const struct render_plan *p, const struct view *v, const struct rows *rows,
                      struct timespec now, struct buf *out)
{
	uint32_t i, k, shown = 0, top = p->opts.top ? p->opts.top : v->top;
	struct layout l;

	for (i = 0; i < rows->nr && !(top && shown == top); i++) {
		const struct row *row = &rows->list[i];

		if (!lay_out(p, v, row->value, &l))
			continue;
		if (shown++)
			buf_u8(out, '\n');
		put_title(p, v, row, now, out);
		put_header(v, &l, out);
		for (k = l.first; k <= l.last; k++)
			put_slot(v, &l, row->value, k, out);
		put_average(v, row->value, out);
	}
	if (shown)
		return;
	put_title(p, v, NULL, now, out);
	render_put(out, ": nothing yet\n");
}

static void put_bound(const struct view *v, int64_t n, bool there, struct buf *out)
{
	if (!there)
		render_put(out, "null");
	else if (v->kind == VIEW_LINEAR)
		render_put_s64(out, n);
	else
		render_put_u64(out, n);
}

/* {"unit":"ns","count":3,"sum":17,"buckets":[{"min":4,"max":7,"count":3}]} */
static void put_json(const struct view *v, const uint8_t *value, struct buf *out)
{
	uint64_t sum;
	int64_t low, high;
	const char *between = "";
	uint32_t i;

	render_put(out, "{\"unit\":");
	render_json_string((const uint8_t *)v->unit, strlen(v->unit), out);
	buf_printf(out, ",\"count\":%llu",
	           value ? (unsigned long long)render_hist_count(v, value) : 0);
	if (value && v->sum != SIZE_NONE) {
		memcpy(&sum, value + v->sum, sizeof(sum));
		buf_printf(out, v->kind == VIEW_LINEAR ? ",\"sum\":%lld" : ",\"sum\":%llu",
		           (unsigned long long)sum);
	}
	render_put(out, ",\"buckets\":[");
	for (i = 0; value && i < v->nr_slots; i++) {
		uint64_t n = render_hist_slot(v, value, i);
		bool has_low = lower(v, i, &low), has_high = upper(v, i, &high);

		if (!n)
			continue;
		buf_printf(out, "%s{\"min\":", between);
		put_bound(v, low, has_low, out);
		render_put(out, ",\"max\":");
		put_bound(v, high, has_high, out);
		buf_printf(out, ",\"count\":%llu}", (unsigned long long)n);
		between = ",";
	}
	render_put(out, "]}");
}

void render_hist_json(const struct render_plan *p, const struct view *v, const struct rows *rows,
                      struct timespec now, struct buf *out)
{
	uint32_t i, top = p->opts.top;

	for (i = 0; i < rows->nr && !(top && i == top); i++) {
		const struct row *row = &rows->list[i];

		render_json_begin("hist", v->map->name, now, out);
		if (v->keyed) {
			render_put(out, ",\"key\":");
			render_columns_json(p, &v->keys, row->key, out);
		}
		if (row->cpu >= 0)
			buf_printf(out, ",\"cpu\":%d", row->cpu);
		render_put(out, ",\"value\":");
		put_json(v, row->value, out);
		render_put(out, "}\n");
	}
	if (rows->nr)
		return;
	render_json_begin("hist", v->map->name, now, out);
	buf_printf(out, ",%s\"value\":", v->keyed ? "\"key\":null," : "");
	put_json(v, NULL, out);
	render_put(out, "}\n");
}
