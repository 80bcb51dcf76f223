/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * One program of an object as a single piece of code. In: an object, which its reader has
 * checked. Out: the program, then each function that it reaches, once, with calls and
 * addresses of functions as distances. Refused by name: maps and global variables, which
 * need the process engine's maps, and what only a kernel could fill in.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/exec_link.h"

#define NOWHERE UINT32_MAX

struct linker {
	const struct object *o;
	uint32_t *place;  /* per function: slot where it begins, or NOWHERE */
	uint32_t *order;  /* functions in the order of the code */
	uint32_t nr_order;
	uint32_t nr;      /* slots */
};

static int choose(const struct object *o, const char *name, uint32_t *out, struct abide_error *e)
{
	uint32_t i, n = 0;
	char names[400] = "";
	size_t len = 0;

	for (i = 0; i < o->nr_functions; i++) {
		const struct function *f = &o->functions[i];

		if (name && !strcmp(f->name, name)) {
			*out = i;
			return 0;
		}
		if (f->subprogram)
			continue;
		if (!n++)
			*out = i;
		if (len < sizeof(names))
			len += (size_t)snprintf(names + len, sizeof(names) - len, "%s%s", n > 1 ? ", " : "", f->name);
	}
	if (!name && n == 1)
		return 0;
	if (!n && !name)
		return error_set(e, -ENOENT, "", "%s holds no program", o->path);
	if (name)
		error_set(e, -ENOENT, "", "%s holds no program %s", o->path, name);
	else
		error_set(e, -EINVAL, "", "%s holds %u programs", o->path, n);
	return error_hint(e, "--program with one of: %s", names);
}

static void add(struct linker *l, uint32_t function)
{
	if (l->place[function] != NOWHERE)
		return;
	l->place[function] = l->nr;
	l->nr += l->o->functions[function].nr_insns;
	l->order[l->nr_order++] = function;
}

static int refuse(const struct linker *l, const struct function *f, const struct reloc *r, struct abide_error *e)
{
	const char *source;
	char where[200];

	function_where(l->o, f, r->insn, where, sizeof(where), &source);
	switch (r->kind) {
	case RELOC_MAP:
		error_set(e, -ENOTSUP, "exec-map", "%s uses the map %s; abide exec has no maps", f->name,
		          l->o->maps[r->target].name);
		break;
	case RELOC_DATA:
		error_set(e, -ENOTSUP, "exec-map", "%s uses global data (%s); abide exec has no maps", f->name,
		          l->o->maps[r->target].name);
		break;
	default:
		error_set(e, -ENOTSUP, "exec-extern", "%s needs %s of the kernel", f->name,
		          l->o->symbols[r->symbol].name);
	}
	return error_reason(e, "%s %s", where, source);
}

int exec_link(const struct object *o, const char *name, struct bpf_insn **out, uint32_t *nr, struct abide_error *e)
{
	struct linker l = { .o = o };
	struct bpf_insn *code = NULL;
	uint32_t first, i, k;
	int err;

	err = choose(o, name, &first, e);
	if (err)
		return err;
	l.place = malloc(o->nr_functions * sizeof(*l.place));
	l.order = malloc(o->nr_functions * sizeof(*l.order));
	if (!l.place || !l.order) {
		err = error_nomem(e);
		goto out;
	}
	memset(l.place, 0xff, o->nr_functions * sizeof(*l.place));
	add(&l, first);
	for (i = 0; i < l.nr_order; i++) {
		const struct function *f = &o->functions[l.order[i]];

		for (k = 0; k < f->nr_relocs; k++) {
			if (f->relocs[k].kind != RELOC_CALL && f->relocs[k].kind != RELOC_FUNC) {
				err = refuse(&l, f, &f->relocs[k], e);
				goto out;
			}
			add(&l, f->relocs[k].target);
		}
	}
	code = calloc(l.nr ? l.nr : 1, sizeof(*code));
	if (!code) {
		err = error_nomem(e);
		goto out;
	}
	for (i = 0; i < l.nr_order; i++) {
		const struct function *f = &o->functions[l.order[i]];
		uint32_t at = l.place[l.order[i]];

		memcpy(code + at, f->insns, f->nr_insns * sizeof(*code));
		for (k = 0; k < f->nr_relocs; k++) {
			const struct reloc *r = &f->relocs[k];
			struct bpf_insn *insn = &code[at + r->insn];

			insn->src_reg = r->kind == RELOC_CALL ? BPF_PSEUDO_CALL : BPF_PSEUDO_FUNC;
			insn->imm = (int32_t)(l.place[r->target] - (at + r->insn + 1));
			if (r->kind == RELOC_FUNC)
				insn[1].imm = 0;
		}
	}
out:
	free(l.place);
	free(l.order);
	if (err)
		free(code);
	*out = err ? NULL : code;
	*nr = l.nr;
	return err;
}
