/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * One access becomes instructions. In: the access that resolve found and the registers
 * that are free. Out: code that leaves the stable value in the load's destination. Two
 * lowerings: plain loads through pointers whose type the kernel knows, and fetches
 * (bpf_probe_read_kernel into a stack slot, live registers saved around the call) where it
 * does not or refuses. Scratch registers are dead ones; when all are alive one is put on
 * the stack for the while.
 */
#include <errno.h>

#include "analyze/insn.h"
#include "translate/lower.h"

#define HELPER_PROBE_READ_KERNEL 113
#define HELPER_GET_CURRENT_TASK 35
#define HELPER_GET_CURRENT_TASK_BTF 158

/* The first of @regs, 10 if there is none. */
static unsigned first_of(uint16_t regs)
{
	return (regs & 0x3ff) ? (unsigned)__builtin_ctz(regs & 0x3ff) : 10;
}

struct scratch scratch_take(struct lower *l)
{
	uint16_t busy = l->pinned | l->reserved;
	struct scratch s = { .reg = first_of(l->usable & (uint16_t)~(l->live | l->needed | busy)) };

	if (s.reg == 10)
		s.reg = first_of(l->live & (uint16_t)~busy);
	if (s.reg == 10) /* needed by a path that did not come here */
		s.reg = first_of(l->usable & (uint16_t)~busy);
	if (l->live >> s.reg & 1) {
		s.saved = true;
		s.slot = SLOT_SCRATCH + l->borrowed++;
		emit_store(l->m, 8, FP, emit_slot(l->m, s.slot), s.reg);
	}
	l->reserved |= (uint16_t)(1u << s.reg);
	return s;
}

void scratch_hold(struct lower *l, struct scratch s)
{
	l->pinned |= (uint16_t)(1u << s.reg);
}

void scratch_give(struct lower *l, struct scratch s)
{
	l->pinned &= (uint16_t)~(1u << s.reg);
	l->reserved &= (uint16_t)~(1u << s.reg);
	if (!s.saved)
		return;
	emit_load(l->m, 8, s.reg, FP, emit_slot(l->m, s.slot));
	l->borrowed--;
}

/* Registers that a helper call clobbers and that must survive it. */
static uint16_t to_save(const struct lower *l, unsigned dst)
{
	return (l->live | l->pinned) & 0x3f & (uint16_t)~(1u << dst);
}

static void save_all(struct lower *l, uint16_t regs, bool restore)
{
	unsigned r;

	for (r = 0; r < 6; r++) {
		if (!(regs >> r & 1))
			continue;
		if (restore)
			emit_load(l->m, 8, r, FP, emit_slot(l->m, SLOT_SAVE + r));
		else
			emit_store(l->m, 8, FP, emit_slot(l->m, SLOT_SAVE + r), r);
	}
}

static void chain_open(struct lower *l)
{
	l->chained = true;
	l->saved = 0;
}

static void chain_close(struct lower *l)
{
	save_all(l, l->saved, true);
	l->chained = false;
	l->saved = 0;
}

/* Before a helper call that clobbers r0..r5; in a chain the first call's saves hold for all. */
static uint16_t save_for_call(struct lower *l, unsigned dst)
{
	uint16_t saved = to_save(l, dst);

	if (l->chained && l->saved)
		return 0;
	save_all(l, saved, false);
	if (!l->chained)
		return saved;
	l->saved = saved;
	return 0;
}

/* r3 holds the address: bpf_probe_read_kernel(slot, size, r3), which gives 0 for what cannot be read. */
static void call_fetch(struct lower *l, unsigned dst, uint32_t size, uint16_t saved)
{
	int16_t slot = emit_slot(l->m, SLOT_FETCH);

	emit_mov(l->m, 1, FP);
	emit_alu_k(l->m, BPF_ADD, 1, slot);
	emit_number(l->m, 2, size);
	emit_call(l->m, HELPER_PROBE_READ_KERNEL);
	save_all(l, saved, true);
	emit_load(l->m, size, dst, FP, slot);
}

void lower_read(struct lower *l, unsigned dst, unsigned base, int32_t off, uint32_t size, bool fetch)
{
	uint16_t saved;

	if (!fetch && off == (int16_t)off) {
		emit_load(l->m, size, dst, base, (int16_t)off);
		return;
	}
	if (!fetch) { /* an offset beyond 16 bits: the kernel takes a constant added to a typed pointer */
		emit_mov(l->m, dst, base);
		emit_alu_k(l->m, BPF_ADD, dst, off);
		emit_load(l->m, size, dst, dst, 0);
		return;
	}
	saved = save_for_call(l, dst);
	emit_mov(l->m, 3, base);
	if (off)
		emit_alu_k(l->m, BPF_ADD, 3, off);
	call_fetch(l, dst, size, saved);
}

void lower_read_indexed(struct lower *l, unsigned dst, unsigned base, int32_t off, unsigned index, uint32_t max,
			uint32_t size)
{
	uint16_t saved = to_save(l, dst);
	int32_t mask = max ? (int32_t)(UINT32_MAX >> __builtin_clz(max)) : 0;

	save_all(l, saved, false);
	/* the index is known to be at most max; the mask lets an old kernel see it */
	emit_alu_k(l->m, BPF_AND, index, mask);
	if (index == 3) {
		emit_alu_x(l->m, BPF_ADD, 3, base);
	} else {
		emit_mov(l->m, 3, base);
		emit_alu_x(l->m, BPF_ADD, 3, index);
	}
	if (off)
		emit_alu_k(l->m, BPF_ADD, 3, off);
	call_fetch(l, dst, size, saved);
}

void lower_current(struct lower *l, unsigned dst)
{
	bool typed = target_has_helper(l->t, HELPER_GET_CURRENT_TASK_BTF);
	bool chained = l->chained;
	uint16_t saved;

	/* plain loads follow, and may leave for where a NULL is handled: everything must be back */
	if (typed)
		l->chained = false;
	saved = save_for_call(l, dst);
	emit_call(l->m, typed ? HELPER_GET_CURRENT_TASK_BTF : HELPER_GET_CURRENT_TASK);
	emit_mov(l->m, dst, 0);
	save_all(l, saved, true);
	l->chained = chained;
}

/*
 * Walk to the last pointer of a path, in an open chain: no jump leaves after its first fetch. *cur is the register that holds it in the end: @base,
 * or @dst if anything was loaded. Returns whether loads from there are fetches.
 */
static bool walk_hops(struct lower *l, unsigned dst, unsigned base, const struct access_path *p, bool untyped,
		      uint32_t null, unsigned *cur)
{
	bool fetch = untyped;
	uint32_t i;

	*cur = base;
	if (p->root == ROOT_ARG) {
		emit_load(l->m, 8, dst, base, (int16_t)(8 * p->arg));
		*cur = dst;
		if (p->arg_nullable)
			emit_jump_k(l->m, BPF_JEQ, dst, 0, null);
	} else if (p->root == ROOT_CURRENT) {
		lower_current(l, dst);
		*cur = dst;
		fetch = !target_has_helper(l->t, HELPER_GET_CURRENT_TASK_BTF);
	}
	for (i = 0; i < p->nr_hops; i++) {
		const struct access_hop *h = &p->hops[i];

		fetch |= h->fetch;
		lower_read(l, dst, *cur, (int32_t)h->off, 8, fetch);
		*cur = dst;
		if (h->nullable && !fetch)
			emit_jump_k(l->m, BPF_JEQ, dst, 0, null);
	}
	return fetch;
}

/* @size bytes at @from of what the path leads to. */
static void read_bytes(struct lower *l, unsigned dst, unsigned base, const struct access_path *p, bool untyped,
		       uint32_t from, uint32_t size, uint32_t null)
{
	unsigned cur;
	bool fetch;

	chain_open(l);
	fetch = walk_hops(l, dst, base, p, untyped, null, &cur);
	lower_read(l, dst, cur, (int32_t)(p->off + from), size, fetch || p->fetch);
	chain_close(l);
}

static void read_address(struct lower *l, unsigned dst, unsigned base, const struct access_path *p, bool untyped,
			 uint32_t null)
{
	unsigned cur;

	chain_open(l);
	walk_hops(l, dst, base, p, untyped, null, &cur);
	emit_mov(l->m, dst, cur);
	if (p->off)
		emit_alu_k(l->m, BPF_ADD, dst, (int32_t)p->off);
	chain_close(l);
}

/* A number that the tracepoint hands over, extended to 64 bits as its type says. */
static void read_arg(struct lower *l, unsigned dst, unsigned base, const struct access_path *p)
{
	uint32_t size = p->arg_size ? p->arg_size : 8;

	emit_load(l->m, size, dst, base, (int16_t)(8 * p->arg));
	if (p->arg_sign && size < 8) {
		emit_alu_k(l->m, BPF_LSH, dst, (int32_t)(64 - 8 * size));
		emit_alu_k(l->m, BPF_ARSH, dst, (int32_t)(64 - 8 * size));
	}
}

static void extract_bits(struct lower *l, unsigned dst, const struct access_path *p)
{
	emit_alu_k(l->m, BPF_LSH, dst, 64 - p->bit_off - p->bit_size);
	emit_alu_k(l->m, p->sign ? BPF_ARSH : BPF_RSH, dst, 64 - p->bit_size);
}

/* The whole value of one path, without operations; @null with dst = 0 when a pointer is NULL. */
static void read_path(struct lower *l, unsigned dst, unsigned base, const struct access_path *p, bool untyped,
		      uint32_t null)
{
	if (p->root == ROOT_CONST) {
		emit_number(l->m, dst, p->imm);
		return;
	}
	if (p->root == ROOT_ARG && p->value) {
		read_arg(l, dst, base, p);
		return;
	}
	if (p->root == ROOT_CURRENT && p->value) {
		lower_current(l, dst);
		return;
	}
	if (p->value) { /* the address of a member */
		read_address(l, dst, base, p, untyped, null);
		return;
	}
	read_bytes(l, dst, base, p, untyped, 0, p->size, null);
	if (p->bit_size)
		extract_bits(l, dst, p);
}

/* The second path of "a or b", "a unless b", read while the base is still there. */
static void read_both(struct lower *l, unsigned dst, unsigned base, const struct access *acc, bool untyped,
		      uint32_t null)
{
	uint32_t none = emit_label(l->m), end = emit_label(l->m);
	struct scratch s;
	uint16_t pinned = l->pinned, reserved = l->reserved;

	l->pinned |= (uint16_t)(1u << base);
	l->reserved |= (uint16_t)(1u << dst);
	s = scratch_take(l);
	read_path(l, s.reg, base, &acc->second, untyped, none);
	emit_bind(l->m, none);
	scratch_hold(l, s);
	none = emit_label(l->m);
	/* a NULL on the way of the first path must still give the scratch register back */
	read_path(l, dst, base, &acc->path, untyped, s.saved ? none : null);
	if (acc->combine == CAT_OR) {
		emit_alu_x(l->m, BPF_OR, dst, s.reg);
	} else {
		emit_jump_k(l->m, BPF_JEQ, s.reg, 0, end);
		emit_number(l->m, dst, 0);
	}
	emit_bind(l->m, end);
	emit_bind(l->m, none);
	scratch_give(l, s);
	l->pinned = pinned;
	l->reserved = reserved;
}

/* Cut a 64-bit value to bytes [from, from+size). */
static void slice(struct lower *l, unsigned dst, uint32_t from, uint32_t size)
{
	if (from)
		emit_alu_k(l->m, BPF_RSH, dst, (int32_t)(8 * from));
	if (size == 4)
		emit_mov32(l->m, dst, dst);
	else if (size < 4)
		emit_alu_k(l->m, BPF_AND, dst, size == 1 ? 0xff : 0xffff);
}

static int read_in_place(struct lower *l, unsigned dst, unsigned base, const struct access_path *p, bool untyped,
			 uint32_t from, uint32_t size, uint32_t null, struct abide_error *e)
{
	if (from >= p->size) { /* the kernel's array is shorter than the promised one */
		emit_number(l->m, dst, 0);
		return 0;
	}
	if (from + size > p->size)
		return error_set(e, -ENOTSUP, "field-narrow", "a load reaches over the end of the kernel's array");
	read_bytes(l, dst, base, p, untyped, from, size, null);
	return 0;
}

/* No operation, no bit-field, no second path: the load itself can read the bytes wanted. */
static bool is_simple(const struct access *acc)
{
	return acc->combine == CAT_ALONE && !acc->nr_ops && !acc->path.bit_size && !acc->path.value &&
	       acc->path.root != ROOT_CONST;
}

/* Can what the path gives have bits beyond @size bytes? */
static bool path_fits(const struct access_path *p, uint32_t size)
{
	if (p->root == ROOT_CONST)
		return p->imm >= 0 && (size >= 8 || p->imm >> (8 * size) == 0);
	if (p->value)
		return p->root == ROOT_ARG && p->arg_size && p->arg_size <= size && !p->arg_sign;
	return p->size <= size && !(p->sign && p->bit_size); /* loads fill up with zeros */
}

static bool rules_fit(const struct cat_rules *r)
{
	bool ok = r->otherwise >= 0 && r->otherwise <= UINT32_MAX;
	uint32_t i;

	for (i = 0; i < r->nr_rules; i++)
		ok &= r->rules[i].result >= 0 && r->rules[i].result <= UINT32_MAX;
	return ok;
}

/* Can the value, as it comes out of the operations, have bits beyond @size bytes? */
static bool fits(const struct access *acc, uint32_t size)
{
	bool ok = path_fits(&acc->path, size) && (acc->combine != CAT_OR || path_fits(&acc->second, size));
	uint32_t i;

	for (i = 0; i < acc->nr_ops; i++)
		switch (acc->ops[i].kind) {
		case ACCESS_AND:
			ok |= acc->ops[i].imm >= 0 && acc->ops[i].imm <= 0xff;
			break;
		case ACCESS_NONZERO:
			ok = true;
			break;
		case ACCESS_SHR:
			break;
		case ACCESS_BSWAP:
			ok = acc->ops[i].imm <= 8 * size;
			break;
		case ACCESS_RANGES: /* enumerators are 32 bits wide */
			ok = size >= 4;
			break;
		case ACCESS_RULES:
			ok = size >= 4 && rules_fit(acc->ops[i].rules);
			break;
		case ACCESS_SHL:
		case ACCESS_ADD:
		case ACCESS_SEXT:
			ok = false;
			break;
		}
	return ok;
}

int lower_value(struct lower *l, unsigned dst, unsigned base, const struct access *acc, bool untyped, uint32_t whole,
		uint32_t from, uint32_t size, uint32_t null, struct abide_error *e)
{
	const struct access_path *p = &acc->path;

	if (p->in_place)
		return read_in_place(l, dst, base, p, untyped, from, size, null, e);
	if (is_simple(acc)) {
		if (from >= p->size) {
			emit_number(l->m, dst, 0);
			return 0;
		}
		read_bytes(l, dst, base, p, untyped, from, size < p->size - from ? size : p->size - from, null);
		return 0;
	}
	if (p->root == ROOT_ARG && p->value && acc->combine == CAT_ALONE && !acc->nr_ops && !from &&
	    (size <= p->arg_size || !p->arg_sign)) {
		/* the load itself cuts or extends */
		emit_load(l->m, size < p->arg_size ? size : p->arg_size, dst, base, (int16_t)(8 * p->arg));
		return 0;
	}
	if (acc->combine == CAT_ALONE)
		read_path(l, dst, base, p, untyped, null);
	else
		read_both(l, dst, base, acc, untyped, null);
	lower_ops(l, dst, acc);
	if (from || size < whole || (whole < 8 && !fits(acc, size)))
		slice(l, dst, from, size);
	return 0;
}

void lower_address(struct lower *l, unsigned dst, unsigned base, const struct access *acc, bool untyped, uint32_t null)
{
	if (acc->path.root == ROOT_ARG && acc->path.value)
		read_arg(l, dst, base, &acc->path);
	else if (acc->path.in_place)
		read_address(l, dst, base, &acc->path, untyped, null);
	else
		read_bytes(l, dst, base, &acc->path, untyped, 0, 8, null);
}
