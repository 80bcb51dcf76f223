/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * What is sent to an application. In: a translated object, values for its constants. Out: its maps with
 * their initial contents, its programs, what its program arrays hold. Nothing is created or sent here. Refused:
 * maps that only a kernel can have (pinned ones, maps in maps), programs that were not translated.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/image_part.h"

#define PIN_NONE 0

/* A ring is whole pages, a power of two of them, as the kernel engine rounds it. */
static uint32_t ring_size(uint32_t wanted)
{
	uint32_t size = (uint32_t)sysconf(_SC_PAGESIZE);

	while (size < wanted && size < 1u << 31)
		size <<= 1;
	return size;
}

static int refuse_map(const struct object *o, const struct map_def *m, const char *what, const char *hint,
                      struct abide_error *e)
{
	error_set(e, -ENOTSUP, "app-map", "map %s of %s %s, and an application has no such maps", m->name, o->path, what);
	return hint ? error_hint(e, "%s", hint) : e ? e->code : -ENOTSUP;
}

static int one_map(const struct object *o, const struct map_def *m, struct app_map *out, struct abide_error *e)
{
	if (m->source == MAP_KCONFIG)
		return refuse_map(o, m, "holds the kernel's configuration", NULL, e);
	if (m->pinning != PIN_NONE)
		return refuse_map(o, m, "is to be pinned", "take __uint(pinning, ...) out of its definition", e);
	if (m->inner >= 0 || m->type == BPF_MAP_TYPE_ARRAY_OF_MAPS || m->type == BPF_MAP_TYPE_HASH_OF_MAPS)
		return refuse_map(o, m, "holds maps", "put the inner key into the outer map's key", e);
	out->def = (struct process_map_def){
		.type = m->type,
		.key_size = m->key_size,
		.value_size = m->value_size,
		.max_entries = m->max_entries,
		.flags = m->flags,
	};
	snprintf(out->def.name, sizeof(out->def.name), "%s", m->name);
	if (m->type == BPF_MAP_TYPE_RINGBUF) {
		out->def.key_size = out->def.value_size = 0;
		out->def.max_entries = ring_size(m->max_entries);
	}
	if (m->type == BPF_MAP_TYPE_PERF_EVENT_ARRAY && !m->max_entries)
		out->def.max_entries = (uint32_t)sysconf(_SC_NPROCESSORS_CONF);
	out->data = m->data;
	out->frozen = m->source == MAP_RODATA;
	return 0;
}

static int make_maps(const struct object *o, struct app_image *im, struct abide_error *e)
{
	uint32_t i;
	int err = 0;

	im->maps = calloc((size_t)o->nr_maps + 1, sizeof(*im->maps));
	im->store->data = calloc((size_t)o->nr_maps + 1, sizeof(*im->store->data));
	if (!im->maps || !im->store->data)
		return error_nomem(e);
	im->store->nr_data = im->nr_maps = o->nr_maps;
	for (i = 0; !err && i < o->nr_maps; i++)
		err = one_map(o, &o->maps[i], &im->maps[i], e);
	return err;
}

/* The map's own bytes, made on first use. */
static uint8_t *own_data(struct app_image *im, uint32_t map)
{
	struct app_map *m = &im->maps[map];
	uint8_t *data = im->store->data[map];

	if (data)
		return data;
	data = calloc(1, m->def.value_size);
	if (!data)
		return NULL;
	if (m->data)
		memcpy(data, m->data, m->def.value_size);
	im->store->data[map] = data;
	m->data = data;
	return data;
}

static int set_one(const struct object *o, struct app_image *im, const struct session_variable *v, struct abide_error *e)
{
	struct session_constant c;
	uint8_t *data;
	uint32_t i;

	for (i = 0; session_constant_at(o, i, &c); i++) {
		if (strcmp(c.name, v->name))
			continue;
		if (c.size != v->size)
			return error_set(e, -EINVAL, "variable-size", "%s: variable %s has %u bytes, not %u", o->path, v->name,
			                 c.size, v->size);
		data = own_data(im, c.map);
		if (!data)
			return error_nomem(e);
		memcpy(data + c.off, v->value, v->size);
		return 0;
	}
	return error_set(e, -ENOENT, "variable-unknown", "%s has no const volatile variable %s in .rodata", o->path, v->name);
}

/* Programs that are neither attached nor in an array are left out. */
static int make_programs(const struct translated *t, struct app_image *im, struct abide_error *e)
{
	const struct object *o = t->object;
	int32_t *index = calloc((size_t)o->nr_functions + 1, sizeof(*index));
	uint32_t i, f;
	int err = 0;

	im->programs = calloc((size_t)t->nr_programs + 1, sizeof(*im->programs));
	if (!index || !im->programs) {
		err = error_nomem(e);
		goto out;
	}
	memset(index, 0xff, o->nr_functions * sizeof(*index));
	for (i = 0; !err && i < t->nr_programs; i++) {
		const struct translated_program *p = &t->programs[i];

		f = (uint32_t)(p->source - o->functions);
		if (p->optional && !app_image_in_slot(o, f))
			continue;
		if (p->verbatim) {
			err = error_set(e, -EINVAL, "app-mixed", "program %s (%s) is for the kernel", p->source->name,
			                p->source->section_name);
			break;
		}
		index[f] = (int32_t)im->nr_programs;
		err = app_image_program(t, p, &im->programs[im->nr_programs++], e);
	}
	if (!err && !im->nr_programs)
		err = error_set(e, -EINVAL, "no-programs", "%s holds no program to load", o->path);
	if (!err)
		err = app_image_slots(o, index, im, e);
out:
	free(index);
	return err;
}

int app_image_make(const struct translated *t, const struct session_variable *settings, uint32_t nr_settings,
                   struct app_image **out, struct abide_error *e)
{
	struct app_image *im = calloc(1, sizeof(*im));
	uint32_t i;
	int err;

	*out = NULL;
	if (!im)
		return error_nomem(e);
	im->store = calloc(1, sizeof(*im->store));
	err = im->store ? make_maps(t->object, im, e) : error_nomem(e);
	for (i = 0; !err && i < nr_settings; i++)
		err = set_one(t->object, im, &settings[i], e);
	if (!err)
		err = make_programs(t, im, e);
	if (err)
		app_image_free(im);
	else
		*out = im;
	return err;
}

void app_image_free(struct app_image *im)
{
	uint32_t i;

	if (!im)
		return;
	for (i = 0; i < im->nr_programs; i++) {
		free(im->programs[i].insns);
		free(im->programs[i].lines);
	}
	for (i = 0; im->store && i < im->store->nr_data; i++)
		free(im->store->data[i]);
	if (im->store)
		free(im->store->data);
	free(im->store);
	free(im->programs);
	free(im->maps);
	free(im->slots);
	free(im);
}
