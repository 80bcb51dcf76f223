/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Maps of an object. In: sections, symbols, BTF. Out: definitions in this order: those
 * in .maps, as their symbols stand; definitions of inner maps (no variable, so var_type
 * is 0); data sections; .kconfig.
 *
 * A map of .maps is a variable of a struct whose members say everything (libbpf's
 * conventions): a number N is a pointer to an array of N elements, a type T is a
 * pointer to T, `values` is an array of pointers to what the map's slots hold. A data
 * section is an array of one element. Refused: the older struct bpf_map_def of section
 * "maps", members that nobody knows, sizes that contradict each other.
 */
#include <elf.h>
#include <errno.h>
#include <linux/btf.h>
#include <stdlib.h>
#include <string.h>

#include "object/btf_data.h"
#include "object/object_data.h"

#define PIN_BY_NAME 1

/* Far above what anybody needs; they bound what a hostile object can cost. */
#define MAX_MEMBERS   64    /* of a map's definition */
#define MAX_VARIABLES 16384 /* that are looked at in a data section */

struct map_values { /* the `values` member, looked at when the type of the map is known */
	bool present;
	uint32_t pointee;
};

static int refuse(const struct object *o, const char *map, struct abide_error *e, const char *what,
                  const char *member)
{
	return error_set(e, -EINVAL, "map-definition", "%s: map %s: %s%s%s", o->path, map, what,
	                 *member ? " " : "", member);
}

/* No more than this: a map has a symbol (and one inner map), or a section, or is .kconfig. */
static uint32_t most_maps(const struct object *o)
{
	uint64_t n = 2 * (uint64_t)o->nr_symbols + o->nr_sections + 1;

	return n < MAX_MAPS ? n : MAX_MAPS;
}

static struct map_def *add_map(struct object *o, const char *name, enum map_source source,
                               uint32_t section, uint32_t symbol, struct abide_error *e)
{
	struct map_def *m;

	if (o->nr_maps == MAX_MAPS) {
		error_set(e, -EFBIG, "map-definition", "%s has more than %u maps", o->path,
		          MAX_MAPS);
		return NULL;
	}
	o->store->map_symbols[o->nr_maps] = symbol;
	m = &o->maps[o->nr_maps++];
	m->name = name;
	m->source = source;
	m->section = section;
	m->inner = -1;
	return m;
}

/* __uint(name, N) is int (*name)[N]. */
static bool get_number(const struct object *o, uint32_t type, uint32_t *out)
{
	uint32_t elem, index;
	struct btf_info t;

	return btf_get(o->btf, btf_strip(o->btf, type, true), &t) && t.kind == BTF_KIND_PTR &&
	       btf_get(o->btf, btf_strip(o->btf, t.type, true), &t) &&
	       btf_array(o->btf, &t, &elem, &index, out);
}

/* __type(name, T) is T *name. */
static bool get_type(const struct object *o, uint32_t type, uint32_t *id, uint32_t *size)
{
	struct btf_info t;
	int64_t bytes;

	if (!btf_get(o->btf, btf_strip(o->btf, type, true), &t) || t.kind != BTF_KIND_PTR)
		return false;
	bytes = btf_sizeof(o->btf, t.type);
	if (bytes < 0 || bytes > UINT32_MAX)
		return false;
	*id = t.type;
	*size = bytes;
	return true;
}

/* __array(values, T) is T *values[]. */
static bool get_values(const struct object *o, uint32_t type, struct map_values *v)
{
	uint32_t elem, index, count;
	struct btf_info t;

	if (!btf_get(o->btf, btf_strip(o->btf, type, true), &t) ||
	    !btf_array(o->btf, &t, &elem, &index, &count) ||
	    !btf_get(o->btf, btf_strip(o->btf, elem, true), &t) || t.kind != BTF_KIND_PTR)
		return false;
	v->present = true;
	v->pointee = btf_strip(o->btf, t.type, true);
	return true;
}

/* key_size and the size of key's type may both be there, and must agree then. */
static bool set_size(uint32_t *size, uint32_t new)
{
	if (*size && *size != new)
		return false;
	*size = new;
	return true;
}

static int parse_member(const struct object *o, struct map_def *m, const struct btf_field *f,
                        struct map_values *values, struct abide_error *e)
{
	const struct {
		const char *name;
		uint32_t *number;
	} numbers[] = {
		{ "type", &m->type },       { "max_entries", &m->max_entries },
		{ "map_flags", &m->flags }, { "numa_node", &m->numa_node },
		{ "pinning", &m->pinning },
	};
	const struct {
		const char *size_name, *type_name;
		uint32_t *size, *type;
	} parts[] = {
		{ "key_size", "key", &m->key_size, &m->key_type },
		{ "value_size", "value", &m->value_size, &m->value_type },
	};
	uint32_t n, size;
	size_t i;

	for (i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		if (!strcmp(f->name, numbers[i].name)) {
			if (!get_number(o, f->type, numbers[i].number))
				return refuse(o, m->name, e, "not a number:", f->name);
			return 0;
		}
	for (i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		if (!strcmp(f->name, parts[i].size_name)) {
			if (!get_number(o, f->type, &n))
				return refuse(o, m->name, e, "not a number:", f->name);
			if (!set_size(parts[i].size, n))
				return refuse(o, m->name, e, "two different sizes:", f->name);
			return 0;
		}
		if (!strcmp(f->name, parts[i].type_name)) {
			if (!get_type(o, f->type, parts[i].type, &size))
				return refuse(o, m->name, e,
				              "not a type that has a size:", f->name);
			if (!set_size(parts[i].size, size))
				return refuse(o, m->name, e, "two different sizes:", f->name);
			return 0;
		}
	}
	if (!strcmp(f->name, "map_extra")) {
		if (!get_number(o, f->type, &n))
			return refuse(o, m->name, e, "not a number:", f->name);
		m->map_extra = n;
		return 0;
	}
	if (!strcmp(f->name, "values")) {
		if (!get_values(o, f->type, values))
			return refuse(o, m->name, e, "not an array of pointers:", f->name);
		return 0;
	}
	refuse(o, m->name, e, "unknown member", f->name);
	return error_hint(
		e,
		"known are type, max_entries, key, key_size, value, value_size, map_flags, numa_node, map_extra, pinning, values");
}

static int parse_def(const struct object *o, struct map_def *m, uint32_t type,
                     struct map_values *values, struct abide_error *e)
{
	struct btf_info t;
	struct btf_field f;
	uint32_t i;
	int err = 0;

	if (!btf_get(o->btf, btf_strip(o->btf, type, true), &t) || t.kind != BTF_KIND_STRUCT)
		return refuse(o, m->name, e, "its variable is not a struct", "");
	if (t.vlen > MAX_MEMBERS)
		return refuse(o, m->name, e, "it has more members than there are names for", "");
	for (i = 0; !err && btf_field_at(o->btf, &t, i, &f); i++)
		err = parse_member(o, m, &f, values, e);
	if (err)
		return err;
	if (m->type == BPF_MAP_TYPE_UNSPEC)
		return refuse(o, m->name, e, "it has no type", "");
	if (m->pinning > PIN_BY_NAME)
		return refuse(o, m->name, e, "it wants a kind of pinning that nobody knows", "");
	if (!values->present)
		return 0;
	if (m->type != BPF_MAP_TYPE_ARRAY_OF_MAPS && m->type != BPF_MAP_TYPE_HASH_OF_MAPS &&
	    m->type != BPF_MAP_TYPE_PROG_ARRAY)
		return refuse(o, m->name, e, "maps of its type have no", "values");
	if (!set_size(&m->value_size, 4)) /* a file descriptor */
		return refuse(o, m->name, e, "two different sizes:", "value_size");
	return 0;
}

/* The variable of that name in DATASEC .maps, 0 if there is none. */
static uint32_t find_var(const struct object *o, const struct btf_info *sec, const char *name,
                         uint32_t *type)
{
	struct btf_slot slot;
	struct btf_info t;
	uint32_t i;

	for (i = 0; btf_slot_at(o->btf, sec, i, &slot); i++)
		if (btf_get(o->btf, slot.type, &t) && t.kind == BTF_KIND_VAR &&
		    !strcmp(t.name, name)) {
			*type = t.type;
			return slot.type;
		}
	return 0;
}

/* Definitions of inner maps follow all others, so that the variables keep their order. */
static int add_inner(struct object *o, const struct map_values *values, uint32_t nr,
                     struct abide_error *e)
{
	struct map_values inner_values = { 0 };
	struct map_def *m;
	char *name;
	uint32_t i;
	int err;

	for (i = 0; i < nr; i++) {
		if (!values[i].present || o->maps[i].type == BPF_MAP_TYPE_PROG_ARRAY)
			continue;
		name = store_printf(o, "%s.inner", o->maps[i].name);
		if (!name)
			return error_nomem(e);
		o->maps[i].inner = o->nr_maps;
		m = add_map(o, name, MAP_BTF, o->maps[i].section, 0, e);
		if (!m)
			return -EFBIG;
		err = parse_def(o, m, values[i].pointee, &inner_values, e);
		if (err)
			return err;
		if (inner_values.present)
			return refuse(o, o->maps[i].name, e, "maps in maps in maps do not exist",
			              "");
	}
	return 0;
}

static int read_btf_maps(struct object *o, uint32_t section, struct abide_error *e)
{
	struct map_values *values = NULL;
	struct btf_info sec;
	uint32_t i, type;
	int err = 0;

	if (!o->btf || !btf_get(o->btf, btf_find(o->btf, BTF_KIND_DATASEC, ".maps"), &sec) ||
	    sec.kind != BTF_KIND_DATASEC) {
		error_set(e, -EINVAL, "map-definition",
		          "%s has maps, but no BTF that describes them", o->path);
		return error_hint(
			e, "compile with -g (and strip with llvm-strip -g, which keeps BTF)");
	}
	if (sec.vlen > MAX_MAPS)
		return error_set(e, -EFBIG, "map-definition", "%s has more than %u maps", o->path,
		                 MAX_MAPS);
	values = calloc(most_maps(o), sizeof(*values));
	if (!values)
		return error_nomem(e);
	for (i = 0; i < o->nr_symbols && !err; i++) {
		const struct symbol *y = &o->symbols[i];
		struct map_def *m;

		if (y->section != section || y->type == STT_SECTION || y->type == STT_FUNC ||
		    !*y->name)
			continue;
		m = add_map(o, y->name, MAP_BTF, section, i, e);
		if (!m) {
			err = -EFBIG;
			break;
		}
		m->var_type = find_var(o, &sec, y->name, &type);
		if (!m->var_type)
			err = refuse(o, y->name, e, "the BTF has no variable of its name", "");
		else
			err = parse_def(o, m, type, &values[o->nr_maps - 1], e);
	}
	if (!err)
		err = add_inner(o, values, o->nr_maps, e);
	free(values);
	return err;
}

/*
 * libbpf lets user space map a data section when some variable of it is visible there,
 * that is not static.
 */
static bool is_mappable(const struct object *o, const struct btf_info *sec)
{
	struct btf_slot slot;
	struct btf_info t;
	uint32_t i;

	for (i = 0; i < MAX_VARIABLES && btf_slot_at(o->btf, sec, i, &slot); i++)
		if (btf_get(o->btf, slot.type, &t) && t.kind == BTF_KIND_VAR &&
		    t.linkage != BTF_VAR_STATIC)
			return true;
	return false;
}

static int add_data_map(struct object *o, const char *name, enum map_source source,
                        uint32_t section, uint64_t size, struct abide_error *e)
{
	struct map_def *m = add_map(o, name, source, section, 0, e);
	struct btf_info sec;

	if (!m)
		return -EFBIG;
	if (size > INT32_MAX)
		return error_set(e, -EFBIG, "map-definition",
		                 "%s: section %s has more than 2 GiB of variables", o->path, name);
	m->type = BPF_MAP_TYPE_ARRAY;
	m->key_size = 4;
	m->value_size = size;
	m->max_entries = 1;
	if (source == MAP_RODATA || source == MAP_KCONFIG)
		m->flags |= BPF_F_RDONLY_PROG;
	if (section)
		m->data = o->sections[section].data;
	if (o->btf && btf_get(o->btf, btf_find(o->btf, BTF_KIND_DATASEC, name), &sec) &&
	    sec.kind == BTF_KIND_DATASEC) {
		m->value_type = sec.id;
		if (source == MAP_KCONFIG || is_mappable(o, &sec))
			m->flags |= BPF_F_MMAPABLE;
	}
	return 0;
}

static enum map_source data_source(const struct section *s)
{
	if (s->type == SHT_NOBITS)
		return MAP_BSS;
	return strncmp(s->name, ".rodata", 7) ? MAP_DATA : MAP_RODATA;
}

/* Externs of .kconfig have no section in the ELF file; sorted by alignment, they need no padding. */
static int read_kconfig(struct object *o, struct abide_error *e)
{
	struct btf_info sec, t;
	struct btf_slot slot;
	uint64_t size = 0;
	uint32_t i;

	if (!o->btf || !btf_get(o->btf, btf_find(o->btf, BTF_KIND_DATASEC, ".kconfig"), &sec) ||
	    sec.kind != BTF_KIND_DATASEC)
		return 0;
	if (sec.vlen > MAX_VARIABLES)
		return refuse(o, ".kconfig", e, "it has too many variables", "");
	for (i = 0; btf_slot_at(o->btf, &sec, i, &slot); i++) {
		int64_t bytes = btf_get(o->btf, slot.type, &t) && t.kind == BTF_KIND_VAR
		                        ? btf_sizeof(o->btf, t.type)
		                        : -1;

		if (bytes < 0 || bytes > INT32_MAX)
			return refuse(o, ".kconfig", e, "a variable has no size", "");
		size += bytes;
		if (size > INT32_MAX)
			break;
	}
	return size ? add_data_map(o, ".kconfig", MAP_KCONFIG, 0, size, e) : 0;
}

static int open_btf(struct object *o, struct abide_error *e)
{
	char problem[sizeof(((struct abide_error *)0)->problem)];
	uint32_t i = section_find(o, ".BTF");
	struct abide_error why = { 0 };
	int err;

	if (!i || !o->sections[i].data)
		return 0;
	err = btf_open_mem(o->sections[i].data, o->sections[i].size, &o->btf, &why);
	if (err == -ENOMEM || (!err && !btf_index_build(o->btf, BTF_NAMES_TYPES)))
		return error_nomem(e);
	if (err) {
		memcpy(problem, why.problem, sizeof(problem));
		return error_set(e, err, why.tag, "%s: %s", o->path, problem);
	}
	if (btf_other_endian(o->btf))
		return error_set(e, -EINVAL, "elf-endian", "%s: its BTF is of the other byte order",
		                 o->path);
	return 0;
}

int maps_read(struct object *o, struct abide_error *e)
{
	uint32_t i, most = most_maps(o);
	int err;

	o->maps = store_alloc(o, most, sizeof(*o->maps));
	o->store->map_symbols = store_alloc(o, most, sizeof(*o->store->map_symbols));
	if (!o->maps || !o->store->map_symbols)
		return error_nomem(e);
	err = open_btf(o, e);
	if (err)
		return err;
	for (i = 1; i < o->nr_sections && !err; i++)
		if (o->sections[i].size && (!strcmp(o->sections[i].name, "maps") ||
		                            !strncmp(o->sections[i].name, "maps/", 5))) {
			error_set(
				e, -EINVAL, "elf-legacy-maps",
				"%s defines its maps in section \"%s\" (struct bpf_map_def), which libbpf 1.0 dropped",
				o->path, o->sections[i].name);
			return error_hint(
				e,
				"define them as BTF maps: struct { __uint(type, ...); __type(key, ...); ... } NAME SEC(\".maps\")");
		}
	i = section_find(o, ".maps");
	if (i && o->sections[i].size)
		err = read_btf_maps(o, i, e);
	for (i = 1; i < o->nr_sections && !err; i++)
		if (o->sections[i].size && section_is_data(&o->sections[i]))
			err = add_data_map(o, o->sections[i].name, data_source(&o->sections[i]), i,
			                   o->sections[i].size, e);
	if (!err)
		err = read_kconfig(o, e);
	return err;
}
