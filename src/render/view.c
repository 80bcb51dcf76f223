/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * What a map is. In: its definition, its variable's decl tags, its types. Out: a view.
 * A map without tags is shown only where its shape or its name says what it is: a value
 * with slots[] is a histogram, a ring with a row type is events, and names begin with
 * counter_, gauge_, hist_ or print_. Refused: a tag that contradicts the map's types.
 */
#include <errno.h>
#include <linux/btf.h>
#include <stdlib.h>
#include <string.h>

#include "render/plan.h"

static int refuse(const struct view *v, const char *why, struct abide_error *e)
{
	return error_set(e, -EINVAL, "map-tags", "map %s: %s", v->map->name, why);
}

static bool begins(const char *s, const char *with)
{
	return !strncmp(s, with, strlen(with));
}

static bool field_named(const struct btf_data *btf, uint32_t id, const char *name,
                        struct btf_field *out)
{
	struct btf_info t;
	uint32_t i;

	if (!btf_get(btf, btf_strip(btf, id, true), &t) || t.kind != BTF_KIND_STRUCT)
		return false;
	for (i = 0; i < t.vlen && btf_field_at(btf, &t, i, out); i++)
		if (!strcmp(out->name, name))
			return true;
	return false;
}

/* Offset of a member that is a 64-bit number, or SIZE_NONE. */
static uint32_t number_at(const struct btf_data *btf, uint32_t id, const char *name, uint32_t base)
{
	struct btf_field f;

	if (!field_named(btf, id, name, &f) || f.bit_size || btf_sizeof(btf, f.type) != 8)
		return SIZE_NONE;
	return base + f.bit_off / 8;
}

/* A value with slots[], itself or in its member "hist". */
static bool find_slots(const struct render_plan *p, struct view *v)
{
	const struct btf_data *btf = p->o->btf;
	uint32_t id = v->map->value_type, base = 0, index;
	struct btf_field f;
	struct btf_info t;
	int64_t size;

	if (!btf || !id)
		return false;
	v->second = number_at(btf, id, "second", 0);
	if (field_named(btf, id, "hist", &f)) {
		id = f.type;
		base = f.bit_off / 8;
	}
	if (!field_named(btf, id, "slots", &f) || !btf_get(btf, btf_strip(btf, f.type, true), &t) ||
	    !btf_array(btf, &t, &index, &(uint32_t){ 0 }, &v->nr_slots))
		return false;
	size = btf_sizeof(btf, index);
	v->slots = base + f.bit_off / 8;
	v->slot_size = (uint32_t)size;
	v->count = number_at(btf, id, "count", base);
	v->sum = number_at(btf, id, "sum", base);
	return (size == 4 || size == 8) && v->nr_slots && v->nr_slots <= 65536 &&
	       v->slots + (uint64_t)v->slot_size * v->nr_slots <= v->value_size &&
	       (v->count == SIZE_NONE || v->count + 8 <= v->value_size) &&
	       (v->sum == SIZE_NONE || v->sum + 8 <= v->value_size) &&
	       (v->second == SIZE_NONE || v->second + 8 <= v->value_size);
}

static bool is_ring(const struct map_def *m)
{
	return m->type == BPF_MAP_TYPE_RINGBUF || m->type == BPF_MAP_TYPE_PERF_EVENT_ARRAY;
}

/* The type of a ring's rows: what "row=NAME" points to, else the value type. */
static uint32_t row_type(const struct render_plan *p, const struct map_def *m)
{
	struct btf_info var, t;
	uint32_t i;

	for (i = 0; i < p->nr_tags; i++) {
		if (!begins(p->tags[i].text, "row=") || strcmp(p->tags[i].text + 4, m->name))
			continue;
		if (btf_get(p->o->btf, p->tags[i].type, &var) && var.kind == BTF_KIND_VAR &&
		    btf_get(p->o->btf, btf_strip(p->o->btf, var.type, true), &t) &&
		    t.kind == BTF_KIND_PTR)
			return t.type;
	}
	return m->value_type;
}

/* The key is a struct and its last member is named as histograms' slots are (buckets.c). */
static bool slot_in_key(const struct render_plan *p, const struct map_def *m)
{
	struct btf_field f;
	struct btf_info t;

	return btf_get(p->o->btf, btf_strip(p->o->btf, m->key_type, true), &t) &&
	       t.kind == BTF_KIND_STRUCT && t.vlen && m->value_size == 8 &&
	       btf_field_at(p->o->btf, &t, t.vlen - 1, &f) &&
	       (!strcmp(f.name, "bucket") || !strcmp(f.name, "slot"));
}

static enum view_kind kind_of(const struct render_plan *p, struct view *v)
{
	static const struct {
		const char *tag;
		enum view_kind kind;
	} tags[] = {
		{ "hist", VIEW_HIST },   { "linear", VIEW_LINEAR }, { "heat", VIEW_HEAT },
		{ "count", VIEW_COUNT }, { "table", VIEW_TABLE },   { "events", VIEW_EVENTS },
		{ "state", VIEW_NONE },
	};
	const struct map_def *m = v->map;
	size_t i;

	for (i = 0; m->var_type && i < sizeof(tags) / sizeof(*tags); i++)
		if (render_tag_get(p, m->var_type, -1, tags[i].tag))
			return tags[i].kind;
	if (m->source != MAP_BTF || m->inner >= 0)
		return VIEW_NONE;
	if (is_ring(m))
		return row_type(p, m) ? VIEW_EVENTS : VIEW_NONE;
	if (find_slots(p, v))
		return VIEW_HIST;
	if (begins(m->name, "counter_") || begins(m->name, "gauge_"))
		return VIEW_COUNT;
	if (begins(m->name, "print_") || begins(m->name, "hist_"))
		return VIEW_TABLE;
	return slot_in_key(p, m) ? VIEW_TABLE : VIEW_NONE;
}

static int64_t tag_number(const struct render_plan *p, const struct view *v, const char *key,
                          int64_t fallback)
{
	const char *text = render_tag_get(p, v->map->var_type, -1, key);
	char *end = NULL;
	long long n;

	while (text && (*text == '(' || *text == ' '))
		text++;
	errno = 0;
	n = text ? strtoll(text, &end, 0) : 0;
	return text && end != text && !errno ? n : fallback;
}

static int open_value(const struct render_plan *p, struct view *v, struct abide_error *e)
{
	const char *scalar = v->kind != VIEW_COUNT ? "value" : *v->unit ? "sum" : "count";
	uint32_t i;
	int err;

	err = render_columns_of(p, v->map->value_type, scalar, v->value_size, &v->values, e);
	if (err)
		return err;
	if (!v->values.nr)
		return refuse(v, "its value has no member that can be shown", e);
	if (v->values.nr == 1 && *v->unit)
		v->values.list[0].unit = v->unit;
	for (i = 0; i < v->values.nr; i++)
		if (v->values.list[i].sort)
			v->sort = i;
	return 0;
}

static bool is_array(const struct map_def *m)
{
	return m->type == BPF_MAP_TYPE_ARRAY || m->type == BPF_MAP_TYPE_PERCPU_ARRAY;
}

static int open_entries(const struct render_plan *p, struct view *v, struct abide_error *e)
{
	const struct map_def *m = v->map;
	int err = 0;

	v->per_cpu = m->type == BPF_MAP_TYPE_PERCPU_ARRAY || m->type == BPF_MAP_TYPE_PERCPU_HASH ||
	             m->type == BPF_MAP_TYPE_LRU_PERCPU_HASH;
	v->indexed = is_array(m);
	v->keyed = v->kind != VIEW_HEAT && !(v->indexed && m->max_entries == 1);
	if (v->kind == VIEW_HIST || v->kind == VIEW_LINEAR || v->kind == VIEW_HEAT) {
		if (!find_slots(p, v))
			return refuse(
				v,
				"a histogram's value has a member slots[] of 32- or 64-bit numbers",
				e);
		if (v->kind == VIEW_HEAT && v->second == SIZE_NONE)
			return refuse(v, "a heat map's value has a member second", e);
		if (v->kind != VIEW_LINEAR && v->nr_slots > 64)
			v->nr_slots = 64;
	}
	if (v->kind == VIEW_LINEAR) {
		v->min = tag_number(p, v, "min", 0);
		v->step = (uint64_t)tag_number(p, v, "step", 1);
		if (!v->step || v->nr_slots < 3)
			return refuse(v, "a linear histogram needs a step and slots", e);
	}
	if (v->keyed)
		err = render_columns_of(p, m->key_type, "key", m->key_size, &v->keys, e);
	if (!err)
		err = open_value(p, v, e);
	if (!err && v->kind == VIEW_TABLE && v->keyed && slot_in_key(p, m) &&
	    render_buckets_open(v))
		v->kind = VIEW_HIST;
	return err;
}

static uint32_t heading_width(const struct column *c)
{
	return c->title ? (uint32_t)render_text_width((const uint8_t *)c->title, strlen(c->title))
	                : c->name_size;
}

static bool is_address(const struct column *c)
{
	return c->kind == KIND_IP4 || c->kind == KIND_IP6;
}

/* The widest column of text that may still give, or cs->nr. The last one takes what is left. */
static uint32_t widest_text(const struct columns *cs, bool addresses)
{
	uint32_t i, widest = cs->nr;

	for (i = 0; i + 1 < cs->nr; i++) {
		const struct column *c = &cs->list[i];

		if (!render_value_is_text(c) || c->width <= 6 || c->width <= heading_width(c) ||
		    (is_address(c) && !addresses))
			continue;
		if (widest == cs->nr || c->width > cs->list[widest].width)
			widest = i;
	}
	return widest;
}

/* Make columns of text narrower until a row fits the terminal; addresses only if need be. */
static void fit_events(const struct render_plan *p, struct columns *cs)
{
	uint32_t i, total = p->opts.timestamps ? 9 : 0;

	for (i = 0; i < cs->nr; i++) {
		const struct column *c = &cs->list[i];
		bool last = i + 1 == cs->nr && render_value_is_text(c);

		total += (last ? heading_width(c) : c->width) + (i > 0);
	}
	for (; p->opts.width && total > p->opts.width; total--) {
		i = widest_text(cs, false);
		if (i == cs->nr)
			i = widest_text(cs, true);
		if (i == cs->nr)
			return;
		cs->list[i].width--;
	}
}

static int open_events(const struct render_plan *p, struct view *v, struct abide_error *e)
{
	uint32_t type = row_type(p, v->map), i;
	int64_t size = type ? btf_sizeof(p->o->btf, type) : -1;
	int err;

	if (size <= 0 || size > 1 << 20)
		return refuse(v, "nothing says what its rows are", e);
	v->value_size = (uint32_t)size;
	err = render_columns_of(p, type, "value", v->value_size, &v->values, e);
	for (i = 0; !err && i < v->values.nr; i++) {
		struct column *c = &v->values.list[i];
		uint32_t heading = heading_width(c);

		c->width = render_value_width(p, c);
		c->width = c->width < heading ? heading : c->width;
	}
	fit_events(p, &v->values);
	return err;
}

/* Where symbol @name lies in section @section, or SIZE_NONE. */
static uint32_t symbol_at(const struct object *o, const char *name, uint32_t section, uint32_t size)
{
	uint32_t i;

	for (i = 0; i < o->nr_symbols; i++)
		if (o->symbols[i].section == section && !strcmp(o->symbols[i].name, name) &&
		    size >= 8 && o->symbols[i].value <= size - 8)
			return (uint32_t)o->symbols[i].value;
	return SIZE_NONE;
}

static int open_losses(const struct render_plan *p, struct view *v, struct abide_error *e)
{
	struct btf_info var;
	size_t room = 0;
	uint32_t i, k;

	for (i = 0; i < p->nr_tags; i++) {
		struct loss *list, l = { 0 };

		if (!begins(p->tags[i].text, "lost=") || !btf_get(p->o->btf, p->tags[i].type, &var))
			continue;
		l.off = symbol_at(p->o, var.name, v->map->section, v->map->value_size);
		for (k = 0; k < p->o->nr_maps && strcmp(p->o->maps[k].name, p->tags[i].text + 5);
		     k++)
			;
		if (l.off == SIZE_NONE || k == p->o->nr_maps)
			continue;
		l.view = k;
		list = array_grow(v->losses, v->nr_losses, &room, sizeof(l));
		if (!list)
			return error_nomem(e);
		v->losses = list;
		list[v->nr_losses++] = l;
	}
	v->kind = v->nr_losses ? VIEW_LOST : VIEW_NONE;
	return 0;
}

int render_view_open(struct render_plan *p, uint32_t index, struct abide_error *e)
{
	struct view *v = &p->views[index];
	const struct map_def *m = &p->o->maps[index];
	const char *title, *unit;

	v->map = m;
	v->value_size = m->value_size;
	v->title = m->name;
	v->unit = "";
	if (m->source == MAP_BSS)
		return open_losses(p, v, e);
	v->kind = kind_of(p, v);
	title = m->var_type ? render_tag_get(p, m->var_type, -1, "title") : NULL;
	unit = m->var_type ? render_tag_get(p, m->var_type, -1, "unit") : NULL;
	if (title && *title)
		v->title = title;
	if (unit)
		v->unit = unit;
	v->top = m->var_type ? (uint32_t)tag_number(p, v, "top", 0) : 0;
	switch (v->kind) {
	case VIEW_HIST:
	case VIEW_LINEAR:
	case VIEW_HEAT:
	case VIEW_COUNT:
	case VIEW_TABLE:
		return open_entries(p, v, e);
	case VIEW_EVENTS:
		return open_events(p, v, e);
	case VIEW_NONE:
	case VIEW_LOST:
		break;
	}
	return 0;
}
