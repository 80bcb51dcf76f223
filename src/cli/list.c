/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * abide list [PATTERN]: the user events and user-ized structs of the catalog, each with its
 * meaning, and what the target lacks of it. `abide list syscalls [PATTERN]`: the system
 * calls that sys_enter:NAME and sys_exit:NAME exist for. `abide list BINARY`, `abide list -p PID`: what an
 * application offers.
 */
#include <errno.h>
#include <fnmatch.h>
#include <getopt.h>
#include <string.h>

#include "cli/view.h"

static const char usage[] =
	"usage: abide list [PATTERN] [--kernel BTF-FILE] [--catalog FILE] [--json]\n"
	"       abide list syscalls [PATTERN] ...\n"
	"       abide list BINARY [PATTERN] [--json]\n"
	"       abide list -p PID [PATTERN] [--json]\n"
	"\n"
	"List user events and user-ized structs, and what this kernel lacks of them\n"
	"(marked with !).\n"
	"PATTERN is a shell pattern for names: 'sched_*'. \"list syscalls\" lists system\n"
	"calls, which have events of their own: sys_enter:openat, sys_exit:openat. An\n"
	"application, given by its file (./mydb) or as a running process, has user events\n"
	"of its own.\n"
	"\n"
	"  -k, --kernel BTF-FILE  look at this kernel (default: the running one)\n"
	"      --catalog FILE     add or replace user events and structs\n"
	INPUTS_APP_USAGE
	"  -j, --json             an object a line\n"
	"  -h, --help             this text\n";

#define TEXT_COLUMN 22
#define WHY         256

/* What the target lacks of an entry. */
struct lack {
	bool all;        /* the entry itself */
	char why[WHY];   /* of the first thing that is missing */
	char names[512]; /* fields or arguments, "a, b" */
	uint32_t n;
};

static void lack_member(struct lack *l, const char *name, const char *why)
{
	size_t len = strlen(l->names);

	if (!l->n++)
		snprintf(l->why, sizeof(l->why), "%s", why);
	snprintf(l->names + len, sizeof(l->names) - len, "%s%s", len ? ", " : "", name);
}

static void struct_lacks(struct view *v, const struct cat_struct *s, struct lack *l)
{
	const struct access *a;
	char why[WHY];
	uint32_t i;

	memset(l, 0, sizeof(*l));
	l->all = !view_has_struct(v, s, l->why, sizeof(l->why));
	for (i = 0; !l->all && i < s->nr_fields; i++)
		if (!view_has_field(v, s, NULL, &s->fields[i], 0, &a, why, sizeof(why)))
			lack_member(l, s->fields[i].name, why);
}

static void event_lacks(struct view *v, const struct cat_event *ev, struct lack *l)
{
	const struct placement *p;
	const struct access *a;
	char why[WHY];
	uint32_t i;

	memset(l, 0, sizeof(*l));
	l->all = !view_has_event(v, ev, &p, l->why, sizeof(l->why));
	for (i = 0; !l->all && i < ev->nr_args; i++)
		if (!view_has_field(v, NULL, p, &ev->args[i], 0, &a, why, sizeof(why)))
			lack_member(l, ev->args[i].name, why);
}

static void json_lack(const struct view *v, const struct lack *l)
{
	const char *p, *end;

	if (!v->in.target)
		return;
	printf(",\"available\":%s", l->all ? "false" : "true");
	printf(",\"missing\":[");
	for (p = l->names; *p; p = end + (*end == ',' ? 2 : 0)) {
		end = strchrnul(p, ',');
		printf("%s\"%.*s\"", p > l->names ? "," : "", (int)(end - p), p);
	}
	printf("]");
	if (l->all || l->n)
		json_member("why", l->why);
}

static void json_args(const struct cat_field *args, uint32_t n)
{
	char text[160];
	uint32_t i;

	printf(",\"args\":[");
	for (i = 0; i < n; i++) {
		printf("%s{\"name\":\"%s\"", i ? "," : "", args[i].name);
		json_member("declaration", field_text(&args[i], text, sizeof(text)));
		if (*args[i].unit)
			json_member("unit", args[i].unit);
		if (*args[i].doc)
			json_member("meaning", args[i].doc);
		printf("}");
	}
	printf("]");
}

/* "  name   " or "! name   ", up to the column of texts. */
static void print_name(const struct view *v, const char *name, bool bad)
{
	const char *on = !v->color ? "" : bad ? "\033[31m" : "\033[1m";

	printf("%s%c %s%s", on, bad ? '!' : ' ', name, *on ? "\033[0m" : "");
	view_to_column(2 + (uint32_t)strlen(name), TEXT_COLUMN);
}

static void print_more(const struct view *v, const char *text)
{
	printf("%*s", TEXT_COLUMN, "");
	view_wrap(v, TEXT_COLUMN, TEXT_COLUMN, text);
}

static void print_lack(const struct view *v, const struct lack *l)
{
	char text[1024];

	if (l->all)
		snprintf(text, sizeof(text), "not here: %s", l->why);
	else if (l->n == 1)
		snprintf(text, sizeof(text), "without %s: %s", l->names, l->why);
	else
		snprintf(text, sizeof(text), "without %s", l->names);
	if (l->all || l->n)
		print_more(v, text);
}

static void list_event(struct view *v, const struct cat_event *ev)
{
	struct lack l;
	char args[2048];

	event_lacks(v, ev, &l);
	if (v->json) {
		printf("{\"type\":\"event\",\"name\":\"%s\",\"since\":%u", ev->name, ev->since);
		json_member("meaning", ev->doc);
		json_args(ev->args, ev->nr_args);
		json_lack(v, &l);
		printf("}\n");
		return;
	}
	print_name(v, ev->name, l.all);
	args_text(ev, args, sizeof(args));
	view_wrap(v, TEXT_COLUMN, TEXT_COLUMN, *ev->doc ? ev->doc : args);
	if (*ev->doc)
		print_more(v, args);
	print_lack(v, &l);
}

static void list_struct(struct view *v, const struct cat_struct *s)
{
	struct lack l;
	char text[64];

	struct_lacks(v, s, &l);
	if (v->json) {
		printf("{\"type\":\"struct\",\"name\":\"%s\",\"since\":%u", s->name, s->since);
		json_member("meaning", s->doc);
		printf(",\"fields\":%u,\"bytes\":%u", s->nr_fields, s->size);
		json_lack(v, &l);
		printf("}\n");
		return;
	}
	print_name(v, s->name, l.all);
	view_wrap(v, TEXT_COLUMN, TEXT_COLUMN, s->doc);
	snprintf(text, sizeof(text), "%u field%s", s->nr_fields, s->nr_fields == 1 ? "" : "s");
	print_more(v, text);
	print_lack(v, &l);
}

static void list_enum(const struct view *v, const struct cat_enum *en)
{
	char text[64];

	if (v->json) {
		printf("{\"type\":\"enum\",\"name\":\"%s\",\"since\":%u", en->name, en->since);
		json_member("meaning", en->doc);
		printf(",\"values\":%u,\"other\":%u}\n", en->nr_values, en->other);
		return;
	}
	print_name(v, en->name, false);
	view_wrap(v, TEXT_COLUMN, TEXT_COLUMN, en->doc);
	snprintf(text, sizeof(text), "%u values", en->nr_values);
	print_more(v, text);
}

static bool matches(const char *pattern, const char *name)
{
	return !pattern || !fnmatch(pattern, name, 0);
}

/* A heading before the first entry of a kind. */
static void heading(const struct view *v, bool *done, const char *text)
{
	char target[96];

	if (*done || v->json)
		return;
	printf("%s%s", text, v->in.target ? ", on " : "");
	printf("%s\n\n", v->in.target ? view_target(v, target, sizeof(target)) : "");
	*done = true;
}

static uint32_t list_entries(struct view *v, const char *pattern)
{
	const struct catalog *c = v->in.catalog;
	bool events = false, structs = false, enums = false;
	uint32_t i, n = 0;

	for (i = 0; i < c->nr_events; i++)
		if (matches(pattern, c->events[i].name)) {
			heading(v, &events, "User events");
			list_event(v, &c->events[i]);
			n++;
		}
	for (i = 0; i < c->nr_structs; i++)
		if (matches(pattern, c->structs[i].name)) {
			heading(v, &structs, n ? "\nUser-ized structs" : "User-ized structs");
			list_struct(v, &c->structs[i]);
			n++;
		}
	for (i = 0; i < c->nr_enums; i++)
		if (matches(pattern, c->enums[i].name)) {
			if (!enums && !v->json)
				printf("%sEnums\n\n", n ? "\n" : "");
			enums = true;
			list_enum(v, &c->enums[i]);
			n++;
		}
	return n;
}

static int32_t number_here(const struct view *v, const struct cat_syscall *sc)
{
	return v->in.target ? target_syscall(v->in.target, sc->name) : -1;
}

static void list_syscall(const struct view *v, const struct cat_syscall *sc)
{
	struct cat_event ev = { .args = sc->args, .nr_args = sc->nr_args };
	int32_t here = number_here(v, sc);
	bool bad = v->in.target && here < 0;
	char args[1024], text[1100];

	if (v->json) {
		printf("{\"type\":\"syscall\",\"name\":\"%s\",\"since\":%u", sc->name, sc->since);
		json_args(sc->args, sc->nr_args);
		if (v->in.target && bad)
			printf(",\"available\":false");
		else if (v->in.target)
			printf(",\"available\":true,\"number\":%d", here);
		printf("}\n");
		return;
	}
	print_name(v, sc->name, bad);
	args_text(&ev, args, sizeof(args));
	if (bad)
		snprintf(text, sizeof(text), "  -  %s", args);
	else if (v->in.target)
		snprintf(text, sizeof(text), "%3d  %s", here, args);
	else
		snprintf(text, sizeof(text), "%s", args);
	view_wrap(v, TEXT_COLUMN, TEXT_COLUMN + 5, text);
}

static uint32_t list_syscalls(struct view *v, const char *pattern)
{
	uint32_t i, nr, n = 0;
	const struct cat_syscall *all = catalog_syscalls(v->in.catalog, &nr);
	bool done = false;

	for (i = 0; i < nr; i++)
		if (matches(pattern, all[i].name)) {
			heading(v, &done, "System calls with their numbers");
			list_syscall(v, &all[i]);
			n++;
		}
	return n;
}

int cmd_list(int argc, char **argv)
{
	struct view v = { 0 };
	struct abide_error e = { 0 };
	int status = view_options(&v, argc, argv, usage);
	const char *pattern;
	bool syscalls;
	uint32_t n;

	if (status >= 0)
		return status;
	if (!view_operand(&v, argc, argv))
		return EXIT_USAGE;
	syscalls = !inputs_app_asked(&v.app) && optind < argc && !strcmp(argv[optind], "syscalls");
	optind += syscalls;
	pattern = optind < argc ? argv[optind++] : NULL;
	if (optind < argc)
		return cli_usage(usage, false);
	if (view_open(&v, &e)) {
		cli_error(&e);
		return EXIT_FAILURE;
	}
	if (v.in.app && v.in.app->unread)
		fprintf(stderr, "abide: %s could not be read; its events are not shown\n", v.in.app->unread);
	n = syscalls ? list_syscalls(&v, pattern) : list_entries(&v, pattern);
	if (!n) {
		const char *near = pattern ? catalog_suggest(v.in.catalog, pattern) : NULL;

		error_set(&e, -ENOENT, "", "nothing %s%s matches %s", v.in.app ? "of " : "in the catalog",
		          v.in.app ? v.in.app->name : "", pattern ? pattern : "");
		if (near && !syscalls && !v.in.app)
			error_hint(&e, "abide list %s", near);
		else if (near && v.in.app)
			error_hint(&e, "%s", near);
		cli_error(&e);
	}
	view_close(&v);
	return n ? 0 : EXIT_FAILURE;
}
