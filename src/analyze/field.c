/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Which fields a load of a user-ized struct reads. In: a byte range of the stable layout.
 * Out: one piece for each field that lies in it (compilers copy structs with loads that
 * cover several, and read parts of wide ones). Refused: bytes of no field, a load that
 * begins or ends inside a field while it also covers another, part of a pointer.
 */
#include "analyze/facts.h"

static bool in_place(const struct cat_field *f)
{
	return f->kind == CAT_CHARS || f->kind == CAT_BYTES;
}

static bool is_address(const struct cat_field *f)
{
	return f->kind == CAT_POINTER || f->kind == CAT_STRING || f->kind == CAT_USERPTR;
}

int field_pieces(const struct cat_struct *s, int64_t off, uint32_t size, struct piece pieces[MAX_PIECES])
{
	int64_t at, begin, end;
	uint32_t i, n = 0;

	for (i = 0; i < s->nr_fields; i++) {
		const struct cat_field *f = &s->fields[i];
		int64_t lo = f->offset, hi = lo + (int64_t)f->size * f->count;

		if (hi <= off || lo >= off + size)
			continue;
		begin = lo > off ? lo : off;
		end = hi < off + size ? hi : off + size;
		for (at = begin; at < end; n++) {
			uint32_t elem = in_place(f) ? 0 : (uint32_t)(at - lo) / f->size;
			int64_t elem_lo = lo + (int64_t)elem * f->size, stop = elem_lo + f->size;
			struct piece p = { .field = f, .elem = elem, .from = (uint32_t)(at - elem_lo),
					   .at = (uint32_t)(at - off) };

			if (stop > end)
				stop = end;
			p.size = (uint32_t)(stop - at);
			if (in_place(f)) /* loads come in 1, 2, 4 and 8 bytes */
				p.size = p.size >= 8 ? 8 : p.size >= 4 ? 4 : p.size >= 2 ? 2 : 1;
			stop = at + p.size;
			if (n == MAX_PIECES)
				return -1;
			if (is_address(f) && p.size != 8)
				return -2;
			if (!in_place(f) && p.size != f->size && p.size != size)
				return -1; /* part of this one and something of its neighbour */
			pieces[n] = p;
			at = stop;
		}
	}
	return (int)n;
}
