/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
#ifndef ABIDE_TRANSLATE_LOWER_H
#define ABIDE_TRANSLATE_LOWER_H

#include "translate/emit.h"

/*
 * Where a load is lowered: which registers hold what must survive, and which are pinned
 * for the moment (the base, a value that is being put together).
 */
struct lower {
	struct emit *m;
	struct target *t;
	uint16_t live;     /* hold something that is needed after the load (its destination excluded) */
	uint16_t needed;   /* live, and what only some paths wrote: it cannot be saved, so it is no scratch */
	uint16_t pinned;   /* hold something that the lowering itself still needs */
	uint16_t reserved; /* will be written by it: no scratch, but nothing to keep either */
	uint16_t usable;   /* may be written when neither live nor pinned */
	unsigned borrowed; /* live registers in SLOT_SCRATCH */
	/* One path's fetches, from chain_open to chain_close: saved before the first, restored after the last. */
	bool chained;
	uint16_t saved;
};

/* A register to write to; saved first if all are taken. Give it back in reverse order. */
struct scratch {
	unsigned reg;
	bool saved;
	unsigned slot;
};
struct scratch scratch_take(struct lower *l);
/* From now on it holds something that must survive what is lowered next. */
void scratch_hold(struct lower *l, struct scratch s);
void scratch_give(struct lower *l, struct scratch s);

/* dst = *(size *)(base + off), by a plain load or a fetch. */
void lower_read(struct lower *l, unsigned dst, unsigned base, int32_t off, uint32_t size, bool fetch);
/* dst = size bytes at base + off + index; @index is a register, bounded by @max. */
void lower_read_indexed(struct lower *l, unsigned dst, unsigned base, int32_t off, unsigned index, uint32_t max,
			uint32_t size);
/* dst = the running task, typed where the target has the helper. */
void lower_current(struct lower *l, unsigned dst);

/*
 * dst = bytes [from, from+size) of the stable value behind @acc, whose stable size is @whole
 * bytes. @base: pointer to the kernel's struct, or the context. Jumps to @null with dst = 0
 * when a pointer on the way is NULL.
 */
int lower_value(struct lower *l, unsigned dst, unsigned base, const struct access *acc, bool untyped, uint32_t whole,
		uint32_t from, uint32_t size, uint32_t null, struct abide_error *e);
/*
 * dst = the address of what @acc names: chars in place, or what a string points to.
 * Jumps to @null with dst = 0 likewise.
 */
void lower_address(struct lower *l, unsigned dst, unsigned base, const struct access *acc, bool untyped, uint32_t null);
/* Apply the access' operations to dst (lower_ops.c). */
void lower_ops(struct lower *l, unsigned dst, const struct access *acc);

/* The facts that are loads: FACT_ARG, FACT_FIELD, FACT_STR (load.c). */
int lower_load(struct emit *m, struct target *t, const struct node *n, uint32_t insn, const struct fact *f,
	       struct abide_error *e);
/* What a program starts with: system call, compat and process filter (prologue.c). */
int lower_prologue(struct emit *m, struct target *t, bool filter, struct abide_error *e);

#endif
