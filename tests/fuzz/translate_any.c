/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Fuzz target: any bytes as an eBPF object, or as bare instructions, that are translated, by
 * the built-in catalog, for a small kernel made here, and written. Programs that were accepted must look like what
 * the kernel takes: jumps inside, registers that exist, line info that rises. Run it with
 * -timeout=5 -rss_limit_mb=256 and the compiled tools as the corpus.
 */
#include <stdio.h>
#include <stdlib.h>

#include "../unit/btf_build.h"
#include "analyze/insn.h"
#include "catalog/resolve.h"
#include "object/write.h"
#include "standalone.h"
#include "translate/translate.h"

static struct catalog *catalog;
static struct target *target;

struct types {
	struct bb b;
	uint32_t u8, u32, s32, u64, s64, chr, task;
};

static uint32_t pointer(struct types *t, uint32_t to)
{
	return bb_ref(&t->b, BTF_KIND_PTR, "", to);
}

static void tracepoint(struct types *t, const char *name, uint32_t n, const struct bb_arg *args)
{
	struct bb_arg all[8] = { { "__data", pointer(t, 0) } };
	char text[80];
	uint32_t i, proto;

	for (i = 0; i < n; i++)
		all[i + 1] = args[i];
	proto = bb_proto(&t->b, t->s32, n + 1, all);
	snprintf(text, sizeof(text), "__traceiter_%s", name);
	bb_type(&t->b, text, BTF_KIND_FUNC, false, 0, proto);
	snprintf(text, sizeof(text), "btf_trace_%s", name);
	bb_ref(&t->b, BTF_KIND_TYPEDEF, text, pointer(t, proto));
}

static void build_task(struct types *t)
{
	uint32_t comm = bb_array(&t->b, t->chr, t->u32, 16), info, uid, cred, self;
	size_t aim;

	{
		const struct bb_member m[] = { BB_AT("flags", t->u64, 0), BB_AT("status", t->u32, 16) };

		info = bb_struct(&t->b, BTF_KIND_STRUCT, "thread_info", 24, false, BB_N(m), m);
	}
	{
		const struct bb_member m[] = { BB_AT("val", t->u32, 0) };

		uid = bb_struct(&t->b, BTF_KIND_STRUCT, "kuid_t", 4, false, BB_N(m), m);
	}
	{
		const struct bb_member m[] = { BB_AT("usage", t->u64, 0), BB_AT("uid", uid, 8), BB_AT("euid", uid, 16) };

		cred = bb_struct(&t->b, BTF_KIND_STRUCT, "cred", 24, false, BB_N(m), m);
	}
	self = bb_later(&t->b, &aim);
	{
		const struct bb_member m[] = {
			BB_AT("thread_info", info, 0),   BB_AT("__state", t->u32, 24),      BB_AT("exit_state", t->s32, 28),
			BB_AT("prio", t->s32, 40),       BB_AT("static_prio", t->s32, 44),  BB_AT("normal_prio", t->s32, 48),
			BB_AT("flags", t->u32, 52),      BB_AT("pid", t->s32, 100),         BB_AT("tgid", t->s32, 104),
			BB_AT("real_parent", self, 112), BB_AT("group_leader", self, 120),  BB_AT("start_time", t->u64, 128),
			BB_AT("start_boottime", t->u64, 136), BB_AT("cred", pointer(t, cred), 144),
			BB_AT("real_cred", pointer(t, cred), 152), BB_AT("comm", comm, 160), BB_AT("exit_code", t->s32, 176),
			BB_AT("utime", t->u64, 184),     BB_AT("stime", t->u64, 192),
		};

		t->task = bb_struct(&t->b, BTF_KIND_STRUCT, "task_struct", 256, false, BB_N(m), m);
	}
	bb_aim(&t->b, aim, t->task);
}

static void build_events(struct types *t)
{
	const struct bb_member m[] = { BB_AT("r10", t->u64, 0), BB_AT("r8", t->u64, 8), BB_AT("r9", t->u64, 16),
				       BB_AT("dx", t->u64, 24), BB_AT("si", t->u64, 32), BB_AT("di", t->u64, 40),
				       BB_AT("orig_ax", t->u64, 48), BB_AT("ax", t->u64, 56), BB_AT("ip", t->u64, 64),
				       BB_AT("sp", t->u64, 72) };
	uint32_t regs = pointer(t, bb_struct(&t->b, BTF_KIND_STRUCT, "pt_regs", 80, false, BB_N(m), m));
	uint32_t task = pointer(t, t->task);
	const struct bb_arg change[] = { { "preempt", t->u8 }, { "prev", task }, { "next", task }, { "prev_state", t->u32 } };
	const struct bb_arg one[] = { { "p", task } };
	const struct bb_arg enter[] = { { "regs", regs }, { "id", t->s64 } };
	const struct bb_arg leave[] = { { "regs", regs }, { "ret", t->s64 } };

	tracepoint(t, "sched_switch", BB_N(change), change);
	tracepoint(t, "sched_wakeup", BB_N(one), one);
	tracepoint(t, "sched_wakeup_new", BB_N(one), one);
	tracepoint(t, "sched_process_exit", BB_N(one), one);
	tracepoint(t, "sys_enter", BB_N(enter), enter);
	tracepoint(t, "sys_exit", BB_N(leave), leave);
}

/* Once: the catalog and the kernel. */
static bool make_target(void)
{
	struct bb_value helpers[212];
	static char names[212][24];
	static struct types t; /* the BTF is read in place */
	struct btf_data *btf;
	const void *bytes;
	size_t size;
	uint32_t i;

	t.u8 = bb_int(&t.b, "_Bool", 1, BTF_INT_BOOL, 0, 8);
	t.u32 = bb_int(&t.b, "unsigned int", 4, 0, 0, 32);
	t.s32 = bb_int(&t.b, "int", 4, BTF_INT_SIGNED, 0, 32);
	t.u64 = bb_int(&t.b, "long unsigned int", 8, 0, 0, 64);
	t.s64 = bb_int(&t.b, "long int", 8, BTF_INT_SIGNED, 0, 64);
	t.chr = bb_int(&t.b, "char", 1, BTF_INT_SIGNED, 0, 8);
	for (i = 0; i < BB_N(helpers); i++) {
		snprintf(names[i], sizeof(names[i]), i == 163 ? "BPF_FUNC_check_mtu" : "BPF_FUNC_nr_%u", i);
		helpers[i] = (struct bb_value){ names[i], i };
	}
	bb_enum(&t.b, BTF_KIND_ENUM, "bpf_func_id", false, BB_N(helpers), helpers);
	build_task(&t);
	build_events(&t);
	bytes = bb_finish(&t.b, &size); /* the target borrows these; their parts are done with */
	buf_free(&t.b.types);
	buf_free(&t.b.strings);
	return bytes && !btf_open_mem(bytes, size, &btf, NULL) && !catalog_open_builtin(&catalog, NULL) &&
	       !target_open(btf, "fuzz", catalog, &target, NULL);
}

static void check_code(const struct code *c)
{
	uint32_t i;

	for (i = 0; i < c->nr_insns; i++) {
		const struct bpf_insn *insn = &c->insns[i];
		int64_t to = (int64_t)i + 1 + insn_jump(insn);

		if (insn_is_ld_imm64(insn)) {
			i++;
			continue;
		}
		if ((insn_is_goto(insn) || insn_is_branch(insn)) && (to < 0 || to >= c->nr_insns))
			abort();
		if (insn_is_call(insn) && !insn->src_reg && (uint32_t)insn->imm >> 8 == 0x7ab1de)
			abort(); /* a pseudo-helper is left */
	}
	for (i = 1; i < c->nr_lines; i++)
		if (c->lines[i].insn <= c->lines[i - 1].insn)
			abort();
	if (c->nr_lines && c->lines[c->nr_lines - 1].insn >= c->nr_insns)
		abort();
	if (!c->nr_insns)
		abort();
}

static void translate(const struct object *o, bool filter)
{
	struct translate_options opts = { .filter = filter };
	struct translated *t = NULL;
	struct buf out = { 0 };
	struct abide_error e = { 0 };
	uint32_t i, k;

	if (!translate_object(o, catalog, target, &opts, &t, &e)) {
		for (i = 0; i < t->nr_programs; i++)
			for (k = 0; k < t->programs[i].nr_codes; k++)
				check_code(&t->programs[i].codes[k]);
		if (o->store)
			object_write(t, &out, &e);
	} else if (!e.tag[0] || !e.problem[0]) {
		abort(); /* a refusal says what and why */
	}
	buf_free(&out);
	translated_free(t);
}

/* What the object stage promises of code: whole ld_imm64, a relocation for every local call. */
static uint32_t make_function(struct function *f, struct bpf_insn *insns, uint32_t n, uint32_t nr, struct reloc *relocs)
{
	uint32_t i, k = 0;

	for (i = 0; i < n; i++) {
		struct bpf_insn *insn = &insns[i];

		if (insn_is_ld_imm64(insn)) {
			if (i + 1 == n) {
				insn->code = BPF_JMP | BPF_EXIT;
				break;
			}
			insns[++i].code = 0;
			if (insn->src_reg == BPF_PSEUDO_FUNC)
				relocs[k++] = (struct reloc){ .insn = i - 1, .kind = RELOC_FUNC,
							      .target = (uint32_t)insn->imm % nr };
		} else if (insn_is_local_call(insn)) {
			relocs[k++] = (struct reloc){ .insn = i, .kind = RELOC_CALL, .target = (uint32_t)insn->imm % nr };
		}
	}
	f->insns = insns;
	f->nr_insns = n;
	f->relocs = relocs;
	f->nr_relocs = k;
	return k;
}

/* Bytes that are no ELF are instructions: event, functions, then code in equal shares. */
static void translate_code(const uint8_t *data, size_t size)
{
	static const char *const sections[] = { "tp_user/sched_switch", "tp_user/sys_enter:openat", "tp_user/sys_exit",
						"kprobe/x" };
	uint32_t n = (uint32_t)((size - 2) / 8), nr = 1 + data[1] % 4, share = n / nr, i, k = 0;
	struct function f[4] = { 0 };
	struct object o = { .path = (char *)"fuzz", .functions = f, .nr_functions = nr };
	struct bpf_insn *insns = malloc(n * 8 + 1);
	struct reloc *relocs = calloc(n + 1, sizeof(*relocs));

	if (share && insns && relocs) {
		memcpy(insns, data + 2, n * 8);
		for (i = 0; i < nr; i++) {
			f[i] = (struct function){ .name = "f", .section_name = i ? ".text" : sections[data[0] % 4],
						  .subprogram = i > 0 };
			k += make_function(&f[i], insns + i * share, share, nr, relocs + k);
		}
		translate(&o, data[0] & 4);
	}
	free(insns);
	free(relocs);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct abide_error e = { 0 };
	struct object *o;

	if (!target && !make_target())
		abort();
	if (size > 2 && memcmp(data, "\x7f" "E", 2)) {
		translate_code(data, size);
	} else if (!object_open_mem(data, size, "fuzz", &o, &e)) {
		translate(o, size & 1);
		object_free(o);
	}
	return 0;
}
