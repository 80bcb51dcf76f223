/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
#ifndef ABIDE_CHECK_FLOW_H
#define ABIDE_CHECK_FLOW_H

#include "analyze/cfg.h"
#include "analyze/num.h"
#include "check/core.h"

/*
 * Which instructions of a program are reached on one kernel, and what registers hold
 * there as far as the checks need it: constants (existence checks are constants once the
 * kernel is known) and pointers to the kernel's own types.
 */
enum cell_kind {
	CELL_NONE,    /* nothing was written */
	CELL_NUM,     /* .num */
	CELL_CTX,     /* the context, plus .off */
	CELL_STACK,   /* the frame pointer, plus .off (.loose: and something unknown) */
	CELL_KERNEL,  /* a pointer that the verifier knows to be of struct .type, plus .off */
	CELL_ADDRESS, /* a number that is the address of a kernel struct .type (0: unknown), plus .off */
	CELL_DATA,    /* address of a global: map .type of the object, plus .off */
	CELL_KCONFIG, /* address of the kconfig variable, symbol .type of the object */
	CELL_OTHER,   /* any other pointer: the kernel checks it, and it is the same on all kernels; .type: 1 + map of the object */
};

struct cell {
	uint8_t kind;
	bool core;     /* NUM: came of a CO-RE record. Pointer: its .off did */
	bool fixed;    /* KERNEL, ADDRESS: a constant of the compiler's own was added */
	bool nullable; /* KERNEL: must be tested first */
	bool trusted;  /* KERNEL: the verifier knows that it is alive */
	bool loose;    /* .off is not known */
	bool lost;     /* ADDRESS: a pointer until a helper read it off the stack */
	uint8_t from, width; /* slots: bytes [from, from+width) of the 8 hold .num; width 0: all of them */
	uint32_t type;
	int32_t off;
	uint32_t root; /* NUM with .core: type of the record, in the object's BTF */
	uint32_t id;   /* KERNEL: copies share it, so that a test of one tests all */
	struct num num;
};

#define FLOW_SLOTS 64 /* slot k is the 8 bytes at fp - 8 * (k + 1) */

struct flow_state {
	struct cell r[10];
	struct cell slot[FLOW_SLOTS];
};

/* An instruction as libbpf would hand it to the kernel. */
struct flow_insn {
	struct bpf_insn i;
	int64_t wide;                  /* of ld_imm64 */
	uint32_t root;                 /* of a record that gives an offset: its type */
	const struct core_result *core; /* its record's result, or NULL */
};

struct flow;
struct flow_rules { /* what the walk asks; all take the program's own .arg */
	void *arg;
	/* The context's loads; false: a number of .size bytes. */
	bool (*context)(void *arg, int32_t off, uint32_t size, struct cell *out);
	/* A load through a pointer to the kernel's types; false: a number. */
	bool (*kernel)(void *arg, const struct cell *base, int32_t off, uint32_t size, struct cell *out);
	/* The result of a helper; false: a number. */
	bool (*helper)(void *arg, int32_t helper, struct cell *out);
	/* Once for each reached instruction of each call, with the state before it. */
	int (*reached)(void *arg, const struct function *f, uint32_t insn, const struct flow_insn *i,
		       const struct flow_state *s);
	/* What the address of an extern is: a kconfig value's, NULL (a weak one that is absent), or some. */
	enum flow_extern { FLOW_KCONFIG, FLOW_NULL, FLOW_SOME } (*symbol)(void *arg, uint32_t symbol);
	const struct core_result *(*core)(void *arg, const struct function *f, uint32_t insn);
	uint32_t version_first, version_last; /* KERNEL_VERSION() of the target lies in here */
	bool rodata;         /* constants are what the object holds; else unknown */
};

/*
 * Walk @f from its entry. 0; -E2BIG: too large to be walked (then nothing was reported);
 * -ENOMEM; what .reached returned.
 */
int flow_walk(const struct object *o, const struct function *f, const struct flow_rules *rules, struct abide_error *e);

/* The value of a register, r10 too. */
struct cell flow_reg(const struct flow_state *s, unsigned r);
struct cell cell_num(struct num n);
struct cell cell_kind(enum cell_kind kind);
/* flow_step.c: one instruction that is no branch, call of a function, or exit. */
void flow_step(const struct object *o, const struct function *f, uint32_t insn, const struct flow_insn *i,
	       const struct flow_rules *rules, uint32_t id, struct flow_state *s);
/* 1: always taken, -1: never, 0: either. Narrows both sides. */
int flow_branch(const struct flow_insn *i, const struct flow_state *s, struct flow_state *next, struct flow_state *taken);
/* Join @from into @to; true if it changed. @id names what is new there. */
bool flow_join(struct flow_state *to, const struct flow_state *from, bool widen, uint32_t id);
/* The instruction with its record's number put in. */
struct flow_insn flow_fetch(const struct function *f, uint32_t insn, const struct flow_rules *rules);

#endif
