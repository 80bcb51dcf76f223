/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
#ifndef ABIDE_PROCESS_UNWIND_H
#define ABIDE_PROCESS_UNWIND_H

#include <stdint.h>

/*
 * Return addresses of the running thread, innermost first, from the one that the function
 * with the frame @frame (its __builtin_frame_address(0)) returns to; the first @skip are left
 * out. How many of at most @nr. Safe in any context, on any stack: no lock, no memory, and what
 * cannot be read or makes no sense ends the list.
 */
uint32_t unwind_stack(const void *frame, uint32_t skip, uint64_t *out, uint32_t nr);

#endif
