/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
#ifndef ABIDE_ANALYZE_FACTS_H
#define ABIDE_ANALYZE_FACTS_H

#include "analyze/cfg.h"
#include "analyze/state.h"
#include "catalog/resolve.h"

/*
 * What the analysis hands over: one fact an instruction, in a graph of nodes. A node is
 * a basic block in one inlined call and in one variant: where paths meet with pointers of
 * different kinds that a later load needs, the block has a node for each.
 */

/* Calls to helper numbers that exist only until translation (<abide/program.h>). */
enum pseudo_helper {
	PSEUDO_CURRENT_TASK = 0x7ab1de00,
	PSEUDO_FIELD_EXISTS = 0x7ab1de01,
	PSEUDO_USER_STR = 0x7ab1de02,
	PSEUDO_FETCH_U8 = 0x7ab1de10,
	PSEUDO_FETCH_U16 = 0x7ab1de11,
	PSEUDO_FETCH_U32 = 0x7ab1de12,
	PSEUDO_FETCH_U64 = 0x7ab1de13,
	PSEUDO_FETCH_PTR = 0x7ab1de14,
	PSEUDO_FETCH_STR = 0x7ab1de15,
};

enum fact_kind {
	FACT_COPY,       /* goes over as it is */
	FACT_DROP,       /* constant arithmetic on a tracked pointer: the delta is known, nothing to do */
	FACT_MOVE,       /* number += tracked pointer, the number known: becomes dst = src */
	FACT_INDEX,      /* user-ized pointer += variable number: the number goes to the index slot of dst */
	FACT_INDEX_SWAP, /* number += user-ized pointer: the number goes there, dst = src */
	FACT_INDEX_MOVE, /* dst = src, with src's index */
	FACT_ARG,        /* load of event argument .arg, bytes [.off, .off+.size) of its 8 */
	FACT_FIELD,      /* load of [.off, .off+.size) of struct .sid */
	FACT_VALUE,      /* r0 = .imm */
	FACT_STR,        /* user_str: field at .off of struct .sid; r1, r2 destination and size, r3 the pointer */
	FACT_STR_VALUE,  /* user_str of a string whose address lies at r3, on the stack */
	FACT_CURRENT,    /* r0 = the running task */
	FACT_FETCH,      /* r0 = .size bytes at r1, by a fetch */
	FACT_FETCH_STR,  /* r0 = string at r3 to r1, r2 bytes at most */
	FACT_BRANCH,
	FACT_CALL,       /* walked in place: the node's successor is the callee's first block */
	FACT_EXIT,       /* of the program, or of an inlined function */
	FACT_PLAIN_ADD,  /* an atomic add whose result is dead, on a kernel that knows only plain ones */
};

struct fact {
	uint8_t kind;          /* enum fact_kind */
	int8_t always;         /* BRANCH: 1 taken, -1 never taken, 0 either */
	bool base_null;        /* ARG.. STR: the pointer may be NULL and must be tested */
	bool base_untyped;     /* loads through it are fetches */
	bool base_indexed;     /* plus what the base register's index slot holds, */
	uint32_t index_min, index_max; /* ... which lies in here */
	uint16_t sid;
	int32_t off;
	uint32_t size, arg;
	int64_t imm;
	uint16_t written;      /* registers that hold something before the instruction */
	uint16_t alive;        /* registers whose value is needed after it */
};

struct walk { /* one function, called from one place */
	int32_t parent;        /* index into walks, -1: the program itself */
	uint32_t call;         /* instruction of the parent that calls it */
	const struct cfg *cfg;
	uint32_t base;         /* bytes of stack above its frame */
	uint32_t depth;
	uint32_t function;     /* index into the object's functions */
	int32_t *variants;     /* by block: the newest of its nodes, -1: none */
};

struct node {
	uint32_t walk;         /* index into walks */
	uint32_t block;        /* of that walk's cfg */
	int32_t next, taken;   /* nodes, -1: none */
	int32_t older;         /* another variant of the same block in the same walk, -1: none */
	struct fact *facts;    /* one an instruction of the block (also for second halves) */
	struct state *in;
	uint16_t joins;
	bool queued;
};

struct analysis {
	const struct object *object;
	const struct function *function;
	struct catalog *catalog;
	struct target *target;             /* NULL: none in particular */
	const struct cat_event *event;     /* NULL: not a program on a user event */
	const struct placement *placement; /* of the event on the target */
	struct cfg **cfgs;                 /* by function of the object, NULL: not called */
	struct walk *walks;
	uint32_t nr_walks;
	struct node *nodes;                /* [0] is where it starts */
	uint32_t nr_nodes;
	uint32_t stack;                    /* bytes of the one frame that all walks share */
	uint32_t *callbacks;               /* functions whose address it takes; indices into the object's */
	uint32_t nr_callbacks;
	uint32_t nr_copies;                /* blocks of all walks */
	bool uses_index;                   /* some pointer carries a variable index */
	bool keep_constants;               /* numbers that become addresses are kept apart too */
	bool changes;                      /* some instruction does not go over as it is */
	size_t room_walks, room_nodes, room_callbacks;
};

/* Piece of a load: bytes [from, from+size) of element .elem of .field, at byte .at of the result. */
struct piece {
	const struct cat_field *field;
	uint32_t elem, from, size, at;
};
#define MAX_PIECES 8

/*
 * The fields that bytes [off, off+size) of a user-ized struct lie in. Returns how many
 * pieces, 0 when the bytes lie in no field, -1 when they cut a field in two (a load that
 * straddles), -2 when they cut one that cannot be (part of a pointer).
 */
int field_pieces(const struct cat_struct *s, int64_t off, uint32_t size, struct piece pieces[MAX_PIECES]);

/*
 * Walk @f from its entry: a program on @event, any other program (@event NULL), or a
 * callback (@callback: its arguments are pointers of any kind). Refusals name the
 * instruction and the source line. The result borrows from all that it was given.
 */
int analyze_function(const struct object *o, const struct function *f, bool callback,
		     const struct cat_event *event, struct catalog *c, struct target *t, struct analysis **out,
		     struct abide_error *e);
void analysis_free(struct analysis *a);

#endif
