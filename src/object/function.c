/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Functions of an object: one for each STT_FUNC symbol of a section with code, in the
 * order of sections and offsets. In: sections and symbols. Refused: functions that
 * overlap, that leave their section, or that cut an instruction; so later stages may
 * walk from the first instruction to the last without looking at the edges.
 */
#include <elf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "object/object_data.h"

struct found {
	const struct symbol *symbol;
	uint32_t index; /* of the symbol */
};

/* By place; of two names for one place the global one comes first. */
static int by_place(const void *a, const void *b)
{
	const struct found *x = a, *y = b;

	if (x->symbol->section != y->symbol->section)
		return x->symbol->section < y->symbol->section ? -1 : 1;
	if (x->symbol->value != y->symbol->value)
		return x->symbol->value < y->symbol->value ? -1 : 1;
	if ((x->symbol->bind == STB_LOCAL) != (y->symbol->bind == STB_LOCAL))
		return x->symbol->bind == STB_LOCAL ? 1 : -1;
	return x->index < y->index ? -1 : x->index > y->index;
}

static int check_range(const struct object *o, const struct symbol *y, struct abide_error *e)
{
	const struct section *s = &o->sections[y->section];

	if (y->value % INSN_SIZE || y->size % INSN_SIZE || y->value > s->size ||
	    y->size > s->size - y->value)
		return error_set(e, -EINVAL, "elf-function",
		                 "%s: function %s is not made of whole instructions of section %s",
		                 o->path, y->name, s->name);
	if (s->size / INSN_SIZE > UINT32_MAX / 2)
		return error_set(e, -EFBIG, "elf-function", "%s: section %s is too large", o->path,
		                 s->name);
	return 0;
}

/* The first instruction of every pair (ld_imm64) must have its second. */
static int check_pairs(const struct object *o, const struct function *f, struct abide_error *e)
{
	uint32_t i;

	for (i = 0; i < f->nr_insns; i++) {
		if (f->insns[i].code != (BPF_LD | BPF_IMM | BPF_DW))
			continue;
		i++;
		if (i == f->nr_insns || f->insns[i].code)
			return error_set(
				e, -EINVAL, "elf-code",
				"%s: function %s: the 64-bit constant at instruction %u has no second half",
				o->path, f->name, i - 1);
	}
	return 0;
}

int functions_read(struct object *o, struct abide_error *e)
{
	struct found *found = NULL;
	uint32_t i, n = 0;
	int err = 0;

	found = calloc(o->nr_symbols ? o->nr_symbols : 1, sizeof(*found));
	if (!found)
		return error_nomem(e);
	for (i = 0; i < o->nr_symbols && !err; i++) {
		const struct symbol *y = &o->symbols[i];

		if (y->type != STT_FUNC || !y->size || !y->section ||
		    y->section >= o->nr_sections || !section_is_code(&o->sections[y->section]))
			continue;
		err = check_range(o, y, e);
		found[n++] = (struct found){ y, i };
	}
	if (err)
		goto out;
	qsort(found, n, sizeof(*found), by_place);
	o->functions = store_alloc(o, n, sizeof(*o->functions));
	o->store->function_symbols = store_alloc(o, n, sizeof(uint32_t));
	if (!o->functions || !o->store->function_symbols) {
		err = error_nomem(e);
		goto out;
	}
	for (i = 0; i < n && !err; i++) {
		const struct symbol *y = found[i].symbol;
		const struct section *s = &o->sections[y->section];
		struct function *f = &o->functions[o->nr_functions];

		if (o->nr_functions && f[-1].section == y->section) {
			uint64_t end = (uint64_t)(f[-1].first + f[-1].nr_insns) * INSN_SIZE;

			if (y->value == (uint64_t)f[-1].first * INSN_SIZE &&
			    y->value + y->size == end)
				continue; /* a second name */
			if (y->value < end) {
				err = error_set(e, -EINVAL, "elf-function",
				                "%s: functions %s and %s overlap in section %s",
				                o->path, f[-1].name, y->name, s->name);
				break;
			}
		}
		f->name = y->name;
		f->section = y->section;
		f->section_name = s->name;
		f->subprogram = !strcmp(s->name, ".text");
		f->global = y->bind != STB_LOCAL && ELF64_ST_VISIBILITY(y->other) != STV_HIDDEN &&
		            ELF64_ST_VISIBILITY(y->other) != STV_INTERNAL;
		f->first = y->value / INSN_SIZE;
		f->nr_insns = y->size / INSN_SIZE;
		f->insns = (const struct bpf_insn *)(s->data + y->value);
		o->store->function_symbols[o->nr_functions++] = found[i].index;
		err = check_pairs(o, f, e);
	}
out:
	free(found);
	return err;
}

struct function *function_at(const struct object *o, uint32_t section, uint64_t insn,
                             uint32_t *index)
{
	uint32_t low = 0, high = o->nr_functions, mid;

	while (low < high) {
		const struct function *f;

		mid = low + (high - low) / 2;
		f = &o->functions[mid];
		if (f->section < section || (f->section == section && f->first <= insn))
			low = mid + 1;
		else
			high = mid;
	}
	if (!low)
		return NULL;
	low--;
	if (index)
		*index = low;
	if (o->functions[low].section != section ||
	    insn - o->functions[low].first >= o->functions[low].nr_insns)
		return NULL;
	return &o->functions[low];
}
