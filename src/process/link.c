/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * From accepted instructions and open maps to a program that runs. References to maps become
 * 64-bit constants in a copy of the instructions: the address of the struct process_map for
 * helpers, or of the value that global data is. Then the executors' own preparation.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "process/decode.h"
#include "process/map.h"

static int refuse(struct abide_error *e, uint32_t pc, const char *what)
{
	return error_set(e, -EINVAL, "exec-map", "instruction %u %s", pc, what);
}

/* The 64-bit load at @pc means a map, or a place in the value of one. */
static int address(const struct link_input *in, struct bpf_insn *i, uint32_t pc, struct abide_error *e)
{
	bool value = i->src_reg == BPF_PSEUDO_MAP_VALUE;
	const struct process_map_def *def;
	struct process_map *m;
	uint32_t stride;
	uint64_t at;

	if (i->imm < 0 || (uint32_t)i->imm >= in->nr_maps || !in->maps[i->imm] ||
	    pc + 1 >= in->nr_insns)
		return refuse(e, pc, "refers to a map that is not there");
	m = in->maps[i->imm];
	def = process_map_def(m);
	if (!value) {
		if (i[1].imm)
			return refuse(e, pc, "has a reserved field that is not 0");
		at = (uintptr_t)m;
	} else {
		if (def->type != BPF_MAP_TYPE_ARRAY || def->max_entries != 1 ||
		    (uint32_t)i[1].imm >= def->value_size)
			return refuse(e, pc, "refers to a value that the map does not have");
		at = (uintptr_t)process_map_values(m, &stride) + (uint32_t)i[1].imm;
	}
	i->src_reg = 0;
	i->imm = (int32_t)(uint32_t)at;
	i[1].imm = (int32_t)(uint32_t)(at >> 32);
	return 0;
}

int process_link(const struct link_input *in, struct process_program **out, struct abide_error *e)
{
	struct bpf_insn *code = NULL;
	struct process_program *p = NULL;
	uint32_t i;
	int err = 0;

	*out = NULL;
	if (in->nr_insns && in->nr_insns <= PROCESS_MAX_INSNS) {
		code = malloc(in->nr_insns * sizeof(*code));
		if (!code)
			return error_nomem(e);
		memcpy(code, in->insns, in->nr_insns * sizeof(*code));
	}
	for (i = 0; code && !err && i < in->nr_insns; i++) {
		if (code[i].code != (BPF_LD | BPF_IMM | BPF_DW))
			continue;
		if (code[i].src_reg == BPF_PSEUDO_MAP_FD || code[i].src_reg == BPF_PSEUDO_MAP_VALUE)
			err = address(in, &code[i], i, e);
		i++;
	}
	if (!err)
		err = program_decode(code, in->nr_insns, in->helpers ? in->helpers : process_helpers(), in->facts, in->maps, &p, e);
	if (err)
		goto out;
	p->session = in->session;
	p->context = in->context;
	p->trace = in->trace;
	p->faults = in->faults;
	if (!in->interpret) {
		err = process_compile(p, NULL, e);
		if (err == -ENOTSUP) {
			/* the interpreter does as well */
			if (e)
				*e = (struct abide_error){ 0 };
			err = 0;
		}
	}
out:
	free(code);
	if (err)
		process_program_free(p);
	else
		*out = p;
	return err;
}

const struct process_program *link_tail(const struct process_program *from, uint64_t map, uint32_t index)
{
	const struct process_program *next;
	uint32_t id;

	if (!from->session ||
	    !process_map_program((const struct process_map *)(uintptr_t)map, index, &id) ||
	    id >= from->session->nr)
		return NULL;
	next = __atomic_load_n(&from->session->programs[id], __ATOMIC_ACQUIRE);
	return next && next->context == from->context && !next->entry == !from->entry ? next : NULL;
}
