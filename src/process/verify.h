/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
#ifndef ABIDE_PROCESS_VERIFY_H
#define ABIDE_PROCESS_VERIFY_H

#include <linux/bpf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "analyze/num.h"
#include "util/error.h"

/*
 * The verifier of the process engine: is this program safe to run in this process? It takes
 * instructions as the translator leaves them: user-ized loads are already plain loads at the
 * binary's own offsets. It does not trust whoever translated them: what may be loaded
 * through a pointer is said by types that come from the process itself.
 *
 * Input instructions: one array for a program and its functions, the program first. Calls
 * (BPF_PSEUDO_CALL) and addresses of functions (BPF_PSEUDO_FUNC) are relative, as the kernel
 * has them; ld_imm64 with BPF_PSEUDO_MAP_FD and BPF_PSEUDO_MAP_VALUE have an index into
 * maps where the kernel has a descriptor.
 */
struct verify_member { /* bytes that may be loaded through a pointer to a type */
	uint32_t off, size;
	bool pointer;      /* all 8 bytes at once: a pointer to .target, which may be NULL or junk */
	uint32_t target;   /* index into types */
};

struct verify_type {
	const char *name;  /* "query_user", for messages */
	const struct verify_member *members; /* by .off; they may overlap only with what is alike */
	uint32_t nr_members;
};

struct verify_arg { /* 8 bytes of the context */
	bool pointer;
	uint32_t target;
};

struct verify_map {
	const char *name;
	uint32_t type, key_size, value_size, max_entries, flags; /* BPF_MAP_TYPE_*, BPF_F_* */
	const void *frozen; /* .rodata: its bytes, so that loads of constants are known; NULL: none */
	bool read_only;     /* programs may not write values */
};

struct verify_input {
	const char *name;  /* of the program, for messages */
	const struct bpf_insn *insns;
	uint32_t nr_insns;
	/* r1: either the arguments of an event, 8 bytes each and read-only, ... */
	const struct verify_arg *args;
	uint32_t nr_args;
	/* ... or (abide exec) .memory bytes that may be written, and r2 is that number. */
	bool has_memory;
	uint32_t memory;
	const struct verify_type *types;
	uint32_t nr_types;
	const struct verify_map *maps;
	uint32_t nr_maps;
	/* "prog.bpf.c:31: ..." for a refusal; may be NULL. Returns @buf. */
	const char *(*where)(void *ctx, uint32_t insn, char *buf, size_t size);
	void *where_ctx;
};

/* What later steps use of an instruction. All-zero: nothing special. */
struct verify_fact {
	bool faults;      /* a load through a pointer to a type: junk reads 0 */
	bool reached;
	bool has_map;     /* a call of a helper whose r1 (loop over elements: r1) is always map .map */
	uint32_t map;
	bool key_known;   /* array lookup: the key's value is .key on every path */
	uint32_t key;
	bool key_in_range; /* array lookup: key < max_entries on every path: never NULL */
};

/* For tests: the values that registers may have before an instruction, all visits joined. */
struct verify_value {
	bool is_number;   /* else a pointer, or nothing that may be read */
	struct num num;
};

struct verify_result {
	struct verify_fact *facts;     /* one an instruction */
	uint32_t nr_insns;
	struct verify_value (*values)[11]; /* one an instruction; only when asked for */
	uint32_t stack;    /* bytes used at most, all functions active at once counted */
	bool per_cpu;      /* looks into a per-CPU map: runs need a slot */
	bool loops;        /* has a loop whose end is not known: runs need their budget */
	uint32_t visited;  /* instructions walked, for -v and benches */
	uint64_t work;     /* what all of it has cost, in the time of an instruction */
};

/*
 * 0 and *out, or -EINVAL (-E2BIG: too complex, -ENOMEM) with a refusal in three parts: what is not safe, the
 * instruction and why, what to try. Tags are listed in verify_tags.def.
 */
int verify_program(const struct verify_input *in, bool keep_values, struct verify_result **out,
		   struct abide_error *e);
void verify_result_free(struct verify_result *r);

#endif
