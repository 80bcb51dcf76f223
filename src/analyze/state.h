/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
#ifndef ABIDE_ANALYZE_STATE_H
#define ABIDE_ANALYZE_STATE_H

#include "analyze/num.h"

/* What a register or an 8-byte stack slot holds. All-zero: nothing was written. */
enum val_kind {
	VAL_NONE,
	VAL_NUM,   /* a number, .num */
	VAL_CTX,   /* the program's context, plus .delta */
	VAL_STACK, /* the frame pointer, plus .delta (and, .indexed, something unknown) */
	VAL_USER,  /* a pointer to user-ized struct .sid, plus .delta bytes of its stable layout */
	VAL_OTHER, /* any other pointer (map, map value, ring record ...): the kernel checks those */
	VAL_STRING, /* the address of a string in the kernel: a number, but user_str may follow it */
	VAL_MIXED, /* tracked pointers of different kinds met here: no use as an address */
};

struct val {
	uint8_t kind;     /* enum val_kind */
	bool maybe_null;  /* USER: some kernels want a test first */
	bool untyped;     /* USER: the kernel sees a number; loads are fetches */
	bool indexed;     /* USER: plus the variable .num bytes, which stand in the register's index slot */
	uint16_t sid;     /* USER: index into the catalog's structs */
	/*
	 * CTX, STACK, USER: known at translation, not in the register (STACK: in it).
	 * MIXED: 1 if the register lacks something that the original's holds.
	 */
	int32_t delta;
	uint32_t id;      /* USER: values with one id are copies, 0: none known; a test of one tests all */
	struct num num;
};

#define STATE_DEPTH 8  /* nested calls; the kernel allows as many frames */
#define STATE_SLOTS 64 /* 512 bytes; slot k is the 8 bytes at fp - 8 * (k + 1), fp the program's own */

struct state {
	struct val r[10];
	struct val slot[STATE_SLOTS];
	struct val saved[STATE_DEPTH][4]; /* r6..r9 of the callers, outermost first */
	uint8_t depth;
};

/* Which values must not be merged when they are of different kinds: bit masks. */
struct key {
	uint16_t regs;
	uint64_t slots;
	uint8_t saved[STATE_DEPTH]; /* bit 0: r6 */
	/*
	 * Registers that survive calls and are needed: a path on which nothing wrote them stays
	 * apart, because they can neither be saved there nor be lost on the other one.
	 */
	uint16_t kept;
	uint8_t kept_saved[STATE_DEPTH];
	bool constants;             /* nor different constants */
};

struct val val_num(struct num n);
struct val val_pointer(enum val_kind kind);
/* Are they one as far as the code that is emitted for a load through them goes? */
bool val_same_kind(const struct val *a, const struct val *b, bool constants);
bool state_same_kinds(const struct state *a, const struct state *b, const struct key *k);
/* How numbers that grow are widened: to the next of .marks; without any they become unknown. */
struct widening {
	const uint64_t *marks;
	uint32_t nr;
};
/* Merge @from into @to; @widen: NULL: not yet. True if @to changed. */
bool state_join(struct state *to, const struct state *from, const struct widening *widen);
/* Forget @id everywhere (it is about to name a new value). */
void state_forget_id(struct state *s, uint32_t id);
/* Values with @id: not NULL (@null false), or NULL. */
void state_set_null(struct state *s, uint32_t id, bool null);
/* Does the register lack something (a delta, an index) that the original's holds? */
bool val_hides(const struct val *v);
/* Registers that hold something, as a mask. */
uint16_t state_written(const struct state *s);

#endif
