/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
#ifndef ABIDE_CATALOG_CATALOG_H
#define ABIDE_CATALOG_CATALOG_H

#include <stdbool.h>
#include <stdint.h>

#include "util/error.h"

/*
 * The catalog: user events and user-ized structs, one entry for all kernels. Parsed
 * from text (HACKING.md, "The catalog's text"); all strings and arrays live as long
 * as the catalog. Layouts that programs see (offsets, sizes, enumerator values) are
 * written in the text, never computed, because they are the ABI.
 */

/* What a program sees of a field or an event's argument. */
enum cat_kind {
	CAT_UINT,    /* u8 u16 u32 u64, be16 be32 be64 */
	CAT_SINT,    /* s8 s16 s32 s64 */
	CAT_ENUM,    /* a stable enum, stored as u32 */
	CAT_CHARS,   /* char NAME[N]: bytes in place, NUL-terminated if shorter */
	CAT_POINTER, /* struct X_user * : one may load through it */
	CAT_STRING,  /* string: const char * that only user_str() follows */
	CAT_USERPTR, /* user NAME: address in the application's memory (bpf_probe_read_user) */
	CAT_BYTES,   /* u8 NAME[N]: an address, a uuid */
};

/* How a loaded value is changed on its way to the stable one. */
enum cat_op_kind {
	CAT_AND,     /* value &= .imm */
	CAT_SHR,     /* value >>= .imm, zeros shifted in */
	CAT_SHL,
	CAT_ADD,     /* value += .imm (signed) */
	CAT_BSWAP,   /* big-endian in memory to host: 16, 32 or 64 bits by .imm */
	CAT_NONZERO, /* value = value != 0 */
	CAT_BIT,     /* value = value >> B & 1, B the value of the kernel's enumerator .name */
	CAT_ENUMMAP, /* kernel enumerator -> stable enumerator by name; .target is an index into enums */
	CAT_RULES,   /* first rule whose mask meets the value; .target is an index into rules */
	CAT_ERRNO,   /* blk_status_t -> errno: enum map by value, .target is an index into rules (values) */
};

struct cat_op {
	enum cat_op_kind kind;
	int64_t imm;
	const char *name;
	uint32_t target;
};

/* One step of a path: ".name", "->name", "[3]", "[ENUMERATOR]", "[]" (the program's own index). */
struct cat_step {
	const char *name;      /* member, or NULL for an index */
	bool arrow;            /* preceded by "->": the value so far is a pointer */
	bool has_index;        /* followed by [index] */
	bool own_index;        /* [] : the index is the element of the stable array that is read */
	uint32_t index;
	const char *index_name; /* an enumerator of the kernel that gives the index, or NULL */
	const char *cast;       /* "(struct tcp_sock *)" before this step: the kernel's type, or NULL */
};

#define CAT_STEPS 12
#define CAT_OPS 6

/* One way to get the value on some kernel: "from __state or exit_state as task_state". */
struct cat_source {
	/* How the value of .path meets that of .second, if there is one. */
	enum cat_combine { CAT_ALONE, CAT_OR, CAT_UNLESS } combine; /* UNLESS: 0 when .second is not 0 */
	struct cat_path {
		/*
		 * Root: for a field, the kernel's struct; for an event's argument, the first
		 * step's name is an argument of the tracepoint ("prev", "current" is the
		 * running task, "const N" has no steps and is the number .imm).
		 */
		struct cat_step *steps; /* at most CAT_STEPS */
		uint32_t nr_steps;
		bool current, constant;
		bool address; /* "&MEMBER": where it is, no load */
		int64_t imm;
		const char *want_type; /* "prev: struct task_struct *": the kernel's type must spell so, or NULL */
	} path, second;
	struct cat_path *elements; /* of an array field: one path for each element; .path is unused */
	uint32_t nr_elements;
	struct cat_op *ops; /* at most CAT_OPS, in order, on the combined value */
	uint32_t nr_ops;
	const char *text;  /* as written, for messages */
	uint32_t line;     /* in the catalog's file */
};

struct cat_field {
	const char *name;
	enum cat_kind kind;
	uint32_t offset;   /* bytes, in the user-ized struct; for an event's argument: 8 * position */
	uint32_t size;     /* bytes of one element: 1 2 4 8; of CHARS and BYTES: N */
	uint32_t count;    /* elements of an array; 1 for all others */
	uint32_t target;   /* POINTER: index into structs; ENUM: index into enums */
	bool big_endian;   /* be16 ... */
	bool nullable;     /* a pointer that may be NULL and that some kernels want tested */
	const char *type;  /* as C spells it in the header: "__u32", "struct task_struct_user *" */
	const char *unit;  /* "ns", "bytes", ... or "" */
	const char *doc;   /* one line */
	uint32_t since;    /* version of the catalog */
	struct cat_source *sources; /* alternatives, best first */
	uint32_t nr_sources;
	uint32_t line;
};

struct cat_struct {
	const char *name;        /* "task_struct_user" */
	const char **kernel;     /* names of the kernel's struct, first that exists: "task_struct" */
	uint32_t nr_kernel;
	uint32_t size;           /* bytes of what is promised so far */
	const char *doc;
	uint32_t since;
	struct cat_field *fields; /* by offset */
	uint32_t nr_fields;
	uint32_t line;
};

struct cat_event {
	const char *name;        /* "sched_switch", "sys_enter", "sys_enter:openat"; "mydb:query_done" */
	const char *doc;
	uint32_t since;
	struct cat_field *args;  /* .offset is 8 * position */
	uint32_t nr_args;
	const char **places;     /* tracepoints, first that exists on the target */
	uint32_t nr_places;
	/* Which tasks the event is about: indices into args, or -1 for the running task. */
	int32_t subjects[4];
	const char **subject_names; /* as written */
	uint32_t nr_subjects;
	bool anybody; /* "subject anybody": it fires in whatever task an interrupt hit, and passes every filter */
	bool syscall;            /* sys_enter:NAME, sys_exit:NAME: only for that system call */
	const char *syscall_name;
	uint32_t line;
};

struct cat_enumerator {
	const char *name;        /* "REQ_USER_READ" */
	uint32_t value;
	const char **kernel;     /* the kernel's enumerators that mean this, any of them */
	uint32_t nr_kernel;
	const char *doc;
	uint32_t since;
	uint32_t line;
};

struct cat_enum {
	const char *name;        /* "req_op_user" */
	const char **kernel;     /* the kernel's enums that may hold them: "req_op", "req_opf"; 0: plain numbers */
	uint32_t nr_kernel;
	const char *doc;
	struct cat_enumerator *values;
	uint32_t nr_values;
	uint32_t other;          /* what a kernel value that has no name here becomes */
	uint32_t since;
	uint32_t line;
};

struct cat_rule {
	uint64_t mask;           /* value & mask != 0 (by_value: value == mask) */
	int64_t result;
};

struct cat_rules {
	const char *name;
	bool by_value;
	struct cat_rule *rules;
	uint32_t nr_rules;
	int64_t otherwise;
	uint32_t line;
};

/* A system call's number on each machine, and its arguments (as sys_enter:NAME hands them over). */
struct cat_syscall {
	const char *name;
	int32_t x86_64, arm64, generic; /* -1: that machine has none (generic: riscv64, loongarch64) */
	struct cat_field *args;
	uint32_t nr_args;
	uint32_t since;
	uint32_t line;
};

struct catalog {
	uint32_t version;
	bool application;          /* "catalog application": events are PROVIDER:NAME, the target is a process */
	struct cat_struct *structs;
	uint32_t nr_structs;
	struct cat_event *events;  /* without sys_enter:NAME and sys_exit:NAME: catalog_event makes those */
	uint32_t nr_events;
	struct cat_enum *enums;
	uint32_t nr_enums;
	struct cat_rules *rules;
	uint32_t nr_rules;
	struct catalog_store *store; /* and the system calls: catalog_syscalls() */
};

/* The text of all built-in catalog files, and how many bytes; that of the system calls stands apart. */
extern const char catalog_builtin[], catalog_builtin_syscalls[];
extern const uint32_t catalog_builtin_size, catalog_builtin_syscalls_size;

/*
 * Parse @text (@size bytes, file name for messages) into a new catalog; entries of
 * @base (may be NULL, is not changed) are taken over, and entries of the same name
 * replaced. Errors are "FILE:LINE: ..." with tag "catalog-syntax", "catalog-layout", ...
 */
int catalog_parse(const char *text, uint32_t size, const char *file, const struct catalog *base,
		  struct catalog **out, struct abide_error *e);
int catalog_open_builtin(struct catalog **out, struct abide_error *e);
int catalog_open_file(const char *path, const struct catalog *base, struct catalog **out,
		      struct abide_error *e);
void catalog_free(struct catalog *c);

const struct cat_struct *catalog_struct(const struct catalog *c, const char *name);
const struct cat_enum *catalog_enum(const struct catalog *c, const char *name);
/* Also "sys_enter:openat": those are composed once and kept by the catalog. NULL if there is none. */
const struct cat_event *catalog_event(struct catalog *c, const char *name);
/*
 * The table of system calls, @n of them. The built-in one is read when it is first asked for (half of
 * the catalog, and few programs want it). 0 where there is none, or no memory for it.
 */
const struct cat_syscall *catalog_syscalls(const struct catalog *c, uint32_t *n);
/* Read it now: 0, or why it cannot be read. */
int catalog_read_syscalls(const struct catalog *c, struct abide_error *e);
/* The field that starts at or covers byte @offset, or NULL (a hole, or past the end). */
const struct cat_field *catalog_field_at(const struct cat_struct *s, uint32_t offset);
const struct cat_field *catalog_field(const struct cat_struct *s, const char *name);
/* Names that are near @name, for hints ("task_struct_user"); NULL if none is. */
const char *catalog_suggest(const struct catalog *c, const char *name);

#endif
