/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Transfer functions for arithmetic, moves, stores and branches. In: the state before an
 * instruction. Out: the state after it, and the fact that later stages read. A tracked
 * pointer (context, user-ized) keeps its register as the kernel gave it; constants added
 * to it live in .delta only. Refused: arithmetic that would need the stable layout to be
 * real (variable offsets without a bound are refused where they are used, in load.c), and
 * stores through what is read-only.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "analyze/insn.h"
#include "analyze/walk.h"

struct val value_of(const struct walk *w, const struct state *s, unsigned r)
{
	struct val v;

	if (r < FP)
		return s->r[r];
	v = val_pointer(VAL_STACK);
	v.delta = -(int32_t)w->base;
	return v;
}

uint32_t new_id(const struct analysis *a, const struct walk *w, uint32_t insn, struct state *s)
{
	uint32_t id = (uint32_t)(w - a->walks) << 20 | (insn + 1);

	state_forget_id(s, id);
	return id;
}

void slot_store(struct state *s, int32_t off, uint32_t size, const struct val *v)
{
	int32_t at;

	for (at = off; at < off + (int32_t)size; at++)
		if (at < 0 && at >= -8 * STATE_SLOTS)
			s->slot[(-at - 1) / 8] = val_num(num_any());
	if (v && size == 8 && off % 8 == 0 && off < 0 && off >= -8 * STATE_SLOTS)
		s->slot[(-off - 1) / 8] = *v;
}

struct val slot_load(const struct state *s, int32_t off, uint32_t size)
{
	struct num n = num_any();

	if (size == 8 && off % 8 == 0 && off < 0 && off >= -8 * STATE_SLOTS)
		return s->slot[(-off - 1) / 8];
	return val_num(num_zext(&n, size * 8));
}

static const char *kind_name(const struct analysis *a, const struct val *v, char *buf, size_t size)
{
	if (v->kind == VAL_USER)
		snprintf(buf, size, "a pointer to struct %s", a->catalog->structs[v->sid].name);
	else
		snprintf(buf, size, "%s", v->kind == VAL_CTX ? "the event's context" : "a pointer");
	return buf;
}

static int refuse_arith(struct analysis *a, const struct walk *w, uint32_t insn, const struct val *v,
			struct abide_error *e)
{
	char what[96];

	refuse(a, w, insn, "pointer-arithmetic", e, "arithmetic on %s that is no constant offset",
	       kind_name(a, v, what, sizeof(what)));
	return error_hint(e, "add constants only (read fields by name), or index an array field with a bounded number");
}

int need_whole(const struct analysis *a, const struct walk *w, uint32_t insn, const struct val *v, const char *tag,
	       const char *what, struct abide_error *e)
{
	if (!val_hides(v))
		return 0;
	if (v->kind == VAL_USER)
		refuse(a, w, insn, tag, e, "the address of a field of struct %s %s", a->catalog->structs[v->sid].name, what);
	else
		refuse(a, w, insn, tag, e, "an address inside %s %s",
		       v->kind == VAL_CTX ? "the event's context" : "one of several structs", what);
	return error_hint(e, "use the pointer itself, or the field's value");
}

bool in_frame(const struct analysis *a, const struct walk *w, int64_t off, uint32_t size)
{
	for (;; w = &a->walks[w->parent]) {
		if (off >= -(int64_t)(w->base + w->cfg->frame) && off + size <= -(int64_t)w->base)
			return true;
		if (w->parent < 0)
			return false;
	}
}

int refuse_frame(const struct analysis *a, const struct walk *w, uint32_t insn, struct abide_error *e)
{
	refuse(a, w, insn, "stack", e, "%s reaches stack outside its frame of %u bytes", w->cfg->function->name,
	       w->cfg->frame);
	return error_hint(e, "its frame is as large as the offsets from r10 that its code names");
}

static bool add_delta(struct val *v, int64_t by)
{
	int64_t sum;

	if (__builtin_add_overflow((int64_t)v->delta, by, &sum) || sum > 1 << 20 || sum < -(1 << 20))
		return false;
	v->delta = (int32_t)sum;
	return true;
}

/* pointer + variable number: an index into an array field */
static int add_index(struct analysis *a, const struct walk *w, uint32_t insn, struct val *v, const struct num *n,
		     struct abide_error *e)
{
	if (v->kind != VAL_USER || v->indexed)
		return refuse_arith(a, w, insn, v, e);
	v->indexed = true;
	v->num = *n;
	a->uses_index = true;
	return 0;
}

/* 64-bit add or subtract in which at least one side is tracked; 1: handled, 0: not one of ours */
static int step_pointer(struct analysis *a, const struct walk *w, uint32_t insn, struct state *s,
			const struct val *src, struct fact *f, struct abide_error *e)
{
	const struct bpf_insn *i = &w->cfg->function->insns[insn];
	struct val *dst = &s->r[i->dst_reg];
	bool sub = BPF_OP(i->code) == BPF_SUB;
	struct val v;
	int err;

	if (dst->kind == VAL_USER || dst->kind == VAL_CTX) {
		if (src->kind == VAL_NUM && num_is_const(&src->num)) {
			if (!add_delta(dst, sub ? -(int64_t)src->num.umin : (int64_t)src->num.umin))
				return refuse_arith(a, w, insn, dst, e);
			f->kind = FACT_DROP;
			return 1;
		}
		if (!sub && src->kind == VAL_NUM) {
			err = add_index(a, w, insn, dst, &src->num, e);
			f->kind = FACT_INDEX;
			return err ? err : 1;
		}
		if (sub && src->kind == dst->kind && !dst->delta && !src->delta && !dst->indexed && !src->indexed) {
			*dst = val_num(num_any()); /* a distance, as a number */
			return 1;
		}
		return refuse_arith(a, w, insn, dst, e);
	}
	if (src->kind == VAL_USER || src->kind == VAL_CTX) {
		if (sub || dst->kind != VAL_NUM)
			return refuse_arith(a, w, insn, src, e);
		v = *src;
		if (num_is_const(&dst->num)) {
			if (!add_delta(&v, (int64_t)dst->num.umin))
				return refuse_arith(a, w, insn, src, e);
			f->kind = src->indexed ? FACT_INDEX_MOVE : FACT_MOVE;
		} else {
			err = add_index(a, w, insn, &v, &dst->num, e);
			if (err)
				return err;
			f->kind = FACT_INDEX_SWAP;
		}
		*dst = v;
		return 1;
	}
	return 0;
}

/* Arithmetic on stack and other pointers: the kernel checks it, only the stack is followed. */
static struct val other_pointer(uint8_t op, const struct val *dst, const struct val *src)
{
	struct val v = *dst;
	const struct val *p = dst, *n = src;

	if (op == BPF_ADD && dst->kind == VAL_NUM) {
		p = src;
		n = dst;
	}
	if ((op != BPF_ADD && op != BPF_SUB) || n->kind != VAL_NUM || p->kind == VAL_STRING)
		return val_num(num_any());
	v = *p;
	v.id = 0;
	if (v.kind != VAL_STACK || v.indexed)
		return v;
	if (!num_is_const(&n->num) || !add_delta(&v, op == BPF_SUB ? -(int64_t)n->num.umin : (int64_t)n->num.umin)) {
		v.indexed = true;
		v.delta = 0;
	}
	return v;
}

static struct num byte_order(const struct bpf_insn *i, const struct num *n)
{
	struct num any = num_any();

	/* to_le on a little-endian machine only cuts; all others mix the bytes */
	if (BPF_CLASS(i->code) == BPF_ALU && BPF_SRC(i->code) == BPF_TO_LE)
		return num_zext(n, (unsigned)i->imm);
	return i->imm == 16 || i->imm == 32 ? num_zext(&any, (unsigned)i->imm) : any;
}

static int step_mov(struct analysis *a, const struct walk *w, uint32_t insn, struct state *s,
		    const struct val *src, struct fact *f, struct abide_error *e)
{
	const struct bpf_insn *i = &w->cfg->function->insns[insn];
	bool is64 = BPF_CLASS(i->code) == BPF_ALU64;
	struct val *dst = &s->r[i->dst_reg];

	if (BPF_SRC(i->code) == BPF_X && is64 && !i->off) {
		if (src->kind == VAL_USER && src->indexed && i->src_reg != i->dst_reg)
			f->kind = FACT_INDEX_MOVE;
		*dst = *src;
		return 0;
	}
	if (need_whole(a, w, insn, src, "pointer-arithmetic", "is cut", e))
		return e->code;
	if (src->kind != VAL_NUM) /* the low half of a pointer */
		*dst = val_num(is64 ? num_any() : num_range(0, UINT32_MAX));
	else if (i->off && BPF_SRC(i->code) == BPF_X) {
		struct num n = num_sext(&src->num, (unsigned)i->off);

		*dst = val_num(is64 ? n : num_zext(&n, 32));
	} else {
		*dst = val_num(is64 ? src->num : num_zext(&src->num, 32));
	}
	return 0;
}

/* What the kernel takes (RFC 9669); widths and signs are in .off and .imm. */
static bool alu_is_known(const struct bpf_insn *i)
{
	uint8_t op = BPF_OP(i->code);
	bool is64 = BPF_CLASS(i->code) == BPF_ALU64;

	if (op == BPF_END)
		return i->imm == 16 || i->imm == 32 || i->imm == 64;
	if (op == BPF_MOV && BPF_SRC(i->code) == BPF_X)
		return !i->off || i->off == 8 || i->off == 16 || (is64 && i->off == 32);
	if (op == BPF_DIV || op == BPF_MOD)
		return i->off == 0 || i->off == 1;
	return op < BPF_END && !i->off;
}

static int step_alu(struct analysis *a, const struct walk *w, uint32_t insn, struct state *s, struct fact *f,
		    struct abide_error *e)
{
	const struct bpf_insn *i = &w->cfg->function->insns[insn];
	uint8_t op = BPF_OP(i->code);
	bool is64 = BPF_CLASS(i->code) == BPF_ALU64;
	struct val *dst = &s->r[i->dst_reg], src;
	int err;

	if (!alu_is_known(i))
		return refuse(a, w, insn, "bad-instruction", e, "unknown arithmetic (code 0x%02x, offset %d)", i->code, i->off);
	if (BPF_SRC(i->code) == BPF_X && op != BPF_END && op != BPF_NEG)
		src = value_of(w, s, i->src_reg);
	else
		src = val_num(num_const((uint64_t)(int64_t)i->imm));
	if (op == BPF_MOV)
		return step_mov(a, w, insn, s, &src, f, e);
	if (is64 && (op == BPF_ADD || op == BPF_SUB)) {
		err = step_pointer(a, w, insn, s, &src, f, e);
		if (err)
			return err < 0 ? err : 0;
	}
	if (dst->kind == VAL_USER || dst->kind == VAL_CTX)
		return refuse_arith(a, w, insn, dst, e);
	if (src.kind == VAL_USER || src.kind == VAL_CTX)
		return refuse_arith(a, w, insn, &src, e);
	if (need_whole(a, w, insn, dst, "pointer-arithmetic", "is used as a number", e) ||
	    need_whole(a, w, insn, &src, "pointer-arithmetic", "is used as a number", e))
		return e->code;
	if (dst->kind == VAL_NUM && src.kind == VAL_NUM) {
		if (op == BPF_END)
			*dst = val_num(byte_order(i, &dst->num));
		else
			*dst = val_num(num_alu(op, &dst->num, &src.num, is64, i->off == 1));
	} else if (is64) {
		*dst = other_pointer(op, dst, &src);
	} else { /* swapped bytes are 64 bits wide in either class */
		*dst = val_num(op == BPF_END ? num_any() : num_range(0, UINT32_MAX));
	}
	return 0;
}

/* What a store to the stack does to the slots. */
static void store_stack(struct state *s, const struct val *base, int32_t off, uint32_t size, const struct val *v)
{
	unsigned k;

	if (!base->indexed) {
		slot_store(s, base->delta + off, size, v);
		return;
	}
	for (k = 0; k < STATE_SLOTS; k++) /* anywhere: nothing is known of any slot that held something */
		if (s->slot[k].kind != VAL_NONE)
			s->slot[k] = val_num(num_any());
}

static bool result_is_dead(const struct walk *w, uint32_t insn, unsigned reg)
{
	return !(w->cfg->after[insn].regs >> reg & 1);
}

/* Load-acquire and store-release (Linux 6.15) are atomics that load and store. */
static bool atomic_is_known(const struct bpf_insn *i)
{
	switch (i->imm & ~BPF_FETCH) {
	case BPF_ADD:
	case BPF_AND:
	case BPF_OR:
	case BPF_XOR:
		return true;
	default:
		return i->imm == BPF_XCHG || i->imm == BPF_CMPXCHG;
	}
}

/* Atomics: a kernel before 5.12 knows a plain add only; clang writes a fetch even for a dead result. */
static int step_atomic(struct analysis *a, const struct walk *w, uint32_t insn, struct state *s, struct fact *f,
		       struct abide_error *e)
{
	const struct bpf_insn *i = &w->cfg->function->insns[insn];
	struct val base = value_of(w, s, i->dst_reg), v = value_of(w, s, i->src_reg);

	if (!atomic_is_known(i)) {
		refuse(a, w, insn, "atomics", e, "unknown atomic operation 0x%x", i->imm);
		return error_hint(e, "add, and, or, xor, exchange and compare-and-exchange are known");
	}
	if (need_whole(a, w, insn, &v, "pointer-leak", "is stored as a number", e) ||
	    (i->imm == BPF_CMPXCHG && need_whole(a, w, insn, &s->r[0], "pointer-leak", "is compared", e)))
		return e->code;
	if (a->target && i->imm != BPF_ADD && !target_has_atomics(a->target)) {
		if (i->imm != (BPF_ADD | BPF_FETCH) || !result_is_dead(w, insn, i->src_reg)) {
			refuse(a, w, insn, "atomics", e, "%s knows no atomic operation but an add without a result",
			       target_name(a->target));
			return error_hint(e, "use __sync_fetch_and_add without its result, or a per-CPU map");
		}
		f->kind = FACT_PLAIN_ADD;
	}
	if (base.kind == VAL_STACK)
		store_stack(s, &base, i->off, insn_size(i), NULL);
	if (i->imm == BPF_CMPXCHG)
		s->r[0] = val_num(num_any());
	else if (i->imm & BPF_FETCH)
		s->r[i->src_reg] = val_num(num_any());
	return 0;
}

static int step_store(struct analysis *a, const struct walk *w, uint32_t insn, struct state *s, struct fact *f,
		      struct abide_error *e)
{
	const struct bpf_insn *i = &w->cfg->function->insns[insn];
	struct val base = value_of(w, s, i->dst_reg), v;
	char what[96];

	if (base.kind == VAL_USER || base.kind == VAL_CTX) {
		refuse(a, w, insn, "store-readonly", e, "a store through %s, which is read-only",
		       kind_name(a, &base, what, sizeof(what)));
		return error_hint(e, "keep results in maps, rings or on the stack");
	}
	if (base.kind == VAL_MIXED) {
		refuse(a, w, insn, "pointer-lost", e, "r%u holds pointers of different kinds by path", i->dst_reg);
		return error_hint(e, "store through each pointer in its own branch");
	}
	if (base.kind == VAL_STACK && !base.indexed && !in_frame(a, w, (int64_t)base.delta + i->off, insn_size(i)))
		return refuse_frame(a, w, insn, e);
	if (insn_is_atomic(i))
		return step_atomic(a, w, insn, s, f, e);
	v = BPF_CLASS(i->code) == BPF_STX ? value_of(w, s, i->src_reg)
					  : val_num(num_const((uint64_t)(int64_t)i->imm));
	/* a spill keeps what the register lacks in the state */
	if ((base.kind != VAL_STACK || base.indexed || insn_size(i) != 8 || (base.delta + i->off) % 8 || v.indexed) &&
	    need_whole(a, w, insn, &v, "pointer-leak", "is stored as a number", e))
		return e->code;
	if (base.kind == VAL_STACK)
		store_stack(s, &base, i->off, insn_size(i), insn_size(i) == 8 ? &v : NULL);
	return 0;
}

static int step_ld(const struct walk *w, uint32_t insn, struct state *s)
{
	const struct bpf_insn *i = &w->cfg->function->insns[insn];
	unsigned r;

	if (!insn_is_ld_imm64(i)) { /* packet access of classic BPF */
		for (r = 0; r < 6; r++)
			s->r[r] = (struct val){ 0 };
		s->r[0] = val_num(num_any());
		return 0;
	}
	if (i->src_reg || function_reloc(w->cfg->function, insn))
		s->r[i->dst_reg] = val_pointer(VAL_OTHER);
	else
		s->r[i->dst_reg] = val_num(num_const((uint32_t)i->imm | (uint64_t)(uint32_t)i[1].imm << 32));
	return 0;
}

int step_insn(struct analysis *a, const struct walk *w, uint32_t insn, struct state *s, struct fact *f,
	      struct abide_error *e)
{
	const struct bpf_insn *i = &w->cfg->function->insns[insn];

	if (i->dst_reg > FP || i->src_reg > FP || (i->dst_reg == FP && (insn_defs(i) >> FP & 1)))
		return refuse(a, w, insn, "bad-instruction", e, "an instruction names a register that it cannot use");
	if (insn_is_alu(i))
		return step_alu(a, w, insn, s, f, e);
	if (insn_is_load(i))
		return step_load(a, w, insn, s, f, e);
	if (insn_is_store(i))
		return step_store(a, w, insn, s, f, e);
	if (BPF_CLASS(i->code) == BPF_LD)
		return step_ld(w, insn, s);
	if (insn_is_call(i))
		return step_call(a, w, insn, s, f, e);
	if (insn_is_goto(i))
		return 0;
	return refuse(a, w, insn, "bad-instruction", e, "unknown instruction (code 0x%02x)", i->code);
}

/* "pointer == 0" and "!= 0" split a pointer that may be NULL from one that is not. */
static bool null_test(const struct bpf_insn *i, const struct val *a, const struct val *b, bool *eq)
{
	if (BPF_CLASS(i->code) != BPF_JMP || (BPF_OP(i->code) != BPF_JEQ && BPF_OP(i->code) != BPF_JNE))
		return false;
	*eq = BPF_OP(i->code) == BPF_JEQ;
	return a->kind == VAL_USER && b->kind == VAL_NUM && num_is_const(&b->num) && !b->num.umin;
}

static void refine_reg(struct state *s, unsigned r, const struct num *n)
{
	if (r < FP && s->r[r].kind == VAL_NUM)
		s->r[r].num = *n;
}

int step_branch(struct analysis *a, const struct walk *w, uint32_t insn, const struct state *s,
		struct state *next, struct state *taken, struct fact *f, struct abide_error *e)
{
	const struct bpf_insn *i = &w->cfg->function->insns[insn];
	struct val x = value_of(w, s, i->dst_reg), y;
	bool eq, is64 = BPF_CLASS(i->code) == BPF_JMP, yes, no;
	struct num p, q;

	y = BPF_SRC(i->code) == BPF_X ? value_of(w, s, i->src_reg) : val_num(num_const((uint64_t)(int64_t)i->imm));
	f->kind = FACT_BRANCH;
	if (BPF_OP(i->code) > BPF_JSLE && i->code != (BPF_JMP | 0xe0)) /* 0xe0: may_goto */
		return refuse(a, w, insn, "bad-instruction", e, "unknown jump (code 0x%02x)", i->code);
	*next = *s;
	*taken = *s;
	if (null_test(i, &x, &y, &eq) || (null_test(i, &y, &x, &eq) && (x = y, true))) {
		if (need_whole(a, w, insn, &x, "pointer-compare", "is compared", e))
			return e->code;
		state_set_null(taken, x.id, eq);
		state_set_null(next, x.id, !eq);
		return 0;
	}
	if (need_whole(a, w, insn, &x, "pointer-compare", "is compared", e) ||
	    need_whole(a, w, insn, &y, "pointer-compare", "is compared", e))
		return e->code;
	if (w->base && (insn_uses(i) >> FP & 1))
		return refuse(a, w, insn, "bad-instruction", e, "the frame pointer of a subprogram is compared");
	if (x.kind != VAL_NUM || y.kind != VAL_NUM)
		return 0;
	p = x.num, q = y.num;
	yes = num_refine(BPF_OP(i->code), true, is64, &p, &q);
	if (yes) {
		refine_reg(taken, i->dst_reg, &p);
		if (BPF_SRC(i->code) == BPF_X)
			refine_reg(taken, i->src_reg, &q);
	}
	p = x.num, q = y.num;
	no = num_refine(BPF_OP(i->code), false, is64, &p, &q);
	if (no) {
		refine_reg(next, i->dst_reg, &p);
		if (BPF_SRC(i->code) == BPF_X)
			refine_reg(next, i->src_reg, &q);
	}
	f->always = yes == no ? 0 : yes ? 1 : -1;
	return 0;
}
