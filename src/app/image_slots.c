/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * What program arrays hold at the start. In: relocations of .maps, which is how compilers write
 *
 *	struct { __uint(type, BPF_MAP_TYPE_PROG_ARRAY); ... __array(values, int (void *)); } next SEC(".maps") = {
 *		.values = { [3] = (void *)&other },
 *	};
 *
 * Out: map, index, program. A relocation names a function by its symbol; its place within the map's variable,
 * behind the member `values`, is 8 bytes times the index.
 */
#include <elf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "app/image_part.h"
#include "util/buf.h"
#include "util/cursor.h"

#define SLOT 8

static uint32_t find_section(const struct object *o, const char *name)
{
	uint32_t i;

	for (i = 1; i < o->nr_sections && strcmp(o->sections[i].name, name); i++)
		;
	return i < o->nr_sections ? i : 0;
}

/* The relocations of section @of. */
static struct cursor relocs_of(const struct object *o, uint32_t of)
{
	uint32_t i;

	for (i = 1; of && i < o->nr_sections; i++)
		if (o->sections[i].type == SHT_REL && o->sections[i].info == of && o->sections[i].data)
			return cursor_over(o->sections[i].data, o->sections[i].size);
	return cursor_over("", 0);
}

/* The next relocation; false at the end. @symbol is NULL when there is no such one. */
static bool next_reloc(const struct object *o, struct cursor *c, uint64_t *at, const struct symbol **symbol)
{
	uint64_t info;

	*at = cursor_u64(c);
	info = cursor_u64(c);
	*symbol = info >> 32 < o->nr_symbols ? &o->symbols[info >> 32] : NULL;
	return !c->bad;
}

/* Index of the function that a symbol is, or nr_functions. */
static uint32_t function_of(const struct object *o, const struct symbol *y)
{
	uint32_t i;

	for (i = 0; i < o->nr_functions; i++)
		if (o->functions[i].section == y->section && (uint64_t)o->functions[i].first * 8 == y->value)
			break;
	return i;
}

/* The program array whose variable holds byte @at of .maps: index into maps, or nr_maps. */
static uint32_t map_of(const struct object *o, uint32_t section, uint64_t at, uint64_t *start)
{
	uint32_t i, m;

	for (i = 0; i < o->nr_symbols; i++) {
		const struct symbol *y = &o->symbols[i];

		if (y->section != section || y->type != STT_OBJECT || at < y->value || at - y->value >= y->size)
			continue;
		for (m = 0; m < o->nr_maps; m++)
			if (o->maps[m].source == MAP_BTF && o->maps[m].var_type && !strcmp(o->maps[m].name, y->name) &&
			    o->maps[m].type == BPF_MAP_TYPE_PROG_ARRAY) {
				*start = y->value;
				return m;
			}
	}
	return o->nr_maps;
}

/* Bytes from the variable's start to its member `values`. */
static bool values_offset(const struct object *o, const struct map_def *m, uint32_t *off)
{
	struct btf_info var, t;
	struct btf_field f;
	uint32_t i;

	if (!o->btf || !btf_get(o->btf, m->var_type, &var) || !btf_get(o->btf, btf_strip(o->btf, var.type, true), &t))
		return false;
	for (i = 0; i < t.vlen && btf_field_at(o->btf, &t, i, &f); i++)
		if (!strcmp(f.name, "values")) {
			*off = f.bit_off / 8;
			return true;
		}
	return false;
}

static int bad_slot(const struct object *o, const char *what, struct abide_error *e)
{
	return error_set(e, -EINVAL, "app-map", "%s: a program array is given %s", o->path, what);
}

static int one_slot(const struct object *o, uint32_t section, uint64_t at, const struct symbol *y, const int32_t *index,
                    struct app_slot *out, struct abide_error *e)
{
	uint64_t start = 0;
	uint32_t off, f;

	out->map = map_of(o, section, at, &start);
	if (out->map == o->nr_maps)
		return error_set(e, -ENOTSUP, "app-map", "%s: a map that is no program array is given contents", o->path);
	if (!values_offset(o, &o->maps[out->map], &off) || at - start < off || (at - start - off) % SLOT)
		return bad_slot(o, "something outside of its values", e);
	if ((at - start - off) / SLOT >= o->maps[out->map].max_entries)
		return bad_slot(o, "a program behind its last entry", e);
	out->index = (uint32_t)((at - start - off) / SLOT);
	f = y ? function_of(o, y) : o->nr_functions;
	if (f == o->nr_functions || o->functions[f].subprogram || index[f] < 0)
		return bad_slot(o, "what is no program", e);
	out->program = (uint32_t)index[f];
	return 0;
}

int app_image_slots(const struct object *o, const int32_t *index, struct app_image *im, struct abide_error *e)
{
	uint32_t section = find_section(o, ".maps");
	struct cursor c = relocs_of(o, section);
	const struct symbol *y;
	uint64_t at;
	int err = 0;

	im->slots = calloc(c.size / sizeof(Elf64_Rel) + 1, sizeof(*im->slots));
	if (!im->slots)
		return error_nomem(e);
	while (!err && next_reloc(o, &c, &at, &y))
		err = one_slot(o, section, at, y, index, &im->slots[im->nr_slots++], e);
	return err;
}

bool app_image_in_slot(const struct object *o, uint32_t function)
{
	struct cursor c = relocs_of(o, find_section(o, ".maps"));
	const struct symbol *y;
	uint64_t at;

	while (next_reloc(o, &c, &at, &y))
		if (y && function_of(o, y) == function)
			return true;
	return false;
}
