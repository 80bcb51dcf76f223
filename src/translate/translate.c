/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * A whole object for one target. In: the object, the catalog, the target. Out: for each
 * program its new code and the section and attach point that libbpf and the kernel know:
 * "tp_user/sched_switch" becomes "tp_btf/" and the tracepoint that the event has there.
 * Programs of other types are analysed only if they call pseudo-helpers (bpf_fetch_*,
 * bpf_get_current_task_user); all others go over verbatim.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analyze/insn.h"
#include "analyze/newer.h"
#include "policy/policy.h"
#include "translate/program.h"

struct job {
	const struct object *o;
	struct catalog *c;
	struct target *t;
	const struct translate_options *opts;
	bool pseudo_in_text; /* some subprogram calls a pseudo-helper */
};

static bool has_pseudo_helper(const struct function *f)
{
	uint32_t i;

	for (i = 0; i < f->nr_insns; i++) {
		const struct bpf_insn *insn = &f->insns[i];

		if (insn_is_call(insn) && !insn->src_reg && (uint32_t)insn->imm >> 8 == 0x7ab1de)
			return true;
		if (insn_is_ld_imm64(insn))
			i++;
	}
	return false;
}

/* Does it, or a subprogram that it may call, hold anything that only abide knows? */
static bool needs_translation(const struct job *j, const struct function *f)
{
	uint32_t i;

	if (has_pseudo_helper(f))
		return true;
	for (i = 0; j->pseudo_in_text && i < f->nr_relocs; i++)
		if (f->relocs[i].kind == RELOC_CALL || f->relocs[i].kind == RELOC_FUNC)
			return true;
	return false;
}

static int event_of(const struct job *j, const struct function *f, const char *name, const struct cat_event **out,
		    struct abide_error *e)
{
	const char *near;

	*out = catalog_event(j->c, name);
	if (*out)
		return 0;
	near = catalog_suggest(j->c, name);
	error_set(e, -ENOENT, "event-unknown", "program %s: this catalog (version %u) has no event \"%s\"", f->name,
		  j->c->version, name);
	if (newer_version(j->o) > j->c->version)
		error_reason(e, "the object was compiled against version %u of the catalog", newer_version(j->o));
	return error_hint(e, "%s%s%s", near ? "did you mean tp_user/" : "abide list shows all events; a newer abide may have it",
			  near ? near : "", near ? "?" : "");
}

static int one_code(const struct job *j, const struct function *f, bool callback, const struct cat_event *ev,
		    struct analysis **a, struct code *out, struct abide_error *e)
{
	int err;

	err = analyze_function(j->o, f, callback, ev, j->c, j->t, a, e);
	if (err)
		return err;
	if (ev) {
		err = policy_check_user(*a, e);
		if (err)
			return err;
	}
	if (j->opts->explain)
		buf_printf(j->opts->explain, "%s %s\n", callback ? "callback" : f->section_name, f->name);
	return translate_function(*a, j->t, j->opts->filter && !callback, j->opts->explain, out, e);
}

/* The program and then each callback that it, or another callback, takes the address of. */
static int all_codes(const struct job *j, const struct function *f, const struct cat_event *ev,
		     struct translated_program *p, struct abide_error *e)
{
	struct analysis *main_a = NULL, *a = NULL;
	uint32_t i;
	int err;

	p->codes = calloc(1 + j->o->nr_functions, sizeof(*p->codes));
	if (!p->codes)
		return error_nomem(e);
	err = one_code(j, f, false, ev, &main_a, &p->codes[0], e);
	if (err)
		goto out;
	p->nr_codes = 1;
	if (main_a->placement) {
		snprintf(p->section, sizeof(p->section), "tp_btf/%s", main_a->placement->tracepoint);
		snprintf(p->attach, sizeof(p->attach), "%s", main_a->placement->tracepoint);
		p->attach_btf_id = main_a->placement->btf_id;
	}
	for (i = 0; i < main_a->nr_callbacks; i++) {
		err = one_code(j, &j->o->functions[main_a->callbacks[i]], true, ev, &a, &p->codes[p->nr_codes], e);
		if (err)
			goto out;
		p->nr_codes++;
		if (a->nr_callbacks) {
			err = error_set(e, -ENOTSUP, "call-depth", "callback %s hands over a callback of its own",
					a->function->name);
			error_hint(e, "take it from the program itself");
			goto out;
		}
		analysis_free(a);
		a = NULL;
	}
out:
	analysis_free(a);
	analysis_free(main_a);
	return err;
}

static int one_program(const struct job *j, const struct function *f, struct translated_program *p,
		       struct abide_error *e)
{
	const char *event = policy_event(f->section_name);
	const struct cat_event *ev = NULL;
	int err;

	p->source = f;
	p->optional = f->section_name[0] == '?';
	if (!event && !needs_translation(j, f)) {
		p->verbatim = true;
		snprintf(p->section, sizeof(p->section), "%s", f->section_name);
		return 0;
	}
	if (event) {
		err = event_of(j, f, event, &ev, e);
		if (err)
			return err;
		p->prog_type = BPF_PROG_TYPE_TRACING;
		p->attach_type = BPF_TRACE_RAW_TP;
	} else {
		snprintf(p->section, sizeof(p->section), "%s", f->section_name);
	}
	return all_codes(j, f, ev, p, e);
}

int translate_object(const struct object *o, struct catalog *c, struct target *t,
		     const struct translate_options *opts, struct translated **out, struct abide_error *e)
{
	static const struct translate_options none = { 0 };
	struct job j = { .o = o, .c = c, .t = t, .opts = opts ? opts : &none };
	struct translated *result = calloc(1, sizeof(*result));
	uint32_t i;
	int err = 0;

	if (!result)
		return error_nomem(e);
	result->object = o;
	result->programs = calloc(o->nr_functions + 1, sizeof(*result->programs));
	if (!result->programs) {
		err = error_nomem(e);
		goto out;
	}
	for (i = 0; i < o->nr_functions; i++)
		j.pseudo_in_text |= o->functions[i].subprogram && has_pseudo_helper(&o->functions[i]);
	for (i = 0; i < o->nr_functions; i++) {
		if (o->functions[i].subprogram)
			continue;
		err = one_program(&j, &o->functions[i], &result->programs[result->nr_programs++], e);
		if (err)
			goto out;
	}
	if (!result->nr_programs) {
		err = error_set(e, -EINVAL, "no-programs", "%s holds no programs", o->path);
		error_hint(e, "a program is a function in a section: SEC(\"tp_user/sched_switch\")");
		goto out;
	}
	*out = result;
	result = NULL;
out:
	translated_free(result);
	return err;
}
