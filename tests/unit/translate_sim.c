/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Translated programs compute what the originals mean. A small kernel with structs in
 * awkward places and their stable mirror live side by side in memory. Random programs run
 * on the mirror as they are, and, translated, on the kernel (one with typed pointers to the
 * running task, one without); both must give one result, with and without the process
 * filter in front. While the original runs, what its registers and slots hold must lie
 * inside what the analysis says of that instruction in that node. What is read through
 * NULL is the stable value of the kernel's 0, so here, as in the catalog, 0 means 0.
 *
 *	translate_sim [PROGRAMS [SEED]]
 */
#include "analyze/walk.h"
#include "object/disasm.h"
#include "translate_sim.h"

#define PROGRAMS 20000

/* The original's run, followed through the analysis' nodes. */
struct follow {
	struct watch watch;
	struct analysis *a;
	int32_t node;
	uint32_t at; /* the next instruction of the node */
	struct state s;
	const void *ctx;
	char why[320];
};

static void dump(const char *title, const struct bpf_insn *code, uint32_t n)
{
	char text[128];
	uint32_t i;

	printf("# %s\n", title);
	for (i = 0; i < n; i += (uint32_t)disasm(&code[i], n - i, text, sizeof(text))) {
		disasm(&code[i], n - i, text, sizeof(text));
		printf("#   %3u: %s\n", i, text);
	}
}

static const struct walk *walk_of(const struct follow *f)
{
	return &f->a->walks[f->a->nodes[f->node].walk];
}

static const struct block *block_of(const struct follow *f)
{
	const struct node *n = &f->a->nodes[f->node];

	return &f->a->walks[n->walk].cfg->blocks[n->block];
}

static bool go(struct follow *f, int32_t node)
{
	f->node = node;
	if (node < 0) {
		snprintf(f->why, sizeof(f->why), "goes where the analysis says that it cannot");
		return false;
	}
	f->s = *f->a->nodes[node].in;
	f->at = block_of(f)->first;
	return true;
}

static void moved(struct watch *w, bool taken)
{
	struct follow *f = (struct follow *)w;

	if (f->node >= 0)
		go(f, taken ? f->a->nodes[f->node].taken : f->a->nodes[f->node].next);
}

/* Does @v hold what the machine holds? @base: bytes of the frames above the walk's own. */
static bool holds(const struct follow *f, const struct machine *m, const struct val *v, uint64_t have)
{
	const struct walk *w = walk_of(f);
	uint32_t depth = m->depth;

	switch ((enum val_kind)v->kind) {
	case VAL_NUM:
		return num_contains(&v->num, have);
	case VAL_CTX:
		return v->indexed || have == (uint64_t)(uintptr_t)f->ctx + (uint64_t)(int64_t)v->delta;
	case VAL_STACK:
		if (v->indexed)
			return true;
		while ((uint32_t)-v->delta <= w->base && w->parent >= 0 && v->delta != -(int32_t)w->base) {
			w = &f->a->walks[w->parent];
			depth--;
		}
		return have == (uint64_t)(uintptr_t)(m->stack[depth] + 512) + (uint64_t)(int64_t)(v->delta + (int32_t)w->base);
	case VAL_USER:
		if (v->indexed)
			return true;
		have -= (uint64_t)(int64_t)v->delta;
		if (v->sid == catalog_struct(f->a->catalog, "alpha_user") - f->a->catalog->structs)
			return !have || (have - (uint64_t)(uintptr_t)ua) % sizeof(ua[0]) == 0;
		if (v->sid == catalog_struct(f->a->catalog, "beta_user") - f->a->catalog->structs)
			return !have || (have - (uint64_t)(uintptr_t)ub) % sizeof(ub[0]) == 0;
		return (have - (uint64_t)(uintptr_t)ut) % sizeof(ut[0]) == 0;
	case VAL_NONE:
	case VAL_OTHER:
	case VAL_STRING:
	case VAL_MIXED:
		break;
	}
	return true;
}

static bool before(struct watch *watch, const struct machine *m, uint32_t insn)
{
	struct follow *f = (struct follow *)watch;
	struct abide_error e = { 0 };
	const struct bpf_insn *i;
	struct fact fact = { 0 };
	const struct walk *w;
	uint64_t have;
	uint32_t k;

	if (f->node >= 0 && f->at == block_of(f)->end)
		go(f, f->a->nodes[f->node].next); /* it falls into the next block */
	if (f->node < 0)
		return false;
	if (f->at != insn) {
		snprintf(f->why, sizeof(f->why), "is at instruction %u and not at %u", insn, f->at);
		return false;
	}
	w = walk_of(f);
	for (k = 0; k < 10; k++)
		if ((m->written >> k & 1) && !holds(f, m, &f->s.r[k], m->r[k])) {
			snprintf(f->why, sizeof(f->why), "has 0x%" PRIx64 " in r%u before %s+%u, which the analysis excludes",
				 m->r[k], k, w->cfg->function->name, insn);
			return false;
		}
	for (k = 0; k < w->cfg->frame / 8; k++) {
		if (!m->set[m->depth][511 - 8 * k])
			continue;
		memcpy(&have, m->stack[m->depth] + 504 - 8 * k, 8);
		if (!holds(f, m, &f->s.slot[w->base / 8 + k], have)) {
			snprintf(f->why, sizeof(f->why), "has 0x%" PRIx64 " in slot %u before %s+%u, which the analysis excludes",
				 have, k, w->cfg->function->name, insn);
			return false;
		}
	}
	i = &w->cfg->function->insns[insn];
	f->at += insn_is_ld_imm64(i) ? 2 : 1;
	if (!insn_is_exit(i) && !insn_is_branch(i) && !insn_is_local_call(i) &&
	    step_insn(f->a, w, insn, &f->s, &fact, &e)) {
		snprintf(f->why, sizeof(f->why), "was accepted, and is refused: %s", e.problem);
		return false;
	}
	return true;
}

struct world {
	struct kit k[2]; /* with and without bpf_get_current_task_btf */
	uint32_t accepted, refused, lost;
};

static void open_object(const struct sim_program *p, struct function f[FUNCTIONS], struct object *o)
{
	static const char *const names[] = { "prog", "one", "two", "three" };
	uint32_t i;

	memset(f, 0, FUNCTIONS * sizeof(*f));
	for (i = 0; i < p->nr; i++)
		f[i] = (struct function){ .name = names[i], .section_name = i ? ".text" : "tp_user/ev", .subprogram = i > 0,
					  .insns = p->f[i].code, .nr_insns = p->f[i].n, .relocs = p->f[i].relocs,
					  .nr_relocs = p->f[i].nr_relocs };
	*o = (struct object){ .path = (char *)"test", .functions = f, .nr_functions = p->nr };
}

static void free_code(struct code *c)
{
	free(c->insns);
	free(c->lines);
	free(c->relocs);
	free(c->core_relos);
}

/* The events ev, evs, evc: without a subject, about their task, about the running task as an argument. */
enum about { NOBODY, TASK_ARGUMENT, CURRENT_ARGUMENT };

/* One firing of the original and of the translation. */
static bool same(struct analysis *a, const struct function f[FUNCTIONS], uint32_t nr, const struct code *code, bool typed,
		 bool filter, enum about about, bool watch)
{
	struct function t = { .name = "translation", .insns = code->insns, .nr_insns = code->nr_insns };
	static struct follow follow;
	static struct machine m, n;
	struct firing at;
	bool expected;

	fire(&at);
	if (about == CURRENT_ARGUMENT)
		at.user[4] = (uint64_t)(uintptr_t)&ut[at.current];
	memset(&m, 0, sizeof(m));
	memset(&n, 0, sizeof(n));
	m.typed = n.typed = typed;
	m.current = n.current = at.current;
	n.kernel = true;
	follow = (struct follow){ .watch = { before, moved }, .a = a, .ctx = at.user };
	go(&follow, 0);
	if (!run_program(&m, f, nr, at.user, watch ? &follow.watch : NULL)) {
		printf("# the original %s\n", follow.why[0] ? follow.why : m.bad);
		return false;
	}
	if (!run_program(&n, &t, 1, at.kernel, NULL)) {
		printf("# the translation %s at %u\n", n.bad, n.at);
		return false;
	}
	expected = !filter || watched(about ? ((struct task_user *)(uintptr_t)at.user[4])->tgid : kt[at.current].tgid);
	if (n.filtered == expected) {
		printf("# the filter says %s\n", expected ? "no" : "yes");
		return false;
	}
	if (n.r[0] != (expected ? m.r[0] : 0)) {
		printf("# original 0x%" PRIx64 ", translation 0x%" PRIx64 "\n", (uint64_t)m.r[0], (uint64_t)n.r[0]);
		return false;
	}
	return true;
}

static bool compare(struct world *w, const struct sim_program *p, unsigned kernel, bool filter, enum about about)
{
	static const char *const events[] = { "ev", "evs", "evc" };
	struct kit *k = &w->k[kernel];
	struct function f[FUNCTIONS];
	struct analysis *a = NULL;
	struct code code = { 0 };
	struct object o;
	bool ok = true;
	uint32_t i;

	open_object(p, f, &o);
	memset(&k->e, 0, sizeof(k->e));
	if (analyze_function(&o, &f[0], false, catalog_event(k->c, events[about]), k->c, k->t, &a, &k->e) ||
	    translate_function(a, k->t, filter, NULL, &code, &k->e)) {
		bool lost = !strcmp(k->e.tag, "pointer-arithmetic") || !strcmp(k->e.tag, "index-unbounded");

		/*
		 * The stack and the number of variants are bounded, old kernels lack atomics. Constants
		 * that become addresses are kept apart up to a number: rarely one is lost.
		 */
		ok = lost || !strcmp(k->e.tag, "variants") || !strcmp(k->e.tag, "stack") ||
		     (kernel && !strcmp(k->e.tag, "atomics"));
		w->lost += lost;
		w->refused++;
		if (!ok)
			printf("# refused: [%s] %s\n# %s\n", k->e.tag, k->e.problem, k->e.reason);
	} else {
		w->accepted++;
		for (i = 0; i < 3 && ok; i++)
			ok = same(a, f, p->nr, &code, !kernel, filter, about, i == 0);
	}
	if (!ok) {
		for (i = 0; i < p->nr; i++)
			dump(f[i].name, f[i].insns, f[i].nr_insns);
		dump("translation", code.insns, code.nr_insns);
	}
	free_code(&code);
	analysis_free(a);
	return ok;
}

/* The prologue of one system call's program: its number, by the native entry. */
static void test_syscall(struct world *w)
{
	static const struct bpf_insn code[] = {
		{ .code = BPF_LDX | BPF_MEM | BPF_W, .dst_reg = 0, .src_reg = 1 },
		{ .code = BPF_LDX | BPF_MEM | BPF_DW, .dst_reg = 2, .src_reg = 1, .off = 8 },
		{ .code = BPF_ALU64 | BPF_ADD | BPF_X, .dst_reg = 0, .src_reg = 2 },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	struct function f = { .name = "prog", .section_name = "tp_user/sys_enter:foo", .insns = code, .nr_insns = 4 };
	struct object o = { .path = (char *)"test", .functions = &f, .nr_functions = 1 };
	struct regs regs = { .di = 0x1100000003, .si = 40, .orig_ax = 7 };
	uint64_t ctx[2] = { (uint64_t)(uintptr_t)&regs, 7 }, want;
	static struct machine m;
	unsigned kernel, i;

	for (kernel = 0; kernel < 2; kernel++) {
		struct kit *k = &w->k[kernel];
		struct analysis *a = NULL;
		struct code c = { 0 };
		bool ok = !analyze_function(&o, &f, false, catalog_event(k->c, "sys_enter:foo"), k->c, k->t, &a, &k->e) &&
			  !translate_function(a, k->t, false, NULL, &c, &k->e);
		struct function t = { .name = "translation", .insns = c.insns, .nr_insns = c.nr_insns };

		OK(ok, "sys_enter:NAME: its program is translated");
		for (i = 0; ok && i < 4; i++) {
			memset(&m, 0, sizeof(m));
			m.kernel = true;
			m.typed = !kernel;
			ctx[1] = i & 1 ? 8 : 7;
			kt[0].thread_info.status = i & 2 ? 3 : 1;
			want = i ? 0 : 43;
			OK(run_program(&m, &t, 1, ctx, NULL), "sys_enter:NAME: runs");
			SAME(m.r[0], want, "sys_enter:NAME: only calls of that number by the native entry");
		}
		if (!ok)
			printf("# [%s] %s\n# %s\n", k->e.tag, k->e.problem, k->e.reason);
		free_code(&c);
		analysis_free(a);
	}
}

int main(int argc, char **argv)
{
	uint32_t programs = argc > 1 ? (uint32_t)strtoul(argv[1], NULL, 0) : PROGRAMS, i;
	static struct sim_program p;
	struct world w = { 0 };

	if (argc > 2)
		rnd_seed(strtoull(argv[2], NULL, 0) * 0x9e3779b97f4a7c15ull);
	for (i = 0; i < 2; i++) {
		build_kernel(&w.k[i], !i);
		kit_open(&w.k[i], sim_catalog);
	}
	make_objects();
	test_syscall(&w);
	for (i = 0; i < programs; i++) {
		if (i % 64 == 0)
			make_objects();
		gen_program(&p);
		if (!compare(&w, &p, rnd(2), rnd(3) == 0, (enum about)rnd(3))) {
			printf("not ok - translate: program %u of %u\n", i, programs);
			return 1;
		}
	}
	OK(w.accepted > programs / 10 * 8, "translate: four of five random programs are accepted");
	OK(w.lost <= programs / 1000, "translate: next to none is refused because the analysis lost an address");
	printf("# %u accepted, %u refused, of these %u lost\n", w.accepted, w.refused, w.lost);
	OK(true, "translate: random programs compute what the originals mean");
	kit_close(&w.k[0]);
	kit_close(&w.k[1]);
	return kit_done();
}
