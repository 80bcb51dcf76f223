/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
#ifndef ABIDE_CATALOG_RESOLVE_H
#define ABIDE_CATALOG_RESOLVE_H

#include "catalog/catalog.h"
#include "object/btf.h"

/*
 * A field of the catalog on one target: where it is and how to get it. Chosen by what
 * the target's BTF has (members, enumerators, a tracepoint's arguments by name and
 * type), never by version.
 */
#define ACCESS_HOPS 6
#define ACCESS_OPS 8

struct access_hop { /* one pointer that is loaded on the way: p = *(u64 *)(p + off) */
	uint32_t off;
	bool fetch;    /* the kernel refuses a plain load of it: bpf_probe_read_kernel */
	bool nullable; /* some kernels want the loaded pointer tested before it is used */
};

enum access_op_kind {
	ACCESS_AND, ACCESS_SHR, ACCESS_SHL, ACCESS_ADD, ACCESS_BSWAP, ACCESS_NONZERO,
	ACCESS_SEXT,  /* sign-extend from .imm bits */
	ACCESS_RANGES, /* piecewise: see access_map */
	ACCESS_RULES,
};

struct access_op {
	enum access_op_kind kind;
	int64_t imm;
	const struct cat_rules *rules;
	const struct access_map *map;
};

/*
 * Enumerators by name, as sorted runs: kernel values first..last become value + delta,
 * or .fixed where .is_fixed (values that have no name in the catalog). Runs cover all of
 * 0..2^32-1 in order.
 */
struct access_map {
	uint32_t nr;
	struct access_run {
		uint32_t first, last;
		bool is_fixed;
		int64_t delta; /* or the fixed value */
	} *runs;
	uint32_t type; /* BTF id of the kernel's enum */
};

enum access_root {
	ROOT_STRUCT,  /* offsets are from the pointer to the kernel's struct */
	ROOT_ARG,     /* .arg: the tracepoint's argument itself; then hops and offset from it */
	ROOT_CURRENT, /* the running task */
	ROOT_CONST,   /* .imm */
};

struct access_path {
	enum access_root root;
	uint32_t arg;         /* ROOT_ARG: position among the tracepoint's arguments */
	uint32_t arg_size;    /* bytes of that argument's type */
	bool arg_sign;
	/* No load: the root itself (ROOT_ARG, ROOT_CURRENT), a member's address (ROOT_STRUCT). */
	bool value;
	bool arg_nullable;    /* the catalog says that it may be NULL */
	int64_t imm;
	struct access_hop hops[ACCESS_HOPS];
	uint32_t nr_hops;
	uint32_t off;         /* of the value, from the last pointer */
	uint32_t size;        /* bytes that the target stores: 1 2 4 8, or N of chars and bytes */
	bool sign;            /* the target's type is signed */
	bool fetch;           /* the kernel refuses a plain load of the value */
	bool in_place;        /* chars, bytes: off is where they start, nothing is loaded */
	uint8_t bit_off, bit_size; /* bit-field within the loaded .size bytes, 0: none */
	uint32_t stride;      /* bytes between elements for [] (own index), 0: there is none */
	uint32_t elements;    /* how many elements the target has for [], 0 unknown (flexible) */
	uint32_t type;        /* BTF id: of the value; for a pointer, of what it points to */
};

struct access {
	const struct cat_source *source;
	struct access_path path, second;
	enum cat_combine combine;
	struct access_op ops[ACCESS_OPS];
	uint32_t nr_ops;
	bool typed;           /* pointer: the kernel knows its type, so plain loads go through it */
	bool nullable;        /* pointer: some kernels want it tested before it is used */
	char text[160];       /* the kernel's path: "real_parent->tgid", for messages */
};

/* Why there is no access, in words a user understands: "6.1 has no task_struct.blocked_on". */
struct target;

/* What is known of a target kernel. @btf is borrowed. */
int target_open(struct btf_data *btf, const char *name, struct catalog *c, struct target **out,
		struct abide_error *e);
void target_free(struct target *t);
struct btf_data *target_btf(const struct target *t);
const char *target_name(const struct target *t);
/* Machine whose system call numbers apply: "x86_64", "arm64" ..., by what pt_regs looks like. */
const char *target_machine(const struct target *t);
/* Number of a system call there, -1 if it has none. */
int32_t target_syscall(const struct target *t, const char *name);
/* Is there a helper of that number (enum bpf_func_id in the target's BTF)? */
bool target_has_helper(struct target *t, uint32_t helper);
/* A kernel before 5.12 knows no atomics but a plain add; found by BPF_FETCH's users in BTF. */
bool target_has_atomics(struct target *t);

/*
 * Resolve; results are cached by the target and owned by it. 0 and *out; -ENOENT when
 * the target lacks it (tag "field-unavailable", "event-unavailable": what is missing by
 * name); other codes for a malformed BTF. @elem: element of an array field, 0 otherwise.
 */
int resolve_field(struct target *t, const struct cat_struct *s, const struct cat_field *f,
		  uint32_t elem, const struct access **out, struct abide_error *e);

struct placement { /* of an event */
	const struct cat_event *event;
	const char *tracepoint;
	uint32_t btf_id;      /* of typedef btf_trace_NAME: attach_btf_id of tp_btf */
	uint32_t nr_args;     /* of the tracepoint */

	int32_t syscall_nr;   /* sys_enter:NAME: only this number; -1 otherwise */
};

int resolve_event(struct target *t, const struct cat_event *ev, const struct placement **out,
		  struct abide_error *e);
int resolve_arg(struct target *t, const struct placement *p, const struct cat_field *arg,
		const struct access **out, struct abide_error *e);
/* BTF id of the kernel's struct behind a user-ized one, 0 if the target has none. */
uint32_t resolve_struct(struct target *t, const struct cat_struct *s);

#endif
