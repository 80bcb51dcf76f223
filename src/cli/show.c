/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * abide show NAME: all about one entry of the catalog. Of a struct: every field with its
 * offset, type, unit and meaning, and the kernel's path and offsets on the target, or what
 * the target lacks. Of an event: arguments, placement, subjects. Of an enum: its values,
 * and the kernel's. STRUCT.FIELD shows one field.
 */
#include <errno.h>
#include <getopt.h>
#include <string.h>

#include "cli/view.h"

static const char usage[] =
	"usage: abide show NAME [--kernel BTF-FILE] [--catalog FILE] [--json]\n"
	"       abide show BINARY NAME [--json]\n"
	"       abide show -p PID NAME [--json]\n"
	"\n"
	"Show a user-ized struct (or one field: task_struct_user.ppid), a user event\n"
	"(sched_switch, sys_enter:openat) or an enum: what it means, and where this\n"
	"kernel, or an application, keeps it. \"@16 @8\" means: the pointer at offset 16,\n"
	"then offset 8 from there; \"(fetched)\": the kernel takes no plain load.\n"
	"\n"
	"  -k, --kernel BTF-FILE  look at this kernel (default: the running one)\n"
	"      --catalog FILE     add or replace user events and structs\n"
	INPUTS_APP_USAGE
	"  -j, --json             an object a line\n"
	"  -h, --help             this text\n";

#define WHY          256
#define WHERE_COLUMN 44
#define DOC_COLUMN   8
#define PATH_COLUMN  12
#define ENUM_COLUMN  9

/* "since 2", "may be NULL", "[ns]": what is to know beside the meaning. */
static void field_doc(const struct cat_field *f, char *text, size_t size)
{
	char from[32] = "";

	if (f->since > 1)
		snprintf(from, sizeof(from), " (since %u)", f->since);
	snprintf(text, size, "%s%s%s%s%s%s", f->doc, *f->unit ? " [" : "", f->unit,
	         *f->unit ? "]" : "", f->nullable && !strstr(f->doc, "NULL") ? "; may be NULL" : "",
	         from);
}

static void json_field(const struct cat_field *f, const struct access *a, const char *why)
{
	char text[400];

	printf("{\"type\":\"field\",\"name\":\"%s\"", f->name);
	json_member("declaration", field_text(f, text, sizeof(text)));
	printf(",\"offset\":%u,\"bytes\":%u,\"since\":%u", f->offset, f->size * f->count, f->since);
	if (*f->unit)
		json_member("unit", f->unit);
	json_member("meaning", f->doc);
	if (f->nullable)
		printf(",\"nullable\":true");
	if (why)
		printf(",\"available\":false");
	if (why)
		json_member("why", why);
	if (a) {
		printf(",\"available\":true");
		json_member("path", a->text);
		view_where(a, text, sizeof(text));
		json_member("where", text);
		printf(",\"fetched\":%s", view_is_fetched(a) ? "true" : "false");
	}
	printf("}\n");
}

/* One field or argument: a line of what and where, and its meaning below. */
static void print_field(const struct view *v, bool argument, const struct cat_field *f,
                        const struct access *a, const char *why)
{
	char text[400], offset[16] = "";
	uint32_t at;
	int n;

	if (!argument)
		snprintf(offset, sizeof(offset), "@%u", f->offset);
	n = printf("  %-*s%s", argument ? 0 : 6, offset, field_text(f, text, sizeof(text)));
	if (a) {
		view_where(a, text, sizeof(text));
		/* a path too long for what is left of the line gets one of its own */
		at = v->width && WHERE_COLUMN + strcspn(text, " ") > v->width ? PATH_COLUMN
		                                                              : WHERE_COLUMN;
		view_to_column((uint32_t)n, at);
		view_wrap(v, at, at, text);
	} else {
		putchar('\n');
	}
	field_doc(f, text, sizeof(text));
	if (*text) {
		printf("%*s", DOC_COLUMN, "");
		view_wrap(v, DOC_COLUMN, DOC_COLUMN, text);
	}
	if (why) {
		printf("%*s%s", DOC_COLUMN, "", v->color ? "\033[31m" : "");
		snprintf(text, sizeof(text), "not here: %s", why);
		view_wrap(v, DOC_COLUMN, DOC_COLUMN, text);
		printf("%s", v->color ? "\033[0m" : "");
	}
}

static void show_field(struct view *v, const struct cat_struct *s, const struct placement *p,
                       const struct cat_field *f)
{
	const struct access *a = NULL;
	char why[WHY] = "";
	bool has = view_has_field(v, s, p, f, 0, &a, why, sizeof(why));
	char text[200];
	uint32_t i;

	if (v->json) {
		json_field(f, a, has ? NULL : why);
		return;
	}
	print_field(v, !s, f, a, has ? NULL : why);
	/* the other elements of an array */
	for (i = 1; a && i < f->count && view_has_field(v, s, p, f, i, &a, why, sizeof(why)); i++) {
		view_where(a, text, sizeof(text));
		printf("%*s[%u]", DOC_COLUMN, "", i);
		view_to_column(DOC_COLUMN + 3, WHERE_COLUMN);
		view_wrap(v, WHERE_COLUMN, WHERE_COLUMN, text);
	}
}

/* "of enum req_op or req_opf; since 1", wrapped; @rest follows the names. */
static void print_origin(const struct view *v, const char *kind, const char **names, uint32_t n,
                         const char *rest)
{
	char text[1600];
	size_t len = (size_t)snprintf(text, sizeof(text), "%s ", kind);
	uint32_t i;

	for (i = 0; i < n && len < sizeof(text); i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len, "%s%s", i ? " or " : "",
		                        names[i]);
	if (len < sizeof(text))
		snprintf(text + len, sizeof(text) - len, "; %s", rest);
	view_wrap(v, 0, 4, text);
}

static void print_not_here(const struct view *v, const char *why)
{
	printf("not here: ");
	view_wrap(v, 10, 4, why);
}

static void print_target(const struct view *v)
{
	char target[96];

	if (v->in.target)
		printf("on %s\n", view_target(v, target, sizeof(target)));
}

static void print_title(const struct view *v, const char *kind, const char *name, const char *doc)
{
	uint32_t at = (uint32_t)(strlen(kind) + strlen(name) + 3);

	printf("%s%s %s%s: ", v->color ? "\033[1m" : "", kind, name, v->color ? "\033[0m" : "");
	view_wrap(v, at, 4, doc);
}

static void show_struct(struct view *v, const struct cat_struct *s, const struct cat_field *only)
{
	char why[WHY], rest[80];
	uint32_t i;

	if (v->json)
		printf("{\"type\":\"struct\",\"name\":\"%s\",\"since\":%u,\"bytes\":%u", s->name,
		       s->since, s->size);
	if (v->json) {
		json_member("meaning", s->doc);
		printf("}\n");
	} else {
		print_title(v, "struct", s->name, s->doc);
		snprintf(rest, sizeof(rest), "%u fields, %u bytes, since %u", s->nr_fields, s->size,
		         s->since);
		print_origin(v, "of struct", s->kernel, s->nr_kernel, rest);
		print_target(v);
		if (!view_has_struct(v, s, why, sizeof(why)))
			print_not_here(v, why);
		putchar('\n');
	}
	for (i = 0; i < s->nr_fields; i++)
		if (!only || only == &s->fields[i])
			show_field(v, s, NULL, &s->fields[i]);
}

/* The names of the tasks that the event is about. */
static void subjects_text(const struct cat_event *ev, char *buf, size_t size)
{
	uint32_t i;
	size_t n = 0;

	snprintf(buf, size, "%s", ev->anybody ? "nobody in particular: every process filter lets it pass" : "");
	for (i = 0; !ev->anybody && i < ev->nr_subjects && n < size; i++)
		n += (size_t)snprintf(buf + n, size - n, "%s%s", i ? ", " : "",
		                      ev->subjects[i] < 0 ? "the running task"
		                                          : ev->args[ev->subjects[i]].name);
}

static void print_event(const struct view *v, const struct cat_event *ev, const struct placement *p,
                        const char *why)
{
	char text[2048], subjects[300];
	const char *open;

	print_title(v, "event", ev->name, ev->doc);
	snprintf(text, sizeof(text), "since %u", ev->since);
	if (!v->in.app) {
		print_origin(v, "on tracepoint", ev->places, ev->nr_places, text);
		subjects_text(ev, subjects, sizeof(subjects));
		printf("about %s\n", subjects);
	}
	print_target(v);
	if (why)
		print_not_here(v, why);
	else if (p && p->syscall_nr >= 0)
		printf("number %d on %s\n", p->syscall_nr, target_machine(v->in.target));
	args_text(ev, text, sizeof(text));
	open = text + 1;
	printf("\n    SEC(\"tp_user/%s\")\n    int BPF_PROG(NAME%s", ev->name,
	       ev->nr_args ? ", " : "");
	view_wrap(v, 23, 17, open);
	putchar('\n');
}

static void show_event(struct view *v, const struct cat_event *ev)
{
	const struct placement *p = NULL;
	char why[WHY] = "", subjects[300];
	bool has = view_has_event(v, ev, &p, why, sizeof(why));
	uint32_t i;

	if (v->json) {
		printf("{\"type\":\"event\",\"name\":\"%s\",\"since\":%u", ev->name, ev->since);
		json_member("meaning", ev->doc);
		subjects_text(ev, subjects, sizeof(subjects));
		if (!v->in.app)
			json_member("about", subjects);
		if (v->in.target)
			printf(",\"available\":%s", has ? "true" : "false");
		if (p && !v->in.app)
			json_member("tracepoint", p->tracepoint);
		if (!has)
			json_member("why", why);
		printf("}\n");
	} else {
		print_event(v, ev, p, has ? NULL : why);
	}
	for (i = 0; i < ev->nr_args; i++)
		if (has)
			show_field(v, NULL, p, &ev->args[i]);
		else if (v->json)
			json_field(&ev->args[i], NULL, why);
		else
			print_field(v, true, &ev->args[i], NULL, NULL);
}

/* "REQ_OP_READ = 0", with "or" between several; the target's values. */
static void enumerators_text(struct view *v, const struct cat_enum *en,
                             const struct cat_enumerator *e, char *buf, size_t size)
{
	int64_t value;
	size_t n = 0;
	uint32_t i;

	buf[0] = '\0';
	for (i = 0; i < e->nr_kernel && n < size; i++) {
		if (view_enumerator(v, en, e->kernel[i], &value))
			n += (size_t)snprintf(buf + n, size - n, "%s%s = %lld", n ? ", " : "",
			                      e->kernel[i], (long long)value);
		else if (!v->in.target)
			n += (size_t)snprintf(buf + n, size - n, "%s%s", n ? ", " : "",
			                      e->kernel[i]);
	}
	if (e->nr_kernel && !n)
		snprintf(buf, size, "not here");
}

/* What the kernel has stands beside the name, or below the meaning where it does not fit. */
static void print_enumerator(const struct view *v, const struct cat_enumerator *e,
                             const char *kernel)
{
	uint32_t at = 9 + (uint32_t)strlen(e->name);
	bool beside = at < WHERE_COLUMN && (!v->width || WHERE_COLUMN + strlen(kernel) <= v->width);

	printf("  %5u  %s", e->value, e->name);
	if (beside && *kernel)
		view_to_column(at, WHERE_COLUMN);
	printf("%s\n%*s", beside ? kernel : "", ENUM_COLUMN, "");
	view_wrap(v, ENUM_COLUMN, ENUM_COLUMN, e->doc);
	if (!beside && *kernel) {
		printf("%*s", ENUM_COLUMN, "");
		view_wrap(v, ENUM_COLUMN, ENUM_COLUMN, kernel);
	}
}

static void show_enum(struct view *v, const struct cat_enum *en)
{
	char text[600], rest[100];
	uint32_t i;

	if (!v->json) {
		print_title(v, "enum", en->name, en->doc);
		snprintf(rest, sizeof(rest), "any other value of the kernel's becomes %u; since %u",
		         en->other, en->since);
		if (en->nr_kernel)
			print_origin(v, "of enum", en->kernel, en->nr_kernel, rest);
		else
			printf("%s\n", rest);
		if (en->nr_kernel)
			print_target(v);
		putchar('\n');
	}
	for (i = 0; i < en->nr_values; i++) {
		const struct cat_enumerator *e = &en->values[i];

		enumerators_text(v, en, e, text, sizeof(text));
		if (v->json) {
			printf("{\"type\":\"enumerator\",\"name\":\"%s\",\"value\":%u,\"since\":%u",
			       e->name, e->value, e->since);
			json_member("meaning", e->doc);
			json_member("kernel", text);
			printf("}\n");
			continue;
		}
		print_enumerator(v, e, text);
	}
}

/* STRUCT.FIELD: false when there is no such thing. */
static bool show_member(struct view *v, const char *name, const char *dot)
{
	char text[64];
	const struct cat_struct *s;
	const struct cat_field *f;

	if ((size_t)(dot - name) >= sizeof(text))
		return false;
	snprintf(text, sizeof(text), "%.*s", (int)(dot - name), name);
	s = catalog_struct(v->in.catalog, text);
	f = s ? catalog_field(s, dot + 1) : NULL;
	if (f)
		show_struct(v, s, f);
	return f;
}

static bool show(struct view *v, const char *name)
{
	const char *dot = strchr(name, '.');
	const struct cat_struct *s = catalog_struct(v->in.catalog, name);
	const struct cat_event *ev = s ? NULL : catalog_event(v->in.catalog, name);
	const struct cat_enum *en = s || ev ? NULL : catalog_enum(v->in.catalog, name);
	char text[96];

	if (s)
		show_struct(v, s, NULL);
	else if (ev)
		show_event(v, ev);
	else if (en)
		show_enum(v, en);
	else if (dot)
		return show_member(v, name, dot);
	if (s || ev || en)
		return true;
	/* a system call by its bare name */
	snprintf(text, sizeof(text), "sys_enter:%.64s", name);
	ev = catalog_event(v->in.catalog, text);
	if (ev)
		show_event(v, ev);
	return ev;
}

int cmd_show(int argc, char **argv)
{
	struct view v = { 0 };
	struct abide_error e = { 0 };
	int status = view_options(&v, argc, argv, usage);
	const char *near;

	if (status >= 0)
		return status;
	if (argc - optind > 1 && !view_operand(&v, argc, argv))
		return EXIT_USAGE;
	if (argc - optind != 1)
		return cli_usage(usage, false);
	if (view_open(&v, &e)) {
		cli_error(&e);
		return EXIT_FAILURE;
	}
	status = 0;
	if (!show(&v, argv[optind])) {
		error_set(&e, -ENOENT, "", "%s has no %s", v.in.app ? v.in.app->name : "the catalog", argv[optind]);
		near = catalog_suggest(v.in.catalog, argv[optind]);
		if (near)
			error_hint(&e, "%s%s", v.in.app ? "" : "abide show ", near);
		else
			error_hint(&e, v.in.app ? "abide list shows all that there is" : "abide list");
		cli_error(&e);
		status = EXIT_FAILURE;
	}
	view_close(&v);
	return status;
}
