/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Programs at functions: kprobes of all kinds, fentry, fexit, fmod_ret. In: the function's name. Out:
 * findings: is there a symbol of that name, one or several, may it be traced or probed, changed or slept
 * in. What is known beside BTF decides where it is known; else BTF's description does, and what it does not tell is unknown.
 */
#include <fnmatch.h>
#include <linux/btf.h>
#include <stdio.h>
#include <string.h>

#include "check/attach.h"

/*
 * Functions that are static in the kernel's source and that people probe all the same:
 * compilers inline them or make copies under other names ("finish_task_switch.isra.0"),
 * which BTF describes by the old name.
 */
static void doubt_function(struct program *p, const char *name, const char *what)
{
	static const char *const list[] = { "finish_task_switch", "blk_account_io_start", "blk_account_io_done",
					    "__blk_account_io_start", "__blk_account_io_done", "blk_account_io_merge_bio",
					    "__netif_receive_skb_core", "try_to_wake_up", "ttwu_do_wakeup", "ttwu_do_activate",
					    "__schedule", "tcp_drop", "__send_signal",
					    "__send_signal_locked" };
	char doubt[160];
	size_t i;

	if (known_function(p->x->kernel, name) != KNOWN_NOT)
		return;
	for (i = 0; i < sizeof(list) / sizeof(list[0]); i++)
		if (!strcmp(list[i], name) && kernel_has_function(p->x->kernel, name)) {
			snprintf(doubt, sizeof(doubt), "symbol of %s", what);
			finding_add(p, FIND_FUNCTION, SEV_UNKNOWN, NULL, FINDING_WHOLE, doubt,
				    "it is static in the source: a compiler may inline it or rename its symbol (.isra.0)");
			return;
		}
}

/* BTF describes it, and it cannot be found by its name. */
static void no_symbol(struct program *p, const char *what)
{
	struct check_kernel *k = p->x->kernel;

	if (k->module)
		finding_add(p, FIND_FUNCTION, SEV_FAILS, NULL, FINDING_WHOLE, what,
			    "module %s of %s has no symbol of that name that stays: inlined, renamed (.isra.0), or only for its begin",
			    module_name(k->module), k->name);
	else
		finding_add(p, FIND_FUNCTION, SEV_FAILS, NULL, FINDING_WHOLE, what,
			    "%s has no symbol of that name: its compiler inlined or renamed it (.isra.0, .part.0)", k->name);
}

/* Where the symbols are known: why no kprobe can be there, if so. False: they are not. */
static bool probe_listed(struct program *p, const char *name, const char *what)
{
	struct check_kernel *k = p->x->kernel;
	unsigned nr;

	switch (known_function(k, name)) {
	case KNOWN_NOT:
		return false;
	case KNOWN_NO:
		if (kernel_has_function(k, name))
			no_symbol(p, what);
		else
			finding_add(p, FIND_FUNCTION, SEV_FAILS, NULL, FINDING_WHOLE, what, "%s has no function of that name%s", k->name,
				    kernel_modules_doubt(k));
		return true;
	case KNOWN_YES:
		break;
	}
	nr = known_how_many(k, name);
	if (known_unprobed(k, name) == KNOWN_YES)
		finding_add(p, FIND_FUNCTION, SEV_FAILS, NULL, FINDING_WHOLE, what, "%s refuses kprobes there", k->name);
	else if (known_traceable(k, name) == KNOWN_NO && known_config(k, "KPROBE_EVENTS_ON_NOTRACE", NULL) == KNOWN_NO)
		finding_add(p, FIND_FUNCTION, SEV_FAILS, NULL, FINDING_WHOLE, what,
			    "on %s it is not for tracing (inline or notrace in the source), and kprobes refuse it", k->name);
	else if (known_traceable(k, name) == KNOWN_NO && known_config(k, "KPROBE_EVENTS_ON_NOTRACE", NULL) == KNOWN_NOT)
		finding_add(p, FIND_FUNCTION, SEV_UNKNOWN, NULL, FINDING_WHOLE, what,
			    "on %s it is not for tracing (inline or notrace in the source), and kprobes refuse it "
			    "unless CONFIG_KPROBE_EVENTS_ON_NOTRACE is set, which nobody knows", k->name);
	else if (nr > 1)
		finding_add(p, FIND_FUNCTION, SEV_UNKNOWN, NULL, FINDING_WHOLE, what,
			    "%s has %u functions of that name: newer kernels refuse it, older ones probe the first", k->name, nr);
	else
		finding_add(p, FIND_FUNCTION, SEV_FINE, NULL, FINDING_WHOLE, what, "%s has it", k->name);
	return true;
}

static void probe(struct program *p, const char *name)
{
	char what[128];
	bool described;

	snprintf(what, sizeof(what), "function %s", name);
	attach_name_place(p, "function ", name);
	p->record = btf_find(p->x->kernel->btf, BTF_KIND_STRUCT, "pt_regs");
	attach_need_feature(p, "KPROBES", "register_kprobe", "kprobes");
	described = attach_function_proto(p, name);
	if (probe_listed(p, name, what))
		;
	else if (described)
		finding_add(p, FIND_FUNCTION, SEV_FINE, NULL, FINDING_WHOLE, what, "%s has it", p->x->kernel->name);
	else
		finding_add(p, FIND_FUNCTION, SEV_UNKNOWN, NULL, FINDING_WHOLE, what,
			    "BTF of %s does not describe it: removed, renamed, inlined, or only its symbol is there",
			    p->x->kernel->name);
	if (described)
		attach_value_proto(p);
	attach_in_module(p);
	attach_instead_function(p, name);
	doubt_function(p, name, what);
}

void attach_kprobe(struct program *p)
{
	char name[128];

	if (!attach_need_target(p, FIND_FUNCTION))
		return;
	if (strchr(p->target, ':')) {
		snprintf(name, sizeof(name), "function %s", p->target);
		finding_add(p, FIND_FUNCTION, SEV_FAILS, NULL, FINDING_WHOLE, name,
			    "libbpf reads a kprobe's name up to the colon; without \"%.*s:\" it finds functions of modules, too",
			    (int)strcspn(p->target, ":"), p->target);
		return;
	}
	snprintf(name, sizeof(name), "%s", p->target);
	name[strcspn(name, "+")] = 0;
	probe(p, name);
	if (!strncmp(p->def->prefix, "kret", 4))
		p->proto = 0; /* the registers are those at its end */
}

/* Functions that can be traced and whose names match the pattern: some are enough. */
static void attach_pattern(struct program *p)
{
	struct check_kernel *k = p->x->kernel;
	uint32_t id, nr = 0;
	struct btf_info t;
	enum known can;

	for (id = btf_after(k->btf, 0, 1u << BTF_KIND_FUNC); id; id = btf_after(k->btf, id, 1u << BTF_KIND_FUNC)) {
		if (!btf_get(k->btf, id, &t) || fnmatch(p->target, t.name, 0))
			continue;
		can = known_function(k, t.name);
		if (can == KNOWN_YES)
			can = known_traceable(k, t.name);
		if (can == KNOWN_NOT) {
			finding_add(p, FIND_FUNCTION, SEV_UNKNOWN, NULL, FINDING_WHOLE, p->target,
				    "a pattern is matched against symbols, which BTF does not list");
			return;
		}
		nr += can == KNOWN_YES;
	}
	if (nr)
		finding_add(p, FIND_FUNCTION, SEV_FINE, NULL, FINDING_WHOLE, p->target, "%s has %u functions of such names", k->name, nr);
	else
		finding_add(p, FIND_FUNCTION, SEV_FAILS, NULL, FINDING_WHOLE, p->target, "%s has no function of such a name", k->name);
}

void attach_multi(struct program *p)
{
	if (!attach_need_target(p, FIND_FUNCTION))
		return;
	if (strpbrk(p->target, "*?")) {
		p->record = btf_find(p->x->kernel->btf, BTF_KIND_STRUCT, "pt_regs");
		attach_name_place(p, "functions ", p->target);
		attach_need_feature(p, "KPROBES", "register_kprobe", "kprobes");
		attach_need_feature(p, "FPROBE", "register_fprobe_ips", "probes of many functions");
		attach_pattern(p);
		return;
	}
	attach_need_feature(p, "FPROBE", "register_fprobe_ips", "probes of many functions");
	attach_kprobe(p);
}

void attach_syscall(struct program *p)
{
	static const char *const prefix[] = { "__x64_sys_", "__arm64_sys_", "__s390x_sys_", "__riscv_sys_", "__se_sys_" };
	char name[128];
	size_t i;

	if (!attach_need_target(p, FIND_FUNCTION))
		return;
	for (i = 0; i < sizeof(prefix) / sizeof(prefix[0]); i++) {
		snprintf(name, sizeof(name), "%s%s", prefix[i], p->target);
		if (btf_find(p->x->kernel->btf, BTF_KIND_FUNC, name))
			break;
	}
	probe(p, i < sizeof(prefix) / sizeof(prefix[0]) ? name : p->target);
	p->proto = 0; /* its argument is another pt_regs */
	finding_instead(p, "tp_user/%s:%s", !strncmp(p->def->prefix, "kret", 4) ? "sys_exit" : "sys_enter", p->target);
}

/* Functions of the kernel's list of error injection, which more than that hangs on. */
static void need_injection(struct program *p, const char *what, const char *refused, const char *doubt)
{
	/* sets of single subsystems (register_btf_fmodret_id_set), which no list has */
	static const char *const others[] = { "bpf_modify_return_test", "bpf_modify_return_test2", "bpf_rstat_flush",
					      "update_socket_protocol", "bpf_fentry_test1" };
	struct check_kernel *k = p->x->kernel;
	enum known in = known_in(k, KNOWS_INJECT, NOTE_INJECT, p->target, NULL);
	size_t i;

	for (i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		if (!strcmp(others[i], p->target))
			in = KNOWN_NOT;
	if (in == KNOWN_NO)
		in = known_syscalls_open(k, p->target);
	if (in == KNOWN_YES)
		finding_add(p, FIND_HOOK, SEV_FINE, NULL, FINDING_WHOLE, what, "%s lets it", k->name);
	else if (in == KNOWN_NO)
		finding_add(p, FIND_HOOK, SEV_FAILS, NULL, FINDING_WHOLE, what, "%s %s", k->name, refused);
	else
		finding_add(p, FIND_HOOK, SEV_UNKNOWN, NULL, FINDING_WHOLE, what, "%s", doubt);
}

void attach_fentry(struct program *p)
{
	char what[128];

	if (!attach_need_target(p, FIND_FUNCTION))
		return;
	snprintf(what, sizeof(what), "function %s", p->target);
	attach_name_place(p, "function ", p->target);
	if (attach_module_lacks(p, what))
		return;
	if (!attach_function_proto(p, p->target)) {
		finding_add(p, FIND_FUNCTION, SEV_FAILS, NULL, FINDING_WHOLE, what, "BTF of %s has no function %s%s",
			    p->x->kernel->name, p->target, kernel_modules_doubt(p->x->kernel));
	} else {
		if (known_function(p->x->kernel, p->target) == KNOWN_NO)
			no_symbol(p, what);
		else if (known_traceable(p->x->kernel, p->target) == KNOWN_NO)
			finding_add(p, FIND_FUNCTION, SEV_FAILS, NULL, FINDING_WHOLE, what,
				    "on %s it is not for tracing (inline or notrace in the source)", p->x->kernel->name);
		else
			finding_add(p, FIND_FUNCTION, SEV_FINE, NULL, FINDING_WHOLE, what,
				    *p->of_module ? "it has %u arguments (libbpf from 1.6 on knows MODULE:FUNCTION)" : "it has %u arguments",
				    p->slots);
		attach_value_proto(p);
		attach_in_module(p);
		p->returns = strcmp(p->def->attach_type, "TRACE_FENTRY") != 0;
		p->slots += p->returns;
		doubt_function(p, p->target, what);
		if (!strcmp(p->def->attach_type, "MODIFY_RETURN") && strncmp(p->target, "security_", 9))
			need_injection(p, "fmod_ret", "lets no program change what it returns", "which functions may be modified is not in BTF");
		if (strchr(p->def->prefix, '.'))
			need_injection(p, "sleepable program", "lets no program sleep there",
				       "which functions may be probed by programs that sleep is not in BTF");
	}
	attach_instead_function(p, p->target);
}
