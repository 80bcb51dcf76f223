/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Classes and rules. In: a section's name, the analysis of a program. Out: what the
 * program's type promises, and whether the program keeps to it. A program on a user event
 * reads the kernel through user-ized structs only: a fetch or a probe_read of kernel
 * memory would make it depend on the kernel's layout again, unseen. Memory of the
 * application (probe_read_user) is the application's, and a system call's arguments point
 * there by their own ABI.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analyze/insn.h"
#include "policy/policy.h"

static const struct section_class classes[] = {
	{ "tp_user/", false, ABI_STABLE, "TRACEPOINT_USER", "reads through user-ized structs only" },
	{ "socket", false, ABI_CONDITIONAL, "SOCKET_FILTER", "its context is the kernel's stable __sk_buff" },
	{ "perf_event", false, ABI_CONDITIONAL, "PERF_EVENT", "its context is the kernel's stable bpf_perf_event_data" },
	{ "xdp", false, ABI_CONDITIONAL, "XDP", "its context is the kernel's stable xdp_md" },
	{ "tc", false, ABI_CONDITIONAL, "SCHED_CLS", "its context is the kernel's stable __sk_buff" },
	{ "classifier", false, ABI_CONDITIONAL, "SCHED_CLS", "its context is the kernel's stable __sk_buff" },
	{ "action", false, ABI_CONDITIONAL, "SCHED_ACT", "its context is the kernel's stable __sk_buff" },
	{ "tcx/", false, ABI_CONDITIONAL, "SCHED_CLS", "its context is the kernel's stable __sk_buff" },
	{ "netkit/", false, ABI_CONDITIONAL, "SCHED_CLS", "its context is the kernel's stable __sk_buff" },
	{ "cgroup/", false, ABI_CONDITIONAL, "CGROUP", "its context is one of the kernel's stable mirrors" },
	{ "cgroup_skb/", false, ABI_CONDITIONAL, "CGROUP_SKB", "its context is the kernel's stable __sk_buff" },
	{ "sockops", false, ABI_CONDITIONAL, "SOCK_OPS", "its context is the kernel's stable bpf_sock_ops" },
	{ "sk_skb", false, ABI_CONDITIONAL, "SK_SKB", "its context is the kernel's stable __sk_buff" },
	{ "sk_msg", false, ABI_CONDITIONAL, "SK_MSG", "its context is the kernel's stable sk_msg_md" },
	{ "sk_lookup/", false, ABI_CONDITIONAL, "SK_LOOKUP", "its context is the kernel's stable bpf_sk_lookup" },
	{ "flow_dissector", false, ABI_CONDITIONAL, "FLOW_DISSECTOR", "its context is the kernel's stable __sk_buff" },
	{ "lwt_", false, ABI_CONDITIONAL, "LWT", "its context is the kernel's stable __sk_buff" },
	{ "syscall", true, ABI_CONDITIONAL, "SYSCALL", "its context is the caller's own memory" },
	{ "uprobe", false, ABI_APPLICATION, "KPROBE (uprobe)", "it depends on the traced application, not on the kernel" },
	{ "uretprobe", false, ABI_APPLICATION, "KPROBE (uprobe)", "it depends on the traced application, not on the kernel" },
	{ "usdt", false, ABI_APPLICATION, "KPROBE (usdt)", "it depends on the traced application's own probe" },
	{ "tracepoint/", false, ABI_NONE, "TRACEPOINT", "tracepoints and the records they fill change between kernels" },
	{ "tp/", false, ABI_NONE, "TRACEPOINT", "tracepoints and the records they fill change between kernels" },
	{ "raw_tp", false, ABI_NONE, "RAW_TRACEPOINT", "a tracepoint's arguments change between kernels" },
	{ "raw_tracepoint", false, ABI_NONE, "RAW_TRACEPOINT", "a tracepoint's arguments change between kernels" },
	{ "tp_btf", false, ABI_NONE, "TRACING (tp_btf)", "a tracepoint's arguments change between kernels" },
	{ "kprobe", false, ABI_NONE, "KPROBE", "kernel functions are renamed, inlined and change their arguments" },
	{ "kretprobe", false, ABI_NONE, "KPROBE", "kernel functions are renamed, inlined and change their arguments" },
	{ "ksyscall", false, ABI_NONE, "KPROBE", "it attaches to the kernel's entry functions" },
	{ "kretsyscall", false, ABI_NONE, "KPROBE", "it attaches to the kernel's entry functions" },
	{ "fentry", false, ABI_NONE, "TRACING (fentry)", "kernel functions are renamed, inlined and change their arguments" },
	{ "fexit", false, ABI_NONE, "TRACING (fexit)", "kernel functions are renamed, inlined and change their arguments" },
	{ "fmod_ret", false, ABI_NONE, "TRACING (fmod_ret)", "kernel functions change their arguments" },
	{ "lsm", false, ABI_NONE, "LSM", "hooks and their arguments change between kernels" },
	{ "iter", false, ABI_NONE, "TRACING (iter)", "it walks the kernel's own structs" },
	{ "struct_ops", false, ABI_NONE, "STRUCT_OPS", "it implements one of the kernel's internal interfaces" },
	{ "freplace", false, ABI_NONE, "EXT", "it replaces a function of another program" },
};

static const struct section_class unknown = {
	"", false, ABI_NONE, "unknown", "its program type is not known to abide",
};

const struct section_class *policy_section(const char *section)
{
	size_t i, n;

	if (*section == '?')
		section++;
	for (i = 0; i < sizeof(classes) / sizeof(classes[0]); i++) {
		n = strlen(classes[i].prefix);
		if (classes[i].whole ? !strcmp(section, classes[i].prefix) : !strncmp(section, classes[i].prefix, n))
			return &classes[i];
	}
	return &unknown;
}

const char *policy_class_name(enum abi_class class)
{
	switch (class) {
	case ABI_STABLE:
		return "ABI";
	case ABI_CONDITIONAL:
		return "ABI while it neither fetches nor calls kfuncs";
	case ABI_APPLICATION:
		return "the application's own promise";
	case ABI_NONE:
		return "NOT ABI";
	}
	return "";
}

const char *policy_event(const char *section)
{
	if (*section == '?')
		section++;
	return strncmp(section, "tp_user/", 8) ? NULL : section + 8;
}

const char *policy_app_event(const char *section)
{
	const char *event = policy_event(section);

	if (!event || !strchr(event, ':') || !strncmp(event, "sys_enter:", 10) || !strncmp(event, "sys_exit:", 9))
		return NULL;
	return event;
}

/* Helpers that reach into the kernel's own memory or types, and what to use instead. */
static const struct forbidden {
	int32_t helper;
	const char *name, *instead;
} forbidden[] = {
	{ 4, "bpf_probe_read", "read fields of user-ized structs; user memory: bpf_probe_read_user" },
	{ 45, "bpf_probe_read_str", "user_str(dst, size, p->field); user memory: bpf_probe_read_user_str" },
	{ 113, "bpf_probe_read_kernel", "read fields of user-ized structs; arrays: index them" },
	{ 115, "bpf_probe_read_kernel_str", "user_str(dst, size, p->field)" },
	{ 35, "bpf_get_current_task", "bpf_get_current_task_user()" },
	{ 158, "bpf_get_current_task_btf", "bpf_get_current_task_user()" },
	{ 36, "bpf_probe_write_user", "nothing: programs on user events only read" },
	{ 147, "bpf_d_path", "user_str() of a file's name" },
	{ 149, "bpf_snprintf_btf", "print the fields that you need" },
	{ 153, "bpf_per_cpu_ptr", "a per-CPU map of the program's own" },
	{ 154, "bpf_this_cpu_ptr", "a per-CPU map of the program's own" },
	{ 175, "bpf_task_pt_regs", "the fields of struct syscall_user" },
	{ 180, "bpf_find_vma", "nothing stable yet" },
	{ PSEUDO_FETCH_U8, "bpf_fetch_u8", "a field of a user-ized struct" },
	{ PSEUDO_FETCH_U16, "bpf_fetch_u16", "a field of a user-ized struct" },
	{ PSEUDO_FETCH_U32, "bpf_fetch_u32", "a field of a user-ized struct" },
	{ PSEUDO_FETCH_U64, "bpf_fetch_u64", "a field of a user-ized struct" },
	{ PSEUDO_FETCH_PTR, "bpf_fetch_ptr", "a pointer field of a user-ized struct" },
	{ PSEUDO_FETCH_STR, "bpf_fetch_str", "user_str(dst, size, p->field)" },
};

static const struct forbidden *find_forbidden(int32_t helper)
{
	size_t i;

	for (i = 0; i < sizeof(forbidden) / sizeof(forbidden[0]); i++)
		if (forbidden[i].helper == helper)
			return &forbidden[i];
	return NULL;
}

static int refuse_call(const struct object *o, const struct function *f, uint32_t insn, const char *what,
		       const char *instead, struct abide_error *e)
{
	const char *source = "";
	char where[160];

	function_where(o, f, insn, where, sizeof(where), &source);
	while (*source == ' ' || *source == '\t')
		source++;
	error_set(e, -EPERM, "not-abi", "%s calls %s, which reads the %s past its stable structs", f->name, what,
		  policy_app_event(f->section_name) ? "application" : "kernel");
	error_reason(e, "%s: %s, instruction %u%s%s", where, f->name, insn, *source ? "\n    " : "", source);
	error_hint(e, "%s", instead);
	return -EPERM;
}

/* One instruction of a program that is reached. */
static int check_insn(const struct object *o, const struct function *f, uint32_t insn, struct abide_error *e)
{
	const struct bpf_insn *i = &f->insns[insn];
	const struct reloc *r = function_reloc(f, insn);
	const struct forbidden *no;

	if (r && r->kind == RELOC_EXTERN) {
		char what[128];

		snprintf(what, sizeof(what), "%s %s", insn_is_call(i) ? "the kernel function" : "for the kernel symbol",
			 o->symbols[r->symbol].name);
		return refuse_call(o, f, insn, what, "kernel functions are no ABI; use fields and helpers", e);
	}
	if (!insn_is_call(i) || insn_is_local_call(i))
		return 0;
	if (i->src_reg)
		return refuse_call(o, f, insn, "a kernel function", "kernel functions are no ABI; use fields and helpers", e);
	no = find_forbidden(i->imm);
	return no ? refuse_call(o, f, insn, no->name, no->instead, e) : 0;
}

int policy_check_user(const struct analysis *a, struct abide_error *e)
{
	uint32_t n, insn;
	int err;

	for (n = 0; n < a->nr_nodes; n++) {
		const struct walk *w = &a->walks[a->nodes[n].walk];
		const struct block *k = &w->cfg->blocks[a->nodes[n].block];

		for (insn = k->first; insn < k->end; insn++) {
			err = check_insn(a->object, w->cfg->function, insn, e);
			if (err)
				return err;
			if (insn_is_ld_imm64(&w->cfg->function->insns[insn]))
				insn++;
		}
	}
	return 0;
}

static int check_function(const struct object *o, const struct function *f, struct abide_error *e)
{
	uint32_t insn;
	int err;

	for (insn = 0; insn < f->nr_insns; insn++) {
		err = check_insn(o, f, insn, e);
		if (err)
			return err;
		if (insn_is_ld_imm64(&f->insns[insn]))
			insn++;
	}
	return 0;
}

/* The program and, once each, what it calls or hands over as a callback. */
int policy_check_other(const struct object *o, const struct function *f, struct abide_error *e)
{
	uint32_t *list = calloc((size_t)o->nr_functions + 1, sizeof(*list)), n = 0, at, i;
	bool *seen = calloc((size_t)o->nr_functions + 1, sizeof(*seen));
	int err = 0;

	if (!list || !seen) {
		err = error_nomem(e);
		goto out;
	}
	list[n++] = (uint32_t)(f - o->functions);
	seen[list[0]] = true;
	for (at = 0; at < n && !err; at++) {
		const struct function *g = &o->functions[list[at]];

		err = check_function(o, g, e);
		for (i = 0; i < g->nr_relocs; i++) {
			const struct reloc *r = &g->relocs[i];

			if ((r->kind != RELOC_CALL && r->kind != RELOC_FUNC) || seen[r->target])
				continue;
			seen[r->target] = true;
			list[n++] = r->target;
		}
	}
out:
	free(list);
	free(seen);
	return err;
}
