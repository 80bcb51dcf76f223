/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
#ifndef ABIDE_OBJECT_BTF_DATA_H
#define ABIDE_OBJECT_BTF_DATA_H

#include "object/btf.h"
#include "util/cursor.h"

/*
 * Inside of the BTF reader, shared by btf*.c only. A type's record is found from the
 * nearest mark (every BTF_STRIDE-th type has one) by walking over at most 63 records;
 * that costs 4 bytes for 64 types where an offset table would cost 256.
 */
#define BTF_STRIDE 64
#define BTF_KINDS  128 /* 7 bits of btf_type.info */
#define BTF_DEPTH  64  /* of type chains that are followed; the kernel stops at 32 */
#define BTF_RECORD 12  /* sizeof(struct btf_type) */

struct btf_layout_entry {
	uint8_t info_size; /* bytes that follow the record once */
	uint8_t elem_size; /* bytes that follow for each of vlen */
	bool known;
};

struct btf_walk { /* where the last lookup ended: makes loops over all types linear */
	uint32_t id, off;
};

/*
 * Open addressing, a power of two of slots; a slot is 0 (free) or the type's id in the
 * low .id_bits and some bits of its name's hash above them.
 */
struct btf_index {
	uint32_t *slots;
	uint32_t mask;
	uint32_t id_bits;
	uint64_t seed; /* chosen at random, so that nobody can prepare colliding names */
};

enum btf_names { BTF_NAMES_TYPES, BTF_NAMES_FUNCS, BTF_NAMES_NR };

struct btf_data {
	const uint8_t *bytes;
	size_t size;         /* what the header promises */
	struct cursor types; /* the type section */
	const char *strings; /* cut after the last NUL, so every offset inside is terminated */
	uint32_t strings_size;
	uint32_t count;  /* void included */
	uint32_t *marks; /* offset of the records of types 1, 65, 129 ... */
	uint32_t nr_marks;
	uint32_t nr_names[BTF_NAMES_NR]; /* how many names each index will hold */
	struct btf_index index[BTF_NAMES_NR];
	struct btf_layout_entry layout[BTF_KINDS];
	struct btf_walk *last; /* owned; a pointer because lookups take a const handle */
	void *own;             /* bytes to release with the handle, or NULL */
	size_t own_size;
	bool mapped; /* .own came from mmap */
};

/* Which index the kind's names are in, -1: none (forward declarations, tags, nameless kinds). */
int btf_names_of(uint8_t kind);
void btf_index_free(struct btf_index *x);

#endif
