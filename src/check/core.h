/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
#ifndef ABIDE_CHECK_CORE_H
#define ABIDE_CHECK_CORE_H

#include "check/check.h"

/*
 * CO-RE relocations as libbpf resolves them (its tools/lib/bpf/relo_core.c defines the
 * rules; there is no other specification). Kinds are enum bpf_core_relo_kind of <linux/bpf.h>.
 */
enum core_state {
	CORE_VALUE,  /* .value */
	CORE_POISON, /* libbpf makes the instruction an invalid call: fatal where it is reached */
	CORE_ERROR,  /* libbpf refuses the whole object, reached or not */
};

struct core_result {
	enum core_state state;
	uint64_t value;
	uint64_t local;      /* the value by the object's own BTF; what the instruction holds now */
	bool has_local;
	bool bad_width;      /* memory access whose size cannot be adjusted: libbpf poisons it */
	uint32_t width;      /* bytes of the field on the target, for loads and stores; 0: leave them */
	uint32_t local_width;
	uint32_t type;       /* the target's type id of the candidate that matched, 0: none, or in a module */
	bool is_offset;      /* the record asks for a member's byte offset */
	bool doubt;          /* modules have several types of that name, and which are loaded decides: .why */
	bool existence;      /* the record asks whether something exists */
	const struct module *module; /* that has the candidate; NULL: the kernel itself */
	char what[128];      /* "task_struct.se.vruntime", "enum bpf_func_id:BPF_FUNC_x", "struct x" */
	char why[192];       /* when there is no value, or it is 0 for an existence */
};

#define CORE_SPEC 64 /* as deep as libbpf goes */

struct core_step { /* one accessor: a named member of .type, or (name NULL) an element whose type is .type */
	uint32_t type, index;
	const char *name;
};

struct core_spec {
	const struct btf_data *btf;
	uint32_t root;
	struct core_step steps[CORE_SPEC];
	uint32_t nr, depth; /* .depth counts anonymous members too */
	uint64_t bit_off;
};

/* Candidates of one root type, narrowed as libbpf does when records resolve. */
struct core_candidates {
	uint32_t local; /* type id in the object's BTF */
	struct core_candidate {
		struct btf_data *btf; /* the kernel's, or a module's on top of it */
		uint32_t id;
		const struct module *module; /* NULL: the kernel's */
	} *items;
	uint32_t nr;
	size_t room;
};

struct core_cache {
	struct core_candidates *items;
	uint32_t nr;
	size_t room;
};

int core_resolve(struct check_kernel *k, const struct btf_data *local, const struct core_relo *r,
		 struct core_cache *cache, struct core_result *out, struct abide_error *e);
void core_cache_free(struct core_cache *c);

/* core_match.c: 1 matches, 0 does not, -errno for what libbpf refuses. */
int core_match(const struct core_spec *local, uint32_t kind, const struct btf_data *btf, uint32_t id,
	       struct core_spec *target);
uint32_t core_strip(const struct btf_data *b, uint32_t id, struct btf_info *t);
bool core_is_enum(const struct btf_info *t);
bool core_is_composite(const struct btf_info *t);
bool core_compatible(const struct btf_info *a, const struct btf_info *b);
/* Is the array a flexible one: of no elements, behind the last member of a struct? */
bool core_flexible(const struct btf_data *b, const struct core_step *member, uint32_t elements);
/* May a value of one type be used as the other, as libbpf lets a call's or record's be? */
int core_types_compatible(const struct btf_data *a, uint32_t x, const struct btf_data *b, uint32_t y, int depth);

#endif
