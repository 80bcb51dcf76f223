/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * What the sections of a case describe. In: the case. Out: its catalog (tests/cases/test.cat
 * and what "-- catalog" adds; "-- catalog builtin": the real one), its kernels ("-- layout"
 * or layouts/NAME.layout), its object (assembled, or compiled by clang with the header that
 * is generated from that very catalog). Everything is made once a case.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "catalog/header.h"
#include "objgen.h"
#include "run.h"

struct catalog *run_catalog(struct run *r)
{
	const struct part *s;
	struct catalog *base = NULL;
	struct abide_error e = { 0 };
	char path[600];
	int err;

	if (r->catalog || r->catalog_tried)
		return r->catalog;
	r->catalog_tried = true;
	s = case_part(r->c, "catalog", 0);
	if (s && !strcmp(s->args, "builtin")) {
		err = catalog_open_builtin(&base, &e);
	} else {
		snprintf(path, sizeof(path), "%s/test.cat", r->dir);
		err = catalog_open_file(path, NULL, &base, &e);
	}
	if (!err && s && *s->text) {
		struct buf text = { 0 };

		if (strncmp(s->text, "catalog ", 8))
			buf_printf(&text, "catalog linux 3\n");
		buf_printf(&text, "%s\n", s->text);
		err = catalog_parse((char *)text.data, (uint32_t)text.size, "case.cat", base, &r->catalog, &e);
		buf_free(&text);
		catalog_free(base);
	} else if (!err) {
		r->catalog = base;
	}
	if (err)
		run_fail_error(r, s, "the case's catalog is bad", &e);
	return r->catalog;
}

static const struct part *layout_section(const struct run *r, const char *name)
{
	const struct part *s;
	size_t i;

	for (i = 0; (s = case_part(r->c, "layout", i)); i++)
		if (!strcmp(s->args, name))
			return s;
	return NULL;
}

static struct layout *open_layout(struct run *r, const char *name)
{
	const struct part *s = layout_section(r, name);
	char path[700], dir[600];
	struct layout *l;
	char *text;
	size_t size;

	snprintf(dir, sizeof(dir), "%s/layouts", r->dir);
	if (s)
		return layout_parse(name, s->text, r->file->path, s->line + 1, dir);
	snprintf(path, sizeof(path), "%s/%s.layout", dir, name);
	text = read_file(path, &size);
	if (!text) {
		run_fail(r, NULL, "no layout %s: %s", path, strerror(errno));
		return NULL;
	}
	l = layout_parse(name, text, path, 1, dir);
	free(text);
	return l;
}

struct kernel *run_kernel(struct run *r, const char *name)
{
	struct abide_error e = { 0 };
	struct kernel *k;
	size_t i;

	for (i = 0; i < r->nr_kernels; i++)
		if (!strcmp(r->kernels[i].name, name))
			return r->kernels[i].target ? &r->kernels[i] : NULL;
	if (r->nr_kernels == MAX_KERNELS || !run_catalog(r))
		return NULL;
	k = &r->kernels[r->nr_kernels++];
	snprintf(k->name, sizeof(k->name), "%s", name);
	k->layout = open_layout(r, name);
	if (!k->layout)
		return NULL;
	if (k->layout->error[0]) {
		run_fail(r, NULL, "layout %s: %s", name, k->layout->error);
		return NULL;
	}
	layout_btf(k->layout, &k->bytes);
	if (btf_open_mem(k->bytes.data, k->bytes.size, &k->btf, &e) ||
	    target_open(k->btf, name, r->catalog, &k->target, &e)) {
		run_fail_error(r, NULL, "the layout does not open", &e);
		return NULL;
	}
	return k;
}

struct asm_symbols run_symbols(struct run *r, struct kernel *k)
{
	return (struct asm_symbols){ .catalog = r->catalog, .layout = k ? k->layout : NULL, .layout_first = k != NULL };
}

static size_t read_maps(struct run *r, struct map_text *maps, size_t room)
{
	const struct part *s = case_part(r->c, "maps", 0);
	const char *p = s ? s->text : "", *q;
	char line[256], type[32];
	size_t n = 0;

	while (n < room && next_line(&p, line, sizeof(line))) {
		struct map_text *m = &maps[n];
		char word[32];

		memset(m, 0, sizeof(*m));
		q = line;
		if (!next_word(&q, m->name, sizeof(m->name)) || m->name[0] == '#')
			continue;
		next_word(&q, type, sizeof(type));
		m->type = map_type(type);
		m->key_size = next_word(&q, word, sizeof(word)) ? (uint32_t)strtoul(word, NULL, 0) : 0;
		m->value_size = next_word(&q, word, sizeof(word)) ? (uint32_t)strtoul(word, NULL, 0) : 0;
		m->max_entries = next_word(&q, word, sizeof(word)) ? (uint32_t)strtoul(word, NULL, 0) : 0;
		if (!m->type || !m->max_entries)
			run_fail(r, s, "\"%s\": want NAME TYPE KEY VALUE ENTRIES", line);
		n++;
	}
	return n;
}

static bool assemble_all(struct run *r)
{
	const struct part *s, *license = case_part(r->c, "license", 0);
	struct asm_symbols symbols = run_symbols(r, NULL);
	struct assembly a = { 0 };
	struct map_text maps[32];
	char name[64], error[256];
	size_t i, nr_maps = read_maps(r, maps, 32);
	bool ok = true;

	for (i = 0; ok && (s = case_part(r->c, "program", i)); i++) {
		snprintf(name, sizeof(name), i ? "prog%zu" : "prog", i + 1);
		ok = assemble(&a, s->text, s->args, name, s->line + 1, &symbols);
		if (!ok)
			run_fail(r, s, "%s", a.error);
	}
	if (ok) {
		ok = object_write_elf(&a, maps, nr_maps, license ? license->args : "GPL", &r->elf, error, sizeof(error));
		if (!ok)
			run_fail(r, NULL, "%s", error);
	}
	assembly_free(&a);
	return ok;
}

static bool write_text(const char *path, const void *data, size_t size)
{
	FILE *f = fopen(path, "wb");
	bool ok;

	if (!f)
		return false;
	ok = fwrite(data, 1, size, f) == size;
	return fclose(f) == 0 && ok;
}

/* What every C program of a case starts with; it has lines of its own. */
static const char case_header[] =
	"#include <abide/linux.h>\n"
	"#define SEC(name) __attribute__((section(name), used))\n"
	"#define noinline __attribute__((noinline))\n"
	"static struct task_struct_user *(*get_current_task_user)(void) = (void *)0x7ab1de00;\n"
	"static long (*field_exists)(const volatile void *) = (void *)0x7ab1de01;\n"
	"static long (*user_str)(void *, u32, const void *) = (void *)0x7ab1de02;\n"
	"char LICENSE[] SEC(\"license\") = \"GPL\";\n";

/*
 * What C is compiled with: older and newer instruction sets, without CO-RE records, and other
 * optimisations, which merge and move loads in other ways.
 */
static const char *const variants[] = {
	"-O2 -mcpu=v2", "-O2 -mcpu=v3", "-O2 -mcpu=v2 -DWITHOUT_CORE", "-O1 -mcpu=v2", "-Os -mcpu=v1",
};

const char *run_flags(const struct run *r)
{
	return variants[r->variant];
}

bool run_next_variant(struct run *r)
{
	if (!case_part(r->c, "program-c", 0) || r->variant + 1 == sizeof(variants) / sizeof(variants[0]))
		return false;
	r->variant++;
	object_free(r->object);
	r->object = NULL;
	r->object_tried = false;
	buf_free(&r->elf);
	return true;
}

/* The header as a compiler without CO-RE has it: an attribute of the same length that means nothing. */
static void without_core(struct buf *header)
{
	static const char core[] = "preserve_access_index", none[] = "annotate(\"  plain  \")";
	char *p;

	_Static_assert(sizeof(core) == sizeof(none), "in place");
	buf_u8(header, 0);
	header->size--;
	while ((p = strstr((char *)header->data, core)))
		memcpy(p, none, strlen(none));
}

/* clang with the header of the case's catalog; more flags come from the section's line. */
static bool compile(struct run *r, const struct part *s)
{
	char dir[] = "/tmp/abide-case.XXXXXX", path[64], command[2048];
	const char *flags = s->args;
	struct buf header = { 0 };
	struct abide_error e = { 0 };
	bool ok = false;
	char *object;
	size_t size;

	if (!mkdtemp(dir) || header_write(r->catalog, &header, &e)) {
		run_fail_error(r, s, "no header", &e);
		return false;
	}
	if (strstr(run_flags(r), "WITHOUT_CORE"))
		without_core(&header);
	snprintf(path, sizeof(path), "%s/abide", dir);
	snprintf(command, sizeof(command), "mkdir %s", path);
	ok = system(command) == 0;
	snprintf(path, sizeof(path), "%s/abide/linux.h", dir);
	ok = ok && write_text(path, header.data, header.size);
	snprintf(path, sizeof(path), "%s/case.h", dir);
	ok = ok && write_text(path, case_header, strlen(case_header));
	snprintf(path, sizeof(path), "%s/prog.bpf.c", dir);
	ok = ok && write_text(path, s->text, strlen(s->text));
	snprintf(command, sizeof(command),
		 "cd %s && ${CLANG:-clang} -g -target bpf %s -I. -include case.h %s"
		 " -c -o prog.bpf.o prog.bpf.c 2>log", dir, run_flags(r), flags);
	ok = ok && system(command) == 0;
	snprintf(path, sizeof(path), "%s/%s", dir, ok ? "prog.bpf.o" : "log");
	object = read_file(path, &size);
	if (ok && object)
		buf_add(&r->elf, object, size);
	else
		run_fail(r, s, "clang: %s", object ? object : "no output");
	free(object);
	buf_free(&header);
	snprintf(command, sizeof(command), "rm -rf %s", dir);
	if (system(command))
		run_fail(r, s, "cannot remove %s", dir);
	return ok;
}

struct object *run_object(struct run *r, struct abide_error *e)
{
	const struct part *c;

	memset(e, 0, sizeof(*e));
	if (r->object_tried || !run_catalog(r))
		return r->object;
	r->object_tried = true;
	c = case_part(r->c, "program-c", 0);
	if (c ? !compile(r, c) : !assemble_all(r))
		return NULL;
	object_open_mem(r->elf.data, r->elf.size, "prog.bpf.o", &r->object, e);
	return r->object;
}

void run_close(struct run *r)
{
	size_t i;

	for (i = 0; i < r->nr_kernels; i++) {
		target_free(r->kernels[i].target);
		btf_free(r->kernels[i].btf);
		buf_free(&r->kernels[i].bytes);
		layout_free(r->kernels[i].layout);
	}
	object_free(r->object);
	catalog_free(r->catalog);
	buf_free(&r->elf);
	buf_free(&r->report);
}
