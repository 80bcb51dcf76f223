/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * What a stamped object depends on, and what of it differs. In: the object and a kernel. Out: the
 * findings of its programs there that are reached, each dependency once: as lines of the
 * stamp (of the kernel that it was tested on), or for people and without those that the stamp has as they are.
 * What is lacking on both kernels is no difference: the programs were tested without it. Nor is a member
 * that only lies elsewhere, where a relocation of the object says so to the loader.
 */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "check/check.h"
#include "check/stamp.h"

struct dependency {
	const struct finding *finding;
	char key[176];  /* "KIND WHAT" */
	char line[400]; /* "uses KIND WHAT = VALUE\n", "lacks KIND WHAT\n" */
};

/* Called for each dependency once, in order; non-zero ends it. */
typedef int (*dependency_fn)(const struct dependency *d, void *data);

/* What the kernel, or which module of it, gives; "" when there is nothing to compare. */
static void value_of(const struct finding *f, char *value, size_t size)
{
	bool fine = f->severity == SEV_FINE, module = fine && *f->module;

	snprintf(value, size, "%s%s%s", fine ? f->value : "", module ? &STAMP_MODULE[!*f->value] : "", module ? f->module : "");
}

/* Names come from the object: what would break a line is replaced. */
static void make_lines(struct dependency *d, const struct finding *f)
{
	char value[176];
	size_t i, n;

	d->finding = f;
	snprintf(d->key, sizeof(d->key), "%s %s", finding_kind_name(f->kind), f->what);
	for (i = 0; d->key[i]; i++)
		if (!isprint((unsigned char)d->key[i]))
			d->key[i] = '?';
	value_of(f, value, sizeof(value));
	n = (size_t)snprintf(d->line, sizeof(d->line) - 1, "%s %s%s%s", f->severity == SEV_FINE ? "uses" : "lacks", d->key,
			     *value ? " = " : "", value);
	for (i = strlen("lacks ") + strlen(d->key); i < n; i++)
		if (!isprint((unsigned char)d->line[i]))
			d->line[i] = '?';
	d->line[n] = '\n';
	d->line[n + 1] = 0;
}

/* Where a line that begins so is, and what is behind the beginning; NULL: there is none. */
static const char *find_line(const void *text, size_t size, const char *begin)
{
	const char *p = text, *end = p ? p + size : p, *at;

	/* At the start of a line only: the text before it ends in one. */
	while (p && (at = memmem(p, (size_t)(end - p), begin, strlen(begin)))) {
		if (at == text || at[-1] == '\n')
			return at + strlen(begin);
		p = at + 1;
	}
	return NULL;
}

static int each_dependency(const struct findings *found, dependency_fn fn, void *data)
{
	struct buf seen = { 0 };
	struct dependency d;
	uint32_t i;
	int err = 0;

	for (i = 0; !err && i < found->nr; i++) {
		if (found->items[i].guarded || found->items[i].constant)
			continue;
		make_lines(&d, &found->items[i]);
		if (find_line(seen.data, seen.size, d.line))
			continue;
		buf_add(&seen, d.line, strlen(d.line));
		err = seen.failed ? -ENOMEM : fn(&d, data);
	}
	buf_free(&seen);
	return err;
}

static int look(const struct object *o, const struct stamp_kernel *on, const struct catalog *c, dependency_fn fn, void *data,
		struct abide_error *e)
{
	struct findings found = { 0 };
	struct check_kernel *k = NULL;
	struct check *x = NULL;
	uint32_t i;
	int err;

	err = check_kernel_open(on->btf, on->release, &k, e);
	if (!err) {
		check_kernel_release(k, on->release);
		check_kernel_notes(k, on->notes, on->notes_arg);
		check_kernel_modules(k, on->modules);
		err = check_open(o, k, c, &x, e);
	}
	for (i = 0; !err && i < o->nr_functions; i++)
		if (!o->functions[i].subprogram)
			err = check_program(x, &o->functions[i], &found, e);
	if (!err && each_dependency(&found, fn, data))
		err = error_nomem(e);
	findings_free(&found);
	check_free(x);
	check_kernel_free(k);
	return err;
}

static int add_line(const struct dependency *d, void *data)
{
	struct buf *out = data;

	buf_add(out, d->line, strlen(d->line));
	return out->failed ? -ENOMEM : 0;
}

int stamp_uses(const struct object *o, const struct stamp_kernel *on, const struct catalog *c, struct buf *out,
	       struct abide_error *e)
{
	return look(o, on, c, add_line, out, e);
}

struct differ {
	const struct section *stamp;
	struct buf *out;
	uint32_t nr, most;
};

/* How the stamp has it, when not like that: NULL when it is the same. */
static const char *how_before(const struct differ *d, const struct dependency *p, char *buf, size_t size)
{
	const void *text = d->stamp->data;
	const char *rest, *end;
	char begin[200], value[176];

	if (find_line(text, d->stamp->size, p->line))
		return NULL;
	if (p->finding->severity != SEV_FINE)
		return "";
	snprintf(begin, sizeof(begin), "uses %s = ", p->key);
	rest = find_line(text, d->stamp->size, begin);
	if (rest) {
		end = memchr(rest, '\n', d->stamp->size - (size_t)(rest - (const char *)text));
		value_of(p->finding, value, sizeof(value));
		snprintf(buf, size, "%s here, %.*s where it was tested", *value ? value : "another", end ? (int)(end - rest) : 0,
			 rest);
		return buf;
	}
	snprintf(begin, sizeof(begin), "lacks %s\n", p->key);
	return find_line(text, d->stamp->size, begin) ? "it is here, and was not where the object was tested"
						      : "not reached where it was tested";
}

static int add_difference(const struct dependency *p, void *data)
{
	struct differ *d = data;
	char buf[400];
	const char *how = how_before(d, p, buf, sizeof(buf));

	if (!how)
		return 0;
	if (d->nr++ < d->most)
		buf_printf(d->out, "  %s%s%s: %s\n", p->finding->where, *p->finding->where ? ": " : "", p->finding->what,
			   *how ? how : p->finding->why);
	return d->out->failed ? -ENOMEM : 0;
}

int stamp_differs(const struct object *o, const struct stamp_kernel *on, const struct catalog *c, uint32_t most, struct buf *out,
		  uint32_t *nr, struct abide_error *e)
{
	static const struct section none;
	struct differ d = { .out = out, .most = most, .stamp = &none };
	const struct section *at = stamp_section(o);
	int err;

	if (at && at->data)
		d.stamp = at;
	err = look(o, on, c, add_difference, &d, e);
	if (!err && d.nr > most)
		buf_printf(out, "  and %u more\n", d.nr - most);
	*nr = d.nr;
	return err ? err : out->failed ? error_nomem(e) : 0;
}
