/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Call frame information for one place in the code: in an object's .eh_frame_hdr the entry of
 * the function is searched by bisection; the instructions of its common entry and its own are
 * run up to the place, which gives a row of rules. Format: Linux Standard Base 5.0, 10.6;
 * DWARF 4, 6.4. Objects come and go (dlclose) and may say anything, so every byte is copied by
 * a read that may fail, and read from the copy through a cursor.
 *
 * Objects are found by _dl_find_object (glibc 2.35), which takes no lock. Without it there
 * are no rules, and stacks have one address.
 */
#include <dlfcn.h>
#include <string.h>

#include "process/fault.h"
#include "process/unwind_cfi.h"
#include "util/cursor.h"

#if defined(__x86_64__) && defined(DLFO_STRUCT_HAS_EH_DBASE)

#define KEPT 4 /* rows that remember_state keeps */

/* DW_EH_PE_*: the low half is the format, the high one what it is added to. */
enum { PE_ABS = 0, PE_U2 = 2, PE_U4 = 3, PE_U8 = 4, PE_S2 = 10, PE_S4 = 11, PE_S8 = 12, PE_OMIT = 0xff };
enum { PE_PCREL = 0x10, PE_DATAREL = 0x30 };

extern int _dl_find_object(void *, struct dl_find_object *) __attribute__((weak));

/* An encoded pointer; @here: the address of the bytes at hand, which pc-relative ones begin at. */
static uint64_t pointer(struct cursor *c, uint8_t encoding, uint64_t here, uint64_t data)
{
	uint64_t v;

	switch (encoding & 15) {
	case PE_ABS:
	case PE_U8:
	case PE_S8:
		v = cursor_u64(c);
		break;
	case PE_U2:
		v = cursor_u16(c);
		break;
	case PE_S2:
		v = (uint64_t)(int16_t)cursor_u16(c);
		break;
	case PE_U4:
		v = cursor_u32(c);
		break;
	case PE_S4:
		v = (uint64_t)(int32_t)cursor_u32(c);
		break;
	default:
		c->bad = true;
		return 0;
	}
	switch (encoding & 0x70) {
	case 0:
		return v;
	case PE_PCREL:
		return v + here;
	case PE_DATAREL:
		return v + data;
	}
	c->bad = true;
	return 0;
}

static const void *at(uint64_t address)
{
	return (const void *)(uintptr_t)address;
}

/* The address of the function's entry, 0 if there is none. The table: sorted pairs of 4-byte distances. */
static uint64_t search(uint64_t hdr, uint64_t pc)
{
	struct {
		uint8_t version, frame_encoding, count_encoding, table_encoding;
		int32_t frame;
		uint32_t count;
	} head;
	int32_t pair[2];
	uint32_t lo = 0, hi;

	if (fault_read(&head, at(hdr), sizeof(head)) || head.version != 1 ||
	    head.frame_encoding != (PE_PCREL | PE_S4) || head.count_encoding != PE_U4 ||
	    head.table_encoding != (PE_DATAREL | PE_S4) || !head.count)
		return 0;
	hi = head.count;
	while (hi - lo > 1) {
		uint32_t mid = lo + (hi - lo) / 2;

		if (fault_read(pair, at(hdr + 12 + (uint64_t)mid * 8), 4))
			return 0;
		if (hdr + (uint64_t)pair[0] <= pc)
			lo = mid;
		else
			hi = mid;
	}
	if (fault_read(pair, at(hdr + 12 + (uint64_t)lo * 8), 8) || hdr + (uint64_t)pair[0] > pc)
		return 0;
	return hdr + (uint64_t)pair[1];
}

/* Copy the entry at @address; its bytes behind the length, as many as there is room for. */
static bool copy_entry(uint64_t address, uint8_t *to, struct cursor *out)
{
	uint32_t length;

	if (fault_read(&length, at(address), 4) || length < 4 || length == UINT32_MAX)
		return false;
	if (length > CFI_ENTRY)
		length = CFI_ENTRY;
	if (fault_read(to, at(address + 4), length))
		return false;
	*out = cursor_over(to, length);
	return true;
}

/* A common entry's part of the parsing. */
struct common {
	uint64_t code_align;
	int64_t data_align;
	uint8_t encoding; /* of addresses in entries of functions */
	bool augmented, signal;
};

static bool read_common(struct cursor *c, struct common *x)
{
	char letters[8];
	size_t n = 0, end, k;
	uint8_t version;

	*x = (struct common){ .encoding = PE_ABS };
	if (cursor_u32(c)) /* the mark of a common entry is 0 */
		return false;
	version = cursor_u8(c);
	if (version != 1 && version != 3)
		return false;
	do {
		if (n == sizeof(letters))
			return false;
		letters[n] = (char)cursor_u8(c);
	} while (letters[n++] && !c->bad);
	x->code_align = cursor_uleb(c);
	x->data_align = cursor_sleb(c);
	if ((version == 1 ? cursor_u8(c) : cursor_uleb(c)) != CFI_RA)
		return false;
	if (letters[0] != 'z')
		return !letters[0] && !c->bad;
	x->augmented = true;
	end = (size_t)cursor_uleb(c);
	end += c->at;
	for (k = 1; letters[k]; k++)
		switch (letters[k]) {
		case 'R':
			x->encoding = cursor_u8(c);
			break;
		case 'P':
			pointer(c, cursor_u8(c) & 15, 0, 0);
			break;
		case 'L':
			cursor_u8(c);
			break;
		case 'S':
			x->signal = true;
			break;
		default:
			return false;
		}
	cursor_seek(c, end);
	return !c->bad;
}

struct machine {
	const struct common *common;
	struct cfi_row *row;
	const struct cfi_row *initial; /* what restore goes back to */
	struct cfi_row kept[KEPT];
	uint32_t nr_kept;
	uint64_t place, pc;
	size_t base; /* of the bytes at hand, in struct cfi's */
};

static void set(struct machine *m, uint64_t reg, enum cfi_rule rule, int64_t value)
{
	if (reg < CFI_REGS)
		m->row->cells[reg] = (struct cfi_cell){ .rule = (uint8_t)rule, .value = value };
}

static void set_expression(struct machine *m, struct cursor *c, uint64_t reg, enum cfi_rule rule)
{
	uint64_t length = cursor_uleb(c);

	if (reg < CFI_REGS)
		m->row->cells[reg] = (struct cfi_cell){ .rule = (uint8_t)rule,
			                                .length = (uint16_t)length,
			                                .value = (int64_t)(m->base + c->at) };
	cursor_take(c, (size_t)length);
}

static void set_cfa(struct machine *m, uint64_t reg, int64_t value, struct cursor *c)
{
	if (reg >= CFI_REGS)
		c->bad = true;
	m->row->by_expression = false;
	m->row->cfa_reg = (uint8_t)reg;
	m->row->cfa_value = value;
}

static void restore(struct machine *m, uint64_t reg)
{
	if (reg < CFI_REGS)
		m->row->cells[reg] = m->initial ? m->initial->cells[reg] : (struct cfi_cell){ 0 };
}

/* Operations that have a whole byte; false: unknown, or nonsense. */
static bool extended(struct machine *m, struct cursor *c, uint8_t op)
{
	int64_t data = m->common->data_align;
	uint64_t reg, value;

	switch (op) {
	case 0x00: /* nop */
		return true;
	case 0x02: /* advance_loc1, 2, 4 */
		m->place += cursor_u8(c) * m->common->code_align;
		return true;
	case 0x03:
		m->place += cursor_u16(c) * m->common->code_align;
		return true;
	case 0x04:
		m->place += cursor_u32(c) * m->common->code_align;
		return true;
	case 0x05: /* offset_extended */
		reg = cursor_uleb(c);
		set(m, reg, CFI_AT, (int64_t)cursor_uleb(c) * data);
		return true;
	case 0x06: /* restore_extended */
		restore(m, cursor_uleb(c));
		return true;
	case 0x07: /* undefined */
		set(m, cursor_uleb(c), CFI_UNDEFINED, 0);
		return true;
	case 0x08: /* same_value */
		set(m, cursor_uleb(c), CFI_SAME, 0);
		return true;
	case 0x09: /* register */
		reg = cursor_uleb(c);
		value = cursor_uleb(c);
		if (value >= CFI_REGS)
			return false;
		set(m, reg, CFI_REGISTER, 0);
		if (reg < CFI_REGS)
			m->row->cells[reg].reg = (uint8_t)value;
		return true;
	case 0x0a: /* remember_state, restore_state */
		if (m->nr_kept == KEPT)
			return false;
		m->kept[m->nr_kept++] = *m->row;
		return true;
	case 0x0b:
		if (!m->nr_kept)
			return false;
		*m->row = m->kept[--m->nr_kept];
		return true;
	case 0x0c: /* def_cfa */
		reg = cursor_uleb(c);
		set_cfa(m, reg, (int64_t)cursor_uleb(c), c);
		return true;
	case 0x0d: /* def_cfa_register */
		set_cfa(m, cursor_uleb(c), m->row->cfa_value, c);
		return true;
	case 0x0e: /* def_cfa_offset */
		set_cfa(m, m->row->cfa_reg, (int64_t)cursor_uleb(c), c);
		return true;
	case 0x0f: /* def_cfa_expression */
		m->row->by_expression = true;
		value = cursor_uleb(c);
		m->row->cfa_length = (uint16_t)value;
		m->row->cfa_value = (int64_t)(m->base + c->at);
		cursor_take(c, (size_t)value);
		return true;
	case 0x10: /* expression */
		set_expression(m, c, cursor_uleb(c), CFI_AT_EXPRESSION);
		return true;
	case 0x11: /* offset_extended_sf */
		reg = cursor_uleb(c);
		set(m, reg, CFI_AT, cursor_sleb(c) * data);
		return true;
	case 0x12: /* def_cfa_sf */
		reg = cursor_uleb(c);
		set_cfa(m, reg, cursor_sleb(c) * data, c);
		return true;
	case 0x13: /* def_cfa_offset_sf */
		set_cfa(m, m->row->cfa_reg, cursor_sleb(c) * data, c);
		return true;
	case 0x14: /* val_offset, val_offset_sf */
		reg = cursor_uleb(c);
		set(m, reg, CFI_IS, (int64_t)cursor_uleb(c) * data);
		return true;
	case 0x15:
		reg = cursor_uleb(c);
		set(m, reg, CFI_IS, cursor_sleb(c) * data);
		return true;
	case 0x16: /* val_expression */
		set_expression(m, c, cursor_uleb(c), CFI_IS_EXPRESSION);
		return true;
	case 0x2e: /* GNU_args_size */
		cursor_uleb(c);
		return true;
	}
	return false;
}

/* Run until the place is past @m->pc, or to the end. */
static bool run(struct machine *m, struct cursor *c)
{
	while (c->at < c->size && !c->bad) {
		uint64_t place = m->place;
		uint8_t op = cursor_u8(c);

		switch (op & 0xc0) {
		case 0x40: /* advance_loc */
			m->place += (op & 0x3f) * m->common->code_align;
			break;
		case 0x80: /* offset */
			set(m, op & 0x3f, CFI_AT, (int64_t)cursor_uleb(c) * m->common->data_align);
			break;
		case 0xc0: /* restore */
			restore(m, op & 0x3f);
			break;
		default:
			if (!extended(m, c, op))
				return false;
		}
		if (m->place < place)
			return false;
		if (m->place > m->pc)
			return true;
	}
	return !c->bad;
}

bool cfi_find(uint64_t pc, struct cfi *out)
{
	struct dl_find_object object;
	struct cfi_row initial;
	struct cursor fde, cie;
	struct common common;
	struct machine m;
	uint64_t entry, first, length;
	uint32_t back;

	if (!_dl_find_object || _dl_find_object((void *)(uintptr_t)pc, &object))
		return false;
	entry = search((uintptr_t)object.dlfo_eh_frame, pc);
	if (!entry || !copy_entry(entry, out->bytes, &fde))
		return false;
	back = cursor_u32(&fde);
	if (!back || !copy_entry(entry + 4 - back, out->bytes + CFI_ENTRY, &cie) ||
	    !read_common(&cie, &common))
		return false;
	first = pointer(&fde, common.encoding, entry + 4 + fde.at, 0);
	length = pointer(&fde, common.encoding & 15, 0, 0);
	if (common.augmented) {
		uint64_t skip = cursor_uleb(&fde);

		cursor_take(&fde, (size_t)skip);
	}
	if (fde.bad || pc < first || pc - first >= length)
		return false;
	memset(&out->row, 0, sizeof(out->row));
	/* one by one: nothing has to be cleared that is only read when it was kept */
	m.common = &common;
	m.row = &out->row;
	m.initial = NULL;
	m.nr_kept = 0;
	m.place = first;
	m.pc = pc;
	m.base = CFI_ENTRY;
	if (!run(&m, &cie))
		return false;
	initial = out->row;
	m.initial = &initial;
	m.base = 0;
	out->signal = common.signal;
	out->size = sizeof(out->bytes);
	return run(&m, &fde);
}

#else

bool cfi_find(uint64_t pc, struct cfi *out)
{
	(void)pc;
	(void)out;
	return false;
}

#endif
