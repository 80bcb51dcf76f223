/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Memory that runs out: while an application is opened and an image is made for it, the first allocation fails,
 * then the second, and so on, until a run needs no more. Every run ends in -ENOMEM or in the very image of a run that
 * was refused nothing. Linked with --wrap. (Translation has such tests of its own; here it is done once.)
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/app.h"
#include "app/image.h"
#include "catalog/header.h"
#include "translate/translate.h"
#include "nomem_kit.h"

char *__real_strdup(const char *s);
char *__wrap_strdup(const char *s);

char *__wrap_strdup(const char *s)
{
	return refuse() ? NULL : __real_strdup(s);
}

static uint64_t add(uint64_t sum, const void *data, size_t size)
{
	const uint8_t *p = data;

	while (size--)
		sum = sum * 31 + *p++;
	return sum;
}

/* All that comes of the files @paths, as one number. */
static int open_once(const char *const *paths, uint64_t *sum)
{
	struct abide_error e = { 0 };
	struct buf header = { 0 };
	struct app *a = NULL;
	size_t size;
	int err;

	*sum = 0;
	err = app_open_files(paths, 2, &a, &e);
	if (!err)
		err = header_write_application(a->catalog, a->name, &header, &e);
	if (!err) {
		const void *btf = btf_bytes(target_btf(a->target), &size);

		*sum = add(add(0, header.data, header.size), btf, size);
	}
	if (err && !e.problem[0])
		err = -EINVAL; /* refused without a word */
	buf_free(&header);
	app_free(a);
	return err;
}

static int image_once(const struct translated *t, uint64_t *sum)
{
	const uint32_t least = 99;
	const struct session_variable v = { "least", &least, 4 };
	struct abide_error e = { 0 };
	struct app_image *im = NULL;
	uint32_t i;
	int err;

	*sum = 0;
	err = app_image_make(t, &v, 1, &im, &e);
	for (i = 0; !err && i < im->nr_programs; i++)
		*sum = add(*sum, im->programs[i].insns, im->programs[i].nr_insns * sizeof(struct bpf_insn));
	for (i = 0; !err && i < im->nr_maps; i++)
		*sum = add(*sum, im->maps[i].data, im->maps[i].data ? im->maps[i].def.value_size : 0);
	if (err && !e.problem[0])
		err = -EINVAL;
	app_image_free(im);
	return err;
}

static int nr;

/* @once is open_once or image_once, with what it takes. */
static bool all(const char *name, int (*once)(const void *what, uint64_t *sum), const void *what)
{
	long refused = 0, bad = 0;
	uint64_t good, sum;
	int err;

	fail_at = -1;
	err = once(what, &good);
	for (fail_at = 0; !err; fail_at++) {
		allocations = 0;
		switch (once(what, &sum)) {
		case 0:
			bad += sum != good;
			break;
		case -ENOMEM:
			refused++;
			break;
		default:
			printf("# allocation %ld: another error\n", fail_at);
			bad++;
		}
		if (allocations <= fail_at)
			break;
	}
	printf("%sok %d - %s: %ld allocations, each refused once\n", err || bad || refused < 10 ? "not " : "", ++nr, name, fail_at);
	fail_at = -1;
	return !err && !bad && refused >= 10;
}

static int open_any(const void *what, uint64_t *sum)
{
	return open_once(what, sum);
}

static int image_any(const void *what, uint64_t *sum)
{
	return image_once(what, sum);
}

int main(int argc, char **argv)
{
	const char *slash = strrchr(argv[0], '/');
	int dir = slash ? (int)(slash + 1 - argv[0]) : 0;
	char library[4200], object[4200];
	const char *const paths[] = { library, library };
	struct translated *t = NULL;
	struct abide_error e = { 0 };
	struct object *o = NULL;
	struct app *a = NULL;
	bool ok;

	(void)argc;
	snprintf(library, sizeof(library), "%.*sapp_events.so", dir, argv[0]);
	snprintf(object, sizeof(object), "%.*sapp_image.bpf.o", dir, argv[0]);
	ok = all("an application", open_any, paths);
	if (app_open_files(paths, 1, &a, &e) || object_open_file(object, &o, &e) ||
	    translate_object(o, a->catalog, a->target, NULL, &t, &e)) {
		printf("not ok %d - an object for it: %s\n", ++nr, e.problem);
		ok = false;
	} else {
		ok &= all("an image", image_any, t);
	}
	printf("1..%d\n", nr);
	translated_free(t);
	object_free(o);
	app_free(a);
	return !ok;
}
