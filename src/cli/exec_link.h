/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
#ifndef ABIDE_CLI_EXEC_LINK_H
#define ABIDE_CLI_EXEC_LINK_H

#include "object/object.h"

/*
 * One program of an object with all functions that it calls, behind one another; distances of
 * calls are filled in, and references to maps are indexes into the object's.
 */
struct exec_code {
	struct bpf_insn *insns;
	uint32_t nr;
	bool *uses; /* per map of the object */
	/* For exec_where: where functions lie. */
	const struct object *o;
	uint32_t *order, *place, nr_order;
};

/* @name NULL: the only program. @o outlives the code. */
int exec_link(const struct object *o, const char *name, struct exec_code *out, struct abide_error *e);
void exec_code_free(struct exec_code *c);
/* "prog.bpf.c:31: source text" of an instruction, in @buf; @code: a struct exec_code. NULL: unknown. */
const char *exec_where(void *code, uint32_t insn, char *buf, size_t size);

#endif
