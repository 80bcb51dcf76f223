/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The kernels that --kernel names. In: what src/profile knows to find (a file of any kind, a
 * profile's name, "all", or nothing: the running kernel). Out: handles, opened when asked for and shared by
 * all objects that are checked; of many kernels that share no memory only a few are open at once.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/check.h"
#include "profile/kernels.h"
#include "util/buf.h"

/* "dir/6.1.btf" is shown as "6.1" */
static char *shown_name(const struct kernels *ks, uint32_t i)
{
	const struct profile_facts *f = kernels_facts(ks, i);
	const char *given = *f->name ? f->name : f->release, *slash = strrchr(given, '/');
	char *name = strdup(slash ? slash + 1 : given);
	size_t n = name ? strlen(name) : 0;

	if (n > 4 && !strcmp(name + n - 4, ".btf"))
		name[n - 4] = '\0';
	return name;
}

/* All but its names. */
static void shut(struct checked_kernel *k)
{
	check_kernel_free(k->kernel);
	target_free(k->target);
	k->kernel = NULL;
	k->target = NULL;
	k->btf = NULL;
}

static void close_one(struct checked_kernel *k)
{
	shut(k);
	free(k->full);
	free(k->name);
	free(k);
}

/* Asked for by the checks. What cannot be read is not known. */
static const struct notes *notes_of(void *arg, bool symbols)
{
	struct checked_kernel *k = arg;
	const struct notes *n = NULL;

	return kernels_notes(k->store, k->index, symbols, &n, NULL) ? NULL : n;
}

int checked_open(const struct checked_kernels *l, uint32_t kernel, struct catalog *c, struct abide_error *e)
{
	struct checked_kernel *k = l->items[kernel];
	struct modules *modules = NULL;
	int err;

	if (k->kernel)
		return 0;
	err = kernels_btf(l->store, k->index, &k->btf, e);
	if (!err)
		err = target_open(k->btf, k->full, c, &k->target, e);
	if (!err)
		err = check_kernel_open(k->btf, k->name, &k->kernel, e);
	if (!err)
		err = kernels_modules(l->store, k->index, &modules, e);
	if (err) {
		shut(k);
		return err;
	}
	check_kernel_release(k->kernel, kernels_facts(l->store, k->index)->release);
	check_kernel_notes(k->kernel, notes_of, k);
	check_kernel_modules(k->kernel, modules);
	return 0;
}

#define KEEP 4 /* kernels of some 7 MiB each */

/* How many of the first @nr kernels have memory of their own. */
static uint32_t heavy(const struct checked_kernels *l, uint32_t nr)
{
	uint32_t i, n = 0;

	for (i = 0; !l->app && i < nr; i++)
		n += kernels_droppable(l->store, l->items[i]->index);
	return n;
}

bool checked_many(const struct checked_kernels *l)
{
	return heavy(l, l->nr) > KEEP;
}

void checked_leave(const struct checked_kernels *l, uint32_t kernel)
{
	struct checked_kernel *k = l->items[kernel];

	if (l->app || !kernels_droppable(l->store, k->index) || heavy(l, kernel) < KEEP)
		return;
	shut(k);
	kernels_drop(l->store, k->index);
}

static int add_one(struct checked_kernels *l, uint32_t i, struct abide_error *e)
{
	struct checked_kernel *k = calloc(1, sizeof(*k)), **items;

	items = k ? array_grow(l->items, l->nr, &l->room, sizeof(*items)) : NULL;
	if (items)
		l->items = items;
	if (k) {
		k->running = kernels_origin(l->store, i) == KERNEL_RUNNING;
		k->store = l->store;
		k->index = i;
		k->name = shown_name(l->store, i);
		k->full = k->name ? strdup(k->name) : NULL;
	}
	if (!items || !k->full) {
		if (k)
			close_one(k);
		return error_nomem(e);
	}
	l->items[l->nr++] = k;
	checked_leave(l, l->nr - 1); /* what a file was read for to find it */
	return 0;
}

int checked_find(const char *asked, struct checked_kernels *l, struct abide_error *e)
{
	struct kernel_list found = { 0 };
	uint32_t i;
	int err;

	err = l->store ? 0 : kernels_open(&l->store, e);
	if (!err)
		err = kernels_find(l->store, asked, &found, e);
	for (i = 0; !err && i < found.nr; i++)
		err = add_one(l, found.items[i], e);
	free(found.items);
	return err;
}

int checked_app(const struct inputs_app *which, struct checked_kernels *l, struct catalog **c, struct abide_error *e)
{
	struct checked_kernel *k, **items;
	int err;

	err = inputs_app_open(which, &l->app, e);
	if (err)
		return err;
	items = array_grow(l->items, l->nr, &l->room, sizeof(*items));
	if (!items)
		return error_nomem(e);
	l->items = items;
	k = calloc(1, sizeof(*k));
	if (!k)
		return error_nomem(e);
	k->btf = target_btf(l->app->target);
	k->target = l->app->target;
	k->name = strdup(l->app->name);
	err = k->name ? check_kernel_open(k->btf, k->name, &k->kernel, e) : error_nomem(e);
	if (err) {
		k->target = NULL; /* the application's */
		close_one(k);
		return err;
	}
	l->items[l->nr++] = k;
	*c = l->app->catalog;
	return err;
}

/* The version alone, "6.12.107" or "5.10.0-46", of a release that begins with one; its length. */
static size_t version_of(const char *name)
{
	size_t n = strspn(name, "0123456789."), more;

	if (!n || !strchr(name, '.'))
		return strlen(name);
	more = name[n] == '-' ? strspn(name + n + 1, "0123456789") : 0;
	return more && (!name[n + 1 + more] || name[n + 1 + more] == '-') ? n + 1 + more : n;
}

/* "6.12.107", or "6.12.107-arm64" where kernels of that version are of several machines; at most @size bytes. */
static void short_name(const struct checked_kernel *k, bool machine, char *buf, size_t size)
{
	snprintf(buf, size, "%.*s%s%s", (int)version_of(k->name), k->name, machine ? "-" : "",
		 machine ? kernels_facts(k->store, k->index)->machine : "");
}

static bool clashes(const struct checked_kernels *l, uint32_t i, bool machine)
{
	char mine[160], other[160];
	uint32_t k;

	short_name(l->items[i], machine, mine, sizeof(mine));
	for (k = 0; k < l->nr; k++) {
		short_name(l->items[k], machine, other, sizeof(other));
		if (k != i && !strcmp(mine, other))
			return true;
	}
	return false;
}

/*
 * Before any is opened. Columns of the report are narrow: versions are the names, with the machine where several share
 * one, or else the full name stays (two builds of one version).
 */
void checked_shorten(struct checked_kernels *l)
{
	char **names = calloc(l->nr + 1, sizeof(*names)), text[160];
	bool machine;
	uint32_t i;

	for (i = 0; names && i < l->nr; i++) {
		machine = clashes(l, i, false);
		if (machine && clashes(l, i, true))
			continue;
		short_name(l->items[i], machine, text, sizeof(text));
		names[i] = strdup(text);
	}
	for (i = 0; names && i < l->nr; i++) {
		if (!names[i])
			continue;
		free(l->items[i]->name);
		l->items[i]->name = names[i];
	}
	free(names);
}

void checked_close(struct checked_kernels *l)
{
	uint32_t i;

	for (i = 0; i < l->nr; i++) {
		if (l->app)
			l->items[i]->target = NULL;
		close_one(l->items[i]);
	}
	free(l->items);
	kernels_close(l->store);
	app_free(l->app);
	memset(l, 0, sizeof(*l));
}
