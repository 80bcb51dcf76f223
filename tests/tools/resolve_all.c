// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * resolve_all [-q] [-t] CATALOG|builtin BTF-FILE...
 *
 * For every field and event argument of the catalog and every BTF: the kernel's path and
 * how it is read, or why it is not there. For people who write catalogs.
 *
 *	-q	only what some target lacks
 *	-t	how long it took
 *
 * Letters behind a path: F fetched, f a hop fetched, T typed pointer, N may be NULL,
 * B bit-field, P in place, V the argument itself, S signed; then the size and what is done
 * to the value. Exit status 1 when the catalog itself is at fault, 0 otherwise.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "catalog/resolve.h"

#define TARGETS 32

struct column {
	const char *name;
	struct btf_data *btf;
	struct target *target;
	double opened, resolved; /* microseconds */
	uint32_t asked, absent;
};

struct table {
	struct column cols[TARGETS];
	uint32_t nr;
	bool quiet;
	bool faults;
	char title[160]; /* of the struct or event; printed before its first row */
};

static double now_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec * 1e6 + (double)ts.tv_nsec / 1e3;
}

static void print_ops(const struct access *a, char *buf, size_t size)
{
	static const char *const names[] = { "and",     "shr",  "shl", "add",  "bswap",
		                             "nonzero", "sext", "map", "rules" };
	size_t len = 0;
	uint32_t i;

	buf[0] = '\0';
	for (i = 0; i < a->nr_ops && len < size; i++) {
		len += (size_t)snprintf(buf + len, size - len, " %s", names[a->ops[i].kind]);
		if (len < size && a->ops[i].kind <= ACCESS_SEXT && a->ops[i].kind != ACCESS_NONZERO)
			len += (size_t)snprintf(buf + len, size - len, " %" PRId64, a->ops[i].imm);
		if (len < size && a->ops[i].kind == ACCESS_RANGES)
			len += (size_t)snprintf(buf + len, size - len, "(%u runs)",
			                        a->ops[i].map->nr);
	}
}

static void print_path(const struct access_path *p, char *buf, size_t size)
{
	size_t len = 0;
	uint32_t i;

	if (p->root == ROOT_ARG)
		len += (size_t)snprintf(buf, size, "arg%u ", p->arg);
	if (p->root == ROOT_CURRENT)
		len += (size_t)snprintf(buf, size, "current ");
	for (i = 0; i < p->nr_hops && len < size; i++)
		len += (size_t)snprintf(buf + len, size - len, "%u>", p->hops[i].off);
	if (len < size && !p->value)
		len += (size_t)snprintf(buf + len, size - len, "%u", p->off);
	if (len < size && p->stride)
		len += (size_t)snprintf(buf + len, size - len, "+%u*i", p->stride);
	if (len < size && p->bit_size)
		snprintf(buf + len, size - len, ":%u..%u", p->bit_off,
		         p->bit_off + p->bit_size - 1);
}

static void print_title(struct table *x)
{
	if (*x->title)
		puts(x->title);
	x->title[0] = '\0';
}

static void print_access(const struct access *a, const char *target)
{
	const struct access_path *p = &a->path;
	char path[96] = "", ops[96];
	bool hop_fetch = false;
	uint32_t i;

	for (i = 0; i < p->nr_hops; i++)
		hop_fetch |= p->hops[i].fetch;
	print_path(p, path, sizeof(path));
	print_ops(a, ops, sizeof(ops));
	printf("    %-12.12s %-28s %-18s %s%s%s%s%s%s%s%s%u%s\n", target, a->text, path,
	       p->fetch ? "F" : "", hop_fetch ? "f" : "", a->typed ? "T" : "",
	       p->arg_nullable || a->nullable ? "N" : "", p->bit_size ? "B" : "",
	       p->in_place ? "P" : "", p->value ? "V" : "", p->sign ? "S" : "", p->size, ops);
}

static void print_absent(const struct abide_error *e, const char *target)
{
	const char *line = e->reason, *end;

	for (;; line = end + 1) {
		end = strchr(line, '\n');
		printf("    %-12.12s - %.*s\n", target, end ? (int)(end - line) : (int)strlen(line),
		       line);
		if (!end)
			break;
	}
	if (!*e->reason)
		printf("    %-12.12s - %s\n", target, e->problem);
}

/* An event that a target lacks: said once, its arguments then pass that target over. */
static void head(struct table *x, const struct cat_event *ev)
{
	const struct placement *p;
	struct abide_error e;
	uint32_t i;

	snprintf(x->title, sizeof(x->title), "event %s", ev->name);
	for (i = 0; i < x->nr; i++) {
		memset(&e, 0, sizeof(e));
		if (resolve_event(x->cols[i].target, ev, &p, &e)) {
			print_title(x);
			print_absent(&e, x->cols[i].name);
			x->faults |= e.code != -ENOENT;
		}
	}
}

/* One cell: 1 when there is an access, 0 when not, -1 when the event is not there. */
static int ask(struct column *c, const struct cat_struct *s, const struct cat_event *ev,
               const struct cat_field *f, uint32_t elem, const struct access **a,
               struct abide_error *e)
{
	const struct placement *p;
	double start = now_us();
	int rc;

	memset(e, 0, sizeof(*e));
	if (!s && resolve_event(c->target, ev, &p, e))
		return -1;
	rc = s ? resolve_field(c->target, s, f, elem, a, e) : resolve_arg(c->target, p, f, a, e);
	c->resolved += now_us() - start;
	c->asked++;
	c->absent += !!rc;
	return !rc;
}

/* One row: a field of a struct, or an argument of an event, element by element. */
static void row(struct table *x, const struct cat_struct *s, const struct cat_event *ev,
                const struct cat_field *f)
{
	struct abide_error e[TARGETS];
	const struct access *a[TARGETS];
	int have[TARGETS];
	uint32_t elem, i;
	bool gap;

	for (elem = 0; elem < (s && f->count ? f->count : 1); elem++) {
		for (i = 0, gap = false; i < x->nr; i++) {
			have[i] = ask(&x->cols[i], s, ev, f, elem, &a[i], &e[i]);
			gap |= !have[i];
			x->faults |= !have[i] && e[i].code != -ENOENT;
		}
		if (x->quiet && !gap)
			continue;
		print_title(x);
		printf("  %s %s", f->type ? f->type : "?", f->name);
		printf(f->count > 1 ? "[%u]\n" : "\n", elem);
		for (i = 0; i < x->nr; i++) {
			if (!have[i])
				print_absent(&e[i], x->cols[i].name);
			else if (have[i] > 0 && !x->quiet)
				print_access(a[i], x->cols[i].name);
		}
	}
}

static int open_column(struct table *x, const char *path, struct catalog *c, struct abide_error *e)
{
	const char *name = strrchr(path, '/');
	struct column *col = &x->cols[x->nr];
	double start = now_us();
	int rc;

	col->name = name ? name + 1 : path;
	rc = btf_open_file(path, &col->btf, e);
	if (rc)
		return rc;
	rc = target_open(col->btf, col->name, c, &col->target, e);
	if (rc) {
		btf_free(col->btf);
		return rc;
	}
	col->opened = now_us() - start;
	x->nr++;
	return 0;
}

static void print_table(struct table *x, struct catalog *c)
{
	char name[128];
	const struct cat_event *ev;
	uint32_t i, j, n;
	const struct cat_syscall *all = catalog_syscalls(c, &n);

	for (i = 0; i < c->nr_structs; i++) {
		snprintf(x->title, sizeof(x->title), "struct %s", c->structs[i].name);
		for (j = 0; j < c->structs[i].nr_fields; j++)
			row(x, &c->structs[i], NULL, &c->structs[i].fields[j]);
	}
	for (i = 0; i < c->nr_events; i++) {
		head(x, &c->events[i]);
		for (j = 0; j < c->events[i].nr_args; j++)
			row(x, NULL, &c->events[i], &c->events[i].args[j]);
	}
	for (i = 0; i < 2 * n; i++) {
		snprintf(name, sizeof(name), "sys_%s:%s", i % 2 ? "exit" : "enter",
		         all[i / 2].name);
		ev = catalog_event(c, name);
		if (!ev)
			continue;
		head(x, ev);
		for (j = 0; j < ev->nr_args; j++)
			row(x, NULL, ev, &ev->args[j]);
	}
}

int main(int argc, char **argv)
{
	static struct table x;
	struct abide_error e = { 0 };
	struct catalog *c = NULL;
	bool times = false;
	uint32_t i;
	int rc, opt;

	while ((opt = getopt(argc, argv, "qt")) != -1) {
		if (opt == 'q')
			x.quiet = true;
		else if (opt == 't')
			times = true;
		else
			optind = argc;
	}
	if (argc - optind < 2 || argc - optind > TARGETS) {
		fprintf(stderr, "usage: %s [-q] [-t] CATALOG|builtin BTF-FILE...\n", argv[0]);
		return 2;
	}
	rc = strcmp(argv[optind], "builtin") ? catalog_open_file(argv[optind], NULL, &c, &e)
	                                     : catalog_open_builtin(&c, &e);
	for (i = (uint32_t)optind + 1; !rc && i < (uint32_t)argc; i++)
		rc = open_column(&x, argv[i], c, &e);
	if (rc) {
		fprintf(stderr, "%s\n%s\n", e.problem, e.reason);
		goto out;
	}
	print_table(&x, c);
	for (i = 0; i < x.nr && times; i++)
		printf("%s: %s, %u asked, %u absent, opened in %.0f us, %.0f us in all, %.2f us each\n",
		       x.cols[i].name, target_machine(x.cols[i].target), x.cols[i].asked,
		       x.cols[i].absent, x.cols[i].opened, x.cols[i].resolved,
		       x.cols[i].resolved / x.cols[i].asked);
out:
	for (i = 0; i < x.nr; i++) {
		target_free(x.cols[i].target);
		btf_free(x.cols[i].btf);
	}
	catalog_free(c);
	return rc || x.faults;
}
