/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * What the analysis says: a program of a few instructions for each refusal that analysis
 * and translation can give, for each kind of fact, and for what their joins, liveness and
 * frames must keep. The world is that of the simulation (translate_sim_kernel.c).
 */
#include "analyze/walk.h"
#include "translate_sim.h"

#define MOV(d, s) { .code = BPF_ALU64 | BPF_MOV | BPF_X, .dst_reg = d, .src_reg = s }
#define MOVK(d, k) { .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = d, .imm = k }
#define ADD(d, s) { .code = BPF_ALU64 | BPF_ADD | BPF_X, .dst_reg = d, .src_reg = s }
#define ADDK(d, k) { .code = BPF_ALU64 | BPF_ADD | BPF_K, .dst_reg = d, .imm = k }
#define ALUK(op, d, k) { .code = BPF_ALU64 | (op) | BPF_K, .dst_reg = d, .imm = k }
#define LOAD(size, d, b, o) { .code = BPF_LDX | BPF_MEM | (size), .dst_reg = d, .src_reg = b, .off = o }
#define LOADSX(size, d, b, o) { .code = BPF_LDX | INSN_MEMSX | (size), .dst_reg = d, .src_reg = b, .off = o }
#define STORE(size, b, o, s) { .code = BPF_STX | BPF_MEM | (size), .dst_reg = b, .src_reg = s, .off = o }
#define ATOMIC(size, b, o, s, op) { .code = BPF_STX | BPF_ATOMIC | (size), .dst_reg = b, .src_reg = s, .off = o, .imm = op }
#define JUMPK(op, d, k, by) { .code = BPF_JMP | (op) | BPF_K, .dst_reg = d, .imm = k, .off = by }
#define JUMP(op, d, s, by) { .code = BPF_JMP | (op) | BPF_X, .dst_reg = d, .src_reg = s, .off = by }
#define GOTO(by) { .code = BPF_JMP | BPF_JA, .off = by }
#define CALL(nr) { .code = BPF_JMP | BPF_CALL, .imm = (int32_t)(nr) }
#define LOCAL(f) { .code = BPF_JMP | BPF_CALL, .src_reg = BPF_PSEUDO_CALL, .imm = f }
#define EXIT { .code = BPF_JMP | BPF_EXIT }
#define INSNS(...) (const struct bpf_insn[]){ __VA_ARGS__, { 0 } }

/* A program and up to two subprograms; each ends with an all-zero instruction. */
struct text {
	const struct bpf_insn *code[3];
};

static struct kit kits[2]; /* with and without bpf_get_current_task_btf */
static struct function functions[3];
static struct reloc relocs[3][8];
static struct object object = { .path = (char *)"test", .functions = functions };

static void open_text(const struct text *t, const char *section)
{
	uint32_t i, k, n;

	memset(functions, 0, sizeof(functions));
	for (i = 0; i < 3 && t->code[i]; i++) {
		struct function *f = &functions[i];
		const struct bpf_insn *p = t->code[i];

		for (n = 0; memcmp(&p[n], &(struct bpf_insn){ 0 }, sizeof(*p)); n++)
			;
		*f = (struct function){ .name = i ? i == 1 ? "one" : "two" : "prog", .section_name = i ? ".text" : section,
					.subprogram = i > 0, .insns = p, .nr_insns = n, .relocs = relocs[i] };
		for (k = 0; k < n; k++)
			if (insn_is_local_call(&p[k]))
				relocs[i][f->nr_relocs++] = (struct reloc){ .insn = k, .kind = RELOC_CALL,
									     .target = (uint32_t)p[k].imm };
	}
	object.nr_functions = i;
}

/* Analyse it, and translate it; what was allocated is freed unless @a is asked for. */
static int try(const struct text *t, unsigned kernel, const char *event, struct analysis **a)
{
	struct kit *k = &kits[kernel];
	struct analysis *own = NULL;
	struct code code = { 0 };
	int err;

	open_text(t, event ? "tp_user/ev" : "kprobe/x");
	memset(&k->e, 0, sizeof(k->e));
	err = analyze_function(&object, functions, false, event ? catalog_event(k->c, event) : NULL, k->c, k->t, &own, &k->e);
	if (!err)
		err = translate_function(own, k->t, false, NULL, &code, &k->e);
	free(code.insns);
	free(code.lines);
	free(code.relocs);
	free(code.core_relos);
	if (a && !err) {
		*a = own;
		return 0;
	}
	analysis_free(own);
	return err;
}

#define REFUSED(tag_, part, name, ...)                                                             \
	do {                                                                                       \
		const struct text t_ = { { __VA_ARGS__ } };                                        \
		int err_ = try(&t_, 0, "ev", NULL);                                                \
		refused(err_, &kits[0].e, tag_, part, name, __LINE__);                             \
	} while (0)
#define ACCEPTED(name, ...)                                                                        \
	do {                                                                                       \
		const struct text t_ = { { __VA_ARGS__ } };                                        \
		int err_ = try(&t_, 0, "ev", NULL);                                                \
		kit_report(!err_, name, __FILE__, __LINE__);                                       \
		if (err_)                                                                          \
			printf("# [%s] %s\n", kits[0].e.tag, kits[0].e.problem);                   \
	} while (0)

static void refused(int err, const struct abide_error *e, const char *tag, const char *part, const char *name, int line)
{
	bool ok = err < 0 && err == e->code && !strcmp(e->tag, tag) && strstr(e->problem, part);

	kit_report(ok, name, __FILE__, line);
	if (!ok)
		printf("# %d [%s] %s\n", err, e->tag, e->problem);
}

#define ARG_X LOAD(BPF_DW, 2, 1, 0)  /* r2 = alpha */
#define ARG_Y LOAD(BPF_DW, 3, 1, 8)  /* r3 = beta, may be NULL */
#define ARG_N LOAD(BPF_W, 4, 1, 16)  /* r4 = a number */
#define DONE MOVK(0, 0), EXIT

static void test_bad_code(void)
{
	REFUSED("bad-jump", "jumps out", "a jump beyond the end", INSNS(GOTO(7), EXIT));
	REFUSED("bad-jump", "does not exit", "code that falls off its end", INSNS(MOVK(0, 0)));
	REFUSED("bad-instruction", "cannot use", "a register that does not exist", INSNS(MOVK(12, 0), EXIT));
	REFUSED("bad-instruction", "cannot use", "the frame pointer is written", INSNS(MOVK(10, 0), EXIT));
	REFUSED("bad-instruction", "unknown instruction", "an unknown load",
		INSNS({ .code = BPF_LDX | 0xe0 | BPF_W, .dst_reg = 0, .src_reg = 1 }, EXIT));
	REFUSED("bad-instruction", "unknown arithmetic", "movsx from 3 bits",
		INSNS({ .code = BPF_ALU64 | BPF_MOV | BPF_X, .dst_reg = 0, .src_reg = 1, .off = 3 }, EXIT));
	REFUSED("bad-instruction", "unknown arithmetic", "movsx from a negative width",
		INSNS(ARG_N, { .code = BPF_ALU64 | BPF_MOV | BPF_X, .dst_reg = 0, .src_reg = 4, .off = -1 }, EXIT));
	REFUSED("bad-instruction", "unknown arithmetic", "bytes swapped in 24 bits",
		INSNS(MOVK(0, 0), { .code = BPF_ALU | BPF_END | BPF_TO_BE, .imm = 24 }, EXIT));
	REFUSED("bad-instruction", "frame pointer", "a subprogram compares its frame pointer",
		INSNS(STORE(BPF_DW, 10, -8, 1), MOVK(1, 0), LOCAL(1), EXIT), INSNS(MOVK(0, 0), JUMP(BPF_JEQ, 1, 10, 0), EXIT));
	REFUSED("recursion", "calls itself", "a subprogram calls itself", INSNS(LOCAL(1), EXIT), INSNS(LOCAL(1), EXIT));
	REFUSED("stack", "frame", "a store beneath the frame that the code names",
		INSNS(MOV(2, 10), MOVK(3, 0), MOVK(3, 0), MOVK(3, 0), MOVK(3, 0), MOVK(3, 0), MOVK(3, 0), MOVK(3, 0), MOVK(3, 0),
		      ADDK(2, -16), STORE(BPF_DW, 2, 0, 3), DONE));
	REFUSED("stack", "512", "more stack than there is",
		INSNS(STORE(BPF_DW, 10, -400, 1), LOCAL(1), EXIT), INSNS(STORE(BPF_DW, 10, -100, 1), DONE));
}

static void test_pointers(void)
{
	REFUSED("store-readonly", "read-only", "a store through a user-ized pointer",
		INSNS(ARG_X, STORE(BPF_DW, 2, 0, 1), DONE));
	REFUSED("store-readonly", "context", "a store to the context", INSNS(STORE(BPF_DW, 1, 0, 1), DONE));
	REFUSED("context-load", "no argument", "beyond the arguments", INSNS(LOAD(BPF_DW, 0, 1, 40), EXIT));
	REFUSED("context-load", "no argument", "across two arguments", INSNS(LOAD(BPF_DW, 0, 1, 4), EXIT));
	REFUSED("part-of-pointer", "x", "half of an argument that is a pointer", INSNS(LOAD(BPF_W, 0, 1, 0), EXIT));
	REFUSED("part-of-pointer", "pointer", "half of a field that is a pointer",
		INSNS(ARG_X, LOAD(BPF_W, 0, 2, 32), EXIT));
	REFUSED("pointer-lost", "number", "a load through a number", INSNS(ARG_N, LOAD(BPF_W, 0, 4, 0), EXIT));
	REFUSED("pointer-lost", "number", "a pointer that a helper may have overwritten",
		INSNS(ARG_X, STORE(BPF_DW, 10, -8, 2), MOV(3, 2), MOV(1, 10), ADDK(1, -8), MOVK(2, 8), CALL(115),
		      LOAD(BPF_DW, 1, 10, -8), LOAD(BPF_W, 0, 1, 0), EXIT));
	REFUSED("pointer-arithmetic", "alpha_user", "a pointer times two", INSNS(ARG_X, ALUK(BPF_MUL, 2, 2), DONE));
	REFUSED("pointer-arithmetic", "no constant offset", "two indices",
		INSNS(ARG_X, ARG_N, MOV(5, 4), ADD(2, 4), ADD(2, 5), DONE));
	REFUSED("pointer-compare", "alpha_user", "a field's address is compared",
		INSNS(ARG_X, ADDK(2, 8), JUMPK(BPF_JEQ, 2, 0, 0), DONE));
	REFUSED("pointer-leak", "alpha_user", "a field's address goes to a helper",
		INSNS(ARG_X, MOV(1, 2), ADDK(1, 8), MOVK(2, 0), CALL(1), EXIT));
	REFUSED("pointer-leak", "alpha_user", "a field's address is exchanged into memory",
		INSNS(ARG_X, MOVK(4, 0), STORE(BPF_DW, 10, -8, 4), ADDK(2, 8), ATOMIC(BPF_DW, 10, -8, 2, BPF_XCHG), DONE));
	REFUSED("pointer-leak", "part of the address", "half of a spilled field's address",
		INSNS(ARG_X, ADDK(2, 8), STORE(BPF_DW, 10, -8, 2), LOAD(BPF_W, 0, 10, -8), EXIT));
	REFUSED("pointer-compare", "one of several", "an address by path, with and without a constant",
		INSNS(ARG_X, ARG_Y, ARG_N, MOV(5, 3), JUMPK(BPF_JSET, 4, 1, 2), MOV(5, 2), ADDK(5, 8), MOVK(0, 0),
		      JUMPK(BPF_JEQ, 5, 0, 0), EXIT));
	REFUSED("string-load", "string", "a load through a string's address",
		INSNS(ARG_X, LOAD(BPF_DW, 2, 2, 128), LOAD(BPF_B, 0, 2, 0), EXIT));
	REFUSED("atomics", "unknown atomic", "a load-acquire of a field",
		INSNS(ARG_X, MOVK(0, 0), ATOMIC(BPF_W, 10, -8, 2, 0x100), EXIT));
}

static void test_fields(void)
{
	REFUSED("field-unknown", "no field", "beyond the struct", INSNS(ARG_X, LOAD(BPF_W, 0, 2, 320), EXIT));
	REFUSED("load-misses", "no field", "before the struct", INSNS(ARG_X, LOAD(BPF_DW, 0, 2, -4), EXIT));
	REFUSED("load-misses", "no field", "a hole", INSNS(ARG_X, LOAD(BPF_W, 0, 2, 120), EXIT));
	REFUSED("load-straddles", "cut a field", "half of one and all of the next", INSNS(ARG_X, LOAD(BPF_W, 0, 2, 2), EXIT));
	REFUSED("load-straddles", "cut an element", "an index that is no multiple of the element",
		INSNS(ARG_X, ARG_N, ALUK(BPF_AND, 4, 7), ADD(2, 4), LOAD(BPF_DW, 0, 2, 56), EXIT));
	REFUSED("index-unbounded", "arr", "an index without a bound",
		INSNS(ARG_X, ARG_N, ALUK(BPF_LSH, 4, 3), ADD(2, 4), LOAD(BPF_DW, 0, 2, 56), EXIT));
	REFUSED("index-unbounded", "arr", "an index with too large a bound",
		INSNS(ARG_X, ARG_N, ALUK(BPF_AND, 4, 4), ALUK(BPF_LSH, 4, 3), ADD(2, 4), LOAD(BPF_DW, 0, 2, 56), EXIT));
	REFUSED("field-narrow", "over the end", "a wide indexed load over the end of a shorter array",
		INSNS(ARG_X, ARG_N, ALUK(BPF_AND, 4, 8), ADD(2, 4), LOAD(BPF_W, 0, 2, 148), EXIT));
	REFUSED("field-unavailable", "absent", "a field that the kernel lacks", INSNS(ARG_X, LOAD(BPF_W, 0, 2, 112), EXIT));
	HAS(kits[0].e.hint, "user_field_exists", "its hint says how to ask");
	ACCEPTED("the same behind user_field_exists",
		 INSNS(ARG_X, MOV(6, 2), MOV(1, 2), ADDK(1, 112), CALL(PSEUDO_FIELD_EXISTS), JUMPK(BPF_JEQ, 0, 0, 1),
		       LOAD(BPF_W, 0, 6, 112), EXIT));
}

static void test_helpers(void)
{
	const struct text atomics = { { INSNS(MOVK(2, 1), STORE(BPF_DW, 10, -8, 2), ATOMIC(BPF_DW, 10, -8, 2, BPF_XOR), DONE) } };

	REFUSED("helper-unavailable", "no helper 150", "a helper that the kernel lacks", INSNS(CALL(150), EXIT));
	REFUSED("pseudo-helper", "none that abide knows", "a reserved number that means nothing", INSNS(CALL(0x7ab1deff), EXIT));
	REFUSED("pseudo-helper", "r1 is not a field", "user_field_exists of a number",
		INSNS(MOVK(1, 0), CALL(PSEUDO_FIELD_EXISTS), EXIT));
	REFUSED("pseudo-helper", "reads strings", "user_str of a number",
		INSNS(ARG_X, MOV(3, 2), MOV(1, 10), ADDK(1, -8), MOVK(2, 8), CALL(PSEUDO_USER_STR), EXIT));
	REFUSED("pointer-leak", "fetched", "a fetch from a field's address",
		INSNS(ARG_X, MOV(1, 2), ADDK(1, 8), CALL(PSEUDO_FETCH_U32), EXIT));
	refused(try(&atomics, 1, "ev", NULL), &kits[1].e, "atomics", "no atomic operation",
		"an atomic that old kernels lack", __LINE__);
	OK(!try(&atomics, 0, "ev", NULL), "the same where they exist");
}

/* The newest fact of an instruction of function @f; every node of it must say the same kind. */
static const struct fact *fact_of(const struct analysis *a, uint32_t f, uint32_t insn)
{
	const struct fact *found = NULL;
	uint32_t i;

	for (i = 0; i < a->nr_nodes; i++) {
		const struct walk *w = &a->walks[a->nodes[i].walk];
		const struct block *b = &w->cfg->blocks[a->nodes[i].block];

		if (w->function == f && insn >= b->first && insn < b->end && a->nodes[i].facts)
			found = &a->nodes[i].facts[insn - b->first];
	}
	return found;
}

static void expect_fact(const struct text *t, unsigned kernel, uint32_t f, uint32_t insn, enum fact_kind kind,
			const char *name, struct fact *out)
{
	struct analysis *a = NULL;
	const struct fact *have = NULL;
	int err = try(t, kernel, "ev", &a);

	if (!err)
		have = fact_of(a, f, insn);
	kit_report(have && have->kind == kind, name, __FILE__, __LINE__);
	if (err)
		printf("# [%s] %s\n", kits[kernel].e.tag, kits[kernel].e.problem);
	memset(out, 0, sizeof(*out));
	if (have)
		*out = *have;
	analysis_free(a);
}

#define FACT(kind, f, insn, name, ...)                                                             \
	do {                                                                                       \
		const struct text t_ = { { __VA_ARGS__ } };                                        \
		expect_fact(&t_, 0, f, insn, kind, name, &fact);                                   \
	} while (0)

static void test_facts(void)
{
	struct fact fact;

	FACT(FACT_COPY, 0, 0, "copy: arithmetic on numbers", INSNS(MOVK(0, 3), EXIT));
	FACT(FACT_DROP, 0, 1, "drop: a constant added to a pointer", INSNS(ARG_X, ADDK(2, 8), LOAD(BPF_W, 0, 2, 0), EXIT));
	FACT(FACT_FIELD, 0, 2, "field: a load through it", INSNS(ARG_X, ADDK(2, 8), LOAD(BPF_W, 0, 2, 4), EXIT));
	SAME(fact.off, 12, "field: the constant is in its offset");
	SAME(fact.size, 4, "field: its size");
	OK(!fact.base_null && !fact.base_untyped && !fact.base_indexed, "field: a plain pointer");
	FACT(FACT_MOVE, 0, 2, "move: a constant plus a pointer", INSNS(ARG_X, MOVK(5, 8), ADD(5, 2), LOAD(BPF_W, 0, 5, 0), EXIT));
	FACT(FACT_INDEX, 0, 3, "index: a pointer plus a number",
	     INSNS(ARG_X, ARG_N, ALUK(BPF_AND, 4, 24), ADD(2, 4), LOAD(BPF_DW, 0, 2, 56), EXIT));
	FACT(FACT_INDEX_SWAP, 0, 3, "index: a number plus a pointer",
	     INSNS(ARG_X, ARG_N, ALUK(BPF_AND, 4, 24), ADD(4, 2), LOAD(BPF_DW, 0, 4, 56), EXIT));
	FACT(FACT_INDEX_MOVE, 0, 4, "index: a copy takes the index along",
	     INSNS(ARG_X, ARG_N, ALUK(BPF_AND, 4, 24), ADD(4, 2), MOV(5, 4), LOAD(BPF_DW, 0, 5, 56), EXIT));
	FACT(FACT_FIELD, 0, 5, "index: the load",
	     INSNS(ARG_X, ARG_N, ALUK(BPF_AND, 4, 8), ADDK(4, 16), ADD(4, 2), LOAD(BPF_DW, 0, 4, 56), EXIT));
	OK(fact.base_indexed && fact.index_min == 16 && fact.index_max == 24, "index: its range");
	FACT(FACT_ARG, 0, 0, "argument", INSNS(LOAD(BPF_W, 0, 1, 28), EXIT));
	OK(fact.arg == 3 && fact.off == 4 && fact.size == 4, "argument: its upper half");
	FACT(FACT_VALUE, 0, 3, "value: user_field_exists", INSNS(ARG_X, MOV(1, 2), ADDK(1, 112), CALL(PSEUDO_FIELD_EXISTS), EXIT));
	SAME(fact.imm, 0, "value: there is none");
	FACT(FACT_STR, 0, 5, "string",
	     INSNS(ARG_X, MOV(3, 2), ADDK(3, 16), MOV(1, 10), ADDK(1, -16), CALL(PSEUDO_USER_STR), EXIT));
	SAME(fact.off, 16, "string: its field");
	FACT(FACT_CURRENT, 0, 0, "the running task", INSNS(CALL(PSEUDO_CURRENT_TASK), DONE));
	FACT(FACT_FETCH, 0, 1, "fetch", INSNS(MOVK(1, 4096), CALL(PSEUDO_FETCH_U16), EXIT));
	SAME(fact.size, 2, "fetch: its size");
	FACT(FACT_FETCH_STR, 0, 4, "fetch of a string",
	     INSNS(MOVK(3, 4096), MOV(1, 10), ADDK(1, -8), MOVK(2, 8), CALL(PSEUDO_FETCH_STR), EXIT));
	FACT(FACT_BRANCH, 0, 1, "branch", INSNS(ARG_N, JUMPK(BPF_JEQ, 4, 1, 0), DONE));
	SAME(fact.always, 0, "branch: either way");
	FACT(FACT_BRANCH, 0, 1, "branch on a constant", INSNS(MOVK(0, 1), JUMPK(BPF_JEQ, 0, 1, 1), MOVK(0, 2), EXIT));
	SAME(fact.always, 1, "branch: always taken");
	FACT(FACT_CALL, 0, 0, "call", INSNS(LOCAL(1), EXIT), INSNS(DONE));
	FACT(FACT_EXIT, 1, 1, "exit of a subprogram", INSNS(LOCAL(1), EXIT), INSNS(DONE));
}

static void test_old_kernel(void)
{
	const struct text add = { { INSNS(MOVK(2, 1), STORE(BPF_DW, 10, -8, 2), ATOMIC(BPF_DW, 10, -8, 2, BPF_ADD | BPF_FETCH),
					  DONE) } };
	const struct text task = { { INSNS(CALL(PSEUDO_CURRENT_TASK), LOAD(BPF_DW, 2, 0, 8), LOAD(BPF_W, 0, 2, 8), EXIT) } };
	const struct text probe = { { INSNS(MOV(2, 1), ADDK(2, 8), LOAD(BPF_DW, 6, 2, 0), CALL(PSEUDO_CURRENT_TASK),
					    LOAD(BPF_W, 0, 0, 4), EXIT) } };
	struct fact fact;

	expect_fact(&add, 1, 0, 2, FACT_PLAIN_ADD, "plain add: a result that nobody reads", &fact);
	expect_fact(&task, 1, 0, 2, FACT_FIELD, "a field behind the running task", &fact);
	OK(fact.base_untyped, "untyped: what was fetched has no type either");
	expect_fact(&task, 0, 0, 2, FACT_FIELD, "the same with typed pointers", &fact);
	OK(!fact.base_untyped, "typed: what was loaded has a type too");
	OK(!try(&probe, 0, NULL, NULL), "another program: its context is the kernel's own, arithmetic on it stays");
}

static void test_null(void)
{
	struct fact fact;

	FACT(FACT_FIELD, 0, 1, "an argument that may be NULL", INSNS(ARG_Y, LOAD(BPF_W, 0, 3, 0), EXIT));
	OK(fact.base_null, "null: its load is tested");
	FACT(FACT_FIELD, 0, 2, "a pointer behind it", INSNS(ARG_Y, LOAD(BPF_DW, 3, 3, 32), LOAD(BPF_W, 0, 3, 0), EXIT));
	OK(fact.base_null, "null: what is loaded through NULL is NULL");
	FACT(FACT_FIELD, 0, 3, "the program's own test",
	     INSNS(ARG_Y, MOVK(0, 0), JUMPK(BPF_JEQ, 3, 0, 1), LOAD(BPF_W, 0, 3, 0), EXIT));
	OK(!fact.base_null, "null: not tested twice");
	FACT(FACT_FIELD, 0, 4, "a copy was tested",
	     INSNS(ARG_Y, MOV(5, 3), MOVK(0, 0), JUMPK(BPF_JEQ, 5, 0, 1), LOAD(BPF_W, 0, 3, 0), EXIT));
	OK(!fact.base_null, "null: a test of one copy holds for all");
	FACT(FACT_FIELD, 0, 5, "p ? p->next : NULL",
	     INSNS(ARG_X, ARG_N, JUMPK(BPF_JSET, 4, 1, 1), MOVK(2, 0), MOVK(0, 0), LOAD(BPF_W, 0, 2, 0), EXIT));
	OK(fact.base_null, "null: a constant NULL and a pointer meet as one");
}

static void test_joins(void)
{
	struct fact fact;

	FACT(FACT_FIELD, 0, 6, "two kinds by path",
	     INSNS(ARG_X, ARG_Y, ARG_N, JUMPK(BPF_JSET, 4, 1, 1), MOV(2, 3), MOV(5, 2), LOAD(BPF_W, 0, 5, 0), EXIT));
	ACCEPTED("a subprogram returns one of two kinds",
		 INSNS(ARG_X, ARG_Y, ARG_N, LOCAL(1), LOAD(BPF_W, 0, 0, 0), EXIT),
		 INSNS(MOV(0, 2), JUMPK(BPF_JSET, 4, 1, 1), MOV(0, 3), EXIT));
	ACCEPTED("a constant by path that becomes an address",
		 INSNS(ARG_X, ARG_N, MOVK(5, 40), JUMPK(BPF_JSET, 4, 1, 1), MOVK(5, 88), ADD(5, 2), LOAD(BPF_W, 0, 5, 0), EXIT));
	ACCEPTED("a loop over 20 elements, as a moving offset",
		 INSNS(ARG_X, MOVK(6, 0), MOVK(0, 0), MOV(3, 2), ADD(3, 6), LOAD(BPF_DW, 3, 3, 160), ADD(0, 3), ADDK(6, 8),
		       JUMPK(BPF_JNE, 6, 160, -6), EXIT));
	ACCEPTED("a callee's callee takes a pointer to the program's stack",
		 INSNS(ARG_X, STORE(BPF_DW, 10, -8, 2), MOV(1, 10), ADDK(1, -8), LOCAL(1), EXIT),
		 INSNS(MOV(6, 1), LOCAL(2), EXIT), INSNS(LOAD(BPF_DW, 1, 1, 0), LOAD(BPF_W, 0, 1, 0), EXIT));
	REFUSED("pointer-lost", "number", "a callee overwrites the pointer there",
		INSNS(ARG_X, STORE(BPF_DW, 10, -8, 2), MOV(1, 10), ADDK(1, -8), LOCAL(1), LOAD(BPF_DW, 1, 10, -8),
		      LOAD(BPF_W, 0, 1, 0), EXIT),
		INSNS(MOVK(0, 9), STORE(BPF_DW, 1, 0, 0), EXIT));
}

/* r6 is written on one path only and read on that one only: calls in between keep it. */
static void test_half_written(void)
{
	const struct text t = { { INSNS(ARG_N, MOV(7, 4), JUMPK(BPF_JSET, 7, 1, 1), MOVK(6, 5), LOCAL(1),
					JUMPK(BPF_JSET, 7, 1, 1), MOV(0, 6), EXIT),
				  INSNS(MOVK(6, 77), DONE) } };
	struct analysis *a = NULL;
	uint32_t i, with = 0, without = 0;

	OK(!try(&t, 0, "ev", &a), "a register that one path wrote, across a call");
	for (i = 0; a && i < a->nr_nodes; i++) {
		const struct node *n = &a->nodes[i];

		if (a->walks[n->walk].function != 1)
			continue;
		with += n->in->saved[0][0].kind == VAL_NUM;
		without += n->in->saved[0][0].kind == VAL_NONE;
	}
	SAME(with, 1, "half-written: the path that saves it");
	SAME(without, 1, "half-written: the path that has nothing to save");
	analysis_free(a);
}

int main(void)
{
	unsigned i;

	for (i = 0; i < 2; i++) {
		build_kernel(&kits[i], !i);
		kit_open(&kits[i], sim_catalog);
	}
	test_bad_code();
	test_pointers();
	test_fields();
	test_helpers();
	test_facts();
	test_old_kernel();
	test_null();
	test_joins();
	test_half_written();
	kit_close(&kits[0]);
	kit_close(&kits[1]);
	return kit_done();
}
