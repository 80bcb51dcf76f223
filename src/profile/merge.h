/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
#ifndef ABIDE_PROFILE_MERGE_H
#define ABIDE_PROFILE_MERGE_H

#include "object/btf.h"
#include "profile/intern.h"

/*
 * Several kernels' types as entries with versions (profile/kinds.h). Inside of the writer.
 * A content is words: btf_type.info, the string of a tag, the third word if it means
 * something, then what follows the record. Types are entry + 1, 0 is void.
 */
struct merged {
	struct intern strings;  /* 0 is "" */
	struct intern keys;     /* entries: MERGE_NAMED, kind, string, ordinal; or a content */
	struct intern versions; /* entry, content */
	struct merged_version {
		uint32_t kernels; /* a bit each */
		uint32_t next;    /* version of the same entry, + 1 */
	} * of_version;
	size_t room_versions;
	struct merged_entry {
		uint32_t first, last; /* version + 1 */
	} * entries;
	size_t room_entries;
	uint32_t nr_entries, nr_versions; /* with a place in the arrays above */
};

#define MERGE_NAMED UINT32_MAX /* no btf_type.info of a known kind */
#define MERGE_NAME  511        /* characters of a name; the kernel's own limit */

int merge_kernel(struct merged *m, const struct btf_data *b, uint32_t bit, struct abide_error *e);
void merge_free(struct merged *m);

#endif
