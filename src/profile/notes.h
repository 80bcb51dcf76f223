/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
#ifndef ABIDE_PROFILE_NOTES_H
#define ABIDE_PROFILE_NOTES_H

#include "profile/profile.h"

/* Inside of the writer: append the notes of all kernels, unpacked. @functions: names of the entries, in their order. */
int profile_put_notes(const struct profile_kernel *kernels, uint32_t n, const char *const *functions, uint32_t nr_functions,
                      struct buf *out, struct abide_error *e);

#endif
