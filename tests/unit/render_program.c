/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * What clang makes of <abide/program.h>'s pseudo-helpers: calls to reserved numbers, with
 * the field's address (struct and constant offset) in the register that is promised; for
 * both instruction sets, with and without records of accesses.
 */
#include "render_kit.h"

/* What each register holds: something and a constant, @off alone if .number. In a straight line. */
struct reg {
	bool number;
	int64_t off;
};

static void step(const struct bpf_insn *i, struct reg *r)
{
	struct reg src = BPF_SRC(i->code) == BPF_X ? r[i->src_reg] : (struct reg){ true, i->imm };

	if (i->code == (BPF_JMP | BPF_CALL))
		r[0] = (struct reg){ 0 };
	if (BPF_CLASS(i->code) == BPF_LDX || BPF_CLASS(i->code) == BPF_LD)
		r[i->dst_reg] = (struct reg){ 0 };
	if (BPF_CLASS(i->code) != BPF_ALU64)
		return;
	if (BPF_OP(i->code) == BPF_MOV)
		r[i->dst_reg] = src;
	else if (BPF_OP(i->code) == BPF_ADD)
		r[i->dst_reg] = (struct reg){ r[i->dst_reg].number && src.number,
			                      r[i->dst_reg].off + src.off };
	else
		r[i->dst_reg] = (struct reg){ 0 };
}

struct call {
	uint32_t helper;
	uint8_t reg;
	int64_t offset; /* of what the register has, from the start of the struct or the stack */
};

static bool calls_are(const struct function *f, const struct call *want, uint32_t nr)
{
	struct reg r[16] = { 0 };
	uint32_t i, n = 0;

	for (i = 0; i < f->nr_insns; step(&f->insns[i], r), i++) {
		const struct bpf_insn *insn = &f->insns[i];

		if (insn->code != (BPF_JMP | BPF_CALL))
			continue;
		if (n == nr || (uint32_t)insn->imm != want[n].helper || insn->src_reg ||
		    (want[n].reg &&
		     (r[want[n].reg].number || r[want[n].reg].off != want[n].offset))) {
			printf("# insn %u: call 0x%x, r1 %lld, r3 %lld\n", i, insn->imm,
			       (long long)r[1].off, (long long)r[3].off);
			return false;
		}
		n++;
	}
	return n == nr;
}

static void pseudo(struct kit *k, const char *variant)
{
	static const struct call rename[] = {
		{ 0x7ab1de00, 0, 0 }, { 0x7ab1de01, 1, 64 }, { 0x7ab1de01, 1, 0 },
		{ 0x7ab1de02, 3, 8 }, { 0x7ab1de02, 3, -8 },
	};
	static const struct call exit[] = {
		{ 0x7ab1de10, 1, 8 },  { 0x7ab1de11, 1, 16 }, { 0x7ab1de12, 1, 24 },
		{ 0x7ab1de13, 1, 32 }, { 0x7ab1de14, 1, 40 }, { 0x7ab1de15, 3, 48 },
	};
	struct abide_error e = { 0 };
	char path[512], name[128];
	struct object *o = NULL;
	uint32_t i;

	snprintf(path, sizeof(path), "%s/render_pseudo.%s.o", k->dir, variant);
	snprintf(name, sizeof(name), "pseudo-helpers, %s", variant);
	if (object_open_file(path, &o, &e)) {
		printf("# %s\n", e.problem);
		OK(false, name);
		return;
	}
	for (i = 0; i < o->nr_functions; i++) {
		const struct function *f = &o->functions[i];

		if (!strcmp(f->name, "on_rename"))
			OK(calls_are(f, rename, 5), name);
		else if (!strcmp(f->name, "on_exit"))
			OK(calls_are(f, exit, 6), name);
		else
			OK(false, "no other function is left");
	}
	object_free(o);
}

void test_program(struct kit *k)
{
	pseudo(k, "v2");
	pseudo(k, "v3");
	pseudo(k, "v2.plain");
	pseudo(k, "v3.plain");
}
