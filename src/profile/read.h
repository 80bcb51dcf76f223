/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
#ifndef ABIDE_PROFILE_READ_H
#define ABIDE_PROFILE_READ_H

#include "profile/profile.h"
#include "util/cursor.h"

/*
 * Inside of the reader. A file is unpacked once into flat records, in order:
 *
 *	kernels (a bit each), entry, string of its name, btf_type.info, third word,
 *	then what follows a BTF record; types as entry + 1, names as strings
 *
 * from which each kernel's BTF is copied.
 */
#define READ_KERNELS 0
#define READ_ENTRY   1
#define READ_NAME    2
#define READ_INFO    3
#define READ_THIRD   4
#define READ_HEAD    5 /* words */

struct profile {
	struct cursor packed, packed_notes; /* zstd frames */
	uint32_t unpacked_size, notes_size;
	uint32_t nr;
	struct profile_facts *facts;
	uint8_t *unpacked; /* NULL until a kernel is asked for */
	uint8_t *notes;    /* NULL until some kernel's are asked for */
	uint32_t *records;
	size_t nr_records, room_records; /* words */
	struct profile_string {
		uint32_t off, size; /* in .unpacked; with the NUL */
	} * strings;                /* 0 is "" */
	uint32_t nr_strings;
	size_t room_strings;
	uint32_t nr_entries;
};

/* Make .records and .strings of .unpacked. */
int profile_parse(struct profile *p, struct abide_error *e);

#endif
