/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Facts that are loads. In: which argument, or which bytes of which user-ized struct, and
 * what is known of the base. Out: code for the destination. A load of several fields (a
 * struct copy) is put together piece by piece; an indexed one picks the element by
 * comparing the index, or, for long arrays in place, by a fetch at base + index. The
 * register that held the base is left as it was unless it is the destination.
 */
#include <errno.h>

#include "analyze/insn.h"
#include "translate/lower.h"

#define MAX_COMPARED 16 /* elements that are told apart by comparing */

static void open_lower(struct lower *l, struct emit *m, struct target *t, const struct node *n, const struct fact *f,
		       unsigned dst)
{
	const struct walk *w = &m->a->walks[n->walk];

	*l = (struct lower){ .m = m, .t = t };
	l->live = f->alive & f->written & (uint16_t)~(1u << dst) & 0x3ff;
	l->needed = f->alive & (uint16_t)~(1u << dst) & 0x3ff;
	/* r6..r9 of the callers may be in use where the callee itself never touches them */
	l->usable = 0x3f | (w->depth ? w->cfg->clobbers & INSN_CALLEE_SAVED : INSN_CALLEE_SAVED);
}

static int one_piece(struct lower *l, unsigned dst, unsigned base, const struct fact *f, const struct piece *p,
		     uint32_t null, struct abide_error *e)
{
	const struct cat_struct *s = &l->m->a->catalog->structs[f->sid];
	const struct access *acc;
	int err;

	err = resolve_field(l->t, s, p->field, p->elem, &acc, e);
	if (err)
		return err;
	if (l->m->explain)
		buf_printf(&l->m->why, "          %s.%s is %s here%s\n", s->name, p->field->name, acc->text,
			   f->base_untyped || acc->path.fetch ? ", by a fetch" : "");
	return lower_value(l, dst, base, acc, f->base_untyped, p->field->size, p->from, p->size, null, e);
}

/* Several fields in one load: each is read, shifted to its place and put in. */
static int compose(struct lower *l, unsigned dst, unsigned base, const struct fact *f, const struct piece *p, int n,
		   struct abide_error *e)
{
	uint16_t pinned = l->pinned, reserved = l->reserved;
	struct scratch sum, part;
	uint32_t null;
	int k, err = 0;

	l->pinned |= (uint16_t)(1u << base);
	l->reserved |= (uint16_t)(1u << dst);
	sum = scratch_take(l);
	part = scratch_take(l);
	emit_number(l->m, sum.reg, 0);
	scratch_hold(l, sum);
	for (k = 0; k < n && !err; k++) {
		null = emit_label(l->m);
		err = one_piece(l, part.reg, base, f, &p[k], null, e);
		emit_bind(l->m, null);
		if (p[k].at)
			emit_alu_k(l->m, BPF_LSH, part.reg, (int32_t)(8 * p[k].at));
		emit_alu_x(l->m, BPF_OR, sum.reg, part.reg);
	}
	emit_mov(l->m, dst, sum.reg);
	scratch_give(l, part);
	scratch_give(l, sum);
	l->pinned = pinned;
	l->reserved = reserved;
	return err;
}

/*
 * A long array, or one of bytes in place: a fetch at the address of its first element plus the
 * index. Beyond the kernel's own end there is 0.
 */
static int fetch_indexed(struct lower *l, unsigned dst, unsigned base, const struct fact *f, const struct piece *p,
			 unsigned index, uint32_t null, struct abide_error *e)
{
	const struct cat_field *field = p->field;
	uint32_t elem = field->kind == CAT_CHARS || field->kind == CAT_BYTES ? 1 : field->size, end;
	uint32_t beyond = emit_label(l->m);
	int32_t skip = f->off - (int32_t)field->offset;
	const struct access *acc;
	struct access addr;
	int64_t limit;
	int err;

	err = resolve_field(l->t, &l->m->a->catalog->structs[f->sid], field, 0, &acc, e);
	if (err)
		return err;
	end = acc->path.in_place ? acc->path.size : acc->path.elements ? acc->path.elements * elem : UINT32_MAX;
	if (acc->nr_ops || acc->combine != CAT_ALONE || acc->path.value || acc->path.bit_size ||
	    (!acc->path.in_place && (acc->path.stride != elem || acc->path.size != elem || elem != f->size))) {
		error_set(e, -ENOTSUP, "index-unsupported", "an index into %s has no lowering on %s", field->name,
			  target_name(l->t));
		return error_hint(e, "read its elements by constant indices");
	}
	limit = (int64_t)end - f->size - skip; /* the last index that is inside */
	if (f->index_max > limit) {
		if (f->size > elem)
			return error_set(e, -ENOTSUP, "field-narrow", "a load reaches over the end of the kernel's array");
		emit_jump_k(l->m, BPF_JSGT, index, (int32_t)limit, beyond);
	}
	addr = *acc;
	addr.path.in_place = true; /* its address, not its value */
	lower_address(l, dst, base, &addr, f->base_untyped, null);
	lower_read_indexed(l, dst, dst, skip, index, f->index_max, f->size);
	if (f->index_max > limit) {
		emit_goto(l->m, null);
		emit_bind(l->m, beyond);
		emit_number(l->m, dst, 0);
	}
	return 0;
}

static int indexed(struct lower *l, unsigned dst, unsigned base, const struct fact *f, struct abide_error *e)
{
	const struct cat_struct *s = &l->m->a->catalog->structs[f->sid];
	uint32_t end = emit_label(l->m), next, i;
	uint16_t pinned = l->pinned, reserved = l->reserved;
	struct piece p[MAX_PIECES];
	struct scratch index;
	bool compare;
	int err = 0;

	if (field_pieces(s, (int64_t)f->off + f->index_min, f->size, p) < 1)
		return error_set(e, -EINVAL, "load-misses", "an indexed load of no field");
	compare = p[0].field->kind != CAT_CHARS && p[0].field->kind != CAT_BYTES &&
		  (f->index_max - f->index_min) / f->size < MAX_COMPARED;
	l->pinned |= (uint16_t)(1u << base);
	l->reserved |= (uint16_t)(1u << dst);
	index = scratch_take(l);
	emit_load(l->m, 8, index.reg, FP, emit_slot(l->m, SLOT_INDEX + base));
	scratch_hold(l, index);
	if (!compare) {
		err = fetch_indexed(l, dst, base, f, p, index.reg, end, e);
		emit_bind(l->m, end);
		goto out;
	}
	for (i = f->index_min; i <= f->index_max && !err; i += f->size) {
		next = emit_label(l->m);
		if (i + f->size <= f->index_max)
			emit_jump_k(l->m, BPF_JNE, index.reg, (int32_t)i, next);
		if (field_pieces(s, (int64_t)f->off + i, f->size, p) < 1)
			err = error_set(e, -EINVAL, "load-misses", "an indexed load of no field");
		else
			err = one_piece(l, dst, base, f, p, end, e);
		if (i + f->size <= f->index_max)
			emit_goto(l->m, end);
		emit_bind(l->m, next);
	}
	emit_bind(l->m, end);
out:
	scratch_give(l, index);
	l->pinned = pinned;
	l->reserved = reserved;
	return err;
}

/* ldsx: the load itself left zeros above its bytes. */
static void extend_sign(struct emit *m, const struct bpf_insn *i, const struct fact *f)
{
	if (BPF_MODE(i->code) != INSN_MEMSX || f->size == 8)
		return;
	emit_alu_k(m, BPF_LSH, i->dst_reg, (int32_t)(64 - 8 * f->size));
	emit_alu_k(m, BPF_ARSH, i->dst_reg, (int32_t)(64 - 8 * f->size));
}

static int field_load(struct emit *m, struct target *t, const struct node *n, const struct bpf_insn *i,
		      const struct fact *f, struct abide_error *e)
{
	const struct cat_struct *s = &m->a->catalog->structs[f->sid];
	unsigned dst = i->dst_reg, base = i->src_reg;
	uint32_t null = emit_label(m);
	struct piece p[MAX_PIECES];
	struct lower l;
	int k, err;

	open_lower(&l, m, t, n, f, dst);
	if (f->base_null && !f->base_untyped) {
		if (f->base_indexed) /* the index slot is the base register's */
			emit_jump_k(m, BPF_JEQ, base, 0, null);
		else {
			emit_mov(m, dst, base);
			base = dst;
			emit_jump_k(m, BPF_JEQ, dst, 0, null);
		}
	}
	if (f->base_indexed) {
		err = indexed(&l, dst, base, f, e);
		if (f->base_null && !f->base_untyped && base != dst) {
			uint32_t end = emit_label(m);

			emit_goto(m, end);
			emit_bind(m, null);
			emit_number(m, dst, 0);
			null = end;
		}
	} else {
		k = field_pieces(s, f->off, f->size, p);
		if (k < 1)
			return error_set(e, -EINVAL, "load-misses", "a load of no field");
		if (k == 1 && !p[0].at)
			err = one_piece(&l, dst, base, f, p, null, e);
		else
			err = compose(&l, dst, base, f, p, k, e);
	}
	emit_bind(m, null);
	extend_sign(m, i, f);
	return err;
}

static int arg_load(struct emit *m, struct target *t, const struct node *n, const struct bpf_insn *i,
		    const struct fact *f, struct abide_error *e)
{
	const struct cat_field *arg = &m->a->event->args[f->arg];
	uint32_t null = emit_label(m), whole;
	const struct access *acc;
	struct lower l;
	int err;

	err = resolve_arg(t, m->a->placement, arg, &acc, e);
	if (err)
		return err;
	if (m->explain)
		buf_printf(&m->why, "          %s.%s is %s here\n", m->a->event->name, arg->name, acc->text);
	open_lower(&l, m, t, n, f, i->dst_reg);
	if (i->dst_reg == i->src_reg && acc->combine != CAT_ALONE)
		l.pinned |= (uint16_t)(1u << i->src_reg);
	/* the bytes above an unsigned argument are zeros, whatever the kernel's argument has there */
	whole = arg->kind == CAT_UINT || arg->kind == CAT_ENUM ? arg->size : 8;
	if ((uint32_t)f->off >= whole)
		emit_number(m, i->dst_reg, 0);
	else
		err = lower_value(&l, i->dst_reg, i->src_reg, acc, false, whole, (uint32_t)f->off,
				  f->size < whole - f->off ? f->size : whole - (uint32_t)f->off, null, e);
	emit_bind(m, null);
	extend_sign(m, i, f);
	return err;
}

/* user_str: r1, r2 are destination and size; r3 becomes the address in the kernel. */
static int str_call(struct emit *m, struct target *t, const struct node *n, const struct fact *f,
		    struct abide_error *e)
{
	const struct cat_struct *s = &m->a->catalog->structs[f->sid];
	const struct cat_field *field = catalog_field_at(s, (uint32_t)f->off);
	uint32_t null = emit_label(m);
	const struct access *acc;
	struct lower l;
	int err;

	err = resolve_field(t, s, field, 0, &acc, e);
	if (err)
		return err;
	open_lower(&l, m, t, n, f, 3);
	/* the call itself ends r0..r5: what is alive behind it is not what is in them now */
	l.live = (uint16_t)((l.live & INSN_CALLEE_SAVED) | 1u << 1 | 1u << 2);
	l.needed = (uint16_t)((l.needed & INSN_CALLEE_SAVED) | l.live);
	if (f->base_null && !f->base_untyped)
		emit_jump_k(m, BPF_JEQ, 3, 0, null);
	lower_address(&l, 3, 3, acc, f->base_untyped, null);
	emit_bind(m, null); /* address 0: the helper empties the destination */
	emit_call(m, 115);  /* probe_read_kernel_str */
	return 0;
}

int lower_load(struct emit *m, struct target *t, const struct node *n, uint32_t insn, const struct fact *f,
	       struct abide_error *e)
{
	const struct bpf_insn *i = &m->a->walks[n->walk].cfg->function->insns[insn];

	switch ((enum fact_kind)f->kind) {
	case FACT_ARG:
		return arg_load(m, t, n, i, f, e);
	case FACT_FIELD:
		return field_load(m, t, n, i, f, e);
	case FACT_STR:
		return str_call(m, t, n, f, e);
	case FACT_COPY:
	case FACT_DROP:
	case FACT_MOVE:
	case FACT_INDEX:
	case FACT_INDEX_SWAP:
	case FACT_INDEX_MOVE:
	case FACT_VALUE:
	case FACT_STR_VALUE:
	case FACT_CURRENT:
	case FACT_FETCH:
	case FACT_FETCH_STR:
	case FACT_BRANCH:
	case FACT_CALL:
	case FACT_EXIT:
	case FACT_PLAIN_ADD:
		break;
	}
	return error_set(e, -EINVAL, "bad-instruction", "not a load");
}
