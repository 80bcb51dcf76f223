/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
#ifndef ABIDE_OBJECT_WRITE_H
#define ABIDE_OBJECT_WRITE_H

#include "object/code.h"
#include "util/buf.h"

/*
 * Write a translated object as a plain libbpf object: program sections renamed and
 * with their new code, callbacks in .text, relocations, symbols, .BTF (section names
 * added to its strings) and .BTF.ext (func, line and CO-RE records) at their new
 * offsets; maps, data, license and all that a verbatim program needs as they were;
 * DWARF and address-significance tables left out. A RELOC_FILTER is refused: only
 * the engine has that map.
 */
int object_write(const struct translated *t, struct buf *out, struct abide_error *e);

#endif
