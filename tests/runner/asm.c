/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The assembler of text cases (asm.h). In: lines of text. Out: functions with instructions,
 * and relocations by name. One instruction a line; '#' and ';' start comments; the counter
 * and the bytes that llvm-objdump writes in front of an instruction are passed over. Each
 * statement is tried against its shapes in turn; a line that fits none is an error with its
 * number. Jumps to labels are filled in at the end of a function.
 */
#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analyze/insn.h"
#include "asm_read.h"
#include "case.h"

static struct asm_function *current(struct reader *s)
{
	return &s->a->functions[s->a->nr_functions - 1];
}

static void emit(struct reader *s, struct bpf_insn i)
{
	struct asm_function *f = current(s);
	struct bpf_insn *p = array_grow(f->insns, f->nr_insns, &f->room_insns, sizeof(*p));

	if (!p) {
		read_fail(s, "out of memory");
		return;
	}
	f->insns = p;
	p[f->nr_insns++] = i;
}

static void relocate(struct reader *s, enum asm_reloc_kind kind, const char *name)
{
	struct asm_function *f = current(s);
	struct asm_reloc *p = array_grow(f->relocs, f->nr_relocs, &f->room_relocs, sizeof(*p));

	if (!p) {
		read_fail(s, "out of memory");
		return;
	}
	f->relocs = p;
	p = &p[f->nr_relocs++];
	*p = (struct asm_reloc){ .insn = (uint32_t)f->nr_insns, .kind = kind };
	snprintf(p->name, sizeof(p->name), "%s", name);
}

static uint32_t label(struct reader *s, const char *name)
{
	uint32_t i;

	for (i = 0; i < s->nr_labels; i++)
		if (!strcmp(s->labels[i].name, name))
			return i;
	if (s->nr_labels == MAX_LABELS) {
		read_fail(s, "too many labels");
		return 0;
	}
	snprintf(s->labels[i].name, sizeof(s->labels[i].name), "%s", name);
	s->labels[i].at = -1;
	return s->nr_labels++;
}

static void end_function(struct reader *s)
{
	struct asm_function *f = current(s);
	uint32_t i;

	for (i = 0; i < s->nr_pending; i++) {
		struct pending *p = &s->pending[i];
		int64_t at = s->labels[p->label].at;

		s->line = p->line;
		if (at < 0)
			read_fail(s, "no label %s", s->labels[p->label].name);
		f->insns[p->insn].off = (int16_t)(at - p->insn - 1);
	}
	s->nr_labels = s->nr_pending = 0;
}

static void begin_function(struct reader *s, const char *name, const char *section)
{
	struct assembly *a = s->a;
	struct asm_function *p = array_grow(a->functions, a->nr_functions, &a->room_functions, sizeof(*p));

	if (!p) {
		read_fail(s, "out of memory");
		return;
	}
	a->functions = p;
	p = &p[a->nr_functions++];
	*p = (struct asm_function){ .line = s->line };
	snprintf(p->name, sizeof(p->name), "%s", name);
	snprintf(p->section, sizeof(p->section), "%s", section);
}

/* "+3", "-2", "L1" behind a goto. */
static bool jump_target(struct reader *s, struct bpf_insn *i)
{
	char name[64];
	int64_t v;

	read_spaces(s);
	if (*s->p == '+' || *s->p == '-' || isdigit((unsigned char)*s->p)) {
		if (!read_sum(s, &v))
			return false;
		i->off = (int16_t)v;
		return true;
	}
	if (!read_word(s, name, sizeof(name)) || s->nr_pending == MAX_LABELS)
		return false;
	s->pending[s->nr_pending++] = (struct pending){ (uint32_t)current(s)->nr_insns, label(s, name), s->line };
	return true;
}

static const struct {
	const char *text;
	uint8_t op;
	int16_t off;
} alu_ops[] = {
	{ "s>>=", BPF_ARSH, 0 }, { "<<=", BPF_LSH, 0 }, { ">>=", BPF_RSH, 0 }, { "s/=", BPF_DIV, 1 },
	{ "s%=", BPF_MOD, 1 },   { "+=", BPF_ADD, 0 },  { "-=", BPF_SUB, 0 },  { "*=", BPF_MUL, 0 },
	{ "/=", BPF_DIV, 0 },    { "|=", BPF_OR, 0 },   { "&=", BPF_AND, 0 },  { "%=", BPF_MOD, 0 },
	{ "^=", BPF_XOR, 0 },
};

/* The right side of "rN = " and "wN = " that is arithmetic. */
static bool move(struct reader *s, char r, uint8_t dst)
{
	static const char *const orders[] = { "bswap", "be", "le" };
	uint8_t class = r == 'r' ? BPF_ALU64 : BPF_ALU, src;
	const char *start = s->p;
	int64_t v, bits;
	size_t i;

	if (read_text(s, "-r") || read_text(s, "-w")) {
		s->p--;
		if (!read_reg(s, r, &src))
			return false;
		emit(s, (struct bpf_insn){ .code = class | BPF_NEG, .dst_reg = dst });
		return src == dst;
	}
	for (i = 0; i < 3; i++, s->p = start)
		if (read_text(s, orders[i]) && read_sum(s, &v) && read_reg(s, 'r', &src)) {
			emit(s, (struct bpf_insn){ .code = (i ? BPF_ALU : BPF_ALU64) | BPF_END | (i == 1 ? BPF_TO_BE : 0),
						   .dst_reg = dst, .imm = (int32_t)v });
			return src == dst;
		}
	if (read_text(s, "(s")) {
		if (!read_sum(s, &bits) || !read_text(s, ")") || !read_reg(s, r, &src))
			return false;
		emit(s, (struct bpf_insn){ .code = class | BPF_MOV | BPF_X, .dst_reg = dst, .src_reg = src,
					   .off = (int16_t)bits });
		return true;
	}
	if (read_reg(s, r, &src)) {
		emit(s, (struct bpf_insn){ .code = class | BPF_MOV | BPF_X, .dst_reg = dst, .src_reg = src });
		return true;
	}
	if (!read_sum(s, &v))
		return false;
	if (r == 'r' && read_text(s, "ll")) {
		emit(s, (struct bpf_insn){ .code = BPF_LD | BPF_IMM | BPF_DW, .dst_reg = dst, .imm = (int32_t)v });
		emit(s, (struct bpf_insn){ .imm = (int32_t)(v >> 32) });
		return true;
	}
	emit(s, (struct bpf_insn){ .code = class | BPF_MOV | BPF_K, .dst_reg = dst, .imm = (int32_t)v });
	return true;
}

/* "r1 = map NAME ll", "r1 = func NAME ll" */
static bool address(struct reader *s, uint8_t dst)
{
	bool is_map = read_text(s, "map ");
	char name[64];
	size_t n;

	if (!is_map && !read_text(s, "func "))
		return false;
	read_spaces(s);
	n = strcspn(s->p, " \t"); /* ".rodata+8" is a name here */
	snprintf(name, sizeof(name), "%.*s", (int)n, s->p);
	s->p += n;
	if (!n || !read_text(s, "ll"))
		return false;
	relocate(s, is_map ? ASM_MAP : ASM_FUNC, name);
	emit(s, (struct bpf_insn){ .code = BPF_LD | BPF_IMM | BPF_DW, .dst_reg = dst });
	emit(s, (struct bpf_insn){ 0 });
	return true;
}

static const struct {
	const char *text, *plain;
	int32_t imm;
} atomics[] = {
	{ "add", "+=", BPF_ADD }, { "or", "|=", BPF_OR }, { "and", "&=", BPF_AND }, { "xor", "^=", BPF_XOR },
};

/* "r1 = atomic_fetch_add((u64 *)(r7 + 0), r1)", "r1 = xchg_64(r7 + 0, r1)", "r0 = cmpxchg_64(r7 + 0, r0, r1)" */
static bool fetching_atomic(struct reader *s, char r, uint8_t dst)
{
	uint8_t code = BPF_STX | BPF_ATOMIC | (r == 'r' ? BPF_DW : BPF_W), base, src, old;
	char start[40];
	int64_t off = 0;
	size_t i;

	for (i = 0; i < sizeof(atomics) / sizeof(atomics[0]); i++) {
		snprintf(start, sizeof(start), "atomic_fetch_%s((u%d *)(", atomics[i].text, r == 'r' ? 64 : 32);
		if (!read_text(s, start))
			continue;
		if (!read_reg(s, 'r', &base) || !read_sum(s, &off) || !read_text(s, "),") || !read_reg(s, r, &src) || !read_text(s, ")"))
			return false;
		emit(s, (struct bpf_insn){ .code = code, .dst_reg = base, .src_reg = src, .off = (int16_t)off,
					   .imm = atomics[i].imm | BPF_FETCH });
		return src == dst;
	}
	if (read_text(s, r == 'r' ? "xchg_64(" : "xchg32_32(")) {
		if (!read_reg(s, 'r', &base) || !read_sum(s, &off) || !read_text(s, ",") || !read_reg(s, r, &src) || !read_text(s, ")"))
			return false;
		emit(s, (struct bpf_insn){ .code = code, .dst_reg = base, .src_reg = src, .off = (int16_t)off,
					   .imm = BPF_XCHG });
		return src == dst;
	}
	if (!read_text(s, r == 'r' ? "cmpxchg_64(" : "cmpxchg32_32("))
		return false;
	if (!read_reg(s, 'r', &base) || !read_sum(s, &off) || !read_text(s, ",") || !read_reg(s, r, &old) || old || !read_text(s, ",") ||
	    !read_reg(s, r, &src) || !read_text(s, ")"))
		return false;
	emit(s, (struct bpf_insn){ .code = code, .dst_reg = base, .src_reg = src, .off = (int16_t)off, .imm = BPF_CMPXCHG });
	return true;
}

static bool assignment(struct reader *s, char r, uint8_t dst)
{
	uint8_t class = r == 'r' ? BPF_ALU64 : BPF_ALU, src;
	bool is_signed;
	uint32_t bytes;
	int64_t v;
	size_t i;

	for (i = 0; i < sizeof(alu_ops) / sizeof(alu_ops[0]); i++) {
		if (!read_text(s, alu_ops[i].text))
			continue;
		if (read_reg(s, r, &src))
			emit(s, (struct bpf_insn){ .code = class | alu_ops[i].op | BPF_X, .dst_reg = dst, .src_reg = src,
						   .off = alu_ops[i].off });
		else if (read_sum(s, &v))
			emit(s, (struct bpf_insn){ .code = class | alu_ops[i].op | BPF_K, .dst_reg = dst,
						   .imm = (int32_t)v, .off = alu_ops[i].off });
		else
			return false;
		return true;
	}
	if (!read_text(s, "="))
		return false;
	if (r == 'r' && read_memory(s, &is_signed, &bytes, &src, &v)) {
		emit(s, (struct bpf_insn){ .code = BPF_LDX | (is_signed ? INSN_MEMSX : BPF_MEM) | insn_size_code(bytes),
					   .dst_reg = dst, .src_reg = src, .off = (int16_t)v });
		return true;
	}
	if (r == 'r' && address(s, dst))
		return true;
	return fetching_atomic(s, r, dst) || move(s, r, dst);
}

/* "*(u32 *)(r1 + 0) = r2" or "= 5" */
static bool store(struct reader *s)
{
	uint8_t base, src;
	bool is_signed;
	uint32_t bytes;
	int64_t off, v;

	if (!read_memory(s, &is_signed, &bytes, &base, &off) || !read_text(s, "="))
		return false;
	if (read_reg(s, 'r', &src)) {
		emit(s, (struct bpf_insn){ .code = BPF_STX | BPF_MEM | insn_size_code(bytes), .dst_reg = base,
					   .src_reg = src, .off = (int16_t)off });
		return true;
	}
	if (!read_sum(s, &v))
		return false;
	emit(s, (struct bpf_insn){ .code = BPF_ST | BPF_MEM | insn_size_code(bytes), .dst_reg = base, .off = (int16_t)off,
				   .imm = (int32_t)v });
	return true;
}

static bool plain_atomic(struct reader *s)
{
	uint8_t base, src;
	bool is_signed;
	uint32_t bytes;
	int64_t off;
	size_t i;

	if (!read_memory(s, &is_signed, &bytes, &base, &off))
		return false;
	for (i = 0; i < sizeof(atomics) / sizeof(atomics[0]); i++)
		if (read_text(s, atomics[i].plain) && read_reg(s, 'r', &src)) {
			emit(s, (struct bpf_insn){ .code = BPF_STX | BPF_ATOMIC | insn_size_code(bytes), .dst_reg = base,
						   .src_reg = src, .off = (int16_t)off, .imm = atomics[i].imm });
			return true;
		}
	return false;
}

static bool branch(struct reader *s)
{
	static const struct {
		const char *text;
		uint8_t op;
	} ops[] = {
		{ "s>=", BPF_JSGE }, { "s<=", BPF_JSLE }, { "s>", BPF_JSGT }, { "s<", BPF_JSLT }, { "==", BPF_JEQ },
		{ "!=", BPF_JNE },   { ">=", BPF_JGE },   { "<=", BPF_JLE },  { ">", BPF_JGT },   { "<", BPF_JLT },
		{ "&", BPF_JSET },
	};
	struct bpf_insn i = { .code = BPF_JMP };
	uint8_t a, b;
	char r = 'r';
	int64_t v;
	size_t k;

	if (!read_reg(s, 'r', &a)) {
		if (!read_reg(s, 'w', &a))
			return false;
		r = 'w';
		i.code = BPF_JMP32;
	}
	i.dst_reg = a;
	for (k = 0; k < sizeof(ops) / sizeof(ops[0]); k++)
		if (read_text(s, ops[k].text))
			break;
	if (k == sizeof(ops) / sizeof(ops[0]))
		return false;
	i.code |= ops[k].op;
	if (read_reg(s, r, &b)) {
		i.code |= BPF_X;
		i.src_reg = b;
	} else if (read_sum(s, &v)) {
		i.imm = (int32_t)v;
	} else {
		return false;
	}
	if (!read_text(s, "goto ") || !jump_target(s, &i))
		return false;
	emit(s, i);
	return true;
}

static bool call(struct reader *s)
{
	struct bpf_insn i = { .code = BPF_JMP | BPF_CALL };
	char name[64];
	int64_t v;

	read_spaces(s);
	if (*s->p == '-' || isdigit((unsigned char)*s->p)) {
		if (!read_sum(s, &v))
			return false;
		i.imm = (int32_t)v;
	} else if (!read_word(s, name, sizeof(name))) {
		return false;
	} else if (asm_helper(name) >= 0) {
		i.imm = asm_helper(name);
	} else {
		i.src_reg = BPF_PSEUDO_CALL;
		i.imm = -1;
		relocate(s, ASM_CALL, name);
	}
	emit(s, i);
	return true;
}

/* "insn CODE DST SRC OFF IMM": what no compiler writes */
static bool raw(struct reader *s)
{
	int64_t v[5];
	size_t i;

	for (i = 0; i < 5; i++)
		if (!read_term(s, &v[i]))
			return false;
	emit(s, (struct bpf_insn){ .code = (uint8_t)v[0], .dst_reg = v[1] & 15, .src_reg = v[2] & 15, .off = (int16_t)v[3],
				   .imm = (int32_t)v[4] });
	return true;
}

static bool statement(struct reader *s)
{
	struct bpf_insn jump = { .code = BPF_JMP | BPF_JA };
	uint8_t dst;

	if (read_text(s, "exit")) {
		emit(s, (struct bpf_insn){ .code = BPF_JMP | BPF_EXIT });
		return true;
	}
	if (read_text(s, "goto ")) {
		if (!jump_target(s, &jump))
			return false;
		emit(s, jump);
		return true;
	}
	if (read_text(s, "if "))
		return branch(s);
	if (read_text(s, "call "))
		return call(s);
	if (read_text(s, "insn "))
		return raw(s);
	if (read_text(s, "lock "))
		return plain_atomic(s);
	if (read_reg(s, 'r', &dst))
		return assignment(s, 'r', dst);
	if (read_reg(s, 'w', &dst))
		return assignment(s, 'w', dst);
	return store(s);
}

/* "  12:  79 11 08 00 00 00 00 00  " in front of what llvm-objdump and bpftool list */
static void skip_counter(struct reader *s)
{
	const char *p;

	read_spaces(s);
	for (p = s->p; isdigit((unsigned char)*p);)
		p++;
	if (p == s->p || *p != ':')
		return;
	s->p = p + 1;
	read_spaces(s);
	while (isxdigit((unsigned char)s->p[0]) && isxdigit((unsigned char)s->p[1]) && (s->p[2] == ' ' || s->p[2] == '\t')) {
		s->p += 2;
		read_spaces(s);
	}
}

static void one_line(struct reader *s, char *line)
{
	char name[64];
	size_t n;

	line[strcspn(line, "#;")] = '\0';
	s->p = line;
	skip_counter(s);
	if (read_end(s))
		return;
	n = strlen(s->p);
	while (isspace((unsigned char)s->p[n - 1]))
		n--;
	if (s->p[n - 1] == ':') {
		((char *)s->p)[n - 1] = '\0';
		if (read_text(s, "func ")) {
			if (current(s)->nr_insns || current(s)->nr_relocs) {
				end_function(s);
				begin_function(s, s->p, ".text");
			} else { /* the first function names itself */
				snprintf(current(s)->name, sizeof(current(s)->name), "%s", s->p);
			}
			return;
		}
		snprintf(name, sizeof(name), "%s", s->p);
		s->labels[label(s, name)].at = (int64_t)current(s)->nr_insns;
		return;
	}
	if (!statement(s) || !read_end(s))
		read_fail(s, "cannot assemble \"%s\"", line + strspn(line, " \t"));
}

bool assemble(struct assembly *a, const char *text, const char *section, const char *name, uint32_t line,
	      const struct asm_symbols *symbols)
{
	struct reader *s = calloc(1, sizeof(*s));
	char buf[512];

	if (!s)
		return false;
	*s = (struct reader){ .a = a, .symbols = symbols, .line = line };
	begin_function(s, name, section);
	for (; !a->error[0] && next_line(&text, buf, sizeof(buf)); s->line++)
		one_line(s, buf);
	if (!a->error[0])
		end_function(s);
	free(s);
	return !a->error[0];
}

void assembly_free(struct assembly *a)
{
	size_t i;

	for (i = 0; i < a->nr_functions; i++) {
		free(a->functions[i].insns);
		free(a->functions[i].relocs);
	}
	free(a->functions);
	memset(a, 0, sizeof(*a));
}
