/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Relocations of code. In: REL sections, functions, maps. Out: for each function a
 * sorted list that says what each ld_imm64 and call means. What clang writes
 * (llvm.org/docs, "BPF Relocation Types"; Documentation/bpf/llvm_reloc.rst):
 *
 *   ld_imm64  R_BPF_64_64   symbol of a map; symbol of a variable; or section symbol with the
 *                           variable's offset in the instruction's imm (static variables)
 *   ld_imm64  R_BPF_64_64   function, or section symbol of .text with the byte offset in imm
 *   call      R_BPF_64_32   function with imm -1; or section symbol of .text with imm = offset / 8 - 1
 *   call      none          function of the same section, imm relative to the next instruction
 *   either    undefined symbol: an extern (kernel symbol, kernel function, kconfig)
 *
 * Refused: relocations of other instructions, targets that are neither.
 */
#include <elf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "object/object_data.h"
#include "util/buf.h"

#define R_BPF_64_64 1
#define R_BPF_64_32 10

struct pending { /* a relocation before it is sorted by function */
	uint32_t function;
	struct reloc reloc;
};

struct pendings {
	struct pending *items;
	size_t nr, room;
};

static bool is_ld_imm64(const struct bpf_insn *insn)
{
	return insn->code == (BPF_LD | BPF_IMM | BPF_DW);
}

static bool is_call(const struct bpf_insn *insn)
{
	return insn->code == (BPF_JMP | BPF_CALL);
}

static int add(struct pendings *p, uint32_t function, const struct reloc *r, struct abide_error *e)
{
	struct pending *items = array_grow(p->items, p->nr, &p->room, sizeof(*items));

	if (!items)
		return error_nomem(e);
	p->items = items;
	p->items[p->nr++] = (struct pending){ function, *r };
	return 0;
}

static int refuse(const struct object *o, const struct function *f, uint32_t insn,
                  struct abide_error *e, const char *why)
{
	char where[128];
	const char *source;

	error_set(e, -EINVAL, "elf-reloc", "%s: function %s: %s", o->path, f->name, why);
	return error_reason(e, "instruction %u, %s", insn,
	                    function_where(o, f, insn, where, sizeof(where), &source));
}

/* The map whose definition begins at @at in section @section, or NO_MAP. */
static uint32_t map_at(const struct object *o, uint32_t section, uint64_t at)
{
	uint32_t i;

	for (i = 0; i < o->nr_maps; i++) {
		const struct map_def *m = &o->maps[i];

		if (m->section != section || (m->source == MAP_BTF && !m->var_type))
			continue;
		if (m->source != MAP_BTF || o->symbols[o->store->map_symbols[i]].value == at)
			return i;
	}
	return NO_MAP;
}

static int classify_load(const struct object *o, const struct function *f,
                         const struct bpf_insn *insn, const struct symbol *y, struct reloc *r,
                         struct abide_error *e)
{
	const struct section *s = &o->sections[y->section];
	/* A section symbol has value 0; a named one may carry an addend in imm as well. */
	int64_t at = (int64_t)y->value + insn->imm;
	uint32_t target;

	if (section_is_code(s)) {
		if (at < 0 || at % (int64_t)INSN_SIZE ||
		    !function_at(o, y->section, at / INSN_SIZE, &target) ||
		    o->functions[target].first != at / INSN_SIZE)
			return refuse(o, f, r->insn, e,
			              "takes the address of something that is no function");
		r->kind = RELOC_FUNC;
		r->target = target;
		return 0;
	}
	target = map_at(o, y->section, at);
	if (target == NO_MAP) {
		if (!strcmp(s->name, ".maps"))
			return refuse(o, f, r->insn, e,
			              "takes an address inside a map's definition");
		error_set(
			e, -EINVAL, "elf-reloc",
			"%s: function %s refers to section %s, which is neither code nor data nor maps",
			o->path, f->name, s->name);
		return error_reason(e, "instruction %u", r->insn);
	}
	r->target = target;
	if (o->maps[target].source == MAP_BTF) {
		r->kind = RELOC_MAP;
		return 0;
	}
	if (at < 0 || (uint64_t)at > s->size)
		return refuse(o, f, r->insn, e, "takes an address outside of the variables");
	r->kind = RELOC_DATA;
	r->addend = at;
	return 0;
}

static int classify_call(const struct object *o, const struct function *f,
                         const struct bpf_insn *insn, const struct symbol *y, struct reloc *r,
                         struct abide_error *e)
{
	int64_t at = (int64_t)(y->value / INSN_SIZE) + insn->imm + 1;
	uint32_t target;

	if (y->value % INSN_SIZE || at < 0 || !function_at(o, y->section, at, &target) ||
	    o->functions[target].first != at)
		return refuse(o, f, r->insn, e, "calls something that is no function");
	r->kind = RELOC_CALL;
	r->target = target;
	return 0;
}

static int read_one(const struct object *o, uint32_t section, struct cursor *c, struct pendings *p,
                    struct abide_error *e)
{
	uint64_t offset = cursor_u64(c), info = cursor_u64(c);
	uint32_t type = ELF64_R_TYPE(info), function;
	struct reloc r = { .symbol = ELF64_R_SYM(info) };
	const struct bpf_insn *insn;
	const struct symbol *y;
	const struct function *f;
	int err;

	if (r.symbol >= o->nr_symbols || offset % INSN_SIZE || offset >= o->sections[section].size)
		return error_set(e, -EINVAL, "elf-reloc",
		                 "%s: a relocation of section %s is damaged", o->path,
		                 o->sections[section].name);
	f = function_at(o, section, offset / INSN_SIZE, &function);
	if (!f)
		return 0; /* code that no symbol names is never used */
	r.insn = offset / INSN_SIZE - f->first;
	insn = &f->insns[r.insn];
	y = &o->symbols[r.symbol];
	if (type == R_BPF_64_64 && is_ld_imm64(insn) && r.insn + 1 < f->nr_insns)
		;
	else if (type == R_BPF_64_32 && is_call(insn))
		;
	else
		return refuse(o, f, r.insn, e,
		              "has a relocation of a kind that its instruction cannot have");
	if (y->section == SHN_UNDEF) {
		if (!*y->name)
			return refuse(o, f, r.insn, e, "refers to nothing");
		r.kind = RELOC_EXTERN;
	} else if (y->section >= o->nr_sections) {
		return refuse(o, f, r.insn, e, "refers to an absolute or common symbol");
	} else {
		err = is_call(insn) ? classify_call(o, f, insn, y, &r, e)
		                    : classify_load(o, f, insn, y, &r, e);
		if (err)
			return err;
	}
	return add(p, function, &r, e);
}

static int by_function(const void *a, const void *b)
{
	const struct pending *x = a, *y = b;

	if (x->function != y->function)
		return x->function < y->function ? -1 : 1;
	return x->reloc.insn < y->reloc.insn ? -1 : x->reloc.insn > y->reloc.insn;
}

/* Hand each function its part of the sorted list. */
static int distribute(struct object *o, struct pendings *p, struct abide_error *e)
{
	struct reloc *all = store_alloc(o, p->nr, sizeof(*all));
	size_t i;

	if (!all)
		return error_nomem(e);
	for (i = 0; i < p->nr; i++) {
		struct function *f = &o->functions[p->items[i].function];

		all[i] = p->items[i].reloc;
		if (!f->nr_relocs)
			f->relocs = &all[i];
		else if (all[i - 1].insn == all[i].insn)
			return refuse(o, f, all[i].insn, e,
			              "has two relocations for one instruction");
		f->nr_relocs++;
	}
	return 0;
}

static bool has_reloc(const struct pendings *p, size_t nr, uint32_t function, uint32_t insn)
{
	const struct pending key = { .function = function, .reloc.insn = insn };

	return nr && bsearch(&key, p->items, nr, sizeof(key), by_function);
}

/* Calls between functions of one section need no relocation. */
static int add_local_calls(const struct object *o, struct pendings *p, struct abide_error *e)
{
	size_t nr = p->nr;
	uint32_t i, j;
	int err = 0;

	for (i = 0; i < o->nr_functions && !err; i++) {
		const struct function *f = &o->functions[i];

		for (j = 0; j < f->nr_insns && !err; j++) {
			struct reloc r = { .insn = j, .kind = RELOC_CALL };
			int64_t at = (int64_t)f->first + j + 1 + f->insns[j].imm;

			if (is_ld_imm64(&f->insns[j])) {
				j++;
				continue;
			}
			if (!is_call(&f->insns[j]) || f->insns[j].src_reg != BPF_PSEUDO_CALL ||
			    has_reloc(p, nr, i, j))
				continue;
			if (at < 0 || !function_at(o, f->section, at, &r.target) ||
			    o->functions[r.target].first != at)
				return refuse(o, f, j, e, "calls into the middle of nowhere");
			r.symbol = o->store->function_symbols[r.target];
			err = add(p, i, &r, e);
		}
	}
	return err;
}

int relocs_read(struct object *o, struct abide_error *e)
{
	struct pendings p = { 0 };
	int err = 0;
	uint32_t i;

	for (i = 1; i < o->nr_sections && !err; i++) {
		const struct section *s = &o->sections[i];
		struct cursor c = cursor_over(s->data, s->size);

		if ((s->type != SHT_REL && s->type != SHT_RELA) || s->info >= o->nr_sections ||
		    !section_is_code(&o->sections[s->info]))
			continue;
		if (s->type == SHT_RELA || s->link != o->store->symtab ||
		    s->size % sizeof(Elf64_Rel)) {
			err = error_set(e, -EINVAL, "elf-reloc",
			                "%s: %s is not a table of relocations as BPF has them",
			                o->path, s->name);
			break;
		}
		while (cursor_left(&c) && !err)
			err = read_one(o, s->info, &c, &p, e);
	}
	if (!err && p.nr)
		qsort(p.items, p.nr, sizeof(*p.items), by_function);
	if (!err)
		err = add_local_calls(o, &p, e);
	if (!err && p.nr)
		qsort(p.items, p.nr, sizeof(*p.items), by_function);
	if (!err)
		err = distribute(o, &p, e);
	free(p.items);
	return err;
}
