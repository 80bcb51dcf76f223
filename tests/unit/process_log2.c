/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * process_log2 [PROGRAMS [SEED]]: log2 as compilers write it for BPF (abide_log2), with all kinds of
 * registers and small changes, on the interpreter and on native code: all registers must be the same
 * behind it, for values around every power of two. The sequence itself must have become one instruction,
 * and so must all that clang made of it in the tools; near misses must not have. Random changes may go
 * either way, but both must have happened.
 */
#include <glob.h>

#include "object/object.h"
#include "process_check.h"
#include "process_kit.h"

#define NR_REGS 9 /* r0 to r8; r9 is the memory */
#define LENGTH  33
#define SPARE   3
#define MIDDLE  (NR_REGS + 2) /* slots before the sequence: loads, the base, a branch */
#define TOTAL   (MIDDLE + LENGTH + SPARE + NR_REGS + 1)
#define IN      0
#define OUT     128

#define OP64K(op, d, v) INSN(BPF_ALU64 | (op) | BPF_K, d, 0, 0, v)
#define OP64X(op, d, s) INSN(BPF_ALU64 | (op) | BPF_X, d, s, 0, 0)

static uint64_t seed = 20261126;
static uint64_t values[400];
static uint32_t nr_values;

static uint32_t any(uint32_t n)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(seed >> 33) % n;
}

/* What clang 14 makes of abide_log2; @v stays, r is the result, w and the others are spent. */
static void sequence(struct bpf_insn *i, uint8_t v, uint8_t r, uint8_t w, uint8_t t, uint8_t u)
{
	const struct bpf_insn text[LENGTH] = {
		OP64X(BPF_MOV, t, v), OP64K(BPF_RSH, t, 32), OP64K(BPF_NEG, t, 0), OP64K(BPF_RSH, t, 58), OP64K(BPF_AND, t, 32),
		OP64X(BPF_MOV, w, v), OP64X(BPF_RSH, w, t),
		OP64K(BPF_MOV, r, 65535), OP64X(BPF_SUB, r, w), OP64K(BPF_RSH, r, 59), OP64K(BPF_AND, r, 16), OP64X(BPF_RSH, w, r),
		OP64K(BPF_MOV, u, 255), OP64X(BPF_SUB, u, w), OP64X(BPF_OR, r, t), OP64K(BPF_RSH, u, 60), OP64K(BPF_AND, u, 8),
		OP64X(BPF_RSH, w, u),
		OP64K(BPF_MOV, t, 15), OP64X(BPF_SUB, t, w), OP64X(BPF_OR, r, u), OP64K(BPF_RSH, t, 61), OP64K(BPF_AND, t, 4),
		OP64X(BPF_RSH, w, t),
		OP64K(BPF_MOV, u, 3), OP64X(BPF_SUB, u, w), OP64X(BPF_OR, r, t), OP64K(BPF_RSH, u, 62), OP64K(BPF_AND, u, 2),
		OP64X(BPF_RSH, w, u),
		OP64X(BPF_OR, r, u), OP64K(BPF_RSH, w, 1), OP64X(BPF_OR, r, w),
	};

	memcpy(i, text, sizeof(text));
}

/* Loads of all registers, the sequence (the caller's), room for more, stores of all. */
static void frame(struct bpf_insn *i)
{
	int k;

	*i++ = OP64X(BPF_MOV, 9, 1);
	for (k = 0; k < NR_REGS; k++)
		*i++ = INSN(BPF_LDX | BPF_MEM | BPF_DW, k, 9, IN + 8 * k, 0);
	*i++ = INSN(BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 0, 77); /* to the next one */
	for (i += LENGTH, k = 0; k < SPARE; k++)
		*i++ = INSN(BPF_JMP | BPF_JA, 0, 0, 0, 0);
	for (k = 0; k < NR_REGS; k++)
		*i++ = INSN(BPF_STX | BPF_MEM | BPF_DW, 9, k, OUT + 8 * k, 0);
	*i = INSN(BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
}

static void make_values(void)
{
	uint32_t k;

	values[nr_values++] = 0;
	for (k = 0; k < 64; k++) {
		values[nr_values++] = UINT64_C(1) << k;
		values[nr_values++] = (UINT64_C(1) << k) - 1;
		values[nr_values++] = (UINT64_C(1) << k) + 1;
		values[nr_values++] = ((uint64_t)any(UINT32_MAX) << 33 | 1u << 31 | any(UINT32_MAX)) >> k;
	}
}

static void run(const struct process_program *p, uint8_t *page, uint64_t v, bool native)
{
	struct process_run run = { .budget = 1000 };
	uint64_t in[NR_REGS];
	uint32_t k;

	/* each register another value, so that mistaken ones show; and 77 at times, for the branch */
	for (k = 0; k < NR_REGS; k++)
		in[k] = v ^ (k * (v >> 7 | 1));
	in[0] = v % 3 ? v : 77;
	memcpy(page + IN, in, sizeof(in));
	memset(page + OUT, 0x55, sizeof(in));
	if (native)
		process_run(p, &run, (uint64_t)(uintptr_t)page, KIT_PAGE);
	else
		process_interpret(p, &run, (uint64_t)(uintptr_t)page, KIT_PAGE);
}

static bool recognised(const struct process_program *p)
{
	size_t size;
	const void *code = process_code(p, &size);

	return code && memmem(code, size, "\x4d\x0f\xbd\xdb", 4); /* bsr r11, r11 */
}

/* Whether it became one instruction; *@made: it could be compared at all. */
static bool compare(const struct bpf_insn *insns, const char *what, uint8_t *page, bool *made)
{
	uint8_t want[NR_REGS * 8];
	struct process_program *p;
	struct abide_error e = { 0 };
	bool yes = false, same = true;
	uint32_t rotate, k;

	*made = !process_program_new(insns, TOTAL, kit_helpers(), &p, &e);
	if (!*made)
		return false;
	for (rotate = 0; rotate < 10; rotate += 3) {
		struct process_compile_options options = { .rotate = rotate, .no_bmi2 = rotate == 3 };

		if (process_compile(p, &options, &e)) {
			printf("ok # skip no native code here: %s\n", e.problem);
			exit(0);
		}
		yes = recognised(p);
		for (k = 0; k < nr_values && same; k++) {
			run(p, page, values[k], false);
			memcpy(want, page + OUT, sizeof(want));
			run(p, page, values[k], true);
			same = !memcmp(want, page + OUT, sizeof(want));
		}
	}
	check(same, what, "native code differs");
	if (!same)
		kit_list(insns, TOTAL);
	process_program_free(p);
	return yes;
}

static void pick(uint8_t *r)
{
	uint8_t k, with, tmp;

	for (k = 0; k < NR_REGS; k++)
		r[k] = k;
	for (k = 0; k < NR_REGS; k++) {
		with = (uint8_t)any(NR_REGS);
		tmp = r[k];
		r[k] = r[with];
		r[with] = tmp;
	}
}

/* The interpreter itself against the definition. */
static void check_meaning(uint8_t *page)
{
	struct bpf_insn insns[TOTAL] = { 0 };
	struct process_program *p;
	struct abide_error e = { 0 };
	uint64_t got, v;
	uint32_t k;
	bool good = true;

	frame(insns);
	sequence(insns + MIDDLE, 6, 1, 2, 3, 4);
	if (process_program_new(insns, TOTAL, kit_helpers(), &p, &e)) {
		check(false, "the sequence", e.problem);
		return;
	}
	for (k = 0; k < nr_values; k++) {
		run(p, page, values[k], false);
		memcpy(&v, page + IN + 8 * 6, 8);
		memcpy(&got, page + OUT + 8, 8);
		good &= got == (v ? 63u - (uint32_t)__builtin_clzll(v) : 0);
	}
	check(good, "the sequence", "is no log2");
	process_program_free(p);
}

/* @put in the place of @drop instructions at @at. */
static void edit(struct bpf_insn *i, uint32_t at, uint32_t drop, const struct bpf_insn *put, uint32_t nr)
{
	memmove(i + at + nr, i + at + drop, (LENGTH + SPARE - at - (nr > drop ? nr : drop)) * sizeof(*i));
	if (nr)
		memcpy(i + at, put, nr * sizeof(*i));
}

static void check_whole(uint8_t *page)
{
	struct bpf_insn insns[TOTAL] = { 0 };
	uint8_t r[NR_REGS];
	bool made;
	int k;

	for (k = 0; k < 100; k++) {
		pick(r);
		frame(insns);
		/* the value's own register is spent, after it was copied */
		sequence(insns + MIDDLE, r[0], r[1], k % 3 ? r[0] : r[2], r[3], r[4]);
		if (k % 3 == 1)
			edit(insns + MIDDLE, 5, 1, NULL, 0);
		if (k % 3 == 2)
			edit(insns + MIDDLE, 5, 1, (struct bpf_insn[]){ OP64X(BPF_MOV, r[5], r[0]), OP64K(BPF_MOV, r[6], -2) }, 2);
		check(compare(insns, "the sequence", page, &made) && made, "the sequence", "is not recognised");
	}
}

/* From a tool's instruction on, as far as they only compute; how many there were of the kind. */
static uint32_t check_function(const struct function *f, uint8_t *page)
{
	const struct bpf_insn *i = f->insns;
	struct bpf_insn insns[TOTAL] = { 0 };
	uint32_t k, n, found = 0;
	bool made;

	for (k = 0; k + LENGTH <= f->nr_insns; k++) {
		if (i[k].code != (BPF_ALU64 | BPF_MOV | BPF_X) || i[k + 1].code != (BPF_ALU64 | BPF_RSH | BPF_K) ||
		    i[k + 1].imm != 32 || i[k + 2].code != (BPF_ALU64 | BPF_NEG) || i[k + 2].dst_reg != i[k].dst_reg)
			continue;
		frame(insns);
		for (n = 0; n < LENGTH + SPARE && k + n < f->nr_insns; n++) {
			if (BPF_CLASS(i[k + n].code) != BPF_ALU64 || i[k + n].dst_reg == 9)
				break;
			insns[MIDDLE + n] = i[k + n];
		}
		check(compare(insns, f->section_name, page, &made) && made, f->section_name, "log2 is not recognised");
		found++;
	}
	return found;
}

static void check_tools(uint8_t *page)
{
	struct abide_error e = { 0 };
	struct object *o;
	uint32_t found = 0, k;
	glob_t files;
	size_t n;

	check(!glob(TOOLS "/*.bpf.o", 0, NULL, &files), "the tools", "are not there");
	for (n = 0; n < files.gl_pathc; n++) {
		if (object_open_file(files.gl_pathv[n], &o, &e)) {
			check(false, files.gl_pathv[n], e.problem);
			continue;
		}
		for (k = 0; k < o->nr_functions; k++)
			found += check_function(&o->functions[k], page);
		object_free(o);
	}
	globfree(&files);
	check(found >= 10, "the tools", "have few histograms");
	printf("# %u of the tools' histograms\n", found);
}

/* One change each, after which something in it is no part of log2 any more. */
static void check_near(uint8_t *page)
{
	enum { V = 6, R = 1, W = 2, T = 3, U = 4, OTHER = 7 };
	static const struct {
		const char *what;
		uint32_t at;
		struct bpf_insn now;
	} near[] = {
		{ "the upper half begins elsewhere", 1, OP64K(BPF_RSH, T, 31) },
		{ "no sign", 2, OP64X(BPF_MOV, T, T) },
		{ "a bit below those of the sign", 3, OP64K(BPF_RSH, T, 26) },
		{ "the upper half's mask", 4, OP64K(BPF_AND, T, 48) },
		{ "another value is shifted", 5, OP64X(BPF_MOV, W, OTHER) },
		{ "shifted to the left", 6, OP64X(BPF_LSH, W, T) },
		{ "shifted by sign", 6, OP64X(BPF_ARSH, W, T) },
		{ "32 bits shifted", 6, INSN(BPF_ALU | BPF_RSH | BPF_X, W, T, 0, 0) },
		{ "65534", 7, OP64K(BPF_MOV, R, 65534) },
		{ "65536", 7, OP64K(BPF_MOV, R, 65536) },
		{ "255 where 65535 stands", 7, OP64K(BPF_MOV, R, 255) },
		{ "the difference the other way", 8, OP64X(BPF_ADD, R, W) },
		{ "a difference of 32 bits", 8, INSN(BPF_ALU | BPF_SUB | BPF_X, R, W, 0, 0) },
		{ "a bit of the difference that is no sign", 9, OP64K(BPF_RSH, R, 27) },
		{ "16 and 1", 10, OP64K(BPF_AND, R, 17) },
		{ "8 where 16 stands", 10, OP64K(BPF_AND, R, 8) },
		{ "by something else", 11, OP64X(BPF_RSH, W, OTHER) },
		{ "by the same twice", 11, OP64X(BPF_RSH, W, T) },
		{ "254", 12, OP64K(BPF_MOV, U, 254) },
		{ "a part is left out", 14, OP64X(BPF_MOV, R, R) },
		{ "xor with something", 14, OP64X(BPF_XOR, R, OTHER) },
		{ "the difference with another value", 19, OP64X(BPF_SUB, T, OTHER) },
		{ "an earlier state of the difference", 21, OP64K(BPF_RSH, U, 61) },
		{ "2 or 1", 28, OP64K(BPF_AND, U, 3) },
		{ "the last bit is the last but one", 31, OP64K(BPF_RSH, W, 2) },
		{ "and where or stands", 32, OP64X(BPF_AND, R, W) },
		{ "the result goes elsewhere", 32, OP64X(BPF_OR, OTHER, W) },
		{ "a load in between", 17, INSN(BPF_LDX | BPF_MEM | BPF_DW, W, 9, 0, 0) },
		{ "a branch in between", 17, INSN(BPF_JMP | BPF_JEQ | BPF_K, W, 0, 0, 3) },
	};
	static const struct {
		const char *what;
		uint32_t at, drop, nr;
		struct bpf_insn put[SPARE];
	} longer[] = {
		{ "2^32 - 1 - v, whose sign is another", 2, 1, 2,
		  { INSN(BPF_ALU | BPF_MOV | BPF_K, T, 0, 0, -1), OP64X(BPF_SUB, T, V) } },
		{ "a difference before the shift that it needs", 11, 3, 3,
		  { OP64K(BPF_MOV, U, 255), OP64X(BPF_SUB, U, W), OP64X(BPF_RSH, W, R) } },
		{ "a difference is left over", 26, 0, 2, { OP64K(BPF_MOV, OTHER, 3), OP64X(BPF_SUB, OTHER, W) } },
		{ "a sign is left over", 26, 0, 3,
		  { OP64K(BPF_MOV, OTHER, 3), OP64X(BPF_SUB, OTHER, W), OP64K(BPF_RSH, OTHER, 62) } },
		{ "an upper half is left over", 26, 0, 2, { OP64X(BPF_MOV, OTHER, V), OP64K(BPF_RSH, OTHER, 32) } },
		{ "a shifted value is left over", 24, 0, 1, { OP64X(BPF_MOV, OTHER, W) } },
		{ "shifted twice", 18, 0, 1, { OP64X(BPF_RSH, W, U) } },
	};
	struct bpf_insn insns[TOTAL] = { 0 };
	bool made;
	size_t k;

	for (k = 0; k < sizeof(longer) / sizeof(longer[0]); k++) {
		frame(insns);
		sequence(insns + MIDDLE, V, R, W, T, U);
		edit(insns + MIDDLE, longer[k].at, longer[k].drop, longer[k].put, longer[k].nr);
		check(!compare(insns, longer[k].what, page, &made) && made, longer[k].what, "is recognised");
	}
	for (k = 0; k < sizeof(near) / sizeof(near[0]); k++) {
		frame(insns);
		sequence(insns + MIDDLE, V, R, W, T, U);
		insns[MIDDLE + near[k].at] = near[k].now;
		check(!compare(insns, near[k].what, page, &made) && made, near[k].what, "is recognised");
	}
	/* a jump to any place but the first */
	for (k = 0; k < LENGTH; k++) {
		frame(insns);
		sequence(insns + MIDDLE, V, R, W, T, U);
		insns[MIDDLE - 1].off = (int16_t)k;
		check(compare(insns, "a jump into it", page, &made) == !k && made, "a jump into it", k ? "is recognised" : "is not");
	}
}

static void change(struct bpf_insn *i)
{
	static const uint8_t ops[] = { BPF_ADD, BPF_SUB, BPF_OR, BPF_AND, BPF_XOR, BPF_LSH, BPF_RSH, BPF_ARSH, BPF_MOV };
	static const int32_t numbers[] = { 0, 1, 2, 3, 4, 8, 15, 16, 31, 32, 33, 48, 58, 59, 60, 61, 62, 63, 255, 65535, -1 };
	uint32_t at = any(LENGTH), other = at ? at - 1 : 1;
	struct bpf_insn tmp;

	switch (any(8)) {
	case 0:
		i[at].dst_reg = any(NR_REGS) & 15;
		break;
	case 1:
		if (BPF_SRC(i[at].code) == BPF_X)
			i[at].src_reg = any(NR_REGS) & 15;
		break;
	case 2:
		if (BPF_SRC(i[at].code) == BPF_K && BPF_OP(i[at].code) != BPF_NEG)
			i[at].imm = numbers[any(sizeof(numbers) / sizeof(numbers[0]))];
		break;
	case 3:
		if (BPF_OP(i[at].code) != BPF_NEG)
			i[at].code = (uint8_t)((i[at].code & 0x0f) | ops[any(sizeof(ops))]);
		break;
	case 4:
		i[at].code = (uint8_t)((i[at].code & ~7u) | BPF_ALU);
		break;
	case 5: /* one of them once more, here */
		tmp = i[any(LENGTH)];
		edit(i, at, 0, &tmp, 1);
		break;
	default:
		tmp = i[at];
		i[at] = i[other];
		i[other] = tmp;
		break;
	}
}

static void check_changed(uint8_t *page, uint32_t nr)
{
	struct bpf_insn insns[TOTAL] = { 0 };
	uint8_t r[NR_REGS];
	uint32_t yes = 0, no = 0, k;
	bool made, is;

	for (k = 0; k < nr; k++) {
		pick(r);
		/* registers that are one, too: then it is something else altogether */
		if (!any(8))
			r[1 + any(4)] = r[any(5)];
		frame(insns);
		sequence(insns + MIDDLE, r[0], r[1], r[2], r[3], r[4]);
		do
			change(insns + MIDDLE);
		while (any(2));
		if (!any(16))
			insns[MIDDLE - 1].off = (int16_t)any(LENGTH);
		is = compare(insns, "a changed sequence", page, &made);
		yes += made && is;
		no += made && !is;
	}
	check(yes > nr / 50 && no > nr / 50, "changed sequences", "all are, or none is");
	printf("# %u sequences, changed: %u recognised, %u not\n", nr, yes, no);
}

int main(int argc, char **argv)
{
	uint32_t nr = argc > 1 ? (uint32_t)atoi(argv[1]) : 2000;
	uint8_t *page = kit_page();

	if (argc > 2)
		seed = strtoull(argv[2], NULL, 0);
#if !defined(__x86_64__)
	printf("ok # skip native code is for x86-64\n");
	return 0;
#endif
	make_values();
	check_meaning(page);
	check_whole(page);
	check_tools(page);
	check_near(page);
	check_changed(page, nr);
	printf("%s - process_log2: %u checks, %u failed\n", nr_failed ? "not ok" : "ok", nr_checks, nr_failed);
	return nr_failed != 0;
}
