/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
#ifndef ABIDE_TRANSLATE_PROGRAM_H
#define ABIDE_TRANSLATE_PROGRAM_H

#include "analyze/facts.h"
#include "translate/translate.h"

/*
 * One analysed function as code for the target. @filter: begin with the process filter.
 * RELOC_FUNC targets become 1 + the place in a->callbacks.
 */
int translate_function(const struct analysis *a, struct target *t, bool filter, struct buf *explain, struct code *out,
		       struct abide_error *e);

#endif
