/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Constants that a user may choose: `const volatile` variables of .rodata. In: an object
 * and values by name. Out: the object's record again, with sections and maps whose bytes
 * hold the values; the object itself is never written. A variable is where the BTF's
 * DATASEC says, or, as compilers leave 0 there for global ones, where its symbol is.
 * Refused: unknown names, values of another size.
 */
#include <elf.h>
#include <errno.h>
#include <linux/btf.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/session.h"

#define MAX_CONSTANTS 1024 /* an object of a stranger must not keep the walk busy for long */

static bool is_volatile(const struct btf_data *b, uint32_t id)
{
	bool found = false;
	struct btf_info t;
	uint32_t depth;

	for (depth = 0; depth < 32 && btf_get(b, id, &t); depth++) {
		if (t.kind == BTF_KIND_VOLATILE)
			found = true;
		else if (t.kind == BTF_KIND_ARRAY) {
			uint32_t index, count;

			/* qualifiers of an array are its elements' */
			if (!btf_array(b, &t, &id, &index, &count))
				return false;
			continue;
		} else if (t.kind != BTF_KIND_CONST && t.kind != BTF_KIND_TYPEDEF &&
		           t.kind != BTF_KIND_TYPE_TAG)
			break;
		id = t.type;
	}
	return found;
}

static uint32_t symbol_offset(const struct object *o, uint32_t section, const char *name,
                              uint32_t otherwise)
{
	uint32_t i;

	for (i = 0; i < o->nr_symbols; i++) {
		const struct symbol *y = &o->symbols[i];

		if (y->section == section && y->bind != STB_LOCAL && !strcmp(y->name, name))
			return y->value <= UINT32_MAX ? y->value : otherwise;
	}
	return otherwise;
}

static bool is_constant(const struct object *o, const struct btf_slot *slot, struct btf_info *var)
{
	return btf_get(o->btf, slot->type, var) && var->kind == BTF_KIND_VAR &&
	       is_volatile(o->btf, var->type);
}

/* False: it does not lie in its section. */
static bool describe(const struct object *o, uint32_t map, const struct btf_slot *slot,
                     const struct btf_info *var, struct session_constant *out)
{
	const struct map_def *m = &o->maps[map];

	out->name = var->name;
	out->var = slot->type;
	out->type = btf_strip(o->btf, var->type, false);
	out->map = map;
	out->size = slot->size;
	out->off = var->linkage == BTF_VAR_STATIC
	                   ? slot->off
	                   : symbol_offset(o, m->section, var->name, slot->off);
	if (out->off > m->value_size || slot->size > m->value_size - out->off)
		return false;
	out->value = m->data ? m->data + out->off : NULL;
	return true;
}

bool session_constant_at(const struct object *o, uint32_t i, struct session_constant *out)
{
	struct btf_info sec, var;
	struct btf_slot slot;
	uint32_t m, k;

	if (!o->btf || i >= MAX_CONSTANTS)
		return false;
	for (m = 0; m < o->nr_maps; m++) {
		if (o->maps[m].source != MAP_RODATA ||
		    !btf_get(o->btf, o->maps[m].value_type, &sec) || sec.kind != BTF_KIND_DATASEC)
			continue;
		for (k = 0; btf_slot_at(o->btf, &sec, k, &slot); k++)
			if (is_constant(o, &slot, &var) && !i--)
				return describe(o, m, &slot, &var, out);
	}
	return false;
}

/* The map's own bytes, made on first use, in .data, in the map and in its section. */
static uint8_t *own_data(struct session *s, uint32_t map)
{
	struct map_def *m = &s->object->maps[map];

	if (s->data[map])
		return s->data[map];
	s->data[map] = calloc(1, m->value_size);
	if (!s->data[map])
		return NULL;
	if (m->data)
		memcpy(s->data[map], m->data, m->value_size);
	m->data = s->data[map];
	s->object->sections[m->section].data = s->data[map];
	return s->data[map];
}

static int set_one(struct session *s, const struct session_variable *v, struct abide_error *e)
{
	struct session_constant c;
	uint8_t *data;
	uint32_t i;

	for (i = 0; session_constant_at(s->object, i, &c); i++) {
		if (strcmp(c.name, v->name))
			continue;
		if (c.size != v->size)
			return error_set(e, -EINVAL, "variable-size",
			                 "%s: variable %s has %u bytes, not %u", s->object->path,
			                 v->name, c.size, v->size);
		data = own_data(s, c.map);
		if (!data)
			return error_nomem(e);
		memcpy(data + c.off, v->value, v->size);
		return 0;
	}
	return error_set(e, -ENOENT, "variable-unknown",
	                 "%s has no const volatile variable %s in .rodata", s->object->path,
	                 v->name);
}

static void *copy(const void *from, size_t n, size_t size)
{
	void *to = calloc(n ? n : 1, size);

	if (to && n)
		memcpy(to, from, n * size);
	return to;
}

int session_set_variables(struct session *s, const struct session_options *opts,
                          struct abide_error *e)
{
	const struct object *o = s->translated->object;
	uint32_t i;
	int err;

	s->object = copy(o, 1, sizeof(*o));
	s->data = calloc(o->nr_maps + 1, sizeof(*s->data));
	if (!s->object || !s->data)
		return error_nomem(e);
	s->object->sections = copy(o->sections, o->nr_sections, sizeof(*o->sections));
	s->object->maps = copy(o->maps, o->nr_maps, sizeof(*o->maps));
	if (!s->object->sections || !s->object->maps)
		return error_nomem(e);
	for (i = 0; i < opts->nr_variables; i++) {
		err = set_one(s, &opts->variables[i], e);
		if (err)
			return err;
	}
	return 0;
}
