/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
#ifndef ABIDE_TESTS_VERIFY_KIT_H
#define ABIDE_TESTS_VERIFY_KIT_H

#include "object/object.h"
#include "process/verify.h"
#include "process_kit.h"

/* What tests of the verifier share: the types of an application, and programs of an object as its input. */

/* struct conn and struct query of verify_tools.h. */
static const struct verify_member kit_conn[] = {
	{ .off = 0, .size = 4 }, { .off = 4, .size = 4 }, { .off = 8, .size = 8 },
	{ .off = 16, .size = 8, .pointer = true, .target = 0 },
};
static const struct verify_member kit_query[] = {
	{ .off = 0, .size = 8 }, { .off = 8, .size = 4 }, { .off = 12, .size = 2 }, { .off = 14, .size = 1 },
	{ .off = 15, .size = 17 }, { .off = 32, .size = 8, .pointer = true, .target = 0 },
	{ .off = 40, .size = 32 }, { .off = 72, .size = 4 },
};
static const struct verify_type kit_types[] = {
	{ "conn", kit_conn, sizeof(kit_conn) / sizeof(kit_conn[0]) },
	{ "query", kit_query, sizeof(kit_query) / sizeof(kit_query[0]) },
};
static const struct verify_arg kit_args[] = {
	{ .pointer = true, .target = 1 }, { .pointer = true, .target = 0 }, { .pointer = false }, { .pointer = false },
};

#define KIT_MAX_INSNS 65536
#define KIT_MAX_MAPS  64

/* One program of an object and all that it calls. */
struct kit_program {
	const struct object *o;
	struct bpf_insn insns[KIT_MAX_INSNS];
	uint32_t nr;
	struct verify_map maps[KIT_MAX_MAPS];
	uint32_t place[1024], order[1024], nr_order;
	struct verify_input in;
};

static inline void kit_add(struct kit_program *p, uint32_t function)
{
	const struct function *f = &p->o->functions[function];

	if (p->place[function] != UINT32_MAX)
		return;
	if (function >= 1024 || p->nr + f->nr_insns > KIT_MAX_INSNS) {
		fprintf(stderr, "%s is too large for the kit\n", f->name);
		exit(2);
	}
	p->place[function] = p->nr;
	memcpy(p->insns + p->nr, f->insns, f->nr_insns * sizeof(*f->insns));
	p->nr += f->nr_insns;
	p->order[p->nr_order++] = function;
}

static inline const char *kit_where(void *ctx, uint32_t insn, char *buf, size_t size)
{
	const struct kit_program *p = ctx;
	const char *source;
	uint32_t k;

	for (k = p->nr_order; k-- > 0;)
		if (p->place[p->order[k]] <= insn) {
			const struct function *f = &p->o->functions[p->order[k]];
			char at[120];

			function_where(p->o, f, insn - p->place[p->order[k]], at, sizeof(at), &source);
			snprintf(buf, size, "%s: %s", at, source);
			return buf;
		}
	return NULL;
}

static inline void kit_link(struct kit_program *p, const struct object *o, uint32_t function)
{
	uint32_t i, k;

	p->o = o;
	p->nr = p->nr_order = 0;
	memset(p->place, 0xff, sizeof(p->place));
	kit_add(p, function);
	for (i = 0; i < p->nr_order; i++) {
		const struct function *f = &o->functions[p->order[i]];

		for (k = 0; k < f->nr_relocs; k++)
			if (f->relocs[k].kind == RELOC_CALL || f->relocs[k].kind == RELOC_FUNC)
				kit_add(p, f->relocs[k].target);
	}
	for (i = 0; i < p->nr_order; i++) {
		const struct function *f = &o->functions[p->order[i]];
		uint32_t at = p->place[p->order[i]];

		for (k = 0; k < f->nr_relocs; k++) {
			const struct reloc *r = &f->relocs[k];
			struct bpf_insn *x = &p->insns[at + r->insn];

			switch (r->kind) {
			case RELOC_CALL:
			case RELOC_FUNC:
				x->src_reg = r->kind == RELOC_CALL ? BPF_PSEUDO_CALL : BPF_PSEUDO_FUNC;
				x->imm = (int32_t)(p->place[r->target] - (at + r->insn + 1));
				if (r->kind == RELOC_FUNC)
					x[1].imm = 0;
				break;
			case RELOC_MAP:
			case RELOC_DATA:
				x->src_reg = r->kind == RELOC_MAP ? BPF_PSEUDO_MAP_FD : BPF_PSEUDO_MAP_VALUE;
				x->imm = (int32_t)r->target;
				x[1].imm = r->kind == RELOC_MAP ? 0 : (int32_t)r->addend;
				break;
			default:
				fprintf(stderr, "%s: a relocation of kind %d\n", f->name, r->kind);
				exit(2);
			}
		}
	}
	for (i = 0; i < o->nr_maps && i < KIT_MAX_MAPS; i++) {
		const struct map_def *m = &o->maps[i];

		p->maps[i] = (struct verify_map){ .name = m->name, .type = m->type, .key_size = m->key_size,
			                          .value_size = m->value_size, .max_entries = m->max_entries,
			                          .flags = m->flags,
			                          .frozen = m->source == MAP_RODATA ? m->data : NULL,
			                          .read_only = m->source == MAP_RODATA };
	}
	p->in = (struct verify_input){ .name = o->functions[function].name, .insns = p->insns, .nr_insns = p->nr,
		                       .args = kit_args, .nr_args = 4, .types = kit_types, .nr_types = 2,
		                       .maps = p->maps, .nr_maps = o->nr_maps, .where = kit_where, .where_ctx = p };
}

#endif
