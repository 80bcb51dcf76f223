/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
#ifndef ABIDE_CHECK_KNOWN_H
#define ABIDE_CHECK_KNOWN_H

#include "check/kernel.h"
#include "image/notes.h"

/*
 * What is known of a kernel beside its BTF (image/notes.h), as answers to the checks' questions.
 * Each may be that nobody knows: of a raw BTF file nothing is.
 */
enum known { KNOWN_NOT, KNOWN_YES, KNOWN_NO };

/* A configuration option, without CONFIG_: is it set (y or m, or a value)? @value: as .config has it. */
enum known known_config(struct check_kernel *k, const char *option, const char **value);
/* Has the kernel this option, whatever its list says; where no list is known, has it this function, which comes with it? */
enum known known_feature(struct check_kernel *k, const char *option, const char *function);
/* Is there a function's symbol of exactly this name? In modules, only where their BTF is known. */
enum known known_function(struct check_kernel *k, const char *name);
/* Can fentry attach to it? */
enum known known_traceable(struct check_kernel *k, const char *name);
/* Is a kprobe at its begin refused? */
enum known known_unprobed(struct check_kernel *k, const char *name);
/* How many functions there are of that name, 1 where nobody knows of more. */
unsigned known_how_many(struct check_kernel *k, const char *name);
/* Any symbol, as libbpf looks for "extern const void NAME __ksym". */
enum known known_symbol(struct check_kernel *k, const char *name);
/* Is the name in the list @knows, whose lines have the tag? */
enum known known_in(struct check_kernel *k, const char *knows, enum note_tag tag, const char *name, const char **value);
/* The category of an event of that name, or NULL. */
const char *known_category(struct check_kernel *k, const char *event, char *buf, size_t size);
/* The verifier lets programs sleep in, and change the result of, any system call, without a list (since 7.x). */
enum known known_syscalls_open(struct check_kernel *k, const char *function);

#endif
