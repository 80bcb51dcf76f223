// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Programs on what a module has, against a kernel that comes with abide and a module that the test makes: with it, of
 * a package and loaded, without it, and with its symbols alone (a kernel before 5.11).
 */
#include <errno.h>

#include "check/check.h"
#include "check/stamp.h"
#include "image_kit.h"
#include "profile/kernels.h"
#include "profile/modules.h"

enum way { NONE, PACKAGE, LOADED, SYMBOLS, WAYS };
static const char *const way_names[] = { "without the module", "with a package that has it", "where it is loaded", "with its symbols alone" };

/* "module": it runs where that is loaded, or (where that is known) it runs. */
static const struct outcome_row {
	const char *name, *want[WAYS], *why;
} rows[] = {
	/* program          NONE     PACKAGE   LOADED   SYMBOLS   a part of why it fails with the package */
	{ "entry",          { "fails", "module", "runs", "fails" }, NULL },
	{ "beyond",         { "fails", "fails", "fails", "fails" }, "it has 1" },
	{ "named",          { "unknown", "module", "runs", "fails" }, NULL },
	{ "named_own",      { "fails", "fails", "fails", "fails" }, "BTF of module made" },
	{ "named_other",    { "unknown", "fails", "fails", "fails" }, "no module other" },
	{ "named_vmlinux",  { "runs", "runs", "runs", "runs" }, NULL },
	{ "not_in_vmlinux", { "fails", "fails", "fails", "fails" }, "has no function mod_function" },
	{ "begins",         { "fails", "fails", "fails", "fails" }, "only for its begin" },
	{ "probed",         { "fails", "module", "runs", "module" }, NULL },
	{ "probed_end",     { "fails", "module", "runs", "module" }, NULL },
	{ "probed_begin",   { "fails", "fails", "fails", "fails" }, "only for its begin" },
	{ "probed_named",   { "fails", "fails", "fails", "fails" }, "up to the colon" },
	{ "probed_absent",  { "fails", "fails", "fails", "fails" }, "no function of that name" },
	{ "raw",            { "fails", "module", "runs", "module" }, NULL },
	{ "raw_beyond",     { "fails", "fails", "fails", "unknown" }, "it has 1" },
	{ "typed",          { "fails", "module", "runs", "fails" }, NULL },
	{ "event",          { "fails", "module", "runs", "module" }, NULL },
	{ "event_elsewhere", { "fails", "fails", "fails", "fails" }, "not in that category" },
	{ "event_absent",   { "fails", "fails", "fails", "fails" }, "no tracepoint absent" },
	{ "field",          { "fails", "module", "runs", "fails" }, NULL },
	{ "asked",          { "runs", "runs", "runs", "runs" }, NULL },
	{ "guarded",        { "runs", "runs", "runs", "runs" }, NULL },
	{ "guarded_there",  { "fails", "module", "runs", "fails" }, NULL },
	{ "guarded_wrongly", { "fails", "module", "runs", "fails" }, NULL },
	{ "weak_call",      { "runs", "runs", "runs", "runs" }, NULL },
	{ "weak_symbol",    { "runs", "runs", "runs", "runs" }, NULL },
	/* externs that are not weak: the object needs both */
	{ "calls",          { "fails", "module", "runs", "fails" }, NULL },
	{ "reads",          { "fails", "module", "runs", "fails" }, NULL },
};
#define ROWS (sizeof(rows) / sizeof(rows[0]))

/* int, struct made, void mod_function(int), void mod_begins(void), the tracepoint mod with one argument. */
static struct buf make_btf(const struct btf_data *base)
{
	uint32_t first = btf_count(base), strings, at;
	struct bb m = { 0 };
	struct buf out = { 0 };
	struct btf_header h;
	const void *bytes;
	size_t size;

	memcpy(&h, btf_bytes(base, &size), sizeof(h));
	strings = h.str_len;
	m.nr = first - 1;
#define NAMED(name, info) (at = strings + bb_str(&m, name), bb_u32(&m, &m.types, at), bb_u32(&m, &m.types, (uint32_t)(info)))
#define PLAIN(info) (bb_u32(&m, &m.types, 0), bb_u32(&m, &m.types, (uint32_t)(info)))
#define MORE(v) bb_u32(&m, &m.types, v)
	NAMED("int", BTF_KIND_INT << 24), MORE(4), MORE(BTF_INT_SIGNED << 24 | 32);
	NAMED("made", BTF_KIND_STRUCT << 24 | 1), MORE(4);
	at = strings + bb_str(&m, "member");
	MORE(at), MORE(first), MORE(0);
	PLAIN(BTF_KIND_FUNC_PROTO << 24 | 1), MORE(0), MORE(0), MORE(first); /* 2: void (int) */
	PLAIN(BTF_KIND_FUNC_PROTO << 24), MORE(0);                           /* 3: void (void) */
	NAMED("mod_function", BTF_KIND_FUNC << 24), MORE(first + 2);
	NAMED("mod_begins", BTF_KIND_FUNC << 24), MORE(first + 3);
	PLAIN(BTF_KIND_PTR << 24), MORE(0);                                  /* 6: void * */
	PLAIN(BTF_KIND_FUNC_PROTO << 24 | 2), MORE(0), MORE(0), MORE(first + 6), MORE(0), MORE(first);
	PLAIN(BTF_KIND_PTR << 24), MORE(first + 7);
	NAMED("btf_trace_mod", BTF_KIND_TYPEDEF << 24), MORE(first + 8);
	bytes = bb_finish(&m, &size);
	buf_add(&out, bytes, size);
	bb_free(&m);
	return out;
}

static const char *outcome(const struct findings *l, const struct finding **worst)
{
	char modules[100];

	*worst = findings_worst(l);
	if (*worst)
		return severity_name((*worst)->severity);
	return !strcmp(findings_modules(l, modules, sizeof(modules)), "module made") ? "module" : *modules ? "another module" : "runs";
}

static void programs(const struct object *o, struct check_kernel *k, enum way way, uint32_t *seen)
{
	struct abide_error e = { 0 };
	struct check *x = NULL;
	uint32_t i;
	size_t n;

	SAME(check_open(o, k, NULL, &x, &e), 0, way_names[way]);
	for (i = 0; x && i < o->nr_functions; i++) {
		struct findings l = { 0 };
		const struct finding *w;
		const char *have;
		char text[160];

		for (n = 0; n < ROWS && strcmp(rows[n].name, o->functions[i].name); n++)
			;
		if (o->functions[i].subprogram || n == ROWS)
			continue;
		(*seen)++;
		SAME(check_program(x, &o->functions[i], &l, &e), 0, "checked");
		have = outcome(&l, &w);
		snprintf(text, sizeof(text), "%s %s: %s", rows[n].name, way_names[way], rows[n].want[way]);
		OK(!strcmp(have, rows[n].want[way]), text);
		if (strcmp(have, rows[n].want[way]))
			printf("# have %s: %s\n", have, w ? w->why : "");
		if (way == PACKAGE && rows[n].why)
			HAS(w ? w->why : "", rows[n].why, "and why");
		findings_free(&l);
	}
	check_free(x);
}

static struct kernels *ks;
static uint32_t kernel;

static const struct notes *notes_of(void *arg, bool symbols)
{
	const struct notes *n = NULL;

	(void)arg;
	return kernels_notes(ks, kernel, symbols, &n, NULL) ? NULL : n;
}

static void all(const struct object *o, struct btf_data *btf, enum way way, uint32_t *seen)
{
	struct buf split = make_btf(btf), elf = ko(true, false, &split);
	struct image_module one = { "made", split.data, split.size, elf.data, elf.size };
	struct check_kernel *k = NULL;
	struct modules *m = NULL;
	struct abide_error e = { 0 };

	if (way == SYMBOLS)
		one.btf = NULL;
	SAME(check_kernel_open(btf, "the kernel", &k, &e), 0, "the kernel");
	check_kernel_notes(k, notes_of, NULL);
	check_kernel_release(k, kernels_facts(ks, kernel)->release);
	if (way != NONE) {
		OK(!modules_open(btf, way == LOADED, &m, &e) && !modules_add(m, &one, &e), "its module");
		check_kernel_modules(k, m);
	}
	programs(o, k, way, seen);
	check_kernel_free(k);
	modules_free(m);
	buf_free(&split);
	buf_free(&elf);
}

/* Stamped where the module is loaded: allowed there, and refused on the very kernel without it. */
static void stamps(const char *path, struct btf_data *btf)
{
	struct buf split = make_btf(btf), elf = ko(true, false, &split), uses = { 0 }, out = { 0 }, file = { 0 };
	struct image_module one = { "made", split.data, split.size, elf.data, elf.size };
	struct stamp_kernel on = { .release = "6.12.0-test", .btf = btf, .notes = notes_of };
	struct modules *with = NULL, *without = NULL;
	struct abide_error e = { 0 };
	struct object *o = NULL;
	struct stamp s;
	FILE *f = fopen(path, "rb");
	uint8_t piece[4096];
	size_t n;

	while (f && (n = fread(piece, 1, sizeof(piece), f)))
		buf_add(&file, piece, n);
	if (f)
		fclose(f);
	OK(!modules_open(btf, true, &with, &e) && !modules_add(with, &one, &e) && !modules_open(btf, true, &without, &e), "modules");
	on.modules = with;
	SAME(object_open_mem(file.data, file.size, "programs", &o, &e), 0, "an object that needs a module");
	OK(!stamp_of_kernel(&on, &s, &e) && !stamp_uses(o, &on, NULL, &uses, &e) && !stamp_write(file.data, file.size, &s, &uses, &out, &e),
	   "is stamped");
	object_free(o);
	SAME(object_open_mem(out.data, out.size, "stamped", &o, &e), 0, "it is an object still");
	OK(memmem(out.data, out.size, "\nuses extern symbol mod_data = in module made\n", 46) &&
		   memmem(out.data, out.size, "\nuses kfunc kernel function mod_function = in module made\n", 58), "the stamp names the module");
	SAME(stamp_allows(o, &on, NULL, &e), 0, "allowed where the module is loaded");
	on.modules = without;
	SAME(stamp_allows(o, &on, NULL, &e), -EPERM, "refused where it is not");
	HAS(e.tag, "stamp-modules", "for its modules");
	HAS(e.reason, "symbol mod_data", "which are told by what they have");
	object_free(o);
	modules_free(with);
	modules_free(without);
	buf_free(&split);
	buf_free(&elf);
	buf_free(&uses);
	buf_free(&out);
	buf_free(&file);
}

int main(int argc, char **argv)
{
	const char *slash = strrchr(argv[0], '/');
	struct kernel_list list = { 0 };
	struct abide_error e = { 0 };
	struct btf_data *btf = NULL;
	struct object *o[2] = { NULL };
	char path[512];
	uint32_t seen = 0, way, i;

	(void)argc;
	for (i = 0; i < 2; i++) {
		snprintf(path, sizeof(path), "%.*scheck_attach_module%s.bpf.o", slash ? (int)(slash + 1 - argv[0]) : 0, argv[0], i ? "_externs" : "");
		SAME(object_open_file(path, &o[i], &e), 0, "the programs");
	}
	OK(!kernels_open(&ks, &e) && !kernels_find(ks, "6.12", &list, &e) && list.nr == 1, "a kernel that comes with abide");
	kernel = list.nr ? list.items[0] : 0;
	SAME(kernels_btf(ks, kernel, &btf, &e), 0, "its BTF");
	for (way = 0; btf && way < WAYS; way++)
		for (i = 0; i < 2; i++)
			if (o[i])
				all(o[i], btf, way, &seen);
	SAME(seen, ROWS * WAYS, "every row has a program");
	if (btf)
		stamps(path, btf);
	object_free(o[0]);
	object_free(o[1]);
	free(list.items);
	kernels_close(ks);
	return kit_done();
}
