/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Objects from newer catalogs. In: an object whose load lies outside what this catalog
 * knows. Out: the field's name and age, as far as the object tells: the path of its CO-RE
 * record ("0:5" is member 5 of the record's struct) and the decl tag "abide:since=N" that
 * the generated header puts on members that are younger than version 1.
 */
#include <linux/btf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analyze/newer.h"
#include "util/cursor.h"

/* Not in the headers of every machine that builds this (Linux 5.16). */
#define KIND_DECL_TAG 17

uint32_t newer_version(const struct object *o)
{
	struct cursor c;
	uint32_t i;

	for (i = 0; i < o->nr_sections; i++) {
		if (strcmp(o->sections[i].name, "abide.catalog") || !o->sections[i].data)
			continue;
		c = cursor_over(o->sections[i].data, o->sections[i].size);
		return cursor_u32(&c);
	}
	return 0;
}

static uint32_t since_of(const struct btf_data *b, uint32_t type, uint32_t member)
{
	static const char tag[] = "abide:since=";
	struct btf_info t;
	int32_t component;
	uint32_t i;

	for (i = 1; i < btf_count(b); i++)
		if (btf_get(b, i, &t) && t.kind == KIND_DECL_TAG && t.type == type &&
		    btf_tag_component(b, &t, &component) && component == (int32_t)member &&
		    !strncmp(t.name, tag, sizeof(tag) - 1))
			return (uint32_t)strtoul(t.name + sizeof(tag) - 1, NULL, 10);
	return 0;
}

bool newer_field(const struct object *o, const struct function *f, uint32_t insn, char *name, size_t size,
		 uint32_t *since)
{
	const struct core_relo *r = function_core_relo(f, insn);
	const char *path = r && o->btf ? btf_string(o->btf, r->access_off) : NULL;
	struct btf_info t;
	struct btf_field m;
	unsigned long member;
	char *end;

	if (!path || strncmp(path, "0:", 2) || !btf_get(o->btf, btf_strip(o->btf, r->type_id, true), &t))
		return false;
	member = strtoul(path + 2, &end, 10);
	if (end == path + 2 || member > UINT32_MAX || !btf_field_at(o->btf, &t, (uint32_t)member, &m))
		return false;
	snprintf(name, size, "%s.%s", t.name, m.name);
	*since = since_of(o->btf, t.id, (uint32_t)member);
	return true;
}
