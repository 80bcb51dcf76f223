/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
#ifndef ABIDE_CHECK_KERNEL_H
#define ABIDE_CHECK_KERNEL_H

#include "check/check.h"
#include "profile/modules.h"

/* Inside of a checked kernel: what the checks ask for again and again. */
struct check_kernel {
	struct btf_data *btf;  /* what is looked at: .own, or a module's on top of it */
	struct btf_data *own;
	char *name;
	bool big_endian;
	uint64_t helpers[8];      /* bit N: enum bpf_func_id has helper N */
	bool has_helpers;         /* there is such an enum */
	check_notes_fn notes;     /* NULL: nothing is known beside the BTF */
	void *notes_arg;
	uint32_t release;         /* KERNEL_VERSION(), 0: not known */
	uint32_t first, last;     /* as far as marks tell, once .versions is set */
	bool versions;
	uint32_t split;           /* .btf is a module's, whose types begin here; 0: it is the kernel's */
	const struct module *module; /* that is looked at */
	struct modules *modules;  /* NULL: none are known */
};

/* An enumerator by name, of enum @in (NULL: of any bpf enum is no question: always named). */
bool kernel_enumerator(struct check_kernel *k, const char *in, const char *name, int64_t *value);
/* A member by name, anonymous structs included: its type and byte offset. False: none. */
bool kernel_member(const struct btf_data *b, uint32_t id, const char *name, struct btf_field *out);
/* The member's name nearest to @name, or NULL. */
const char *kernel_near_member(const struct btf_data *b, uint32_t id, const char *name);

bool kernel_has_helper(const struct check_kernel *k, int32_t helper);
bool kernel_has_function(struct check_kernel *k, const char *name);

/*
 * The BTF that describes a function, variable or other thing, the kernel's first; *id in it, and *module (NULL: the
 * kernel itself). NULL: none does.
 */
struct btf_data *kernel_find(struct check_kernel *k, uint8_t kind, const char *name, uint32_t *id, const struct module **module);
/* A module that has a symbol of that name, or NULL. */
const struct module *kernel_symbol_in(struct check_kernel *k, const char *name, bool code);
/* Look at the kernel with what this module adds behind its own (whose ids stay); NULL: without. */
void kernel_look_at(struct check_kernel *k, const struct module *module);
/* What a message says of things that are in no module either: "", or that not all modules are known. */
const char *kernel_modules_doubt(struct check_kernel *k);

/*
 * Releases leave no number in BTF; things that came with them stand for them. Which release
 * it is, as far as these tell: KERNEL_VERSION() of the first and the last that it can be.
 */
#define HELPER_OF_5_12 163 /* bpf_check_mtu */
#define HELPER_OF_6_2  211 /* bpf_cgrp_storage_delete */
void kernel_versions(struct check_kernel *k, uint32_t *first, uint32_t *last);
bool kernel_is_at_least(struct check_kernel *k, unsigned major, unsigned minor);

#endif
