/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * What is stable in place of the kernel's own. In: a struct and member, a tracepoint, a
 * function. Out: the catalog's field or event. Fields are found by the catalog's own
 * sources, read backwards: a path "cred->uid.val" of task_struct ends in struct cred, member
 * uid, on the kernel at hand. Functions are a table, replace.def.
 */
#include <linux/btf.h>
#include <stdio.h>
#include <string.h>

#include "check/program.h"

/* Does the path, from struct @root of the kernel, end in (or pass, at its end, through) TYPE.MEMBER? */
static bool path_ends(const struct check *x, const char *root, const struct cat_path *path, const char *type,
		      const char *member)
{
	struct btf_data *b = x->kernel->btf;
	uint32_t id = btf_find(b, BTF_KIND_STRUCT, root), i, last = 0;
	struct btf_info t = { .name = root };
	struct btf_field m;

	for (i = 0; i < path->nr_steps; i++)
		if (path->steps[i].arrow)
			last = i; /* the struct whose member is read */
	for (i = 0; i < path->nr_steps; i++) {
		const struct cat_step *s = &path->steps[i];

		if (s->cast)
			return false;
		if (i && s->arrow && id) {
			if (!core_strip(b, id, &t) || t.kind != BTF_KIND_PTR)
				return false;
			id = core_strip(b, t.type, &t);
		} else if (id) {
			id = core_strip(b, id, &t);
		}
		if (!s->name)
			continue;
		/* the first step can be told by name alone, on a kernel that has not got it any more */
		if (i >= last && !strcmp(s->name, member) && !strcmp(i ? t.name : root, type))
			return true;
		if (!id || !kernel_member(b, id, s->name, &m))
			return false;
		id = m.type;
		if (s->has_index || s->own_index) {
			uint32_t index, n;

			if (core_strip(b, id, &t) && t.kind == BTF_KIND_ARRAY)
				btf_array(b, &t, &id, &index, &n);
		}
	}
	return false;
}

static bool field_reads(const struct check *x, const struct cat_struct *s, const struct cat_field *f, const char *type,
			const char *member)
{
	uint32_t i, k;

	for (k = 0; k < s->nr_kernel; k++)
		for (i = 0; i < f->nr_sources; i++)
			if (path_ends(x, s->kernel[k], &f->sources[i].path, type, member) ||
			    path_ends(x, s->kernel[k], &f->sources[i].second, type, member))
				return true;
	return false;
}

bool instead_of_field(const struct check *x, const char *type, const char *member, char *buf, size_t size)
{
	const struct catalog *c = x->catalog;
	char first[64];
	uint32_t pass, i, k;

	snprintf(first, sizeof(first), "%.*s", (int)strcspn(member, ".["), member);
	/* fields of the struct itself before those that other structs reach it by */
	for (pass = 0; c && pass < 2; pass++)
		for (i = 0; i < c->nr_structs; i++) {
			const struct cat_struct *s = &c->structs[i];
			bool own = s->nr_kernel && !strcmp(s->kernel[0], type);

			if (own != !pass)
				continue;
			for (k = 0; k < s->nr_fields; k++)
				if (field_reads(x, s, &s->fields[k], type, first)) {
					snprintf(buf, size, "struct %s: %s", s->name, s->fields[k].name);
					return true;
				}
		}
	return false;
}

bool instead_of_tracepoint(const struct check *x, const char *name, char *buf, size_t size)
{
	const struct catalog *c = x->catalog;
	uint32_t i, k;

	for (i = 0; c && i < c->nr_events; i++)
		for (k = 0; k < c->events[i].nr_places; k++)
			if (!strcmp(c->events[i].places[k], name)) {
				snprintf(buf, size, "tp_user/%s", c->events[i].name);
				return true;
			}
	return false;
}

static const struct {
	const char *function, *event;
} replace[] = {
#define REPLACE(function, event) { function, event },
#include "check/replace.def"
#undef REPLACE
};

bool instead_of_function(const struct check *x, const char *name, char *buf, size_t size)
{
	static const char *const entries[] = { "__x64_sys_", "__arm64_sys_", "__s390x_sys_", "__riscv_sys_", "__se_sys_",
					       "__do_sys_" };
	size_t i, n;

	for (i = 0; i < sizeof(entries) / sizeof(entries[0]); i++)
		if (!strncmp(name, entries[i], strlen(entries[i]))) {
			snprintf(buf, size, "tp_user/sys_enter:%s", name + strlen(entries[i]));
			return true;
		}
	for (i = 0; x->catalog && i < sizeof(replace) / sizeof(replace[0]); i++) {
		n = strlen(replace[i].function);
		if (replace[i].function[n - 1] == '*' ? strncmp(name, replace[i].function, n - 1) != 0
						      : strcmp(name, replace[i].function) != 0)
			continue;
		snprintf(buf, size, "%s", replace[i].event);
		return true;
	}
	return false;
}
