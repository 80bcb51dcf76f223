// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Which kernels there are, and what a user's word for one means. In: the built-in set, the
 * store, files. Out: facts at once, BTF when asked for, opened once.
 */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "image/image.h"
#include "profile/kernels.h"
#include "profile/places.h"
#include "profile/running.h"
#include "profile/store.h"

#define KERNEL_BTF "/sys/kernel/btf/vmlinux"

struct set { /* an open profile and its bytes */
	struct profile *profile;
	struct buf bytes;
};

struct kernel {
	struct profile_facts facts;
	enum kernel_origin origin;
	struct set *set; /* NULL: .image, the running kernel, or not read yet */
	uint32_t index;
	char *path;
	struct image *image;
	struct btf_data *btf;
	struct notes notes; /* of a profile's or the running kernel */
	bool has_notes, has_symbols;
	struct modules *modules;
	bool hashed; /* the facts have the hash of what is no profile */
	struct abide_error fault;
};

struct kernels {
	struct kernel **items;
	uint32_t nr;
	size_t room;
	struct set **sets;
	uint32_t nr_sets;
	size_t room_sets;
};

static struct kernel *add_kernel(struct kernels *ks, enum kernel_origin origin, const char *path,
                                 struct abide_error *e)
{
	struct kernel **items = array_grow(ks->items, ks->nr, &ks->room, sizeof(*items)), *k;

	if (items)
		ks->items = items;
	k = items ? calloc(1, sizeof(*k)) : NULL;
	if (k && path) {
		k->path = strdup(path);
		if (!k->path) {
			free(k);
			k = NULL;
		}
	}
	if (!k) {
		error_nomem(e);
		return NULL;
	}
	k->origin = origin;
	ks->items[ks->nr++] = k;
	return k;
}

/* Takes @bytes over, also when it fails. */
static int add_set(struct kernels *ks, const void *data, size_t size, struct buf *bytes,
                   struct set **out, struct abide_error *e)
{
	struct set **sets = array_grow(ks->sets, ks->nr_sets, &ks->room_sets, sizeof(*sets)), *s;
	int err;

	if (sets)
		ks->sets = sets;
	s = sets ? calloc(1, sizeof(*s)) : NULL;
	if (!s) {
		buf_free(bytes);
		return error_nomem(e);
	}
	s->bytes = *bytes;
	memset(bytes, 0, sizeof(*bytes));
	err = profile_open(data, size, &s->profile, e);
	if (err) {
		buf_free(&s->bytes);
		free(s);
		return err;
	}
	ks->sets[ks->nr_sets++] = s;
	*out = s;
	return 0;
}

/* All kernels of a set. */
static int add_kernels(struct kernels *ks, struct set *s, enum kernel_origin origin,
                       const char *path, struct abide_error *e)
{
	struct kernel *k;
	uint32_t i;

	for (i = 0; i < profile_count(s->profile); i++) {
		k = add_kernel(ks, origin, path, e);
		if (!k)
			return -ENOMEM;
		k->facts = *profile_facts(s->profile, i);
		k->set = s;
		k->index = i;
	}
	return 0;
}

/* A file of the store is one kernel, named like the file. */
static int add_stored(struct kernels *ks, const char *dir, const char *file, struct abide_error *e)
{
	size_t len = strlen(file) - strlen(STORE_SUFFIX);
	char path[PATH_MAX + NAME_MAX + 2];
	struct buf bytes = { 0 };
	struct kernel *k;

	snprintf(path, sizeof(path), "%s/%s", dir, file);
	k = add_kernel(ks, KERNEL_STORE, path, e);
	if (!k)
		return -ENOMEM;
	if (!store_read(path, &bytes, &k->fault) &&
	    !add_set(ks, bytes.data, bytes.size, &bytes, &k->set, &k->fault))
		k->facts = *profile_facts(k->set->profile, 0);
	buf_free(&bytes);
	snprintf(k->facts.name, sizeof(k->facts.name), "%.*s", (int)len, file);
	return 0;
}

static int read_store(struct kernels *ks, struct abide_error *e)
{
	char dir[PATH_MAX], name[96];
	struct dirent *d;
	DIR *at;
	int err = 0;

	if (store_dir(false, dir, NULL))
		return 0; /* no home: nothing stored */
	at = opendir(dir);
	while (at && !err && (d = readdir(at))) {
		size_t n = strlen(d->d_name);

		if (n <= strlen(STORE_SUFFIX) || n - strlen(STORE_SUFFIX) >= sizeof(name) ||
		    strcmp(d->d_name + n - strlen(STORE_SUFFIX), STORE_SUFFIX))
			continue;
		snprintf(name, sizeof(name), "%.*s", (int)(n - strlen(STORE_SUFFIX)), d->d_name);
		if (store_name_ok(name))
			err = add_stored(ks, dir, d->d_name, e);
	}
	if (at)
		closedir(at);
	return err;
}

static int by_version(const void *pa, const void *pb)
{
	const struct kernel *a = *(struct kernel *const *)pa, *b = *(struct kernel *const *)pb;
	int c = strverscmp(a->facts.name, b->facts.name);

	return c ? c : (int)b->origin - (int)a->origin; /* the store's first */
}

/* In order of versions; a built-in one behind one of the same name goes. */
static void sort(struct kernels *ks)
{
	uint32_t i, n = 0;

	if (!ks->nr)
		return;
	qsort(ks->items, ks->nr, sizeof(*ks->items), by_version);
	for (i = 0; i < ks->nr; i++) {
		if (n && !strcmp(ks->items[n - 1]->facts.name, ks->items[i]->facts.name)) {
			free(ks->items[i]->path);
			free(ks->items[i]);
			continue;
		}
		ks->items[n++] = ks->items[i];
	}
	ks->nr = n;
}

int kernels_open(struct kernels **out, struct abide_error *e)
{
	struct kernels *ks = calloc(1, sizeof(*ks));
	struct buf none = { 0 };
	struct set *s;
	const void *data;
	size_t size;
	int err;

	*out = NULL;
	if (!ks)
		return error_nomem(e);
	data = kernels_builtin(&size);
	err = add_set(ks, data, size, &none, &s, e);
	if (!err)
		err = add_kernels(ks, s, KERNEL_BUILTIN, NULL, e);
	if (!err)
		err = read_store(ks, e);
	if (err) {
		kernels_close(ks);
		return err;
	}
	sort(ks);
	*out = ks;
	return 0;
}

void kernels_close(struct kernels *ks)
{
	uint32_t i;

	if (!ks)
		return;
	for (i = 0; i < ks->nr; i++) {
		kernels_drop(ks, i);
		notes_free(&ks->items[i]->notes);
		image_free(ks->items[i]->image);
		free(ks->items[i]->path);
		free(ks->items[i]);
	}
	for (i = 0; i < ks->nr_sets; i++) {
		profile_free(ks->sets[i]->profile);
		buf_free(&ks->sets[i]->bytes);
		free(ks->sets[i]);
	}
	free(ks->items);
	free(ks->sets);
	free(ks);
}

uint32_t kernels_count(const struct kernels *ks)
{
	return ks->nr;
}

const struct profile_facts *kernels_facts(const struct kernels *ks, uint32_t i)
{
	return &ks->items[i]->facts;
}

enum kernel_origin kernels_origin(const struct kernels *ks, uint32_t i)
{
	return ks->items[i]->origin;
}

const char *kernels_path(const struct kernels *ks, uint32_t i)
{
	return ks->items[i]->path;
}

const struct abide_error *kernels_fault(const struct kernels *ks, uint32_t i)
{
	return ks->items[i]->fault.code ? &ks->items[i]->fault : NULL;
}

/* A file that is read again in no time. */
static bool is_raw(const struct kernel *k)
{
	return k->origin == KERNEL_FILE && !k->set && (!k->image || !strcmp(k->image->format, "raw BTF"));
}

bool kernels_droppable(const struct kernels *ks, uint32_t i)
{
	const struct kernel *k = ks->items[i];

	return k->set ? profile_count(k->set->profile) == 1 : is_raw(k);
}

int kernels_btf(struct kernels *ks, uint32_t i, struct btf_data **out, struct abide_error *e)
{
	struct kernel *k = ks->items[i];
	int err = 0;

	*out = NULL;
	if (k->fault.code) {
		if (e)
			*e = k->fault;
		return k->fault.code;
	}
	if (!k->btf && is_raw(k) && !k->image)
		err = image_open(k->path, &k->image, e);
	if (err)
		return err;
	if (!k->btf && k->set)
		err = profile_btf(k->set->profile, k->index, &k->btf, e);
	else if (!k->btf && k->image)
		err = btf_open_mem(k->image->btf, k->image->btf_size, &k->btf, e);
	else if (!k->btf)
		err = btf_open_file(KERNEL_BTF, &k->btf, e);
	*out = k->btf;
	return err;
}

int kernels_notes(struct kernels *ks, uint32_t i, bool symbols, const struct notes **out, struct abide_error *e)
{
	struct kernel *k = ks->items[i];
	struct btf_data *btf;
	int err = 0;

	*out = k->image ? &k->image->notes : &k->notes;
	if (k->image || k->fault.code)
		return 0;
	if (k->set && !k->has_notes)
		err = profile_notes(k->set->profile, k->index, &k->notes, e);
	if (k->origin == KERNEL_RUNNING && !k->has_notes)
		err = running_config(k->facts.release, &k->notes, e);
	if (!err && k->origin == KERNEL_RUNNING && symbols && !k->has_symbols) {
		err = kernels_btf(ks, i, &btf, e);
		if (!err)
			err = running_symbols(btf, &k->notes, e);
		k->has_symbols = true;
	}
	k->has_notes = true;
	return err;
}

int kernels_modules(struct kernels *ks, uint32_t i, struct modules **out, struct abide_error *e)
{
	struct kernel *k = ks->items[i];
	bool running = k->origin == KERNEL_RUNNING;
	struct btf_data *base;
	int err = 0;

	if (!k->modules && (running || k->origin == KERNEL_FILE)) {
		err = kernels_btf(ks, i, &base, e);
		if (!err && (running || k->image))
			err = places_open(running ? NULL : k->path, running ? "" : k->image->format, base, &k->modules, e);
	}
	*out = k->modules;
	return err;
}

int kernels_hash(struct kernels *ks, uint32_t i, uint8_t hash[32], struct abide_error *e)
{
	struct kernel *k = ks->items[i];
	struct btf_data *btf;
	int err;

	if (!k->hashed && !k->set) {
		err = kernels_btf(ks, i, &btf, e);
		if (err)
			return err;
		profile_hash(btf, k->facts.btf_hash);
		k->hashed = true;
	}
	memcpy(hash, k->facts.btf_hash, sizeof(k->facts.btf_hash));
	return 0;
}

void kernels_drop(struct kernels *ks, uint32_t i)
{
	struct kernel *k = ks->items[i];

	modules_free(k->modules); /* they stand on .btf */
	k->modules = NULL;
	btf_free(k->btf);
	k->btf = NULL;
	if (!kernels_droppable(ks, i))
		return;
	if (k->set) {
		profile_trim(k->set->profile);
		notes_free(&k->notes);
		k->has_notes = false;
	} else {
		image_free(k->image);
		k->image = NULL;
	}
}

static int list_add(struct kernel_list *l, uint32_t i, struct abide_error *e)
{
	uint32_t *items, j;

	for (j = 0; j < l->nr; j++)
		if (l->items[j] == i)
			return 0;
	items = array_grow(l->items, l->nr, &l->room, sizeof(*items));
	if (!items)
		return error_nomem(e);
	l->items = items;
	l->items[l->nr++] = i;
	return 0;
}

static const char *machine_here(struct utsname *u)
{
	if (uname(u))
		return "";
	return !strcmp(u->machine, "aarch64") ? "arm64" : u->machine;
}

static int find_running(struct kernels *ks, struct kernel_list *l, struct abide_error *e)
{
	struct utsname u;
	struct kernel *k;
	uint32_t i;

	for (i = 0; i < ks->nr; i++)
		if (ks->items[i]->origin == KERNEL_RUNNING)
			return list_add(l, i, e);
	if (access(KERNEL_BTF, R_OK)) {
		error_set(e, -ENOENT, "no-btf", "this kernel does not describe its types");
		error_reason(e, "%s: %s", KERNEL_BTF, strerror(errno));
		return error_hint(
			e,
			"use a kernel with CONFIG_DEBUG_INFO_BTF=y, or name another kernel: --kernel NAME");
	}
	k = add_kernel(ks, KERNEL_RUNNING, NULL, e);
	if (!k)
		return -ENOMEM;
	snprintf(k->facts.machine, sizeof(k->facts.machine), "%.15s", machine_here(&u));
	snprintf(k->facts.release, sizeof(k->facts.release), "%s",
	         *k->facts.machine ? u.release : "");
	snprintf(k->facts.name, sizeof(k->facts.name), "%s",
	         *k->facts.release ? k->facts.release : "this kernel");
	k->facts.big_endian = __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__;
	return list_add(l, ks->nr - 1, e);
}

/* "6.1" is the beginning of "6.1.0-50", not of "6.12". */
static bool begins(const char *name, const char *with)
{
	size_t n = strlen(with);

	return !strncmp(name, with, n) && (!name[n] || strchr(".-+_", name[n]));
}

/* The profile that a name means, or -1. Later ones are newer. */
static int64_t find_profile(const struct kernels *ks, const char *what)
{
	struct utsname u;
	const char *here = machine_here(&u);
	int64_t best = -1;
	bool best_here = false;
	uint32_t i;

	for (i = 0; i < ks->nr; i++) {
		const struct profile_facts *f = &ks->items[i]->facts;
		bool is_here = !strcmp(f->machine, here);

		if (ks->items[i]->origin > KERNEL_STORE)
			continue;
		if (!strcmp(f->name, what))
			return i;
		if (!begins(f->name, what) && !begins(f->release, what))
			continue;
		if (best < 0 || is_here >= best_here) {
			best = i;
			best_here = is_here;
		}
	}
	return best;
}

/* A file in any format: one kernel. */
static int add_image(struct kernels *ks, const char *path, struct abide_error *e)
{
	struct profile_facts facts;
	struct btf_data *btf = NULL;
	struct image *im = NULL;
	struct kernel *k;
	int err = kernels_read(path, NULL, &im, &btf, &facts, e);

	if (err)
		return err;
	k = add_kernel(ks, KERNEL_FILE, path, e);
	if (!k) {
		btf_free(btf);
		image_free(im);
		return -ENOMEM;
	}
	k->facts = facts;
	k->image = im;
	k->btf = btf;
	return 0;
}

/* A profile's file: all that are in it. */
static int add_profile(struct kernels *ks, const char *path, struct abide_error *e)
{
	struct buf bytes = { 0 };
	struct set *s;
	int err = store_read(path, &bytes, e);

	if (!err)
		err = add_set(ks, bytes.data, bytes.size, &bytes, &s, e);
	else
		buf_free(&bytes);
	return err ? err : add_kernels(ks, s, KERNEL_FILE, path, e);
}

static int find_file(struct kernels *ks, const char *path, struct kernel_list *l,
                     struct abide_error *e)
{
	uint32_t i;
	int err = 0;

	for (i = 0; i < ks->nr; i++)
		if (ks->items[i]->origin == KERNEL_FILE && !strcmp(ks->items[i]->path, path))
			break;
	if (i == ks->nr)
		err = store_is_profile(path) ? add_profile(ks, path, e) : add_image(ks, path, e);
	for (; i < ks->nr && !err; i++)
		if (ks->items[i]->origin == KERNEL_FILE && !strcmp(ks->items[i]->path, path))
			err = list_add(l, i, e);
	return err;
}

static int unknown(const struct kernels *ks, const char *what, struct abide_error *e)
{
	char names[600] = "";
	size_t n = 0;
	uint32_t i;

	for (i = 0; i < ks->nr && n < sizeof(names); i++)
		if (ks->items[i]->origin <= KERNEL_STORE)
			n += (size_t)snprintf(names + n, sizeof(names) - n, "%s%s", n ? ", " : "",
			                      ks->items[i]->facts.name);
	error_set(e, -ENOENT, "kernel-unknown",
	          "there is no kernel \"%.100s\": no file and no profile has that name", what);
	error_reason(e, "profiles: %s", names);
	return error_hint(e,
	                  "--kernel FILE for a kernel's image, package or BTF; abide kernel list");
}

int kernels_find(struct kernels *ks, const char *what, struct kernel_list *l, struct abide_error *e)
{
	int64_t found;
	uint32_t i;
	int err = 0;

	if (!what)
		return find_running(ks, l, e);
	if (!strcmp(what, "all")) {
		for (i = 0; i < ks->nr && !err; i++)
			if (ks->items[i]->origin <= KERNEL_STORE &&
			    ks->items[i]->facts.big_endian == (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__))
				err = list_add(l, i, e);
		return err;
	}
	found = strchr(what, '/') ? -1 : find_profile(ks, what);
	if (found >= 0)
		return list_add(l, (uint32_t)found, e);
	return access(what, F_OK) && !strchr(what, '/') ? unknown(ks, what, e)
	                                                : find_file(ks, what, l, e);
}
