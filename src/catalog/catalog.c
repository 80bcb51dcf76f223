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

static int bad_link(const char *file, uint32_t line, struct abide_error *e, const char *what, const char *name)
{
	return error_set(e, -EINVAL, "catalog-name", "%s:%u: there is no %s \"%s\"", file, line, what, name);
}

static int find_struct(const struct catalog *c, const char *name)
{
	uint32_t i;

	for (i = 0; i < c->nr_structs; i++)
		if (!strcmp(c->structs[i].name, name))
			return (int)i;
	return -1;
}

static int find_enum(const struct catalog *c, const char *name)
{
	uint32_t i;

	for (i = 0; i < c->nr_enums; i++)
		if (!strcmp(c->enums[i].name, name))
			return (int)i;
	return -1;
}

static int find_rules(const struct catalog *c, const char *name)
{
	uint32_t i;

	for (i = 0; i < c->nr_rules; i++)
		if (!strcmp(c->rules[i].name, name))
			return (int)i;
	return -1;
}

/* "struct X *" or "enum X" as C spells it, from the bare name. */
static const char *spell(struct catalog *c, const char *format, const char *name)
{
	char text[96];
	int n = snprintf(text, sizeof(text), format, name);

	return n > 0 && (size_t)n < sizeof(text) ? store_text(c->store, text, (size_t)n) : NULL;
}

static int link_ops(struct catalog *c, struct cat_source *s, const char *file, struct abide_error *e)
{
	uint32_t i;
	int at;

	for (i = 0; i < s->nr_ops; i++) {
		struct cat_op *op = &s->ops[i];

		if (op->kind != CAT_ENUMMAP && op->kind != CAT_RULES)
			continue;
		at = find_enum(c, op->name);
		op->kind = CAT_ENUMMAP;
		if (at < 0) {
			at = find_rules(c, op->name);
			op->kind = CAT_RULES;
		}
		if (at < 0)
			return bad_link(file, s->line, e, "enum or rules", op->name);
		op->target = (uint32_t)at;
	}
	return 0;
}

static int link_field(struct catalog *c, struct cat_field *f, const char *file, struct abide_error *e)
{
	bool spelled = strchr(f->type, ' ') != NULL;
	const char *name = f->type;
	uint32_t i;
	int at, err;

	if (f->kind == CAT_POINTER || f->kind == CAT_ENUM) {
		if (spelled) { /* taken over from the base: its target may have moved */
			name = strchr(f->type, ' ') + 1;
			name = store_text(c->store, name, strcspn(name, " "));
			if (!name)
				return error_nomem(e);
		}
		at = f->kind == CAT_POINTER ? find_struct(c, name) : find_enum(c, name);
		if (at < 0)
			return bad_link(file, f->line, e, f->kind == CAT_POINTER ? "struct" : "enum", name);
		f->target = (uint32_t)at;
		if (!spelled)
			f->type = spell(c, f->kind == CAT_POINTER ? "struct %s *" : "enum %s", name);
		if (!f->type)
			return error_nomem(e);
	}
	for (i = 0; i < f->nr_sources; i++) {
		err = link_ops(c, &f->sources[i], file, e);
		if (err)
			return err;
	}
	return 0;
}

static int link_subjects(struct cat_event *ev, const char *file, struct abide_error *e)
{
	uint32_t i, k;

	for (i = 0; i < ev->nr_subjects; i++) {
		ev->subjects[i] = -1;
		if (!strcmp(ev->subject_names[i], "current"))
			continue;
		for (k = 0; k < ev->nr_args; k++)
			if (!strcmp(ev->args[k].name, ev->subject_names[i]))
				ev->subjects[i] = (int32_t)k;
		if (ev->subjects[i] < 0 || ev->args[ev->subjects[i]].kind != CAT_POINTER)
			return bad_link(file, ev->line, e, "pointer argument", ev->subject_names[i]);
	}
	if (!ev->nr_subjects) {
		ev->subjects[0] = -1;
		ev->nr_subjects = 1;
	}
	return 0;
}

static int link_all(struct catalog *c, const char *file, struct abide_error *e)
{
	uint32_t i, k;
	int err;

	for (i = 0; i < c->nr_structs; i++)
		for (k = 0; k < c->structs[i].nr_fields; k++) {
			err = link_field(c, &c->structs[i].fields[k], file, e);
			if (err)
				return err;
		}
	for (i = 0; i < c->nr_events; i++) {
		struct cat_event *ev = &c->events[i];

		for (k = 0; k < ev->nr_args; k++) {
			err = link_field(c, &ev->args[k], file, e);
			if (err)
				return err;
		}
		err = ev->subject_names || !ev->nr_subjects ? link_subjects(ev, file, e) : 0;
		if (err)
			return err;
	}
	return 0;
}

/* A copy of an array of entries whose own arrays are still the base's. */
static void *copy_array(struct catalog *c, const void *from, uint32_t n, size_t size, bool *failed)
{
	uint32_t room = 4;
	void *to;

	/* as store_grow would have made it */
	while (room < n)
		room *= 2;
	to = store_take(c->store, room * size);
	if (!to)
		*failed = true;
	else if (n)
		memcpy(to, from, n * size);
	return to;
}

static int take_over(struct catalog *c, struct catalog *base, struct abide_error *e)
{
	bool failed = false;
	uint32_t i;

	c->version = base->version;
	c->nr_structs = base->nr_structs;
	c->structs = copy_array(c, base->structs, c->nr_structs, sizeof(*c->structs), &failed);
	c->nr_events = base->nr_events;
	c->events = copy_array(c, base->events, c->nr_events, sizeof(*c->events), &failed);
	c->nr_enums = base->nr_enums;
	c->enums = copy_array(c, base->enums, c->nr_enums, sizeof(*c->enums), &failed);
	c->nr_rules = base->nr_rules;
	c->rules = copy_array(c, base->rules, c->nr_rules, sizeof(*c->rules), &failed);
	c->nr_syscalls = base->nr_syscalls;
	c->syscalls = copy_array(c, base->syscalls, c->nr_syscalls, sizeof(*c->syscalls), &failed);
	for (i = 0; !failed && i < c->nr_structs; i++)
		c->structs[i].fields = copy_array(c, base->structs[i].fields, base->structs[i].nr_fields,
						  sizeof(struct cat_field), &failed);
	for (i = 0; !failed && i < c->nr_events; i++)
		c->events[i].args = copy_array(c, base->events[i].args, base->events[i].nr_args,
					       sizeof(struct cat_field), &failed);
	if (failed)
		return error_nomem(e);
	c->store->base = base;
	base->store->users++;
	return 0;
}

int catalog_parse(const char *text, uint32_t size, const char *file, const struct catalog *base,
		  struct catalog **out, struct abide_error *e)
{
	struct catalog *c = calloc(1, sizeof(*c));
	int err = 0;

	if (!c || !(c->store = calloc(1, sizeof(*c->store)))) {
		free(c);
		return error_nomem(e);
	}
	c->store->users = 1;
	if (base)
		err = take_over(c, (struct catalog *)base, e);
	if (!err)
		err = parse_text(c, text, size, file, e);
	if (!err)
		err = link_all(c, file, e);
	if (err)
		catalog_free(c);
	else
		*out = c;
	return err;
}

int catalog_open_builtin(struct catalog **out, struct abide_error *e)
{
	return catalog_parse(catalog_builtin, catalog_builtin_size, "built-in catalog", NULL, out, e);
}

int catalog_open_file(const char *path, const struct catalog *base, struct catalog **out,
		      struct abide_error *e)
{
	enum { MOST = 16 << 20 };
	FILE *f = fopen(path, "rb");
	char *text = NULL;
	size_t n;
	int err;

	if (!f)
		return error_set(e, -errno, "", "cannot read %s: %s", path, strerror(errno));
	text = malloc(MOST);
	if (!text) {
		err = error_nomem(e);
		goto out;
	}
	n = fread(text, 1, MOST, f);
	if (ferror(f))
		err = error_set(e, -EIO, "", "cannot read %s", path);
	else if (n == MOST)
		err = error_set(e, -EFBIG, "catalog-syntax", "%s is larger than 16 MiB", path);
	else
		err = catalog_parse(text, (uint32_t)n, path, base, out, e);
out:
	free(text);
	fclose(f);
	return err;
}

void catalog_free(struct catalog *c)
{
	struct catalog *base;
	size_t i;

	while (c && --c->store->users == 0) {
		base = c->store->base;
		for (i = 0; i < c->store->nr_blocks; i++)
			free(c->store->blocks[i]);
		free(c->store->blocks);
		free(c->store);
		free(c);
		c = base;
	}
}

const struct cat_struct *catalog_struct(const struct catalog *c, const char *name)
{
	int at = find_struct(c, name);

	return at < 0 ? NULL : &c->structs[at];
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
static bool prefix_path(struct cat_path *to, const char *arg, const struct cat_path *from, uint32_t elem)
{
	uint32_t i;

	if (from->nr_steps + 1 > CAT_STEPS)
		return false;
	*to = *from;
	memmove(to->steps + 1, from->steps, from->nr_steps * sizeof(from->steps[0]));
	to->steps[0] = (struct cat_step){ .name = arg };
	to->steps[1].arrow = true;
	to->nr_steps++;
	for (i = 1; i < to->nr_steps; i++)
		if (to->steps[i].own_index) {
			to->steps[i].own_index = false;
			to->steps[i].index = elem;
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
		const struct cat_source *from = &args->sources[i];

		if (from->nr_elements && elem >= from->nr_elements)
			continue;
		s = store_grow(c->store, &arg->sources, &arg->nr_sources, sizeof(*s));
		if (!s)
			return false;
		s->text = from->text;
		s->line = from->line;
		if (!prefix_path(&s->path, regs, from->nr_elements ? &from->elements[elem] : &from->path, elem))
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
		    ev->args[i].nr_sources && ev->args[i].sources[0].path.nr_steps) {
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
	if (!args)
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
	const struct cat_syscall *sc = NULL;
	struct cat_event *ev, **slot;
	char doc[160];
	uint32_t i;

	for (i = 0; i < c->store->nr_composed; i++)
		if (!strcmp(c->store->composed[i]->name, name))
			return c->store->composed[i];
	for (i = 0; i < c->nr_syscalls; i++)
		if (!strcmp(c->syscalls[i].name, strchr(name, ':') + 1))
			sc = &c->syscalls[i];
	ev = generic && sc ? store_take(c->store, sizeof(*ev)) : NULL;
	if (!ev)
		return NULL;
	*ev = *generic;
	ev->name = store_text(c->store, name, strlen(name));
	snprintf(doc, sizeof(doc), "the running task %s system call %s", enter ? "begins" : "ends", sc->name);
	ev->doc = store_text(c->store, doc, strlen(doc));
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

/* Edits that turn one word into the other (Levenshtein), at most 64 characters. */
static unsigned distance(const char *a, const char *b)
{
	unsigned row[65], i, k, left, up, n = (unsigned)strnlen(b, 64);

	for (k = 0; k <= n; k++)
		row[k] = k;
	for (i = 0; a[i] && i < 64; i++) {
		left = row[0];
		row[0] = i + 1;
		for (k = 1; k <= n; k++) {
			up = row[k];
			row[k] = left + (a[i] != b[k - 1]);
			if (up + 1 < row[k])
				row[k] = up + 1;
			if (row[k - 1] + 1 < row[k])
				row[k] = row[k - 1] + 1;
			left = up;
		}
	}
	return row[n];
}

static void nearer(const char *name, const char *candidate, const char **best, unsigned *least)
{
	unsigned d = distance(name, candidate);

	/* "switch" for "sched_switch" is near, too */
	if (strlen(name) > 3 && strstr(candidate, name))
		d = 1;
	if (d < *least) {
		*least = d;
		*best = candidate;
	}
}

const char *catalog_suggest(const struct catalog *c, const char *name)
{
	unsigned least = (unsigned)strlen(name) / 3 + 1;
	const char *best = NULL;
	uint32_t i;

	for (i = 0; i < c->nr_events; i++)
		nearer(name, c->events[i].name, &best, &least);
	for (i = 0; i < c->nr_structs; i++)
		nearer(name, c->structs[i].name, &best, &least);
	return best;
}
