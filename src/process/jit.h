/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
#ifndef ABIDE_PROCESS_JIT_H
#define ABIDE_PROCESS_JIT_H

#include "process/decode.h"
#include "process/fault.h"
#include "process/x86.h"

/*
 * Machine registers outside of the assignment: scratch within one program instruction,
 * the budget that is left, and the frame pointer r10. The run comes in R9, which is where
 * the C calling convention has the sixth argument.
 */
#define TMP1     R11
#define TMP2     R10
#define TMP3     R9
#define RUN      R9
#define BUDGET   R12
#define JIT_REGS 10 /* r0 to r9, the ones that are assigned */

struct jit_function {
	bool has_fp, has_call, has_run, has_spent;
	uint8_t nr_saved;
	uint8_t saved[4]; /* what r6 to r9 live in, as far as the function writes them */
	uint32_t depth;   /* bytes of stack, alignment included */
};

struct jump {
	uint32_t from; /* where the jump ends, in the first pass */
	uint32_t at;   /* where its distance stands, in the second pass */
	uint32_t label;
	bool is_short;
};

/*
 * Two passes write the same instructions. The first one has only long jumps; from its
 * places the second knows which ones can be short, as code only gets shorter.
 */
struct jit {
	const struct process_program *p;
	struct x86 c;
	size_t room;
	bool second, failed;
	uintptr_t base;   /* where the code will be, in the second pass */
	uint32_t *labels; /* places: of slots, then LABELS_PER_FUNCTION of each function */
	struct jump *jumps;
	uint32_t nr_jumps; /* of this pass */
	size_t room_jumps;
	struct fault_load *loads; /* of the second pass */
	uint32_t nr_loads;
	size_t room_loads;
	uint16_t *live; /* per slot: registers that are read from it on; JIT_IN_LOOP */
	uint8_t map[11]; /* machine registers of r0 to r10 */
	bool bmi2, far, rotated, budget;
	const void *clock; /* the kernel's clock_gettime; NULL: there is none */
	/* The flags are those of a test of this register, as the last bit operation left them. */
	size_t flags_at; /* true while nothing has been written since; 0: they are not */
	uint8_t flags_reg;
	bool flags_wide;
	struct jit_function f; /* at hand */
	uint32_t function;
};

enum { LABEL_BODY, LABEL_SPENT, LABEL_END, LABEL_ENTRY, LABELS_PER_FUNCTION };

static inline uint32_t jit_label(const struct jit *j, uint32_t function, uint32_t which)
{
	return j->p->nr + function * LABELS_PER_FUNCTION + which;
}

/* @op: 0xeb, 0xe8 (a call), 0x70 | cc, or 0: the distance alone, 4 bytes */
void jit_jump(struct jit *j, uint8_t op, uint32_t label);

/* Fill in j->live; false: no memory. */
#define JIT_IN_LOOP 0x8000
bool jit_live(struct jit *j);
/* Whether the program's register @reg means nothing any more where the slot @pc begins. */
static inline bool jit_is_dead(const struct jit *j, uint32_t pc, uint8_t reg)
{
	return !(j->live[pc] & 1u << reg);
}

/* What a branch asks: of registers of the machine. */
struct jit_condition {
	bool wide, is_test, is_imm;
	uint8_t a, b;
	int32_t imm;
	uint8_t cc; /* holds where the branch is taken */
};

struct jit_condition jit_condition_of(const struct jit *j, const struct insn *i);
/* The branch at @pc on @c; how many slots from @pc on it took. */
uint32_t jit_branch(struct jit *j, uint32_t pc, const struct jit_condition *c);
void jit_goto(struct jit *j, uint32_t pc);
/* A forward branch over a few cheap instructions, without a branch: how many slots, or 0. */
uint32_t jit_select(struct jit *j, uint32_t pc, const struct jit_condition *c);
void jit_compare(struct jit *j, const struct jit_condition *c);

/* Arithmetic, moves, byte orders. */
void jit_alu(struct jit *j, const struct insn *i);
/* Loads, stores, atomics. */
void jit_memory(struct jit *j, const struct insn *i);
/* @i says the size, and whether it may fault. */
void jit_load(struct jit *j, const struct insn *i, uint8_t dst, struct x86_mem m);
/* @i says the size and what is stored. */
void jit_store(struct jit *j, const struct insn *i, struct x86_mem m);
/* Several instructions from @pc on as fewer ones of the machine: how many slots, or 0. */
uint32_t jit_fuse(struct jit *j, uint32_t pc, uint32_t end);
/* The same for log2. */
uint32_t jit_log2(struct jit *j, uint32_t pc, uint32_t end);
/* Calls of helpers, functions, programs. */
void jit_call(struct jit *j, const struct insn *i);
void jit_load_run(struct jit *j);
void jit_call_c(struct jit *j, const void *fn);
/* What a lookup becomes. */
enum jit_lookup { LOOKUP_CALL, LOOKUP_DIRECT, LOOKUP_ARRAY, LOOKUP_PERCPU };
enum jit_lookup jit_lookup_kind(const struct jit *j, const struct insn *i);
/* Any but LOOKUP_CALL. */
void jit_lookup(struct jit *j, const struct insn *i, enum jit_lookup kind);
void jit_prologue(struct jit *j);
/* All of the epilogue but the return. */
void jit_leave(struct jit *j);
/* From the C calling convention to the programs' own. */
void jit_entry(struct jit *j, uint32_t function);

#endif
