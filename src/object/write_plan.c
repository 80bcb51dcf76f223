/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * What goes where in the written object. In: translated programs and the object they
 * came from. Out: sections, the chunks of code in each, the symbol table.
 *
 * Programs whose sections get one name share the section, in order: libbpf finds the
 * records of .BTF.ext by section name. Functions of .text are kept when some program
 * stays as it was; callbacks follow them, with names of their own. Of the other
 * sections those stay that the program has in memory (SHF_ALLOC): data, maps, license.
 */
#include <elf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "object/write_data.h"

struct out_section *writer_section(struct writer *w, const char *name, uint32_t type,
                                   uint64_t flags, uint64_t align)
{
	struct out_section *s =
		array_grow(w->sections, w->nr_sections, &w->room_sections, sizeof(*s));

	if (!s)
		return NULL;
	w->sections = s;
	s = &w->sections[w->nr_sections++];
	*s = (struct out_section){ .name = name, .type = type, .flags = flags, .align = align };
	return s;
}

uint32_t writer_find(const struct writer *w, const char *name)
{
	uint32_t i;

	for (i = 1; i < w->nr_sections; i++)
		if (!strcmp(w->sections[i].name, name))
			return i;
	return 0;
}

static struct chunk *new_chunk(struct writer *w)
{
	struct chunk *c = array_grow(w->chunks, w->nr_chunks, &w->room_chunks, sizeof(*c));

	if (!c)
		return NULL;
	w->chunks = c;
	c = &w->chunks[w->nr_chunks++];
	*c = (struct chunk){ .codes = NONE };
	return c;
}

/* The code section of that name (with '?' before it if @optional), made if it is not there. 0: no memory. */
static uint32_t code_section(struct writer *w, const char *name, bool optional)
{
	struct out_section *s;
	char *full = NULL;
	uint32_t i;

	if (asprintf(&full, "%s%s", optional ? "?" : "", name) < 0)
		return 0;
	i = writer_find(w, full);
	if (i) {
		free(full);
		return i;
	}
	s = writer_section(w, full, SHT_PROGBITS, SHF_ALLOC | SHF_EXECINSTR, INSN_SIZE);
	if (!s) {
		free(full);
		return 0;
	}
	s->own_name = full;
	s->code = true;
	return w->nr_sections - 1;
}

static int add_function(struct writer *w, uint32_t index, struct abide_error *e)
{
	const struct function *f = &w->o->functions[index];
	const struct symbol *y = &w->o->symbols[w->o->store->function_symbols[index]];
	struct chunk *c = new_chunk(w);

	if (!c)
		return error_nomem(e);
	w->function_chunk[index] = w->nr_chunks - 1;
	c->name = f->name;
	c->insns = f->insns;
	c->nr_insns = f->nr_insns;
	c->relocs = f->relocs;
	c->nr_relocs = f->nr_relocs;
	c->lines = f->lines;
	c->nr_lines = f->nr_lines;
	c->core_relos = f->core_relos;
	c->nr_core_relos = f->nr_core_relos;
	c->btf_id = f->btf_id;
	c->bind = y->bind;
	c->other = y->other;
	c->section = code_section(w, f->section_name, false);
	return c->section ? 0 : error_nomem(e);
}

static int add_code(struct writer *w, const struct translated_program *p, uint32_t i,
                    uint32_t codes, struct abide_error *e)
{
	const struct code *code = &p->codes[i];
	const struct function *f = code->function ? code->function : p->source;
	uint32_t function = f - w->o->functions;
	const struct symbol *y = &w->o->symbols[w->o->store->function_symbols[function]];
	struct chunk *c = new_chunk(w);

	if (!c)
		return error_nomem(e);
	if (!i)
		w->function_chunk[function] = w->nr_chunks - 1;
	c->name = code->name ? code->name : f->name;
	c->insns = code->insns;
	c->nr_insns = code->nr_insns;
	c->relocs = code->relocs;
	c->nr_relocs = code->nr_relocs;
	c->lines = code->lines;
	c->nr_lines = code->nr_lines;
	c->core_relos = code->core_relos;
	c->nr_core_relos = code->nr_core_relos;
	c->btf_id = f->btf_id;
	c->bind = i ? STB_LOCAL : y->bind;
	c->other = i ? STV_DEFAULT : y->other;
	c->codes = codes;
	c->nr_codes = p->nr_codes;
	c->section = i ? code_section(w, ".text", false) : code_section(w, p->section, p->optional);
	return c->section ? 0 : error_nomem(e);
}

static bool name_taken(const struct writer *w, uint32_t chunk)
{
	uint32_t i;

	for (i = 0; i < w->nr_chunks; i++)
		if (i != chunk && !strcmp(w->chunks[i].name, w->chunks[chunk].name))
			return true;
	return false;
}

/* "cb", "cb.1", "cb.2": each callback its own name, since several programs may have one of it. */
static int name_callbacks(struct writer *w, struct abide_error *e)
{
	const char *plain;
	uint32_t i, n;

	for (i = 0; i < w->nr_chunks; i++) {
		struct chunk *c = &w->chunks[i];

		if (c->codes == NONE || c->codes == i)
			continue;
		plain = c->name;
		for (n = 1; name_taken(w, i); n++) {
			free(c->own_name);
			if (asprintf(&c->own_name, "%s.%u", plain, n) < 0) {
				c->own_name = NULL;
				c->name = plain;
				return error_nomem(e);
			}
			c->name = c->own_name;
		}
	}
	return 0;
}

static int plan_code(struct writer *w, struct abide_error *e)
{
	bool verbatim = false;
	uint32_t i, j;
	int err = 0;

	for (i = 0; i < w->t->nr_programs; i++)
		verbatim |= w->t->programs[i].verbatim;
	for (i = 0; i < w->o->nr_functions; i++)
		w->function_chunk[i] = NONE;
	for (i = 0; verbatim && i < w->o->nr_functions && !err; i++)
		if (w->o->functions[i].subprogram)
			err = add_function(w, i, e);
	for (i = 0; i < w->t->nr_programs && !err; i++) {
		const struct translated_program *p = &w->t->programs[i];
		uint32_t codes = w->nr_chunks;

		if (p->verbatim)
			err = add_function(w, p->source - w->o->functions, e);
		for (j = 0; !p->verbatim && j < p->nr_codes && !err; j++)
			err = add_code(w, p, j, codes, e);
	}
	if (!err)
		err = name_callbacks(w, e);
	for (i = 0; i < w->nr_chunks && !err; i++) {
		struct chunk *c = &w->chunks[i];
		struct buf *data = &w->sections[c->section].data;

		c->first = data->size / INSN_SIZE;
		buf_add(data, c->insns, c->nr_insns * INSN_SIZE);
	}
	return err;
}

/* .BTF is made anew; some tools mark it as memory too. */
static bool is_kept(const struct section *s)
{
	return (s->type == SHT_PROGBITS || s->type == SHT_NOBITS) && s->flags & SHF_ALLOC &&
	       !(s->flags & SHF_EXECINSTR) && strcmp(s->name, ".BTF") &&
	       strcmp(s->name, ".BTF.ext");
}

static int plan_data(struct writer *w, struct abide_error *e)
{
	uint32_t i;

	for (i = 1; i < w->o->nr_sections; i++) {
		const struct section *s = &w->o->sections[i];
		struct out_section *n;

		if (!is_kept(s))
			continue;
		n = writer_section(w, s->name, s->type, s->flags & ~(uint64_t)SHF_GROUP, s->align);
		if (!n)
			return error_nomem(e);
		n->entsize = s->entsize;
		if (s->type == SHT_NOBITS)
			n->nobits = s->size;
		else
			buf_add(&n->data, s->data, s->size);
		w->section_map[i] = w->nr_sections - 1;
	}
	return 0;
}

int writer_plan(struct writer *w, struct abide_error *e)
{
	int err;

	if (!writer_section(w, "", SHT_NULL, 0, 0))
		return error_nomem(e);
	err = plan_code(w, e);
	return err ? err : plan_data(w, e);
}

static uint32_t add_symbol(struct writer *w, const char *name, uint8_t info, uint8_t other,
                           uint16_t section, uint64_t value, uint64_t size)
{
	buf_u32(&w->symbols, *name ? buf_str(&w->strings, name) : 0);
	buf_u8(&w->symbols, info);
	buf_u8(&w->symbols, other);
	buf_u16(&w->symbols, section);
	buf_u64(&w->symbols, value);
	buf_u64(&w->symbols, size);
	return w->nr_symbols++;
}

static void add_chunk_symbols(struct writer *w, bool local)
{
	uint32_t i;

	for (i = 0; i < w->nr_chunks; i++) {
		struct chunk *c = &w->chunks[i];

		if ((c->bind == STB_LOCAL) == local)
			c->symbol = add_symbol(w, c->name, ELF64_ST_INFO(c->bind, STT_FUNC),
			                       c->other, c->section, c->first * INSN_SIZE,
			                       c->nr_insns * INSN_SIZE);
	}
}

/* Variables, maps and externs. Functions and sections have their symbols from elsewhere. */
static void add_old_symbols(struct writer *w, bool local)
{
	uint32_t i;

	for (i = 1; i < w->o->nr_symbols; i++) {
		const struct symbol *y = &w->o->symbols[i];
		uint32_t section = y->section < w->o->nr_sections ? w->section_map[y->section] : 0;

		if ((y->bind == STB_LOCAL) != local || y->type == STT_SECTION ||
		    y->type == STT_FILE)
			continue;
		if (section || (y->section == SHN_UNDEF && *y->name))
			w->symbol_map[i] = add_symbol(w, y->name, ELF64_ST_INFO(y->bind, y->type),
			                              y->other, section, y->value, y->size);
	}
}

/* Relocations of data may name functions and sections: find what became of those. */
static void map_other_symbols(struct writer *w)
{
	uint32_t i, index;

	for (i = 1; i < w->o->nr_symbols; i++) {
		const struct symbol *y = &w->o->symbols[i];

		if (y->section >= w->o->nr_sections || w->symbol_map[i])
			continue;
		if (y->type == STT_SECTION)
			w->symbol_map[i] = w->section_map[y->section]
			                           ? w->sections[w->section_map[y->section]].symbol
			                           : 0;
		else if (y->type == STT_FUNC &&
		         function_at(w->o, y->section, y->value / INSN_SIZE, &index) &&
		         w->function_chunk[index] != NONE)
			w->symbol_map[i] = w->chunks[w->function_chunk[index]].symbol;
	}
}

int writer_symbols(struct writer *w, struct abide_error *e)
{
	uint32_t i;

	(void)e;
	buf_u8(&w->strings, 0);
	add_symbol(w, "", 0, 0, 0, 0, 0);
	for (i = 1; i < w->nr_sections; i++)
		w->sections[i].symbol =
			add_symbol(w, "", ELF64_ST_INFO(STB_LOCAL, STT_SECTION), 0, i, 0, 0);
	add_chunk_symbols(w, true);
	add_old_symbols(w, true);
	w->nr_locals = w->nr_symbols;
	add_chunk_symbols(w, false);
	add_old_symbols(w, false);
	map_other_symbols(w);
	return 0;
}
