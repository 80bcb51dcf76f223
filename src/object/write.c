/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Writing a translated object as ELF. In: translated programs. Out: the bytes of a
 * relocatable that libbpf loads. The parts are made in order (write_data.h: plan,
 * symbols, code, BTF); here they become a file:
 *
 *   ELF header | sections' contents | section headers
 *
 * with one table of strings for symbols and sections, and .rel sections behind all
 * others so that indices given out before stay.
 */
#include <elf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "object/write_data.h"

#ifndef EM_BPF
#define EM_BPF 247
#endif

/* .rel sections, .symtab, .strtab. */
static int add_tables(struct writer *w, struct abide_error *e)
{
	uint32_t nr = w->nr_sections, i, symtab = nr;
	struct out_section *s;
	char *name;

	for (i = 1; i < nr; i++)
		symtab += w->sections[i].relocs.size != 0;
	for (i = 1; i < nr; i++) {
		if (!w->sections[i].relocs.size)
			continue;
		if (asprintf(&name, ".rel%s", w->sections[i].name) < 0)
			return error_nomem(e);
		s = writer_section(w, name, SHT_REL, SHF_INFO_LINK, 8);
		if (!s) {
			free(name);
			return error_nomem(e);
		}
		s->own_name = name;
		s->link = symtab;
		s->info = i;
		s->entsize = sizeof(Elf64_Rel);
		s->data = w->sections[i].relocs;
		memset(&w->sections[i].relocs, 0, sizeof(s->relocs));
	}
	s = writer_section(w, ".symtab", SHT_SYMTAB, 0, 8);
	if (!s)
		return error_nomem(e);
	s->link = symtab + 1;
	s->info = w->nr_locals;
	s->entsize = sizeof(Elf64_Sym);
	s->data = w->symbols;
	memset(&w->symbols, 0, sizeof(w->symbols));
	s = writer_section(w, ".strtab", SHT_STRTAB, 0, 1);
	return s ? 0 : error_nomem(e);
}

static void put_header(struct buf *out, uint32_t nr_sections)
{
	Elf64_Ehdr h = {
		.e_ident = { ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB,
		             EV_CURRENT },
		.e_type = ET_REL,
		.e_machine = EM_BPF,
		.e_version = EV_CURRENT,
		.e_ehsize = sizeof(Elf64_Ehdr),
		.e_shentsize = sizeof(Elf64_Shdr),
		.e_shnum = nr_sections,
		.e_shstrndx = nr_sections - 1,
	};

	buf_add(out, &h, sizeof(h));
}

static int put_file(struct writer *w, struct buf *out, struct abide_error *e)
{
	size_t start = out->size, at, i;
	struct buf headers = { 0 };
	bool failed = false;
	uint64_t shoff;

	put_header(out, w->nr_sections);
	for (i = 0; i < w->nr_sections; i++) {
		struct out_section *s = &w->sections[i];
		Elf64_Shdr h = { .sh_type = s->type,
			         .sh_flags = s->flags,
			         .sh_link = s->link,
			         .sh_info = s->info,
			         .sh_addralign = s->align,
			         .sh_entsize = s->entsize };

		h.sh_name = i ? buf_str(&w->strings, s->name) : 0;
		if (i == w->nr_sections - 1) {
			s->data = w->strings;
			memset(&w->strings, 0, sizeof(w->strings));
		}
		failed |= s->data.failed;
		/* Alignments come from the object; more than a page only wastes space. */
		if (i && s->align > 1 && s->align <= 4096 && !(s->align & (s->align - 1)))
			buf_add(out, NULL, -(out->size - start) & (s->align - 1));
		at = buf_add(out, s->data.data, s->data.size);
		h.sh_offset = i ? at - start : 0;
		h.sh_size = s->type == SHT_NOBITS ? s->nobits : s->data.size;
		buf_add(&headers, &h, sizeof(h));
	}
	buf_add(out, NULL, -(out->size - start) & 7);
	shoff = out->size - start;
	buf_add(out, headers.data, headers.size);
	failed |= headers.failed | out->failed;
	buf_free(&headers);
	if (failed)
		return error_nomem(e);
	memcpy(out->data + start + offsetof(Elf64_Ehdr, e_shoff), &shoff, sizeof(shoff));
	return 0;
}

static void writer_free(struct writer *w)
{
	size_t i;

	for (i = 0; i < w->nr_sections; i++) {
		free(w->sections[i].own_name);
		buf_free(&w->sections[i].data);
		buf_free(&w->sections[i].relocs);
	}
	for (i = 0; i < w->nr_chunks; i++)
		free(w->chunks[i].own_name);
	free(w->sections);
	free(w->chunks);
	free(w->section_map);
	free(w->symbol_map);
	free(w->function_chunk);
	buf_free(&w->symbols);
	buf_free(&w->strings);
}

int object_write(const struct translated *t, struct buf *out, struct abide_error *e)
{
	const struct object *o = t->object;
	struct writer w = { .t = t, .o = o };
	int err;

	w.section_map = calloc(o->nr_sections + 1, sizeof(*w.section_map));
	w.symbol_map = calloc(o->nr_symbols + 1, sizeof(*w.symbol_map));
	w.function_chunk = calloc(o->nr_functions + 1, sizeof(*w.function_chunk));
	if (!w.section_map || !w.symbol_map || !w.function_chunk) {
		err = error_nomem(e);
		goto out;
	}
	err = writer_plan(&w, e);
	if (!err)
		err = writer_symbols(&w, e);
	if (!err)
		err = writer_code(&w, e);
	if (!err)
		err = writer_btf(&w, e);
	if (!err)
		err = add_tables(&w, e);
	if (!err)
		err = put_file(&w, out, e);
out:
	writer_free(&w);
	return err;
}
