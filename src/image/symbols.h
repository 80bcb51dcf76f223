/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
#ifndef ABIDE_IMAGE_SYMBOLS_H
#define ABIDE_IMAGE_SYMBOLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "object/btf.h"
#include "image/notes.h"
#include "util/buf.h"
#include "util/cursor.h"

/*
 * The kernel's own table of symbols (kernel/kallsyms.c), found in the bytes of a kernel that
 * has no symbol table of ELF's any more. Names come from strangers. All-zero is empty.
 */
struct image_symbol {
	uint64_t address; /* 0 where .has_addresses is not set */
	uint32_t name;    /* offset into .names */
	char type;        /* as nm says it: 't', 'D' ... */
};

struct image_symbols {
	struct buf names;
	struct image_symbol *items; /* in order of addresses */
	uint32_t nr;
	size_t room;
	bool has_addresses;
};

/* Bytes of a kernel by address. */
#define MEMORY_SEGMENTS 16
struct image_memory {
	struct cursor bytes; /* the whole file, .swap set */
	bool wide;
	struct { uint64_t address, size, off; bool code; } segments[MEMORY_SEGMENTS];
	uint32_t nr;
};

/* Segments of an ELF file; none of anything else. */
void memory_of_elf(const uint8_t *data, size_t size, struct image_memory *m);
/* A cursor over @size bytes at an address; .bad when they are not there. */
struct cursor memory_at(const struct image_memory *m, uint64_t address, uint64_t size);

/* 0 and .nr == 0 when there is no such table; -ENOMEM. Gives @m its segment where the file is a flat image. */
int symbols_read(struct image_memory *m, struct image_symbols *out, struct abide_error *e);
static inline const char *symbol_name(const struct image_symbols *s, uint32_t i)
{
	return (const char *)s->names.data + s->items[i].name;
}
void symbols_free(struct image_symbols *s);

/* What the kernel in @data tells beyond its BTF: into @n. 0 or -ENOMEM; what is not found is not known. */
int image_notes_of(const uint8_t *data, size_t size, struct btf_data *btf, struct notes *n, struct abide_error *e);

/* The same of symbols alone, whose addresses are not known: which functions and data there are. */
int image_notes_of_symbols(const struct image_symbols *s, struct btf_data *btf, struct notes *n, struct abide_error *e);

#endif
