/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * What differs for a stamped object. In: the object and a kernel's BTF. Out: the findings
 * of its programs there that are not fine and are reached, each dependency once: as lines of
 * the stamp (of the kernel that it was tested on), or for people and without those of the
 * stamp. A dependency that is lacking on both kernels is no difference: the
 * programs were tested without it.
 */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "check/check.h"
#include "check/stamp.h"

struct lack {
	const struct finding *finding;
	char line[192]; /* "lacks KIND WHAT\n" */
};

/* Called for each dependency once, in order; non-zero ends it. */
typedef int (*lack_fn)(const struct lack *l, void *data);

/* Names come from the object: what would break a line is replaced. */
static void make_line(struct lack *l, const struct finding *f)
{
	size_t i, n;

	l->finding = f;
	snprintf(l->line, sizeof(l->line) - 1, "lacks %s %s", finding_kind_name(f->kind), f->what);
	n = strlen(l->line);
	for (i = 0; i < n; i++)
		if (!isprint((unsigned char)l->line[i]))
			l->line[i] = '?';
	l->line[n] = '\n';
	l->line[n + 1] = 0;
}

static bool holds_line(const void *text, size_t size, const char *line)
{
	const char *p = text, *end = p ? p + size : p, *at;

	/* At the start of a line only: the text before it ends in one. */
	while (p && (at = memmem(p, (size_t)(end - p), line, strlen(line)))) {
		if (at == text || at[-1] == '\n')
			return true;
		p = at + 1;
	}
	return false;
}

static int each_lack(const struct findings *found, lack_fn fn, void *data)
{
	struct buf seen = { 0 };
	struct lack l;
	uint32_t i;
	int err = 0;

	for (i = 0; !err && i < found->nr; i++) {
		if (found->items[i].severity == SEV_FINE || found->items[i].guarded)
			continue;
		make_line(&l, &found->items[i]);
		if (holds_line(seen.data, seen.size, l.line))
			continue;
		buf_add(&seen, l.line, strlen(l.line));
		err = seen.failed ? -ENOMEM : fn(&l, data);
	}
	buf_free(&seen);
	return err;
}

static int look(const struct object *o, struct btf_data *btf, const char *name, const struct catalog *c, lack_fn fn,
		void *data, struct abide_error *e)
{
	struct findings found = { 0 };
	struct check_kernel *k = NULL;
	struct check *x = NULL;
	uint32_t i;
	int err;

	err = check_kernel_open(btf, name, &k, e);
	if (!err)
		err = check_open(o, k, c, &x, e);
	for (i = 0; !err && i < o->nr_functions; i++)
		if (!o->functions[i].subprogram)
			err = check_program(x, &o->functions[i], &found, e);
	if (!err && each_lack(&found, fn, data))
		err = error_nomem(e);
	findings_free(&found);
	check_free(x);
	check_kernel_free(k);
	return err;
}

static int add_line(const struct lack *l, void *data)
{
	struct buf *out = data;

	buf_add(out, l->line, strlen(l->line));
	return out->failed ? -ENOMEM : 0;
}

int stamp_lacks(const struct object *o, struct btf_data *btf, const struct catalog *c, struct buf *out,
		struct abide_error *e)
{
	return look(o, btf, "that kernel", c, add_line, out, e);
}

struct differ {
	const struct section *stamp;
	struct buf *out;
	uint32_t nr, most;
};

static int add_difference(const struct lack *l, void *data)
{
	struct differ *d = data;

	if (d->stamp && holds_line(d->stamp->data, d->stamp->size, l->line))
		return 0;
	if (d->nr++ < d->most)
		buf_printf(d->out, "  %s%s%s: %s\n", l->finding->where, *l->finding->where ? ": " : "", l->finding->what,
			   l->finding->why);
	return d->out->failed ? -ENOMEM : 0;
}

int stamp_differs(const struct object *o, struct btf_data *btf, const char *name, const struct catalog *c,
		  uint32_t most, struct buf *out, struct abide_error *e)
{
	struct differ d = { .out = out, .most = most };
	uint32_t i;
	int err;

	for (i = 0; i < o->nr_sections; i++)
		if (!strcmp(o->sections[i].name, STAMP_SECTION) && o->sections[i].data)
			d.stamp = &o->sections[i];
	err = look(o, btf, name, c, add_difference, &d, e);
	if (!err && d.nr > most)
		buf_printf(out, "  and %u more\n", d.nr - most);
	return err ? err : out->failed ? error_nomem(e) : 0;
}
