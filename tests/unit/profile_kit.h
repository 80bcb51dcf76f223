/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
#ifndef ABIDE_TESTS_PROFILE_KIT_H
#define ABIDE_TESTS_PROFILE_KIT_H

#include "profile/profile.h"
#include "resolve_kit.h"

/*
 * Do two BTFs hold the same types, whatever their order? Each type is reduced to a hash of all that it
 * contains, down to the next named type. Named ones are compared in order of kind, name and
 * place; unnamed ones as a set.
 */
struct row {
	uint64_t hash;
	const char *name; /* "" unnamed */
	uint32_t kind, id;
};

static inline void row_feed(uint64_t *h, const void *p, size_t n)
{
	const uint8_t *c = p;

	while (n--)
		*h = (*h ^ *c++) * 0x100000001b3;
}

static inline void row_text(uint64_t *h, const char *s)
{
	row_feed(h, s, strlen(s) + 1);
}

static inline bool row_named(const struct btf_info *t)
{
	switch (t->kind) {
	case BTF_KIND_INT:
	case BTF_KIND_STRUCT:
	case BTF_KIND_UNION:
	case BTF_KIND_ENUM:
	case BTF_KIND_ENUM64:
	case BTF_KIND_FWD:
	case BTF_KIND_TYPEDEF:
	case BTF_KIND_FUNC:
	case BTF_KIND_VAR:
	case BTF_KIND_DATASEC:
	case BTF_KIND_FLOAT:
		return *t->name;
	default:
		return false;
	}
}

/* Names of parameters that a profile keeps whoever has them. */
static inline const char *row_arg_name(const char *name)
{
	const char *end = *name ? strstr(name + 1, "__") : NULL;

	return end && end[2] ? name : "";
}

static inline void row_hash(const struct btf_data *b, uint32_t id, uint64_t *h, int depth)
{
	uint32_t i, array[3];
	uint8_t enc[3];
	int32_t component;
	struct btf_info t;
	struct btf_field f;
	struct btf_value v;
	struct btf_slot s;
	struct btf_arg a;

	if (!btf_get(b, id, &t) || depth > 100)
		return row_text(h, "?");
	row_feed(h, &t.kind, 1);
	row_text(h, t.name);
	if (depth && row_named(&t))
		return;
	row_feed(h, &t.kflag, 1);
	row_feed(h, &t.vlen, 4);
	row_feed(h, &t.size, 4);
	row_feed(h, &t.linkage, 4);
	if (t.type)
		row_hash(b, t.type, h, depth + 1);
	for (i = 0; btf_field_at(b, &t, i, &f); i++) {
		row_text(h, f.name);
		row_feed(h, &f.bit_off, 4);
		row_feed(h, &f.bit_size, 4);
		row_hash(b, f.type, h, depth + 1);
	}
	for (i = 0; btf_value_at(b, &t, i, &v); i++) {
		row_text(h, v.name);
		row_feed(h, &v.value, 8);
	}
	for (i = 0; btf_arg_at(b, &t, i, &a); i++) {
		row_text(h, row_arg_name(a.name));
		row_hash(b, a.type, h, depth + 1);
	}
	for (i = 0; btf_slot_at(b, &t, i, &s); i++) {
		row_feed(h, &s.off, 4);
		row_feed(h, &s.size, 4);
		row_hash(b, s.type, h, depth + 1);
	}
	if (btf_array(b, &t, &array[0], &array[1], &array[2])) {
		row_feed(h, &array[2], 4);
		row_hash(b, array[0], h, depth + 1);
		row_hash(b, array[1], h, depth + 1);
	}
	if (btf_int(b, &t, &enc[0], &enc[1], &enc[2]))
		row_feed(h, enc, 3);
	if (btf_tag_component(b, &t, &component))
		row_feed(h, &component, 4);
}

static inline int row_compare(const void *pa, const void *pb)
{
	const struct row *a = pa, *b = pb;
	int c;

	if (!*a->name != !*b->name)
		return *a->name ? -1 : 1;
	if (!*a->name)
		return a->hash < b->hash ? -1 : a->hash > b->hash;
	if (a->kind != b->kind)
		return a->kind < b->kind ? -1 : 1;
	c = strcmp(a->name, b->name);
	return c ? c : a->id < b->id ? -1 : a->id > b->id;
}

/* Sorted, equal unnamed ones once. */
static inline struct row *rows_of(const struct btf_data *b, uint32_t *nr)
{
	struct row *rows = calloc(btf_count(b) + 1, sizeof(*rows));
	uint32_t id, i, all = 0, n = 0;
	struct btf_info t;

	for (id = 0; rows && (id = btf_after(b, id, ~0u));) {
		btf_get(b, id, &t);
		rows[all] = (struct row){ 0xcbf29ce484222325, row_named(&t) ? t.name : "", t.kind, id };
		row_hash(b, id, &rows[all++].hash, 0);
	}
	if (rows)
		qsort(rows, all, sizeof(*rows), row_compare);
	for (i = 0; rows && i < all; i++)
		if (*rows[i].name || !n || *rows[n - 1].name || rows[n - 1].hash != rows[i].hash)
			rows[n++] = rows[i];
	*nr = n;
	return rows;
}

/* How many types differ; the first is told. */
static inline uint32_t rows_differ(const struct btf_data *a, const struct btf_data *b)
{
	uint32_t na, nb, i, bad = 0;
	struct row *ra = rows_of(a, &na), *rb = rows_of(b, &nb);

	if (na != nb) {
		printf("# %" PRIu32 " and %" PRIu32 " different types\n", na, nb);
		bad += na > nb ? na - nb : nb - na;
	}
	for (i = 0; ra && rb && i < na && i < nb; i++) {
		if (ra[i].hash == rb[i].hash && ra[i].kind == rb[i].kind && !strcmp(ra[i].name, rb[i].name))
			continue;
		if (!bad++)
			printf("# type %" PRIu32 " (kind %" PRIu32 ", \"%s\") and %" PRIu32 " (kind %" PRIu32 ", \"%s\")\n", ra[i].id,
			       ra[i].kind, ra[i].name, rb[i].id, rb[i].kind, rb[i].name);
	}
	free(ra);
	free(rb);
	return bad;
}

#endif
