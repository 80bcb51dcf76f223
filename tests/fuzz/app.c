/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Fuzz target: any bytes as an ELF file with user events, or (behind a "!") as the records themselves. Beside the
 * sanitizers' checks: what is accepted makes a catalog and a target on which every field and argument resolves to a
 * plain access inside of what BTF can say; it keeps its own lock; its header opens and closes each comment. A
 * refusal has a tag.
 */
#include <stdlib.h>
#include <string.h>

#include "app/binary.h"
#include "app/part.h"
#include "catalog/header.h"
#include "catalog/lock.h"
#include "standalone.h"

static void must(bool ok)
{
	if (!ok)
		abort();
}

static void visit(struct app *a)
{
	struct catalog *c = a->catalog;
	struct abide_error e = { 0 };
	const struct placement *p;
	const struct access *x;
	uint32_t i, k;

	for (i = 0; i < c->nr_structs; i++)
		for (k = 0; k < c->structs[i].nr_fields; k++) {
			must(!resolve_field(a->target, &c->structs[i], &c->structs[i].fields[k], 0, &x, &e));
			must(!x->path.fetch && x->path.off <= APP_OFFSET && x->path.nr_hops <= LAYOUT_HOPS);
		}
	for (i = 0; i < c->nr_events; i++) {
		must(!resolve_event(a->target, &c->events[i], &p, &e));
		for (k = 0; k < c->events[i].nr_args; k++)
			must(!resolve_arg(a->target, p, &c->events[i].args[k], &x, &e) && x->path.value);
	}
}

static void comments(const char *text)
{
	bool inside = false;

	for (; *text; text++)
		if (!inside && text[0] == '/' && text[1] == '*') {
			inside = true;
			text++;
		} else if (inside && text[0] == '*' && text[1] == '/') {
			inside = false;
			text++;
		} else {
			must(!inside || text[0] != '/' || text[1] != '*');
		}
	must(!inside);
}

static void whole(const struct buf *records)
{
	struct abide_error e = { 0 };
	struct buf header = { 0 }, lock = { 0 };
	struct app *a;
	int err;

	must(!app_new("fuzz", &a, &e));
	err = app_add(a, "fuzz", records, &e);
	if (!err)
		err = app_add(a, "twice", records, &e); /* agrees with itself */
	if (!err) {
		err = app_finish(a, &e);
		must(strcmp(e.tag, "user-conflict"));
	}
	if (err) {
		must(e.code == err && *e.tag && *e.problem);
	} else {
		visit(a);
		must(!header_write_application(a->catalog, a->name, &header, &e));
		buf_u8(&header, 0);
		comments((const char *)header.data);
		must(!lock_write(a->catalog, &lock, &e));
		must(!lock_check(a->catalog, (const char *)lock.data, lock.size, "lock", &e));
	}
	buf_free(&header);
	buf_free(&lock);
	app_free(a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct abide_error e = { 0 };
	struct buf records = { 0 };

	if (size > 1 << 16)
		return 0;
	if (size && *data == '!')
		buf_add(&records, data + 1, size - 1);
	else if (app_binary_mem(data, size, "fuzz", &records, &e))
		must(e.code && *e.tag && *e.problem);
	if (records.size)
		whole(&records);
	buf_free(&records);
	return 0;
}
