/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
#ifndef ABIDE_PROCESS_LAYOUT_TYPES_H
#define ABIDE_PROCESS_LAYOUT_TYPES_H

#include "process/layout.h"
#include "process/verify.h"

/*
 * A layout as the verifier wants it: what may be loaded through which pointer. Members do not
 * overlap and are sorted. Struct i of the layout is .types[.of[i]]; two views of the same
 * object, reached through one pointer, are one type. The types behind the layout's structs
 * are those that fields pass on their way.
 */
struct layout_types {
	struct verify_type *types;
	uint32_t nr_types;
	uint32_t *of; /* one a struct of the layout */
	struct layout_types_store *store;
};

/* Borrows names of @l. */
int layout_types_new(const struct layout *l, struct layout_types **out, struct abide_error *e);
void layout_types_free(struct layout_types *t);
/* The context of a program on @ev: how many are filled in. */
uint32_t layout_types_args(const struct layout_types *t, const struct layout_event *ev,
			   struct verify_arg args[LAYOUT_ARGS]);

/*
 * Whether a program for the event in @a is one for the event in @b: the same arguments, and all that can
 * be reached from them is in the same places.
 */
bool layout_same_event(const struct layout *a, const struct layout *b, const char *provider, const char *name);

#endif
