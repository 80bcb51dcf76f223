/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
#ifndef ABIDE_PROCESS_VERIFY_WALK_H
#define ABIDE_PROCESS_VERIFY_WALK_H

#include <linux/bpf.h>

#include "process/decode.h"
#include "process/verify.h"
#include "process/verify_state.h"

/* What the files of the verifier share. */

#define NO_BLOCK UINT32_MAX

enum verify_tag {
#define TAG(name, tag, hint) TAG_##name,
#include "process/verify_tags.def"
#undef TAG
};

/* Forms of instructions beyond those of ops.def. */
enum {
	FORM_MAP = FORM_ATOMIC + 1, /* ld_imm64 of a map */
	FORM_MAP_VALUE,             /* ld_imm64 of an address in a map's only value */
	FORM_SECOND,
};

/* A run of instructions that begins where paths may meet, or behind a jump. */
struct verify_block {
	uint32_t first;
	uint32_t order;    /* in its function: those that lead here have lower ones, but for loops */
	uint32_t loop_end; /* loop head: the last instruction that jumps back */
	uint16_t live;     /* registers whose values may be looked at from here on */
	bool meets;        /* states are kept here; else it is reached from above only */
	bool once;         /* meets, but a single jump leads here */
	bool loops;        /* a jump back, or a callback's end, leads here */
};

struct verify_function {
	uint32_t first, nr;
	uint32_t first_block, nr_blocks;
};

struct verify_variant {
	struct state *s;
	bool pending;
	uint32_t joins;
};

/* A block in one chain of calls, with the states in which it is reached. */
struct verify_node {
	struct verify_context *context;
	uint32_t block;
	bool queued;
	uint32_t nr, room;
	struct verify_variant *variant;
};

/* One chain of calls. */
struct verify_context {
	struct verify_context *parent;
	uint32_t index;          /* of its own */
	uint32_t call;           /* instruction in the parent */
	uint32_t function;
	bool callback;
	uint32_t depth;          /* active functions above */
	uint32_t order[PROCESS_FRAMES]; /* of the calling blocks */
	struct verify_place *place; /* one a block of the function */
	struct verify_context *next; /* another function, called from the same block */
};

struct verify_place {
	struct verify_node *node;
	struct verify_context *called; /* from the end of the block */
};

struct verifier {
	const struct verify_input *in;
	struct verify_result *result;
	struct abide_error *e;
	/* the program, verify_flow.c */
	uint8_t *form;             /* one an instruction */
	uint16_t *op;              /* row of ops.def */
	uint32_t *block_at;        /* block that begins there, or NO_BLOCK */
	uint8_t *starts;           /* scratch of verify_flow.c */
	uint32_t *function_of;     /* block -> function */
	struct verify_block *blocks;
	uint32_t nr_blocks;
	struct verify_function *functions;
	uint32_t nr_functions;
	/* the walk, verify_walk.c */
	bool apart;                /* second attempt: join as late as possible */
	struct state *now, *other;
	uint32_t pc;
	struct verify_context *context;
	struct verify_context *contexts; /* the root */
	struct verify_node **heap;
	uint32_t nr_heap, room_heap;
	uint32_t next_id;
	uint32_t deepest;          /* slots of stack, all active functions */
	uint64_t bytes;            /* of kept states, without their chunks, and of contexts */
	struct chunk_pool pool;    /* chunks of all states; and .work */
	uint8_t *noted;            /* a bit a kind of fact that an instruction has had */
	bool over;                 /* gave up: too complex */
};

/* verify_refuse.c: -EINVAL; the problem is said by the format, the place added. */
int verify_refuse(struct verifier *v, enum verify_tag tag, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
int verify_refuse_at(struct verifier *v, uint32_t pc, enum verify_tag tag, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
/* -E2BIG: so it gave up. */
int verify_too_complex(struct verifier *v, const char *what);
/* More about why, in front of the place. */
int verify_because(struct verifier *v, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* "a map value (\"counts\")", "a number". */
const char *verify_value_text(const struct verifier *v, const struct value *x, char *buf, size_t size);

/* verify_flow.c: check the form of all instructions, find functions, blocks, liveness, orders. */
int verify_flow(struct verifier *v);

/* verify_access.c */
enum access { ACCESS_READ, ACCESS_WRITE };
/* @size (at most) bytes at @p + @off are inside of an object that may be accessed so. @what: "the key". */
int verify_range(struct verifier *v, const struct value *p, int64_t off, uint64_t size, enum access a, const char *what);
int verify_load(struct verifier *v, const struct bpf_insn *i);
int verify_store(struct verifier *v, const struct bpf_insn *i);
int verify_atomic(struct verifier *v, const struct bpf_insn *i);
/* A register that is read; NULL and refused: uninitialised. r10 is made up in @tmp. */
const struct value *verify_read(struct verifier *v, unsigned reg, struct value *tmp);
/* Refuses what is no number. */
int verify_want_number(struct verifier *v, unsigned reg, const struct value *x, const char *where);

/* verify_stack.c: bytes of frame @frame from @low to below @high, offsets from r10, within it. */
int verify_stack_load(struct verifier *v, uint32_t frame, const struct num *at, uint32_t size, struct value *out);
int verify_stack_store(struct verifier *v, uint32_t frame, const struct num *at, uint32_t size, const struct value *x);
/* Read by a helper: all initialised, no pointers, but for 8-byte slots in @pointers (bit 0: the first). */
int verify_stack_readable(struct verifier *v, uint32_t frame, int64_t low, int64_t high, uint64_t pointers, const char *what);
/* Written by a helper: [low, sure) is, [sure, high) may be. */
void verify_stack_written(struct verifier *v, uint32_t frame, int64_t low, int64_t sure, int64_t high);
/* The number in @size (1 to 8) bytes, if it is all in one place and is known; else any of that size. */
struct num verify_stack_number(struct verifier *v, uint32_t frame, int64_t at, uint32_t size);

/* verify_alu.c */
int verify_alu(struct verifier *v, const struct bpf_insn *i);
int verify_load64(struct verifier *v, const struct bpf_insn *i);
/* Whether two pointers certainly lead into the same object, so that their distance is that of their offsets. */
bool verify_same_object(const struct verifier *v, const struct value *a, const struct value *b);
/* verify_branch.c: which outcomes are possible; *v->now is as after falling through, *v->other as after the jump. */
int verify_branch(struct verifier *v, const struct bpf_insn *i, bool *falls, bool *jumps);

/* verify_helper.c: one call, but for what the callback does. */
struct helper_row {
	const char *name;
	uint8_t needs, maps, result, arg[5];
};
const struct helper_row *verify_helper_row(int32_t number);
enum { NEEDS_PLAIN, NEEDS_RUN, NEEDS_CALLS, NEEDS_TAIL };
unsigned verify_helper_args(const struct helper_row *row);
int verify_helper(struct verifier *v, const struct bpf_insn *i);
/* What the callback of that call is, and the state (in the new frame) at its beginning. */
int verify_callback(struct verifier *v, const struct bpf_insn *i, uint32_t *function);

/* verify_context.c; NULL: *v->e says why not */
#define VERIFY_BYTES (32u << 20) /* of states that are kept, and of chains of calls */
struct verify_context *verify_context(struct verifier *v, uint32_t function, bool callback);
struct verify_node *verify_node(struct verifier *v, struct verify_context *c, uint32_t block);
void verify_contexts_free(struct verifier *v);

/* verify_walk.c */
int verify_walk(struct verifier *v);
void verify_walk_free(struct verifier *v);
int verify_push(struct verifier *v, bool callback);

/* verify.c: what is the same in all visits of an instruction */
void verify_note_map(struct verifier *v, uint32_t map);
void verify_note_key(struct verifier *v, bool known, uint32_t key, bool in_range);

#endif
