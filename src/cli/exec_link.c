/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * One program of an object as a single piece of code. In: an object, which its reader has
 * checked. Out: the program, then each function that it reaches, once; calls and addresses of
 * functions are distances, maps are numbers. Refused by name: what only a kernel could fill in.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/exec_link.h"

#define NOWHERE UINT32_MAX

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
			len += (size_t)snprintf(names + len, sizeof(names) - len, "%s%s",
			                        n > 1 ? ", " : "", f->name);
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

static void add(struct exec_code *c, uint32_t function)
{
	if (c->place[function] != NOWHERE)
		return;
	c->place[function] = c->nr;
	c->nr += c->o->functions[function].nr_insns;
	c->order[c->nr_order++] = function;
}

static int refuse(const struct exec_code *c, const struct function *f, const struct reloc *r,
                  struct abide_error *e)
{
	const char *source;
	char where[200];

	function_where(c->o, f, r->insn, where, sizeof(where), &source);
	error_set(e, -ENOTSUP, "exec-extern", "%s needs %s of the kernel", f->name,
	          c->o->symbols[r->symbol].name);
	return error_reason(e, "%s %s", where, source);
}

/* Functions that are reached, in the order in which they are found; maps that they use. */
static int collect(struct exec_code *c, uint32_t first, struct abide_error *e)
{
	uint32_t i, k;

	add(c, first);
	for (i = 0; i < c->nr_order; i++) {
		const struct function *f = &c->o->functions[c->order[i]];

		for (k = 0; k < f->nr_relocs; k++)
			switch (f->relocs[k].kind) {
			case RELOC_CALL:
			case RELOC_FUNC:
				add(c, f->relocs[k].target);
				break;
			case RELOC_MAP:
			case RELOC_DATA:
				c->uses[f->relocs[k].target] = true;
				break;
			default:
				return refuse(c, f, &f->relocs[k], e);
			}
	}
	return 0;
}

static void relocate(struct exec_code *c, uint32_t at, const struct reloc *r)
{
	struct bpf_insn *insn = &c->insns[at + r->insn];

	switch (r->kind) {
	case RELOC_CALL:
	case RELOC_FUNC:
		insn->src_reg = r->kind == RELOC_CALL ? BPF_PSEUDO_CALL : BPF_PSEUDO_FUNC;
		insn->imm = (int32_t)(c->place[r->target] - (at + r->insn + 1));
		if (r->kind == RELOC_FUNC)
			insn[1].imm = 0;
		break;
	default:
		insn->src_reg = r->kind == RELOC_MAP ? BPF_PSEUDO_MAP_FD : BPF_PSEUDO_MAP_VALUE;
		insn->imm = (int32_t)r->target;
		insn[1].imm = r->kind == RELOC_MAP ? 0 : (int32_t)r->addend;
	}
}

int exec_link(const struct object *o, const char *name, struct exec_code *out, struct abide_error *e)
{
	uint32_t first, i, k;
	int err;

	*out = (struct exec_code){ .o = o };
	err = choose(o, name, &first, e);
	if (err)
		return err;
	out->place = malloc(o->nr_functions * sizeof(*out->place));
	out->order = malloc(o->nr_functions * sizeof(*out->order));
	out->uses = calloc(o->nr_maps ? o->nr_maps : 1, sizeof(*out->uses));
	if (!out->place || !out->order || !out->uses) {
		err = error_nomem(e);
		goto out;
	}
	memset(out->place, 0xff, o->nr_functions * sizeof(*out->place));
	err = collect(out, first, e);
	if (err)
		goto out;
	out->insns = calloc(out->nr ? out->nr : 1, sizeof(*out->insns));
	if (!out->insns) {
		err = error_nomem(e);
		goto out;
	}
	for (i = 0; i < out->nr_order; i++) {
		const struct function *f = &o->functions[out->order[i]];
		uint32_t at = out->place[out->order[i]];

		memcpy(out->insns + at, f->insns, f->nr_insns * sizeof(*out->insns));
		for (k = 0; k < f->nr_relocs; k++)
			relocate(out, at, &f->relocs[k]);
	}
out:
	if (err)
		exec_code_free(out);
	return err;
}

void exec_code_free(struct exec_code *c)
{
	free(c->insns);
	free(c->uses);
	free(c->place);
	free(c->order);
	*c = (struct exec_code){ 0 };
}

const char *exec_where(void *code, uint32_t insn, char *buf, size_t size)
{
	const struct exec_code *c = code;
	const char *source;
	char where[200];
	uint32_t i;

	for (i = 0; i < c->nr_order; i++) {
		const struct function *f = &c->o->functions[c->order[i]];
		uint32_t at = c->place[c->order[i]];

		if (insn < at || insn - at >= f->nr_insns)
			continue;
		function_where(c->o, f, insn - at, where, sizeof(where), &source);
		snprintf(buf, size, *source ? "%s: %s" : "%s", where, source);
		return buf;
	}
	return NULL;
}
