/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The verifier's types of a layout. In: structs with fields behind pointers. Out: for each
 * object that a field is in or passes, the bytes that may be loaded and the pointers that
 * may be followed.
 *
 * Each struct has a node, and each pointer that a path follows leads to one. Where two
 * fields follow the same pointer, or one is that pointer, their nodes are put together,
 * and then whatever both of them have at one offset: nodes point to the one that they
 * went into. In the end bytes that overlap are made one member, and bytes of a pointer
 * belong to the pointer alone.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "process/layout_types.h"
#include "util/buf.h"

struct node {
	const char *name;
	uint32_t into; /* itself, or the node that it went into */
	struct verify_member *members;
	size_t nr, room;
	uint32_t type; /* its number in the end */
};

struct layout_types_store {
	struct verify_member **members; /* one a type */
};

struct builder {
	const struct layout *l;
	struct node *nodes;
	size_t nr, room;
	struct abide_error *e;
};

static uint32_t root(struct builder *b, uint32_t n)
{
	while (b->nodes[n].into != n) {
		b->nodes[n].into = b->nodes[b->nodes[n].into].into;
		n = b->nodes[n].into;
	}
	return n;
}

static int new_node(struct builder *b, const char *name, uint32_t *out)
{
	struct node *grown = array_grow(b->nodes, b->nr, &b->room, sizeof(*grown));

	if (!grown)
		return error_nomem(b->e);
	b->nodes = grown;
	*out = (uint32_t)b->nr++;
	b->nodes[*out] = (struct node){ .name = name, .into = *out };
	return 0;
}

static int add_member(struct builder *b, uint32_t n, struct verify_member m)
{
	struct node *node = &b->nodes[n];
	struct verify_member *grown = array_grow(node->members, node->nr, &node->room, sizeof(m));

	if (!grown)
		return error_nomem(b->e);
	node->members = grown;
	node->members[node->nr++] = m;
	return 0;
}

static struct verify_member *pointer_at(struct node *node, uint32_t off)
{
	size_t i;

	for (i = 0; i < node->nr; i++)
		if (node->members[i].pointer && node->members[i].off == off)
			return &node->members[i];
	return NULL;
}

/*
 * The pointer at @off of @n leads to @to as well. What that puts together may have pointers at one offset: these
 * are put together next. Each turn makes one node less.
 */
static int add_pointer(struct builder *b, uint32_t n, uint32_t off, uint32_t to)
{
	struct pair {
		uint32_t a, b;
	} *todo = NULL, *grown, p;
	size_t nr = 0, room = 0, i;
	struct verify_member *old, *m;
	int err = 0;

	n = root(b, n);
	old = pointer_at(&b->nodes[n], off);
	if (!old)
		return add_member(b, n, (struct verify_member){ .off = off, .size = 8, .pointer = true, .target = to });
	p = (struct pair){ old->target, to };
	for (;;) {
		p.a = root(b, p.a);
		p.b = root(b, p.b);
		if (p.b < p.a) /* the layout's structs come first, and keep their names */
			p = (struct pair){ p.b, p.a };
		if (p.a != p.b) {
			b->nodes[p.b].into = p.a;
			for (i = 0; i < b->nodes[p.b].nr && !err; i++) {
				m = &b->nodes[p.b].members[i];
				old = m->pointer ? pointer_at(&b->nodes[p.a], m->off) : NULL;
				if (!old) {
					err = add_member(b, p.a, *m);
					continue;
				}
				grown = array_grow(todo, nr, &room, sizeof(*todo));
				if (!grown) {
					err = error_nomem(b->e);
					break;
				}
				todo = grown;
				todo[nr++] = (struct pair){ old->target, m->target };
			}
		}
		if (err || !nr)
			break;
		p = todo[--nr];
	}
	free(todo);
	return err;
}

/* The node that the pointer at @off of @n leads to, made if there is none. */
static int follow(struct builder *b, uint32_t n, uint32_t off, const char *name, uint32_t *out)
{
	struct verify_member *m;
	uint32_t to;
	int err;

	n = root(b, n);
	m = pointer_at(&b->nodes[n], off);
	if (m) {
		*out = root(b, m->target);
		return 0;
	}
	err = new_node(b, name, &to);
	if (!err)
		err = add_pointer(b, n, off, to);
	*out = to;
	return err;
}

static int add_field(struct builder *b, uint32_t s, const struct layout_field *f)
{
	uint32_t n = s, i, stride = f->size;
	struct verify_member m = { .off = f->offset, .size = stride };
	int err;

	for (i = 0; i < f->nr_hops; i++) {
		err = follow(b, n, f->hops[i], f->name, &n);
		if (err)
			return err;
	}
	if (f->kind == LAYOUT_POINTER)
		return add_pointer(b, n, f->offset, f->target);
	/* all of an array, so that an index may be anything inside */
	m.size = stride * f->count;
	return add_member(b, root(b, n), m);
}

static int by_offset(const void *pa, const void *pb)
{
	const struct verify_member *a = pa, *b = pb;

	if (a->off != b->off)
		return a->off < b->off ? -1 : 1;
	return a->pointer == b->pointer ? (a->size < b->size ? -1 : a->size > b->size) : a->pointer ? -1 : 1;
}

/*
 * Sorted members to disjoint ones. Pointers that overlap without being one (of a union, packed) cannot both stay:
 * the first does.
 */
static int separate(struct builder *b, const struct node *node, struct verify_member **out, uint32_t *nr_out)
{
	struct verify_member *pointers, *to;
	size_t i, nr = 0, np = 0, k;

	/* each pointer cuts bytes in two at most, and takes its own place */
	to = calloc(2 * node->nr + 1, sizeof(*to));
	pointers = calloc(node->nr + 1, sizeof(*pointers));
	if (!to || !pointers) {
		free(to);
		free(pointers);
		return error_nomem(b->e);
	}
	qsort(node->members, node->nr, sizeof(*node->members), by_offset);
	for (i = 0; i < node->nr; i++)
		if (node->members[i].pointer && (!np || node->members[i].off >= pointers[np - 1].off + 8))
			pointers[np++] = node->members[i];
	for (i = k = 0; i < node->nr || k < np;) {
		uint32_t off, end;

		while (i < node->nr && node->members[i].pointer)
			i++;
		if (k < np && (i == node->nr || pointers[k].off <= node->members[i].off)) {
			to[nr] = pointers[k++];
			to[nr].target = b->nodes[root(b, to[nr].target)].type;
			nr++;
			continue;
		}
		if (i == node->nr)
			continue;
		/* bytes: those that overlap are one member, up to the next pointer */
		off = node->members[i].off;
		end = off + node->members[i].size;
		while (++i < node->nr && (node->members[i].pointer || node->members[i].off < end))
			if (!node->members[i].pointer && node->members[i].off + node->members[i].size > end)
				end = node->members[i].off + node->members[i].size;
		/* what pointers leave of them */
		if (nr && to[nr - 1].off + to[nr - 1].size > off)
			off = to[nr - 1].off + to[nr - 1].size;
		while (off < end) {
			uint32_t until = k < np && pointers[k].off < end ? pointers[k].off : end;

			if (until > off)
				to[nr++] = (struct verify_member){ .off = off, .size = until - off };
			off = until;
			if (k < np && pointers[k].off == until && until < end) {
				to[nr] = pointers[k++];
				to[nr].target = b->nodes[root(b, to[nr].target)].type;
				off = to[nr++].off + 8;
			}
		}
	}
	free(pointers);
	*out = to;
	*nr_out = (uint32_t)nr;
	return 0;
}

static int finish(struct builder *b, struct layout_types *t)
{
	uint32_t i;
	int err = 0;

	for (i = 0; i < b->nr; i++)
		if (b->nodes[i].into == i)
			b->nodes[i].type = t->nr_types++;
	t->types = calloc(t->nr_types + 1u, sizeof(*t->types));
	t->store->members = calloc(t->nr_types + 1u, sizeof(*t->store->members));
	t->of = calloc(b->l->nr_structs + 1u, sizeof(*t->of));
	if (!t->types || !t->store->members || !t->of)
		return error_nomem(b->e);
	for (i = 0; i < b->l->nr_structs; i++)
		t->of[i] = b->nodes[root(b, i)].type;
	for (i = 0; i < b->nr && !err; i++) {
		const struct node *n = &b->nodes[i];
		struct verify_type *type = &t->types[n->type];

		if (n->into != i)
			continue;
		type->name = n->name;
		err = separate(b, n, &t->store->members[n->type], &type->nr_members);
		type->members = t->store->members[n->type];
	}
	return err;
}

int layout_types_new(const struct layout *l, struct layout_types **out, struct abide_error *e)
{
	struct layout_types *t = calloc(1, sizeof(*t));
	struct builder b = { .l = l, .e = e };
	uint32_t i, k, n;
	int err = 0;

	*out = NULL;
	if (t)
		t->store = calloc(1, sizeof(*t->store));
	if (!t || !t->store) {
		err = error_nomem(e);
		goto out;
	}
	for (i = 0; i < l->nr_structs && !err; i++)
		err = new_node(&b, l->structs[i].name, &n);
	for (i = 0; i < l->nr_structs; i++)
		for (k = 0; k < l->structs[i].nr_fields && !err; k++)
			err = add_field(&b, i, &l->structs[i].fields[k]);
	if (!err)
		err = finish(&b, t);
out:
	for (i = 0; i < b.nr; i++)
		free(b.nodes[i].members);
	free(b.nodes);
	if (err)
		layout_types_free(t);
	else
		*out = t;
	return err;
}

void layout_types_free(struct layout_types *t)
{
	uint32_t i;

	if (!t)
		return;
	for (i = 0; t->store && t->store->members && i < t->nr_types; i++)
		free(t->store->members[i]);
	if (t->store)
		free(t->store->members);
	free(t->store);
	free(t->types);
	free(t->of);
	free(t);
}

uint32_t layout_types_args(const struct layout_types *t, const struct layout_event *ev,
			   struct verify_arg args[LAYOUT_ARGS])
{
	uint32_t i;

	for (i = 0; i < ev->nr_args; i++) {
		args[i] = (struct verify_arg){ .pointer = ev->args[i].kind == LAYOUT_POINTER };
		if (args[i].pointer)
			args[i].target = t->of[ev->args[i].target];
	}
	return ev->nr_args;
}

static bool same_fields(const struct layout *a, const struct layout_struct *sa, const struct layout *b,
			const struct layout_struct *sb)
{
	uint32_t i;

	if (sa->nr_fields != sb->nr_fields || strcmp(sa->name, sb->name))
		return false;
	for (i = 0; i < sa->nr_fields; i++) {
		const struct layout_field *x = &sa->fields[i], *y = &sb->fields[i];

		if (strcmp(x->name, y->name) || x->kind != y->kind || x->stable != y->stable ||
		    x->stable_size != y->stable_size || x->count != y->count || x->nr_hops != y->nr_hops ||
		    memcmp(x->hops, y->hops, sizeof(x->hops)) || x->offset != y->offset || x->size != y->size ||
		    x->bit_off != y->bit_off || x->bit_size != y->bit_size)
			return false;
		if (x->kind == LAYOUT_POINTER && strcmp(a->structs[x->target].name, b->structs[y->target].name))
			return false;
	}
	return true;
}

bool layout_same_event(const struct layout *a, const struct layout *b, const char *provider, const char *name)
{
	const struct layout_event *x = layout_event(a, provider, name), *y = layout_event(b, provider, name);
	const struct layout_struct *s;
	uint32_t *todo = NULL, nr = 0, i, k;
	bool *seen = NULL, same = false;

	if (!x || !y || x->nr_args != y->nr_args)
		return false;
	todo = calloc(a->nr_structs + 1u, sizeof(*todo));
	seen = calloc(a->nr_structs + 1u, sizeof(*seen));
	if (!todo || !seen)
		goto out;
	for (i = 0; i < x->nr_args; i++) {
		if (strcmp(x->args[i].name, y->args[i].name) || x->args[i].kind != y->args[i].kind ||
		    x->args[i].size != y->args[i].size)
			goto out;
		if (x->args[i].kind != LAYOUT_POINTER)
			continue;
		if (strcmp(a->structs[x->args[i].target].name, b->structs[y->args[i].target].name))
			goto out;
		if (!seen[x->args[i].target])
			todo[nr++] = x->args[i].target;
		seen[x->args[i].target] = true;
	}
	while (nr) {
		s = &a->structs[todo[--nr]];
		if (!layout_struct(b, s->name) || !same_fields(a, s, b, layout_struct(b, s->name)))
			goto out;
		for (k = 0; k < s->nr_fields; k++) {
			uint32_t to = s->fields[k].target;

			if (s->fields[k].kind == LAYOUT_POINTER && !seen[to]) {
				seen[to] = true;
				todo[nr++] = to;
			}
		}
	}
	same = true;
out:
	free(todo);
	free(seen);
	return same;
}
