// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * The catalog on two kernels. In: two targets. Out: for each event its tracepoint and arguments, for
 * each struct its fields: what one of them lacks, what is read by another path or in another
 * shape, and what only lies elsewhere (told by number, -v shows it). Programs see none of it.
 */
#include <errno.h>
#include <string.h>

#include "cli/diff.h"

enum change { SAME, MOVED, READ, GONE, NEW };

static const char *change_word(enum change c)
{
	static const char *const words[] = { [SAME] = "same", [MOVED] = "moved", [READ] = "read", [GONE] = "gone", [NEW] = "new" };

	return words[c];
}

/* A field or argument on one kernel. */
struct side {
	const struct access *access; /* NULL: not there */
	char why[300];
};

struct entry { /* what differs under one struct or event */
	const char *kind, *name;
	bool titled;
	uint32_t moved;
};

static bool same_path(const struct access_path *a, const struct access_path *b)
{
	uint32_t i;

	if (a->root != b->root || a->arg_size != b->arg_size || a->arg_sign != b->arg_sign || a->value != b->value ||
	    a->imm != b->imm || a->nr_hops != b->nr_hops || a->size != b->size || a->sign != b->sign || a->fetch != b->fetch ||
	    a->in_place != b->in_place || a->bit_size != b->bit_size)
		return false;
	for (i = 0; i < a->nr_hops; i++)
		if (a->hops[i].fetch != b->hops[i].fetch)
			return false;
	return true;
}

static bool same_place(const struct access_path *a, const struct access_path *b)
{
	uint32_t i;

	for (i = 0; i < a->nr_hops; i++)
		if (a->hops[i].off != b->hops[i].off)
			return false;
	return a->arg == b->arg && a->off == b->off && a->bit_off == b->bit_off && a->stride == b->stride;
}

static bool same_runs(const struct access_map *a, const struct access_map *b)
{
	uint32_t i;

	if (!a || !b || a->nr != b->nr)
		return a == b;
	for (i = 0; i < a->nr; i++)
		if (a->runs[i].first != b->runs[i].first || a->runs[i].last != b->runs[i].last ||
		    a->runs[i].is_fixed != b->runs[i].is_fixed || a->runs[i].delta != b->runs[i].delta)
			return false;
	return true;
}

static bool same_ops(const struct access *a, const struct access *b)
{
	uint32_t i;

	if (a->nr_ops != b->nr_ops)
		return false;
	for (i = 0; i < a->nr_ops; i++)
		if (a->ops[i].kind != b->ops[i].kind || a->ops[i].imm != b->ops[i].imm || a->ops[i].rules != b->ops[i].rules ||
		    !same_runs(a->ops[i].map, b->ops[i].map))
			return false;
	return true;
}

static enum change compare(const struct access *a, const struct access *b)
{
	bool two;

	if (!a || !b)
		return a ? GONE : b ? NEW : SAME;
	two = a->combine != CAT_ALONE;
	if (strcmp(a->text, b->text) || a->combine != b->combine || !same_path(&a->path, &b->path) ||
	    (two && !same_path(&a->second, &b->second)) || !same_ops(a, b))
		return READ;
	return same_place(&a->path, &b->path) && (!two || same_place(&a->second, &b->second)) ? SAME : MOVED;
}

static void json_side(const char *key, const struct side *s)
{
	char text[400];

	printf(",\"%s\":{\"available\":%s", key, s->access ? "true" : "false");
	if (s->access) {
		json_member("path", s->access->text);
		view_where(s->access, text, sizeof(text));
		json_member("where", text);
	} else {
		json_member("why", s->why);
	}
	putchar('}');
}

static void title(struct diff *d, struct entry *in)
{
	if (!in->titled)
		printf("%s%s %s%s\n", d->page.color ? "\033[1m" : "", in->kind, in->name, d->page.color ? "\033[0m" : "");
	in->titled = true;
}

/* The same path, but other numbers of the kernel's enum: the runs that differ would not fit, so say it. */
static const char *note(const struct side *s)
{
	if (s[0].access && s[1].access && !strcmp(s[0].access->text, s[1].access->text) && !same_ops(s[0].access, s[1].access) &&
	    s[0].access->nr_ops == s[1].access->nr_ops)
		return " (the kernel's enumerators have other values)";
	return "";
}

static void tell(struct diff *d, struct entry *in, const struct cat_field *f, uint32_t elem, enum change c, const struct side *s)
{
	char text[640], index[16] = "";
	uint32_t k;

	d->nr++;
	d->nr_moved += c == MOVED;
	in->moved += c == MOVED;
	if (f->count > 1 && f->kind != CAT_CHARS && f->kind != CAT_BYTES)
		snprintf(index, sizeof(index), "[%u]", elem);
	if (d->json) {
		printf("{\"type\":\"%s\"", !strcmp(in->kind, "event") ? "argument" : "field");
		json_member(in->kind, in->name);
		snprintf(text, sizeof(text), "%s%s", f->name, index);
		json_member("name", text);
		json_member("change", change_word(c));
		json_side("from", &s[0]);
		json_side("to", &s[1]);
		printf("}\n");
		return;
	}
	if (c == MOVED && !d->verbose)
		return;
	title(d, in);
	printf("  %s%s%s\n", f->name, index, note(s));
	for (k = 0; k < 2; k++) {
		if (s[k].access)
			view_where(s[k].access, text, sizeof(text));
		else
			snprintf(text, sizeof(text), "not there: %.299s", s[k].why);
		diff_side(d, k, text);
	}
}

/* What is not there, by the reason where there is one: the problem only says that it is not. */
static void lacking(const struct abide_error *e, char *buf, size_t size)
{
	const char *from = *e->reason ? e->reason : e->problem;

	snprintf(buf, size, "%.*s", (int)strcspn(from, "\n"), from);
}

static void field(struct diff *d, struct entry *in, const struct cat_struct *s, const struct placement *const p[2],
		  const struct cat_field *f)
{
	struct abide_error e;
	struct side side[2];
	enum change c;
	uint32_t elem, k;
	int err;

	for (elem = 0; elem < (f->count ? f->count : 1); elem++) {
		memset(side, 0, sizeof(side));
		for (k = 0; k < 2; k++) {
			struct target *t = d->kernels.items[k]->target;

			memset(&e, 0, sizeof(e));
			err = s ? resolve_field(t, s, f, elem, &side[k].access, &e) : resolve_arg(t, p[k], f, &side[k].access, &e);
			if (err)
				side[k].access = NULL;
			lacking(&e, side[k].why, sizeof(side[k].why));
		}
		c = compare(side[0].access, side[1].access);
		if (c != SAME)
			tell(d, in, f, elem, c, side);
	}
}

static void end_entry(const struct diff *d, struct entry *in)
{
	if (d->json || !in->moved || d->verbose)
		return;
	if (in->titled)
		printf("  %u more only moved\n", in->moved);
}

static void one_struct(struct diff *d, const struct cat_struct *s)
{
	struct entry in = { .kind = "struct", .name = s->name };
	uint32_t i;

	for (i = 0; i < s->nr_fields; i++)
		field(d, &in, s, NULL, &s->fields[i]);
	end_entry(d, &in);
}

/* An event whose tracepoint is another one, or is not there. */
static void place(struct diff *d, struct entry *in, const struct placement *const p[2], char why[2][300])
{
	char text[320];
	uint32_t k;

	d->nr++;
	if (d->json) {
		printf("{\"type\":\"event\"");
		json_member("name", in->name);
		json_member("change", !p[1] ? "gone" : !p[0] ? "new" : "placed");
		for (k = 0; k < 2; k++) {
			printf(",\"%s\":{\"available\":%s", k ? "to" : "from", p[k] ? "true" : "false");
			json_member(p[k] ? "tracepoint" : "why", p[k] ? p[k]->tracepoint : why[k]);
			putchar('}');
		}
		printf("}\n");
		return;
	}
	title(d, in);
	for (k = 0; k < 2; k++) {
		snprintf(text, sizeof(text), "%s%.299s", p[k] ? "tracepoint " : "not there: ", p[k] ? p[k]->tracepoint : why[k]);
		diff_side(d, k, text);
	}
}

static void one_event(struct diff *d, const struct cat_event *ev)
{
	struct entry in = { .kind = "event", .name = ev->name };
	const struct placement *p[2] = { 0 };
	struct abide_error e;
	char why[2][300];
	uint32_t k, i;

	for (k = 0; k < 2; k++) {
		memset(&e, 0, sizeof(e));
		if (resolve_event(d->kernels.items[k]->target, ev, &p[k], &e))
			p[k] = NULL;
		lacking(&e, why[k], sizeof(why[k]));
	}
	if (!p[0] != !p[1] || (p[0] && strcmp(p[0]->tracepoint, p[1]->tracepoint)))
		place(d, &in, p, why);
	for (i = 0; p[0] && p[1] && i < ev->nr_args; i++)
		field(d, &in, NULL, p, &ev->args[i]);
	end_entry(d, &in);
}

/* System calls have the numbers of their machine. */
static void syscalls(struct diff *d)
{
	struct target *from = d->kernels.items[0]->target, *to = d->kernels.items[1]->target;
	uint32_t i, n, lost = 0, new = 0, other = 0;
	const struct cat_syscall *all = catalog_syscalls(d->catalog, &n);
	int32_t a, b;

	for (i = 0; i < n; i++) {
		a = target_syscall(from, all[i].name);
		b = target_syscall(to, all[i].name);
		if (a == b)
			continue;
		lost += b < 0;
		new += a < 0;
		other += a >= 0 && b >= 0;
		d->nr++;
		d->nr_moved += a >= 0 && b >= 0;
		if (!d->json)
			continue;
		printf("{\"type\":\"syscall\"");
		json_member("name", all[i].name);
		json_member("change", b < 0 ? "gone" : a < 0 ? "new" : "moved");
		printf(",\"from\":{\"number\":%d},\"to\":{\"number\":%d}}\n", a, b);
	}
	if (!d->json && (lost || new || other))
		printf("system calls: %u have another number, %u are only on %s, %u only on %s\n", other, lost,
		       d->kernels.items[0]->name, new, d->kernels.items[1]->name);
}

static void summary(const struct diff *d)
{
	char text[320];

	snprintf(text, sizeof(text), "%u of the catalog's fields, arguments and events differ: %u are read otherwise, %u only lie "
		 "elsewhere%s. Programs that use the catalog see none of it, except for what is not there.",
		 d->nr, d->nr - d->nr_moved, d->nr_moved, d->nr_moved && !d->verbose ? " (-v shows them)" : "");
	putchar('\n');
	view_wrap(&d->page, 0, 0, text);
}

int diff_catalog(struct diff *d, struct abide_error *e)
{
	uint32_t i;

	(void)e; /* what cannot be resolved is not there, which is what is told */
	for (i = 0; i < d->catalog->nr_events; i++)
		one_event(d, &d->catalog->events[i]);
	for (i = 0; i < d->catalog->nr_structs; i++)
		one_struct(d, &d->catalog->structs[i]);
	syscalls(d);
	if (d->json)
		return 0;
	if (!d->nr)
		printf("Nothing of the catalog differs.\n");
	else
		summary(d);
	return 0;
}
