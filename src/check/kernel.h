/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
#ifndef ABIDE_CHECK_KERNEL_H
#define ABIDE_CHECK_KERNEL_H

#include "check/check.h"

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
	uint32_t modules;         /* .btf is a module's, whose types begin here; 0: it is the kernel's */
	check_modules_fn modules_of; /* NULL: none are known */
	void *modules_arg;
	const struct check_module *list; /* once asked for */
	uint32_t nr_modules;
	bool asked;
};

/* An enumerator by name, of enum @in (NULL: of any bpf enum is no question: always named). */
bool kernel_enumerator(struct check_kernel *k, const char *in, const char *name, int64_t *value);
/* A member by name, anonymous structs included: its type and byte offset. False: none. */
bool kernel_member(const struct btf_data *b, uint32_t id, const char *name, struct btf_field *out);
/* The member's name nearest to @name, or NULL. */
const char *kernel_near_member(const struct btf_data *b, uint32_t id, const char *name);

bool kernel_has_helper(const struct check_kernel *k, int32_t helper);
bool kernel_has_function(struct check_kernel *k, const char *name);

/* The modules, read now if they were not. Returns how many. */
uint32_t kernel_modules(struct check_kernel *k, const struct check_module **list);
/* The BTF that describes a function, the kernel's first; *id in it. NULL: none does. */
struct btf_data *kernel_function(struct check_kernel *k, const char *name, uint32_t *id);
/* Look at the kernel with this module's types behind its own (whose ids stay); NULL: without. */
void kernel_look_at(struct check_kernel *k, struct btf_data *module);

/*
 * Releases leave no number in BTF; things that came with them stand for them. Which release
 * it is, as far as these tell: KERNEL_VERSION() of the first and the last that it can be.
 */
#define HELPER_OF_5_12 163 /* bpf_check_mtu */
#define HELPER_OF_6_2  211 /* bpf_cgrp_storage_delete */
void kernel_versions(struct check_kernel *k, uint32_t *first, uint32_t *last);
bool kernel_is_at_least(struct check_kernel *k, unsigned major, unsigned minor);

#endif
