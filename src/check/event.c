/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Programs on user events. In: the program, a target. Out: a finding that says whether the
 * event is there and every load can be translated; what is missing is named by the
 * translator itself. What comes out of it fits the target by construction.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check/event.h"
#include "policy/policy.h"
#include "translate/program.h"

static int translates(const struct object *o, const struct function *f, bool callback, const struct cat_event *ev,
		      struct catalog *c, struct target *t, unsigned depth, struct abide_error *e)
{
	struct analysis *a = NULL;
	struct code code = { 0 };
	uint32_t i;
	int err;

	err = analyze_function(o, f, callback, ev, c, t, &a, e);
	if (!err)
		err = policy_check_user(a, e);
	if (!err)
		err = translate_function(a, t, false, NULL, &code, e);
	for (i = 0; !err && a && i < a->nr_callbacks && depth < 4; i++)
		err = translates(o, &o->functions[a->callbacks[i]], true, ev, c, t, depth + 1, e);
	free(code.insns);
	free(code.relocs);
	free(code.lines);
	free(code.core_relos);
	analysis_free(a);
	return err;
}

int check_event(struct check *x, const struct function *f, const char *event, struct catalog *c, struct target *t,
		struct findings *out, struct abide_error *e)
{
	struct program p = { .x = x, .f = f, .out = out, .e = e };
	const struct cat_event *ev = catalog_event(c, event);
	struct abide_error why = { 0 };
	char what[128], first[120];
	int err;

	snprintf(what, sizeof(what), "event %s", event);
	if (!ev && c->application) {
		finding_add(&p, FIND_EVENT, SEV_FAILS, NULL, FINDING_WHOLE, what,
			    policy_app_event(f->section_name) ? "%s has no such user event"
							      : "%s is an application; this program is for the kernel",
			    target_name(t));
	} else if (!ev && policy_app_event(f->section_name)) {
		finding_add(&p, FIND_EVENT, SEV_FAILS, NULL, FINDING_WHOLE, what,
			    "it is a user event of an application, and %s is a kernel: abide check --app BINARY", target_name(t));
	} else if (!ev) {
		finding_add(&p, FIND_EVENT, SEV_FAILS, NULL, FINDING_WHOLE, what, "this catalog (version %u) has no event %s",
			    c->version, event);
	} else {
		err = translates(x->object, f, false, ev, c, t, 0, &why);
		if (err == -ENOMEM)
			return error_nomem(e);
		/* "prog.bpf.c:31: NAME, instruction 4: ...": the reason begins with the place */
		snprintf(first, sizeof(first), "%.*s", (int)strcspn(why.reason, "\n"), why.reason);
		if (err)
			finding_add(&p, FIND_EVENT, SEV_FAILS, NULL, FINDING_WHOLE, what, "%s%s%s", why.problem,
				    *first ? "; " : "", first);
		else
			finding_add(&p, FIND_EVENT, SEV_FINE, NULL, FINDING_WHOLE, what, "it translates to %s", target_name(t));
	}
	use_maps(&p);
	return p.nomem ? error_nomem(e) : 0;
}
