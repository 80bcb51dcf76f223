/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Heat maps: a row for each second, oldest first, a cell for each log2 slot, the darker
 * the more of that second's values lie there. In: a value for each CPU and each of the
 * last seconds; which second it holds stands in it. A second is shown once: one that is
 * still running waits for the next call, and the plan remembers how far it came.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "render/plan.h"

#define FIRST 64 /* slots of a log2 histogram at most */

struct second {
	uint64_t second, count, slots[FIRST];
};

struct seconds {
	struct second *list;
	uint32_t nr;
	bool failed;
};

static uint64_t second_of(const struct view *v, const uint8_t *value)
{
	uint64_t n;

	memcpy(&n, value + v->second, sizeof(n));
	return n;
}

static int by_second(const void *a, const void *b)
{
	const struct second *x = a, *y = b;

	return (x->second > y->second) - (x->second < y->second);
}

/* Values of all CPUs, by second; only what has not been shown. */
static struct seconds collect(const struct view *v, const struct rows *rows)
{
	struct seconds s = { 0 };
	uint32_t i, k, m;

	s.list = calloc((size_t)rows->nr + 1, sizeof(*s.list));
	s.failed = !s.list;
	for (i = 0; i < rows->nr && s.list; i++) {
		uint64_t second = second_of(v, rows->list[i].value);

		if (second < v->shown || !render_hist_count(v, rows->list[i].value))
			continue;
		for (k = 0; k < s.nr && s.list[k].second != second; k++)
			;
		if (k == s.nr)
			s.list[s.nr++].second = second;
		for (m = 0; m < v->nr_slots && m < FIRST; m++)
			s.list[k].slots[m] += render_hist_slot(v, rows->list[i].value, m);
		s.list[k].count += render_hist_count(v, rows->list[i].value);
	}
	if (s.list)
		qsort(s.list, s.nr, sizeof(*s.list), by_second);
	return s;
}

static void mark_shown(struct view *v, const struct seconds *s)
{
	if (!s->nr)
		return;
	if (!v->shown)
		v->origin = s->list[0].second;
	v->shown = s->list[s->nr - 1].second + 1;
}

struct heat {
	uint32_t first, last;
	struct scale scale;
	uint32_t cell; /* columns a slot */
};

static void span(const struct render_plan *p, const struct view *v, const struct seconds *s,
                 struct heat *h)
{
	uint64_t total = 0, all[FIRST] = { 0 }, seen = 0;
	uint32_t i, k;

	*h = (struct heat){ .first = FIRST, .cell = 3 };
	for (i = 0; i < s->nr; i++)
		for (k = 0; k < FIRST; k++) {
			if (!s->list[i].slots[k])
				continue;
			all[k] += s->list[i].slots[k];
			total += s->list[i].slots[k];
			h->first = k < h->first ? k : h->first;
			h->last = k > h->last ? k : h->last;
		}
	if (h->first > h->last) /* counts so large that they wrapped to 0 */
		h->first = h->last;
	for (k = h->first; k < h->last && (seen += all[k]) * 2 < total; k++)
		;
	if (!render_scale_for(v->unit, k ? 1ull << k : 0, &h->scale) || !h->scale.factor)
		h->scale = (struct scale){ v->unit, 1 };
	while (h->cell > 1 && p->opts.width &&
	       20 + (h->last - h->first + 1) * h->cell > p->opts.width)
		h->cell--;
}

/* Where each fourth slot begins, in the unit of the map. */
static void put_scale(const struct heat *h, struct buf *out)
{
	uint32_t k,
		step = h->cell == 3   ? 3
	               : h->cell == 2 ? 5
	                              : 9,
		used = 0, cells = (h->last - h->first + 1) * h->cell;
	char text[48];

	buf_printf(out, "%8s %9s |", "second", "count");
	for (k = h->first; k <= h->last; k += step) {
		uint32_t at = (k - h->first) * h->cell;

		render_scale_digits(k ? 1ull << k : 0, h->scale.factor, true, text, sizeof(text));
		if (at < used + (used > 0)) /* the label before it reaches this far */
			continue;
		if (at + strlen(text) > cells && at)
			break;
		render_text_pad(out, at - used);
		render_put(out, text);
		used = at + (uint32_t)strlen(text);
	}
	render_text_pad(out, used < cells ? cells - used : 0);
	render_put(out, "| ");
	render_text_safe((const uint8_t *)h->scale.name, strlen(h->scale.name), out);
	render_text_end(out);
}

static void put_row(const struct render_plan *p, const struct view *v, const struct heat *h,
                    const struct second *s, struct timespec now, struct buf *out)
{
	static const char shades[] = " .:-=+*#%@";
	uint64_t most = 0;
	uint32_t k, c, shade;

	if (p->opts.timestamps)
		render_text_clock(now, out);
	for (k = h->first; k <= h->last; k++)
		most = s->slots[k] > most ? s->slots[k] : most;
	buf_printf(out, "%8llu %9llu |", (unsigned long long)(s->second - v->origin),
	           (unsigned long long)s->count);
	for (k = h->first; k <= h->last; k++) {
		shade = most ? (uint32_t)(((unsigned __int128)s->slots[k] * 9 + most - 1) / most)
		             : 0;
		for (c = 0; c < h->cell; c++)
			buf_u8(out, (uint8_t)shades[shade]);
	}
	render_put(out, "|\n");
}

void render_heat_text(const struct render_plan *p, struct view *v, const struct rows *rows,
                      struct timespec now, struct buf *out)
{
	struct seconds s = collect(v, rows);
	struct heat h;
	uint32_t i;

	out->failed |= s.failed;
	if (p->opts.timestamps)
		render_text_clock(now, out);
	render_text_bold(p, v->title, out);
	buf_printf(out, s.nr ? "\n" : ": nothing%s\n", v->shown ? " more" : " yet");
	if (s.nr) {
		mark_shown(v, &s);
		span(p, v, &s, &h);
		put_scale(&h, out);
		for (i = 0; i < s.nr; i++)
			put_row(p, v, &h, &s.list[i], now, out);
	}
	free(s.list);
}

/* A line of type "hist" a second, the second as its key. */
void render_heat_json(const struct render_plan *p, struct view *v, const struct rows *rows,
                      struct timespec now, struct buf *out)
{
	struct seconds s = collect(v, rows);
	uint32_t i, k;

	(void)p;
	out->failed |= s.failed;
	mark_shown(v, &s);
	for (i = 0; i < s.nr; i++) {
		const char *between = "";

		render_json_begin("hist", v->map->name, now, out);
		buf_printf(out, ",\"key\":{\"second\":%llu},\"value\":{\"unit\":",
		           (unsigned long long)(s.list[i].second - v->origin));
		render_json_string((const uint8_t *)v->unit, strlen(v->unit), out);
		buf_printf(out, ",\"count\":%llu,\"buckets\":[",
		           (unsigned long long)s.list[i].count);
		for (k = 0; k < FIRST; k++) {
			if (!s.list[i].slots[k])
				continue;
			buf_printf(out, "%s{\"min\":%llu,\"max\":%llu,\"count\":%llu}", between,
			           k ? 1ull << k : 0ull,
			           k < 63 ? (1ull << (k + 1)) - 1 : UINT64_MAX,
			           (unsigned long long)s.list[i].slots[k]);
			between = ",";
		}
		render_put(out, "]}}\n");
	}
	if (!s.nr) {
		render_json_begin("hist", v->map->name, now, out);
		render_put(out, ",\"key\":null,\"value\":null}\n");
	}
	free(s.list);
}
