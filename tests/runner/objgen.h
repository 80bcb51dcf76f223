/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
#ifndef ABIDE_TESTS_OBJGEN_H
#define ABIDE_TESTS_OBJGEN_H

#include "asm.h"
#include "util/buf.h"

/* One line of a "-- maps" section: "name type key value entries", sizes in bytes. */
struct map_text {
	char name[64];
	uint32_t type, key_size, value_size, max_entries;
};

/* "hash", "percpu_array", ... or a number; 0 when it names no type. */
uint32_t map_type(const char *name);

/*
 * The object that a compiler would have written: ELF64, one section for each distinct
 * section name, relocations, .maps with BTF that describes them, license, symbols. Program
 * functions are global, those in .text static. False and @error when a name has no target.
 */
bool object_write_elf(const struct assembly *a, const struct map_text *maps, size_t nr_maps, const char *license,
		      struct buf *out, char *error, size_t size);

#endif
