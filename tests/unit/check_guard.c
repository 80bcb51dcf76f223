/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * What check says of compiled programs on two kernels (check_kernel.bpf.c): guards of all
 * kinds, typed pointers, contexts, places. Every program of check_guard.bpf.c has a row, and
 * every row a program.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check/check.h"
#include "image/notes.h"
#include "module_kit.h"
#include "profile/modules.h"

static const struct row {
	const char *name, *old, *new; /* outcomes: runs, or the worst severity */
	const char *kind, *why;       /* of the cause, where there is one */
} rows[] = {
	{ "plain", "runs", "fails", "field", "has no member state (nearest: __state)" },
	{ "guarded", "runs", "runs", NULL, NULL },
	{ "inverted", "runs", "runs", NULL, NULL },
	{ "nested", "runs", "runs", NULL, NULL },
	{ "wrong_guard", "runs", "fails", "field", "has no member state" },
	{ "type_guard", "runs", "runs", NULL, NULL },
	{ "type_plain", "fails", "runs", "field", "has no struct only_new" },
	{ "enum_guard", "runs", "runs", NULL, NULL },
	{ "enum_plain", "fails", "runs", "enum", "has no enumerator ZONE_DEVICE" },
	{ "sub_guard", "runs", "runs", NULL, NULL },
	{ "sub_argument", "runs", "runs", NULL, NULL },
	{ "loop_guard", "runs", "runs", NULL, NULL },
	{ "both", "runs", "fails", "field", "has no member state" },
	{ "rodata_guard", "runs", "runs if not set", "field", "has no member state" },
	{ "raw_beyond", "fails", "runs", "argument", "it has 3 arguments on old" },
	{ "helper", "fails", "runs", "helper", "old has no helper 158" },
	{ "helper_guarded", "runs", "runs", NULL, NULL },
	{ "typed", "runs", "runs", NULL, NULL },
	{ "typed_walk", "runs", "runs", NULL, NULL },
	{ "typed_null", "runs", "fails", "argument", "tested for NULL" },
	{ "typed_tested", "runs", "runs", NULL, NULL },
	{ "typed_number", "fails", "fails", "pointer", "it is a number" },
	{ "typed_store", "fails", "fails", "pointer", "only read" },
	{ "hard", "runs", "wrong", "layout", "means i_mode, and on new i_ino lies there" },
	{ "other_type", "wrong", "wrong", "argument", "a pointer to struct inode" },
	{ "no_event", "fails", "fails", "tracepoint", "has no tracepoint no_such_event" },
	{ "probe", "runs", "runs", NULL, NULL },
	{ "probe_old", "runs", "unknown", "function", "does not describe it" },
	{ "entry_old", "runs", "fails", "function", "has no function do_old" },
	{ "hook", "fails", "fails", NULL, NULL },
	{ "record_same", "runs", "runs", NULL, NULL },
	{ "record_moved", "runs", "wrong", "context", "read at 32; it is at 40 on new" },
	{ "record_beyond", "fails", "wrong", "context", NULL },
};

/* What else comes out on the old kernel with a module that has only_new and do_old; all of these run on the new. */
static const struct {
	const char *name, *old;
} with_module[] = {
	{ "type_plain", "runs" },
	{ "probe_old", "runs" },
	{ "entry_old", "runs" },
	{ "nested", "fails" }, /* they take only_new for a sign of the new kernel */
	{ "helper_guarded", "fails" },
};

static const char *wanted(const struct row *r, bool old, bool module)
{
	size_t i;

	for (i = 0; module && i < sizeof(with_module) / sizeof(with_module[0]); i++)
		if (!strcmp(with_module[i].name, r->name))
			return old ? with_module[i].old : "runs";
	return old ? r->old : r->new;
}

static unsigned nr, bad;

static void verdict(bool ok, const char *name, const char *kernel)
{
	printf("%sok %u - %s on %s\n", ok ? "" : "not ", ++nr, name, kernel);
	bad += !ok;
}

static void one(struct check *x, const struct function *f, const struct row *r, const char *kernel, const char *want)
{
	struct findings l = { 0 };
	struct abide_error e = { 0 };
	const struct finding *w;
	const char *have;
	bool ok;

	if (check_program(x, f, &l, &e)) {
		verdict(false, r->name, kernel);
		printf("# %s\n", e.problem);
		return;
	}
	w = findings_worst(&l);
	have = w ? severity_name(w->severity) : "runs";
	for (uint32_t i = 0; !w && i < l.nr; i++)
		if (l.items[i].constant && l.items[i].severity != SEV_FINE) {
			w = &l.items[i];
			have = "runs if not set"; /* of a constant that the loader may set */
		}
	ok = !strcmp(have, want);
	if (ok && w && r->kind)
		ok = !strcmp(finding_kind_name(w->kind), r->kind) && (!r->why || strstr(w->why, r->why));
	verdict(ok, r->name, kernel);
	if (!ok)
		printf("# %s, wanted %s; %s: %s: %s (%s)\n", have, want, w ? finding_kind_name(w->kind) : "", w ? w->what : "",
		       w ? w->why : "", w ? w->where : "");
	findings_free(&l);
}

/* Where is x of only_new, by the record that reads it? */
static void place(struct check *x, const struct object *o, const char *kernel, const char *want)
{
	struct findings l = { 0 };
	bool ok = false;
	uint32_t i, n;

	for (i = 0; i < o->nr_functions; i++)
		if (!strcmp(o->functions[i].name, "type_plain") && !check_program(x, &o->functions[i], &l, NULL))
			for (n = 0; n < l.nr; n++)
				ok |= !strcmp(l.items[n].what, "only_new.x") && !strcmp(l.items[n].place, want);
	verdict(ok, "where only_new.x is, with a module that has another", kernel);
	findings_free(&l);
}

static void all(const struct object *o, const char *dir, const char *kernel, bool old, bool module)
{
	struct modules *modules = NULL;
	struct image_module added = { .name = "the_module" };
	struct bb made = { 0 };
	struct check_kernel *k = NULL;
	struct btf_data *b = NULL;
	struct check *x = NULL;
	struct abide_error e = { 0 };
	char path[512];
	uint32_t i;
	size_t n;

	snprintf(path, sizeof(path), "%scheck_kernel_%s.bpf.o", dir, kernel);
	if (btf_open_file(path, &b, &e) || check_kernel_open(b, kernel, &k, &e))
		goto failed;
	if (module) {
		added.btf = make_module(b, &made, &added.btf_size);
		if (modules_open(b, false, &modules, &e) || modules_add(modules, &added, &e))
			goto failed;
		check_kernel_modules(k, modules);
	}
	if (check_open(o, k, NULL, &x, &e)) {
failed:
		verdict(false, e.problem, kernel);
		goto out;
	}
	for (i = 0; i < o->nr_functions; i++) {
		const struct function *f = &o->functions[i];

		if (f->subprogram)
			continue;
		for (n = 0; n < sizeof(rows) / sizeof(rows[0]) && strcmp(rows[n].name, f->name); n++)
			;
		if (n == sizeof(rows) / sizeof(rows[0]))
			verdict(false, f->name, "any kernel: it has no row");
		else
			one(x, f, &rows[n], kernel, wanted(&rows[n], old, module));
	}
	if (module) {
		place(x, o, kernel, old ? "byte 8" : "byte 0");
		verdict(check_kernel_btf(k) == b, "its BTF is the kernel's again", kernel);
	}
out:
	check_free(x);
	check_kernel_free(k);
	modules_free(modules);
	bb_free(&made);
	btf_free(b);
}

/* What is known of the kernel beside its BTF, and what becomes of "probe" by it. */
static const struct {
	const char *config; /* NULL: not known */
	bool symbols, trace, not_traced;
	const char *want, *why;
} noted[] = {
	{ NULL, false, false, false, "runs", NULL },
	{ NULL, true, false, false, "runs", NULL },
	{ NULL, true, true, false, "runs", NULL },
	{ NULL, true, true, true, "unknown", "CONFIG_KPROBE_EVENTS_ON_NOTRACE is set" },
	{ "CONFIG_KPROBES=y\nCONFIG_KPROBE_EVENTS=y\n", true, true, true, "fails", "kprobes refuse it" },
	{ "CONFIG_KPROBES=y\nCONFIG_KPROBE_EVENTS=y\nCONFIG_KPROBE_EVENTS_ON_NOTRACE=y\n", true, true, true, "runs", NULL },
	{ "CONFIG_KPROBE_EVENTS=y\n", true, true, false, "fails", "CONFIG_KPROBES" },
};

static const struct notes *the_notes(void *arg, bool symbols)
{
	(void)symbols;
	return arg;
}

static void one_noted(const struct object *o, struct btf_data *b, size_t at)
{
	struct check_kernel *k = NULL;
	struct findings l = { 0 };
	struct abide_error e = { 0 };
	struct check *x = NULL;
	struct notes notes = { 0 };
	const struct finding *w;
	bool ok = false;
	uint32_t i;

	if (noted[at].config)
		notes_add_config(&notes, noted[at].config);
	if (noted[at].symbols)
		notes_add(&notes, NOTE_KNOWS, KNOWS_SYMBOLS, NULL);
	if (noted[at].trace)
		notes_add(&notes, NOTE_KNOWS, KNOWS_TRACE, NULL);
	if (noted[at].not_traced)
		notes_add(&notes, NOTE_NO_TRACE, "do_work", NULL);
	if (!notes_finish(&notes, &e) && !check_kernel_open(b, "old", &k, &e)) {
		check_kernel_notes(k, the_notes, &notes);
		if (!check_open(o, k, NULL, &x, &e))
			for (i = 0; i < o->nr_functions; i++)
				if (!strcmp(o->functions[i].name, "probe") && !check_program(x, &o->functions[i], &l, &e)) {
					w = findings_worst(&l);
					ok = !strcmp(w ? severity_name(w->severity) : "runs", noted[at].want) &&
					     (!noted[at].why || strstr(w->why, noted[at].why));
					if (!ok)
						printf("# %zu: %s: %s\n", at, w ? severity_name(w->severity) : "runs", w ? w->why : "");
				}
	}
	verdict(ok, "a kprobe where more is known", "old");
	findings_free(&l);
	check_free(x);
	check_kernel_free(k);
	notes_free(&notes);
}

static void all_noted(const struct object *o, const char *dir)
{
	struct btf_data *b = NULL;
	struct abide_error e = { 0 };
	char path[512];
	size_t i;

	snprintf(path, sizeof(path), "%scheck_kernel_old.bpf.o", dir);
	if (btf_open_file(path, &b, &e)) {
		verdict(false, e.problem, "old");
		return;
	}
	for (i = 0; i < sizeof(noted) / sizeof(noted[0]); i++)
		one_noted(o, b, i);
	btf_free(b);
}

int main(int argc, char **argv)
{
	struct object *o = NULL;
	struct abide_error e = { 0 };
	const char *slash = strrchr(argv[0], '/');
	char dir[256], path[512];
	uint32_t i, programs = 0;

	(void)argc;
	snprintf(dir, sizeof(dir), "%.*s", slash ? (int)(slash + 1 - argv[0]) : 0, argv[0]);
	snprintf(path, sizeof(path), "%scheck_guard.bpf.o", dir);
	if (object_open_file(path, &o, &e)) {
		printf("not ok 1 - %s\n1..1\n", e.problem);
		return 1;
	}
	for (i = 0; i < o->nr_functions; i++)
		programs += !o->functions[i].subprogram;
	verdict(programs == sizeof(rows) / sizeof(rows[0]), "every row has a program", "any kernel");
	all(o, dir, "old", true, false);
	all(o, dir, "old", true, true);
	all(o, dir, "new", false, false);
	all(o, dir, "new", false, true);
	all_noted(o, dir);
	object_free(o);
	printf("1..%u\n", nr);
	return bad != 0;
}
