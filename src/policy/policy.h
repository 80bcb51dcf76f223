/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
#ifndef ABIDE_POLICY_POLICY_H
#define ABIDE_POLICY_POLICY_H

#include "analyze/facts.h"

/* What a program's type promises (design, section 4). Better to worse. */
enum abi_class {
	ABI_STABLE,      /* ABI */
	ABI_CONDITIONAL, /* ABI while it calls no fetch and no kfunc: the context is the kernel's UAPI mirror */
	ABI_APPLICATION, /* the traced application's own promise */
	ABI_NONE,        /* not ABI: depends on the kernel's internals */
};

struct section_class {
	const char *prefix;   /* of the section's name: "tp_user/", "kprobe/" */
	bool whole;           /* the name is all there is ("socket") */
	enum abi_class class;
	const char *kind;     /* program type, for people: "TRACEPOINT_USER" */
	const char *promise;  /* why, in one sentence */
};

/* The class of a section's programs; a leading '?' is passed over. Never NULL. */
const struct section_class *policy_section(const char *section);
const char *policy_class_name(enum abi_class class);
/* Is it "tp_user/EVENT"? Returns EVENT, or NULL. */
const char *policy_event(const char *section);
/* Is it "tp_user/PROVIDER:NAME", an event of an application? Returns PROVIDER:NAME, or NULL. */
const char *policy_app_event(const char *section);

/*
 * Does a program keep the rules of TRACEPOINT_USER? 0, or a refusal that names the helper
 * or kfunc, the instruction and what to use instead.
 */
int policy_check_user(const struct analysis *a, struct abide_error *e);
/*
 * The first reason why a program of another type is not, or not wholly, ABI: a fetch, a
 * probe_read of kernel memory, a kfunc. 0 if there is none; -EPERM and @e filled if there is.
 */
int policy_check_other(const struct object *o, const struct function *f, struct abide_error *e);

#endif
