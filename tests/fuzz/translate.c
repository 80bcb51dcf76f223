/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Fuzz target: any bytes as an object that is translated for two small kernels
 * (tests/cases/layouts). Whatever the analysis makes of it, what comes out must hold
 * together: jumps stay inside and do not land in the middle of a wide instruction, the last
 * instruction does not fall out, line records rise, relocations stand on instructions that
 * can have them; and it can be written and opened again. Runs from the top of the tree.
 */
#include <linux/bpf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "case.h"
#include "layout.h"
#include "object/write.h"
#include "standalone.h"
#include "translate/translate.h"

static struct catalog *catalog;
static struct target *targets[2];
static struct buf bytes[2]; /* their BTF, which they borrow */

static void need(bool ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "translate: %s\n", what);
	abort();
}

static void open_kernel(const char *name, int i)
{
	struct abide_error e = { 0 };
	struct btf_data *btf;
	struct layout *l;
	char path[128];
	size_t size;
	char *text;

	snprintf(path, sizeof(path), "tests/cases/layouts/%s.layout", name);
	text = read_file(path, &size);
	need(text, path);
	l = layout_parse(name, text, path, 1, "tests/cases/layouts");
	need(!l->error[0], l->error);
	layout_btf(l, &bytes[i]);
	need(!btf_open_mem(bytes[i].data, bytes[i].size, &btf, &e) &&
		     !target_open(btf, name, catalog, &targets[i], &e),
	     e.problem);
	layout_free(l);
	free(text);
}

static void open_once(void)
{
	struct abide_error e = { 0 };

	if (catalog)
		return;
	need(!catalog_open_file("tests/cases/test.cat", NULL, &catalog, &e), e.problem);
	open_kernel("new", 0);
	open_kernel("old", 1);
}

static bool is_wide(const struct bpf_insn *i)
{
	return i->code == (BPF_LD | BPF_IMM | BPF_DW);
}

static bool is_jump(const struct bpf_insn *i)
{
	uint8_t class = BPF_CLASS(i->code), op = BPF_OP(i->code);

	return (class == BPF_JMP || class == BPF_JMP32) && op != BPF_CALL && op != BPF_EXIT;
}

static void check_code(const struct code *c)
{
	char *second = calloc(c->nr_insns + 1, 1); /* halves of wide instructions */
	uint32_t i, last = 0;

	for (i = 0; i < c->nr_insns; i++) {
		last = i;
		if (is_wide(&c->insns[i])) {
			need(i + 1 < c->nr_insns, "half of a wide instruction at the end");
			second[++i] = 1;
		}
	}
	need(c->nr_insns && (BPF_OP(c->insns[last].code) == BPF_EXIT || is_jump(&c->insns[last])), "it falls out of its end");
	for (i = 0; i < c->nr_insns; i++) {
		const struct bpf_insn *insn = &c->insns[i];
		int64_t to = (int64_t)i + 1 + (insn->code == (BPF_JMP32 | BPF_JA) ? insn->imm : insn->off);

		if (!second[i] && is_jump(insn))
			need(to >= 0 && to < c->nr_insns && !second[to], "a jump leads nowhere");
	}
	for (i = 0; i < c->nr_relocs; i++)
		need(c->relocs[i].insn < c->nr_insns && !second[c->relocs[i].insn], "a relocation of no instruction");
	for (i = 0; i < c->nr_lines; i++) {
		need(c->lines[i].insn < c->nr_insns && !second[c->lines[i].insn], "a line of no instruction");
		need(!i || c->lines[i].insn > c->lines[i - 1].insn, "lines do not rise");
	}
	free(second);
}

static void check(const struct translated *t)
{
	struct object *again = NULL;
	struct abide_error e = { 0 };
	struct buf elf = { 0 };
	uint32_t i, k;

	for (i = 0; i < t->nr_programs; i++)
		for (k = 0; k < t->programs[i].nr_codes; k++)
			check_code(&t->programs[i].codes[k]);
	if (!object_write(t, &elf, &e))
		need(!object_open_mem(elf.data, elf.size, "written", &again, &e), e.problem);
	object_free(again);
	buf_free(&elf);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct translated *t;
	struct object *o = NULL;
	struct abide_error e = { 0 };
	int i;

	open_once();
	if (object_open_mem(data, size, "fuzz", &o, &e)) {
		need(e.problem[0], "refused without a word");
		return 0;
	}
	for (i = 0; i < 2; i++) {
		t = NULL;
		if (!translate_object(o, catalog, targets[i], NULL, &t, &e))
			check(t);
		else
			need(e.problem[0] && e.code < 0, "refused without a word");
		translated_free(t);
	}
	object_free(o);
	return 0;
}
