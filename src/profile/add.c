// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * A kernel's file as a profile in the store. The name, when none is given, is the release;
 * where the file does not tell that (raw BTF), its own name without the endings, which
 * is taken for the release if it looks like one.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "image/image.h"
#include "profile/kernels.h"
#include "profile/store.h"

/* "/x/6.1.0-50.btf.xz" is "6.1.0-50". */
static void name_of_file(const char *path, char *name, size_t size)
{
	static const char *const endings[] = { ".xz",  ".gz",  ".zst", ".lz4", ".lzma",
		                               ".bz2", ".btf", ".deb", ".rpm" };
	const char *base = strrchr(path, '/');
	size_t i, n, len;
	bool cut;

	snprintf(name, size, "%s", base ? base + 1 : path);
	do {
		cut = false;
		len = strlen(name);
		for (i = 0; i < sizeof(endings) / sizeof(*endings); i++) {
			n = strlen(endings[i]);
			if (len > n && !strcmp(name + len - n, endings[i])) {
				name[len - n] = '\0';
				cut = true;
				break;
			}
		}
	} while (cut);
}

static bool like_release(const char *name)
{
	size_t n = strspn(name, "0123456789");

	return n && name[n] == '.' && name[n + 1] >= '0' && name[n + 1] <= '9';
}

/*
 * Where neither the package nor the kernel has it, its configuration may lie beside it: as config-RELEASE, or,
 * where the directory is of one kernel, as config.
 */
static int config_beside(const char *path, const char *release, struct notes *n, struct abide_error *e)
{
	const char *slash = strrchr(path, '/');
	int dir = slash ? (int)(slash - path) + 1 : 0, i;
	char beside[PATH_MAX];
	struct buf text = { 0 };

	for (i = 0; i < 2; i++) {
		if (notes_know(n, KNOWS_CONFIG) || (!i && !*release))
			continue;
		if ((size_t)snprintf(beside, sizeof(beside), "%.*sconfig%s%s", dir, path, i ? "" : "-", i ? "" : release) >=
		    sizeof(beside))
			continue;
		text.size = 0;
		if (access(beside, R_OK) || store_read(beside, &text, NULL))
			continue;
		buf_u8(&text, 0);
		if (!text.failed && strlen((const char *)text.data) == text.size - 1)
			notes_add_config(n, (const char *)text.data);
	}
	buf_free(&text);
	return notes_finish(n, e);
}

int kernels_read(const char *path, const char *name, struct image **image, struct btf_data **btf,
                 struct profile_facts *f, struct abide_error *e)
{
	struct image *im = NULL;
	char from_file[sizeof(f->name)];
	int err;

	memset(f, 0, sizeof(*f));
	*btf = NULL;
	err = image_open(path, &im, e);
	if (!err)
		err = btf_open_mem(im->btf, im->btf_size, btf, e);
	if (err) {
		image_free(im);
		return err;
	}
	name_of_file(path, from_file, sizeof(from_file));
	profile_facts_of(*btf, f);
	if (*im->machine && !strcmp(f->machine, "unknown"))
		memcpy(f->machine, im->machine, sizeof(f->machine));
	snprintf(f->source, sizeof(f->source), "%s", im->format);
	snprintf(f->release, sizeof(f->release), "%s",
	         *im->release              ? im->release
	         : like_release(from_file) ? from_file
	                                   : "");
	err = strcmp(im->format, "raw BTF") ? config_beside(path, f->release, &im->notes, e) : 0;
	if (err) {
		btf_free(*btf);
		*btf = NULL;
		image_free(im);
		return err;
	}
	snprintf(f->name, sizeof(f->name), "%s",
	         name          ? name
	         : *f->release ? f->release
	                       : from_file);
	*image = im;
	return 0;
}

int kernels_add(const char *path, const char *name, bool force, struct profile_facts *f,
                struct abide_error *e)
{
	struct profile_kernel one = { 0 };
	struct btf_data *btf = NULL;
	struct image *im = NULL;
	struct buf out = { 0 };
	char to[PATH_MAX];
	int err;

	if (name && !store_name_ok(name))
		return store_path(name, false, to, e);
	err = kernels_read(path, name, &im, &btf, f, e);
	if (err)
		return err;
	err = store_path(f->name, true, to, e);
	if (err)
		goto out;
	if (!force && !access(to, F_OK)) {
		error_set(e, -EEXIST, "kernel-exists", "there is a kernel \"%s\" already", f->name);
		err = error_hint(e, "--force to replace it, --name to give this one another name");
		goto out;
	}
	profile_hash(btf, f->btf_hash);
	one.facts = *f;
	one.btf = btf;
	one.notes = &im->notes;
	err = profile_write(&one, 1, &out, e);
	if (!err)
		err = store_write(to, &out, e);
out:
	buf_free(&out);
	btf_free(btf);
	image_free(im);
	return err;
}

int kernels_remove(const char *name, struct abide_error *e)
{
	struct kernels *ks;
	char path[PATH_MAX];
	int err;
	uint32_t i;

	err = store_path(name, false, path, e);
	if (err)
		return err;
	if (!unlink(path))
		return 0;
	if (errno != ENOENT)
		return error_set(e, -errno, "", "%s: %s", path, strerror(errno));
	error_set(e, -ENOENT, "kernel-unknown", "you have added no kernel \"%s\"", name);
	if (kernels_open(&ks, NULL))
		return -ENOENT;
	for (i = 0; i < kernels_count(ks); i++)
		if (!strcmp(kernels_facts(ks, i)->name, name))
			error_reason(e, "the one of that name is built in");
	kernels_close(ks);
	return -ENOENT;
}
