/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The catalog's text of an application. In: its layout. Out: what a person would have written for the
 * kernel, so that one parser checks names, offsets and references:
 *
 *	catalog application 1
 *	struct query_user of query since 1 "one query"
 *		u64 start_ns @0 since 1 unit ns "when it came"
 *			from start_ns
 *		u32 rows @8 since 1 "rows found"
 *			from _16->rows
 *	event mydb:query_done since 1 "a query has its answer"
 *		query_user * query since 1 nullable "query"
 *			from query
 *
 * _16 is the pointer at offset 16 of the application's struct; target.c gives it that name. Meanings are
 * anybody's bytes and are made printable. An application has no versions of its catalog: all is since 1.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "app/part.h"

#define LONGEST_DOC 240 /* as the parser has it */

/* The meaning or, where there is none, @otherwise, in quotes, as the parser and a C comment take it; "": none. */
static void write_doc(struct buf *b, const char *doc, const char *otherwise)
{
	const char *p = *doc ? doc : otherwise;
	char last = '\0', c;
	size_t n;

	if (!*p) {
		buf_printf(b, "\n");
		return;
	}
	buf_printf(b, " \"");
	for (n = 0; *p && n < LONGEST_DOC - 1; p++, n++) {
		c = *p < ' ' || *p > '~' ? '?' : *p == '"' ? '\'' : *p;
		if ((last == '/' && c == '*') || (last == '*' && c == '/')) {
			buf_printf(b, " ");
			n++;
		}
		buf_printf(b, "%c", c);
		last = c;
	}
	buf_printf(b, "\"\n");
}

static bool is_word(const char *p)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_";
	size_t n = strlen(p);

	return n && n < 64 && strchr(letters, *p) &&
	       strspn(p, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789") == n;
}

static const char *bare(const char *real)
{
	return !strncmp(real, "struct ", 7) ? real + 7 : real;
}

const char *app_real_name(const struct layout *l, uint32_t s, char *buf, size_t size)
{
	const char *name = bare(l->structs[s].real);
	bool good = is_word(name);
	uint32_t i;

	/* two views of one struct, or a view that is called as another's struct: types are found by name */
	for (i = 0; good && i < l->nr_structs; i++)
		good = i == s || (strcmp(bare(l->structs[i].real), name) && strcmp(l->structs[i].name, name));
	snprintf(buf, size, "%s", good ? name : l->structs[s].name);
	return buf;
}

static int refuse(const struct layout_struct *s, const struct layout_field *f, const char *what, struct abide_error *e)
{
	return error_set(e, -EINVAL, "user-record", "field %s.%s %s", s->name, f->name, what);
}

/* "u32 name[4]", "char name[16]", "conn_user * conn" */
static int write_type(const struct layout *l, const struct layout_struct *s, const struct layout_field *f, struct buf *b,
                      struct abide_error *e)
{
	bool bytes = f->kind == LAYOUT_UINT && f->stable_size == 1 && f->count > 1;

	switch (f->kind) {
	case LAYOUT_UINT:
	case LAYOUT_SINT:
		/* the catalog takes u8[] for bytes in place, which are not widened or cut */
		if (bytes && f->size != 1)
			return refuse(s, f, "is an array of bytes, and the application keeps it in something else", e);
		buf_printf(b, "\t%c%u %s", f->kind == LAYOUT_SINT ? 's' : 'u', 8 * f->stable_size, f->name);
		if (f->count > 1)
			buf_printf(b, "[%u]", f->count);
		return 0;
	case LAYOUT_CHARS:
		buf_printf(b, "\tchar %s[%u]", f->name, f->count);
		return 0;
	case LAYOUT_BYTES:
		buf_printf(b, "\tu8 %s[%u]", f->name, f->count);
		return 0;
	case LAYOUT_POINTER:
		buf_printf(b, "\t%s * %s", l->structs[f->target].name, f->name);
		break;
	case LAYOUT_STRING:
		buf_printf(b, "\tstring %s", f->name);
		break;
	case LAYOUT_ADDRESS:
		buf_printf(b, "\tuser %s", f->name);
		break;
	}
	return f->count > 1 ? refuse(s, f, "is an array of pointers", e) : 0;
}

static int write_field(const struct layout *l, const struct layout_struct *s, const struct layout_field *f, struct buf *b,
                       struct abide_error *e)
{
	bool array = (f->kind == LAYOUT_UINT || f->kind == LAYOUT_SINT) && f->count > 1 && f->stable_size > 1;
	uint32_t i;
	int err;

	err = write_type(l, s, f, b, e);
	if (err)
		return err;
	buf_printf(b, " @%u since 1%s%s%s", f->stable, *f->unit ? " unit " : "", f->unit,
	           f->kind == LAYOUT_POINTER ? " nullable" : "");
	write_doc(b, f->doc, "");
	buf_printf(b, "\t\tfrom ");
	for (i = 0; i < f->nr_hops; i++)
		buf_printf(b, "_%u->", f->hops[i]);
	/* arrays of s8 are numbers, of u8 bytes in place */
	buf_printf(b, "%s%s\n", f->name, array || (f->kind == LAYOUT_SINT && f->count > 1) ? "[]" : "");
	return 0;
}

static int write_struct(const struct layout *l, uint32_t i, struct buf *b, struct abide_error *e)
{
	const struct layout_struct *s = &l->structs[i];
	char name[64];
	uint32_t k;
	int err = 0;

	buf_printf(b, "struct %s of %s since 1", s->name, app_real_name(l, i, name, sizeof(name)));
	write_doc(b, s->doc, s->real);
	for (k = 0; !err && k < s->nr_fields; k++)
		err = write_field(l, s, &s->fields[k], b, e);
	return err;
}

static int write_arg(const struct layout *l, const struct layout_event *ev, const struct layout_arg *arg, struct buf *b,
                     struct abide_error *e)
{
	switch (arg->kind) {
	case LAYOUT_UINT:
	case LAYOUT_SINT:
		buf_printf(b, "\t%c%u %s since 1", arg->kind == LAYOUT_SINT ? 's' : 'u', 8 * arg->size, arg->name);
		break;
	case LAYOUT_POINTER:
		buf_printf(b, "\t%s * %s since 1 nullable", l->structs[arg->target].name, arg->name);
		break;
	case LAYOUT_STRING:
		buf_printf(b, "\tstring %s since 1", arg->name);
		break;
	case LAYOUT_ADDRESS:
		buf_printf(b, "\tuser %s since 1", arg->name);
		break;
	case LAYOUT_CHARS:
	case LAYOUT_BYTES:
		return error_set(e, -EINVAL, "user-record", "argument %s of event %s:%s is an array", arg->name, ev->provider,
		                 ev->name);
	}
	write_doc(b, arg->kind == LAYOUT_POINTER ? l->structs[arg->target].doc : "", "");
	buf_printf(b, "\t\tfrom %s\n", arg->name);
	return 0;
}

static int write_event(const struct layout *l, const struct layout_event *ev, struct buf *b, struct abide_error *e)
{
	uint32_t i;
	int err = 0;

	buf_printf(b, "event %s:%s since 1", ev->provider, ev->name);
	write_doc(b, ev->doc, "");
	for (i = 0; !err && i < ev->nr_args; i++)
		err = write_arg(l, ev, &ev->args[i], b, e);
	return err;
}

int app_write_catalog(const struct layout *l, struct buf *out, struct abide_error *e)
{
	uint32_t i;
	int err = 0;

	buf_printf(out, "catalog application 1\n");
	for (i = 0; !err && i < l->nr_structs; i++)
		err = write_struct(l, i, out, e);
	for (i = 0; !err && i < l->nr_events; i++)
		err = write_event(l, &l->events[i], out, e);
	return err ? err : out->failed ? error_nomem(e) : 0;
}
