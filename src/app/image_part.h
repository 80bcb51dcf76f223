/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
#ifndef ABIDE_APP_IMAGE_PART_H
#define ABIDE_APP_IMAGE_PART_H

#include "app/image.h"

/* Inside of app_image_make. */
struct app_image_store {
	uint8_t **data; /* by map: its own copy of the contents, NULL: the object's */
	uint32_t nr_data;
};

/* image_code.c: one program with its callbacks, relocated. */
int app_image_program(const struct translated *t, const struct translated_program *p, struct app_program *out,
		      struct abide_error *e);
/* image_slots.c: initial entries of program arrays; @index: by function of the object, its program or -1. */
int app_image_slots(const struct object *o, const int32_t *index, struct app_image *im, struct abide_error *e);
/* Is the function named by some slot? */
bool app_image_in_slot(const struct object *o, uint32_t function);

#endif
