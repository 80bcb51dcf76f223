/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
#ifndef ABIDE_PROFILE_READ_H
#define ABIDE_PROFILE_READ_H

#include "object/btf_set.h"
#include "profile/profile.h"
#include "util/cursor.h"

/* Inside of the reader. */
struct profile {
	struct cursor packed, packed_notes; /* zstd frames */
	uint32_t unpacked_size, notes_size;
	uint32_t nr;
	struct profile_facts *facts;
	struct btf_set set; /* empty until a kernel is asked for */
	uint8_t *notes;     /* NULL until some kernel's are asked for */
};

/* Fill .set, if it is not yet. */
int profile_unpack(struct profile *p, struct abide_error *e);
/* Make the set of what was packed. */
int profile_parse(const struct profile *p, const void *unpacked, struct btf_set *set, struct abide_error *e);
void profile_free_set(struct btf_set *set);

#endif
