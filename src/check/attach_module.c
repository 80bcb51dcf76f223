/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Programs at what a module has. In: the section, the kernel's modules. Out: the module that is looked at while
 * the program is checked, and findings where one is named in vain. libbpf looks in the kernel first and then
 * in the loaded modules, one after the other; fentry and its kin can name one, "MODULE:FUNCTION" (from
 * libbpf 1.6 on), kprobes cannot. Kprobes, raw_tp and classic tracepoints need no BTF: a module's symbols tell.
 */
#include <linux/btf.h>
#include <stdio.h>
#include <string.h>

#include "check/attach.h"

void attach_in_module(struct program *p)
{
	const struct finding *f = finding_newest(p);

	if (f && f->severity == SEV_FINE)
		finding_module(p, p->x->kernel->module);
}

/* "MODULE:FUNCTION" into both; the kernel itself is called vmlinux. */
static void split_target(struct program *p)
{
	const char *colon = strchr(p->target, ':');

	if (!colon || (size_t)(colon - p->target) >= sizeof(p->of_module))
		return;
	snprintf(p->of_module, sizeof(p->of_module), "%.*s", (int)(colon - p->target), p->target);
	p->target = colon + 1;
}

/* By BTF, then by a symbol (NULL: that is not enough). */
static void look_for(struct program *p, uint8_t kind, const char *name, const char *symbol, bool code)
{
	struct check_kernel *k = p->x->kernel;
	const struct module *m;
	uint32_t id;

	if (!kernel_find(k, kind, name, &id, &m) && symbol)
		m = kernel_symbol_in(k, symbol, code);
	kernel_look_at(k, m);
}

static void look_for_probe(struct program *p)
{
	char name[128];

	snprintf(name, sizeof(name), "%s", p->target);
	name[strcspn(name, "+")] = 0;
	/* patterns are matched against the kernel's own functions; a symbol that it has comes first */
	if (strpbrk(name, "*?:") || known_function(p->x->kernel, name) == KNOWN_YES)
		return;
	look_for(p, BTF_KIND_FUNC, name, name, true);
}

static void look_for_event(struct program *p)
{
	const char *slash = strchr(p->target, '/'), *name = slash ? slash + 1 : p->target;
	char type[160], symbol[160];

	snprintf(type, sizeof(type), "btf_trace_%s", name);
	snprintf(symbol, sizeof(symbol), "event_%s", name);
	if (!strncmp(p->target, "syscalls/", 9) ||
	    known_in(p->x->kernel, KNOWS_EVENTS, NOTE_EVENT, p->target, NULL) == KNOWN_YES)
		return;
	look_for(p, BTF_KIND_TYPEDEF, type, symbol, false);
}

void attach_find_module(struct program *p)
{
	char name[160], symbol[160];

	if (!p->def || !*p->target || !p->def->attach)
		return;
	if (p->def->attach == attach_fentry) {
		split_target(p);
		if (*p->of_module && p->x->kernel->modules)
			kernel_look_at(p->x->kernel, modules_named(p->x->kernel->modules, p->of_module));
		else if (!*p->of_module)
			look_for(p, BTF_KIND_FUNC, p->target, NULL, true);
	} else if (p->def->attach == attach_kprobe || p->def->attach == attach_multi) {
		look_for_probe(p);
	} else if (p->def->attach == attach_raw) {
		snprintf(name, sizeof(name), "btf_trace_%s", p->target);
		snprintf(symbol, sizeof(symbol), "__tracepoint_%s", p->target);
		look_for(p, BTF_KIND_TYPEDEF, name, symbol, false);
	} else if (p->def->attach == attach_event) {
		look_for_event(p);
	} else if (p->def->attach == attach_iter) {
		snprintf(name, sizeof(name), "bpf_iter_%s", p->target);
		look_for(p, BTF_KIND_FUNC, name, NULL, true);
	}
}

bool attach_module_lacks(struct program *p, const char *what)
{
	struct check_kernel *k = p->x->kernel;
	bool own = btf_find(k->own, BTF_KIND_FUNC, p->target);

	if (!*p->of_module || !strcmp(p->of_module, "vmlinux"))
		return false;
	if (k->split && btf_find(k->btf, BTF_KIND_FUNC, p->target) >= k->split)
		return false;
	if (k->module && k->split)
		finding_add(p, FIND_FUNCTION, SEV_FAILS, NULL, FINDING_WHOLE, what, "BTF of module %s of %s has no function %s", p->of_module,
			    k->name, p->target);
	else if (k->module)
		finding_add(p, FIND_FUNCTION, SEV_FAILS, NULL, FINDING_WHOLE, what, "module %s of %s has no BTF", p->of_module, k->name);
	else if (own)
		finding_add(p, FIND_FUNCTION, SEV_FAILS, NULL, FINDING_WHOLE, what,
			    "%s has %s in itself, and not in module %s: it is found without \"%s:\"", k->name, p->target, p->of_module,
			    p->of_module);
	else if (!k->modules || (!modules_loaded(k->modules) && !modules_complete(k->modules)))
		finding_add(p, FIND_FUNCTION, SEV_UNKNOWN, NULL, FINDING_WHOLE, what, "module %s is not among what is at hand of %s",
			    p->of_module, k->name);
	else
		finding_add(p, FIND_FUNCTION, SEV_FAILS, NULL, FINDING_WHOLE, what,
			    modules_loaded(k->modules) ? "module %s, which it names, is not loaded on %s" : "there is no module %s for %s",
			    p->of_module, k->name);
	return true;
}
