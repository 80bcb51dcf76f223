/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
#ifndef ABIDE_PROCESS_PROGRAM_H
#define ABIDE_PROCESS_PROGRAM_H

#include <linux/bpf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/error.h"

/*
 * A program that runs in this process: instructions, checked for form (RFC 9669), and
 * native code if it has been compiled. Const once made: any number of threads may run it.
 */
#define PROCESS_STACK      512 /* bytes of a function's frame */
#define PROCESS_FRAMES     8   /* functions that may be active at once, callbacks included */
#define PROCESS_TAIL_CALLS 33  /* in one run, as in the kernel */
#define PROCESS_MAX_INSNS  1000000

struct process_run;
struct process_program;
struct process_map;

/* What programs call: r1 to r5 and the run. Native code calls it like any C function. */
typedef uint64_t (*process_fn)(uint64_t r1, uint64_t r2, uint64_t r3, uint64_t r4, uint64_t r5,
                               struct process_run *run);

/* What native code may do instead of a call. */
enum process_inline { INLINE_NONE, INLINE_CPU_ID, INLINE_LOOKUP, INLINE_CLOCK };

struct process_helper {
	process_fn fn; /* NULL: there is none of that number */
	const char *name;
	bool wants_run;           /* looks at its last argument */
	bool calls_back;          /* calls functions of the program; implies wants_run */
	bool wants_program;       /* looks at run->program; implies wants_run */
	bool tail_call;           /* is bpf_tail_call: .fn is not called */
	enum process_inline emit;
	uint8_t clock;            /* INLINE_CLOCK: which one, as clock_gettime counts them */
};

/* By the kernel's numbers. Lives as long as the programs that were made with it. */
struct process_helpers {
	const struct process_helper *table;
	uint32_t nr;
};

/* All of helpers.def: for programs that the verifier has accepted. */
const struct process_helpers *process_helpers(void);
/* Those that are handed no memory: clocks, CPU, process, random numbers, bpf_loop, bpf_tail_call. */
const struct process_helpers *process_helpers_basic(void);

enum process_status {
	PROCESS_DONE,
	PROCESS_BUDGET, /* ran out of its budget */
	PROCESS_ACCESS, /* an access outside of the regions, or a write to one that is read-only */
	PROCESS_ALIGN,  /* an atomic access whose address is no multiple of its size */
	PROCESS_DEPTH,  /* more than PROCESS_FRAMES functions active */
	PROCESS_CALLBACK, /* a helper was handed an address that is no function's */
};

struct process_region {
	uint64_t base, size;
	bool writable;
};

/* A record of a ring that the program has reserved and not yet given up. */
#define PROCESS_RECORDS 8 /* at once; reserving more fails as if the ring were full */
struct process_record {
	struct process_map *map;
	void *sample;
};

/*
 * One run. Whoever fires events keeps one a thread: all-zero at first, then .slot and .native
 * set once; before each run only .budget (and .frame, where programs ask for stacks). What
 * else there is the engine leaves as it needs it. A run that ended otherwise than
 * PROCESS_DONE says so in .status, which process_run() clears before the next one; a caller of
 * process_entry()'s code clears it when it has seen it.
 */
struct process_run {
	/*
	 * Taken off: the length of the span at each backward jump taken, the length of
	 * a function at each call of it. The run ends when it would fall below 0. Native code
	 * reaches it at offset 0.
	 */
	int64_t budget;
	enum process_status status;
	uint32_t slot; /* of the running thread, for per-CPU maps: map.h */
	/*
	 * The frame that get_stack begins above: __builtin_frame_address(0) of the function that
	 * the application called. NULL: there is no stack to see.
	 */
	const void *frame;
	/* get_current_pid_tgid's, kept: 0 or not of .pid_mark's process: to be asked for. */
	uint64_t pid_tgid;
	uint64_t pid_mark;
	/* Set once by callers of process_entry(): the engine is at native code. */
	bool native;
	uint32_t tail_calls;
	const struct process_program *program; /* native: only where helpers look at it */
	uint32_t nr_records;
	struct process_record records[PROCESS_RECORDS];
	/* The interpreter's. */
	uint32_t fault_pc; /* the instruction that ended it */
	uint32_t fault_size;
	uint64_t fault_address;
	uint32_t depth;
	/* Check each access against the regions and the program's own stack. */
	bool checked;
	const struct process_region *regions;
	uint32_t nr_regions;
	/* Told of each instruction before it runs; @r: r0 to r10. NULL: nobody. */
	void (*trace)(struct process_run *run, const struct process_program *p, uint32_t pc,
	              const uint64_t *r);
	uint8_t *stack; /* PROCESS_FRAMES * PROCESS_STACK bytes */
	/* For tests: the program in a slot of a program array, instead of what link.h says. */
	const struct process_program *(*tail_call)(struct process_run *run, uint64_t map,
	                                           uint32_t index);
	void *user; /* the caller's */
};

/*
 * Check and decode. Refused (-EINVAL): what is not in the RFC, reserved fields that are not 0,
 * jumps out of their function, functions that do not end, writes to r10; (-ENOTSUP): helpers
 * that are not in @helpers, references to maps that nobody has filled in, kfuncs. Programs
 * with maps and what the verifier knows of them: process_link (link.h).
 */
int process_program_new(const struct bpf_insn *insns, uint32_t nr,
                        const struct process_helpers *helpers, struct process_program **out,
                        struct abide_error *e);
void process_program_free(struct process_program *p);

struct process_compile_options {
	uint32_t rotate; /* for tests: turn the assignment of registers by so many places */
	bool no_bmi2;    /* for tests: as on a CPU without shlx */
	bool far;        /* for tests: as if helpers were out of reach of a direct call */
};

/* Native code for the program; NULL: the defaults. -ENOTSUP: the interpreter has to do. */
int process_compile(struct process_program *p, const struct process_compile_options *options,
                    struct abide_error *e);
/*
 * Native code to call directly, r1 to r5 and the run, in the place of process_run(); NULL: there is none.
 */
process_fn process_entry(const struct process_program *p);
/* The native code, for listings; NULL if there is none. */
const void *process_code(const struct process_program *p, size_t *size);

/*
 * Run with the native code if there is some, and by the interpreter. Returns r0; where
 * run->status is not PROCESS_DONE it is 0 and means nothing.
 */
uint64_t process_run(const struct process_program *p, struct process_run *run, uint64_t r1,
                     uint64_t r2);
uint64_t process_interpret(const struct process_program *p, struct process_run *run, uint64_t r1,
                           uint64_t r2);

/* For helpers: call the function whose address the program handed over. */
uint64_t process_callback(struct process_run *run, uint64_t function, uint64_t r1, uint64_t r2,
                          uint64_t r3, uint64_t r4, uint64_t r5);
/* Whether a helper should stop calling back. */
bool process_stopped(const struct process_run *run);
/* "ran out of its budget", "access of 4 bytes at 0x10, which is ..." */
const char *process_status_text(const struct process_run *run, char *buf, size_t size);

#endif
