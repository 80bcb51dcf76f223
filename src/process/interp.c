/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The reference interpreter, and the engine where there is no native code. In: a decoded
 * program, whose form is known to be good. Out: r0, or a status that says why the run ended.
 *
 * Threaded code: each operation ends in a jump through the table of labels, so that the
 * CPU predicts each of these jumps by itself. Two or three that often follow each other are
 * one step with a label of its own (steps.def), made of the same macros. A traced run has
 * another table, in which every label is the one that calls the hook, and goes operation by
 * operation.
 *
 * Accesses are checked where the run asks for it; a verified program needs no check. Frames lie
 * one below the other in run->stack, and callbacks go on below the frames of their callers,
 * so a function can use what its callers' stacks hold.
 */
#include <endian.h>
#include <stdio.h>
#include <string.h>

#include "process/decode.h"
#include "process/fault.h"
#include "process/helper.h"

#define NO_PC      UINT32_MAX
#define INSN_SHIFT 4
_Static_assert(sizeof(struct insn) == 1 << INSN_SHIFT, "distances of jumps are in bytes");

struct frame {
	const struct insn *back; /* the call; NULL: return to C */
	const struct process_program *program;
	uint64_t saved[4];       /* r6 to r9 */
};

static bool allowed(const struct process_run *run, uint64_t at, uint64_t size, bool write)
{
	uint64_t top = (uint64_t)(uintptr_t)run->stack + PROCESS_FRAMES * PROCESS_STACK;
	uint64_t bottom = top - (uint64_t)run->depth * PROCESS_STACK;
	uint32_t i;

	if (at >= bottom && at < top && size <= top - at)
		return true;
	for (i = 0; i < run->nr_regions; i++) {
		const struct process_region *g = &run->regions[i];

		if (at >= g->base && at - g->base <= g->size && size <= g->size - (at - g->base))
			return g->writable || !write;
	}
	return false;
}

static bool access_ok(struct process_run *run, uint64_t at, uint32_t size, bool write, bool atomic)
{
	bool aligned = !atomic || !(at & (size - 1));

	if (aligned && allowed(run, at, size, write))
		return true;
	run->status = aligned ? PROCESS_ACCESS : PROCESS_ALIGN;
	run->fault_address = at;
	run->fault_size = size;
	return false;
}

/* The frame pointer of a new frame, or 0 with the status set. */
static uint64_t push_frame(struct process_run *run)
{
	uint8_t *top;

	if (run->depth == PROCESS_FRAMES) {
		run->status = PROCESS_DEPTH;
		return 0;
	}
	top = run->stack + (size_t)(PROCESS_FRAMES - run->depth) * PROCESS_STACK;
	run->depth++;
	if (run->checked) /* a program that nobody verified may read what it never wrote */
		memset(top - PROCESS_STACK, 0, PROCESS_STACK);
	return (uint64_t)(uintptr_t)top;
}

#define S64(x) ((int64_t)(x))
#define S32(x) ((int32_t)(uint32_t)(x))
#define U32(x) ((uint32_t)(x))

/* RFC 9669, 4.1: what C leaves open. */
static inline uint64_t div64(uint64_t a, uint64_t b)
{
	return b ? a / b : 0;
}

static inline uint64_t mod64(uint64_t a, uint64_t b)
{
	return b ? a % b : a;
}

static inline uint64_t sdiv64(uint64_t a, uint64_t b)
{
	if (!b)
		return 0;
	return S64(b) == -1 ? 0 - a : (uint64_t)(S64(a) / S64(b));
}

static inline uint64_t smod64(uint64_t a, uint64_t b)
{
	if (!b)
		return a;
	return S64(b) == -1 ? 0 : (uint64_t)(S64(a) % S64(b));
}

static inline uint32_t sdiv32(uint32_t a, uint32_t b)
{
	if (!b)
		return 0;
	return S32(b) == -1 ? 0 - a : (uint32_t)(S32(a) / S32(b));
}

static inline uint32_t smod32(uint32_t a, uint32_t b)
{
	if (!b)
		return a;
	return S32(b) == -1 ? 0 : (uint32_t)(S32(a) % S32(b));
}

#define DST         r[d]
#define SRC         r[s]
#define K           ((uint64_t)i->imm)
#define OPERATION   static inline __attribute__((always_inline))
#define UNUSED      __attribute__((unused))
#define OPERANDS    uint64_t *r, UNUSED uint8_t d, UNUSED uint8_t s, UNUSED const struct insn *i

/* do_NAME: what an operation on registers does. @expr64 and @expr32 in terms of a and b. */
#define ALU(name, expr64, expr32)                                              \
	OPERATION void do_##name##64K(OPERANDS)                                \
	{                                                                      \
		uint64_t a = DST, b = K;                                       \
		DST = (expr64);                                                \
	}                                                                      \
	OPERATION void do_##name##64X(OPERANDS)                                \
	{                                                                      \
		uint64_t a = DST, b = SRC;                                     \
		DST = (expr64);                                                \
	}                                                                      \
	OPERATION void do_##name##32K(OPERANDS)                                \
	{                                                                      \
		uint32_t a = U32(DST), b = U32(K);                             \
		DST = U32(expr32);                                             \
	}                                                                      \
	OPERATION void do_##name##32X(OPERANDS)                                \
	{                                                                      \
		uint32_t a = U32(DST), b = U32(SRC);                           \
		DST = U32(expr32);                                             \
	}
#define ONE(name, expr)                                                        \
	OPERATION void do_##name(OPERANDS)                                     \
	{                                                                      \
		DST = (expr);                                                  \
	}

ALU(ADD, a + b, a + b)
ALU(SUB, a - b, a - b)
ALU(MUL, a * b, a * b)
ALU(DIV, div64(a, b), div64(a, b))
ALU(MOD, mod64(a, b), mod64(a, b))
ALU(SDIV, sdiv64(a, b), sdiv32(a, b))
ALU(SMOD, smod64(a, b), smod32(a, b))
ALU(OR, a | b, a | b)
ALU(AND, a & b, a & b)
ALU(XOR, a ^ b, a ^ b)
ALU(LSH, a << (b & 63), a << (b & 31))
ALU(RSH, a >> (b & 63), a >> (b & 31))
ALU(ARSH, (uint64_t)(S64(a) >> (b & 63)), S32(a) >> (b & 31))
ALU(MOV, ((void)a, b), ((void)a, b))
ONE(NEG64, 0 - DST)
ONE(NEG32, 0 - U32(DST))
ONE(MOVSX64_8, (uint64_t)(int8_t)SRC)
ONE(MOVSX64_16, (uint64_t)(int16_t)SRC)
ONE(MOVSX64_32, (uint64_t)(int32_t)SRC)
ONE(MOVSX32_8, U32((int8_t)SRC))
ONE(MOVSX32_16, U32((int16_t)SRC))
ONE(LE16, htole16((uint16_t)DST))
ONE(LE32, htole32(U32(DST)))
ONE(LE64, htole64(DST))
ONE(BE16, htobe16((uint16_t)DST))
ONE(BE32, htobe32(U32(DST)))
ONE(BE64, htobe64(DST))
ONE(BSWAP16, __builtin_bswap16((uint16_t)DST))
ONE(BSWAP32, __builtin_bswap32(U32(DST)))
ONE(BSWAP64, __builtin_bswap64(DST))

/* do_NAME: whether it jumps. */
#define JUMP1(name, left, op, right)                                           \
	OPERATION bool do_##name(OPERANDS)                                     \
	{                                                                      \
		return left op right;                                          \
	}
#define JUMP(name, type64, type32, op)                                         \
	JUMP1(name##64K, (type64)DST, op, (type64)(int64_t)i->k)               \
	JUMP1(name##64X, (type64)DST, op, (type64)SRC)                         \
	JUMP1(name##32K, (type32)DST, op, (type32)i->k)                        \
	JUMP1(name##32X, (type32)DST, op, (type32)SRC)

JUMP(JEQ, uint64_t, uint32_t, ==)
JUMP(JNE, uint64_t, uint32_t, !=)
JUMP(JGT, uint64_t, uint32_t, >)
JUMP(JGE, uint64_t, uint32_t, >=)
JUMP(JLT, uint64_t, uint32_t, <)
JUMP(JLE, uint64_t, uint32_t, <=)
JUMP(JSGT, int64_t, int32_t, >)
JUMP(JSGE, int64_t, int32_t, >=)
JUMP(JSLT, int64_t, int32_t, <)
JUMP(JSLE, int64_t, int32_t, <=)
JUMP(JSET, uint64_t, uint32_t, &)

/* What a load, or a store, moves. */
typedef uint8_t type_LDX8, type_ST8, type_STX8;
typedef uint16_t type_LDX16, type_ST16, type_STX16;
typedef uint32_t type_LDX32, type_ST32, type_STX32;
typedef uint64_t type_LDX64, type_ST64, type_STX64;
typedef int8_t type_LDSX8;
typedef int16_t type_LDSX16;
typedef int32_t type_LDSX32;

/* From here on: statements of execute(), one for each form of ops.def that has any. */
#define NEXT        goto *table[(++i)->step]
#define CHECK(at, size, write, atomic)                                         \
	do {                                                                   \
		if (checked && !access_ok(run, at, size, write, atomic))       \
			goto fault;                                            \
	} while (0)
/*
 * A jump back pays for what it may run again, where it is taken: as in native code, the slots from the next
 * one to the target.
 */
#define TAKE                                                                   \
	do {                                                                   \
		const int64_t by = i->jump;                                    \
		if (by <= 0 && (run->budget += (by >> INSN_SHIFT) - 1) < 0)    \
			goto spent;                                            \
		i = (const struct insn *)((const char *)i + by);               \
		goto *table[i->step];                                          \
	} while (0)
#define DO_ALU_K(name, d, s)  do_##name(r, d, s, i)
#define DO_ALU_X(name, d, s)  do_##name(r, d, s, i)
#define DO_ALU_1(name, d, s)  do_##name(r, d, s, i)
#define DO_JUMP_K(name, d, s) DO_JUMP(name, d, s)
#define DO_JUMP_X(name, d, s) DO_JUMP(name, d, s)
#define DO_JUMP(name, d, s)                                                    \
	do {                                                                   \
		if (do_##name(r, d, s, i))                                     \
			TAKE;                                                  \
	} while (0)
#define DO_GOTO(name, d, s)   TAKE
#define DO_LOAD(name, d, s)                                                    \
	do {                                                                   \
		uint64_t at = r[s] + (uint64_t)(int64_t)i->off;                \
		type_##name v;                                                 \
		if (__builtin_expect(checked | (i->imm != 0), 0)) {            \
			CHECK(at, sizeof(v), false, false);                    \
			if (fault_read(&v, (const void *)(uintptr_t)at, sizeof(v)) && program->faults) \
				__atomic_fetch_add(program->faults, 1, __ATOMIC_RELAXED); \
		} else {                                                       \
			memcpy(&v, (const void *)(uintptr_t)at, sizeof(v));    \
		}                                                              \
		r[d] = (uint64_t)(int64_t)v;                                   \
	} while (0)
#define DO_STORE_K(name, d, s) DO_STORE(name, d, K)
#define DO_STORE_X(name, d, s) DO_STORE(name, d, r[s])
#define DO_STORE(name, d, value)                                               \
	do {                                                                   \
		type_##name v = (type_##name)value;                            \
		uint64_t at = r[d] + (uint64_t)(int64_t)i->off;                \
		CHECK(at, sizeof(v), true, false);                             \
		memcpy((void *)(uintptr_t)at, &v, sizeof(v));                  \
	} while (0)

#define ATOMIC(name, builtin)                                                  \
	L_A##name##64: ATOMIC_BODY(uint64_t, builtin(p, (uint64_t)r[i->src], __ATOMIC_RELAXED))         \
	L_A##name##32: ATOMIC_BODY(uint32_t, builtin(p, U32(r[i->src]), __ATOMIC_RELAXED))              \
	L_F##name##64: ATOMIC_BODY(uint64_t, r[i->src] = builtin(p, (uint64_t)r[i->src], __ATOMIC_SEQ_CST))   \
	L_F##name##32: ATOMIC_BODY(uint32_t, r[i->src] = builtin(p, U32(r[i->src]), __ATOMIC_SEQ_CST))
#define ATOMIC_BODY(type, does)                                                \
	{                                                                      \
		uint64_t at = r[i->dst] + (uint64_t)(int64_t)i->off;           \
		type *p = (type *)(uintptr_t)at;                               \
		CHECK(at, sizeof(*p), true, true);                             \
		does;                                                          \
		NEXT;                                                          \
	}

/* The labels of operations whose form says all. */
#define LABEL_ALU_K(name)   L_##name: DO_ALU_K(name, i->dst, i->src); NEXT;
#define LABEL_ALU_X(name)   L_##name: DO_ALU_X(name, i->dst, i->src); NEXT;
#define LABEL_ALU_1(name)   L_##name: DO_ALU_1(name, i->dst, i->src); NEXT;
#define LABEL_JUMP_K(name)  L_##name: DO_JUMP_K(name, i->dst, i->src); NEXT;
#define LABEL_JUMP_X(name)  L_##name: DO_JUMP_X(name, i->dst, i->src); NEXT;
#define LABEL_GOTO(name)    L_##name: DO_GOTO(name, i->dst, i->src); NEXT;
#define LABEL_GOTOL(name)   L_##name: DO_GOTO(name, i->dst, i->src); NEXT;
#define LABEL_LOAD(name)    L_##name: DO_LOAD(name, i->dst, i->src); NEXT;
#define LABEL_STORE_K(name) L_##name: DO_STORE_K(name, i->dst, i->src); NEXT;
#define LABEL_STORE_X(name) L_##name: DO_STORE_X(name, i->dst, i->src); NEXT;
/* The registers of an operation behind another in a step: of steps.def's HOW. */
#define D_ANY       i->dst
#define S_ANY       i->src
#define D_SAME      before
#define S_SAME      i->src
#define D_FROM      i->dst
#define S_FROM      before
#define LABEL_HELPER(name)
#define LABEL_CALL(name)
#define LABEL_EXIT(name)
#define LABEL_LD64(name)
#define LABEL_LDFUNC(name)
#define LABEL_ATOMIC(name)

/*
 * Run @program's function that begins at @first with the registers r1 to r5 of @args.
 * @run->depth is as found when it returns.
 */
static uint64_t execute(const struct process_program *program, uint32_t first, struct process_run *run,
                        const uint64_t args[5])
{
	static const void *const labels[NR_STEPS] = {
#define OP(name, code, form, field, value) [OP_##name] = &&L_##name,
#include "process/ops.def"
#undef OP
		[OP_SECOND] = &&L_SECOND,
#define STEP2(form1, first, how, form2, second)                                \
	[STEP_##first##_##how##_##second] = &&L_##first##_##how##_##second,
#define STEP3(form1, first, how2, form2, second, how3, form3, third)           \
	[STEP_##first##_##how2##_##second##_##how3##_##third] = &&L_##first##_##how2##_##second##_##how3##_##third,
#include "process/steps.def"
#undef STEP2
#undef STEP3
	};
	static const void *const traced[NR_STEPS] = { [0 ... NR_STEPS - 1] = &&trace };
	const void *const *table = run->trace ? traced : labels;
	const bool checked = run->checked;
	const struct process_program *outer = run->program;
	const uint32_t depth = run->depth;
	struct frame frames[PROCESS_FRAMES], *top = frames;
	const struct insn *i = program->insns + first;
	uint64_t r[11] = { [1] = args[0], [2] = args[1], [3] = args[2], [4] = args[3], [5] = args[4] };

	run->program = program;
	r[FP] = push_frame(run);
	if (!r[FP])
		goto out;
	top->back = NULL;
	goto *table[i->step];

trace:
	run->trace(run, program, (uint32_t)(i - program->insns), r);
	goto *labels[i->op];

#define OP(name, code, form, field, value) LABEL_##form(name)
#include "process/ops.def"
#undef OP
#define STEP2(form1, first, how, form2, second)                                \
	L_##first##_##how##_##second: {                                        \
		const uint8_t before = i->dst;                                 \
		(void)before;                                                  \
		DO_##form1(first, i->dst, i->src);                             \
		i++;                                                           \
		DO_##form2(second, D_##how, S_##how);                          \
		NEXT;                                                          \
	}
#define STEP3(form1, first, how2, form2, second, how3, form3, third)           \
	L_##first##_##how2##_##second##_##how3##_##third: {                    \
		uint8_t before = i->dst;                                       \
		DO_##form1(first, i->dst, i->src);                             \
		i++;                                                           \
		DO_##form2(second, D_##how2, S_##how2);                        \
		before = D_##how2;                                             \
		i++;                                                           \
		DO_##form3(third, D_##how3, S_##how3);                         \
		NEXT;                                                          \
	}
#include "process/steps.def"
#undef STEP2
#undef STEP3

L_HELPER: {
	const struct process_helper *h = &program->helpers->table[i->imm];

	if (h->tail_call) {
		const struct process_program *next = process_tail(run, r[2], r[3]);

		if (!next)
			NEXT;
		run->program = program = next;
		i = program->insns;
		goto *table[i->step];
	}
	r[0] = h->fn(r[1], r[2], r[3], r[4], r[5], run);
	if (run->status != PROCESS_DONE)
		goto fault;
	NEXT;
}
L_CALL: {
	const struct process_function *f = &program->functions[i->imm];
	uint64_t fp;

	run->budget -= f->nr;
	if (run->budget < 0)
		goto spent;
	fp = push_frame(run);
	if (!fp)
		goto fault;
	*++top = (struct frame){ i, program, { r[6], r[7], r[8], r[9] } };
	r[FP] = fp;
	i = program->insns + f->first;
	goto *table[i->step];
}
L_EXIT:
	if (!top->back)
		goto out;
	i = top->back;
	run->program = program = top->program;
	memcpy(&r[6], top->saved, sizeof(top->saved));
	r[FP] += PROCESS_STACK;
	run->depth--;
	top--;
	NEXT;

L_LD64:
	r[i->dst] = K;
	i++;
	NEXT;
L_LDFUNC:
	r[i->dst] = (uint64_t)(uintptr_t)&program->functions[i->imm];
	i++;
	NEXT;
	ATOMIC(ADD, __atomic_fetch_add)
	ATOMIC(OR, __atomic_fetch_or)
	ATOMIC(AND, __atomic_fetch_and)
	ATOMIC(XOR, __atomic_fetch_xor)
L_XCHG64:
	ATOMIC_BODY(uint64_t, r[i->src] = __atomic_exchange_n(p, r[i->src], __ATOMIC_SEQ_CST))
L_XCHG32:
	ATOMIC_BODY(uint32_t, r[i->src] = __atomic_exchange_n(p, U32(r[i->src]), __ATOMIC_SEQ_CST))
L_CMPXCHG64:
	ATOMIC_BODY(uint64_t, __atomic_compare_exchange_n(p, &r[0], r[i->src], false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
L_CMPXCHG32:
	ATOMIC_BODY(uint32_t, uint32_t old = U32(r[0]);
	            __atomic_compare_exchange_n(p, &old, U32(r[i->src]), false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
	            r[0] = old)

spent:
	run->status = PROCESS_BUDGET;
L_SECOND: /* decoding has seen to it that nothing gets there */
fault:
	/* a callback that failed has been there first */
	if (run->fault_pc == NO_PC)
		run->fault_pc = (uint32_t)(i - program->insns);
out:
	run->depth = depth;
	run->program = outer;
	return run->status == PROCESS_DONE ? r[0] : 0;
}

uint64_t process_interpret(const struct process_program *p, struct process_run *run, uint64_t r1, uint64_t r2)
{
	_Alignas(16) uint8_t stack[PROCESS_FRAMES * PROCESS_STACK];
	uint64_t args[5] = { r1, r2 }, r0;

	run->stack = stack;
	run->depth = 0;
	run->tail_calls = 0;
	run->native = false;
	run->status = PROCESS_DONE;
	run->fault_pc = NO_PC;
	r0 = execute(p, 0, run, args);
	run->stack = NULL;
	if (run->nr_records)
		process_give_up(run);
	return r0;
}

/* Native code sets .status itself, and r0 to 0, where it is spent: nothing is left to do here. */
uint64_t process_run(const struct process_program *p, struct process_run *run, uint64_t r1, uint64_t r2)
{
	if (__builtin_expect(!p->entry, 0))
		return process_interpret(p, run, r1, r2);
	run->status = PROCESS_DONE;
	run->native = true;
	return p->entry(r1, r2, 0, 0, 0, run);
}

process_fn process_entry(const struct process_program *p)
{
	return p->entry;
}

bool process_stopped(const struct process_run *run)
{
	return run->status != PROCESS_DONE || run->budget < 0;
}

uint64_t process_callback(struct process_run *run, uint64_t function, uint64_t r1, uint64_t r2, uint64_t r3,
                          uint64_t r4, uint64_t r5)
{
	const struct process_program *p = run->program;
	const struct process_function *f;
	uint64_t args[5] = { r1, r2, r3, r4, r5 };
	uint64_t at;

	if (run->native)
		return ((process_fn)(uintptr_t)function)(r1, r2, r3, r4, r5, run);
	at = function - (uint64_t)(uintptr_t)p->functions;
	if (at % sizeof(*f) || at / sizeof(*f) >= p->nr_functions) {
		run->status = PROCESS_CALLBACK;
		return 0;
	}
	f = &p->functions[at / sizeof(*f)];
	run->budget -= f->nr;
	if (run->budget < 0) {
		run->status = PROCESS_BUDGET;
		return 0;
	}
	return execute(p, f->first, run, args);
}

const struct process_program *process_tail(struct process_run *run, uint64_t map, uint64_t index)
{
	const struct process_program *next;

	if (run->tail_calls >= PROCESS_TAIL_CALLS)
		return NULL;
	next = run->tail_call ? run->tail_call(run, map, (uint32_t)index)
	                      : link_tail(run->program, map, (uint32_t)index);
	run->tail_calls += next != NULL;
	return next;
}

const char *process_status_text(const struct process_run *run, char *buf, size_t size)
{
	switch (run->status) {
	case PROCESS_DONE:
		snprintf(buf, size, "is done");
		break;
	case PROCESS_BUDGET:
		snprintf(buf, size, "ran out of its instruction budget");
		break;
	case PROCESS_ACCESS:
		snprintf(buf, size, "accesses %u bytes at 0x%llx, outside of its memory and stack", run->fault_size,
		         (unsigned long long)run->fault_address);
		break;
	case PROCESS_ALIGN:
		snprintf(buf, size, "accesses %u bytes at 0x%llx atomically, which is not aligned", run->fault_size,
		         (unsigned long long)run->fault_address);
		break;
	case PROCESS_DEPTH:
		snprintf(buf, size, "has more than %d functions active", PROCESS_FRAMES);
		break;
	case PROCESS_CALLBACK:
		snprintf(buf, size, "hands a helper an address that is no function of the program");
		break;
	}
	return buf;
}
