/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Histograms of which each slot is an entry of its own: a key whose last member is named
 * "bucket" or "slot" and a 64-bit count. In: rows of such a map. Out: a row for each rest of
 * the key, whose value is an array of 64 log2 slots. Slots above 63 count as the last.
 */
#include <stdlib.h>
#include <string.h>

#include "render/plan.h"

#define SLOTS 64

bool render_buckets_open(struct view *v)
{
	struct column *last = v->keys.nr ? &v->keys.list[v->keys.nr - 1] : NULL;

	if (!last || last->kind != KIND_UINT || last->count != 1 || v->values.nr != 1 ||
	    v->values.list[0].kind != KIND_UINT || v->values.list[0].size != 8 ||
	    v->values.list[0].count != 1 ||
	    (strcmp(last->name, "bucket") && strcmp(last->name, "slot")))
		return false;
	v->bucket = *last;
	v->keys.nr--;
	v->keyed = v->keys.nr > 0;
	v->slots = 0;
	v->slot_size = 8;
	v->nr_slots = SLOTS;
	v->count = v->sum = v->second = SIZE_NONE;
	return true;
}

static int by_key(const void *a, const void *b, void *ctx)
{
	const struct view *v = ctx;
	const struct row *x = a, *y = b;
	uint32_t i;
	int r = 0;

	for (i = 0; i < v->keys.nr && !r; i++)
		r = render_value_compare(&v->keys.list[i], x->key, y->key);
	return r ? r : (x->cpu > y->cpu) - (x->cpu < y->cpu);
}

int render_buckets_group(const struct view *v, struct rows *rows, struct abide_error *e)
{
	uint64_t(*hists)[SLOTS] = calloc((size_t)rows->nr + 1, sizeof(*hists));
	uint32_t i, groups = 0;

	if (!hists)
		return error_nomem(e);
	qsort_r(rows->list, rows->nr, sizeof(*rows->list), by_key, (void *)v);
	for (i = 0; i < rows->nr; i++) {
		struct row row = rows->list[i];
		uint64_t slot = render_value_number(&v->bucket, row.key, 0);
		uint64_t n = render_value_number(&v->values.list[0], row.value, 0);

		if (!groups || by_key(&rows->list[groups - 1], &row, (void *)v)) {
			row.value = (const uint8_t *)hists[groups];
			rows->list[groups++] = row;
		}
		hists[groups - 1][slot < SLOTS ? slot : SLOTS - 1] += n;
	}
	rows->nr = groups;
	free(rows->memory);
	rows->memory = (uint8_t *)hists;
	return 0;
}
