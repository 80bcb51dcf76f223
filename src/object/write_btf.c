/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * .BTF and .BTF.ext of the written object. In: chunks in their sections. Out: the
 * types as they were, their strings with the names of the code sections added, and
 * func, line and CO-RE records at the chunks' new places.
 *
 * The kernel wants line records to rise strictly, and one at each function's first
 * instruction; of several records for one instruction the last is kept.
 */
#include <elf.h>
#include <linux/btf.h>
#include <stdlib.h>
#include <string.h>

#include "object/btf_data.h"
#include "object/write_data.h"

#define EXT_MAGIC  0xeb9f
#define EXT_HEADER 32

static bool has_section(const struct object *o, const char *name)
{
	uint32_t i;

	for (i = 0; i < o->nr_sections; i++)
		if (!strcmp(o->sections[i].name, name))
			return true;
	return false;
}

/*
 * clang moves constants of 4, 8, 16 or 32 bytes to .rodata.cstN and leaves their DATASEC
 * under the name .rodata. libbpf sets the sizes of DATASECs from sections, and refuses an
 * object whose section is not there unless the size is set already: lay it out.
 */
static void lay_out_orphans(const struct object *o, uint8_t *types)
{
	const struct btf_data *b = o->btf;
	uint32_t id, i, end;
	struct btf_info t;
	struct btf_slot v;

	for (id = 1; id < btf_count(b); id++) {
		if (!btf_get(b, id, &t) || t.kind != BTF_KIND_DATASEC || t.size || has_section(o, t.name))
			continue;
		for (i = end = 0; i < t.vlen && btf_slot_at(b, &t, i, &v); i++) {
			end = (end + 7) & ~7u;
			memcpy(types + t.extra + 12 * i + 4, &end, 4);
			end += v.size < 1u << 20 ? v.size : 0;
		}
		memcpy(types + t.extra - 4, &end, 4); /* the record's size */
	}
}

static void put_types(const struct object *o, const struct buf *names, struct buf *out)
{
	const struct btf_data *b = o->btf;
	size_t types;

	buf_u16(out, BTF_MAGIC);
	buf_u8(out, BTF_VERSION);
	buf_u8(out, 0);
	buf_u32(out, sizeof(struct btf_header));
	buf_u32(out, 0);
	buf_u32(out, b->types.size);
	buf_u32(out, b->types.size);
	buf_u32(out, b->strings_size + names->size);
	types = buf_add(out, b->types.data, b->types.size);
	if (!out->failed)
		lay_out_orphans(o, out->data + types);
	buf_add(out, b->strings, b->strings_size);
	buf_add(out, names->data, names->size);
}

static uint32_t put_func(const struct chunk *c, struct buf *out)
{
	if (!c->btf_id)
		return 0;
	buf_u32(out, c->first * INSN_SIZE);
	buf_u32(out, c->btf_id);
	return 1;
}

static uint32_t put_lines(const struct chunk *c, struct buf *out)
{
	uint32_t i, insn, last = 0, n = 0;

	for (i = 0; i < c->nr_lines; i++) {
		const struct line *l = &c->lines[i];

		if (i + 1 < c->nr_lines && l[1].insn == l->insn)
			continue;
		insn = n ? l->insn : 0;
		if (l->insn >= c->nr_insns || (n && insn <= last))
			continue;
		buf_u32(out, (c->first + insn) * INSN_SIZE);
		buf_u32(out, l->file_off);
		buf_u32(out, l->line_off);
		buf_u32(out, l->line_col);
		last = insn;
		n++;
	}
	return n;
}

static uint32_t put_core(const struct chunk *c, struct buf *out)
{
	uint32_t i;

	for (i = 0; i < c->nr_core_relos; i++) {
		const struct core_relo *r = &c->core_relos[i];

		buf_u32(out, (c->first + r->insn) * INSN_SIZE);
		buf_u32(out, r->type_id);
		buf_u32(out, r->access_off);
		buf_u32(out, r->kind);
	}
	return c->nr_core_relos;
}

/* One of the three lists; empty where no section has a record. */
static void put_list(const struct writer *w, const uint32_t *name_offs, uint32_t record_size,
                     uint32_t (*put)(const struct chunk *, struct buf *), struct buf *out)
{
	uint32_t i, j, n, count_at;
	struct buf block = { 0 };
	bool any = false;

	for (i = 1; i < w->nr_sections; i++) {
		if (!w->sections[i].code)
			continue;
		block.size = 0;
		buf_u32(&block, name_offs[i]);
		count_at = buf_u32(&block, 0);
		for (n = 0, j = 0; j < w->nr_chunks; j++)
			if (w->chunks[j].section == i)
				n += put(&w->chunks[j], &block);
		if (!n || block.failed)
			continue;
		memcpy(block.data + count_at, &n, sizeof(n));
		if (!any)
			buf_u32(out, record_size);
		any = true;
		buf_add(out, block.data, block.size);
	}
	out->failed |= block.failed;
	buf_free(&block);
}

static void put_ext(const struct writer *w, const uint32_t *name_offs, struct buf *out)
{
	struct buf lists[3] = { 0 };
	uint32_t i, off;

	put_list(w, name_offs, 8, put_func, &lists[0]);
	put_list(w, name_offs, 16, put_lines, &lists[1]);
	put_list(w, name_offs, 16, put_core, &lists[2]);
	buf_u16(out, EXT_MAGIC);
	buf_u8(out, 1);
	buf_u8(out, 0);
	buf_u32(out, EXT_HEADER);
	for (i = 0, off = 0; i < 3; i++) {
		buf_u32(out, off);
		buf_u32(out, lists[i].size);
		off += lists[i].size;
	}
	for (i = 0; i < 3; i++) {
		buf_add(out, lists[i].data, lists[i].size);
		out->failed |= lists[i].failed;
		buf_free(&lists[i]);
	}
}

int writer_btf(struct writer *w, struct abide_error *e)
{
	const struct btf_data *b = w->o->btf;
	uint32_t *name_offs = NULL, nr = w->nr_sections, i;
	struct buf names = { 0 };
	struct out_section *s;
	int err = 0;

	if (!b)
		return 0;
	name_offs = calloc(nr, sizeof(*name_offs));
	if (!name_offs)
		return error_nomem(e);
	for (i = 1; i < nr; i++)
		if (w->sections[i].code)
			name_offs[i] = b->strings_size + buf_str(&names, w->sections[i].name);
	s = writer_section(w, ".BTF", SHT_PROGBITS, 0, 4);
	if (!s) {
		err = error_nomem(e);
		goto out;
	}
	put_types(w->o, &names, &s->data);
	s = writer_section(w, ".BTF.ext", SHT_PROGBITS, 0, 4);
	if (!s) {
		err = error_nomem(e);
		goto out;
	}
	put_ext(w, name_offs, &s->data);
	if (names.failed)
		err = error_nomem(e);
out:
	buf_free(&names);
	free(name_offs);
	return err;
}
