/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
#ifndef ABIDE_ANALYZE_WALK_H
#define ABIDE_ANALYZE_WALK_H

#include "analyze/facts.h"

/* What the files of this stage share; later stages see facts.h only. */

/* Refuse: "PROBLEM" because of that instruction; fills reason with where it is. Returns -EINVAL. */
int refuse(const struct analysis *a, const struct walk *w, uint32_t insn, const char *tag, struct abide_error *e,
	   const char *fmt, ...) __attribute__((format(printf, 6, 7)));
/* Put where instruction @insn of @w is in front of what e->reason holds. */
int refuse_at(const struct analysis *a, const struct walk *w, uint32_t insn, struct abide_error *e);

/*
 * Run one instruction that is neither a branch, a local call nor an exit over @s and say
 * in @f what it is.
 */
int step_insn(struct analysis *a, const struct walk *w, uint32_t insn, struct state *s, struct fact *f,
	      struct abide_error *e);
/* A load through a tracked pointer, or any other. */
int step_load(struct analysis *a, const struct walk *w, uint32_t insn, struct state *s, struct fact *f,
	      struct abide_error *e);
/* A call of a helper, pseudo-helper or kfunc. */
int step_call(struct analysis *a, const struct walk *w, uint32_t insn, struct state *s, struct fact *f,
	      struct abide_error *e);
/*
 * A conditional jump: what is known where it is taken and where it is not. f->always
 * says if only one of the two can be.
 */
int step_branch(struct analysis *a, const struct walk *w, uint32_t insn, const struct state *s,
		struct state *next, struct state *taken, struct fact *f, struct abide_error *e);

/* A value is about to be used as a number: refuse it where the register lacks part of it. */
int need_whole(const struct analysis *a, const struct walk *w, uint32_t insn, const struct val *v, const char *tag,
	       const char *what, struct abide_error *e);
/* Is [off, off + size) inside the frame of the walk or of one of its callers? */
bool in_frame(const struct analysis *a, const struct walk *w, int64_t off, uint32_t size);
int refuse_frame(const struct analysis *a, const struct walk *w, uint32_t insn, struct abide_error *e);
/* The value of register @r (r10: the frame pointer of that walk). */
struct val value_of(const struct walk *w, const struct state *s, unsigned r);
/* A new identity for what instruction @insn of @w made; the old bearers forget it. */
uint32_t new_id(const struct analysis *a, const struct walk *w, uint32_t insn, struct state *s);
/* Store and fetch a whole slot; @off from the program's own frame pointer. */
void slot_store(struct state *s, int32_t off, uint32_t size, const struct val *v);
struct val slot_load(const struct state *s, int32_t off, uint32_t size);

#endif
