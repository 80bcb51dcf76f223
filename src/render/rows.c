/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Entries of a map, ready to be shown. In: keys and values as read, of per-CPU maps a
 * value for each CPU. Out: rows with the CPUs' values combined column by column (sums;
 * the largest of those tagged so; of what is no quantity the first that is set), the
 * largest first and ties by key. Refused: entries smaller than the map's definition.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "render/plan.h"

static uint64_t round8(uint64_t n)
{
	return (n + 7) & ~7ull;
}

static bool all_zero(const uint8_t *p, uint32_t n)
{
	uint32_t i;

	for (i = 0; i < n; i++)
		if (p[i])
			return false;
	return true;
}

static void combine(const struct column *c, uint8_t *dst, const uint8_t *src)
{
	uint8_t *to = dst + c->off;
	bool number = (c->kind == KIND_UINT || c->kind == KIND_SINT || c->kind == KIND_CLOCK) &&
	              !c->bit_size;
	uint32_t i;

	if (!number) {
		if (all_zero(to, c->size * c->count))
			memcpy(to, src + c->off, (size_t)c->size * c->count);
		return;
	}
	for (i = 0; i < c->count; i++, to += c->size) {
		uint64_t a = render_value_number(c, dst, i), b = render_value_number(c, src, i);
		bool more = c->is_signed ? (int64_t)b > (int64_t)a : b > a;

		if (c->max || c->kind == KIND_CLOCK)
			a = more ? b : a;
		else
			a += b;
		memcpy(to, &a, c->size); /* little-endian: the low bytes */
	}
}

static int by_value(const void *a, const void *b, void *ctx)
{
	const struct view *v = ctx;
	const struct row *x = a, *y = b;
	uint32_t i;
	int r = 0;

	if (v->kind == VIEW_HIST || v->kind == VIEW_LINEAR) {
		uint64_t m = render_hist_count(v, x->value), n = render_hist_count(v, y->value);

		r = (n > m) - (n < m);
	} else if (v->sort < v->values.nr) {
		r = render_value_compare(&v->values.list[v->sort], y->value, x->value);
		if (render_value_is_text(&v->values.list[v->sort]))
			r = -r;
	}
	for (i = 0; i < v->keys.nr && !r; i++)
		r = render_value_compare(&v->keys.list[i], x->key, y->key);
	return r ? r : (x->cpu > y->cpu) - (x->cpu < y->cpu);
}

/* The largest number of rows that @in can become, or an error. */
static int check(const struct render_plan *p, const struct view *v, const struct render_entries *in,
                 uint32_t *cpus, uint64_t *stride, struct abide_error *e)
{
	*stride = v->per_cpu ? round8(v->value_size) : v->value_size;
	*cpus = 1;
	if (v->per_cpu)
		*cpus = p->opts.cpus ? p->opts.cpus : (uint32_t)(in->value_size / *stride);
	if (in->n &&
	    (in->key_size < v->map->key_size || !*cpus || in->value_size < *stride * *cpus))
		return error_set(e, -EINVAL, "map-entries",
		                 "map %s: entries of %u and %u bytes, want %u and %llu",
		                 v->map->name, in->key_size, in->value_size, v->map->key_size,
		                 (unsigned long long)(*stride * *cpus));
	return 0;
}

int render_rows_make(const struct render_plan *p, const struct view *v,
                     const struct render_entries *in, struct rows *out, struct abide_error *e)
{
	bool split = v->per_cpu && (p->opts.per_cpu || v->kind == VIEW_HEAT);
	uint64_t stride, rows;
	uint32_t i, cpu, c, cpus;
	size_t bytes;
	int err;

	*out = (struct rows){ 0 };
	err = check(p, v, in, &cpus, &stride, e);
	if (err)
		return err;
	rows = (uint64_t)in->n * (split ? cpus : 1);
	if (rows > UINT32_MAX || __builtin_mul_overflow(rows + 1, sizeof(*out->list), &bytes))
		return error_nomem(e);
	out->list = malloc(bytes);
	if (!split)
		out->memory = calloc((size_t)in->n + 1, v->value_size);
	if (!out->list || (!split && !out->memory)) {
		render_rows_free(out);
		return error_nomem(e);
	}
	for (i = 0; i < in->n; i++) {
		const uint8_t *key = in->keys + (size_t)i * in->key_size;
		const uint8_t *value = in->values + (size_t)i * in->value_size;
		uint8_t *sum = split ? NULL : out->memory + (size_t)i * v->value_size;

		for (cpu = 0; cpu < cpus; cpu++, value += stride) {
			if (split) {
				if (!all_zero(value, v->value_size))
					out->list[out->nr++] =
						(struct row){ key, value, (int32_t)cpu };
			} else if (!cpu) {
				memcpy(sum, value, v->value_size);
			} else {
				for (c = 0; c < v->values.nr; c++)
					combine(&v->values.list[c], sum, value);
			}
		}
		/* never used, or what was added was taken off again */
		if (!split && !(v->keyed && (v->indexed || v->per_cpu) &&
		                all_zero(sum, v->value_size)))
			out->list[out->nr++] = (struct row){ key, sum, -1 };
	}
	if (v->bucket.count) {
		err = render_buckets_group(v, out, e);
		if (err) {
			render_rows_free(out);
			return err;
		}
	}
	if (v->kind != VIEW_HEAT)
		qsort_r(out->list, out->nr, sizeof(*out->list), by_value, (void *)v);
	return 0;
}

void render_rows_free(struct rows *rows)
{
	free(rows->list);
	free(rows->memory);
	*rows = (struct rows){ 0 };
}
