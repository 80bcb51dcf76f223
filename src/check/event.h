/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
#ifndef ABIDE_CHECK_EVENT_H
#define ABIDE_CHECK_EVENT_H

#include "check/program.h"

/* A program on user event @event: does it translate to @t? Appends findings. 0 or -ENOMEM. */
int check_event(struct check *x, const struct function *f, const char *event, struct catalog *c, struct target *t,
		struct findings *out, struct abide_error *e);

#endif
