/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * An application opened: files -> records -> layouts -> one layout -> catalog text -> catalog, and BTF ->
 * target. In: paths or a process. Out: struct app. The catalog comes of text and the parser, the target of BTF
 * and its reader, as for a kernel: whatever a binary says passes the same checks.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/binary.h"
#include "app/name.h"
#include "app/part.h"
#include "policy/policy.h"

int app_new(const char *name, struct app **out, struct abide_error *e)
{
	struct app *a = calloc(1, sizeof(*a));

	*out = a;
	if (!a)
		return error_nomem(e);
	a->name = strdup(name);
	a->store = calloc(1, sizeof(*a->store));
	return a->name && a->store ? 0 : error_nomem(e);
}

int app_add(struct app *a, const char *path, const struct buf *records, struct abide_error *e)
{
	struct app_file *files, f = { 0 };
	int err;

	f.path = strdup(path);
	files = array_grow(a->files, a->nr_files, &a->store->room_files, sizeof(*files));
	if (files)
		a->files = files;
	if (!files || !f.path) {
		free(f.path);
		return error_nomem(e);
	}
	err = layout_parse(records->data, records->size, path, &f.layout, e);
	if (err) {
		free(f.path);
		return err;
	}
	files[a->nr_files++] = f;
	return 0;
}

static int read_file(struct app *a, const char *path, struct abide_error *e)
{
	struct buf records = { 0 };
	int fd, err;

	/* a FIFO must not be waited for */
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0)
		return error_set(e, -errno, "", "cannot read %s: %s", path, strerror(errno));
	err = app_binary_fd(fd, path, &records, e);
	if (!err)
		err = app_add(a, path, &records, e);
	buf_free(&records);
	close(fd);
	return err;
}

int app_finish(struct app *a, struct abide_error *e)
{
	struct buf text = { 0 };
	int err;

	err = app_merge(a, e);
	if (!err)
		err = app_write_catalog(&a->all, &text, e);
	if (!err && text.size > UINT32_MAX)
		err = error_set(e, -EFBIG, "user-events-many", "%s has more user events than a catalog holds", a->name);
	if (!err)
		err = catalog_parse((const char *)text.data, (uint32_t)text.size, a->name, NULL, &a->catalog, e);
	if (!err)
		err = app_write_btf(&a->all, &a->store->btf, e);
	if (!err)
		err = btf_open_mem(a->store->btf.data, a->store->btf.size, &a->store->types, e);
	if (!err)
		err = target_open(a->store->types, a->name, a->catalog, &a->target, e);
	buf_free(&text);
	return err;
}

static const char *file_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash && slash[1] ? slash + 1 : path;
}

/* What was read so far, with @err, becomes the caller's or goes away. */
static int hand_over(struct app *a, int err, struct app **out, struct abide_error *e)
{
	if (!err)
		err = app_finish(a, e);
	if (err)
		app_free(a);
	else
		*out = a;
	return err;
}

int app_open_files(const char *const *paths, uint32_t nr, struct app **out, struct abide_error *e)
{
	struct app *a;
	uint32_t i;
	int err;

	*out = NULL;
	err = app_new(nr ? file_name(paths[0]) : "", &a, e);
	for (i = 0; !err && i < nr; i++)
		err = read_file(a, paths[i], e);
	return hand_over(a, err, out, e);
}

/* "mydb (process 12)" */
static void process_name(pid_t pid, char *name, size_t size)
{
	char comm[16];

	app_process_name(pid, comm, sizeof(comm));
	snprintf(name, size, "%s (process %d)", comm, (int)pid);
}

int app_open_process(pid_t pid, struct app **out, struct abide_error *e)
{
	struct app *a;
	char name[96];
	int err;

	*out = NULL;
	process_name(pid, name, sizeof(name));
	err = app_new(name, &a, e);
	if (!err)
		err = app_read_process(a, pid, e);
	return hand_over(a, err, out, e);
}

void app_free(struct app *a)
{
	uint32_t i;

	if (!a)
		return;
	target_free(a->target);
	catalog_free(a->catalog);
	if (a->store) {
		btf_free(a->store->types);
		buf_free(&a->store->btf);
	}
	for (i = 0; i < a->all.nr_structs; i++)
		free(a->all.structs[i].fields);
	free(a->all.structs);
	free(a->all.events);
	for (i = 0; i < a->nr_files; i++) {
		layout_free(a->files[i].layout);
		free(a->files[i].path);
	}
	free(a->files);
	free(a->unread);
	free(a->name);
	free(a->store);
	free(a);
}

bool app_wants(const struct object *o)
{
	uint32_t i;

	for (i = 0; i < o->nr_functions; i++)
		if (!o->functions[i].subprogram && policy_app_event(o->functions[i].section_name))
			return true;
	return false;
}

static int refuse_kernel(const struct app *a, const struct function *f, struct abide_error *e)
{
	const char *event = policy_event(f->section_name);

	error_set(e, -EINVAL, "app-mixed", "program %s (%s) is for the kernel, and %s is an application", f->name,
	          f->section_name, a->name);
	error_reason(e, event ? "user events of applications are PROVIDER:NAME; %s is one of the kernel's"
	                      : "in an application run programs on its own user events only: tp_user/PROVIDER:NAME; "
	                        "%s is another type",
	             event ? event : f->section_name);
	return error_hint(e, "put it into an object of its own: the kernel and an application share no maps");
}

static int refuse_event(const struct app *a, const struct function *f, const char *event, struct abide_error *e)
{
	const char *near = catalog_suggest(a->catalog, event);

	error_set(e, -ENOENT, "event-unknown", "program %s: %s has no user event \"%s\"", f->name, a->name, event);
	if (a->unread)
		error_reason(e, "%s could not be read; its events are not known", a->unread);
	return error_hint(e, "%s%s%s", near ? "did you mean tp_user/" : "abide list shows all events of an application",
	                  near ? near : "", near ? "?" : "");
}

int app_check_object(const struct app *a, const struct object *o, struct abide_error *e)
{
	const struct function *f;
	const char *event;
	uint32_t i;

	for (i = 0; i < o->nr_functions; i++) {
		f = &o->functions[i];
		event = policy_app_event(f->section_name);
		if (f->subprogram)
			continue;
		if (!event)
			return refuse_kernel(a, f, e);
		if (!catalog_event(a->catalog, event))
			return refuse_event(a, f, event, e);
	}
	return 0;
}
