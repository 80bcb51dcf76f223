/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The layouts of an application's files as one. In: a layout a file. Out: a->all, structs and events in the
 * order of the files, with references by their new indices. A header that several files include makes the same
 * struct or event in each: it becomes one if they agree. Refused where they do not, privately or in what is
 * promised: a program is translated once, and would read the one as the other.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/part.h"

struct origin { /* of an entry of a->all */
	uint32_t file, index;
};

struct merge {
	struct app *a;
	struct origin *structs, *events;
	uint32_t **index; /* by file, by the struct's index in it: its index in a->all */
};

static const struct layout *layout_at(const struct merge *m, uint32_t file)
{
	return m->a->files[file].layout;
}

static uint32_t find_struct(const struct layout *l, const char *name)
{
	uint32_t i;

	for (i = 0; i < l->nr_structs && strcmp(l->structs[i].name, name); i++)
		;
	return i;
}

static uint32_t find_event(const struct layout *l, const struct layout_event *ev)
{
	uint32_t i;

	for (i = 0; i < l->nr_events; i++)
		if (!strcmp(l->events[i].name, ev->name) && !strcmp(l->events[i].provider, ev->provider))
			break;
	return i;
}

static int many(const struct app *a, const char *what, uint32_t most, struct abide_error *e)
{
	return error_set(e, -E2BIG, "user-events-many", "%s has more than %u %s", a->name, most, what);
}

static int conflict(const struct merge *m, const char *kind, const char *name, const struct origin *first, uint32_t file,
                    const char *how, struct abide_error *e)
{
	error_set(e, -EINVAL, "user-conflict", "%s %s is not the same in %s and %s", kind, name,
	          m->a->files[first->file].path, m->a->files[file].path);
	error_reason(e, "%s", how);
	return error_hint(e, "build both from one header, or give one of them another name");
}

static const char *kind_name(enum layout_kind kind)
{
	switch (kind) {
	case LAYOUT_UINT:
		return "unsigned";
	case LAYOUT_SINT:
		return "signed";
	case LAYOUT_CHARS:
		return "char[]";
	case LAYOUT_BYTES:
		return "bytes";
	case LAYOUT_POINTER:
		return "a pointer to a user-ized struct";
	case LAYOUT_STRING:
		return "a string";
	case LAYOUT_ADDRESS:
		return "an address";
	}
	return "?";
}

/* Says how two fields differ; false when they are alike. Targets are compared by name. */
static bool fields_differ(const struct layout *lx, const struct layout_field *x, const struct layout *ly,
                          const struct layout_field *y, char *how, size_t size)
{
	uint32_t i;

	if (strcmp(x->name, y->name)) {
		snprintf(how, size, "at %u: %s and %s", x->stable, x->name, y->name);
		return true;
	}
	if (x->kind != y->kind) {
		snprintf(how, size, "%s: %s and %s", x->name, kind_name(x->kind), kind_name(y->kind));
		return true;
	}
	if (x->kind == LAYOUT_POINTER && strcmp(lx->structs[x->target].name, ly->structs[y->target].name)) {
		snprintf(how, size, "%s: a pointer to %s and to %s", x->name, lx->structs[x->target].name,
		         ly->structs[y->target].name);
		return true;
	}
	if (x->stable != y->stable || x->stable_size != y->stable_size || x->count != y->count || strcmp(x->unit, y->unit)) {
		snprintf(how, size, "%s: promised at %u, %u of %u bytes%s%s, and at %u, %u of %u bytes%s%s", x->name, x->stable,
		         x->count, x->stable_size, *x->unit ? " of " : "", x->unit, y->stable, y->count, y->stable_size,
		         *y->unit ? " of " : "", y->unit);
		return true;
	}
	if (x->offset != y->offset || x->size != y->size || x->bit_off != y->bit_off || x->bit_size != y->bit_size ||
	    x->nr_hops != y->nr_hops) {
		snprintf(how, size, "%s: kept at offset %u, %u bytes, behind %u pointers, and at %u, %u bytes, behind %u", x->name,
		         x->offset, x->size, x->nr_hops, y->offset, y->size, y->nr_hops);
		return true;
	}
	for (i = 0; i < x->nr_hops && x->hops[i] == y->hops[i]; i++)
		;
	if (i < x->nr_hops)
		snprintf(how, size, "%s: behind the pointer at offset %u and at %u", x->name, x->hops[i], y->hops[i]);
	return i < x->nr_hops;
}

static bool structs_differ(const struct layout *lx, const struct layout_struct *x, const struct layout *ly,
                           const struct layout_struct *y, char *how, size_t size)
{
	uint32_t i;

	for (i = 0; i < x->nr_fields && i < y->nr_fields; i++)
		if (fields_differ(lx, &x->fields[i], ly, &y->fields[i], how, size))
			return true;
	if (x->nr_fields != y->nr_fields) {
		snprintf(how, size, "%u fields and %u", x->nr_fields, y->nr_fields);
		return true;
	}
	snprintf(how, size, "%s has %u bytes and %u", x->real, x->size, y->size);
	return x->size != y->size || x->stable_size != y->stable_size;
}

static bool events_differ(const struct layout *lx, const struct layout_event *x, const struct layout *ly,
                          const struct layout_event *y, char *how, size_t size)
{
	const struct layout_arg *p, *q;
	uint32_t i;

	if (x->nr_args != y->nr_args) {
		snprintf(how, size, "%u arguments and %u", x->nr_args, y->nr_args);
		return true;
	}
	for (i = 0; i < x->nr_args; i++) {
		p = &x->args[i];
		q = &y->args[i];
		if (strcmp(p->name, q->name))
			snprintf(how, size, "argument %u: %s and %s", i + 1, p->name, q->name);
		else if (p->kind != q->kind || p->size != q->size)
			snprintf(how, size, "%s: %s, %u bytes, and %s, %u bytes", p->name, kind_name(p->kind), p->size,
			         kind_name(q->kind), q->size);
		else if (p->kind == LAYOUT_POINTER && strcmp(lx->structs[p->target].name, ly->structs[q->target].name))
			snprintf(how, size, "%s: a pointer to %s and to %s", p->name, lx->structs[p->target].name,
			         ly->structs[q->target].name);
		else
			continue;
		return true;
	}
	return false;
}

/* A new entry, or the check against the one that is there. */
static int take_struct(struct merge *m, uint32_t file, uint32_t index, struct abide_error *e)
{
	const struct layout *l = layout_at(m, file), *first;
	const struct layout_struct *s = &l->structs[index];
	struct layout *all = &m->a->all;
	uint32_t at = find_struct(all, s->name);
	char how[400];

	m->index[file][index] = at;
	if (at < all->nr_structs) {
		first = layout_at(m, m->structs[at].file);
		if (!structs_differ(first, &first->structs[m->structs[at].index], l, s, how, sizeof(how)))
			return 0;
		return conflict(m, "struct", s->name, &m->structs[at], file, how, e);
	}
	if (at == APP_STRUCTS)
		return many(m->a, "user-ized structs", APP_STRUCTS, e);
	all->structs[at] = *s;
	all->structs[at].fields = calloc((size_t)s->nr_fields + 1, sizeof(*s->fields));
	m->structs[at] = (struct origin){ file, index };
	all->nr_structs++;
	if (!all->structs[at].fields)
		return error_nomem(e);
	if (s->nr_fields)
		memcpy(all->structs[at].fields, s->fields, s->nr_fields * sizeof(*s->fields));
	return 0;
}

static int take_event(struct merge *m, uint32_t file, uint32_t index, struct abide_error *e)
{
	const struct layout *l = layout_at(m, file), *first;
	const struct layout_event *ev = &l->events[index];
	struct layout *all = &m->a->all;
	uint32_t at = find_event(all, ev);
	char how[400], name[160];

	if (at < all->nr_events) {
		first = layout_at(m, m->events[at].file);
		if (!events_differ(first, &first->events[m->events[at].index], l, ev, how, sizeof(how)))
			return 0;
		snprintf(name, sizeof(name), "%s:%s", ev->provider, ev->name);
		return conflict(m, "event", name, &m->events[at], file, how, e);
	}
	if (at == APP_EVENTS)
		return many(m->a, "user events", APP_EVENTS, e);
	all->events[at] = *ev;
	m->events[at] = (struct origin){ file, index };
	all->nr_events++;
	return 0;
}

/* References of files become references of the whole: all structs are there now. */
static void retarget(struct merge *m)
{
	struct layout *all = &m->a->all;
	struct layout_field *f;
	struct layout_arg *arg;
	uint32_t i, k;

	for (i = 0; i < all->nr_structs; i++)
		for (k = 0; k < all->structs[i].nr_fields; k++) {
			f = &all->structs[i].fields[k];
			if (f->kind == LAYOUT_POINTER)
				f->target = m->index[m->structs[i].file][f->target];
		}
	for (i = 0; i < all->nr_events; i++)
		for (k = 0; k < all->events[i].nr_args; k++) {
			arg = &all->events[i].args[k];
			if (arg->kind == LAYOUT_POINTER)
				arg->target = m->index[m->events[i].file][arg->target];
		}
}

static int merge_file(struct merge *m, uint32_t file, struct abide_error *e)
{
	const struct layout *l = layout_at(m, file);
	uint32_t k;
	int err = 0;

	m->index[file] = calloc((size_t)l->nr_structs + 1, sizeof(**m->index));
	if (!m->index[file])
		return error_nomem(e);
	for (k = 0; !err && k < l->nr_structs; k++)
		err = take_struct(m, file, k, e);
	for (k = 0; !err && k < l->nr_events; k++)
		err = take_event(m, file, k, e);
	return err;
}

int app_merge(struct app *a, struct abide_error *e)
{
	struct merge m = { .a = a };
	uint32_t i;
	int err = 0;

	a->all.structs = calloc(APP_STRUCTS, sizeof(*a->all.structs));
	a->all.events = calloc(APP_EVENTS, sizeof(*a->all.events));
	m.structs = calloc(APP_STRUCTS, sizeof(*m.structs));
	m.events = calloc(APP_EVENTS, sizeof(*m.events));
	m.index = calloc((size_t)a->nr_files + 1, sizeof(*m.index));
	if (!a->all.structs || !a->all.events || !m.structs || !m.events || !m.index) {
		err = error_nomem(e);
		goto out;
	}
	for (i = 0; !err && i < a->nr_files; i++)
		err = merge_file(&m, i, e);
	if (!err)
		retarget(&m);
out:
	for (i = 0; m.index && i < a->nr_files; i++)
		free(m.index[i]);
	free(m.index);
	free(m.structs);
	free(m.events);
	return err;
}
