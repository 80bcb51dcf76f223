/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Relocations of the written object. In: chunks in their sections, symbols. Out: REL
 * entries, and the implicit addends (imm) that libbpf reads with them:
 *
 *   map       the map's symbol                       imm 0
 *   variable  its symbol or its section's            imm = what is left of the offset
 *   function  global: its symbol; local: .text       imm = byte offset from the symbol
 *   call      global: its symbol; local: .text       imm = instruction offset - 1
 *             in the same section: no relocation     imm relative to the next instruction
 *   extern    its symbol                             imm as the compiler left it
 *
 * libbpf takes local functions only by way of the section symbol.
 */
#include <elf.h>
#include <errno.h>
#include <string.h>

#include "object/write_data.h"

#define R_BPF_64_64 1
#define R_BPF_64_32 10

static int broken(const struct chunk *c, const struct reloc *r, struct abide_error *e,
                  const char *what)
{
	return error_set(e, -EINVAL, "write-reloc", "cannot write %s: instruction %u %s", c->name,
	                 r->insn, what);
}

static void put_reloc(struct out_section *s, uint32_t insn, uint32_t type, uint32_t symbol)
{
	buf_u64(&s->relocs, (uint64_t)insn * INSN_SIZE);
	buf_u64(&s->relocs, ELF64_R_INFO((uint64_t)symbol, type));
}

/* A variable: by its own symbol if the relocation still knows it, so that listings show its name. */
static int put_data(struct writer *w, const struct chunk *c, const struct reloc *r,
                    struct bpf_insn *insn, struct abide_error *e)
{
	const struct map_def *m = &w->o->maps[r->target];
	const struct symbol *y = r->symbol < w->o->nr_symbols ? &w->o->symbols[r->symbol] : NULL;
	uint32_t symbol = 0;
	int64_t addend = r->addend;

	if (y && y->section == m->section && y->type != STT_SECTION) {
		symbol = w->symbol_map[r->symbol];
		addend -= y->value;
	}
	if (!symbol && w->section_map[m->section]) {
		symbol = w->sections[w->section_map[m->section]].symbol;
		addend = r->addend;
	}
	if (!symbol || addend < INT32_MIN || addend > INT32_MAX)
		return broken(c, r, e, "refers to data that is not there");
	insn->imm = addend;
	put_reloc(&w->sections[c->section], c->first + r->insn, R_BPF_64_64, symbol);
	return 0;
}

/* The chunk of a function, by what RELOC_CALL and RELOC_FUNC mean in this chunk. */
static uint32_t target_chunk(const struct writer *w, const struct chunk *c, const struct reloc *r)
{
	if (r->kind == RELOC_FUNC && c->codes != NONE)
		return r->target < c->nr_codes ? c->codes + r->target : NONE;
	return r->target < w->o->nr_functions ? w->function_chunk[r->target] : NONE;
}

static int put_function(struct writer *w, const struct chunk *c, const struct reloc *r,
                        struct bpf_insn *insn, struct abide_error *e)
{
	uint32_t index = target_chunk(w, c, r), symbol;
	const struct chunk *to;
	bool local;

	if (index == NONE)
		return broken(c, r, e, "refers to a function that is not there");
	to = &w->chunks[index];
	local = to->bind == STB_LOCAL;
	symbol = local ? w->sections[to->section].symbol : to->symbol;
	if (r->kind == RELOC_FUNC) {
		insn->imm = local ? to->first * INSN_SIZE : 0;
		put_reloc(&w->sections[c->section], c->first + r->insn, R_BPF_64_64, symbol);
	} else if (to->section == c->section) {
		insn->imm = (int64_t)to->first - (c->first + r->insn + 1);
	} else {
		insn->imm = local ? (int64_t)to->first - 1 : -1;
		put_reloc(&w->sections[c->section], c->first + r->insn, R_BPF_64_32, symbol);
	}
	return 0;
}

static int put_one(struct writer *w, const struct chunk *c, const struct reloc *r,
                   struct bpf_insn *insn, struct abide_error *e)
{
	bool call = insn->code == (BPF_JMP | BPF_CALL);
	uint32_t symbol;

	if (call != (r->kind == RELOC_CALL) && !(call && r->kind == RELOC_EXTERN))
		return broken(c, r, e, "has a relocation of another instruction");
	if ((r->kind == RELOC_MAP || r->kind == RELOC_DATA) && r->target >= w->o->nr_maps)
		return broken(c, r, e, "refers to a map that is not there");
	switch (r->kind) {
	case RELOC_MAP:
		symbol = w->symbol_map[w->o->store->map_symbols[r->target]];
		if (!symbol)
			return broken(c, r, e, "refers to a map that is not there");
		insn->imm = 0;
		put_reloc(&w->sections[c->section], c->first + r->insn, R_BPF_64_64, symbol);
		return 0;
	case RELOC_DATA:
		return put_data(w, c, r, insn, e);
	case RELOC_CALL:
	case RELOC_FUNC:
		return put_function(w, c, r, insn, e);
	case RELOC_EXTERN:
		symbol = r->symbol < w->o->nr_symbols ? w->symbol_map[r->symbol] : 0;
		if (!symbol)
			return broken(c, r, e, "refers to an extern that is not there");
		put_reloc(&w->sections[c->section], c->first + r->insn,
		          call ? R_BPF_64_32 : R_BPF_64_64, symbol);
		return 0;
	case RELOC_FILTER:
		return error_set(
			e, -EINVAL, "write-filter",
			"cannot write %s: it filters by process, and only a running session has that map",
			c->name);
	}
	return broken(c, r, e, "has a relocation of no known kind");
}

/* Relocations of .maps and .struct_ops say what is in them at first; libbpf reads no others. */
static int put_data_relocs(struct writer *w, const struct section *s, struct abide_error *e)
{
	const struct section *old = &w->o->sections[s->info];
	struct out_section *to = &w->sections[w->section_map[s->info]];
	struct cursor c = cursor_over(s->data, s->size);

	while (cursor_left(&c)) {
		uint64_t offset = cursor_u64(&c), info = cursor_u64(&c);
		uint32_t symbol = ELF64_R_SYM(info);

		if (c.bad || symbol >= w->o->nr_symbols || !w->symbol_map[symbol])
			return error_set(
				e, -EINVAL, "write-reloc",
				"cannot write section %s: it refers to something that is not there",
				old->name);
		buf_u64(&to->relocs, offset);
		buf_u64(&to->relocs,
		        ELF64_R_INFO((uint64_t)w->symbol_map[symbol], ELF64_R_TYPE(info)));
	}
	return 0;
}

int writer_code(struct writer *w, struct abide_error *e)
{
	uint32_t i, j;
	int err = 0;

	for (i = 0; i < w->nr_chunks && !err; i++) {
		const struct chunk *c = &w->chunks[i];
		struct buf *data = &w->sections[c->section].data;

		for (j = 0; j < c->nr_relocs && !err && !data->failed; j++) {
			if (c->relocs[j].insn >= c->nr_insns)
				return broken(c, &c->relocs[j], e, "does not exist");
			err = put_one(w, c, &c->relocs[j],
			              (struct bpf_insn *)data->data + c->first + c->relocs[j].insn,
			              e);
		}
	}
	for (i = 1; i < w->o->nr_sections && !err; i++) {
		const struct section *s = &w->o->sections[i];

		if (s->type != SHT_REL || s->info >= w->o->nr_sections ||
		    s->link != w->o->store->symtab || !w->section_map[s->info])
			continue;
		if (!strcmp(w->o->sections[s->info].name, ".maps") ||
		    !strncmp(w->o->sections[s->info].name, ".struct_ops", 11))
			err = put_data_relocs(w, s, e);
	}
	return err;
}
