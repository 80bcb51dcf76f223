/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
#ifndef ABIDE_ANALYZE_NUM_VIEW_H
#define ABIDE_ANALYZE_NUM_VIEW_H

#include "analyze/num.h"

/* What the files of the number domain share. */
#define RAISE(x, to) ((x) = (x) < (to) ? (to) : (x))
#define LOWER(x, to) ((x) = (x) > (to) ? (to) : (x))

/* Let the views sharpen each other. False: they exclude each other, so the set is empty. */
bool num_tighten(struct num *n);
/* For sets that are not empty; an operation on an impossible state settles to something harmless. */
struct num num_settle(struct num n);
/* All bits up to the highest one that is set in @v. */
uint64_t num_fill_down(uint64_t v);

#endif
