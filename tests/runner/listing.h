/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
#ifndef ABIDE_TESTS_LISTING_H
#define ABIDE_TESTS_LISTING_H

#include "asm.h"
#include "object/code.h"
#include "util/buf.h"

/*
 * Listings that can be compared line by line and pasted back into a case: what disasm()
 * writes, with names where relocations stand ("r1 = map NAME ll") and labels for jumps.
 * "func NAME:" lines stand in front of functions when there is more than one.
 */
void list_translated(const struct translated *t, struct buf *out);
void list_assembly(const struct assembly *a, const char *first_name, struct buf *out);
/* The first instruction that differs in its bytes although it reads the same, or -1. */
long list_hidden_difference(const struct translated *t, const struct assembly *a);

#endif
