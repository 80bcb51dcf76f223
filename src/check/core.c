/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * One CO-RE record on one target. In: the record and the object's BTF, the target. Out:
 * the number that libbpf would write into the instruction; or that libbpf makes it an
 * invalid call (nothing matched) or refuses the object (candidates disagree, a record that
 * is malformed), and why, in words. Candidates are the target's types of the same kind and
 * essential name; those that match must agree, and only they stand for the type from then on.
 */
#include <errno.h>
#include <linux/btf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check/core.h"
#include "check/kernel.h"
#include "util/buf.h"

static bool is_field(uint32_t kind)
{
	return kind <= BPF_CORE_FIELD_RSHIFT_U64;
}

static bool is_enumerator(uint32_t kind)
{
	return kind == BPF_CORE_ENUMVAL_EXISTS || kind == BPF_CORE_ENUMVAL_VALUE;
}

static int malformed(struct core_result *out, const char *what)
{
	out->state = CORE_ERROR;
	snprintf(out->why, sizeof(out->why), "the record is malformed: %s", what);
	return 0;
}

/* Numbers of "0:1:2". Returns how many, 0 when it is none of these. */
static uint32_t parse_access(const char *s, uint32_t *n)
{
	uint32_t nr = 0;
	unsigned long v;
	char *end;

	while (nr < CORE_SPEC && *s >= '0' && *s <= '9') {
		errno = 0;
		v = strtoul(s, &end, 10);
		if (errno || v > INT32_MAX)
			return 0;
		n[nr++] = (uint32_t)v;
		if (!*end)
			return nr;
		if (*end != ':')
			return 0;
		s = end + 1;
	}
	return 0;
}

/* The record's path through the object's own types. NULL, or what is wrong with it. */
static const char *parse_field(const struct btf_data *b, const uint32_t *raw, uint32_t n, struct core_spec *s)
{
	struct btf_info t;
	struct btf_field m;
	uint32_t id = core_strip(b, s->root, &t), index, count, i;
	int64_t size = id ? btf_sizeof(b, id) : -1;

	if (size < 0)
		return "its type has no size";
	s->steps[s->nr++] = (struct core_step){ id, raw[0], NULL };
	s->bit_off = (uint64_t)raw[0] * (uint64_t)size * 8;
	for (i = 1; i < n; i++) {
		id = core_strip(b, id, &t);
		if (id && core_is_composite(&t)) {
			if (!btf_field_at(b, &t, raw[i], &m))
				return "it names a member that is not there";
			s->bit_off += m.bit_off;
			if (*m.name)
				s->steps[s->nr++] = (struct core_step){ id, raw[i], m.name };
			id = m.type;
		} else if (id && btf_array(b, &t, &id, &index, &count)) {
			if (raw[i] >= count && !core_flexible(b, &s->steps[s->nr - 1], count))
				return "it names an element that is not there";
			id = core_strip(b, id, &t);
			size = id ? btf_sizeof(b, id) : -1;
			if (size < 0)
				return "an element has no size";
			s->steps[s->nr++] = (struct core_step){ id, raw[i], NULL };
			s->bit_off += (uint64_t)raw[i] * (uint64_t)size * 8;
		} else {
			return "it goes through a type without members";
		}
	}
	return NULL;
}

static const char *parse_enumerator(const struct btf_data *b, uint32_t raw, struct core_spec *s)
{
	struct btf_info t;
	struct btf_value v;
	uint32_t id = core_strip(b, s->root, &t);

	if (!id || !core_is_enum(&t) || !btf_value_at(b, &t, raw, &v))
		return "it names no enumerator";
	s->steps[s->nr++] = (struct core_step){ id, raw, v.name };
	return NULL;
}

static const char *kind_word(const struct btf_info *t)
{
	switch (t->kind) {
	case BTF_KIND_STRUCT:
		return "struct ";
	case BTF_KIND_UNION:
		return "union ";
	case BTF_KIND_ENUM:
	case BTF_KIND_ENUM64:
		return "enum ";
	default:
		return "";
	}
}

/* "task_struct.se.vruntime", "cap[1]", "enum x: Y", "struct x" */
static void describe(const struct core_spec *s, uint32_t kind, char *buf, size_t size)
{
	struct btf_info t = { .name = "" };
	size_t at;
	uint32_t i;

	btf_get(s->btf, s->root, &t);
	at = (size_t)snprintf(buf, size, "%s%.*s", is_field(kind) ? "" : kind_word(&t), (int)btf_essential(t.name), t.name);
	if (is_enumerator(kind) && s->nr)
		snprintf(buf + at, at < size ? size - at : 0, ": %s", s->steps[0].name);
	for (i = 0; is_field(kind) && i < s->nr && at < size; i++) {
		if (s->steps[i].name)
			at += (size_t)snprintf(buf + at, size - at, ".%s", s->steps[i].name);
		else if (i || s->steps[i].index)
			at += (size_t)snprintf(buf + at, size - at, "[%u]", s->steps[i].index);
	}
}

struct field_value {
	uint64_t value;
	uint32_t width, type;
};

/* The element type of arrays of arrays, as memory accesses see it. */
static uint32_t element(const struct btf_data *b, uint32_t id)
{
	struct btf_info t;
	uint32_t index, n;
	int depth;

	id = core_strip(b, id, &t);
	for (depth = 0; id && depth < 16 && btf_array(b, &t, &id, &index, &n); depth++)
		id = core_strip(b, id, &t);
	return id;
}

static bool is_signed(const struct btf_data *b, const struct btf_info *t)
{
	uint8_t encoding, off, bits;

	if (core_is_enum(t))
		return t->kflag;
	return btf_int(b, t, &encoding, &off, &bits) && (encoding & BTF_INT_SIGNED);
}

/* Bytes of the load that covers a bit-field, and where it starts; as libbpf widens it. */
static bool bits_window(uint64_t bit_off, uint32_t bits, uint64_t *bytes, uint64_t *off)
{
	if (!*bytes)
		return false;
	*off = bit_off / 8 / *bytes * *bytes;
	while (bit_off + bits - *off * 8 > *bytes * 8) {
		if (*bytes >= 8)
			return false;
		*bytes *= 2;
		*off = bit_off / 8 / *bytes * *bytes;
	}
	return true;
}

static int field_value(const struct core_spec *s, uint32_t kind, bool big_endian, struct field_value *out)
{
	const struct core_step *last = &s->steps[s->nr - 1];
	struct btf_info t, mt;
	struct btf_field m;
	uint64_t bytes, off, bits;
	int64_t size;
	uint32_t id;

	*out = (struct field_value){ 0 };
	if (!last->name) {
		size = btf_sizeof(s->btf, last->type);
		if (size < 0 || (kind != BPF_CORE_FIELD_BYTE_OFFSET && kind != BPF_CORE_FIELD_BYTE_SIZE))
			return -EINVAL;
		out->value = kind == BPF_CORE_FIELD_BYTE_SIZE ? (uint64_t)size : s->bit_off / 8;
		out->width = kind == BPF_CORE_FIELD_BYTE_SIZE ? 0 : (uint32_t)size;
		out->type = last->type;
		return 0;
	}
	if (!btf_get(s->btf, last->type, &t) || !btf_field_at(s->btf, &t, last->index, &m))
		return -EINVAL;
	id = core_strip(s->btf, m.type, &mt);
	size = id ? btf_sizeof(s->btf, id) : -1;
	if (size < 0)
		return -EINVAL;
	bytes = (uint64_t)size;
	off = s->bit_off / 8;
	bits = m.bit_size ? m.bit_size : bytes * 8;
	if (m.bit_size && !bits_window(s->bit_off, m.bit_size, &bytes, &off))
		return -E2BIG;
	switch (kind) {
	case BPF_CORE_FIELD_BYTE_OFFSET:
		out->value = off;
		if (!m.bit_size) {
			out->type = element(s->btf, id);
			size = out->type ? btf_sizeof(s->btf, out->type) : -1;
			if (size < 0)
				return -EINVAL;
			out->width = (uint32_t)size;
		}
		return 0;
	case BPF_CORE_FIELD_BYTE_SIZE:
		out->value = bytes;
		return 0;
	case BPF_CORE_FIELD_SIGNED:
		out->value = is_signed(s->btf, &mt);
		return 0;
	case BPF_CORE_FIELD_LSHIFT_U64:
		out->value = big_endian ? (8 - bytes) * 8 + (s->bit_off - off * 8) : 64 - (s->bit_off + bits - off * 8);
		return 0;
	case BPF_CORE_FIELD_RSHIFT_U64:
		out->value = 64 - bits;
		return 0;
	default:
		return -EINVAL;
	}
}

/* 0 and a value; 1: poison; -errno: libbpf refuses. @s is NULL when nothing matched. */
static int calc(const struct core_spec *s, uint32_t kind, bool big_endian, struct field_value *out)
{
	struct btf_info t;
	struct btf_value v;
	int64_t size;

	*out = (struct field_value){ 0 };
	switch (kind) {
	case BPF_CORE_FIELD_EXISTS:
	case BPF_CORE_TYPE_EXISTS:
	case BPF_CORE_TYPE_MATCHES:
	case BPF_CORE_ENUMVAL_EXISTS:
		out->value = s != NULL;
		return 0;
	case BPF_CORE_TYPE_ID_TARGET:
		out->value = s ? s->root : 0;
		return 0;
	case BPF_CORE_TYPE_SIZE:
		size = s ? btf_sizeof(s->btf, s->root) : 0;
		out->value = (uint64_t)size;
		return size < 0 ? -EINVAL : 0;
	case BPF_CORE_ENUMVAL_VALUE:
		if (!s)
			return 1;
		if (!btf_get(s->btf, s->steps[0].type, &t) || !btf_value_at(s->btf, &t, s->steps[0].index, &v))
			return -EINVAL;
		out->value = (uint64_t)v.value;
		return 0;
	default:
		return s ? field_value(s, kind, big_endian, out) : 1;
	}
}

/* Loads change their width only between pointers and between unsigned integers. */
static bool width_fits(const struct btf_data *a, const struct field_value *x, const struct btf_data *b,
		       const struct field_value *y)
{
	struct btf_info s, t;

	if (x->width == y->width)
		return true;
	if (!btf_get(a, x->type, &s) || !btf_get(b, y->type, &t) || s.kind != t.kind)
		return false;
	return s.kind == BTF_KIND_PTR || (s.kind == BTF_KIND_INT && !is_signed(a, &s) && !is_signed(b, &t));
}

static int add_candidate(struct core_candidates *c, struct btf_data *b, uint32_t id, const struct module *module,
			 struct abide_error *e)
{
	struct core_candidate *p = array_grow(c->items, c->nr, &c->room, sizeof(*p));

	if (!p)
		return error_nomem(e);
	c->items = p;
	p[c->nr++] = (struct core_candidate){ b, id, module };
	return 0;
}

/* The same among the types that modules add, of all of them, as libbpf looks where the kernel has none. */
static int module_candidates(struct check_kernel *k, const struct btf_info *s, struct core_candidates *c,
			     struct abide_error *e)
{
	uint32_t at = 0, id, n = btf_essential(s->name);
	const struct module *m;
	struct btf_data *b;
	struct btf_info t;
	int err;

	while (k->modules && (m = modules_with(k->modules, MODULE_TYPE, s->name, &at))) {
		b = modules_btf(k->modules, m);
		for (id = btf_count(k->own) - 1; b && (id = btf_after(b, id, ~0u));) {
			if (!btf_get(b, id, &t) || btf_essential(t.name) != n || memcmp(t.name, s->name, n) ||
			    !core_compatible(s, &t))
				continue;
			err = add_candidate(c, b, id, m, e);
			if (err)
				return err;
		}
	}
	return 0;
}

static int candidates(struct check_kernel *k, const struct btf_data *local, uint32_t root, struct core_cache *cache,
		      struct core_candidates **out, struct abide_error *e)
{
	struct core_candidates *p;
	uint32_t i, id, at = 0;
	struct btf_info s, t;
	int err = 0;

	for (i = 0; i < cache->nr; i++)
		if (cache->items[i].local == root) {
			*out = &cache->items[i];
			return 0;
		}
	p = array_grow(cache->items, cache->nr, &cache->room, sizeof(*p));
	if (!p)
		return error_nomem(e);
	cache->items = p;
	p += cache->nr++;
	*p = (struct core_candidates){ .local = root };
	*out = p;
	if (!btf_get(local, root, &s) || !*s.name)
		return 0;
	while (!err && (id = btf_flavour(k->own, s.name, &at)))
		if (btf_get(k->own, id, &t) && core_compatible(&s, &t))
			err = add_candidate(p, k->own, id, NULL, e);
	return err || p->nr ? err : module_candidates(k, &s, p, e);
}

/* Where the path ends on the first candidate: which step it lacks, and what is near. */
static void explain(struct check_kernel *k, const struct core_spec *local, uint32_t kind,
		    const struct core_candidates *c, struct core_result *out)
{
	struct core_spec part = *local, found;
	struct btf_info t = { .name = "" };
	struct btf_field m;
	const char *near;
	char spelled[96];
	struct btf_data *b = c->nr ? c->items[0].btf : k->own;
	uint32_t i, id;

	btf_get(local->btf, local->root, &t);
	if (!c->nr) {
		snprintf(out->why, sizeof(out->why), "%s has no %s%.*s%s", k->name, kind_word(&t), (int)btf_essential(t.name), t.name,
			 k->modules && modules_complete(k->modules) ? ", nor have its modules" : kernel_modules_doubt(k));
		return;
	}
	if (is_enumerator(kind)) {
		snprintf(out->why, sizeof(out->why), "%s has no enumerator %s in %s%.*s", k->name, local->steps[0].name,
			 kind_word(&t), (int)btf_essential(t.name), t.name);
		return;
	}
	if (!is_field(kind)) {
		snprintf(out->why, sizeof(out->why), "%s%.*s is of another make on %s", kind_word(&t), (int)btf_essential(t.name),
			 t.name, k->name);
		return;
	}
	for (i = 1; i <= local->nr; i++) {
		part.nr = i;
		if (core_match(&part, kind, b, c->items[0].id, &found) > 0)
			continue;
		break;
	}
	if (i > local->nr)
		return;
	/* the type in which the last step is not there: that of the step before */
	part.nr = i - 1;
	id = c->items[0].id;
	if (part.nr > 1 && core_match(&part, kind, b, id, &found) > 0) {
		const struct core_step *last = &found.steps[found.nr - 1];

		id = last->type;
		if (last->name && btf_get(b, last->type, &t) && btf_field_at(b, &t, last->index, &m))
			id = m.type;
	}
	btf_spell(b, btf_strip(b, id, true), spelled, sizeof(spelled));
	if (!local->steps[i - 1].name) {
		snprintf(out->why, sizeof(out->why), "%s has no element %u in %s", k->name, local->steps[i - 1].index, spelled);
		return;
	}
	if (kernel_member(b, id, local->steps[i - 1].name, &m)) {
		char type[64];

		snprintf(out->why, sizeof(out->why), "%s of %s is of another kind on %s: %s", local->steps[i - 1].name, spelled,
			 k->name, btf_spell(b, m.type, type, sizeof(type)));
		return;
	}
	near = kernel_near_member(b, id, local->steps[i - 1].name);
	snprintf(out->why, sizeof(out->why), "%s of %s has no member %s%s%s%s", spelled, k->name, local->steps[i - 1].name,
		 near ? " (nearest: " : "", near ? near : "", near ? ")" : "");
}

static bool agree(const struct core_spec *a, const struct field_value *x, const struct core_spec *b,
		  const struct field_value *y)
{
	return a->bit_off == b->bit_off && x->value == y->value;
}

static int resolve(struct check_kernel *k, const struct core_spec *local, uint32_t kind, struct core_candidates *c,
		   struct core_result *out)
{
	struct core_spec spec, first = { 0 };
	struct field_value one, value = { 0 }, own = { 0 };
	uint32_t i, matched = 0;
	int rc;

	rc = calc(local, kind, k->big_endian, &own);
	if (rc < 0)
		return malformed(out, "its own type cannot be measured");
	out->local = own.value;
	out->has_local = true;
	for (i = 0; i < c->nr; i++) {
		rc = core_match(local, kind, c->items[i].btf, c->items[i].id, &spec);
		if (rc == 0)
			continue;
		if (rc > 0)
			rc = calc(&spec, kind, k->big_endian, &one);
		if (rc < 0) {
			out->state = CORE_ERROR;
			snprintf(out->why, sizeof(out->why), "%s on %s cannot be measured", out->what, k->name);
			return 0;
		}
		if (!matched) {
			out->module = c->items[i].module;
			first = spec;
			value = one;
		} else if (!agree(&first, &value, &spec, &one) && c->items[i].module && !modules_loaded(k->modules)) {
			out->doubt = true;
			snprintf(out->why, sizeof(out->why), "modules %s and %s of %s have different ones: the one that is loaded counts",
				 module_name(out->module), module_name(c->items[i].module), k->name);
		} else if (!agree(&first, &value, &spec, &one)) {
			out->state = CORE_ERROR;
			snprintf(out->why, sizeof(out->why), "%s has several types of that name, which disagree (%llu and %llu)",
				 k->name, (unsigned long long)value.value, (unsigned long long)one.value);
			return 0;
		}
		c->items[matched++] = c->items[i];
	}
	if (!matched) {
		explain(k, local, kind, c, out);
		rc = calc(NULL, kind, k->big_endian, &value);
		out->state = rc ? CORE_POISON : CORE_VALUE;
		out->value = value.value;
		return 0;
	}
	c->nr = matched;
	out->value = value.value;
	out->type = first.btf == k->own ? first.root : 0;
	out->width = value.width;
	out->local_width = own.width;
	out->bad_width = is_field(kind) && !width_fits(local->btf, &own, first.btf, &value);
	return 0;
}

int core_resolve(struct check_kernel *k, const struct btf_data *local, const struct core_relo *r,
		 struct core_cache *cache, struct core_result *out, struct abide_error *e)
{
	struct core_spec spec = { .btf = local, .root = r->type_id };
	const char *access = btf_string(local, r->access_off), *wrong = NULL;
	struct core_candidates *c = NULL;
	struct btf_info t;
	uint32_t raw[CORE_SPEC], n;
	int err;

	memset(out, 0, sizeof(*out));
	out->existence = r->kind == BPF_CORE_FIELD_EXISTS || r->kind == BPF_CORE_TYPE_EXISTS ||
			 r->kind == BPF_CORE_ENUMVAL_EXISTS || r->kind == BPF_CORE_TYPE_MATCHES;
	out->is_offset = r->kind == BPF_CORE_FIELD_BYTE_OFFSET;
	n = access ? parse_access(access, raw) : 0;
	if (!n || !btf_get(local, r->type_id, &t))
		return malformed(out, "it has no type or no path");
	if (is_field(r->kind))
		wrong = parse_field(local, raw, n, &spec);
	else if (is_enumerator(r->kind))
		wrong = parse_enumerator(local, raw[0], &spec);
	else if (n != 1 || raw[0])
		wrong = "a type has no path";
	if (r->kind > BPF_CORE_TYPE_MATCHES)
		wrong = "its kind is not known";
	describe(&spec, r->kind, out->what, sizeof(out->what));
	if (wrong)
		return malformed(out, wrong);
	if (r->kind == BPF_CORE_TYPE_ID_LOCAL) {
		out->value = r->type_id;
		return 0;
	}
	if (!*t.name)
		return malformed(out, "its type has no name");
	err = candidates(k, local, r->type_id, cache, &c, e);
	return err ? err : resolve(k, &spec, r->kind, c, out);
}

void core_cache_free(struct core_cache *c)
{
	uint32_t i;

	for (i = 0; i < c->nr; i++)
		free(c->items[i].items);
	free(c->items);
}
