/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Drives catalog, resolve and the readers. Sections:
 *
 *	-- resolve KERNEL         each line "STRUCT.FIELD[3] = ...", "EVENT = ...", "EVENT.ARG = ..." as below
 *	-- catalog-error TAG      the text is a catalog; it is refused with TAG and what the other lines
 *	                          say: the catalog's text, a line "=>", what must occur in the message
 *	-- btf TAG                hex bytes of BTF: refused with TAG
 *	-- object-hex TAG         hex bytes of an object: refused with TAG
 *	-- damage                 every prefix of the case's object is refused, and no changed byte of
 *	                          it does harm (it is opened and translated for the kernels named)
 *	-- header                 each line occurs in <abide/linux.h>
 *
 * What a resolved access looks like: "pid @8 4 signed", "real_parent->tgid hop 16 @12 4",
 * "flag @24 4 bits 3:1", "arg 1 nullable", "const 0"; then "or"/"unless" and the second
 * path; then operations. What is not there: "unavailable".
 */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "catalog/header.h"
#include "run.h"
#include "translate/translate.h"

static void put_path(struct buf *out, const struct access_path *p)
{
	uint32_t i;

	switch (p->root) {
	case ROOT_CONST:
		buf_printf(out, " const %lld", (long long)p->imm);
		return;
	case ROOT_ARG:
		buf_printf(out, " arg %u", p->arg);
		if (p->value)
			buf_printf(out, " %u%s", p->arg_size, p->arg_sign ? " signed" : "");
		if (p->arg_nullable)
			buf_printf(out, " nullable");
		break;
	case ROOT_CURRENT:
		buf_printf(out, " current");
		break;
	case ROOT_STRUCT:
		break;
	}
	for (i = 0; i < p->nr_hops; i++)
		buf_printf(out, " hop %u%s%s", p->hops[i].off, p->hops[i].fetch ? " fetch" : "",
			   p->hops[i].nullable ? " nullable" : "");
	if (p->value && p->root != ROOT_STRUCT && !p->nr_hops)
		return;
	buf_printf(out, " @%u", p->off);
	if (p->value)
		buf_printf(out, " address");
	else
		buf_printf(out, " %u", p->size);
	if (p->sign)
		buf_printf(out, " signed");
	if (p->bit_size)
		buf_printf(out, " bits %u:%u", p->bit_off, p->bit_size);
	if (p->in_place)
		buf_printf(out, " in place");
	if (p->fetch)
		buf_printf(out, " fetch");
	if (p->stride)
		buf_printf(out, " stride %u of %u", p->stride, p->elements);
}

static void put_op(struct buf *out, const struct access_op *op)
{
	static const char *const names[] = {
		[ACCESS_AND] = "and", [ACCESS_SHR] = "shr", [ACCESS_SHL] = "shl", [ACCESS_ADD] = "add",
		[ACCESS_BSWAP] = "bswap", [ACCESS_SEXT] = "sext",
	};
	uint32_t i;

	switch (op->kind) {
	case ACCESS_NONZERO:
		buf_printf(out, " nonzero");
		break;
	case ACCESS_RULES:
		buf_printf(out, " rules %s", op->rules->name);
		break;
	case ACCESS_RANGES:
		buf_printf(out, " ranges");
		for (i = 0; i < op->map->nr; i++) {
			const struct access_run *run = &op->map->runs[i];

			if (run->is_fixed)
				buf_printf(out, " %u..%u=%lld", run->first, run->last, (long long)run->delta);
			else
				buf_printf(out, " %u..%u%+lld", run->first, run->last, (long long)run->delta);
		}
		break;
	case ACCESS_AND:
	case ACCESS_SHR:
	case ACCESS_SHL:
	case ACCESS_ADD:
	case ACCESS_BSWAP:
	case ACCESS_SEXT:
		buf_printf(out, " %s %lld", names[op->kind], (long long)op->imm);
		break;
	}
}

static void put_access(struct buf *out, const struct access *a, bool pointer)
{
	uint32_t i;

	buf_printf(out, " %s", a->text);
	put_path(out, &a->path);
	if (a->combine != CAT_ALONE) {
		buf_printf(out, a->combine == CAT_OR ? " or" : " unless");
		put_path(out, &a->second);
	}
	for (i = 0; i < a->nr_ops; i++)
		put_op(out, &a->ops[i]);
	if (pointer && !a->typed)
		buf_printf(out, " untyped");
}

static int resolve_name(struct run *r, struct kernel *k, const char *name, struct buf *out, struct abide_error *e)
{
	char owner[96], member[64] = "";
	const struct placement *place;
	const struct cat_struct *s;
	const struct cat_event *ev;
	const struct cat_field *f;
	const struct access *a;
	unsigned element = 0;
	uint32_t i;
	int err;

	if (sscanf(name, "%95[^.].%63[^[][%u]", owner, member, &element) < 1)
		return -EINVAL;
	s = catalog_struct(r->catalog, owner);
	f = s ? catalog_field(s, member) : NULL;
	ev = s ? NULL : catalog_event(r->catalog, owner);
	if (f) {
		err = resolve_field(k->target, s, f, element, &a, e);
		if (!err)
			put_access(out, a, f->kind == CAT_POINTER);
		return err;
	}
	if (!ev)
		return -EINVAL;
	err = resolve_event(k->target, ev, &place, e);
	if (err)
		return err;
	if (!*member) {
		buf_printf(out, " %s, %u arguments", place->tracepoint, place->nr_args);
		if (place->syscall_nr >= 0)
			buf_printf(out, ", system call %d", place->syscall_nr);
		return 0;
	}
	for (i = 0; i < ev->nr_args; i++)
		if (!strcmp(ev->args[i].name, member)) {
			err = resolve_arg(k->target, place, &ev->args[i], &a, e);
			if (!err)
				put_access(out, a, ev->args[i].kind == CAT_POINTER);
			return err;
		}
	return -EINVAL;
}

static void run_resolve(struct run *r, const struct part *s)
{
	struct kernel *k = run_kernel(r, s->args);
	const char *p = s->text, *equals;
	struct buf have = { 0 };
	struct abide_error e;
	char line[512], name[128];
	int err;

	if (!k)
		return;
	while (next_line(&p, line, sizeof(line))) {
		const char *start = line + strspn(line, " \t");

		equals = strstr(start, " =");
		if (!*start)
			continue;
		snprintf(name, sizeof(name), "%.*s", equals ? (int)(equals - start) : 127, start);
		buf_printf(&have, "%s =", name);
		memset(&e, 0, sizeof(e));
		err = resolve_name(r, k, name, &have, &e);
		if (err == -ENOENT)
			buf_printf(&have, " unavailable");
		else if (err && !e.tag[0])
			run_fail(r, s, "%s names nothing in the catalog", name);
		else if (err)
			buf_printf(&have, " %s", e.tag);
		buf_printf(&have, "\n");
	}
	buf_u8(&have, 0);
	run_compare(r, s, s->text, (const char *)have.data);
	buf_free(&have);
}

static void expect_refusal(struct run *r, const struct part *s, int err, const struct abide_error *e, const char *words)
{
	struct part want = *s;
	struct buf text = { 0 };

	if (!err) {
		run_fail(r, s, "was accepted");
		return;
	}
	error_text(e, &text);
	want.text = (char *)words;
	if (strcmp(e->tag, s->args))
		run_fail_error(r, s, "refused for another reason", e);
	else
		run_contains(r, &want, (const char *)text.data);
	buf_free(&text);
}

static void run_catalog_error(struct run *r, const struct part *s)
{
	const char *split = strstr(s->text, "\n=>");
	uint32_t size = split ? (uint32_t)(split + 1 - s->text) : (uint32_t)strlen(s->text);
	struct catalog *c = NULL, *base = NULL;
	struct abide_error e = { 0 };
	int err;

	/* on top of the case's catalog, if it names one */
	if (case_part(r->c, "catalog", 0)) {
		base = run_catalog(r);
		if (!base)
			return;
	}
	err = catalog_parse(s->text, size, "case.cat", base, &c, &e);
	expect_refusal(r, s, err, &e, split ? split + 3 : "");
	catalog_free(c);
}

static bool read_hex(struct run *r, const struct part *s, struct buf *out)
{
	const char *p = s->text;
	unsigned byte;

	for (; *p; p++) {
		if (isspace((unsigned char)*p))
			continue;
		if (*p == '#') {
			p += strcspn(p, "\n") - 1;
			continue;
		}
		if (sscanf(p, "%2x", &byte) != 1 || !isxdigit((unsigned char)p[1])) {
			run_fail(r, s, "no hex byte: %.20s", p);
			return false;
		}
		buf_u8(out, (uint8_t)byte);
		p++;
	}
	return true;
}

/* An exact allocation, so that a sanitizer sees the first byte beyond. */
static uint8_t *exact(const struct buf *b, size_t size)
{
	uint8_t *p = malloc(size ? size : 1);

	if (!p)
		exit(2);
	if (size)
		memcpy(p, b->data, size);
	return p;
}

static void run_btf(struct run *r, const struct part *s)
{
	struct abide_error e = { 0 };
	struct btf_data *btf = NULL;
	struct buf bytes = { 0 };
	uint8_t *p;
	int err;

	if (!read_hex(r, s, &bytes))
		return;
	p = exact(&bytes, bytes.size);
	err = btf_open_mem(p, bytes.size, &btf, &e);
	expect_refusal(r, s, err, &e, "");
	btf_free(btf);
	free(p);
	buf_free(&bytes);
}

static void run_object_hex(struct run *r, const struct part *s)
{
	struct abide_error e = { 0 };
	struct object *o = NULL;
	struct buf bytes = { 0 };
	uint8_t *p;
	int err;

	if (!read_hex(r, s, &bytes))
		return;
	p = exact(&bytes, bytes.size);
	err = object_open_mem(p, bytes.size, "case.bpf.o", &o, &e);
	expect_refusal(r, s, err, &e, "");
	object_free(o);
	free(p);
	buf_free(&bytes);
}

/* Open and, if that works, translate. What comes out does not matter, only that it ends well. */
static int try_object(struct run *r, struct kernel *k, const uint8_t *data, size_t size, struct abide_error *e)
{
	struct translated *t = NULL;
	struct object *o = NULL;
	int err;

	memset(e, 0, sizeof(*e));
	err = object_open_mem(data, size, "damaged.bpf.o", &o, e);
	if (!err && k && !translate_object(o, r->catalog, k->target, NULL, &t, e))
		translated_free(t);
	object_free(o);
	return err;
}

static void run_damage(struct run *r, const struct part *s)
{
	static const uint8_t flips[] = { 0x01, 0x80, 0xff };
	struct abide_error e;
	struct kernel *k;
	uint8_t *p;
	size_t n, i;

	if (!run_object(r, &e)) {
		run_fail_error(r, s, "the object does not open undamaged", &e);
		return;
	}
	k = *s->args ? run_kernel(r, s->args) : NULL;
	for (n = 0; n < r->elf.size; n++) {
		p = exact(&r->elf, n);
		if (!try_object(r, NULL, p, n, &e))
			run_fail(r, s, "the first %zu of %zu bytes open", n, r->elf.size);
		else if (!e.problem[0])
			run_fail(r, s, "the first %zu bytes are refused without a word", n);
		free(p);
	}
	for (n = 0; n < r->elf.size; n++)
		for (i = 0; i < sizeof(flips); i++) {
			p = exact(&r->elf, r->elf.size);
			p[n] ^= flips[i];
			if (try_object(r, k, p, r->elf.size, &e) && !e.problem[0])
				run_fail(r, s, "byte %zu: refused without a word", n);
			free(p);
		}
}

static void run_header(struct run *r, const struct part *s)
{
	struct abide_error e = { 0 };
	struct buf text = { 0 };

	if (!run_catalog(r))
		return;
	if (header_write(r->catalog, &text, &e)) {
		run_fail_error(r, s, "no header", &e);
		return;
	}
	buf_u8(&text, 0);
	run_contains(r, s, (const char *)text.data);
	buf_free(&text);
}

const struct driver text_drivers[] = {
	{ "resolve", run_resolve },       { "catalog-error", run_catalog_error }, { "btf", run_btf },
	{ "object-hex", run_object_hex }, { "damage", run_damage },               { "header", run_header },
	{ 0 },
};
