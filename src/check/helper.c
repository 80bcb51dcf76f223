/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * One call of a helper. In: its number, what is in r1..r5. Out: findings: whether the kernel
 * has it (enum bpf_func_id), whether a program of this kind and licence may call it on this
 * release (helpers.def), whether its map and its socket are of a type that it takes.
 */
#include <linux/btf.h>
#include <stdio.h>
#include <string.h>

#include "check/helper_kinds.h"
#include "check/program.h"

static const char *const helper_names[] = {
#define NAME(x) #x
	__BPF_FUNC_MAPPER(NAME)
#undef NAME
};

static const struct limit {
	int32_t helper;
	const char *kinds;
	uint8_t major, minor;
	const char *why;
} limits[] = {
#define LIMIT(...) { __VA_ARGS__ },
#include "check/helpers.def"
#undef LIMIT
};

bool helper_is_tracing(const struct program *p)
{
	static const char *const tracing[] = { "KPROBE", "TRACEPOINT", "RAW_TRACEPOINT", "RAW_TRACEPOINT_WRITABLE", "TRACING",
					       "LSM", "PERF_EVENT" };
	size_t i;

	for (i = 0; i < sizeof(tracing) / sizeof(tracing[0]); i++)
		if (!strcmp(p->def->prog_type, tracing[i]))
			return true;
	return false;
}

static bool is_kind(const struct program *p, const char *kinds)
{
	const struct section_def *d = p->def;
	bool traces = helper_is_tracing(p);

	for (; *kinds; kinds++)
		switch (*kinds) {
		case 'T':
			if (traces)
				return true;
			break;
		case 'N':
			if (!traces)
				return true;
			break;
		case 'F':
			if (!strncmp(d->prefix, "fe", 2) || !strncmp(d->prefix, "fmod", 4))
				return true;
			break;
		case 'K':
			if (!strcmp(d->prog_type, "KPROBE"))
				return true;
			break;
		case 'M':
			if (!strcmp(d->attach_type, "LSM_MAC"))
				return true;
			break;
		case 'P':
			if (!strcmp(d->prog_type, "TRACEPOINT") || !strcmp(d->prog_type, "PERF_EVENT"))
				return true;
			break;
		default:
			break;
		}
	return false;
}

/* By the rows of helpers.def; *why: what the helper does. KNOWN_NOT: no row is about it. */
static enum known limited(const struct program *p, int32_t helper, const char **why)
{
	enum known may = KNOWN_NOT;
	size_t i;

	for (i = 0; p->def && i < sizeof(limits) / sizeof(limits[0]); i++) {
		if (limits[i].helper != helper)
			continue;
		if (*limits[i].why)
			*why = limits[i].why;
		if (may != KNOWN_YES)
			may = is_kind(p, limits[i].kinds) &&
			      (!limits[i].major || kernel_is_at_least(p->x->kernel, limits[i].major, limits[i].minor)) ? KNOWN_YES : KNOWN_NO;
	}
	return may;
}

/* May a program of this kind call it? *why: what the helper does, "" when nobody knows. */
static enum known may_call(const struct program *p, int32_t helper, const char **why)
{
	enum known may = limited(p, helper, why);
	uint32_t first, last;

	if (!p->def)
		return KNOWN_YES;
	/* socket options: some iterators, and some hooks of security modules in cgroups */
	if ((helper == BPF_FUNC_setsockopt || helper == BPF_FUNC_getsockopt) && !strcmp(p->def->attach_type, "LSM_CGROUP"))
		return KNOWN_NOT;
	if ((helper == BPF_FUNC_setsockopt || helper == BPF_FUNC_getsockopt) && !strncmp(p->def->prefix, "iter", 4) &&
	    (!strcmp(p->target, "tcp") || !strcmp(p->target, "unix")))
		return kernel_is_at_least(p->x->kernel, 5, 17) ? KNOWN_YES : KNOWN_NOT;
	kernel_versions(p->x->kernel, &first, &last);
	switch (helper_kind_may(p->def->prefix, helper, first, last)) {
	case HELPER_KIND_MAY:
		return KNOWN_YES;
	case HELPER_KIND_MAY_NOT:
		return KNOWN_NO;
	case HELPER_KIND_NEW:
	case HELPER_KIND_NOBODY:
		return may == KNOWN_NO ? KNOWN_NO : KNOWN_YES;
	case HELPER_KIND_UNKNOWN:
		break;
	}
	return may;
}

/* Programs that run where a lock may be held already: kprobes, tracepoints without BTF, perf events. */
static bool runs_anywhere(const struct program *p)
{
	return helper_is_tracing(p) && strcmp(p->def->prog_type, "TRACING") && strcmp(p->def->prog_type, "LSM");
}

/* Maps with a lock or a timer in their values are not for all programs that may call the helpers. */
static const char *map_refused(const struct program *p, int32_t helper)
{
	if (!p->def)
		return NULL;
	if (helper == BPF_FUNC_spin_lock && (runs_anywhere(p) || !strcmp(p->def->prog_type, "SOCKET_FILTER")))
		return "it locks";
	if (helper >= BPF_FUNC_timer_init && helper <= BPF_FUNC_timer_cancel && runs_anywhere(p) &&
	    !kernel_is_at_least(p->x->kernel, 7, 0))
		return "it works on timers";
	return NULL;
}

/* Helpers for programs under the GPL only, of those that tracing uses. */
static bool gpl_only(int32_t helper)
{
	switch (helper) {
	case 4: case 6: case 22: case 25: case 27: case 35: case 36: case 45: case 55: case 56: case 58: case 67:
	case 109: case 112: case 113: case 114: case 115: case 141: case 158:
		return true;
	default:
		return false;
	}
}

/* Helpers that may sleep: in sections with ".s" alone. */
static bool sleeps(int32_t helper)
{
	return helper == 148 || helper == 193 || helper == 191; /* copy_from_user, ima_file_hash, copy_from_user_task */
}

/* bpf_override_return: for kprobes at functions of the list of error injection. */
static void check_override(struct program *p, const struct function *f, uint32_t insn, const char *what)
{
	struct check_kernel *k = p->x->kernel;
	enum known built = known_config(k, "BPF_KPROBE_OVERRIDE", NULL);
	enum known listed = known_in(k, KNOWS_INJECT, NOTE_INJECT, p->target, NULL);

	if (built == KNOWN_NO)
		finding_add(p, FIND_HELPER, SEV_FAILS, f, insn, what, "%s was built without CONFIG_BPF_KPROBE_OVERRIDE", k->name);
	else if (listed == KNOWN_NO)
		finding_add(p, FIND_HELPER, SEV_FAILS, f, insn, what, "%s lets no program override what %s returns", k->name, p->target);
	else if (built == KNOWN_YES && listed == KNOWN_YES)
		finding_add(p, FIND_HELPER, SEV_FINE, f, insn, what, "%s has it", k->name);
	else
		finding_add(p, FIND_HELPER, SEV_UNKNOWN, f, insn, what,
			    "it wants CONFIG_BPF_KPROBE_OVERRIDE and a function that may be overridden; BTF tells neither");
}

/* bpf_d_path in programs at functions: for those of a set. */
static void check_d_path(struct program *p, const struct function *f, uint32_t insn, const char *what)
{
	struct check_kernel *k = p->x->kernel;

	switch (known_in(k, KNOWS_D_PATH, NOTE_D_PATH, p->target, NULL)) {
	case KNOWN_YES:
		finding_add(p, FIND_HELPER, SEV_FINE, f, insn, what, "%s has it, for this function too", k->name);
		return;
	case KNOWN_NO:
		finding_add(p, FIND_HELPER, SEV_FAILS, f, insn, what, "%s has it for a few functions, and %s is none of them", k->name,
			    p->target);
		return;
	case KNOWN_NOT:
		finding_add(p, FIND_HELPER, SEV_UNKNOWN, f, insn, what, "it is for a few functions, and BTF lists them not");
		return;
	}
}

static void check_helper(struct program *p, const struct function *f, uint32_t insn, int32_t helper)
{
	const char *why = "";
	enum known may = may_call(p, helper, &why);
	const char *refused = map_refused(p, helper);
	char what[96];

	if ((uint32_t)helper < sizeof(helper_names) / sizeof(helper_names[0]))
		snprintf(what, sizeof(what), "helper bpf_%s", helper_names[helper]);
	else
		snprintf(what, sizeof(what), "helper %d", helper);
	if (!p->x->kernel->has_helpers)
		finding_add(p, FIND_HELPER, SEV_UNKNOWN, f, insn, what, "BTF of %s does not list its helpers", p->x->kernel->name);
	else if (!kernel_has_helper(p->x->kernel, helper))
		finding_add(p, FIND_HELPER, SEV_FAILS, f, insn, what, "%s has no helper %d", p->x->kernel->name, helper);
	else if (refused)
		finding_add(p, FIND_HELPER, SEV_FAILS, f, insn, what, "%s, and %s lets no program of this kind use such maps", refused,
			    p->x->kernel->name);
	else if (may == KNOWN_NO)
		finding_add(p, FIND_HELPER, SEV_FAILS, f, insn, what, "%s%s%s%s lets no program of this kind call it", *why ? "it " : "",
			    why, *why ? ", and " : "", p->x->kernel->name);
	else if (may == KNOWN_NOT)
		finding_add(p, FIND_HELPER, SEV_UNKNOWN, f, insn, what,
			    "programs of this kind may call it since some release, and whether %s is older is not known", p->x->kernel->name);
	else if (sleeps(helper) && p->def && !strchr(p->def->prefix, '.') && strcmp(p->def->prog_type, "SYSCALL"))
		finding_add(p, FIND_HELPER, SEV_FAILS, f, insn, what, "it may sleep, and this program may not");
	else if (gpl_only(helper) && !license_is_gpl(p->x->object->license))
		finding_add(p, FIND_HELPER, SEV_FAILS, f, insn, what, "only programs under the GPL may call it");
	else if (helper == 58)
		check_override(p, f, insn, what);
	else if ((helper == BPF_FUNC_sk_storage_get || helper == BPF_FUNC_sk_storage_delete) && is_kind(p, "F") &&
		 !strncmp(p->target, "bpf_sk_storage", strlen("bpf_sk_storage")))
		finding_add(p, FIND_HELPER, SEV_FAILS, f, insn, what, "not in a program at %s, which it calls", p->target);
	else if (helper == 147 && p->def && (!strncmp(p->def->prefix, "fe", 2) || !strncmp(p->def->prefix, "fmod", 4)))
		check_d_path(p, f, insn, what);
	else
		finding_add(p, FIND_HELPER, SEV_FINE, f, insn, what, "%s has it", p->x->kernel->name);
}

/* Helpers that take maps of some types only (kernel/bpf/verifier.c, check_map_func_compatibility). */
static void check_map_type(struct program *p, const struct function *f, uint32_t insn, int32_t helper,
			   const struct flow_state *s)
{
	static const struct {
		uint8_t helper, reg, types[3];
	} list[] = {
		{ 12, 2, { BPF_MAP_TYPE_PROG_ARRAY } },
		{ 25, 2, { BPF_MAP_TYPE_PERF_EVENT_ARRAY } },
		{ 27, 2, { BPF_MAP_TYPE_STACK_TRACE } },
		{ 130, 1, { BPF_MAP_TYPE_RINGBUF } },
		{ 131, 1, { BPF_MAP_TYPE_RINGBUF } },
		{ 195, 1, { BPF_MAP_TYPE_PERCPU_ARRAY, BPF_MAP_TYPE_PERCPU_HASH, BPF_MAP_TYPE_LRU_PERCPU_HASH } },
	};
	const struct map_def *m;
	const struct cell *c;
	size_t i, k;

	for (i = 0; i < sizeof(list) / sizeof(list[0]); i++) {
		if (list[i].helper != helper)
			continue;
		c = &s->r[list[i].reg];
		if (c->kind != CELL_OTHER || !c->type || c->loose || c->off || c->type > p->x->object->nr_maps)
			return;
		m = &p->x->object->maps[c->type - 1];
		for (k = 0; k < 3; k++)
			if (list[i].types[k] == m->type)
				return;
		finding_add(p, FIND_MAP, SEV_FAILS, f, insn, m->name, "helper bpf_%s takes no map of type %u", helper_names[helper],
			    m->type);
	}
}

/* bpf_skc_to_*: r1 is a socket of some kind. */
static void check_socket(struct program *p, const struct function *f, uint32_t insn, int32_t helper,
			 const struct flow_state *s)
{
	const struct cell *c = &s->r[1];

	if (((helper < 136 || helper > 140) && helper != 178 && helper != 196) || c->kind != CELL_KERNEL || c->loose || c->off)
		return;
	/* its argument is a socket that the kernel looked up for the program (ARG_PTR_TO_SOCK_COMMON) */
	if (helper == 196)
		finding_add(p, FIND_POINTER, SEV_FAILS, f, insn, "argument of a socket helper",
			    "it takes sockets of look-ups and contexts, not those of arguments");
	else if (!typed_begins_with(p->x->kernel->btf, c->type, "sock_common"))
		finding_add(p, FIND_POINTER, SEV_FAILS, f, insn, "argument of a socket helper", "it is no pointer to a socket");
}

void helper_check(struct program *p, const struct function *f, uint32_t insn, int32_t helper, const struct flow_state *s)
{
	check_helper(p, f, insn, helper);
	check_map_type(p, f, insn, helper, s);
	check_socket(p, f, insn, helper, s);
}
