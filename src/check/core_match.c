/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Does a type of the target stand for what the object's record names? In: what the record
 * says, as accessors with names; a candidate. Out: the same accessors on the candidate.
 * The rules are libbpf's: members go by name and descend into anonymous structs, integers
 * fit integers of any size, pointers fit pointers, enums and structs of different flavour
 * ("x___old") are one. Chains of types are followed 32 deep at most.
 */
#include <errno.h>
#include <linux/btf.h>
#include <string.h>

#include "check/core.h"

#define DEPTH 32

uint32_t core_strip(const struct btf_data *b, uint32_t id, struct btf_info *t)
{
	id = btf_strip(b, id, true);
	return btf_get(b, id, t) ? id : 0;
}

bool core_is_enum(const struct btf_info *t)
{
	return t->kind == BTF_KIND_ENUM || t->kind == BTF_KIND_ENUM64;
}

bool core_is_composite(const struct btf_info *t)
{
	return t->kind == BTF_KIND_STRUCT || t->kind == BTF_KIND_UNION;
}

bool core_compatible(const struct btf_info *a, const struct btf_info *b)
{
	return a->kind == b->kind || (core_is_enum(a) && core_is_enum(b));
}

bool core_flexible(const struct btf_data *b, const struct core_step *member, uint32_t elements)
{
	struct btf_info t;

	return member && member->name && !elements && btf_get(b, member->type, &t) && member->index + 1 == t.vlen;
}

static bool same_name(const char *a, const char *b)
{
	uint32_t n = btf_essential(a);

	return n == btf_essential(b) && !memcmp(a, b, n);
}

/* Whole-byte integers only: those with a bit offset are of an encoding that nobody writes now. */
static bool plain_int(const struct btf_data *b, const struct btf_info *t)
{
	uint8_t encoding, off, bits;

	return btf_int(b, t, &encoding, &off, &bits) && !off;
}

static int fields_compatible(const struct btf_data *a, uint32_t x, const struct btf_data *b, uint32_t y)
{
	struct btf_info s, t;
	uint32_t index, n;
	int depth;

	for (depth = 0; depth < DEPTH; depth++) {
		if (!core_strip(a, x, &s) || !core_strip(b, y, &t))
			return -EINVAL;
		if (core_is_composite(&s) && core_is_composite(&t))
			return 1;
		if (!core_compatible(&s, &t))
			return 0;
		switch (s.kind) {
		case BTF_KIND_PTR:
		case BTF_KIND_FLOAT:
			return 1;
		case BTF_KIND_FWD:
		case BTF_KIND_ENUM:
		case BTF_KIND_ENUM64:
			return !btf_essential(s.name) || !btf_essential(t.name) || same_name(s.name, t.name);
		case BTF_KIND_INT:
			return plain_int(a, &s) && plain_int(b, &t);
		case BTF_KIND_ARRAY:
			if (!btf_array(a, &s, &x, &index, &n) || !btf_array(b, &t, &y, &index, &n))
				return -EINVAL;
			break;
		default:
			return 0;
		}
	}
	return -EINVAL;
}

int core_types_compatible(const struct btf_data *a, uint32_t x, const struct btf_data *b, uint32_t y, int depth)
{
	struct btf_info s, t;
	struct btf_arg p, q;
	uint32_t index, n, i;
	int rc;

	while (depth-- > 0) {
		if (!btf_get(a, btf_strip(a, x, true), &s) || !btf_get(b, btf_strip(b, y, true), &t))
			return -EINVAL;
		if (!core_compatible(&s, &t))
			return 0;
		switch (s.kind) {
		case BTF_KIND_UNKN:
		case BTF_KIND_STRUCT:
		case BTF_KIND_UNION:
		case BTF_KIND_ENUM:
		case BTF_KIND_ENUM64:
		case BTF_KIND_FWD:
			return 1;
		case BTF_KIND_INT:
			return plain_int(a, &s) && plain_int(b, &t);
		case BTF_KIND_PTR:
			x = s.type, y = t.type;
			break;
		case BTF_KIND_ARRAY:
			if (!btf_array(a, &s, &x, &index, &n) || !btf_array(b, &t, &y, &index, &n))
				return -EINVAL;
			break;
		case BTF_KIND_FUNC_PROTO:
			if (s.vlen != t.vlen)
				return 0;
			for (i = 0; i < s.vlen; i++) {
				if (!btf_arg_at(a, &s, i, &p) || !btf_arg_at(b, &t, i, &q))
					return -EINVAL;
				rc = core_types_compatible(a, p.type, b, q.type, depth);
				if (rc <= 0)
					return rc;
			}
			x = s.type, y = t.type;
			break;
		default:
			return 0;
		}
	}
	return -EINVAL;
}

/* libbpf's names for bpf_core_type_matches: nameless fits nameless only. */
static bool names_match(const char *local, const char *target)
{
	return *target ? same_name(local, target) : !*local;
}

static int enums_match(const struct btf_data *a, const struct btf_info *s, const struct btf_data *b,
		       const struct btf_info *t)
{
	struct btf_value v, w;
	uint32_t i, k;

	if (s->size != t->size || s->vlen > t->vlen)
		return 0;
	for (i = 0; i < s->vlen && btf_value_at(a, s, i, &v); i++) {
		for (k = 0; k < t->vlen && btf_value_at(b, t, k, &w); k++)
			if (same_name(v.name, w.name))
				break;
		if (k == t->vlen)
			return 0;
	}
	return 1;
}

/* .budget bounds the work on hostile types, whose members multiply with depth. */
static int types_match(const struct btf_data *a, uint32_t x, const struct btf_data *b, uint32_t y, bool behind,
		       int depth, uint32_t *budget);

static int composites_match(const struct btf_data *a, const struct btf_info *s, const struct btf_data *b,
			    const struct btf_info *t, bool behind, int depth, uint32_t *budget)
{
	struct btf_field m, n;
	uint32_t i, k;
	int rc = 0;

	if (s->vlen > t->vlen)
		return 0;
	for (i = 0; i < s->vlen && btf_field_at(a, s, i, &m); i++) {
		for (k = 0; k < t->vlen && btf_field_at(b, t, k, &n); k++) {
			if (!names_match(m.name, n.name))
				continue;
			rc = types_match(a, m.type, b, n.type, behind, depth, budget);
			if (rc < 0)
				return rc;
			if (rc)
				break;
		}
		if (k == t->vlen)
			return 0;
	}
	return 1;
}

static bool same_int(const struct btf_data *a, const struct btf_info *s, const struct btf_data *b,
		     const struct btf_info *t)
{
	uint8_t e, f, off, bits;

	return btf_int(a, s, &e, &off, &bits) && btf_int(b, t, &f, &off, &bits) && s->size == t->size &&
	       !((e ^ f) & BTF_INT_SIGNED);
}

static int types_match(const struct btf_data *a, uint32_t x, const struct btf_data *b, uint32_t y, bool behind,
		       int depth, uint32_t *budget)
{
	struct btf_info s, t;
	struct btf_arg p, q;
	uint32_t index, n, m, i;
	int rc;

	while (depth-- > 0 && (*budget)-- > 1) {
		if (!btf_get(a, btf_strip(a, x, true), &s) || !btf_get(b, btf_strip(b, y, true), &t))
			return -EINVAL;
		if (!names_match(s.name, t.name))
			return 0;
		switch (s.kind) {
		case BTF_KIND_UNKN:
			return t.kind == s.kind;
		case BTF_KIND_FWD: /* kflag: of a union */
			if (t.kind == s.kind)
				return s.kflag == t.kflag;
			return behind && t.kind == (s.kflag ? BTF_KIND_UNION : BTF_KIND_STRUCT);
		case BTF_KIND_ENUM:
		case BTF_KIND_ENUM64:
			return core_is_enum(&t) ? enums_match(a, &s, b, &t) : 0;
		case BTF_KIND_STRUCT:
		case BTF_KIND_UNION:
			if (!behind)
				return s.kind == t.kind ? composites_match(a, &s, b, &t, behind, depth, budget) : 0;
			if (s.kind == t.kind)
				return 1;
			return t.kind == BTF_KIND_FWD && (s.kind == BTF_KIND_UNION) == t.kflag;
		default:
			break;
		}
		if (s.kind != t.kind)
			return 0;
		switch (s.kind) {
		case BTF_KIND_INT:
			return same_int(a, &s, b, &t);
		case BTF_KIND_PTR:
			behind = true;
			x = s.type, y = t.type;
			break;
		case BTF_KIND_ARRAY:
			if (!btf_array(a, &s, &x, &index, &n) || !btf_array(b, &t, &y, &index, &m))
				return -EINVAL;
			if (n != m)
				return 0;
			break;
		case BTF_KIND_FUNC_PROTO:
			if (s.vlen != t.vlen)
				return 0;
			for (i = 0; i < s.vlen; i++) {
				if (!btf_arg_at(a, &s, i, &p) || !btf_arg_at(b, &t, i, &q))
					return -EINVAL;
				rc = types_match(a, p.type, b, q.type, behind, depth, budget);
				if (rc <= 0)
					return rc;
			}
			x = s.type, y = t.type;
			break;
		default:
			return 0;
		}
	}
	return -EINVAL;
}

static bool push(struct core_spec *s, uint32_t type, uint32_t index, const char *name)
{
	if (s->nr == CORE_SPEC)
		return false;
	s->steps[s->nr++] = (struct core_step){ type, index, name };
	return true;
}

/* The member that @step of the object names, in target type @id and its anonymous members. */
static int match_member(const struct core_spec *local, const struct core_step *step, struct core_spec *target,
			uint32_t id, uint32_t *next, uint32_t *budget)
{
	const struct btf_data *b = target->btf;
	struct btf_info t, from;
	struct btf_field m, want;
	uint32_t i;
	int rc;

	id = core_strip(b, id, &t);
	if (!id || !core_is_composite(&t))
		return 0;
	if (!btf_get(local->btf, step->type, &from) || !btf_field_at(local->btf, &from, step->index, &want))
		return -EINVAL;
	for (i = 0; i < t.vlen && btf_field_at(b, &t, i, &m); i++) {
		if (target->depth == CORE_SPEC || !--*budget)
			return -E2BIG;
		target->depth++;
		target->bit_off += m.bit_off;
		if (!*m.name) {
			rc = match_member(local, step, target, m.type, next, budget);
			if (rc)
				return rc;
		} else if (!strcmp(m.name, step->name)) {
			if (!push(target, id, i, m.name))
				return -E2BIG;
			*next = m.type;
			rc = fields_compatible(local->btf, want.type, b, m.type);
			if (rc <= 0)
				target->nr--;
			return rc;
		}
		target->depth--;
		target->bit_off -= m.bit_off;
	}
	return 0;
}

static int match_enumerator(const struct core_spec *local, struct core_spec *target)
{
	struct btf_info t;
	struct btf_value v;
	uint32_t id = core_strip(target->btf, target->root, &t), i;

	if (!id || !core_is_enum(&t))
		return 0;
	for (i = 0; i < t.vlen && btf_value_at(target->btf, &t, i, &v); i++)
		if (same_name(local->steps[0].name, v.name)) {
			push(target, id, i, v.name);
			return 1;
		}
	return 0;
}

static int match_field(const struct core_spec *local, struct core_spec *target)
{
	const struct btf_data *b = target->btf;
	uint32_t id = target->root, index, n, i, budget = 100000;
	struct btf_info t;
	int64_t size;
	int rc;

	for (i = 0; i < local->nr; i++) {
		const struct core_step *step = &local->steps[i];

		id = core_strip(b, id, &t);
		if (!id)
			return -EINVAL;
		if (step->name) {
			rc = match_member(local, step, target, id, &id, &budget);
			if (rc <= 0)
				return rc;
			continue;
		}
		if (i) { /* the first step is an index into an array that is not there: p[0] */
			if (!btf_array(b, &t, &id, &index, &n))
				return 0;
			if (step->index >= n && !core_flexible(b, target->nr ? &target->steps[target->nr - 1] : NULL, n))
				return 0;
			id = core_strip(b, id, &t);
			if (!id)
				return -EINVAL;
		}
		size = btf_sizeof(b, id);
		if (size < 0 || target->depth == CORE_SPEC || !push(target, id, step->index, NULL))
			return -EINVAL;
		target->depth++;
		target->bit_off += (uint64_t)step->index * (uint64_t)size * 8;
	}
	return 1;
}

int core_match(const struct core_spec *local, uint32_t kind, const struct btf_data *btf, uint32_t id,
	       struct core_spec *target)
{
	uint32_t budget = 200000;

	memset(target, 0, sizeof(*target));
	target->btf = btf;
	target->root = id;
	switch (kind) {
	case BPF_CORE_TYPE_ID_TARGET:
	case BPF_CORE_TYPE_EXISTS:
	case BPF_CORE_TYPE_SIZE:
		return core_types_compatible(local->btf, local->root, btf, id, DEPTH);
	case BPF_CORE_TYPE_MATCHES:
		return types_match(local->btf, local->root, btf, id, false, DEPTH, &budget);
	case BPF_CORE_ENUMVAL_EXISTS:
	case BPF_CORE_ENUMVAL_VALUE:
		return match_enumerator(local, target);
	default:
		return match_field(local, target);
	}
}
