/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * .BTF.ext: which type a function has, which line an instruction comes from, which
 * instruction CO-RE must adjust (Documentation/bpf/btf.rst). In: the section and the
 * functions. Out: each function's own records, sorted, counted from its first
 * instruction. The section is three lists of one shape:
 *
 *   u32 record size | { u32 section name, u32 n, n records } ...
 *
 * Records may be longer than what is known of them. Lines and types only inform, so
 * those that lie outside of all functions are passed over; a list whose lengths do not
 * add up is refused.
 */
#include <elf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "object/object_data.h"
#include "util/buf.h"

#define EXT_MAGIC 0xeb9f

/* A record of any of the lists, before they are handed to the functions. */
struct record {
	uint32_t function, insn;
	uint32_t words[3];
};

struct list {
	const char *what;
	uint32_t nr_words; /* that are known, after the instruction's offset */
	uint32_t off, len; /* where the list lies, from the end of the header */
	struct record *records;
	size_t nr, room;
};

static int damaged(const struct object *o, const struct list *l, struct abide_error *e)
{
	return error_set(e, -EINVAL, "btf-ext", "%s: the %s in .BTF.ext are damaged", o->path,
	                 l->what);
}

static int read_record(const struct object *o, struct list *l, uint32_t section, struct cursor c,
                       struct abide_error *e)
{
	uint32_t off = cursor_u32(&c), i;
	struct record r = { 0 }, *records;
	const struct function *f;

	if (off % INSN_SIZE)
		return 0;
	f = function_at(o, section, off / INSN_SIZE, &r.function);
	if (!f)
		return 0;
	r.insn = off / INSN_SIZE - f->first;
	for (i = 0; i < l->nr_words; i++)
		r.words[i] = cursor_u32(&c);
	records = array_grow(l->records, l->nr, &l->room, sizeof(*records));
	if (!records)
		return error_nomem(e);
	l->records = records;
	l->records[l->nr++] = r;
	return 0;
}

static uint32_t code_section(const struct object *o, uint32_t name_off)
{
	const char *name = btf_string(o->btf, name_off);
	uint32_t i;

	for (i = 1; name && i < o->nr_sections; i++)
		if (section_is_code(&o->sections[i]) && !strcmp(o->sections[i].name, name))
			return i;
	return 0;
}

static int by_place(const void *a, const void *b)
{
	const struct record *x = a, *y = b;

	if (x->function != y->function)
		return x->function < y->function ? -1 : 1;
	return x->insn < y->insn ? -1 : x->insn > y->insn;
}

static int read_list(const struct object *o, const struct cursor *body, struct list *l,
                     struct abide_error *e)
{
	struct cursor c = cursor_sub(body, l->off, l->len);
	uint32_t size, section, nr, i, blocks = 0;
	int err = 0;

	if (!l->len)
		return 0;
	size = cursor_u32(&c);
	if (c.bad || size < 4 * (1 + l->nr_words) || size % 4)
		return damaged(o, l, e);
	while (!err && cursor_left(&c)) {
		section = code_section(o, cursor_u32(&c));
		nr = cursor_u32(&c);
		/* One block a section is what a compiler writes; more would only cost time. */
		if (c.bad || ++blocks > o->nr_sections || nr > cursor_left(&c) / size)
			return damaged(o, l, e);
		for (i = 0; i < nr && !err; i++) {
			struct cursor record = cursor_sub(&c, c.at, size);

			cursor_take(&c, size);
			if (section)
				err = read_record(o, l, section, record, e);
		}
	}
	if (!err && l->nr)
		qsort(l->records, l->nr, sizeof(*l->records), by_place);
	return err;
}

static void use_funcs(struct object *o, const struct list *l)
{
	size_t i;

	for (i = 0; i < l->nr; i++) {
		const struct record *r = &l->records[i];

		if (!r->insn && r->words[0] < btf_count(o->btf))
			o->functions[r->function].btf_id = r->words[0];
	}
}

static int use_lines(struct object *o, const struct list *l, struct abide_error *e)
{
	struct line *all = store_alloc(o, l->nr, sizeof(*all));
	size_t i;

	if (!all)
		return error_nomem(e);
	for (i = 0; i < l->nr; i++) {
		const struct record *r = &l->records[i];
		struct function *f = &o->functions[r->function];

		all[i] = (struct line){ r->insn, r->words[0], r->words[1], r->words[2] };
		if (!f->nr_lines++)
			f->lines = &all[i];
	}
	return 0;
}

static int use_core(struct object *o, const struct list *l, struct abide_error *e)
{
	struct core_relo *all = store_alloc(o, l->nr, sizeof(*all));
	size_t i;

	if (!all)
		return error_nomem(e);
	for (i = 0; i < l->nr; i++) {
		const struct record *r = &l->records[i];
		struct function *f = &o->functions[r->function];

		if (r->words[0] >= btf_count(o->btf) || !btf_string(o->btf, r->words[1]))
			return damaged(o, l, e);
		all[i] = (struct core_relo){ r->insn, r->words[0], r->words[1], r->words[2] };
		if (!f->nr_core_relos++)
			f->core_relos = &all[i];
	}
	return 0;
}

int btf_ext_read(struct object *o, struct abide_error *e)
{
	struct list lists[] = {
		{ .what = "function records", .nr_words = 1 },
		{ .what = "line records", .nr_words = 3 },
		{ .what = "CO-RE records", .nr_words = 3 },
	};
	uint32_t section = section_find(o, ".BTF.ext"), hdr_len, i;
	struct cursor c, body;
	int err = 0;

	if (!o->btf || !section || !o->sections[section].data)
		return 0;
	c = cursor_over(o->sections[section].data, o->sections[section].size);
	if (cursor_u16(&c) != EXT_MAGIC)
		return error_set(e, -EINVAL, "btf-ext", "%s: .BTF.ext does not begin with 0xeb9f",
		                 o->path);
	cursor_u16(&c); /* version, flags */
	hdr_len = cursor_u32(&c);
	for (i = 0; i < 3 && 8 + (i + 1) * 8 <= hdr_len; i++) {
		lists[i].off = cursor_u32(&c);
		lists[i].len = cursor_u32(&c);
	}
	if (c.bad || hdr_len > c.size)
		return error_set(e, -EINVAL, "btf-ext", "%s: .BTF.ext ends within its header",
		                 o->path);
	body = cursor_sub(&c, hdr_len, c.size - hdr_len);
	for (i = 0; i < 3 && !err; i++)
		err = read_list(o, &body, &lists[i], e);
	if (!err) {
		use_funcs(o, &lists[0]);
		err = use_lines(o, &lists[1], e);
	}
	if (!err)
		err = use_core(o, &lists[2], e);
	for (i = 0; i < 3; i++)
		free(lists[i].records);
	return err;
}
