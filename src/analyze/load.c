/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Loads. In: a load and what its base register points to. Out: the fact that the
 * translator lowers (which event argument, which bytes of which user-ized struct) and the
 * kind of the result. Refused: what the stable layout does not have, what the target does
 * not have (unless the program asked user_field_exists first: that branch is then dead),
 * an index that may leave its array, a base that is no pointer.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "analyze/insn.h"
#include "analyze/newer.h"
#include "analyze/walk.h"

static int refuse_event(struct analysis *a, const struct walk *w, uint32_t insn, int32_t off, uint32_t size,
			struct abide_error *e)
{
	refuse(a, w, insn, "context-load", e, "%u bytes at %d of the context are no argument of event %s", size, off,
	       a->event->name);
	return error_hint(e, "the event has %u argument%s: abide show %s", a->event->nr_args,
			  a->event->nr_args == 1 ? "" : "s", a->event->name);
}

/* What @size bytes of a field, its first byte at @at of them, can be. */
static struct num field_range(const struct cat_field *f, uint32_t at, uint32_t size)
{
	struct num n = num_any();

	if (f->kind == CAT_SINT || size < f->size || at)
		return num_zext(&n, size * 8);
	return f->size < 8 ? num_range(0, (1ull << (f->size * 8)) - 1) : n;
}

/* Does some pointer on the way need a test, after which the whole path is NULL? */
static bool may_leave(const struct access_path *p)
{
	bool leaves = p->root == ROOT_ARG && p->arg_nullable;
	uint32_t i;

	for (i = 0; i < p->nr_hops; i++)
		leaves |= p->hops[i].nullable;
	return leaves;
}

/* @acc: how the target gives the pointer, NULL when there is no target; @base: what it is loaded through. */
static struct val user_pointer(const struct cat_field *f, const struct access *acc, const struct val *base, uint32_t id)
{
	struct val v = val_pointer(VAL_USER);

	v.sid = (uint16_t)f->target;
	v.untyped = base->untyped || (acc && !acc->typed);
	/* what is loaded through NULL is NULL: the kernel's verifier follows that path too */
	v.maybe_null = f->nullable || base->maybe_null || (acc && (acc->nullable || may_leave(&acc->path)));
	v.id = id;
	return v;
}

/* An unsigned argument fills its 8 bytes with zeros, a signed one with its sign. */
static struct num arg_range(const struct cat_field *f, uint32_t from, uint32_t size)
{
	struct num n = num_any();

	if (f->kind == CAT_SINT || f->size == 8)
		return num_zext(&n, size * 8);
	if (from >= f->size)
		return num_const(0);
	return num_zext(&n, 8 * (size < f->size - from ? size : f->size - from));
}

static int load_arg(struct analysis *a, const struct walk *w, uint32_t insn, struct state *s, int32_t off,
		    struct fact *f, struct abide_error *e)
{
	const struct bpf_insn *i = &w->cfg->function->insns[insn];
	uint32_t size = insn_size(i), arg = (uint32_t)off / 8;
	const struct access *acc = NULL;
	const struct cat_field *field;
	int err;

	if (off < 0 || arg >= a->event->nr_args || (uint32_t)off % 8 + size > 8)
		return refuse_event(a, w, insn, off, size, e);
	field = &a->event->args[arg];
	if (field->kind == CAT_POINTER && size != 8)
		return refuse(a, w, insn, "part-of-pointer", e, "%u bytes of pointer %s are loaded", size, field->name);
	if (a->target) {
		err = resolve_arg(a->target, a->placement, field, &acc, e);
		if (err)
			return refuse_at(a, w, insn, e);
	}
	f->kind = FACT_ARG;
	f->arg = arg;
	f->off = off % 8;
	f->size = size;
	if (field->kind == CAT_POINTER)
		s->r[i->dst_reg] = user_pointer(field, acc, &s->r[i->src_reg], new_id(a, w, insn, s));
	else if (field->kind == CAT_STRING && size == 8)
		s->r[i->dst_reg] = val_pointer(VAL_STRING);
	else
		s->r[i->dst_reg] = val_num(BPF_MODE(i->code) == INSN_MEMSX ? num_any() : arg_range(field, off % 8, size));
	return 0;
}

static int refuse_pieces(struct analysis *a, const struct walk *w, uint32_t insn, const struct cat_struct *st,
			 int64_t off, uint32_t size, int n, struct abide_error *e)
{
	uint32_t since;
	char name[128];

	if (n == 0 && newer_field(a->object, w->cfg->function, insn, name, sizeof(name), &since) &&
	    newer_version(a->object) > a->catalog->version) {
		refuse(a, w, insn, "field-unknown", e, "this catalog (version %u) does not know %s", a->catalog->version,
		       name);
		if (since)
			error_reason(e, "%s\nit exists since version %u of the catalog", e->reason, since);
		return error_hint(e, "update abide, or guard it: if (user_field_exists(p->%s))", strchr(name, '.') + 1);
	}
	if (n == -2)
		refuse(a, w, insn, "part-of-pointer", e, "%u bytes at %lld of struct %s are part of a pointer", size,
		       (long long)off, st->name);
	else if (n == -1)
		refuse(a, w, insn, "load-straddles", e, "%u bytes at %lld of struct %s cut a field in two", size,
		       (long long)off, st->name);
	else if (off + size > st->size)
		refuse(a, w, insn, "field-unknown", e, "struct %s has no field at %lld: this catalog (version %u) ends at %u",
		       st->name, (long long)off, a->catalog->version, st->size);
	else
		refuse(a, w, insn, "load-misses", e, "%u bytes at %lld of struct %s are no field", size, (long long)off,
		       st->name);
	return error_hint(e, "read its fields by name: abide show %s", st->name);
}

/* Every piece of a load must exist on the target. *last is how the last one is read there. */
static int pieces_exist(struct analysis *a, const struct walk *w, uint32_t insn, const struct cat_struct *st,
			const struct piece *p, int n, const struct access **last, struct abide_error *e)
{
	const struct access *acc;
	int k, err;

	*last = NULL;
	for (k = 0; a->target && k < n; k++) {
		err = resolve_field(a->target, st, p[k].field, p[k].elem, &acc, e);
		if (err) {
			if (err == -ENOENT && !e->hint[0])
				error_hint(e, "guard it: if (user_field_exists(p->%s))", p[k].field->name);
			return refuse_at(a, w, insn, e);
		}
		*last = acc;
	}
	return 0;
}

/* pointer + index: the element read is bounded, and all of them exist. */
static int load_indexed(struct analysis *a, const struct walk *w, uint32_t insn, const struct val *base, int64_t off,
			uint32_t size, struct fact *f, struct abide_error *e)
{
	const struct cat_struct *st = &a->catalog->structs[base->sid];
	const struct num *n = &base->num;
	const struct cat_field *field;
	struct piece p[MAX_PIECES];
	const struct access *acc;
	int64_t lo, hi, end, at;
	int err;

	lo = off + (n->umax > INT32_MAX ? 0 : (int64_t)n->umin);
	hi = off + (n->umax > INT32_MAX ? INT32_MAX : (int64_t)n->umax);
	field = lo >= 0 && lo < st->size ? catalog_field_at(st, (uint32_t)lo) : NULL;
	end = field ? (int64_t)field->offset + (int64_t)field->size * field->count : 0;
	if (!field || n->umax > INT32_MAX || hi + size > end) {
		refuse(a, w, insn, "index-unbounded", e, "an index into %s%s%s is not bounded by its array",
		       st->name, field ? "." : "", field ? field->name : "");
		error_reason(e, "%s\nthe index adds %lld to %lld bytes; the field ends at %lld", e->reason,
			     (long long)(n->umax > INT32_MAX ? -1 : (int64_t)n->umin), (long long)n->umax,
			     (long long)end);
		return error_hint(e, "test it first: if (i < %u)", field ? field->count : 1);
	}
	if (field->kind != CAT_CHARS && field->kind != CAT_BYTES &&
	    (size != field->size || ((n->unknown | (uint64_t)(lo - field->offset)) & (size - 1)))) {
		refuse(a, w, insn, "load-straddles", e, "an indexed load of %s.%s may cut an element in two", st->name,
		       field->name);
		return error_hint(e, "index it as an array of %u-byte elements", field->size);
	}
	/* all elements that may be read must exist; bytes in place are one */
	for (at = lo; at <= hi; at += field->count > 1 ? size : hi - lo + 1) {
		if (field_pieces(st, at, size, p) < 1)
			return refuse_pieces(a, w, insn, st, at, size, 0, e);
		err = pieces_exist(a, w, insn, st, p, 1, &acc, e);
		if (err)
			return err;
	}
	f->base_indexed = true;
	f->index_min = (uint32_t)n->umin;
	f->index_max = (uint32_t)n->umax;
	return 0;
}

static int load_field(struct analysis *a, const struct walk *w, uint32_t insn, struct state *s,
		      const struct val *base, struct fact *f, struct abide_error *e)
{
	const struct bpf_insn *i = &w->cfg->function->insns[insn];
	const struct cat_struct *st = &a->catalog->structs[base->sid];
	uint32_t size = insn_size(i);
	int64_t off = (int64_t)base->delta + i->off;
	struct piece p[MAX_PIECES];
	const struct access *acc;
	int n, err;

	f->kind = FACT_FIELD;
	f->sid = base->sid;
	f->off = (int32_t)off;
	f->size = size;
	f->base_null = base->maybe_null;
	f->base_untyped = base->untyped;
	if (base->indexed) {
		err = load_indexed(a, w, insn, base, off, size, f, e);
		if (err)
			return err;
		s->r[i->dst_reg] = val_num(num_any());
		return 0;
	}
	n = off < 0 || off + size > (((int64_t)st->size + 7) & ~7ll) ? 0 : field_pieces(st, off, size, p);
	if (n < 1)
		return refuse_pieces(a, w, insn, st, off, size, n, e);
	err = pieces_exist(a, w, insn, st, p, n, &acc, e);
	if (err)
		return err;
	if (n == 1 && p[0].field->kind == CAT_POINTER)
		s->r[i->dst_reg] = user_pointer(p[0].field, acc, base, new_id(a, w, insn, s));
	else if (n == 1 && p[0].field->kind == CAT_STRING)
		s->r[i->dst_reg] = val_pointer(VAL_STRING);
	else if (n == 1 && BPF_MODE(i->code) != INSN_MEMSX)
		s->r[i->dst_reg] = val_num(field_range(p[0].field, p[0].at, size));
	else
		s->r[i->dst_reg] = val_num(num_any());
	return 0;
}

/* Does a load that is no reload of a whole slot read a spilled pointer that lacks something? */
static bool parts_hidden(const struct state *s, const struct val *base, int64_t off, uint32_t size)
{
	int32_t k;

	if (base->indexed || (size == 8 && off % 8 == 0)) /* an index stays in its own array */
		return false;
	for (k = 0; k < STATE_SLOTS; k++)
		if (val_hides(&s->slot[k]) && off < -8 * k && off + size > -8 * (k + 1))
			return true;
	return false;
}

int step_load(struct analysis *a, const struct walk *w, uint32_t insn, struct state *s, struct fact *f,
	      struct abide_error *e)
{
	const struct bpf_insn *i = &w->cfg->function->insns[insn];
	struct val base = value_of(w, s, i->src_reg);
	struct num any = num_any();
	uint32_t size = insn_size(i);

	switch ((enum val_kind)base.kind) {
	case VAL_CTX:
		if (a->event)
			return load_arg(a, w, insn, s, base.delta + i->off, f, e);
		break;
	case VAL_USER:
		return load_field(a, w, insn, s, &base, f, e);
	case VAL_STACK:
		if (!base.indexed && !in_frame(a, w, (int64_t)base.delta + i->off, size))
			return refuse_frame(a, w, insn, e);
		if (parts_hidden(s, &base, (int64_t)base.delta + i->off, size)) {
			refuse(a, w, insn, "pointer-leak", e, "part of the address of a field is read from the stack");
			return error_hint(e, "use the pointer itself, or the field's value");
		}
		s->r[i->dst_reg] = base.indexed ? val_num(any) : slot_load(s, base.delta + i->off, size);
		if (s->r[i->dst_reg].kind == VAL_NONE) /* uninitialised; the kernel has the last word */
			s->r[i->dst_reg] = val_num(any);
		if (BPF_MODE(i->code) == INSN_MEMSX)
			s->r[i->dst_reg] = val_num(any);
		return 0;
	case VAL_MIXED:
		refuse(a, w, insn, "pointer-lost", e, "r%u holds pointers of different kinds by path", i->src_reg);
		return error_hint(e, "read through each pointer in its own branch");
	case VAL_STRING:
		refuse(a, w, insn, "string-load", e, "r%u is the address of a string in the kernel", i->src_reg);
		return error_hint(e, "copy it: user_str(dst, size, p->field)");
	case VAL_NUM:
	case VAL_NONE:
		if (!a->event)
			break;
		refuse(a, w, insn, "pointer-lost", e, "r%u is a number here, not a pointer", i->src_reg);
		return error_hint(e, "a pointer that went through a map, memory or a callback's context has lost its "
				     "kind: read its fields before, and pass those on");
	case VAL_OTHER:
		break;
	}
	s->r[i->dst_reg] = val_num(BPF_MODE(i->code) == INSN_MEMSX ? any : num_zext(&any, size * 8));
	if (!a->event && size == 8) /* other programs: the context and kernel structs hold pointers */
		s->r[i->dst_reg] = val_pointer(VAL_OTHER);
	return 0;
}
