/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
#ifndef ABIDE_CHECK_ATTACH_H
#define ABIDE_CHECK_ATTACH_H

#include "check/program.h"

/* What the files about attaching share. */

/* The prototype's parameters are the context's arguments, but the first @skip. */
void attach_use_proto(struct program *p, uint32_t proto, uint32_t skip);
/* The same of a function that BTF describes; false: it describes none of that name. */
bool attach_function_proto(struct program *p, const char *name);
/* What messages call the place: "function vfs_read". */
void attach_name_place(struct program *p, const char *what, const char *name);
/* Does the section name what it attaches to? A finding says it when not. */
bool attach_need_target(struct program *p, enum finding_kind kind);
/* What the kernel must have been built with: false, and a finding, when it was not. */
bool attach_need_feature(struct program *p, const char *option, const char *function, const char *what);
/* The prototype as the newest finding's value. */
void attach_value_proto(struct program *p);
void attach_instead_function(struct program *p, const char *name);

/* attach_module.c: "MODULE:FUNCTION" names a function that is not there: the finding that says so. */
bool attach_module_lacks(struct program *p, const char *what);
/* The newest finding is of what the looked at module has, if one is. */
void attach_in_module(struct program *p);

/* attach.c and attach_function.c: rows of sections.def. */
void attach_event(struct program *p);
void attach_raw(struct program *p);
void attach_iter(struct program *p);
void attach_kprobe(struct program *p);
void attach_multi(struct program *p);
void attach_syscall(struct program *p);
void attach_fentry(struct program *p);

#endif
