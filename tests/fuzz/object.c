/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Fuzz target: any bytes as an eBPF object. All that it offers is read, each instruction
 * disassembled, and the object written back, once as it is and once as if every program
 * without calls had been translated. What was written must open again.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "object/disasm.h"
#include "object/write.h"
#include "standalone.h"

static uint64_t visit(const struct object *o, const struct function *f)
{
	const char *source;
	uint64_t sum = 0;
	char text[128];
	uint32_t i;

	for (i = 0; i < f->nr_insns;) {
		const struct reloc *r = function_reloc(f, i);
		const struct core_relo *c = function_core_relo(f, i);

		function_where(o, f, i, text, sizeof(text), &source);
		sum += strlen(text) + strlen(source);
		if (r)
			sum += strlen(o->symbols[r->symbol].name);
		if (r && (r->kind == RELOC_MAP || r->kind == RELOC_DATA))
			sum += strlen(o->maps[r->target].name);
		if (r && (r->kind == RELOC_CALL || r->kind == RELOC_FUNC))
			sum += strlen(o->functions[r->target].name);
		if (c)
			sum += strlen(btf_string(o->btf, c->access_off));
		i += disasm(&f->insns[i], f->nr_insns - i, text, sizeof(text));
		sum += strlen(text);
	}
	return sum;
}

static void *copy(const void *p, size_t n)
{
	void *q = malloc(n ? n : 1);

	if (q && n)
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

/* As translation would hand it over: the program and, for each address of a function, a callback. */
static void copy_program(struct translated_program *p, const struct object *o,
                         const struct function *f)
{
	uint32_t i;

	p->optional = f->section_name[0] == '?';
	snprintf(p->section, sizeof(p->section), "%s", f->section_name + p->optional);
	p->codes = calloc(1 + f->nr_relocs, sizeof(*p->codes));
	p->nr_codes = 1;
	copy_code(&p->codes[0], f);
	for (i = 0; i < f->nr_relocs; i++)
		if (f->relocs[i].kind == RELOC_FUNC) {
			copy_code(&p->codes[p->nr_codes], &o->functions[f->relocs[i].target]);
			p->codes[0].relocs[i].target = p->nr_codes++;
		}
}

/* Calls are inlined by translation, and so they are not here. */
static bool refers_to_code(const struct function *f)
{
	uint32_t i;

	for (i = 0; i < f->nr_relocs; i++)
		if (f->relocs[i].kind == RELOC_CALL || f->relocs[i].kind == RELOC_FUNC)
			return true;
	return false;
}

static bool is_translatable(const struct object *o, const struct function *f)
{
	uint32_t i;

	for (i = 0; i < f->nr_relocs; i++)
		if (f->relocs[i].kind == RELOC_CALL ||
		    (f->relocs[i].kind == RELOC_FUNC &&
		     refers_to_code(&o->functions[f->relocs[i].target])))
			return false;
	return true;
}

static void write_back(const struct object *o, bool verbatim)
{
	struct translated *t = calloc(1, sizeof(*t));
	struct buf out = { 0 };
	struct abide_error e = { 0 };
	struct object *again;
	uint32_t i;

	t->object = o;
	t->programs = calloc(o->nr_functions + 1, sizeof(*t->programs));
	for (i = 0; i < o->nr_functions; i++) {
		const struct function *f = &o->functions[i];
		struct translated_program *p = &t->programs[t->nr_programs];

		if (f->subprogram)
			continue;
		t->nr_programs++;
		p->source = f;
		p->verbatim = verbatim || !is_translatable(o, f);
		if (!p->verbatim)
			copy_program(p, o, f);
	}
	if (!object_write(t, &out, &e)) {
		if (object_open_mem(out.data, out.size, "again", &again, &e)) {
			fprintf(stderr, "written object: %s (%s)\n", e.problem, e.tag);
			abort();
		}
		object_free(again);
	}
	buf_free(&out);
	translated_free(t);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	volatile uint64_t sum = 0;
	struct object *o;
	uint32_t i;

	if (object_open_mem(data, size, "fuzz", &o, NULL))
		return 0;
	for (i = 0; i < o->nr_sections; i++)
		sum += strlen(o->sections[i].name);
	for (i = 0; i < o->nr_maps; i++)
		if (o->maps[i].data)
			sum += o->maps[i].data[o->maps[i].value_size - 1];
	for (i = 0; i < o->nr_functions; i++)
		sum += visit(o, &o->functions[i]);
	write_back(o, true);
	write_back(o, false);
	(void)sum; /* read only so that nothing is optimised away */
	object_free(o);
	return 0;
}
