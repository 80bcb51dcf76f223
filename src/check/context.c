/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Loads from the context. In: an offset that a compiler wrote down. Out: what lies there on
 * the target, as a value for the walk, and findings where it is not what the program
 * means. Arguments are counted and typed by the target's prototype; a tracepoint's record
 * is compared member by member with the struct that the program declares for its context.
 */
#include <linux/btf.h>
#include <stdio.h>
#include <string.h>

#include "analyze/insn.h"
#include "check/program.h"

/* Type of the argument that 8-byte word @slot of the context holds, 0 when none does. */
static uint32_t argument(const struct program *p, uint32_t slot, uint32_t *index)
{
	const struct btf_data *b = p->x->kernel->btf;
	struct btf_info t;
	struct btf_arg a;
	uint32_t i, at = 0;
	int64_t size;

	if (!p->proto || !btf_get(b, p->proto, &t))
		return 0;
	for (i = p->skip; i < t.vlen && btf_arg_at(b, &t, i, &a); i++) {
		size = a.type ? btf_sizeof(b, a.type) : 0;
		if (at == slot && size <= 8) {
			*index = i - p->skip;
			return a.type;
		}
		at += size > 8 ? (uint32_t)((size + 7) / 8) : 1;
	}
	*index = UINT32_MAX;
	return p->returns && at == slot ? t.type : 0;
}

/* Which argument of a probed function a member of pt_regs holds, by the machine's calling convention. */
static bool register_slot(const struct program *p, int32_t off, uint32_t *slot)
{
	static const char *const x86[] = { "di", "si", "dx", "cx", "r8", "r9" };
	const struct btf_data *b = p->x->kernel->btf;
	struct btf_field m;
	uint32_t i, first = 0;

	if (!p->record || off < 0)
		return false;
	for (i = 0; i < sizeof(x86) / sizeof(x86[0]); i++)
		if (kernel_member(b, p->record, x86[i], &m) && m.bit_off == (uint32_t)off * 8) {
			*slot = i;
			return true;
		}
	if (kernel_member(b, p->record, "gprs", &m))
		first = 2; /* s390: r2 holds the first */
	else if (!kernel_member(b, p->record, "regs", &m))
		return false;
	if ((uint32_t)off * 8 < m.bit_off + first * 64 || off % 8)
		return false;
	*slot = ((uint32_t)off * 8 - m.bit_off) / 64 - first;
	return *slot < (first ? 5 : 8);
}

bool context_load(void *program, int32_t off, uint32_t size, struct cell *out)
{
	struct program *p = program;
	const struct btf_data *b = p->x->kernel->btf;
	uint32_t slot, index = 0, type;
	struct btf_info t, to;

	if (!p->def || size != 8 || off < 0 || off % 8)
		return false;
	slot = (uint32_t)off / 8;
	if (p->def->context == CONTEXT_REGS && !register_slot(p, off, &slot))
		return false;
	if (p->def->context != CONTEXT_REGS && p->def->context != CONTEXT_ARGS && p->def->context != CONTEXT_NUMBERS)
		return false;
	type = argument(p, slot, &index);
	if (!type || !core_strip(b, type, &t))
		return false;
	if (t.kind != BTF_KIND_PTR || !core_strip(b, t.type, &to) || !core_is_composite(&to)) {
		/* no address as far as the verifier goes */
		*out = cell_kind(CELL_ADDRESS);
		return p->def->context == CONTEXT_ARGS;
	}
	*out = (struct cell){ .kind = CELL_ADDRESS, .type = to.id };
	if (p->def->context != CONTEXT_ARGS)
		return true;
	out->kind = CELL_KERNEL;
	out->trusted = p->trusted;
	out->nullable = index < 64 && (p->nullable >> index & 1);
	return true;
}

/* The struct that the program declares its context to be, in its own BTF. */
static uint32_t own_context(const struct program *p)
{
	const struct btf_data *own = p->x->object->btf;
	struct btf_info t;
	struct btf_arg a;

	if (!own || !p->f->btf_id || !btf_get(own, p->f->btf_id, &t) || t.kind != BTF_KIND_FUNC ||
	    !btf_get(own, t.type, &t) || !btf_arg_at(own, &t, 0, &a) || !core_strip(own, a.type, &t) ||
	    t.kind != BTF_KIND_PTR)
		return 0;
	return core_strip(own, t.type, &t) && t.kind == BTF_KIND_STRUCT ? t.id : 0;
}

/* The member that holds byte @off, named members of nested anonymous structs included. */
static bool member_at(const struct btf_data *b, uint32_t id, uint32_t off, struct btf_field *out, uint32_t *bytes)
{
	struct btf_info t;
	struct btf_field m;
	uint32_t i, base = 0;
	int64_t size = 0;
	int depth;

	for (depth = 0; depth < 8 && core_strip(b, id, &t) && core_is_composite(&t); depth++) {
		for (i = 0; i < t.vlen && btf_field_at(b, &t, i, &m); i++) {
			size = btf_sizeof(b, m.type);
			if (size >= 0 && off >= base + m.bit_off / 8 && off < base + m.bit_off / 8 + (uint64_t)size)
				break;
		}
		if (i == t.vlen)
			return false;
		if (*m.name) {
			*out = m;
			out->bit_off += base * 8;
			*bytes = (uint32_t)size;
			return true;
		}
		base += m.bit_off / 8;
		id = m.type;
	}
	return false;
}

/* End of the last member that has a size: what is behind it belongs to the strings. */
static uint32_t record_end(const struct btf_data *b, uint32_t id)
{
	struct btf_info t;
	struct btf_field m;
	uint32_t i, end = 0;
	int64_t size;

	if (core_strip(b, id, &t))
		for (i = 0; i < t.vlen && btf_field_at(b, &t, i, &m); i++) {
			size = btf_sizeof(b, m.type);
			if (size > 0 && m.bit_off / 8 + (uint64_t)size > end)
				end = m.bit_off / 8 + (uint32_t)size;
		}
	return end;
}

#define COMMON 8 /* bytes of struct trace_entry, the same since 2.6.31 */

/* Nothing in the object says what the program wants there: a member, whole or in parts, is taken for it. */
static void check_bare(struct program *p, const struct function *f, uint32_t insn, const char *what, uint32_t off, uint32_t size,
		       const struct btf_field *there, uint32_t bytes)
{
	uint32_t at = there->bit_off / 8;

	if (off + size <= at + bytes)
		finding_add(p, FIND_CONTEXT, SEV_FINE, f, insn, what, "a hard-coded offset: %s lies there on %s", there->name,
			    p->x->kernel->name);
	else
		finding_add(p, FIND_CONTEXT, SEV_WRONG, f, insn, what, "a hard-coded offset: %s lies there on %s, and ends before",
			    there->name, p->x->kernel->name);
	finding_value(p, "%s at %u, %u bytes", there->name, at, bytes);
}

static void check_record(struct program *p, const struct function *f, uint32_t insn, uint32_t off, uint32_t size)
{
	const struct btf_data *own = p->x->object->btf;
	struct check_kernel *k = p->x->kernel;
	uint32_t mine = own_context(p), record = p->record, bytes, here_bytes;
	struct btf_field m, there;
	struct btf_info t = { .name = "" };
	char what[128], name[128];

	if (mine)
		btf_get(own, mine, &t);
	/* events of one class share its record; the program's declaration names the class */
	if (!record && !strncmp(t.name, "trace_event_raw_", 16)) {
		snprintf(name, sizeof(name), "%.*s", (int)btf_essential(t.name), t.name);
		record = btf_find(k->btf, BTF_KIND_STRUCT, name);
	}
	if (off + size <= COMMON)
		return;
	snprintf(what, sizeof(what), "bytes %u to %u of %s", off, off + size - 1, p->of ? p->of : "the context");
	if (!record) {
		finding_add(p, FIND_CONTEXT, SEV_UNKNOWN, f, insn, what, "BTF of %s does not tell the record's layout", k->name);
		return;
	}
	if (off + size > record_end(k->btf, record)) {
		finding_add(p, FIND_CONTEXT, SEV_FAILS, f, insn, what, "the record ends at %u on %s", record_end(k->btf, record),
			    k->name);
		return;
	}
	if (!mine || !member_at(own, mine, off, &m, &here_bytes)) {
		if (member_at(k->btf, record, off, &there, &bytes))
			check_bare(p, f, insn, what, off, size, &there, bytes);
		else
			finding_add(p, FIND_CONTEXT, SEV_WRONG, f, insn, what, "nothing lies there on %s", k->name);
		return;
	}
	snprintf(what, sizeof(what), "%s of %s", m.name, p->of ? p->of : "the context");
	if (kernel_member(k->btf, record, m.name, &there)) {
		bytes = (uint32_t)btf_sizeof(k->btf, there.type);
		if (there.bit_off != m.bit_off)
			finding_add(p, FIND_CONTEXT, SEV_WRONG, f, insn, what, "read at %u; it is at %u on %s", m.bit_off / 8,
				    there.bit_off / 8, k->name);
		else if (bytes != here_bytes)
			finding_add(p, FIND_CONTEXT, SEV_WRONG, f, insn, what, "read as %u bytes; it has %u on %s", here_bytes, bytes,
				    k->name);
		else
			finding_add(p, FIND_CONTEXT, SEV_FINE, f, insn, what, "at %u on %s too", m.bit_off / 8, k->name);
		finding_value(p, "%u, %u bytes", there.bit_off / 8, bytes);
		return;
	}
	if (member_at(k->btf, record, off, &there, &bytes))
		finding_add(p, FIND_CONTEXT, SEV_WRONG, f, insn, what, "there is no %s on %s; %s lies at %u", m.name, k->name,
			    there.name, off);
	else
		finding_add(p, FIND_CONTEXT, SEV_WRONG, f, insn, what, "there is no %s on %s", m.name, k->name);
}

static void check_regs(struct program *p, const struct function *f, uint32_t insn, uint32_t off, uint32_t size)
{
	const struct btf_data *own = p->x->object->btf;
	struct check_kernel *k = p->x->kernel;
	uint32_t mine = own_context(p), a, b;
	struct btf_field here, there;
	struct btf_info t;

	if (p->record && btf_get(k->btf, p->record, &t) && off + size > t.size)
		finding_add(p, FIND_CONTEXT, SEV_FAILS, f, insn, "struct pt_regs", "%u bytes at %u lie beyond it on %s", size, off,
			    k->name);
	if (!mine || !p->record || !member_at(own, mine, off, &here, &a))
		return;
	if (!member_at(k->btf, p->record, off, &there, &b) || a != b)
		finding_add(p, FIND_CONTEXT, SEV_WRONG, f, insn, "struct pt_regs",
			    "%s is read, and %s has other registers: built for another machine", here.name, k->name);
}

/* Members of a UAPI mirror that the program type may not read (net/core/filter.c). */
static void check_mirror(struct program *p, const struct function *f, uint32_t insn, uint32_t off)
{
	static const struct {
		const char *prog_type, *section, *member;
	} closed[] = {
		{ "SOCKET_FILTER", NULL, "tc_classid" }, { "SOCKET_FILTER", NULL, "data" },     { "SOCKET_FILTER", NULL, "data_meta" },
		{ "SOCKET_FILTER", NULL, "data_end" },   { "SOCKET_FILTER", NULL, "tstamp" },   { "SOCKET_FILTER", NULL, "wire_len" },
		{ "SOCKET_FILTER", NULL, "hwtstamp" },   { "XDP", "xdp/devmap", "egress_ifindex" },
	};
	struct btf_field m;
	char what[128];
	uint32_t bytes;
	size_t i;

	if (!member_at(p->x->kernel->btf, p->record, off, &m, &bytes))
		return;
	for (i = 0; i < sizeof(closed) / sizeof(closed[0]); i++) {
		if (strcmp(closed[i].prog_type, p->def->prog_type) || strcmp(closed[i].member, m.name))
			continue;
		if (closed[i].section && !strcmp(closed[i].section, p->def->prefix))
			continue;
		snprintf(what, sizeof(what), "%s of struct %s", m.name, p->def->mirror);
		finding_add(p, FIND_CONTEXT, SEV_FAILS, f, insn, what, "programs of this kind may not read it");
	}
}

/* One typed argument: what the verifier makes of its type and of the load's width. */
static void check_argument(struct program *p, const struct function *f, uint32_t insn, uint32_t slot, uint32_t size)
{
	struct check_kernel *k = p->x->kernel;
	struct btf_info t, to;
	uint32_t index = 0, type = argument(p, slot, &index);
	char what[128], spelled[96];

	if (!type || !core_strip(k->btf, type, &t) || t.kind != BTF_KIND_PTR)
		return;
	snprintf(what, sizeof(what), "argument %u of %s", index + 1, p->of);
	btf_spell(k->btf, type, spelled, sizeof(spelled));
	if (!btf_get(k->btf, btf_strip(k->btf, t.type, true), &to))
		return;
	if (to.kind == BTF_KIND_UNKN)
		return;
	if (to.kind == BTF_KIND_INT && !kernel_has_helper(k, HELPER_OF_5_12) && k->has_helpers) {
		finding_add(p, FIND_ARGUMENT, SEV_FAILS, f, insn, what, "%s lets no program load a %s", k->name, spelled);
	} else if (to.kind != BTF_KIND_INT && !core_is_composite(&to)) {
		uint32_t first, last;

		kernel_versions(k, &first, &last);
		/* pointers to pointers: not with 6.18, with 7.3; which release began is not known */
		if (to.kind == BTF_KIND_PTR && first >= (7 << 16 | 3 << 8))
			finding_add(p, FIND_ARGUMENT, SEV_FINE, f, insn, what, "%s lets programs load a %s", k->name, spelled);
		else if (last >= (6 << 16 | 19 << 8))
			finding_add(p, FIND_ARGUMENT, SEV_UNKNOWN, f, insn, what, "not every kernel like %s lets a program load a %s",
				    k->name, spelled);
		else
			finding_add(p, FIND_ARGUMENT, SEV_FAILS, f, insn, what, "%s lets no program load a %s", k->name, spelled);
	} else if (size != 8 && btf_find(k->btf, BTF_KIND_STRUCT, "bpf_raw_tp_null_args")) {
		finding_add(p, FIND_ARGUMENT, SEV_FAILS, f, insn, what, "it is a pointer, and %u bytes of it are read", size);
	}
}

void context_store(struct program *p, const struct function *f, uint32_t insn, uint32_t size, int32_t off)
{
	struct btf_field m;
	uint32_t bytes;

	if (p->def->context == CONTEXT_OPAQUE || strstr(p->def->prefix, ".w"))
		return;
	if (p->def->context == CONTEXT_MIRROR &&
	    (strcmp(p->def->prog_type, "SOCKET_FILTER") || !p->record || off < 0 ||
	     (member_at(p->x->kernel->btf, p->record, (uint32_t)off, &m, &bytes) && !strcmp(m.name, "cb"))))
		return;
	finding_add(p, FIND_CONTEXT, SEV_FAILS, f, insn, "store to the context", "%u bytes at %d may not be written", size, off);
}

void context_check(struct program *p, const struct function *f, uint32_t insn, const struct flow_insn *i, int32_t off)
{
	uint32_t size = insn_size(&i->i), slot;
	char what[128];
	struct btf_info t;

	if (!p->def || off < 0)
		return;
	if (i->core && (p->def->context == CONTEXT_RECORD || i->core->state != CORE_VALUE))
		return;
	slot = (uint32_t)off / 8;
	switch (p->def->context) {
	case CONTEXT_ARGS:
	case CONTEXT_NUMBERS:
		if ((uint32_t)off % size) {
			finding_add(p, FIND_CONTEXT, SEV_FAILS, f, insn, "context", "%u bytes at %d are not aligned", size, off);
			return;
		}
		/* a module's event without BTF has one argument, or more */
		if ((!p->proto && (!p->x->kernel->module || !slot)) || slot < p->slots) {
			if (p->proto && p->def->context == CONTEXT_ARGS)
				check_argument(p, f, insn, slot, size);
			return;
		}
		snprintf(what, sizeof(what), "argument %u of %s", slot + 1, p->of);
		if (!p->proto) {
			finding_add(p, FIND_ARGUMENT, SEV_UNKNOWN, f, insn, what, "no BTF tells how many it has on %s", p->x->kernel->name);
			return;
		}
		finding_add(p, FIND_ARGUMENT, SEV_FAILS, f, insn, what, "it has %u argument%s on %s", p->slots, p->slots == 1 ? "" : "s", p->x->kernel->name);
		return;
	case CONTEXT_RECORD:
		check_record(p, f, insn, (uint32_t)off, size);
		return;
	case CONTEXT_REGS:
		check_regs(p, f, insn, (uint32_t)off, size);
		return;
	case CONTEXT_MIRROR:
		if (!p->record || !btf_get(p->x->kernel->btf, p->record, &t))
			return;
		check_mirror(p, f, insn, (uint32_t)off);
		if ((uint32_t)off + size <= t.size)
			return;
		snprintf(what, sizeof(what), "bytes %d to %u of struct %s", off, (uint32_t)off + size - 1, t.name);
		finding_add(p, FIND_CONTEXT, SEV_FAILS, f, insn, what, "it has %u on %s", t.size, p->x->kernel->name);
		return;
	case CONTEXT_OPAQUE:
		return;
	}
}
