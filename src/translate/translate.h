/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
#ifndef ABIDE_TRANSLATE_TRANSLATE_H
#define ABIDE_TRANSLATE_TRANSLATE_H

#include "catalog/resolve.h"
#include "object/code.h"
#include "util/buf.h"

struct translate_options {
	bool filter;         /* let each user event's program begin with the process filter (RELOC_FILTER) */
	struct buf *explain; /* if not NULL: text that explains every rewritten load (-v) */
};

/*
 * Translate every program of @o for the target. Programs without user events or
 * pseudo-helpers come back verbatim. The result borrows from @o, @c and @t. Errors
 * are refusals in three parts; the first one ends it.
 */
int translate_object(const struct object *o, struct catalog *c, struct target *t,
		     const struct translate_options *opts, struct translated **out, struct abide_error *e);

#endif
