/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
#ifndef ABIDE_TESTS_MODULE_KIT_H
#define ABIDE_TESTS_MODULE_KIT_H

#include <string.h>

#include "btf_build.h"
#include "object/btf.h"

/*
 * Split BTF of a module on the kernel's: int, struct only_new with x elsewhere than the new kernel has it,
 * and void do_old(void). Strings go on where the kernel's end.
 */
static inline const void *make_module(const struct btf_data *base, struct bb *m, size_t *size)
{
	uint32_t strings, first = btf_count(base), at;
	struct btf_header h;

	memcpy(&h, btf_bytes(base, size), sizeof(h));
	strings = h.str_len;
	m->nr = first - 1;
	at = strings + bb_str(m, "int");
	bb_u32(m, &m->types, at);
	bb_u32(m, &m->types, BTF_KIND_INT << 24);
	bb_u32(m, &m->types, 4);
	bb_u32(m, &m->types, BTF_INT_SIGNED << 24 | 32);
	at = strings + bb_str(m, "only_new");
	bb_u32(m, &m->types, at);
	bb_u32(m, &m->types, BTF_KIND_STRUCT << 24 | 1);
	bb_u32(m, &m->types, 12);
	at = strings + bb_str(m, "x");
	bb_u32(m, &m->types, at);
	bb_u32(m, &m->types, first);
	bb_u32(m, &m->types, 64);
	bb_u32(m, &m->types, 0); /* the prototype: no name, void, nothing */
	bb_u32(m, &m->types, BTF_KIND_FUNC_PROTO << 24);
	bb_u32(m, &m->types, 0);
	at = strings + bb_str(m, "do_old");
	bb_u32(m, &m->types, at);
	bb_u32(m, &m->types, BTF_KIND_FUNC << 24);
	bb_u32(m, &m->types, first + 2);
	return bb_finish(m, size);
}

#endif
