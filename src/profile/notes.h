/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
#ifndef ABIDE_PROFILE_NOTES_H
#define ABIDE_PROFILE_NOTES_H

#include "profile/profile.h"

/* Inside of the writer: append the notes of all kernels, unpacked. */
int profile_put_notes(const struct profile_kernel *kernels, uint32_t n, struct buf *out, struct abide_error *e);

#endif
