/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
#ifndef ABIDE_CHECK_PROGRAM_H
#define ABIDE_CHECK_PROGRAM_H

#include "check/flow.h"
#include "check/kernel.h"
#include "check/known.h"

/* Inside of check: one program on one kernel, while its findings are made. */
struct check {
	const struct object *object;
	struct check_kernel *kernel;
	const struct catalog *catalog;
	struct core_result **core; /* by function, one for each of its records */
	struct core_cache cache;
};

enum context_kind {
	CONTEXT_OPAQUE,  /* nothing of the kernel's types is in it */
	CONTEXT_MIRROR,  /* a UAPI struct that the kernel translates */
	CONTEXT_ARGS,    /* typed arguments: tp_btf, fentry, lsm, iter, struct_ops */
	CONTEXT_NUMBERS, /* arguments as numbers: raw_tp */
	CONTEXT_RECORD,  /* a tracepoint's record, trace_event_raw_NAME */
	CONTEXT_REGS,    /* struct pt_regs of a probed function */
};

struct program;

struct section_def {
	const char *prefix;
	bool named;               /* NAME or NAME/TARGET; otherwise the whole section name */
	const char *prog_type;    /* enumerators, without BPF_PROG_TYPE_ ... */
	const char *attach_type;  /* "" when there is none */
	enum context_kind context;
	const char *mirror;       /* struct of CONTEXT_MIRROR */
	void (*attach)(struct program *p);
};

struct program {
	struct check *x;
	const struct function *f;
	const struct section_def *def; /* NULL: a section that libbpf does not know */
	const char *target;       /* what is behind the '/', without "MODULE:"; "" when nothing is */
	char of_module[56];       /* MODULE of fentry/MODULE:FUNCTION, "" when none is named */
	uint32_t proto, skip;     /* FUNC_PROTO of the arguments; how many parameters are no argument */
	bool returns;             /* behind the arguments lies what the function returned */
	uint32_t slots;           /* 8-byte words of the context that can be read */
	uint32_t record;          /* CONTEXT_RECORD, _MIRROR, _REGS: the target's struct */
	const char *of;           /* "tracepoint sched_switch", for messages */
	char of_text[96];
	char instead[96];         /* what is stable in place of what it attaches to, "" when nothing is */
	uint64_t nullable;        /* bit: argument */
	bool trusted;
	bool soft;                /* second pass: read-only constants may be set by the loader */
	bool asks;                /* it asks whether something is there that only a module has, which may not be loaded */
	uint8_t **seen;           /* by function, by instruction: reached */
	struct findings *out;
	uint32_t newest;          /* place in .out of what finding_add was last told, counted from 1; 0: nowhere */
	struct abide_error *e;
	bool nomem;
};

/* The part of a finding that varies; strings may be NULL. Notes out of memory in .nomem. */
void finding_add(struct program *p, enum finding_kind kind, enum severity s, const struct function *f, uint32_t insn,
		 const char *what, const char *fmt, ...) __attribute__((format(printf, 7, 8)));
/* That newest finding, NULL: none, or the second pass has none of its own. */
struct finding *finding_newest(const struct program *p);
/* The stable replacement of the newest finding. */
void finding_instead(struct program *p, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* The newest finding is left to the loader. */
void finding_loader(struct program *p);
/* What this kernel gives for the newest finding. */
void finding_value(struct program *p, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Which module has it. */
void finding_module(struct program *p, const struct module *m);
/* Where it lies, told to the program by a relocation. */
void finding_place(struct program *p, uint32_t byte);

/* attach.c: the section's row, and what the program attaches to. */
const struct section_def *attach_section(const char *section, const char **target);
void attach_check(struct program *p);
/* attach_module.c: look at the module that has what the program attaches to, if one has. */
void attach_find_module(struct program *p);
bool license_is_gpl(const char *license);

/* context.c */
bool context_load(void *program, int32_t off, uint32_t size, struct cell *out);
void context_store(struct program *p, const struct function *f, uint32_t insn, uint32_t size, int32_t off);
void context_check(struct program *p, const struct function *f, uint32_t insn, const struct flow_insn *i, int32_t off);

/* typed.c: a load through a BTF-typed pointer, by the rules of the kernel's verifier. */
enum typed_kind { TYPED_SCALAR, TYPED_POINTER, TYPED_MEMORY, TYPED_NUMBER, TYPED_REFUSED }; /* NUMBER: an address that is none to the verifier */
struct typed_result {
	enum typed_kind kind;
	uint32_t type;      /* POINTER: struct that it points to */
	bool nullable, trusted;
	char why[192];      /* REFUSED */
};
void typed_access(struct check_kernel *k, const struct cell *base, int32_t off, uint32_t size, struct typed_result *out);
bool typed_load(void *program, const struct cell *base, int32_t off, uint32_t size, struct cell *out);
void typed_check(struct program *p, const struct function *f, uint32_t insn, const struct flow_insn *i,
		const struct cell *base);
bool typed_helper(void *program, int32_t helper, struct cell *out);
/* Is type @outer, or what it begins with, the struct of that name? */
bool typed_begins_with(const struct btf_data *b, uint32_t outer, const char *inner);
/* A hard-coded offset into a kernel struct: what lies there. */
void layout_check(struct program *p, const struct function *f, uint32_t insn, uint32_t type, int32_t off);
/* Reading a struct's field through a pointer to another: is it another argument than the program thinks? */
void believed_check(struct program *p, const struct function *f, uint32_t insn, uint32_t root, const struct cell *base);

/* helper.c */
void helper_check(struct program *p, const struct function *f, uint32_t insn, int32_t helper, const struct flow_state *s);
/* Kprobes, tracepoints of all kinds, fentry and the like, LSM, perf events. */
bool helper_is_tracing(const struct program *p);

/* use.c: kfuncs, externs, maps, instructions of one reached instruction. */
void use_check(struct program *p, const struct function *f, uint32_t insn, const struct flow_insn *i,
	       const struct flow_state *s);
void use_maps(struct program *p);
void use_externs(struct program *p);
/* An extern of the object: is it a kconfig value, and does the target have it otherwise? */
enum extern_kind { EXTERN_KCONFIG, EXTERN_THERE, EXTERN_ABSENT, EXTERN_UNKNOWN };
enum extern_kind use_extern(const struct program *p, uint32_t symbol, const struct module **module);

/* instead.c: what the catalog has in place of the kernel's own things; false: nothing. */
bool instead_of_field(const struct check *x, const char *type, const char *member, char *buf, size_t size);
bool instead_of_tracepoint(const struct check *x, const char *name, char *buf, size_t size);
bool instead_of_function(const struct check *x, const char *name, char *buf, size_t size);

#endif
