// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * A kernel's modules. In: packages and directories of them. Out: answers by name. A distribution has some
 * 4,000, with 70 MiB of BTF: of each are kept hashes of the names in its BTF and among its symbols, and
 * the BTF compressed. Whatever is asked for is looked up among the hashes, and only the few modules that
 * have it are opened. Who asks for a module by its name reads its package only up to there.
 */
#include <errno.h>
#include <linux/btf.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <zstd.h>

#include "profile/modules.h"
#include "util/buf.h"

#define MOST  16384 /* modules */
#define LEVEL 1     /* of the compression: 13 MiB of 70, in a quarter of a second */

struct module {
	char *name;
	uint64_t *names; /* hashes of what it has, sorted */
	uint32_t nr_names;
	size_t room;
	void *packed; /* its split BTF, compressed; NULL: it has none */
	size_t packed_size, btf_size;
	void *bytes; /* unpacked, once opened */
	struct btf_data *btf;
	bool has_symbols;
};

struct modules {
	struct btf_data *base;
	bool loaded, whole; /* .whole: all places were read */
	bool broken;        /* some cannot be read */
	bool nomem;
	char **places;
	uint32_t nr_places;
	size_t room_places;
	pthread_mutex_t lock; /* of .items, while places are read */
	struct module **items; /* in order of names, once read */
	uint32_t nr;
	size_t room;
};

int modules_open(struct btf_data *base, bool loaded, struct modules **out, struct abide_error *e)
{
	struct modules *m = calloc(1, sizeof(*m));

	*out = m;
	if (!m)
		return error_nomem(e);
	m->base = base;
	m->loaded = loaded;
	pthread_mutex_init(&m->lock, NULL);
	return 0;
}

int modules_place(struct modules *m, const char *path, struct abide_error *e)
{
	char **places = array_grow(m->places, m->nr_places, &m->room_places, sizeof(*places));

	if (places)
		m->places = places;
	if (!places || !(places[m->nr_places] = strdup(path)))
		return error_nomem(e);
	m->nr_places++;
	m->whole = false;
	return 0;
}

void modules_partial(struct modules *m)
{
	m->broken = true;
}

static void free_module(struct module *one)
{
	if (!one)
		return;
	btf_free(one->btf);
	free(one->bytes);
	free(one->packed);
	free(one->names);
	free(one->name);
	free(one);
}

void modules_free(struct modules *m)
{
	uint32_t i;

	if (!m)
		return;
	for (i = 0; i < m->nr; i++)
		free_module(m->items[i]);
	for (i = 0; i < m->nr_places; i++)
		free(m->places[i]);
	free(m->items);
	free(m->places);
	pthread_mutex_destroy(&m->lock);
	free(m);
}

/* --- one module ---------------------------------------------------------------- */

/* FNV-1a, of the kind and the name; of types up to "___", behind which CO-RE has flavours. */
static uint64_t hash_of(enum module_thing what, const char *name)
{
	uint64_t h = (14695981039346656037u ^ (uint8_t)what) * 1099511628211u;
	const char *end = what == MODULE_TYPE && *name ? strstr(name + 1, "___") : NULL;

	for (; *name && name != end; name++)
		h = (h ^ (uint8_t)*name) * 1099511628211u;
	return h;
}

struct filling {
	struct module *one;
	bool failed;
};

static void add_name(struct filling *f, enum module_thing what, const char *name)
{
	uint64_t *names = array_grow(f->one->names, f->one->nr_names, &f->one->room, sizeof(*names));

	f->failed |= !names;
	if (!names)
		return;
	f->one->names = names;
	names[f->one->nr_names++] = hash_of(what, name);
}

static void add_symbol(void *arg, const char *name, bool code)
{
	add_name(arg, code ? MODULE_FUNCTION : MODULE_DATA, name);
}

static int by_number(const void *pa, const void *pb)
{
	uint64_t a = *(const uint64_t *)pa, b = *(const uint64_t *)pb;

	return a < b ? -1 : a > b;
}

static void sort_names(struct module *one)
{
	uint64_t *small;
	uint32_t i, n = 0;

	if (!one->nr_names)
		return;
	qsort(one->names, one->nr_names, sizeof(*one->names), by_number);
	for (i = 0; i < one->nr_names; i++)
		if (!n || one->names[n - 1] != one->names[i])
			one->names[n++] = one->names[i];
	one->nr_names = n;
	small = realloc(one->names, n * sizeof(*small));
	if (small)
		one->names = small;
}

static void take_btf(struct filling *f, struct btf_data *base, const struct image_module *from)
{
	size_t room = ZSTD_compressBound(from->btf_size), n;
	struct btf_data *b = NULL;
	struct btf_info t;
	uint32_t id;
	void *packed, *small;
	int err = btf_open_split(base, from->btf, from->btf_size, &b, NULL);

	f->failed |= err == -ENOMEM;
	if (err)
		return; /* damaged, or another kernel's */
	for (id = btf_count(base) - 1; (id = btf_after(b, id, ~0u));)
		if (btf_get(b, id, &t) && *t.name)
			add_name(f, MODULE_TYPE, t.name);
	btf_free(b);
	packed = malloc(room);
	n = packed ? ZSTD_compress(packed, room, from->btf, from->btf_size, LEVEL) : 0;
	f->failed |= !packed || ZSTD_isError(n);
	if (f->failed) {
		free(packed);
		return;
	}
	small = realloc(packed, n);
	f->one->packed = small ? small : packed;
	f->one->packed_size = n;
	f->one->btf_size = from->btf_size;
}

static struct module *make_module(struct btf_data *base, const struct image_module *from)
{
	struct module *one = calloc(1, sizeof(*one));
	struct filling f = { .one = one };

	if (!one)
		return NULL;
	one->name = strdup(from->name);
	f.failed = !one->name;
	if (from->btf)
		take_btf(&f, base, from);
	if (from->elf) {
		one->has_symbols = true;
		image_module_symbols(from, add_symbol, &f);
	}
	if (f.failed) {
		free_module(one);
		return NULL;
	}
	sort_names(one);
	return one;
}

/* --- all of them --------------------------------------------------------------- */

static struct module *find_named(const struct modules *m, const char *name)
{
	uint32_t i;

	for (i = 0; i < m->nr; i++)
		if (!strcmp(m->items[i]->name, name))
			return m->items[i];
	return NULL;
}

int modules_add(struct modules *m, const struct image_module *module, struct abide_error *e)
{
	struct module *one = make_module(m->base, module), **items;
	int err = 0;

	if (!one)
		return error_nomem(e);
	pthread_mutex_lock(&m->lock);
	items = array_grow(m->items, m->nr, &m->room, sizeof(*items));
	if (items)
		m->items = items;
	if (!items)
		err = error_nomem(e);
	else if (m->nr == MOST)
		err = error_set(e, -E2BIG, "image-size", "there are more than %d modules", MOST);
	else
		m->items[m->nr++] = one;
	pthread_mutex_unlock(&m->lock);
	if (err)
		free_module(one);
	return err;
}

struct asking {
	struct modules *m;
	const char *name; /* NULL: all */
};

static bool is_wanted(void *arg, const char *name)
{
	struct asking *a = arg;
	bool there;

	if (a->name)
		return !strcmp(a->name, name);
	pthread_mutex_lock(&a->m->lock);
	there = find_named(a->m, name) != NULL;
	pthread_mutex_unlock(&a->m->lock);
	return !there;
}

static int take(void *arg, const struct image_module *module, struct abide_error *e)
{
	struct asking *a = arg;
	int err = modules_add(a->m, module, e);

	return err ? err : a->name != NULL;
}

static int by_name(const void *pa, const void *pb)
{
	const struct module *a = *(struct module *const *)pa, *b = *(struct module *const *)pb;

	return strcmp(a->name, b->name);
}

/* The module of that name, or all. */
static void read_places(struct modules *m, const char *name)
{
	struct asking a = { m, name };
	struct image_modules_to to = { is_wanted, take, &a };
	uint32_t i, before = m->nr;
	int err;

	for (i = 0; i < m->nr_places && !m->whole && (!name || m->nr == before); i++) {
		err = image_modules(m->places[i], &to, NULL);
		m->broken |= err < 0;
		m->nomem |= err == -ENOMEM;
	}
	m->whole |= !name;
	if (m->nr)
		qsort(m->items, m->nr, sizeof(*m->items), by_name);
}

bool modules_loaded(const struct modules *m)
{
	return m->loaded;
}

bool modules_complete(struct modules *m)
{
	if (!m->whole)
		read_places(m, NULL);
	return m->nr && !m->broken;
}

bool modules_nomem(const struct modules *m)
{
	return m->nomem;
}

const char *module_name(const struct module *one)
{
	return one->name;
}

bool module_has_symbols(const struct module *one)
{
	return one->has_symbols;
}

const struct module *modules_named(struct modules *m, const char *name)
{
	struct module *one = find_named(m, name);

	if (one || m->whole)
		return one;
	read_places(m, name);
	return find_named(m, name);
}

bool module_has(const struct module *one, enum module_thing what, const char *name)
{
	uint64_t h = hash_of(what, name);

	return one->nr_names && bsearch(&h, one->names, one->nr_names, sizeof(h), by_number);
}

const struct module *modules_with(struct modules *m, enum module_thing what, const char *name, uint32_t *at)
{
	if (!m->whole)
		read_places(m, NULL);
	while (*at < m->nr)
		if (module_has(m->items[(*at)++], what, name))
			return m->items[*at - 1];
	return NULL;
}

struct btf_data *modules_btf(struct modules *m, const struct module *which)
{
	struct module *one = find_named(m, which->name);
	void *bytes;

	if (!one || one->btf || !one->packed)
		return one ? one->btf : NULL;
	bytes = malloc(one->btf_size);
	/* its bytes were BTF when they were packed: what fails now fails for lack of memory */
	if (!bytes || ZSTD_decompress(bytes, one->btf_size, one->packed, one->packed_size) != one->btf_size ||
	    btf_open_split(m->base, bytes, one->btf_size, &one->btf, NULL)) {
		m->nomem = true;
		free(bytes);
		return NULL;
	}
	one->bytes = bytes;
	return one->btf;
}
