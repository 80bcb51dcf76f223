/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Drives object, analyze, policy and translate for a case's program. Sections:
 *
 *	-- translated KERNEL... [+filter]    the expected instructions, names resolved for each kernel
 *	-- translated-text KERNEL            the expected listing, compared as text
 *	-- accept KERNEL... [+filter]        it translates
 *	-- reject TAG [KERNEL...] [+filter]  it is refused so, and each line of the text occurs in the refusal
 *	-- explain KERNEL                    each line occurs in what -v says
 *
 * Whatever translates is also written as an object, read back and compared: what the writer
 * makes is the same code under the new section names; and its listing, assembled again,
 * gives the same bytes.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "listing.h"
#include "object/write.h"
#include "run.h"
#include "translate/translate.h"

static bool uses_filter_map(const struct translated *t)
{
	uint32_t i, k, n;

	for (i = 0; i < t->nr_programs; i++)
		for (k = 0; k < t->programs[i].nr_codes; k++)
			for (n = 0; n < t->programs[i].codes[k].nr_relocs; n++)
				if (t->programs[i].codes[k].relocs[n].kind == RELOC_FILTER)
					return true;
	return false;
}

static const struct function *find_function(const struct object *o, const char *name)
{
	uint32_t i;

	for (i = 0; i < o->nr_functions; i++)
		if (!strcmp(o->functions[i].name, name))
			return &o->functions[i];
	return NULL;
}

/* Relocated instructions are only required to be relocated again. */
static bool same_code(const struct bpf_insn *a, const struct function *f, uint32_t n)
{
	uint32_t i;

	if (f->nr_insns != n)
		return false;
	for (i = 0; i < n; i++) {
		if (function_reloc(f, i)) {
			i += a[i].code == (BPF_LD | BPF_IMM | BPF_DW);
			continue;
		}
		if (memcmp(&a[i], &f->insns[i], sizeof(*a)))
			return false;
	}
	return true;
}

static void check_written(struct run *r, const struct part *s, const struct translated *t, const char *kernel)
{
	struct object *o = NULL;
	struct abide_error e = { 0 };
	struct buf elf = { 0 };
	uint32_t i, k;

	if (uses_filter_map(t))
		return; /* only the engine has that map */
	if (object_write(t, &elf, &e) || object_open_mem(elf.data, elf.size, "written.bpf.o", &o, &e)) {
		run_fail_error(r, s, "the translated object cannot be written and read back", &e);
		goto out;
	}
	for (i = 0; i < t->nr_programs; i++) {
		const struct translated_program *p = &t->programs[i];
		const struct function *f = find_function(o, p->source->name);

		if (!f || strcmp(f->section_name, p->section)) {
			run_fail(r, s, "%s: written object: %s is in section %s, not %s", kernel, p->source->name,
				 f ? f->section_name : "none", p->section);
			continue;
		}
		for (k = 0; k < p->nr_codes; k++) {
			f = find_function(o, p->codes[k].name);
			if (!f || !same_code(p->codes[k].insns, f, p->codes[k].nr_insns))
				run_fail(r, s, "%s: written object: %s is not the code that was translated", kernel,
					 p->codes[k].name);
		}
	}
out:
	object_free(o);
	buf_free(&elf);
}

static bool is_line_of(const struct object *o, const struct line *l)
{
	uint32_t i, k;

	for (i = 0; i < o->nr_functions; i++)
		for (k = 0; k < o->functions[i].nr_lines; k++)
			if (!memcmp(&o->functions[i].lines[k].file_off, &l->file_off, sizeof(*l) - sizeof(l->insn)))
				return true;
	return false;
}

/* Line records go along: the first at 0, rising, each one of the object's. */
static void check_lines(struct run *r, const struct part *s, const struct translated *t, const char *kernel)
{
	uint32_t i, k, n;

	for (i = 0; i < t->nr_programs; i++)
		for (k = 0; k < t->programs[i].nr_codes; k++) {
			const struct code *c = &t->programs[i].codes[k];

			if (c->function->nr_lines && (!c->nr_lines || c->lines[0].insn))
				run_fail(r, s, "%s: %s has no line record at its start", kernel, c->name);
			for (n = 0; n < c->nr_lines; n++)
				if (c->lines[n].insn >= c->nr_insns || (n && c->lines[n].insn <= c->lines[n - 1].insn) ||
				    !is_line_of(t->object, &c->lines[n]))
					run_fail(r, s, "%s: %s: line record %u is wrong", kernel, c->name, n);
		}
}

/* What disasm() writes of it assembles to the same bytes. */
static void check_reassembled(struct run *r, const struct part *s, const struct translated *t, const char *kernel)
{
	struct asm_symbols none = { 0 };
	struct assembly a = { 0 };
	struct buf text = { 0 };
	long at = -1;

	list_translated(t, &text);
	if (!assemble(&a, (const char *)text.data, "", "", 1, &none))
		run_fail(r, s, "%s: the listing cannot be assembled again: %s", kernel, a.error);
	else if ((at = list_hidden_difference(t, &a)) >= 0)
		run_fail(r, s, "%s: instruction %ld assembles to other bytes than it was listed from", kernel, at);
	assembly_free(&a);
	buf_free(&text);
}

/* Translate for one kernel. On failure NULL: *e is set, or the report has it already. */
static struct translated *translate(struct run *r, const char *kernel, bool filter, struct buf *explain,
				    struct abide_error *e)
{
	struct translate_options opts = { .filter = filter, .explain = explain };
	struct kernel *k = run_kernel(r, kernel);
	struct object *o = run_object(r, e);
	struct translated *t = NULL;

	if (!k || !o)
		return NULL;
	if (translate_object(o, r->catalog, k->target, &opts, &t, e))
		return NULL;
	return t;
}

typedef void check_fn(struct run *r, const struct part *s, const char *kernel, const struct translated *t);

static void for_kernels(struct run *r, const struct part *s, check_fn *check)
{
	bool filter = strstr(s->args, "+filter") != NULL;
	const char *p = s->args;
	struct abide_error e;
	struct translated *t;
	char kernel[64];
	unsigned n = 0;

	while (next_word(&p, kernel, sizeof(kernel))) {
		if (kernel[0] == '+')
			continue;
		n++;
		t = translate(r, kernel, filter, NULL, &e);
		if (!t) {
			if (e.code)
				run_fail_error(r, s, kernel, &e);
			else if (!r->report.size)
				run_fail(r, s, "no program");
			return;
		}
		if (check)
			check(r, s, kernel, t);
		check_written(r, s, t, kernel);
		check_reassembled(r, s, t, kernel);
		check_lines(r, s, t, kernel);
		translated_free(t);
	}
	if (!n)
		run_fail(r, s, "names no kernel");
}

static void check_listing(struct run *r, const struct part *s, const char *kernel, const struct translated *t)
{
	struct kernel *k = run_kernel(r, kernel);
	struct asm_symbols symbols = run_symbols(r, k);
	struct buf want = { 0 }, have = { 0 };
	struct assembly a = { 0 };
	size_t before = r->report.size;
	long at;

	if (!assemble(&a, s->text, "", "", s->line + 1, &symbols)) {
		run_fail(r, s, "%s: %s", kernel, a.error);
		goto out;
	}
	list_assembly(&a, t->programs[0].source->name, &want);
	list_translated(t, &have);
	run_compare(r, s, (const char *)want.data, (const char *)have.data);
	if (r->report.size != before)
		buf_printf(&r->report, "# (for %s)\n", kernel);
	at = list_hidden_difference(t, &a);
	if (r->report.size == before && !r->edits[s - r->c->sections].size && at >= 0)
		run_fail(r, s, "%s: instruction %ld reads the same, but its bytes differ", kernel, at);
out:
	buf_free(&want);
	buf_free(&have);
	assembly_free(&a);
}

static void check_text(struct run *r, const struct part *s, const char *kernel, const struct translated *t)
{
	struct buf have = { 0 };

	(void)kernel;
	list_translated(t, &have);
	run_compare(r, s, s->text, (const char *)have.data);
	buf_free(&have);
}

static void run_translated(struct run *r, const struct part *s)
{
	for_kernels(r, s, check_listing);
}

static void run_translated_text(struct run *r, const struct part *s)
{
	for_kernels(r, s, check_text);
}

static void run_accept(struct run *r, const struct part *s)
{
	for_kernels(r, s, NULL);
}

static void run_explain(struct run *r, const struct part *s)
{
	struct buf text = { 0 };
	struct abide_error e;
	struct translated *t = translate(r, s->args, false, &text, &e);

	if (!t)
		run_fail_error(r, s, s->args, &e);
	buf_u8(&text, 0);
	if (t)
		run_contains(r, s, (const char *)text.data);
	buf_free(&text);
	translated_free(t);
}

static void reject_one(struct run *r, const struct part *s, const char *tag, const char *kernel)
{
	struct translated *t;
	struct abide_error e;
	struct buf text = { 0 };

	t = translate(r, kernel, strstr(s->args, "+filter") != NULL, NULL, &e);
	if (t) {
		list_translated(t, &text);
		run_fail(r, s, "%s: was accepted:\n%s", kernel, (const char *)text.data);
	} else if (e.code) {
		error_text(&e, &text);
		if (strcmp(e.tag, tag))
			run_fail_error(r, s, "refused for another reason", &e);
		else
			run_contains(r, s, (const char *)text.data);
	}
	buf_free(&text);
	translated_free(t);
}

static void run_reject(struct run *r, const struct part *s)
{
	const char *p = s->args;
	char tag[32], kernel[64];
	unsigned n = 0;

	if (!next_word(&p, tag, sizeof(tag))) {
		run_fail(r, s, "names no tag");
		return;
	}
	while (next_word(&p, kernel, sizeof(kernel))) {
		if (kernel[0] == '+')
			continue;
		reject_one(r, s, tag, kernel);
		n++;
	}
	if (!n)
		reject_one(r, s, tag, "new");
}

const struct driver translate_drivers[] = {
	{ "translated", run_translated }, { "translated-text", run_translated_text }, { "accept", run_accept },
	{ "reject", run_reject },         { "explain", run_explain },                 { 0 },
};
