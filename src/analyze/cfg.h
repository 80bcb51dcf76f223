/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
#ifndef ABIDE_ANALYZE_CFG_H
#define ABIDE_ANALYZE_CFG_H

#include "object/object.h"
#include "util/error.h"

/*
 * Control flow of one function, in basic blocks, and what is alive where. A call of a
 * function of the object ends its block, because the callee is walked in place.
 */
struct block {
	uint32_t first, end; /* instructions [first, end) */
	int32_t next;        /* block that it falls or jumps to, -1: it exits */
	int32_t taken;       /* target of its conditional jump, -1: none */
};

/* What is needed after an instruction (from: the instructions that follow it). */
struct alive {
	uint16_t regs;       /* read later before they are written */
	uint16_t address;    /* whose value later becomes the address of a load or goes into a call */
	uint64_t slots;      /* the same for stack slots: bit k is the 8 bytes at fp - 8 * (k + 1) */
};

#define CFG_MARKS 30

struct cfg {
	const struct function *function;
	struct block *blocks;
	uint32_t nr_blocks;
	uint32_t *block_of;   /* by instruction */
	struct alive *before; /* by instruction: alive before it runs */
	struct alive *after;  /* by instruction */
	uint64_t marks[CFG_MARKS]; /* rising: numbers next to those that it compares with */
	uint32_t nr_marks;
	uint32_t frame;       /* bytes of stack that it names, a multiple of 8 */
	uint16_t clobbers;    /* registers that it or its callees write */
};

/* Refuses jumps out of the function or into a ld_imm64, and a path that falls off its end. */
int cfg_build(const struct object *o, const struct function *f, struct cfg **out, struct abide_error *e);
void cfg_free(struct cfg *g);

#endif
