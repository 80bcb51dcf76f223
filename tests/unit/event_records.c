/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * What the macros leave in a binary: one application (event/app.c), an executable and a
 * library of each compiler and language, must have the same records, and they must say where the members are.
 * In: the folder with app.gcc.c11, app.gcc.c11.so and so on; it is that of this program.
 */
#include <dlfcn.h>
#include <libgen.h>
#include <limits.h>
#include <stddef.h>

#include "event/app.h"
#include "event_kit.h"
#include "process/layout.h"

static const char *const builds[] = { "gcc.c11", "gcc.c++17", "clang.c11", "clang.c++17" };
#define NR_BUILDS (sizeof(builds) / sizeof(builds[0]))

static void print_struct(FILE *f, const struct layout *l, const char *name)
{
	const struct layout_struct *s = layout_struct(l, name);
	uint32_t i, k;

	if (!s) {
		fprintf(f, "no %s\n", name);
		return;
	}
	fprintf(f, "%s %s \"%s\" %u %u\n", s->name, s->real, s->doc, s->size, s->stable_size);
	for (i = 0; i < s->nr_fields; i++) {
		const struct layout_field *d = &s->fields[i];

		fprintf(f, "  %s kind %d @%u %u*%u from", d->name, d->kind, d->stable, d->stable_size, d->count);
		for (k = 0; k < d->nr_hops; k++)
			fprintf(f, " %u->", d->hops[k]);
		fprintf(f, " %u size %u bits %u+%u unit \"%s\" doc \"%s\" %s\n", d->offset, d->size, d->bit_off, d->bit_size, d->unit,
			d->doc, d->kind == LAYOUT_POINTER ? l->structs[d->target].name : "");
	}
}

static void print_event(FILE *f, const struct layout *l, const char *name)
{
	const struct layout_event *ev = layout_event(l, "test", name);
	uint32_t i;

	if (!ev) {
		fprintf(f, "no %s\n", name);
		return;
	}
	fprintf(f, "%s:%s \"%s\"\n", ev->provider, ev->name, ev->doc);
	for (i = 0; i < ev->nr_args; i++)
		fprintf(f, "  %s kind %d size %u %s\n", ev->args[i].name, ev->args[i].kind, ev->args[i].size,
			ev->args[i].kind == LAYOUT_POINTER ? l->structs[ev->args[i].target].name : "");
}

/* A layout as text, whatever order the compiler left the records in. */
static char *text_of(const struct layout *l)
{
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	fprintf(f, "%u structs, %u events\n", l->nr_structs, l->nr_events);
	print_struct(f, l, "app_user");
	print_struct(f, l, "session_user");
	print_event(f, l, "one");
	print_event(f, l, "kinds");
	fclose(f);
	return text;
}

static struct layout *parse(const void *records, size_t size, const char *name)
{
	struct layout *l = NULL;
	struct abide_error e = { 0 };

	if (layout_parse(records, size, name, &l, &e))
		printf("# %s: %s: %s\n", name, e.problem, e.reason);
	return l;
}

static const struct layout_field *field(const struct layout_struct *s, const char *name)
{
	static const struct layout_field none;
	uint32_t i;

	for (i = 0; s && i < s->nr_fields; i++)
		if (!strcmp(s->fields[i].name, name))
			return &s->fields[i];
	return &none;
}

/* Against the compiler that this test was compiled with. */
static void members(const struct layout *l)
{
	const struct layout_struct *s = layout_struct(l, "app_user");
	const struct layout_field *f = field(s, "rows"), *bits;

	kit_ok(s && s->size == sizeof(struct app) && s->nr_fields == 16 && !strcmp(s->real, "struct app") &&
		       !strcmp(s->doc, "an application"),
	       "the struct has its size, its fields, its meaning");
	kit_ok(f->kind == LAYOUT_SINT && f->offset == offsetof(struct app, result.rows) && f->size == 2 && f->stable_size == 2,
	       "a member of an embedded struct");
	f = field(s, "wide");
	kit_ok(f->kind == LAYOUT_SINT && f->size == 2 && f->stable_size == 8, "a member that is promised wider than it is");
	f = field(s, "bytes");
	kit_ok(f->count == 3 && f->size == 8 && f->offset == offsetof(struct app, result.bytes), "an array");
	kit_ok(field(s, "second")->offset == offsetof(struct app, result.bytes) + 8, "an element of it");
	f = field(s, "owner");
	kit_ok(f->kind == LAYOUT_SINT && f->nr_hops == 2 && f->hops[0] == offsetof(struct app, session) &&
		       f->hops[1] == offsetof(struct app_session, owner) && f->offset == offsetof(struct app_owner, id),
	       "a member behind two pointers");
	f = field(s, "cached");
	bits = field(s, "delta");
	kit_ok(f->kind == LAYOUT_UINT && f->bit_size == 1 && field(s, "kind")->bit_size == 5 && bits->kind == LAYOUT_SINT &&
		       bits->bit_size == 6 && bits->offset * 8 + bits->bit_off == f->offset * 8 + f->bit_off + 6,
	       "bit-fields, one behind the other");
	f = field(s, "next");
	kit_ok(f->kind == LAYOUT_POINTER && &l->structs[f->target] == s && f->offset == offsetof(struct app, next),
	       "a pointer to the struct's own kind");
	kit_ok(field(s, "text")->kind == LAYOUT_STRING && field(s, "done")->kind == LAYOUT_ADDRESS &&
		       field(s, "name")->kind == LAYOUT_CHARS && field(s, "name")->count == 20 &&
		       field(s, "key")->kind == LAYOUT_BYTES && field(s, "key")->count == 16,
	       "text, bytes and addresses");
	kit_ok(!strcmp(field(layout_struct(l, "session_user"), "opened")->unit, "ns"), "a unit");
}

int main(int argc, char **argv)
{
	char path[PATH_MAX], what[160], *first = NULL, *text;
	static char bytes[65536];
	size_t i, size;
	(void)argc;

	char *dir = dirname(strdup(argv[0]));

	for (i = 0; i < NR_BUILDS; i++) {
		size_t (*records_of)(const void **);
		void (*arguments)(struct app *, int *);
		const void *records;
		int evaluated = 0;
		struct layout *l;
		struct app app = { 0 };
		void *lib;
		FILE *f;

		snprintf(path, sizeof(path), "%s/event/app.%s", dir, builds[i]);
		f = popen(path, "r");
		size = f ? fread(bytes, 1, sizeof(bytes), f) : 0;
		snprintf(what, sizeof(what), "%s: an executable, whose silent sites evaluate nothing", builds[i]);
		kit_ok(f && !pclose(f), what);
		l = parse(bytes, size, path);
		text = l ? text_of(l) : NULL;
		if (!first && l)
			members(l);
		layout_free(l);
		snprintf(what, sizeof(what), "%s: its records are those of the first", builds[i]);
		kit_ok(text && (!first || !strcmp(first, text)), what);
		if (!first)
			first = text;
		else if (text && strcmp(first, text))
			printf("# %s\n# %s\n", first, text);
		snprintf(path, sizeof(path), "%s/event/app.%s.so", dir, builds[i]);
		lib = dlopen(path, RTLD_NOW | RTLD_LOCAL);
		if (!lib) {
			printf("not ok - %s: %s\n", path, dlerror());
			return 1;
		}
		*(void **)&records_of = dlsym(lib, "app_records");
		*(void **)&arguments = dlsym(lib, "app_arguments");
		size = records_of(&records);
		l = parse(records, size, path);
		text = l ? text_of(l) : NULL;
		layout_free(l);
		snprintf(what, sizeof(what), "%s: a library, the same records", builds[i]);
		kit_ok(text && first && !strcmp(first, text), what);
		arguments(&app, &evaluated);
		snprintf(what, sizeof(what), "%s: silent sites of a library evaluate nothing", builds[i]);
		kit_ok(evaluated == 0, what);
		/* armed by way of its own module */
		{
			struct event_counts counts;
			struct event_link *link = kit_attach("test", "one", KIT_PROGRAM(false, KIT_RETURN));

			arguments(&app, &evaluated);
			event_detach(link, &counts);
			snprintf(what, sizeof(what), "%s: an armed one evaluates its own once, and runs", builds[i]);
			kit_ok(evaluated == 1 && counts.runs == 1, what);
		}
		dlclose(lib);
	}
	return kit_bad != 0;
}
