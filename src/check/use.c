/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * What one reached instruction uses: CO-RE records, kernel functions, externs,
 * maps, instructions of newer sets, offsets that are hard-coded in a probe_read. In: the
 * instruction and the state before it. Out: findings. Instruction sets leave nothing in
 * BTF, so a thing that came with the same release stands for them (the table says which).
 */
#include <elf.h>
#include <linux/btf.h>
#include <linux/version.h>
#include <stdio.h>
#include <string.h>

#include "analyze/facts.h"
#include "analyze/insn.h"
#include "check/program.h"

#define KFUNC_CALL 2 /* BPF_PSEUDO_KFUNC_CALL */
#define MODULE_KFUNCS (5u << 16 | 16 << 8) /* the release from which on they may be a module's */
#define MAP_TYPE_CGRP_STORAGE 32 /* younger than the headers may be */

/* By enum bpf_map_type, which headers may have less of; lower-case, as bpftool has them. */
static const char *const map_names[] = {
	"unspec", "hash", "array", "prog_array", "perf_event_array", "percpu_hash", "percpu_array", "stack_trace",
	"cgroup_array", "lru_hash", "lru_percpu_hash", "lpm_trie", "array_of_maps", "hash_of_maps", "devmap", "sockmap",
	"cpumap", "xskmap", "sockhash", "cgroup_storage", "reuseport_sockarray", "percpu_cgroup_storage", "queue", "stack",
	"sk_storage", "devmap_hash", "struct_ops", "ringbuf", "inode_storage", "task_storage", "bloom_filter", "user_ringbuf",
	"cgrp_storage", "arena", "insn_array",
};

/* A set of instructions, and the enumerator that came with the same release. */
enum insn_set { SET_ATOMICS, SET_V4, SET_MAY_GOTO, SET_BARRIER };
static const struct {
	const char *name, *in, *stands_for;
} sets[] = {
	/* 5.12: atomics with a result, and bpf_check_mtu */
	[SET_ATOMICS] = { "atomic operations beyond add", "bpf_func_id", "BPF_FUNC_check_mtu" },
	/* 6.6: cpu v4, and tcx links */
	[SET_V4] = { "instructions of cpu v4", "bpf_attach_type", "BPF_TCX_INGRESS" },
	/* 6.9: may_goto, and arenas */
	[SET_MAY_GOTO] = { "may_goto", "bpf_map_type", "BPF_MAP_TYPE_ARENA" },
	/* 6.15: both; this one is a function */
	[SET_BARRIER] = { "load-acquire and store-release", NULL, "bpf_dynptr_copy" },
};

static bool has_set(struct check_kernel *k, enum insn_set set)
{
	if (!sets[set].in)
		return btf_find(k->btf, BTF_KIND_FUNC, sets[set].stands_for);
	return kernel_enumerator(k, sets[set].in, sets[set].stands_for, NULL);
}

static bool newer(const struct bpf_insn *i, enum insn_set *set)
{
	uint8_t class = BPF_CLASS(i->code), op = BPF_OP(i->code);

	*set = SET_V4;
	if (insn_is_atomic(i)) {
		*set = i->imm == 0x100 || i->imm == 0x110 ? SET_BARRIER : SET_ATOMICS;
		return i->imm != BPF_ADD;
	}
	if (class == BPF_LDX && BPF_MODE(i->code) == INSN_MEMSX)
		return true;
	if (i->code == (BPF_JMP32 | BPF_JA))
		return true;
	if (i->code == (BPF_JMP | 0xe0)) {
		*set = SET_MAY_GOTO;
		return true;
	}
	if (class != BPF_ALU && class != BPF_ALU64)
		return false;
	if ((op == BPF_DIV || op == BPF_MOD) && i->off)
		return true;
	if (op == BPF_MOV && BPF_SRC(i->code) == BPF_X && i->off)
		return true;
	return op == BPF_END && class == BPF_ALU64;
}

/* Forms that no kernel takes: opcodes between the known ones, offsets where none belongs. */
static bool valid(const struct bpf_insn *i)
{
	uint8_t class = BPF_CLASS(i->code), op = BPF_OP(i->code), mode = BPF_MODE(i->code);

	switch (class) {
	case BPF_ALU:
	case BPF_ALU64:
		if (op > BPF_END)
			return false;
		if (op == BPF_DIV || op == BPF_MOD)
			return i->off == 0 || i->off == 1;
		return !i->off || (op == BPF_MOV && BPF_SRC(i->code) == BPF_X);
	case BPF_JMP:
	case BPF_JMP32:
		return op <= 0xe0;
	case BPF_LDX:
		return mode == BPF_MEM || mode == INSN_MEMSX;
	case BPF_ST:
		return mode == BPF_MEM;
	case BPF_STX:
		return mode == BPF_MEM || mode == BPF_ATOMIC;
	default:
		return mode == BPF_IMM || mode == BPF_ABS || mode == BPF_IND;
	}
}

/*
 * The long goto between 5.12, whose verifier first knows that form, and 6.6. 6.1 got it in the series of fixes that brought
 * bpf_insn_aux_data.jmp_point (by 6.1.76); 6.2 had that member from the start, without the goto.
 */
static void check_early_long_goto(struct program *p, const struct function *f, uint32_t insn)
{
	struct check_kernel *k = p->x->kernel;
	uint32_t first, last, id, at = 0;
	struct btf_field field;

	kernel_versions(k, &first, &last);
	id = btf_flavour(k->own, "bpf_insn_aux_data", &at);
	if (first < KERNEL_VERSION(6, 1, 0) || last > KERNEL_VERSION(6, 1, 255) || !id)
		finding_add(p, FIND_INSN, SEV_UNKNOWN, f, insn, "long goto",
			    "%s is older than 6.6, which brought it; fixes brought it to some", k->name);
	else if (kernel_member(k->btf, id, "jmp_point", &field))
		finding_add(p, FIND_INSN, SEV_FINE, f, insn, "long goto", "%s has it (it has bpf_insn_aux_data.jmp_point: fixes of 6.1 brought both)",
			    k->name);
	else
		finding_add(p, FIND_INSN, SEV_FAILS, f, insn, "long goto", "%s is a 6.1 without the fixes that brought it", k->name);
}

static void check_insn_set(struct program *p, const struct function *f, uint32_t insn, const struct bpf_insn *i)
{
	enum insn_set set;

	if (!valid(i))
		finding_add(p, FIND_INSN, SEV_FAILS, f, insn, "instruction", "code 0x%02x of this form is none that a kernel knows", i->code);
	if (!newer(i, &set))
		return;
	if (i->code == (BPF_JMP32 | BPF_JA) && !has_set(p->x->kernel, set) && kernel_is_at_least(p->x->kernel, 5, 12))
		check_early_long_goto(p, f, insn);
	else if (has_set(p->x->kernel, set))
		finding_add(p, FIND_INSN, SEV_FINE, f, insn, sets[set].name, "%s has them (it has %s, which is as old)",
			    p->x->kernel->name, sets[set].stands_for);
	else
		finding_add(p, FIND_INSN, SEV_FAILS, f, insn, sets[set].name, "%s is older than they are (it has no %s)",
			    p->x->kernel->name, sets[set].stands_for);
}

/* Where an extern is declared: ".kconfig" or ".ksyms"; its type id there. */
static bool declared(const struct btf_data *own, const char *name, const char *section, uint32_t *type)
{
	struct btf_info sec, t;
	struct btf_slot slot;
	uint32_t id = 0, i;

	while (own && (id = btf_after(own, id, 1u << BTF_KIND_DATASEC))) {
		if (!btf_get(own, id, &sec) || strcmp(sec.name, section))
			continue;
		for (i = 0; i < sec.vlen && btf_slot_at(own, &sec, i, &slot); i++)
			if (btf_get(own, slot.type, &t) && !strcmp(t.name, name)) {
				*type = slot.type;
				return true;
			}
	}
	return false;
}

enum extern_kind use_extern(const struct program *p, uint32_t symbol, const struct module **module)
{
	const struct btf_data *own = p->x->object->btf;
	const char *name = p->x->object->symbols[symbol].name;
	struct check_kernel *k = p->x->kernel;
	struct btf_info t, to;
	uint32_t type, id;
	enum known known;

	*module = NULL;
	if (declared(own, name, ".kconfig", &type))
		return EXTERN_KCONFIG;
	if (!declared(own, name, ".ksyms", &type) || !btf_get(own, type, &t))
		return EXTERN_UNKNOWN;
	if (t.kind == BTF_KIND_FUNC)
		return kernel_find(k, BTF_KIND_FUNC, name, &id, module) ? EXTERN_THERE : EXTERN_ABSENT;
	/* "extern const void x": libbpf looks in kallsyms, which BTF does not hold */
	if (!btf_get(own, btf_strip(own, t.type, true), &to) || to.kind != BTF_KIND_UNKN)
		return kernel_find(k, BTF_KIND_VAR, name, &id, module) ? EXTERN_THERE : EXTERN_ABSENT;
	known = known_symbol(k, name);
	if (known == KNOWN_YES)
		return EXTERN_THERE;
	*module = kernel_symbol_in(k, name, true);
	if (!*module)
		*module = kernel_symbol_in(k, name, false);
	return *module ? EXTERN_THERE : known == KNOWN_NO ? EXTERN_ABSENT : EXTERN_UNKNOWN;
}

/* Functions of fs/bpf_fs_kfuncs.c. */
static bool lsm_only(const char *name)
{
	static const char *const list[] = { "bpf_get_task_exe_file", "bpf_put_file", "bpf_path_d_path", "bpf_get_dentry_xattr",
					    "bpf_get_file_xattr", "bpf_set_dentry_xattr", "bpf_remove_dentry_xattr" };
	size_t i;

	for (i = 0; i < sizeof(list) / sizeof(list[0]); i++)
		if (!strcmp(list[i], name))
			return true;
	return false;
}

static void check_kfunc(struct program *p, const struct function *f, uint32_t insn, const struct symbol *s)
{
	const struct btf_data *own = p->x->object->btf;
	struct check_kernel *k = p->x->kernel;
	const struct module *module;
	uint32_t there, type, first, last;
	struct btf_data *b = kernel_find(k, BTF_KIND_FUNC, s->name, &there, &module);
	struct btf_info mine, t;
	char what[128];

	snprintf(what, sizeof(what), "kernel function %s", s->name);
	if (!b) {
		finding_add(p, FIND_KFUNC, SEV_FAILS, f, insn, what, "%s has no %s%s", k->name, s->name, kernel_modules_doubt(k));
		return;
	}
	if (declared(own, s->name, ".ksyms", &type) && btf_get(own, type, &mine) && btf_get(b, there, &t) &&
	    core_types_compatible(own, mine.type, b, t.type, 32) == 0) {
		finding_add(p, FIND_KFUNC, SEV_FAILS, f, insn, what, "%s takes other arguments on %s", s->name, k->name);
		return;
	}
	if (p->def && strcmp(p->def->prog_type, "LSM") && helper_is_tracing(p) && lsm_only(s->name)) {
		finding_add(p, FIND_KFUNC, SEV_FAILS, f, insn, what, "LSM programs alone may call it");
		return;
	}
	kernel_versions(k, &first, &last);
	if (module && last < MODULE_KFUNCS) {
		finding_add(p, FIND_KFUNC, SEV_FAILS, f, insn, what, "module %s has it, and %s is older than calls of modules' functions",
			    module_name(module), k->name);
		return;
	}
	finding_add(p, FIND_KFUNC, SEV_FINE, f, insn, what, "%s has it", k->name);
	finding_module(p, module);
	p->asks |= s->bind == STB_WEAK && module;
}

/* "CONFIG_HZ" of the kernel. */
static enum known kconfig(const struct program *p, const char *name, const char **value)
{
	return strncmp(name, "CONFIG_", 7) ? KNOWN_NOT : known_config(p->x->kernel, name + 7, value);
}

static void check_extern(struct program *p, const struct function *f, uint32_t insn, uint32_t symbol)
{
	const struct symbol *s = &p->x->object->symbols[symbol];
	bool weak = s->bind == STB_WEAK;
	const struct module *module;
	const char *value = "";
	char what[128];

	switch (use_extern(p, symbol, &module)) {
	case EXTERN_KCONFIG:
		snprintf(what, sizeof(what), "extern %s", s->name);
		if (!strncmp(s->name, "LINUX_", 6)) {
			finding_add(p, FIND_EXTERN, SEV_FINE, f, insn, what, "libbpf fills it in");
		} else if (kconfig(p, s->name, &value) == KNOWN_YES) {
			finding_add(p, FIND_EXTERN, SEV_FINE, f, insn, what, "%s on %s", value, p->x->kernel->name);
			finding_value(p, "%s", value);
		} else if (weak) {
			finding_add(p, FIND_EXTERN, SEV_FINE, f, insn, what, "libbpf fills it in");
		} else if (kconfig(p, s->name, &value) == KNOWN_NO) {
			finding_add(p, FIND_EXTERN, SEV_FAILS, f, insn, what, "%s was built without it", p->x->kernel->name);
		} else
			finding_add(p, FIND_EXTERN, SEV_UNKNOWN, f, insn, what,
				    "libbpf reads it from the kernel's configuration, which is not in BTF");
		return;
	case EXTERN_THERE:
		snprintf(what, sizeof(what), "symbol %s", s->name);
		finding_add(p, FIND_EXTERN, SEV_FINE, f, insn, what, "%s has it", p->x->kernel->name);
		finding_module(p, module);
		p->asks |= weak && module;
		return;
	case EXTERN_ABSENT:
		snprintf(what, sizeof(what), "symbol %s", s->name);
		finding_add(p, FIND_EXTERN, weak ? SEV_FINE : SEV_FAILS, f, insn, what, "%s has no %s%s", p->x->kernel->name,
			    s->name, weak ? ", which the program allows" : "");
		return;
	case EXTERN_UNKNOWN:
		snprintf(what, sizeof(what), "symbol %s", s->name);
		finding_add(p, FIND_EXTERN, weak ? SEV_FINE : SEV_UNKNOWN, f, insn, what,
			    "libbpf looks it up among the kernel's symbols, which BTF does not list");
		return;
	}
}

/* Ids of types are numbers of one build alone: they tell no difference. */
static void value_record(struct program *p, const struct core_relo *r, const struct core_result *c)
{
	if (r->kind == BPF_CORE_TYPE_ID_LOCAL || r->kind == BPF_CORE_TYPE_ID_TARGET)
		return;
	if (r->kind == BPF_CORE_FIELD_BYTE_OFFSET) {
		if (c->width) /* none of a bit-field */
			finding_value(p, "%u bytes", c->width);
		finding_place(p, (uint32_t)c->value);
	} else if (r->kind == BPF_CORE_FIELD_LSHIFT_U64 || r->kind == BPF_CORE_FIELD_RSHIFT_U64) {
		return; /* of a bit-field, and the loader fills it in */
	} else {
		finding_value(p, "%llu", (unsigned long long)c->value);
	}
}

static void check_record(struct program *p, const struct function *f, uint32_t insn, const struct flow_insn *i,
			 const struct flow_state *s)
{
	const struct core_relo *r = function_core_relo(f, insn);
	const struct core_result *c = i->core;
	enum finding_kind kind = r->kind <= BPF_CORE_FIELD_RSHIFT_U64 ? FIND_FIELD :
				 r->kind >= BPF_CORE_ENUMVAL_EXISTS && r->kind <= BPF_CORE_ENUMVAL_VALUE ? FIND_ENUM : FIND_KTYPE;
	bool memory = insn_is_load(&i->i) || insn_is_store(&i->i);
	const char *dot = strchr(c->what, '.');
	char type[96], instead[96];

	if (c->state != CORE_VALUE)
		finding_add(p, kind, SEV_FAILS, f, insn, c->what, "%s", c->why);
	else if (c->doubt)
		finding_add(p, kind, SEV_UNKNOWN, f, insn, c->what, "%s", c->why);
	else if (c->existence)
		finding_add(p, kind, SEV_FINE, f, insn, c->what, c->value ? "asked for: %s has it" : "asked for: %s has not",
			    p->x->kernel->name);
	else if (memory && c->bad_width)
		finding_add(p, kind, SEV_FAILS, f, insn, c->what, "it has %u bytes on %s, %u where the program was built", c->width,
			    p->x->kernel->name, c->local_width);
	else if (*c->why)
		finding_add(p, kind, SEV_FINE, f, insn, c->what, "%s", c->why);
	else if (r->kind == BPF_CORE_TYPE_ID_TARGET) /* whose number a profile does not tell */
		finding_add(p, kind, SEV_FINE, f, insn, c->what, "%s has it", p->x->kernel->name);
	else
		finding_add(p, kind, SEV_FINE, f, insn, c->what, "%llu on %s", (unsigned long long)c->value, p->x->kernel->name);
	if (c->state == CORE_VALUE) {
		value_record(p, r, c);
		finding_module(p, c->module);
		p->asks |= c->existence && c->module;
	}
	if (kind == FIND_FIELD && dot && (size_t)(dot - c->what) < sizeof(type)) {
		snprintf(type, sizeof(type), "%.*s", (int)(dot - c->what), c->what);
		/* registers are arguments of a system call only in its own entry */
		if ((strcmp(type, "pt_regs") || *p->instead) && instead_of_field(p->x, type, dot + 1, instead, sizeof(instead)))
			finding_instead(p, "%s", instead);
	}
	if (c->state != CORE_VALUE)
		return;
	if (insn_is_load(&i->i) || i->i.code == (BPF_ALU64 | BPF_ADD | BPF_K)) {
		struct cell base = flow_reg(s, insn_is_load(&i->i) ? i->i.src_reg : i->i.dst_reg);

		believed_check(p, f, insn, i->root, &base);
	}
}

/* probe_read and its kin: r3 is where they read. */
static void check_fetch(struct program *p, const struct function *f, uint32_t insn, const struct flow_state *s)
{
	const struct cell *c = &s->r[3];

	if ((c->kind == CELL_ADDRESS || c->kind == CELL_KERNEL) && c->type && c->fixed && !c->core && !c->loose && c->off)
		layout_check(p, f, insn, c->type, c->off);
}

/* Global functions take pointers to memory from 5.12 on. */
static void check_global(struct program *p, const struct function *f, uint32_t insn, const struct function *callee,
			 const struct flow_state *s)
{
	const struct btf_data *own = p->x->object->btf;
	struct btf_info t, to;
	struct btf_arg a;
	uint32_t i;

	if (!callee->global || !own || !btf_get(own, callee->btf_id, &t) || !btf_get(own, t.type, &t) ||
	    !p->x->kernel->has_helpers || kernel_has_helper(p->x->kernel, HELPER_OF_5_12))
		return;
	for (i = 0; i < t.vlen && i < 5 && btf_arg_at(own, &t, i, &a); i++)
		if (core_strip(own, a.type, &to) && to.kind == BTF_KIND_PTR && s->r[i + 1].kind != CELL_CTX)
			finding_add(p, FIND_INSN, SEV_FAILS, f, insn, "pointers for global functions", "%s lets no global function take them",
				    p->x->kernel->name);
}

static void check_call(struct program *p, const struct function *f, uint32_t insn, const struct flow_insn *i,
		       const struct flow_state *s, const struct reloc *r)
{
	if (r && r->kind == RELOC_EXTERN) {
		check_kfunc(p, f, insn, &p->x->object->symbols[r->symbol]);
		return;
	}
	if (insn_is_local_call(&i->i) && r && r->kind == RELOC_CALL)
		check_global(p, f, insn, &p->x->object->functions[r->target], s);
	if (i->i.src_reg == KFUNC_CALL || insn_is_local_call(&i->i))
		return;
	if (i->i.imm >= PSEUDO_CURRENT_TASK && i->i.imm <= PSEUDO_FETCH_STR)
		return;
	helper_check(p, f, insn, i->i.imm, s);
	if (i->i.imm == 4 || i->i.imm == 45 || i->i.imm == 113 || i->i.imm == 115)
		check_fetch(p, f, insn, s);
}

/* What the verifier never lets a program do to pointers of the kernel's types. */
static void check_arithmetic(struct program *p, const struct function *f, uint32_t insn, const struct bpf_insn *i,
			     const struct flow_state *s)
{
	struct cell c = flow_reg(s, i->dst_reg);
	uint8_t op = BPF_OP(i->code);

	if (i->code == (BPF_ALU64 | BPF_ADD | BPF_X)) { /* an offset and a pointer, either way round */
		struct cell d = flow_reg(s, i->src_reg);

		believed_check(p, f, insn, d.root, &c);
		believed_check(p, f, insn, c.root, &d);
	}
	if (c.kind != CELL_KERNEL || op == BPF_MOV)
		return;
	if (op != BPF_ADD && op != BPF_SUB)
		finding_add(p, FIND_ARGUMENT, SEV_FAILS, f, insn, "number", "on %s it is a pointer, and the program calculates with it",
			    p->x->kernel->name);
	else if (c.nullable && (BPF_SRC(i->code) == BPF_X || i->imm))
		finding_add(p, FIND_ARGUMENT, SEV_FAILS, f, insn, "pointer that may be NULL", "%s wants it tested for NULL first",
			    p->x->kernel->name);
}

static void check_store(struct program *p, const struct function *f, uint32_t insn, const struct flow_insn *i,
			const struct flow_state *s)
{
	struct cell base = flow_reg(s, i->i.dst_reg);

	if (!p->def || !strcmp(p->def->prog_type, "STRUCT_OPS"))
		return;
	if (base.kind == CELL_KERNEL)
		finding_add(p, FIND_POINTER, SEV_FAILS, f, insn, "store to the kernel's memory", "programs only read it");
	else if (base.kind == CELL_CTX && !base.loose)
		context_store(p, f, insn, insn_size(&i->i), base.off + i->i.off);
}

static void check_load(struct program *p, const struct function *f, uint32_t insn, const struct flow_insn *i,
		       const struct flow_state *s)
{
	struct cell base = flow_reg(s, i->i.src_reg);

	if (base.kind == CELL_CTX && !base.loose)
		context_check(p, f, insn, i, base.off + i->i.off);
	else if (base.kind == CELL_KERNEL)
		typed_check(p, f, insn, i, &base);
	else if (base.kind == CELL_ADDRESS && base.lost)
		finding_add(p, FIND_POINTER, SEV_FAILS, f, insn, i->core ? i->core->what : "load through a number",
			    "from 5.12 to 6.12 a pointer on the stack is a number once a helper has read it there (as a key, a value, a record)");
	else if (base.kind == CELL_ADDRESS)
		finding_add(p, FIND_POINTER, SEV_FAILS, f, insn, i->core ? i->core->what : "load through a number",
			    "to the verifier of %s it is a number, no pointer: bpf_probe_read_kernel reads there", p->x->kernel->name);
}

void use_check(struct program *p, const struct function *f, uint32_t insn, const struct flow_insn *i,
	       const struct flow_state *s)
{
	const struct reloc *r = function_reloc(f, insn);

	check_insn_set(p, f, insn, &i->i);
	if (i->core)
		check_record(p, f, insn, i, s);
	if (insn_is_call(&i->i)) {
		check_call(p, f, insn, i, s, r);
	} else if (r && r->kind == RELOC_EXTERN) {
		check_extern(p, f, insn, r->symbol);
	} else if (insn_is_load(&i->i)) {
		check_load(p, f, insn, i, s);
	} else if (insn_is_store(&i->i)) {
		check_store(p, f, insn, i, s);
	} else if (insn_is_alu(&i->i)) {
		check_arithmetic(p, f, insn, &i->i, s);
	}
}

/* libbpf resolves all externs of an object, whichever program uses them. */
void use_externs(struct program *p)
{
	const struct object *o = p->x->object;
	const struct module *module;
	const char *name;
	char what[128];
	uint32_t i;

	for (i = 0; i < o->nr_symbols; i++) {
		name = o->symbols[i].name;
		if (o->symbols[i].section != SHN_UNDEF || !*name || o->symbols[i].bind == STB_WEAK)
			continue;
		switch (use_extern(p, i, &module)) {
		case EXTERN_KCONFIG:
			snprintf(what, sizeof(what), "extern %s", name);
			if (!strncmp(name, "LINUX_", 6) && strcmp(name, "LINUX_KERNEL_VERSION") &&
			    strcmp(name, "LINUX_HAS_BPF_COOKIE") && strcmp(name, "LINUX_HAS_SYSCALL_WRAPPER"))
				finding_add(p, FIND_EXTERN, SEV_FAILS, NULL, FINDING_WHOLE, what, "libbpf knows no %s", name);
			else if (kconfig(p, name, NULL) == KNOWN_NO)
				finding_add(p, FIND_EXTERN, SEV_FAILS, NULL, FINDING_WHOLE, what,
					    "%s was built without it, and libbpf refuses the object", p->x->kernel->name);
			break;
		case EXTERN_ABSENT:
			snprintf(what, sizeof(what), "symbol %s", name);
			finding_add(p, FIND_EXTERN, SEV_FAILS, NULL, FINDING_WHOLE, what, "%s has no %s, and libbpf refuses the object%s",
				    p->x->kernel->name, name, kernel_modules_doubt(p->x->kernel));
			break;
		case EXTERN_THERE:
			if (!module)
				break;
			snprintf(what, sizeof(what), "symbol %s", name);
			finding_add(p, FIND_EXTERN, SEV_FINE, NULL, FINDING_WHOLE, what, "%s has it, and libbpf wants it there",
				    p->x->kernel->name);
			finding_module(p, module);
			break;
		case EXTERN_UNKNOWN:
			break;
		}
	}
}

/* A number of a map's definition without which no kernel makes the map: its loader has to set it. */
static void left_open(struct program *p, const struct map_def *d, const char *member)
{
	char what[128];

	snprintf(what, sizeof(what), "%s.%s", d->name, member);
	finding_add(p, FIND_MAP, SEV_FAILS, NULL, FINDING_WHOLE, what, "0 in the object, and no kernel makes such a map");
	finding_loader(p);
}

static void check_size(struct program *p, const struct map_def *d)
{
	switch (d->type) {
	case BPF_MAP_TYPE_SK_STORAGE:
	case BPF_MAP_TYPE_INODE_STORAGE:
	case BPF_MAP_TYPE_TASK_STORAGE:
	case MAP_TYPE_CGRP_STORAGE:
	case BPF_MAP_TYPE_CGROUP_STORAGE:
	case BPF_MAP_TYPE_PERCPU_CGROUP_STORAGE:
	case BPF_MAP_TYPE_STRUCT_OPS:
	case BPF_MAP_TYPE_PERF_EVENT_ARRAY: /* one for each processor: libbpf sets it */
		return;
	case BPF_MAP_TYPE_STACK_TRACE:
		if (!d->value_size)
			left_open(p, d, "value_size");
		break;
	default:
		break;
	}
	if (!d->max_entries)
		left_open(p, d, "max_entries");
}

/* libbpf makes all maps of an object, whichever program uses them. */
void use_maps(struct program *p)
{
	const struct object *o = p->x->object;
	struct check_kernel *k = p->x->kernel;
	uint32_t m, i, at = 0, id = btf_flavour(k->own, "bpf_map_type", &at);
	struct btf_info t;
	struct btf_value v;
	char what[128];

	if (!id || !btf_get(k->btf, id, &t))
		return;
	for (m = 0; m < o->nr_maps; m++) {
		const struct map_def *d = &o->maps[m];
		const char *type = d->type < sizeof(map_names) / sizeof(map_names[0]) ? map_names[d->type] : NULL;
		bool there = false;

		if (d->source != MAP_BTF)
			continue;
		for (i = 0; i < t.vlen && btf_value_at(k->btf, &t, i, &v); i++)
			there |= v.value == d->type && strncmp(v.name, "__", 2);
		if (type)
			snprintf(what, sizeof(what), "map %s (%s)", d->name, type);
		else
			snprintf(what, sizeof(what), "map %s (type %u)", d->name, d->type);
		if (there)
			finding_add(p, FIND_MAP, SEV_FINE, NULL, FINDING_WHOLE, what, "%s has maps of that type", k->name);
		else
			finding_add(p, FIND_MAP, SEV_FAILS, NULL, FINDING_WHOLE, what, "%s has no maps of type %u", k->name, d->type);
		if (there)
			check_size(p, d);
	}
}
