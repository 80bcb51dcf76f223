/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The writer. Objects are written back as they were, and as if they had been translated
 * (code copied, sections renamed); what comes out is read again and compared, and
 * libbpf must parse it and, where bpf(2) may be used, load it.
 */
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "object/write.h"
#include "object_test.h"

static void *copy(const void *p, size_t n)
{
	void *q = malloc(n ? n : 1);

	if (n)
		memcpy(q, p, n);
	return q;
}

static void copy_code(struct code *c, const struct function *f)
{
	c->name = f->name;
	c->function = f;
	c->insns = copy(f->insns, f->nr_insns * sizeof(*f->insns));
	c->nr_insns = f->nr_insns;
	c->relocs = copy(f->relocs, f->nr_relocs * sizeof(*f->relocs));
	c->nr_relocs = f->nr_relocs;
	c->lines = copy(f->lines, f->nr_lines * sizeof(*f->lines));
	c->nr_lines = f->nr_lines;
	c->core_relos = copy(f->core_relos, f->nr_core_relos * sizeof(*f->core_relos));
	c->nr_core_relos = f->nr_core_relos;
}

static void copy_program(struct translated_program *p, const struct object *o)
{
	const struct function *f = p->source;
	uint32_t i;

	p->optional = f->section_name[0] == '?';
	snprintf(p->section, sizeof(p->section), "raw_tp/renamed");
	p->codes = calloc(1 + f->nr_relocs, sizeof(*p->codes));
	p->nr_codes = 1;
	copy_code(&p->codes[0], f);
	for (i = 0; i < f->nr_relocs; i++)
		if (f->relocs[i].kind == RELOC_FUNC) {
			copy_code(&p->codes[p->nr_codes], &o->functions[f->relocs[i].target]);
			p->codes[0].relocs[i].target = p->nr_codes++;
		}
}

/* @all: every program stays; otherwise only those that call functions. */
static struct translated *translate(const struct object *o, bool all)
{
	struct translated *t = calloc(1, sizeof(*t));
	uint32_t i, j;

	t->object = o;
	t->programs = calloc(o->nr_functions, sizeof(*t->programs));
	for (i = 0; i < o->nr_functions; i++) {
		struct translated_program *p = &t->programs[t->nr_programs];

		if (o->functions[i].subprogram)
			continue;
		t->nr_programs++;
		p->source = &o->functions[i];
		p->verbatim = all;
		for (j = 0; j < p->source->nr_relocs; j++)
			p->verbatim |= p->source->relocs[j].kind == RELOC_CALL;
		if (!p->verbatim)
			copy_program(p, o);
	}
	return t;
}

static const struct function *find_function(const struct object *o, const char *name)
{
	uint32_t i;

	for (i = 0; i < o->nr_functions; i++)
		if (!strcmp(o->functions[i].name, name))
			return &o->functions[i];
	return NULL;
}

static bool same_bytes(const void *a, const void *b, size_t n)
{
	return !n || !memcmp(a, b, n);
}

static bool same_lines(const struct function *a, const struct function *b)
{
	return a->nr_lines == b->nr_lines &&
	       same_bytes(a->lines, b->lines, a->nr_lines * sizeof(*a->lines));
}

static bool same_core(const struct function *a, const struct function *b)
{
	return a->nr_core_relos == b->nr_core_relos &&
	       same_bytes(a->core_relos, b->core_relos, a->nr_core_relos * sizeof(*a->core_relos));
}

/* Instructions agree in all but the addends that stand in relocated ones. */
static bool same_code(const struct function *a, const struct function *b)
{
	uint32_t i;

	if (a->nr_insns != b->nr_insns)
		return false;
	for (i = 0; i < a->nr_insns; i++) {
		struct bpf_insn x = a->insns[i], y = b->insns[i];

		if (function_reloc(a, i))
			x.imm = y.imm;
		if (memcmp(&x, &y, sizeof(x)))
			return false;
	}
	return true;
}

/* Relocations mean the same, by name; a callback may have got a number ("callback.1"). */
static bool same_relocs(const struct object *oa, const struct function *a, const struct object *ob,
                        const struct function *b)
{
	uint32_t i;

	if (a->nr_relocs != b->nr_relocs)
		return false;
	for (i = 0; i < a->nr_relocs; i++) {
		const struct reloc *x = &a->relocs[i], *y = &b->relocs[i];

		if (x->insn != y->insn || x->kind != y->kind || x->addend != y->addend)
			return false;
		if ((x->kind == RELOC_MAP || x->kind == RELOC_DATA) &&
		    strcmp(oa->maps[x->target].name, ob->maps[y->target].name))
			return false;
		if ((x->kind == RELOC_CALL || x->kind == RELOC_FUNC) &&
		    strncmp(oa->functions[x->target].name, ob->functions[y->target].name,
		            strlen(oa->functions[x->target].name)))
			return false;
		if (x->kind == RELOC_EXTERN &&
		    strcmp(oa->symbols[x->symbol].name, ob->symbols[y->symbol].name))
			return false;
	}
	return true;
}

static void compare(const struct object *o, const struct object *n)
{
	uint32_t i;

	check_str(n->license, o->license, "the license is there");
	check(o->nr_maps == n->nr_maps, "as many maps");
	for (i = 0; i < o->nr_maps && i < n->nr_maps; i++) {
		const struct map_def *a = &o->maps[i], *b = &n->maps[i];

		if (strcmp(a->name, b->name) || a->type != b->type ||
		    a->value_size != b->value_size || a->value_type != b->value_type ||
		    a->inner != b->inner || (a->data && memcmp(a->data, b->data, a->value_size)))
			check(false, "map %s is the same", a->name);
	}
	for (i = 0; i < o->nr_functions; i++) {
		const struct function *a = &o->functions[i], *b = find_function(n, a->name);

		if (!b) {
			check(a->subprogram, "%s is there", a->name);
			continue;
		}
		check(same_code(a, b) && same_relocs(o, a, n, b) && same_lines(a, b) &&
		              same_core(a, b) && a->btf_id == b->btf_id && a->global == b->global,
		      "%s means the same", a->name);
	}
}

static int quiet(enum libbpf_print_level level, const char *fmt, va_list ap)
{
	if (level == LIBBPF_WARN && getenv("V"))
		vfprintf(stderr, fmt, ap);
	return 0;
}

static void test_libbpf(const struct buf *b, const struct object *n, bool load, const char *name)
{
	struct bpf_program *p;
	struct bpf_object *obj;
	struct bpf_map *m;
	char what[128];
	uint32_t nr = 0;
	int err;

	libbpf_set_print(quiet);
	obj = bpf_object__open_mem(b->data, b->size, NULL);
	if (!check(obj != NULL, "%s: libbpf opens it", name))
		return;
	bpf_object__for_each_program(p, obj)
	{
		const struct function *f = find_function(n, bpf_program__name(p));

		nr++;
		/* libbpf takes the '?' off. */
		check(f &&
		              !strcmp(bpf_program__section_name(p),
		                      f->section_name + (*f->section_name == '?')) &&
		              bpf_program__insn_cnt(p) == f->nr_insns,
		      "%s: libbpf sees %s in %s", name, bpf_program__name(p),
		      bpf_program__section_name(p));
	}
	check(nr > 0, "%s: libbpf sees programs", name);
	bpf_object__for_each_map(m, obj)
		bpf_map__set_pin_path(m, NULL); /* a test leaves nothing behind */
	snprintf(what, sizeof(what), "%s: libbpf loads it", name);
	err = load ? bpf_object__load(obj) : 0;
	if (err == -EPERM || err == -ENOSYS)
		skip(what, "bpf(2) is refused here");
	else if (load)
		check(!err, "%s (%d)", what, err);
	bpf_object__close(obj);
}

static void test_one(const char *dir, const char *name, bool all, bool load)
{
	struct abide_error e = { 0 };
	struct object *o = NULL, *n = NULL;
	struct translated *t = NULL;
	struct buf out = { 0 };
	char path[512];

	printf("# %s, %s\n", name, all ? "as it was" : "as if translated");
	snprintf(path, sizeof(path), "%s/%s", dir, name);
	if (!check(!object_open_file(path, &o, &e), "it opens %s", e.problem))
		return;
	t = translate(o, all);
	if (check(!object_write(t, &out, &e), "it is written %s", e.problem) &&
	    check(!object_open_mem(out.data, out.size, "written", &n, &e),
	          "what was written opens %s", e.problem)) {
		compare(o, n);
		if (!all && find_function(o, "loops")) {
			check_str(find_function(n, "loops")->section_name, "raw_tp/renamed",
			          "a section is renamed");
			check_str(find_function(n, "optional")->section_name, "?raw_tp/renamed",
			          "an optional one stays optional");
			check_str(find_function(n, "calls")->section_name, "raw_tp/sched_switch",
			          "a program that stays keeps its section");
		}
		test_libbpf(&out, n, load, name);
	}
	buf_free(&out);
	object_free(n);
	translated_free(t);
	object_free(o);
}

static void test_refusals(const char *dir)
{
	struct abide_error e = { 0 };
	struct translated *t;
	struct buf out = { 0 };
	struct object *o;
	char path[512];
	uint32_t i;

	snprintf(path, sizeof(path), "%s/object_sample.bpf.o", dir);
	if (!check(!object_open_file(path, &o, &e), "the sample opens"))
		return;
	t = translate(o, false);
	for (i = 0; i < t->nr_programs && t->programs[i].verbatim; i++)
		;
	t->programs[i].codes[0].relocs[0].kind = RELOC_FILTER;
	check(object_write(t, &out, &e) == -EINVAL && !strcmp(e.tag, "write-filter"),
	      "a filter is refused: %s", e.problem);
	check_u64(out.size, 0, "and nothing is written");
	t->programs[i].codes[0].relocs[0].kind = RELOC_FUNC;
	t->programs[i].codes[0].relocs[0].target = 77;
	check(object_write(t, &out, &e) == -EINVAL && !strcmp(e.tag, "write-reloc"),
	      "a callback too many is refused: %s", e.problem);
	buf_free(&out);
	translated_free(t);
	translated_free(NULL);
	object_free(o);
}

void test_write(const char *dir)
{
	test_one(dir, "object_sample.bpf.o", true, true);
	test_one(dir, "object_sample.bpf.o", false, true);
	test_one(dir, "object_sample.v3.bpf.o", false, true);
	test_one(dir, "object_extern.bpf.o", true, false);
	test_one(dir, "object_extern.bpf.o", false, false);
	test_refusals(dir);
}
