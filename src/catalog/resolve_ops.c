// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * What is done to a value after its load. In: the catalog's operations, the kernel's type
 * of the value, the target's enumerators. Out: operations with numbers only.
 *
 * "as ENUM" becomes runs over all 32-bit numbers: the kernel's enumerators are matched by
 * name with those that the catalog lists, and every other number becomes the enum's `other`,
 * so a value that has no name in the catalog never passes. Example, with other 255:
 *
 *	kernel   OP_READ 0, OP_WRITE 1, OP_OPEN 11        catalog   READ 0, WRITE 1, OPEN 10
 *	runs     0..1 + 0    2..10 = 255    11..11 + -1    12..0xffffffff = 255
 */
#include <errno.h>
#include <linux/btf.h>
#include <stdlib.h>
#include <string.h>

#include "catalog/resolve_impl.h"
#include "util/buf.h"

struct pair {
	uint32_t kernel, stable;
};

struct pairs {
	struct pair *v;
	size_t nr, room;
};

static int by_kernel(const void *x, const void *y)
{
	const struct pair *p = x, *q = y;

	if (p->kernel != q->kernel)
		return p->kernel < q->kernel ? -1 : 1;
	return p->stable < q->stable ? -1 : p->stable > q->stable;
}

/* The stable enumerator that lists @name, or NULL. */
static const struct cat_enumerator *stable_of(const struct cat_enum *en, const char *name)
{
	uint32_t i, j;

	for (i = 0; i < en->nr_values; i++)
		for (j = 0; j < en->values[i].nr_kernel; j++)
			if (!strcmp(en->values[i].kernel[j], name))
				return &en->values[i];
	return NULL;
}

static int collect(struct target *t, const struct cat_enum *en, const struct btf_info *e,
                   struct pairs *p)
{
	const struct cat_enumerator *stable;
	struct btf_value v;
	struct pair *grown;
	uint32_t i;

	for (i = 0; i < e->vlen && btf_value_at(t->btf, e, i, &v); i++) {
		stable = stable_of(en, v.name);
		/* Values are compared as 32 bits, as a load of the enum gives them. */
		if (!stable || v.value < INT32_MIN || v.value > UINT32_MAX)
			continue;
		grown = array_grow(p->v, p->nr, &p->room, sizeof(*p->v));
		if (!grown)
			return -ENOMEM;
		p->v = grown;
		p->v[p->nr++] = (struct pair){ (uint32_t)v.value, stable->value };
	}
	return 0;
}

/* Append a run, or lengthen the last one where it says the same. There is room for it. */
static void add_run(struct access_map *m, uint32_t first, uint32_t last, bool is_fixed,
                    int64_t delta)
{
	struct access_run *r = m->nr ? &m->runs[m->nr - 1] : NULL;

	if (r && r->is_fixed == is_fixed && r->delta == delta)
		r->last = last;
	else
		m->runs[m->nr++] = (struct access_run){ first, last, is_fixed, delta };
}

static int build_runs(const struct cat_enum *en, const struct pairs *p, struct access_map *m)
{
	uint64_t at = 0; /* first number that has no run yet */
	size_t i;

	m->runs = calloc(p->nr * 2 + 1, sizeof(*m->runs));
	if (!m->runs)
		return -ENOMEM;
	for (i = 0; i < p->nr; i++) {
		if (p->v[i].kernel < at)
			continue; /* two names of one value: the first counts */
		if (p->v[i].kernel > at)
			add_run(m, (uint32_t)at, p->v[i].kernel - 1, true, en->other);
		add_run(m, p->v[i].kernel, p->v[i].kernel, false,
		        (int64_t)p->v[i].stable - (int64_t)p->v[i].kernel);
		at = (uint64_t)p->v[i].kernel + 1;
	}
	if (at <= UINT32_MAX)
		add_run(m, (uint32_t)at, UINT32_MAX, true, en->other);
	return 0;
}

/* One of the kernel's enums by name, itself or behind a typedef. */
static bool find_enum(struct target *t, const char *name, struct btf_info *e)
{
	uint32_t id = btf_find(t->btf, BTF_KIND_ENUM, name);

	if (!id)
		id = btf_find(t->btf, BTF_KIND_ENUM64, name);
	if (!id)
		id = btf_strip(t->btf, btf_find(t->btf, BTF_KIND_TYPEDEF, name), true);
	return id && btf_get(t->btf, id, e) && (e->kind == BTF_KIND_ENUM || e->kind == BTF_KIND_ENUM64);
}

/* Pairs from all of the catalog's enums that the target has (subsystems keep reasons in enums of their own). */
static int collect_all(struct target *t, const struct cat_enum *en, struct pairs *pairs, uint32_t *first,
		       struct why *w)
{
	struct btf_info e;
	uint32_t i;
	int rc;

	*first = 0;
	for (i = 0; i < en->nr_kernel; i++) {
		if (!find_enum(t, en->kernel[i], &e))
			continue;
		if (!*first)
			*first = e.id;
		rc = collect(t, en, &e, pairs);
		if (rc)
			return rc;
	}
	if (!*first)
		return why_set(w, -ENOENT, "%s has no enum %s%s%s", t->name, en->kernel[0],
			       en->nr_kernel > 1 ? " or " : "", en->nr_kernel > 1 ? en->kernel[1] : "");
	if (!pairs->nr)
		return why_set(w, -ENOENT, "%s: enum %s has none of the names of %s", t->name, en->kernel[0],
			       en->name);
	return 0;
}

static int map_of(struct target *t, const struct cat_enum *en, const struct access_map **out,
                  struct why *w)
{
	struct pairs pairs = { 0 };
	struct kept_map *k;
	uint32_t first;
	int rc;

	for (k = t->maps; k; k = k->next)
		if (k->key == en) {
			*out = &k->map;
			return 0;
		}
	rc = collect_all(t, en, &pairs, &first, w);
	if (rc)
		goto out;
	qsort(pairs.v, pairs.nr, sizeof(*pairs.v), by_kernel);
	k = calloc(1, sizeof(*k));
	rc = k ? build_runs(en, &pairs, &k->map) : -ENOMEM;
	if (rc) {
		free(k);
		goto out;
	}
	k->map.type = first;
	k->key = en;
	k->next = t->maps;
	t->maps = k;
	*out = &k->map;
out:
	free(pairs.v);
	return rc;
}

static int add_op(struct access *a, struct why *w, struct access_op op)
{
	if (a->nr_ops == ACCESS_OPS)
		return why_set(w, -EINVAL, "more than %d operations on the value", ACCESS_OPS);
	a->ops[a->nr_ops++] = op;
	return 0;
}

static int add_bit(struct target *t, struct access *a, const struct cat_op *op, struct why *w)
{
	int64_t bit = op->imm;
	int rc = 0;

	if (op->name)
		rc = target_enumerator(t, op->name, &bit);
	if (rc)
		return why_set(w, rc, "%s has no enumerator %s", t->name, op->name);
	if (bit < 0 || bit > 63)
		return why_set(w, -ENOENT, "%s: %s is %lld, not the number of a bit", t->name,
		               op->name, (long long)bit);
	rc = add_op(a, w, (struct access_op){ .kind = ACCESS_SHR, .imm = bit });
	return rc ? rc : add_op(a, w, (struct access_op){ .kind = ACCESS_AND, .imm = 1 });
}

static int add_swap(struct target *t, struct access *a, const struct cat_op *op, struct why *w)
{
	int64_t bits = op->imm ? op->imm : a->path.size * 8;

	if (t->big_endian)
		return 0; /* memory has the host's order already */
	if (bits != 16 && bits != 32 && bits != 64)
		return why_set(w, -ENOENT, "%s: %s has %lld bits, which have no byte order",
		               t->name, a->text, (long long)bits);
	return add_op(a, w, (struct access_op){ .kind = ACCESS_BSWAP, .imm = bits });
}

static int add_map(struct target *t, struct access *a, const struct cat_op *op, struct why *w)
{
	const struct cat_enum *en = &t->catalog->enums[op->target];
	struct access_op out = { .kind = ACCESS_RANGES };
	int rc;

	if (!en->nr_kernel)
		return 0; /* plain numbers are the same on every kernel */
	rc = map_of(t, en, &out.map, w);
	return rc ? rc : add_op(a, w, out);
}

static int add(struct target *t, struct access *a, const struct cat_op *op, struct why *w)
{
	struct access_op out = { .imm = op->imm };

	switch (op->kind) {
	case CAT_AND:
		out.kind = ACCESS_AND;
		break;
	case CAT_SHR:
		out.kind = ACCESS_SHR;
		break;
	case CAT_SHL:
		out.kind = ACCESS_SHL;
		break;
	case CAT_ADD:
		out.kind = ACCESS_ADD;
		break;
	case CAT_NONZERO:
		out.kind = ACCESS_NONZERO;
		break;
	case CAT_RULES:
	case CAT_ERRNO:
		out.kind = ACCESS_RULES;
		out.rules = &t->catalog->rules[op->target];
		break;
	case CAT_BSWAP:
		return add_swap(t, a, op, w);
	case CAT_BIT:
		return add_bit(t, a, op, w);
	case CAT_ENUMMAP:
		return add_map(t, a, op, w);
	}
	return add_op(a, w, out);
}

int ops_resolve(struct target *t, const struct cat_field *f, struct access *a, struct why *w)
{
	const struct access_path *p = &a->path;
	uint32_t i, bits = p->bit_size ? p->bit_size : p->size * 8;
	int rc = 0;

	/*
	 * Loads fill up with zeros; a signed value that grows needs its sign back, first of all.
	 * An argument is extended by whoever takes it out of the context: .arg_size, .arg_sign.
	 */
	if (f->kind == CAT_SINT && a->combine == CAT_ALONE && !p->value && p->sign &&
	    (p->bit_size || p->size < f->size))
		rc = add_op(a, w, (struct access_op){ .kind = ACCESS_SEXT, .imm = bits });
	for (i = 0; !rc && i < a->source->nr_ops; i++)
		rc = add(t, a, &a->source->ops[i], w);
	return rc;
}
