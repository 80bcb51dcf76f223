/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
#ifndef ABIDE_PROCESS_NATIVE_H
#define ABIDE_PROCESS_NATIVE_H

#include "process/decode.h"

/* Whole pages for @size bytes. */
size_t native_room(size_t size);
/* Writable memory for code, within reach of @near where that is possible (0: anywhere); NULL: none. */
uint8_t *native_map(size_t room, uintptr_t near);
/* Take the program's native code away. */
void native_unmap(struct process_program *p);
/* From writable to executable. */
int native_seal(uint8_t *code, size_t room);

#endif
