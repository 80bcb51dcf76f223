/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
#ifndef ABIDE_PROCESS_DECODE_H
#define ABIDE_PROCESS_DECODE_H

#include "analyze/insn.h"
#include "process/link.h"
#include "process/program.h"
#include "process/verify.h"

enum op {
#define OP(name, code, form, field, value) OP_##name,
#include "process/ops.def"
#undef OP
	NR_OPS,
	OP_SECOND = NR_OPS, /* the second half of a 64-bit load: nothing jumps there */
};

/* What the interpreter takes in one step: an operation, or several of steps.def. */
enum step {
	STEP_LAST_OP = OP_SECOND,
#define STEP2(form1, first, how, form2, second) STEP_##first##_##how##_##second,
#define STEP3(form1, first, how2, form2, second, how3, form3, third)                              \
	STEP_##first##_##how2##_##second##_##how3##_##third,
#include "process/steps.def"
#undef STEP2
#undef STEP3
	NR_STEPS
};

enum op_form {
	FORM_ALU_K,
	FORM_ALU_X,
	FORM_ALU_1,
	FORM_JUMP_K,
	FORM_JUMP_X,
	FORM_GOTO,
	FORM_GOTOL,
	FORM_HELPER,
	FORM_CALL,
	FORM_EXIT,
	FORM_LD64,
	FORM_LDFUNC,
	FORM_LOAD,
	FORM_STORE_K,
	FORM_STORE_X,
	FORM_ATOMIC,
};

enum op_field { FIELD_NONE, FIELD_OFF, FIELD_IMM, FIELD_SRC };

struct op_row {
	const char *name;
	uint8_t code;
	enum op_form form;
	enum op_field field; /* which must hold .value */
	int32_t value;
};

extern const struct op_row op_rows[NR_OPS];

/* Rows by their first byte: heads of chains, numbers from 1. */
struct op_index {
	uint16_t head[256];
	uint16_t next[NR_OPS + 1];
};

void decode_index(struct op_index *x);
const struct op_row *decode_find(const struct op_index *x, const struct bpf_insn *i);
/* Reserved fields: what the form does not use must be 0. */
bool decode_reserved(const struct op_row *row, const struct bpf_insn *i);
bool decode_writes_fp(const struct op_row *row, const struct bpf_insn *i);

struct process_program;
/* Choose each instruction's step. */
void decode_steps(struct process_program *p);

/* One decoded instruction; as many as the program has slots, in the same places. */
struct insn {
	uint8_t op;
	uint8_t step; /* op, or what it begins */
	uint8_t dst, src;
	/* of an access; of jumps and calls: slots from the next one to the target; HELPER: see program_call */
	int32_t off;
	union {
		/* sign-extended; LD64: the value; HELPER: number; CALL, LDFUNC: index of the function; loads: 1 if they may fault */
		int64_t imm;
		struct { /* of jumps and gotos */
			int32_t k;    /* what is compared with */
			int32_t jump; /* bytes from this instruction to the target: the interpreter's */
		};
	};
};

struct process_function {
	uint32_t first, nr; /* slots */
	bool callback;      /* its address is taken */
	process_fn entry;   /* native, by the C calling convention, for callbacks */
};

/* What is known of a call of a helper. */
struct process_call {
	struct process_map *map; /* in r1; NULL: any */
	bool key_known;          /* .key is what r2 points to */
	bool key_in_range;       /* of an array: there is a value */
	uint32_t key;
};

/* Bits of .target. */
enum { TARGET_AHEAD = 1, TARGET_LOOP = 2 };

struct process_program {
	struct insn *insns;
	uint32_t nr;
	struct process_function *functions; /* by .first; the first is where runs begin */
	uint32_t nr_functions;
	const struct process_helpers *helpers;
	uint8_t *target; /* per slot: who jumps there */
	struct process_call *calls;
	uint32_t nr_calls;
	bool wants_program; /* helpers look at run->program */
	bool reserves;      /* runs may have records that are to be given up */
	const struct link_session *session;
	uint64_t context;
	struct process_map *trace;
	uint64_t *faults; /* counts loads whose address was bad; NULL: nobody counts */
	/* native code; NULL: none */
	uint8_t *code;
	size_t code_size; /* bytes used */
	size_t code_room; /* bytes mapped */
	process_fn entry; /* by the C calling convention */
	void *body;       /* by the programs' own convention: for tail calls */
	uint32_t rotate;
	struct fault_load *loads; /* by .at */
	uint32_t nr_loads;
};

/*
 * process_program_new for code whose references to maps are addresses by now; @facts are the verifier's,
 * of the same instructions, and @maps what their .map means; NULL: there are none.
 */
int program_decode(const struct bpf_insn *insns, uint32_t nr, const struct process_helpers *helpers,
                   const struct verify_fact *facts, struct process_map *const *maps,
                   struct process_program **out, struct abide_error *e);
/* What is known of a call, or NULL. */
static inline const struct process_call *program_call(const struct process_program *p, const struct insn *i)
{
	return i->off ? &p->calls[i->off - 1] : NULL;
}

/* The function that begins at slot @at, or NULL. */
struct process_function *program_function_at(const struct process_program *p, uint32_t at);
/*
 * Whether calls nest no deeper than PROCESS_FRAMES and nothing calls itself, addresses of
 * functions counted as calls; the interpreter sees to it at run time.
 */
bool program_nests(const struct process_program *p);

/* link.c: the program in a slot of a program array that @from may go on with, or NULL. */
const struct process_program *link_tail(const struct process_program *from, uint64_t map, uint32_t index);
/* What bpf_tail_call does: the program to go on with, or NULL. Counts. */
const struct process_program *process_tail(struct process_run *run, uint64_t map, uint64_t index);

#endif
