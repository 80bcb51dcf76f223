/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * x86-64 code for map_lookup_elem where the verifier says which map it is. Values of arrays
 * lie at an address that is computed in place (a constant one where the key is known); a
 * per-CPU array adds the slot's part; other maps are looked up by a direct call of their own
 * function, which saves the way through the table.
 *
 *	values + key * stride + slot * slot_stride
 */
#include <stddef.h>

#include "process/jit.h"
#include "process/map.h"

#if defined(__x86_64__)

enum jit_lookup jit_lookup_kind(const struct jit *j, const struct insn *i)
{
	const struct process_call *call = program_call(j->p, i);

	if (!call || !call->map)
		return LOOKUP_CALL;
	switch (process_map_def(call->map)->type) {
	case BPF_MAP_TYPE_ARRAY:
		return LOOKUP_ARRAY;
	case BPF_MAP_TYPE_PERCPU_ARRAY:
		return LOOKUP_PERCPU;
	}
	/* the third argument of C is in the way of another assignment */
	return j->rotated ? LOOKUP_CALL : LOOKUP_DIRECT;
}

static void load_slot(struct jit *j, uint8_t to)
{
	jit_load_run(j);
	x86_rm(&j->c, 0, false, 0x8b, to, mem_at(RUN, offsetof(struct process_run, slot)), false);
}

/* reg *= n, with @tmp if it must be. */
static void scale(struct jit *j, uint8_t reg, uint64_t n, uint8_t tmp)
{
	struct x86 *c = &j->c;

	if (!(n & (n - 1))) {
		if (n > 1)
			x86_shift(c, true, X86_SHL, reg, (uint8_t)__builtin_ctzll(n));
	} else if (n <= INT32_MAX) {
		x86_rr(c, true, 0x69, reg, reg);
		x86_u32(c, (uint32_t)n);
	} else {
		x86_load(c, tmp, n);
		x86_rr(c, true, 0x0faf, reg, tmp);
	}
}

static void add_slot(struct jit *j, struct process_map *m)
{
	load_slot(j, TMP1);
	scale(j, TMP1, process_map_slot_stride(m), TMP2);
	x86_alu(&j->c, true, X86_ADD, j->map[0], TMP1);
}

static void array(struct jit *j, const struct process_call *call, bool percpu)
{
	uint32_t stride, nr = process_map_def(call->map)->max_entries;
	uintptr_t values = (uintptr_t)process_map_values(call->map, &stride);
	uint8_t r0 = j->map[0];
	struct x86 *c = &j->c;
	size_t none;

	if (call->key_in_range) {
		x86_load(c, r0, values + (uint64_t)call->key * stride);
		if (percpu)
			add_slot(j, call->map);
		return;
	}
	/* r0 may be where the key's address is not, so it can be cleared first */
	x86_rm(c, 0, false, 0x8b, TMP1, mem_at(j->map[2], 0), false);
	x86_zero(c, r0);
	x86_load(c, TMP2, nr);
	x86_alu(c, false, X86_CMP, TMP1, TMP2);
	none = x86_skip(c, 0x70 | CC_AE);
	x86_load(c, r0, values);
	scale(j, TMP1, stride, TMP2);
	x86_alu(c, true, X86_ADD, r0, TMP1);
	if (percpu)
		add_slot(j, call->map);
	x86_here(c, none);
}

void jit_lookup(struct jit *j, const struct insn *i, enum jit_lookup kind)
{
	const struct process_call *call = program_call(j->p, i);

	switch (kind) {
	case LOOKUP_CALL:
		break;
	case LOOKUP_DIRECT:
		load_slot(j, RDX);
		jit_call_c(j, (const void *)(uintptr_t)process_map_lookup_of(call->map));
		break;
	case LOOKUP_ARRAY:
	case LOOKUP_PERCPU:
		array(j, call, kind == LOOKUP_PERCPU);
		break;
	}
}

#endif
