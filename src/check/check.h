/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
#ifndef ABIDE_CHECK_CHECK_H
#define ABIDE_CHECK_CHECK_H

#include "catalog/resolve.h"
#include "object/object.h"

/*
 * What a program depends on, and whether a target kernel has it. For any eBPF object, by
 * the target's BTF alone: nothing is loaded. A finding is one dependency of one program.
 */

/* What a finding means for the program on that kernel, better to worse. */
enum severity {
	SEV_FINE,    /* the kernel has it */
	SEV_WRONG,   /* it loads and attaches, but reads something else than its source says */
	SEV_UNKNOWN, /* BTF does not tell */
	SEV_FAILS,   /* the program is refused, or has nothing to attach to */
};

enum finding_kind {
	FIND_TYPE,       /* program type, attach type */
	FIND_TRACEPOINT,
	FIND_FUNCTION,   /* kprobe, fentry, syscall entry */
	FIND_HOOK,       /* lsm, iterator, struct_ops member */
	FIND_ARGUMENT,   /* of a tracepoint or function: count, type, NULL */
	FIND_FIELD,      /* CO-RE: offset, size, sign, shifts, existence of a member */
	FIND_KTYPE,      /* CO-RE: type id, size, existence, match */
	FIND_ENUM,       /* CO-RE: enumerator */
	FIND_CONTEXT,    /* load from the context at a fixed offset */
	FIND_LAYOUT,     /* hard-coded offset into a kernel struct */
	FIND_POINTER,    /* load through a BTF-typed pointer that the verifier refuses */
	FIND_HELPER,
	FIND_KFUNC,
	FIND_MAP,
	FIND_INSN,       /* instruction of a newer set */
	FIND_EXTERN,     /* kconfig, ksym */
	FIND_EVENT,      /* tp_user: the catalog's event or field on this kernel */
	FIND_KINDS,
};

#define FINDING_WHOLE UINT32_MAX /* .insn: about the program, not one of its instructions */

struct finding {
	enum finding_kind kind;
	enum severity severity;
	bool guarded;            /* not reached on this kernel: the program asked first */
	bool constant;           /* reached only when the loader sets a constant to something else than the object says */
	bool loader;             /* left to whoever loads the object, which must set it; does not count */
	const struct function *function; /* where the instruction lies: the program, or a function it calls */
	uint32_t insn;           /* within .function, or FINDING_WHOLE */
	char where[96];          /* "prog.bpf.c:31", "NAME+12"; "" when whole */
	char what[128];          /* the dependency in the kernel's words: "task_struct.state", "helper 158" */
	char why[256];           /* one sentence; what was found when it is fine */
	char value[96];          /* what the kernel gives for it: "4 bytes", "int (struct file *)"; "" when nothing can differ */
	char place[24];          /* where, when the loader is told so by a relocation: "byte 2460"; else "" */
	char module[56];         /* this module has it, "" when the kernel itself has ... */
	bool if_loaded;          /* ... and nobody knows whether it will be loaded */
	char instead[96];        /* stable replacement, "" when the catalog has none */
};

struct findings {
	struct finding *items;
	uint32_t nr;
	size_t room;
};

/* A kernel to check against: its BTF with indexes. One serves any number of objects. */
struct check_kernel;

/* @btf is borrowed. @name is for messages ("6.12.107"). */
int check_kernel_open(struct btf_data *btf, const char *name, struct check_kernel **out, struct abide_error *e);
void check_kernel_free(struct check_kernel *k);
const char *check_kernel_name(const struct check_kernel *k);
struct btf_data *check_kernel_btf(const struct check_kernel *k);

/*
 * What is known of it beside its BTF: asked for when a check needs it, @symbols only where symbols do.
 * The notes stay as long as the kernel; NULL: nothing.
 */
struct notes;
typedef const struct notes *(*check_notes_fn)(void *arg, bool symbols);
void check_kernel_notes(struct check_kernel *k, check_notes_fn notes, void *arg);
/* Its uname -r, where that is known; BTF tells the release only roughly. */
void check_kernel_release(struct check_kernel *k, const char *release);
/*
 * Its modules (profile/modules.h), borrowed: asked when something is looked for that @btf has not. NULL: they are
 * not known.
 */
struct modules;
void check_kernel_modules(struct check_kernel *k, struct modules *modules);

/* An object on a kernel: its CO-RE records resolved, once for all of its programs. */
struct check;

int check_open(const struct object *o, struct check_kernel *k, const struct catalog *c, struct check **out,
	       struct abide_error *e);
void check_free(struct check *x);
/*
 * Append the findings of one program (not a subprogram), those of what it calls included,
 * in order of code. 0, or -ENOMEM; what the program lacks are findings, not errors.
 */
int check_program(struct check *x, const struct function *f, struct findings *out, struct abide_error *e);

/*
 * The worst that counts; NULL when all is fine. What is guarded does not count, nor what only
 * a constant that the loader may set would reach, nor what the loader has to set.
 */
const struct finding *findings_worst(const struct findings *l);
/* Append that @f fails because @other does. 0 or -ENOMEM. */
int findings_blame(struct findings *l, const struct function *f, const struct function *other, struct abide_error *e);
/* "module xfs", "modules nfs, sunrpc": which must be loaded for all that counts to be there; "" when none. Returns @buf. */
const char *findings_modules(const struct findings *l, char *buf, size_t size);
void findings_free(struct findings *l);

const char *severity_name(enum severity s);       /* "fine", "wrong", "unknown", "fails" */
const char *finding_kind_name(enum finding_kind k); /* "field", "helper" ...: stable, in JSON */

#endif
