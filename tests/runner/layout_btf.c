/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * What is made of a parsed layout. Out: its bytes as BTF (Documentation/bpf/btf.rst), one
 * record a type in the table's order, and the numbers behind names: "task_struct.tgid".
 */
#include <linux/btf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "layout.h"

static bool has_bitfields(const struct layout_type *t)
{
	size_t i;

	for (i = 0; i < t->nr_members; i++)
		if (t->members[i].bit_size)
			return true;
	return false;
}

static void put_members(const struct layout_type *t, bool kflag, struct buf *out, struct buf *strings)
{
	size_t i;

	for (i = 0; i < t->nr_members; i++) {
		const struct layout_member *m = &t->members[i];

		buf_u32(out, m->name[0] ? (uint32_t)buf_str(strings, m->name) : 0);
		switch (t->kind) {
		case BTF_KIND_ENUM:
			buf_u32(out, (uint32_t)m->value);
			break;
		case BTF_KIND_FUNC_PROTO:
			buf_u32(out, m->type);
			break;
		default:
			buf_u32(out, m->type);
			buf_u32(out, m->bit_off | (kflag ? m->bit_size << 24 : 0));
			break;
		}
	}
}

static void put_type(const struct layout_type *t, struct buf *out, struct buf *strings)
{
	bool kflag = t->kind == BTF_KIND_FWD ? t->is_union : has_bitfields(t);

	buf_u32(out, t->name[0] ? (uint32_t)buf_str(strings, t->name) : 0);
	buf_u32(out, (t->kind == BTF_KIND_FUNC ? 1u : (uint32_t)t->nr_members) | (uint32_t)t->kind << 24 |
			     (uint32_t)kflag << 31);
	switch (t->kind) {
	case BTF_KIND_INT:
	case BTF_KIND_ENUM:
	case BTF_KIND_STRUCT:
	case BTF_KIND_UNION:
		buf_u32(out, t->size);
		break;
	case BTF_KIND_ARRAY:
	case BTF_KIND_FWD:
		buf_u32(out, 0);
		break;
	default:
		buf_u32(out, t->type);
		break;
	}
	if (t->kind == BTF_KIND_INT)
		buf_u32(out, (uint32_t)t->encoding << 24 | t->size * 8);
	if (t->kind == BTF_KIND_ARRAY) {
		buf_u32(out, t->type);
		buf_u32(out, 0);
		buf_u32(out, t->count);
	}
	put_members(t, kflag, out, strings);
}

void layout_btf(const struct layout *l, struct buf *out)
{
	struct buf types = { 0 }, strings = { 0 };
	size_t i;

	buf_u8(&strings, 0);
	for (i = 1; i < l->nr_types; i++)
		put_type(&l->types[i], &types, &strings);
	buf_u16(out, BTF_MAGIC);
	buf_u8(out, BTF_VERSION);
	buf_u8(out, 0);
	buf_u32(out, 24);
	buf_u32(out, 0);
	buf_u32(out, (uint32_t)types.size);
	buf_u32(out, (uint32_t)types.size);
	buf_u32(out, (uint32_t)strings.size);
	buf_add(out, types.data, types.size);
	buf_add(out, strings.data, strings.size);
	buf_free(&types);
	buf_free(&strings);
}

/* A member by name, also inside anonymous ones. */
static bool find_member(const struct layout *l, uint32_t id, const char *name, size_t len, uint64_t base,
			struct layout_member *out)
{
	const struct layout_type *t = &l->types[layout_strip(l, id)];
	size_t i;

	if (t->kind != BTF_KIND_STRUCT && t->kind != BTF_KIND_UNION)
		return false;
	for (i = 0; i < t->nr_members; i++) {
		*out = t->members[i];
		out->bit_off += (uint32_t)base;
		if (strlen(out->name) == len && !memcmp(out->name, name, len))
			return true;
		if (!out->name[0] && find_member(l, out->type, name, len, out->bit_off, out))
			return true;
	}
	return false;
}

/* "real_parent", "se.vruntime", "args[2]" from a struct on. */
static bool walk(const struct layout *l, uint32_t id, const char *path, struct layout_member *m)
{
	uint64_t at = 0;
	size_t len;

	for (;;) {
		len = strcspn(path, ".[");
		if (!find_member(l, id, path, len, at, m))
			return false;
		path += len;
		while (*path == '[') {
			const struct layout_type *t = &l->types[layout_strip(l, m->type)];
			char *end;

			if (t->kind != BTF_KIND_ARRAY)
				return false;
			m->type = t->type;
			m->bit_off += (uint32_t)(strtoul(path + 1, &end, 0) * 8 * (uint64_t)layout_sizeof(l, t->type));
			path = end + (*end == ']');
		}
		if (!*path)
			return true;
		path++;
		id = m->type;
		at = m->bit_off;
	}
}

const struct layout_probe *layout_probe(const struct layout *l, const char *name)
{
	size_t i;

	for (i = 0; i < l->nr_probes; i++)
		if (!strcmp(l->probes[i].name, name))
			return &l->probes[i];
	return NULL;
}

static bool enumerator(const struct layout *l, const char *name, int64_t *value)
{
	size_t i, k;

	for (i = 1; i < l->nr_types; i++)
		for (k = 0; l->types[i].kind == BTF_KIND_ENUM && k < l->types[i].nr_members; k++)
			if (!strcmp(l->types[i].members[k].name, name)) {
				*value = l->types[i].members[k].value;
				return true;
			}
	return false;
}

static bool probe_argument(const struct layout *l, const char *probe, const char *arg, int64_t *value, uint32_t *type)
{
	const struct layout_probe *p = layout_probe(l, probe);
	size_t i;

	for (i = 1; p && i < l->types[p->proto].nr_members; i++) /* [0] is __data */
		if (!strcmp(l->types[p->proto].members[i].name, arg)) {
			*value = 8 * ((int64_t)i - 1);
			*type = l->types[p->proto].members[i].type;
			return true;
		}
	return false;
}

bool layout_symbol(const struct layout *l, const char *path, int64_t *value, uint32_t *type, struct layout_member *m)
{
	const char *dot = strchr(path, '.');
	struct layout_member found = { 0 };
	char owner[96];
	uint32_t id;

	*type = 0;
	if (m)
		*m = found;
	if (!dot)
		return enumerator(l, path, value);
	snprintf(owner, sizeof(owner), "%.*s", (int)(dot - path), path);
	if (probe_argument(l, owner, dot + 1, value, type))
		return true;
	id = layout_find(l, BTF_KIND_STRUCT, owner);
	if (!id)
		id = layout_find(l, BTF_KIND_UNION, owner);
	if (!id)
		id = layout_find(l, BTF_KIND_TYPEDEF, owner);
	if (!id || !walk(l, id, dot + 1, &found))
		return false;
	*value = found.bit_off / 8;
	*type = found.type;
	if (m)
		*m = found;
	return true;
}
