/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Arithmetic. In: one ALU operation or 64-bit load and the running state. Out: the register that it
 * writes. Refused: operands that hold nothing, and with pointers whatever is not the
 * addition or subtraction of a 64-bit number, or the distance within one object.
 *
 * A copy is tied to what it was copied from, and x + constant to x, so that what a
 * comparison says of one is known of the others (verify_branch.c).
 */
#include <endian.h>
#include <errno.h>
#include <string.h>

#include "process/verify_walk.h"

/* So that differences of any two fit in 32 bits. */
#define MAX_DELTA (1 << 29)

static struct value *dst_of(struct verifier *v, const struct bpf_insn *i)
{
	return &state_top(v->now)->r[i->dst_reg];
}

static int refuse_pointer(struct verifier *v, unsigned reg, const struct value *p, const char *why)
{
	char text[120];

	return verify_refuse(v, TAG_ARITHMETIC, "r%u is %s, %s", reg, verify_value_text(v, p, text, sizeof(text)), why);
}

/* Whether numbers may be added to it. */
static int check_movable(struct verifier *v, unsigned reg, const struct value *p)
{
	if (p->kind == KIND_MAP || p->kind == KIND_FUNCTION)
		return refuse_pointer(v, reg, p, "which has no parts to point to");
	if (p->null && p->kind != KIND_TYPED)
		return refuse_pointer(v, reg, p, "and arithmetic would hide that");
	return 0;
}

bool verify_same_object(const struct verifier *v, const struct value *a, const struct value *b)
{
	if (a->kind != b->kind || a->index != b->index || a->null || b->null)
		return false;
	switch ((enum value_kind)a->kind) {
	case KIND_STACK:
	case KIND_MEMORY:
	case KIND_CONTEXT:
	case KIND_RECORD:
		return true;
	case KIND_ELEMENT:
		return (a->id && a->id == b->id) || v->in->maps[a->index].max_entries == 1;
	default:
		return false;
	}
}

/* dst += number or dst -= number, where one is a pointer. */
static int pointer_alu(struct verifier *v, const struct bpf_insn *i, const struct value *a, const struct value *b)
{
	uint8_t op = BPF_OP(i->code);
	const struct value *p = value_is_pointer(a) ? a : b;
	unsigned reg = p == a ? i->dst_reg : i->src_reg;
	struct value out = *p;
	int err;

	if (BPF_CLASS(i->code) != BPF_ALU64)
		return refuse_pointer(v, reg, p, "and 32 bits of it are no address");
	if (op == BPF_SUB && value_is_pointer(a) && value_is_pointer(b)) {
		if (!verify_same_object(v, a, b))
			return refuse_pointer(v, i->dst_reg, a, "and the other operand does not point into the same object");
		*dst_of(v, i) = value_number(num_alu(BPF_SUB, &a->num, &b->num, true, false));
		return 0;
	}
	if (value_is_pointer(a) && value_is_pointer(b))
		return refuse_pointer(v, i->dst_reg, a, "and so is the other operand");
	if ((op != BPF_ADD && op != BPF_SUB) || (op == BPF_SUB && p == b))
		return refuse_pointer(v, reg, p, "and only addition and subtraction of a number keep it one");
	err = check_movable(v, reg, p);
	if (err)
		return err;
	out.num = num_alu(op, &a->num, &b->num, true, false);
	if (p->null) /* of NULL + 8 a test against NULL says nothing */
		out.id = 0;
	*dst_of(v, i) = out;
	return 0;
}

static struct num swapped(const struct num *n, unsigned bits, bool swap)
{
	struct num low = num_zext(n, bits), mask, known;
	uint64_t set, open;

	if (!swap)
		return low;
	set = __builtin_bswap64(low.bits) >> (64 - bits);
	open = __builtin_bswap64(low.unknown) >> (64 - bits);
	mask = num_const(set | open);
	known = num_const(set);
	low = num_any();
	low = num_alu(BPF_AND, &low, &mask, true, false);
	return num_alu(BPF_OR, &low, &known, true, false);
}

static int byte_order(struct verifier *v, const struct bpf_insn *i, const struct value *a)
{
	bool swap = BPF_CLASS(i->code) == BPF_ALU64;

	if (!swap)
		swap = (BPF_SRC(i->code) == BPF_TO_BE) == (BYTE_ORDER == LITTLE_ENDIAN);
	*dst_of(v, i) = value_number(swapped(&a->num, (unsigned)i->imm, swap));
	return 0;
}

/* A copy of a number is tied to it, unless its value is known anyway. */
static void move(struct verifier *v, const struct bpf_insn *i, struct value x)
{
	struct value *src = i->src_reg == FP ? NULL : &state_top(v->now)->r[i->src_reg];

	if (src && x.kind == KIND_NUMBER && !num_is_const(&x.num) && !x.id) {
		x.id = src->id = ++v->next_id;
		x.delta = src->delta = 0;
	}
	*dst_of(v, i) = x;
}

static bool fits(const struct num *n, unsigned bits)
{
	return n->smin >= -(1ll << (bits - 1)) && n->smax < 1ll << (bits - 1);
}

static int mov_reg(struct verifier *v, const struct bpf_insn *i, const struct value *b)
{
	bool is64 = BPF_CLASS(i->code) == BPF_ALU64;
	struct num n;

	if (i->off) { /* movsx */
		n = num_sext(&b->num, (unsigned)i->off);
		n = is64 ? n : num_zext(&n, 32);
	} else {
		n = is64 ? b->num : num_zext(&b->num, 32);
	}
	/* an extension changes nothing of a number that fits: then it is a copy */
	if (is64 ? !i->off || fits(&b->num, (unsigned)i->off) : !i->off && b->num.umax <= UINT32_MAX)
		move(v, i, *b);
	else
		*dst_of(v, i) = value_number(n);
	return 0;
}

static int number_alu(struct verifier *v, const struct bpf_insn *i, const struct value *a, const struct value *b)
{
	bool is64 = BPF_CLASS(i->code) == BPF_ALU64, same = BPF_SRC(i->code) == BPF_X && i->dst_reg == i->src_reg;
	uint8_t op = BPF_OP(i->code);
	struct value out = value_number(num_alu(op, &a->num, &b->num, is64, i->off == 1));
	int64_t delta;

	if (same && (op == BPF_SUB || op == BPF_XOR))
		out.num = num_const(0);
	if (is64 && a->id && (op == BPF_ADD || op == BPF_SUB) && num_is_const(&b->num) && b->num.smin >= -MAX_DELTA &&
	    b->num.smin <= MAX_DELTA) {
		delta = a->delta + (op == BPF_ADD ? b->num.smin : -b->num.smin);
		if (delta >= -MAX_DELTA && delta <= MAX_DELTA) {
			out.id = a->id;
			out.delta = (int32_t)delta;
		}
	}
	*dst_of(v, i) = out;
	return 0;
}

int verify_alu(struct verifier *v, const struct bpf_insn *i)
{
	bool one = v->form[v->pc] == FORM_ALU_1, mov = BPF_OP(i->code) == BPF_MOV;
	struct value tmp, tmp2, a = { 0 }, b = value_number(num_const((uint64_t)(int64_t)i->imm));
	const struct value *x;

	if (!one && BPF_SRC(i->code) == BPF_X) {
		x = verify_read(v, i->src_reg, &tmp);
		if (!x)
			return -EINVAL;
		b = *x;
	}
	if (mov && b.kind != KIND_NUMBER) {
		if (BPF_CLASS(i->code) != BPF_ALU64 || i->off)
			return refuse_pointer(v, i->src_reg, &b, "and a part of it is no address");
		*dst_of(v, i) = b;
		return 0;
	}
	if (mov)
		return BPF_SRC(i->code) == BPF_X ? mov_reg(v, i, &b) : number_alu(v, i, &b, &b);
	x = verify_read(v, i->dst_reg, &tmp2);
	if (!x)
		return -EINVAL;
	a = *x;
	if (one) {
		if (a.kind != KIND_NUMBER)
			return refuse_pointer(v, i->dst_reg, &a, "and only addition and subtraction of a number keep it one");
		return BPF_OP(i->code) == BPF_END ? byte_order(v, i, &a) : number_alu(v, i, &a, &b);
	}
	if (value_is_pointer(&a) || value_is_pointer(&b))
		return pointer_alu(v, i, &a, &b);
	return number_alu(v, i, &a, &b);
}

int verify_load64(struct verifier *v, const struct bpf_insn *i)
{
	struct value out = { .num = num_const(0) };
	int64_t at = (int64_t)v->pc + 1 + i->imm;

	switch (v->form[v->pc]) {
	case FORM_LD64:
		out = value_number(num_const((uint64_t)(uint32_t)i[1].imm << 32 | (uint32_t)i->imm));
		break;
	case FORM_LDFUNC:
		out.kind = KIND_FUNCTION;
		out.index = (uint32_t)at;
		break;
	case FORM_MAP:
		out.kind = KIND_MAP;
		out.index = (uint32_t)i->imm;
		break;
	default: /* FORM_MAP_VALUE: of an array with one element */
		out.kind = KIND_ELEMENT;
		out.index = (uint32_t)i->imm;
		out.num = num_const((uint32_t)i[1].imm);
	}
	*dst_of(v, i) = out;
	return 0;
}
