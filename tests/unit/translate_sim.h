/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
#ifndef ABIDE_TESTS_TRANSLATE_SIM_H
#define ABIDE_TESTS_TRANSLATE_SIM_H

#include "analyze/insn.h"
#include "resolve_kit.h"
#include "translate/program.h"

/* The kernel's side: structs in awkward places. */
struct beta;
struct alpha {
	uint8_t lead;
	int8_t c;
	uint16_t port;
	struct {
		uint32_t before, a;
	} m;
	uint32_t b;
	char name[16];
	struct beta *p;
	uint32_t col;
	uint32_t s1, s2;
	uint32_t flags;
	uint32_t bits; /* :5 bf, :7 sbf */
	void *vp;
	uint64_t arr[4];
	uint64_t wide;
	char *label;
	char sname[8];
	uint64_t big[20];
};

struct beta {
	uint16_t x;
	uint16_t tail;
	uint32_t v;
	struct alpha *back;
	uint64_t w;
};

struct task {
	struct {
		uint64_t flags;
		uint32_t status;
	} thread_info;
	uint32_t pid, tgid;
	struct alpha *al;
	char comm[16];
};

struct regs {
	uint64_t di, si, orig_ax;
};

/* The stable side, as the catalog in translate_sim_kernel.c lays it out. */
struct beta_user;
struct alpha_user {
	uint32_t a;
	int16_t c;
	uint16_t port;
	uint64_t b;
	char name[16];
	struct beta_user *p;
	uint32_t col, st;
	uint8_t flag, bf, pad[2];
	int32_t sbf;
	uint64_t arr[4];
	uint32_t zz, far, low, pad2;
	struct beta_user *vp;
	uint32_t absent, pad3, hole, upper;
	char *label;
	int32_t err, pad4;
	char sname[16];
	uint64_t big[20];
};

struct beta_user {
	uint32_t v;
	uint32_t x;
	uint64_t w;
	uint64_t pad[2];
	struct alpha_user *back;
};

struct task_user {
	uint32_t tid, tgid;
	struct alpha_user *al;
	char comm[16];
};

#define OBJECTS 6
#define TASKS 3
extern struct alpha ka[OBJECTS];
extern struct beta kb[OBJECTS];
extern struct task kt[TASKS];
extern struct alpha_user ua[OBJECTS];
extern struct beta_user ub[OBJECTS];
extern struct task_user ut[TASKS];

extern const char sim_catalog[];
uint32_t rnd(uint32_t n);
void rnd_seed(uint64_t s);
/* The BTF of the kernel; @typed: it has bpf_get_current_task_btf. */
void build_kernel(struct kit *k, bool typed);
void make_objects(void);
/* One firing of event ev: the user context, the kernel's context, who runs. */
struct firing {
	uint64_t user[5], kernel[5];
	unsigned current; /* index into the tasks */
};
void fire(struct firing *f);

/*
 * Random programs: function 0 is the program, the others are its subprograms; each calls
 * later ones only.
 */
#define FUNCTIONS 4
#define ROOM 700
enum type { NONE, NUM, ALPHA, BETA, CTX, TASK, EITHER, /* alpha or beta, by path */
	    PAIR /* pointer to two numbers on a caller's stack */ };
#define ARGS_MAX 3
struct sim_function {
	struct bpf_insn code[ROOM];
	uint32_t n;
	struct reloc relocs[40];
	uint32_t nr_relocs;
	enum type args[ARGS_MAX], ret;
	uint32_t nr_args;
	uint32_t slots; /* of its frame */
};
struct sim_program {
	struct sim_function f[FUNCTIONS];
	uint32_t nr;
};
void gen_program(struct sim_program *p);

/*
 * The machine. It refuses what the verifier would: reads of registers and stack that
 * nothing wrote, plain loads through NULL or through what the kernel sees as a number
 * (those addresses carry UNTYPED).
 */
#define UNTYPED (1ull << 60)
#define FRAMES 8
struct machine {
	uint64_t r[11];
	uint16_t written;
	uint16_t soft; /* NULL in a register, read from a member that the kernel does not know as nullable */
	uint8_t stack[FRAMES][512], set[FRAMES][512];
	uint32_t depth;
	struct {
		uint32_t function, pc;
		uint64_t r[4];
		uint16_t written;
	} back[FRAMES];
	bool kernel;  /* runs translated code on the kernel's side */
	bool typed;   /* helper 158 exists */
	unsigned current;
	bool filtered; /* the process filter said no */
	const char *bad;
	uint32_t at; /* the instruction that runs */
	uint32_t steps;
};
/* Called before each instruction, and to say where control went; false ends the run. */
struct watch {
	bool (*before)(struct watch *w, const struct machine *m, uint32_t insn);
	void (*moved)(struct watch *w, bool taken);
};
bool run_program(struct machine *m, const struct function *f, uint32_t nr, const void *ctx, struct watch *w);
/* Is the thread group watched? The test's filter. */
bool watched(uint32_t tgid);

#endif
