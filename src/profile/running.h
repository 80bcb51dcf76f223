/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
#ifndef ABIDE_PROFILE_RUNNING_H
#define ABIDE_PROFILE_RUNNING_H

#include "image/notes.h"
#include "object/btf.h"

/* Notes of the running kernel. What cannot be read is not known, which is no error. 0 or -ENOMEM. */
int running_config(const char *release, struct notes *n, struct abide_error *e);
int running_symbols(struct btf_data *btf, struct notes *n, struct abide_error *e);

#endif
