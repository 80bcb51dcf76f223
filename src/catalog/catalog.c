/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * A whole catalog: opened, linked, looked up, freed. In: text. Out: struct catalog with
 * names as indices. Events of single system calls (sys_enter:openat) are composed when
 * they are asked for, from the table of system calls and the paths of struct syscall_user.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "catalog/parse.h"
#include "util/buf.h"

/* A copy of an array that store_grow can go on with: room for a power of two. */
static bool copy_array(struct catalog *c, void *arrayp, const void *from, uint32_t n, size_t size)
{
	void **to = arrayp;
	size_t room = 1;

	if (!n)
		return true;
	while (room < n)
		room *= 2;
	*to = store_take(c->store, room * size);
	if (*to)
		memcpy(*to, from, n * size);
	return *to;
}

/* The base's entries, whose own arrays and strings stay the base's: it lives as long as @c. */
static int take_over(struct catalog *c, const struct catalog *base, struct abide_error *e)
{
	struct catalog copy = *base;
	int err = catalog_read_syscalls(base, e);

	if (err)
		return err;
	copy.store = c->store;
	if (!copy_array(c, &copy.structs, base->structs, base->nr_structs,
	                sizeof(*base->structs)) ||
	    !copy_array(c, &copy.events, base->events, base->nr_events, sizeof(*base->events)) ||
	    !copy_array(c, &copy.enums, base->enums, base->nr_enums, sizeof(*base->enums)) ||
	    !copy_array(c, &copy.rules, base->rules, base->nr_rules, sizeof(*base->rules)) ||
	    !copy_array(c, &c->store->syscalls, base->store->syscalls, base->store->nr_syscalls,
	                sizeof(*base->store->syscalls)))
		return error_nomem(e);
	c->store->nr_syscalls = base->store->nr_syscalls;
	*c = copy;
	c->store->base = base->store;
	base->store->users++;
	return 0;
}

static void release(struct catalog_store *s)
{
	struct catalog_store *base;

	for (; s && !--s->users; s = base) {
		base = s->base;
		store_free(s);
	}
}

int catalog_parse(const char *text, uint32_t size, const char *file, const struct catalog *base,
                  struct catalog **out, struct abide_error *e)
{
	struct catalog_store *store = calloc(1, sizeof(*store));
	struct catalog *c;
	int err = 0;

	*out = NULL;
	if (!store)
		return error_nomem(e);
	store->users = 1;
	c = store_take(store, sizeof(*c));
	if (!c) {
		release(store);
		return error_nomem(e);
	}
	c->store = store;
	if (base)
		err = take_over(c, base, e);
	if (!err)
		err = parse_text(c, text, size, file, e);
	if (err)
		release(store);
	else
		*out = c;
	return err;
}

int catalog_open_builtin(struct catalog **out, struct abide_error *e)
{
	int err = catalog_parse(catalog_builtin, catalog_builtin_size, "built-in catalog", NULL,
	                        out, e);

	if (!err)
		(*out)->store->builtin = true;
	return err;
}

/* Into the store, by a catalog that has nothing else. */
int catalog_read_syscalls(const struct catalog *c, struct abide_error *e)
{
	struct catalog table = { .store = c->store };
	int err;

	if (!c->store->builtin)
		return 0;
	err = parse_text(&table, catalog_builtin_syscalls, catalog_builtin_syscalls_size,
	                 "built-in system calls", e);
	if (err)
		c->store->nr_syscalls = 0;
	else
		c->store->builtin = false;
	return err;
}

const struct cat_syscall *catalog_syscalls(const struct catalog *c, uint32_t *n)
{
	*n = catalog_read_syscalls(c, NULL) ? 0 : c->store->nr_syscalls;
	return c->store->syscalls;
}

int catalog_open_file(const char *path, const struct catalog *base, struct catalog **out,
                      struct abide_error *e)
{
	FILE *f = fopen(path, "rb");
	struct buf text = { 0 };
	char piece[4096];
	size_t n;
	int err;

	*out = NULL;
	if (!f)
		return error_set(e, -errno, "", "cannot read %s: %s", path, strerror(errno));
	while (text.size <= CATALOG_MAX && (n = fread(piece, 1, sizeof(piece), f)))
		buf_add(&text, piece, n);
	if (ferror(f))
		err = error_set(e, -errno, "", "cannot read %s: %s", path, strerror(errno));
	else if (text.failed)
		err = error_nomem(e);
	else
		err = catalog_parse((const char *)text.data, (uint32_t)text.size, path, base, out,
		                    e);
	buf_free(&text);
	fclose(f);
	return err;
}

void catalog_free(struct catalog *c)
{
	if (c)
		release(c->store);
}

const struct cat_struct *catalog_struct(const struct catalog *c, const char *name)
{
	uint32_t i;

	for (i = 0; i < c->nr_structs; i++)
		if (!strcmp(c->structs[i].name, name))
			return &c->structs[i];
	return NULL;
}

const struct cat_enum *catalog_enum(const struct catalog *c, const char *name)
{
	uint32_t i;

	for (i = 0; i < c->nr_enums; i++)
		if (!strcmp(c->enums[i].name, name))
			return &c->enums[i];
	return NULL;
}

static const struct cat_event *plain_event(const struct catalog *c, const char *name)
{
	uint32_t i;

	for (i = 0; i < c->nr_events; i++)
		if (!strcmp(c->events[i].name, name))
			return &c->events[i];
	return NULL;
}

/* Put the tracepoint's argument in front of a path of struct syscall_user. */
static bool prefix_path(struct catalog *c, struct cat_path *path, const char *arg, uint32_t elem)
{
	struct cat_step *steps;
	uint32_t i;

	if (path->constant)
		return true;
	if (path->nr_steps + 1 > CAT_STEPS)
		return false;
	steps = store_take(c->store, (path->nr_steps + 1) * sizeof(*steps));
	if (!steps)
		return false;
	memcpy(steps + 1, path->steps, path->nr_steps * sizeof(*steps));
	steps[0].name = arg;
	steps[1].arrow = true;
	path->steps = steps;
	path->nr_steps++;
	for (i = 1; i < path->nr_steps; i++)
		if (steps[i].own_index) {
			steps[i].own_index = false;
			steps[i].index = elem;
		}
	return true;
}

/* Argument @elem of a system call: by each way in which syscall_user.args is found. */
static bool compose_arg(struct catalog *c, struct cat_field *arg, uint32_t elem, const char *regs,
                        const struct cat_field *args)
{
	struct cat_source *s;
	uint32_t i;

	arg->sources = NULL;
	arg->nr_sources = 0;
	for (i = 0; i < args->nr_sources; i++) {
		s = store_grow(c->store, &arg->sources, &arg->nr_sources, sizeof(*s));
		if (!s)
			return false;
		*s = args->sources[i];
		if (s->nr_elements)
			s->path = s->elements[elem];
		s->elements = NULL;
		s->nr_elements = 0;
		if (!prefix_path(c, &s->path, regs, elem) ||
		    (s->combine != CAT_ALONE && !prefix_path(c, &s->second, regs, elem)))
			return false;
	}
	return true;
}

/* The field args of syscall_user, and the tracepoint's argument that holds the registers. */
static const struct cat_field *syscall_args(const struct catalog *c, const char **regs)
{
	const struct cat_event *ev = plain_event(c, "sys_enter");
	const struct cat_struct *s = catalog_struct(c, "syscall_user");
	uint32_t i;

	for (i = 0; ev && s && i < ev->nr_args; i++)
		if (ev->args[i].kind == CAT_POINTER && &c->structs[ev->args[i].target] == s &&
		    !ev->args[i].sources[0].path.current && ev->args[i].sources[0].path.nr_steps) {
			*regs = ev->args[i].sources[0].path.steps[0].name;
			return catalog_field(s, "args");
		}
	return NULL;
}

static bool compose_enter(struct catalog *c, struct cat_event *ev, const struct cat_syscall *sc)
{
	const struct cat_field *args;
	const char *regs;
	uint32_t i;

	args = syscall_args(c, &regs);
	if (!args || args->count < sc->nr_args)
		return false;
	ev->nr_args = sc->nr_args;
	ev->args = store_take(c->store, (sc->nr_args + 1) * sizeof(*ev->args));
	for (i = 0; ev->args && i < sc->nr_args; i++) {
		ev->args[i] = sc->args[i];
		if (!compose_arg(c, &ev->args[i], i, regs, args))
			return false;
	}
	return ev->args != NULL;
}

/* The result, as the generic event hands it over. */
static bool compose_exit(struct catalog *c, struct cat_event *ev)
{
	const struct cat_event *generic = plain_event(c, "sys_exit");
	uint32_t i;

	for (i = 0; generic && i < generic->nr_args; i++)
		if (!strcmp(generic->args[i].name, "ret")) {
			ev->args = store_take(c->store, sizeof(*ev->args));
			if (!ev->args)
				return false;
			ev->args[0] = generic->args[i];
			ev->args[0].offset = 0;
			ev->nr_args = 1;
			return true;
		}
	return false;
}

static const struct cat_event *compose(struct catalog *c, const char *name, bool enter)
{
	const struct cat_event *generic = plain_event(c, enter ? "sys_enter" : "sys_exit");
	const struct cat_syscall *sc = NULL, *all;
	struct cat_event *ev, **slot;
	char doc[160];
	uint32_t i, n;

	for (i = 0; i < c->store->nr_composed; i++)
		if (!strcmp(c->store->composed[i]->name, name))
			return c->store->composed[i];
	all = catalog_syscalls(c, &n);
	for (i = 0; i < n; i++)
		if (!strcmp(all[i].name, strchr(name, ':') + 1))
			sc = &all[i];
	ev = generic && sc ? store_take(c->store, sizeof(*ev)) : NULL;
	if (!ev)
		return NULL;
	*ev = *generic;
	ev->name = store_text(c->store, name, strlen(name));
	snprintf(doc, sizeof(doc), "the running task %s system call %s", enter ? "begins" : "ends",
	         sc->name);
	ev->doc = store_text(c->store, doc, strlen(doc));
	if (sc->since > ev->since)
		ev->since = sc->since;
	ev->syscall = true;
	ev->syscall_name = sc->name;
	if (!ev->name || !ev->doc || !(enter ? compose_enter(c, ev, sc) : compose_exit(c, ev)))
		return NULL;
	slot = store_grow(c->store, &c->store->composed, &c->store->nr_composed, sizeof(*slot));
	if (!slot)
		return NULL;
	*slot = ev;
	return ev;
}

const struct cat_event *catalog_event(struct catalog *c, const char *name)
{
	if (!strncmp(name, "sys_enter:", 10))
		return compose(c, name, true);
	if (!strncmp(name, "sys_exit:", 9))
		return compose(c, name, false);
	return plain_event(c, name);
}

const struct cat_field *catalog_field_at(const struct cat_struct *s, uint32_t offset)
{
	uint32_t i;

	for (i = 0; i < s->nr_fields; i++)
		if (offset >= s->fields[i].offset &&
		    offset - s->fields[i].offset < s->fields[i].size * s->fields[i].count)
			return &s->fields[i];
	return NULL;
}

const struct cat_field *catalog_field(const struct cat_struct *s, const char *name)
{
	uint32_t i;

	for (i = 0; i < s->nr_fields; i++)
		if (!strcmp(s->fields[i].name, name))
			return &s->fields[i];
	return NULL;
}
