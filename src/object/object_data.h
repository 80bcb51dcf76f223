/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
#ifndef ABIDE_OBJECT_OBJECT_DATA_H
#define ABIDE_OBJECT_OBJECT_DATA_H

#include "object/object.h"
#include "util/cursor.h"

/*
 * Inside of the object reader. Steps of opening, each in its file and in this order;
 * each fills its part of struct object from what the former ones left there.
 */
#define INSN_SIZE sizeof(struct bpf_insn)
#define NO_MAP    UINT32_MAX

/* More than anybody has; they bound what look-ups one by one can cost. */
#define MAX_SECTIONS 8192
#define MAX_MAPS     1024

struct object_store {
	uint8_t *bytes; /* the file */
	size_t size;
	void **chunks; /* everything else */
	size_t nr_chunks, room_chunks;
	uint32_t *function_symbols; /* for each function, its symbol */
	uint32_t *map_symbols; /* for each map of .maps, its symbol, 0: an inner map's definition */
	uint32_t symtab;       /* section that the symbols come from, 0: none */
};

/* Zeroed memory that lives as long as the object, for @n elements; NULL when out of memory. */
void *store_alloc(struct object *o, size_t n, size_t size);
char *store_printf(struct object *o, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

int elf_read(struct object *o, struct abide_error *e); /* sections, symbols */
int functions_read(struct object *o,
                   struct abide_error *e);                 /* functions without their relocations */
int maps_read(struct object *o, struct abide_error *e);    /* BTF, maps */
int relocs_read(struct object *o, struct abide_error *e);  /* functions' relocations */
int btf_ext_read(struct object *o, struct abide_error *e); /* func, line, CO-RE records */

/* Is it one of those that become a map of their own (.data*, .rodata*, .bss)? */
bool section_is_data(const struct section *s);
bool section_is_code(const struct section *s);
/* Index of the first section of that name, 0 if there is none. */
uint32_t section_find(const struct object *o, const char *name);
/* The function that holds instruction @insn of the section, or NULL; *@index its index. */
struct function *function_at(const struct object *o, uint32_t section, uint64_t insn,
                             uint32_t *index);

#endif
