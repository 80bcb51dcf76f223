/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
#ifndef ABIDE_OBJECT_BTF_SET_H
#define ABIDE_OBJECT_BTF_SET_H

#include "object/btf.h"

/*
 * The types of several kernels, each content once: src/profile makes it. An id means the same type in all of
 * them; a kernel has one version of it, or none. So each further kernel is a view that costs next to nothing.
 * Words are in this machine's byte order, whatever the kernels have.
 */
#define BTF_SET_KINDS 20 /* BTF_KIND_ENUM64 and those before it */

/* Types by what stands in their names before a flavour: an entry each, in chains. */
struct btf_flavours {
	uint32_t *heads, mask; /* entry + 1 of a hash; 0 ends. NULL: not built yet */
	struct btf_flavour {
		uint32_t id, next, hash;
	} *items;
	uint32_t nr;
	size_t room;
};

struct btf_set {
	/*
	 * By id, then version: which kernels have it (a bit each), then a record as in BTF. Names are offsets
	 * into .strings, types are ids.
	 */
	uint32_t *words;
	uint32_t *at;    /* by id, 1 the first: the word where its versions begin; at .count: where they end */
	uint32_t count;  /* ids, void (0) included */
	char *strings;   /* the first is "", each ends in NUL */
	uint32_t strings_size;
	uint32_t named[BTF_SET_KINDS + 1]; /* by kind: first of its named types; these come first, by kind and name */
	struct btf_flavours flavours;
};
/* Of a named type; its versions share the name. */
const char *btf_set_name(const struct btf_set *s, uint32_t id);
void btf_flavours_free(struct btf_flavours *f);

/*
 * The types of kernel @bit, without copying any; @set is borrowed. btf_bytes has none. btf_get fails for ids of
 * types that only other kernels have: btf_after passes them over.
 */
int btf_open_set(struct btf_set *set, uint32_t bit, bool other_endian, struct btf_data **out,
                 struct abide_error *e);

#endif
