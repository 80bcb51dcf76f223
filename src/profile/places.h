/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
#ifndef ABIDE_PROFILE_PLACES_H
#define ABIDE_PROFILE_PLACES_H

#include "profile/modules.h"

/*
 * The modules of the kernel in the file @path, whose format image_open told, or (NULL) of the running one.
 * *out is NULL where nothing tells where they are.
 */
int places_open(const char *path, const char *format, struct btf_data *base, struct modules **out, struct abide_error *e);

#endif
