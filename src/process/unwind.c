/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The way up a stack, by call frame information: Debian's programs keep no frame pointers. Of
 * the first frame we know rbp, rsp and where it returns to; each step applies the rules of the
 * place (unwind_cfi.c) and gives the caller's registers, as far as they are known. Values on
 * the stack are read by reads that may fail.
 *
 * It ends at a return address that is marked as none (a thread's start), at code without
 * information, at a stack that does not grow, at anything that cannot be read.
 */
#include <string.h>

#include "process/fault.h"
#include "process/unwind.h"
#include "process/unwind_cfi.h"
#include "util/cursor.h"

struct registers {
	uint64_t value[CFI_REGS];
	uint32_t known; /* bits */
};

static bool is_known(const struct registers *r, uint32_t reg)
{
	return reg < CFI_REGS && r->known >> reg & 1;
}

static void know(struct registers *r, uint32_t reg, uint64_t value)
{
	r->value[reg] = value;
	r->known |= 1u << reg;
}

static bool load(uint64_t at, uint64_t *out)
{
	return !fault_read(out, (const void *)(uintptr_t)at, 8);
}

#define DEPTH 8

struct stack {
	uint64_t value[DEPTH];
	uint32_t nr;
	bool bad;
};

static void push(struct stack *s, uint64_t v)
{
	if (s->nr == DEPTH)
		s->bad = true;
	else
		s->value[s->nr++] = v;
}

static uint64_t pop(struct stack *s)
{
	if (!s->nr) {
		s->bad = true;
		return 0;
	}
	return s->value[--s->nr];
}

static void binary(struct stack *s, uint8_t op)
{
	uint64_t b = pop(s), a = pop(s);

	switch (op) {
	case 0x1a:
		push(s, a & b);
		break;
	case 0x1c:
		push(s, a - b);
		break;
	case 0x22:
		push(s, a + b);
		break;
	case 0x24:
		push(s, b < 64 ? a << b : 0);
		break;
	case 0x25:
		push(s, b < 64 ? a >> b : 0);
		break;
	case 0x2a:
		push(s, (int64_t)a >= (int64_t)b);
		break;
	default:
		s->bad = true;
	}
}

/* A DWARF expression (DWARF 4, 2.5): the operations that are found in call frame information. */
static bool evaluate(const struct cfi *cfi, int64_t at, uint32_t length, const struct registers *r,
                     const uint64_t *first, uint64_t *out)
{
	struct cursor all = cursor_over(cfi->bytes, cfi->size), c = cursor_sub(&all, (size_t)at, length);
	struct stack s = { 0 };
	uint64_t v;

	if (first)
		push(&s, *first);
	while (c.at < c.size && !c.bad && !s.bad) {
		uint8_t op = cursor_u8(&c);

		if (op >= 0x30 && op <= 0x4f) { /* lit0 to lit31 */
			push(&s, op - 0x30u);
		} else if (op >= 0x70 && op <= 0x8f) { /* breg0 to breg31 */
			if (!is_known(r, op - 0x70u))
				return false;
			push(&s, r->value[op - 0x70u] + (uint64_t)cursor_sleb(&c));
		} else if (op == 0x06) { /* deref */
			if (!load(pop(&s), &v))
				return false;
			push(&s, v);
		} else if (op == 0x08) { /* const1u */
			push(&s, cursor_u8(&c));
		} else if (op == 0x09) { /* const1s */
			push(&s, (uint64_t)(int8_t)cursor_u8(&c));
		} else if (op == 0x12) { /* dup */
			v = pop(&s);
			push(&s, v);
			push(&s, v);
		} else if (op == 0x23) { /* plus_uconst; no sign in what is not negative */
			push(&s, pop(&s) + (uint64_t)cursor_sleb(&c));
		} else {
			binary(&s, op);
		}
	}
	*out = pop(&s);
	return !c.bad && !s.bad;
}

static bool frame_address(const struct cfi *cfi, const struct registers *r, uint64_t *out)
{
	const struct cfi_row *row = &cfi->row;

	if (row->by_expression)
		return evaluate(cfi, row->cfa_value, row->cfa_length, r, NULL, out);
	if (!is_known(r, row->cfa_reg))
		return false;
	*out = r->value[row->cfa_reg] + (uint64_t)row->cfa_value;
	return true;
}

static bool cell(const struct cfi *cfi, const struct cfi_cell *x, uint32_t reg, const struct registers *r,
                 uint64_t cfa, uint64_t *out)
{
	switch ((enum cfi_rule)x->rule) {
	case CFI_SAME:
		*out = r->value[reg];
		return is_known(r, reg);
	case CFI_UNDEFINED:
		return false;
	case CFI_AT:
		return load(cfa + (uint64_t)x->value, out);
	case CFI_IS:
		*out = cfa + (uint64_t)x->value;
		return true;
	case CFI_REGISTER:
		*out = r->value[x->reg];
		return is_known(r, x->reg);
	case CFI_AT_EXPRESSION:
		return evaluate(cfi, x->value, x->length, r, &cfa, out) && load(*out, out);
	case CFI_IS_EXPRESSION:
		return evaluate(cfi, x->value, x->length, r, &cfa, out);
	}
	return false;
}

/* To the caller. False: this was the last one. */
static bool step(struct registers *r, bool *interrupted)
{
	uint64_t pc = r->value[CFI_RA], cfa, value;
	struct registers up = { 0 };
	struct cfi cfi;
	uint32_t reg;

	/* a return address may be that of the next function, when the call was the last instruction */
	if (!cfi_find(*interrupted ? pc : pc - 1, &cfi) || !frame_address(&cfi, r, &cfa))
		return false;
	/* stacks grow down; a signal may have another stack */
	if (!cfi.signal && !*interrupted && cfa <= r->value[CFI_RSP])
		return false;
	for (reg = 0; reg < CFI_REGS; reg++)
		if (cell(&cfi, &cfi.row.cells[reg], reg, r, cfa, &value))
			know(&up, reg, value);
	/* where nothing is said of rsp, it is the frame's address */
	if (cfi.row.cells[CFI_RSP].rule == CFI_SAME)
		know(&up, CFI_RSP, cfa);
	if (cfi.row.cells[CFI_RA].rule == CFI_SAME)
		return false;
	*interrupted = cfi.signal;
	*r = up;
	return is_known(r, CFI_RA) && r->value[CFI_RA];
}

uint32_t unwind_stack(const void *frame, uint32_t skip, uint64_t *out, uint32_t nr)
{
	uint64_t at = (uintptr_t)frame, saved[2];
	struct registers r = { 0 };
	bool interrupted = false;
	uint32_t n = 0;

	if (!frame || fault_read(saved, frame, sizeof(saved)) || !saved[1])
		return 0;
	know(&r, CFI_RBP, saved[0]);
	know(&r, CFI_RA, saved[1]);
	know(&r, CFI_RSP, at + 16);
	while (n < nr) {
		if (skip)
			skip--;
		else
			out[n++] = r.value[CFI_RA];
		if (n == nr || !step(&r, &interrupted))
			break;
	}
	return n;
}
