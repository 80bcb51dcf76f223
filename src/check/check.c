/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * A program on a kernel. In: an object, a kernel, a catalog. Out: findings. The program is
 * walked with its CO-RE records resolved, so what it only does where the kernel has
 * something does not count where it has not. Read-only constants hold what the object
 * says; the loader may set them, so a second walk takes them as unknown, and what fails
 * only there is "unknown".
 */
#include <errno.h>
#include <linux/btf.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analyze/insn.h"
#include "check/attach.h"
#include "check/program.h"
#include "util/buf.h"

const char *severity_name(enum severity s)
{
	switch (s) {
	case SEV_FINE:
		return "fine";
	case SEV_WRONG:
		return "wrong";
	case SEV_UNKNOWN:
		return "unknown";
	case SEV_FAILS:
		return "fails";
	}
	return "";
}

const char *finding_kind_name(enum finding_kind k)
{
	static const char *const names[FIND_KINDS] = {
		[FIND_TYPE] = "type",         [FIND_TRACEPOINT] = "tracepoint", [FIND_FUNCTION] = "function",
		[FIND_HOOK] = "hook",         [FIND_ARGUMENT] = "argument",     [FIND_FIELD] = "field",
		[FIND_KTYPE] = "ktype",       [FIND_ENUM] = "enum",             [FIND_CONTEXT] = "context",
		[FIND_LAYOUT] = "layout",     [FIND_POINTER] = "pointer",       [FIND_HELPER] = "helper",
		[FIND_KFUNC] = "kfunc",       [FIND_MAP] = "map",               [FIND_INSN] = "instruction",
		[FIND_EXTERN] = "extern",     [FIND_EVENT] = "event",
	};

	return k < FIND_KINDS ? names[k] : "";
}

void finding_add(struct program *p, enum finding_kind kind, enum severity s, const struct function *f, uint32_t insn,
		 const char *what, const char *fmt, ...)
{
	struct findings *l = p->out;
	struct finding x = { .kind = kind, .severity = s, .function = f ? f : p->f, .insn = insn }, *items;
	const char *source;
	va_list ap;
	uint32_t i;

	p->newest = 0;
	if (p->soft && s == SEV_FINE)
		return;
	snprintf(x.what, sizeof(x.what), "%s", what);
	if (kind == FIND_ARGUMENT || kind == FIND_CONTEXT)
		snprintf(x.instead, sizeof(x.instead), "%s", p->instead);
	for (i = 0; i < l->nr; i++) /* a function that is called from two places */
		if (l->items[i].function == x.function && l->items[i].insn == insn && l->items[i].kind == kind &&
		    !strcmp(l->items[i].what, x.what)) {
			p->newest = i + 1;
			if (l->items[i].severity >= s && !(p->soft && l->items[i].guarded))
				return;
			break;
		}
	va_start(ap, fmt);
	vsnprintf(x.why, sizeof(x.why), fmt, ap);
	va_end(ap);
	if (p->soft) {
		x.constant = true;
	}
	if (insn != FINDING_WHOLE)
		function_where(p->x->object, x.function, insn, x.where, sizeof(x.where), &source);
	if (i < l->nr) {
		l->items[i] = x;
		return;
	}
	items = array_grow(l->items, l->nr, &l->room, sizeof(*items));
	if (!items) {
		p->nomem = true;
		return;
	}
	l->items = items;
	l->items[l->nr++] = x;
	p->newest = l->nr;
}

struct finding *finding_newest(const struct program *p)
{
	return p->soft || !p->newest ? NULL : &p->out->items[p->newest - 1];
}

void finding_instead(struct program *p, const char *fmt, ...)
{
	struct finding *f = finding_newest(p);
	va_list ap;

	va_start(ap, fmt);
	if (f)
		vsnprintf(f->instead, sizeof(f->instead), fmt, ap);
	va_end(ap);
}

void finding_loader(struct program *p)
{
	struct finding *f = finding_newest(p);

	if (f)
		f->loader = true;
}

void finding_value(struct program *p, const char *fmt, ...)
{
	struct finding *f = finding_newest(p);
	va_list ap;

	va_start(ap, fmt);
	if (f)
		vsnprintf(f->value, sizeof(f->value), fmt, ap);
	va_end(ap);
}

void finding_module(struct program *p, const struct module *m)
{
	struct finding *f = finding_newest(p);

	if (!f || !m)
		return;
	snprintf(f->module, sizeof(f->module), "%s", module_name(m));
	f->if_loaded = !modules_loaded(p->x->kernel->modules);
}

void finding_place(struct program *p, uint32_t byte)
{
	struct finding *f = finding_newest(p);

	if (f)
		snprintf(f->place, sizeof(f->place), "byte %u", byte);
}

void findings_free(struct findings *l)
{
	free(l->items);
	memset(l, 0, sizeof(*l));
}

const struct finding *findings_worst(const struct findings *l)
{
	const struct finding *worst = NULL;
	uint32_t i;

	for (i = 0; i < l->nr; i++)
		if (!l->items[i].guarded && !l->items[i].constant && !l->items[i].loader && l->items[i].severity > (worst ? worst->severity : SEV_FINE))
			worst = &l->items[i];
	return worst;
}

/* Has one before it the same condition? */
static bool told_before(const struct findings *l, uint32_t n)
{
	uint32_t i;

	for (i = 0; i < n; i++)
		if (l->items[i].if_loaded && !l->items[i].guarded && !l->items[i].constant && !strcmp(l->items[i].module, l->items[n].module))
			return true;
	return false;
}

const char *findings_modules(const struct findings *l, char *buf, size_t size)
{
	uint32_t i, nr = 0;
	size_t n = 0;

	*buf = 0;
	for (i = 0; i < l->nr && n < size; i++) {
		const struct finding *f = &l->items[i];

		if (f->if_loaded && !f->guarded && !f->constant && !told_before(l, i))
			n += (size_t)snprintf(buf + n, size - n, "%s%s", nr++ ? ", " : "", f->module);
	}
	if (!nr)
		return buf;
	n = strlen(buf);
	if (n + 9 < size) { /* "modules " in front */
		memmove(buf + (nr > 1 ? 8 : 7), buf, n + 1);
		memcpy(buf, nr > 1 ? "modules " : "module ", nr > 1 ? 8 : 7);
	}
	return buf;
}

int findings_blame(struct findings *l, const struct function *f, const struct function *other, struct abide_error *e)
{
	struct program p = { .f = f, .out = l, .e = e };
	char what[128];

	snprintf(what, sizeof(what), "program %s", other->name);
	finding_add(&p, FIND_HOOK, SEV_FAILS, NULL, FINDING_WHOLE, what, "it fails, and the struct of operations wants both");
	return p.nomem ? error_nomem(e) : 0;
}

int check_open(const struct object *o, struct check_kernel *k, const struct catalog *c, struct check **out,
	       struct abide_error *e)
{
	struct check *x = calloc(1, sizeof(*x));

	*out = x;
	if (!x)
		return error_nomem(e);
	*x = (struct check){ .object = o, .kernel = k, .catalog = c };
	x->core = calloc(o->nr_functions + 1, sizeof(struct core_result *));
	if (x->core)
		return 0;
	check_free(x);
	*out = NULL;
	return error_nomem(e);
}

/* A function's records, resolved when the first program reaches it: those of user events have records of no kernel's types. */
static const struct core_result *records(struct program *p, const struct function *f)
{
	const struct object *o = p->x->object;
	struct core_result **all = &p->x->core[f - o->functions], *list;
	uint32_t r;
	int err = 0;

	if (*all || !o->btf || !f->nr_core_relos)
		return *all;
	list = calloc(f->nr_core_relos, sizeof(*list));
	for (r = 0; list && !err && r < f->nr_core_relos; r++)
		err = core_resolve(p->x->kernel, o->btf, &f->core_relos[r], &p->x->cache, &list[r], NULL);
	if (!list || err) {
		free(list);
		p->nomem = true;
		return NULL;
	}
	*all = list;
	return list;
}

void check_free(struct check *x)
{
	uint32_t i;

	if (!x)
		return;
	for (i = 0; x->core && i < x->object->nr_functions; i++)
		free(x->core[i]);
	free(x->core);
	core_cache_free(&x->cache);
	free(x);
}

static const struct core_result *rule_core(void *arg, const struct function *f, uint32_t insn)
{
	const struct core_relo *r = function_core_relo(f, insn);
	const struct core_result *all = r ? records(arg, f) : NULL;

	return r && all ? &all[r - f->core_relos] : NULL;
}

static enum flow_extern rule_symbol(void *arg, uint32_t symbol)
{
	const struct module *module;

	switch (use_extern(arg, symbol, &module)) {
	case EXTERN_KCONFIG:
		return FLOW_KCONFIG;
	case EXTERN_ABSENT:
		return FLOW_NULL;
	case EXTERN_THERE:
	case EXTERN_UNKNOWN:
		break;
	}
	return FLOW_SOME;
}

static int rule_reached(void *arg, const struct function *f, uint32_t insn, const struct flow_insn *i,
			const struct flow_state *s)
{
	struct program *p = arg;
	uint8_t **seen = &p->seen[f - p->x->object->functions];

	if (!*seen)
		*seen = calloc(f->nr_insns + 1, 1);
	if (!*seen)
		return error_nomem(p->e);
	if (p->soft && (*seen)[insn]) /* the first walk has judged it */
		return 0;
	if (!p->soft)
		(*seen)[insn] = 1;
	use_check(p, f, insn, i, s);
	return p->nomem ? error_nomem(p->e) : 0;
}

/* A function that cannot be walked: all of it, and all that it calls, counts as reached. */
static int all_reached(struct program *p, const struct flow_rules *rules, const struct function *f, unsigned depth)
{
	const struct object *o = p->x->object;
	struct flow_state *s;
	struct flow_insn i;
	uint32_t insn, k;
	int err = 0;

	if (depth > 8 || (p->seen[f - o->functions] && p->seen[f - o->functions][0]))
		return 0;
	s = calloc(1, sizeof(*s));
	if (!s)
		return error_nomem(p->e);
	for (k = 0; k < 10; k++)
		s->r[k] = cell_kind(CELL_OTHER);
	for (insn = 0; insn < f->nr_insns && !err; insn += insn_is_ld_imm64(&i.i) ? 2 : 1) {
		if (insn_is_ld_imm64(&f->insns[insn]) && insn + 1 == f->nr_insns)
			break;
		i = flow_fetch(f, insn, rules);
		err = rule_reached(p, f, insn, &i, s);
	}
	for (k = 0; k < f->nr_relocs && !err; k++)
		if (f->relocs[k].kind == RELOC_CALL || f->relocs[k].kind == RELOC_FUNC)
			err = all_reached(p, rules, &o->functions[f->relocs[k].target], depth + 1);
	free(s);
	return err;
}

/* Records that are not reached: noted as guarded; but what libbpf itself refuses fails everywhere. */
static void unreached(struct program *p)
{
	const struct object *o = p->x->object;
	uint32_t i, r;

	for (i = 0; i < o->nr_functions; i++) {
		const struct function *f = &o->functions[i];

		if (!p->seen[i] || !records(p, f))
			continue;
		for (r = 0; r < f->nr_core_relos; r++) {
			const struct core_result *c = &p->x->core[i][r];
			uint32_t insn = f->core_relos[r].insn, before = p->out->nr;

			if (insn >= f->nr_insns || p->seen[i][insn] || c->state == CORE_VALUE)
				continue;
			finding_add(p, FIND_FIELD, SEV_FAILS, f, insn, c->what, "%s", c->why);
			if (c->state == CORE_POISON && p->out->nr > before)
				p->out->items[before].guarded = true;
		}
	}
}

/* KERNEL_VERSION() of a name that begins like a release; 0 otherwise. */
static uint32_t version_of(const char *name)
{
	unsigned a, b, c = 0;

	if (sscanf(name, "%u.%u.%u", &a, &b, &c) < 2 || a > 255 || b > 255)
		return 0;
	return a << 16 | b << 8 | (c > 255 ? 255 : c);
}

static int walk(struct program *p, struct flow_rules *rules)
{
	int err = flow_walk(p->x->object, p->f, rules, p->e);

	if (err != -E2BIG)
		return err;
	return all_reached(p, rules, p->f, 0);
}

/*
 * A program that asks whether a module's type or symbol is there may do without it: is it fine with no module at
 * all, then it wants none loaded. @from: where its findings begin.
 */
static int without_modules(struct program *p, uint32_t from)
{
	struct check_kernel *k = p->x->kernel;
	struct modules *modules = k->modules;
	struct findings found = { 0 };
	struct check *x = NULL;
	uint32_t i;
	int err;

	if (!p->asks || !modules || modules_loaded(modules))
		return 0;
	k->modules = NULL;
	err = check_open(p->x->object, k, p->x->catalog, &x, p->e);
	if (!err)
		err = check_program(x, p->f, &found, p->e);
	k->modules = modules;
	for (i = from; !err && !findings_worst(&found) && i < p->out->nr; i++)
		p->out->items[i].if_loaded = false;
	findings_free(&found);
	check_free(x);
	return err;
}

int check_program(struct check *x, const struct function *f, struct findings *out, struct abide_error *e)
{
	struct program p = { .x = x, .f = f, .out = out, .e = e };
	struct flow_rules rules = { .arg = &p, .context = context_load, .kernel = typed_load, .helper = typed_helper,
				    .reached = rule_reached, .symbol = rule_symbol, .core = rule_core,
				    .rodata = true };
	uint32_t i, from = out->nr;
	int err;

	kernel_versions(x->kernel, &rules.version_first, &rules.version_last);
	i = version_of(x->kernel->name);
	if (i)
		rules.version_first = rules.version_last = i;
	p.def = attach_section(f->section_name, &p.target);
	p.seen = calloc(x->object->nr_functions, sizeof(*p.seen));
	if (!p.seen)
		return error_nomem(e);
	attach_find_module(&p);
	attach_check(&p);
	use_maps(&p);
	use_externs(&p);
	err = walk(&p, &rules);
	if (err)
		goto out;
	unreached(&p);
	rules.rodata = false;
	p.soft = true;
	err = walk(&p, &rules);
	if (!err && p.nomem)
		err = error_nomem(e);
out:
	kernel_look_at(x->kernel, NULL);
	if (!err)
		err = without_modules(&p, from);
	if (!err && x->kernel->modules && modules_nomem(x->kernel->modules))
		err = error_nomem(e);
	for (i = 0; i < x->object->nr_functions; i++)
		free(p.seen[i]);
	free(p.seen);
	return err;
}
