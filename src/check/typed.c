/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Loads through pointers that the kernel's verifier knows the type of, judged as it does
 * (kernel/bpf/btf.c, btf_struct_access): the bytes must lie in one member, a pointer is
 * loaded whole and keeps its type, an array of the struct's own is one member, a flexible
 * array at the end goes on. What may be NULL is said by the kernel's own tables, which
 * are in BTF (struct NAME__safe_rcu_or_null and its like).
 */
#include <linux/btf.h>
#include <stdio.h>
#include <string.h>

#include "analyze/insn.h"
#include "check/program.h"

#define DEPTH 24

static bool spelled(char *why, size_t size, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
static bool spelled(char *why, size_t size, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(why, size, fmt, ap);
	va_end(ap);
	return false;
}

/* Elements of arrays of arrays: how many in all, of which type and size. */
static bool linear(const struct btf_data *b, uint32_t id, uint32_t *elem, uint64_t *size, uint64_t *nr, uint32_t *raw)
{
	struct btf_info t;
	uint32_t index, n;
	int64_t bytes;
	int depth;

	*nr = 1;
	*raw = id;
	*elem = core_strip(b, id, &t);
	for (depth = 0; *elem && t.kind == BTF_KIND_ARRAY; depth++) {
		if (depth == 8 || !btf_array(b, &t, raw, &index, &n) || (n && *nr > UINT32_MAX / n))
			return false;
		*nr *= n;
		*elem = core_strip(b, *raw, &t);
	}
	bytes = *elem ? btf_sizeof(b, *elem) : -1;
	*size = (uint64_t)bytes;
	return bytes >= 0;
}

/* Which of the kernel's lists of safe members has @member of @type. */
static bool listed(struct check_kernel *k, const char *type, const char *list, const char *member)
{
	struct btf_field m;
	char name[128];
	uint32_t id;

	snprintf(name, sizeof(name), "%s__%s", type, list);
	id = btf_find(k->btf, BTF_KIND_STRUCT, name);
	return id && kernel_member(k->btf, id, member, &m);
}

static void pointer(struct check_kernel *k, const struct cell *base, const char *member, const struct btf_info *target,
		    struct typed_result *out)
{
	struct btf_info t;
	const char *type;

	out->kind = TYPED_POINTER;
	out->type = target->id;
	if (!base->trusted || !core_strip(k->btf, base->type, &t))
		return;
	type = t.name; /* of the pointer, also for members of structs inside of it */
	if (listed(k, type, "safe_rcu_or_null", member) || listed(k, type, "safe_trusted_or_null", member))
		out->nullable = out->trusted = true;
	else
		out->trusted = listed(k, type, "safe_rcu", member) || listed(k, type, "safe_trusted", member);
}

/* The struct's last member is an array without a size: where in an element the bytes lie. */
static bool behind_end(const struct check_kernel *k, const struct btf_info *t, uint64_t *off, uint32_t *next, bool *scalar)
{
	const struct btf_data *b = k->btf;
	struct btf_info mt;
	struct btf_field m;
	uint32_t elem, index, n;
	int64_t size;

	if (!t->vlen || !btf_field_at(b, t, t->vlen - 1, &m) || !core_strip(b, m.type, &mt) ||
	    !btf_array(b, &mt, &elem, &index, &n) || n || *off < m.bit_off / 8)
		return false;
	*next = core_strip(b, elem, &mt);
	if (!*next)
		return false;
	*scalar = mt.kind == BTF_KIND_INT && kernel_has_helper(k, HELPER_OF_6_2);
	size = btf_sizeof(b, *next);
	if (*scalar)
		return true;
	if (!core_is_composite(&mt) || size <= 0)
		return false;
	*off = (*off - m.bit_off / 8) % (uint64_t)size;
	return true;
}

enum member_result { MEMBER_ON, MEMBER_DONE, MEMBER_INTO, MEMBER_STOP };

/* One member against [off, off+size). INTO: *next and *off are those of the struct inside. */
static enum member_result member(struct check_kernel *k, const struct cell *base, const struct btf_info *t,
				 const struct btf_field *m, uint64_t *off, uint32_t size, uint32_t *next,
				 struct typed_result *out)
{
	const struct btf_data *b = k->btf;
	uint64_t from = m->bit_off / 8, bytes, nr, end, true_end;
	uint32_t elem, raw;
	struct btf_info mt, pt;

	if (*off + size <= from)
		return MEMBER_STOP;
	if (m->bit_size) {
		end = ((uint64_t)m->bit_off + m->bit_size + 7) / 8;
		if (*off <= from && end <= *off + size) {
			out->kind = TYPED_SCALAR;
			return MEMBER_DONE;
		}
		return MEMBER_ON;
	}
	if (*off < from)
		return MEMBER_STOP;
	if (!linear(b, m->type, &elem, &bytes, &nr, &raw) || !btf_get(b, elem, &mt)) {
		spelled(out->why, sizeof(out->why), "member %s of %s has no size", m->name, t->name);
		return MEMBER_DONE;
	}
	true_end = from + bytes * nr;
	if (*off >= true_end)
		return MEMBER_ON;
	if (raw != m->type && bytes)
		from += (*off - from) / bytes * bytes;
	if (core_is_composite(&mt)) {
		/* up to 6.1 an array's element that is a typedef was not looked into */
		if (raw != m->type && btf_get(b, raw, &pt) && pt.kind == BTF_KIND_TYPEDEF && k->has_helpers &&
		    !kernel_has_helper(k, HELPER_OF_6_2)) {
			spelled(out->why, sizeof(out->why), "%s cannot look into the array %s, whose type is a typedef", k->name,
				m->name);
			return MEMBER_DONE;
		}
		*next = elem;
		*off -= from;
		return MEMBER_INTO;
	}
	if (mt.kind == BTF_KIND_PTR) {
		if (size != bytes || *off != from) {
			spelled(out->why, sizeof(out->why), "the pointer %s of struct %s is at %llu, and %u bytes at %llu are read",
				m->name, t->name, (unsigned long long)from, size, (unsigned long long)*off);
			return MEMBER_DONE;
		}
		if (core_strip(b, mt.type, &pt) && !core_is_composite(&pt)) {
			/* from 6.17 on, memory that may be read: what came with it is bpf_strcmp */
			out->kind = kernel_has_function(k, "bpf_strcmp") ? TYPED_MEMORY : TYPED_NUMBER;
			return MEMBER_DONE;
		}
		if (pt.id) {
			pointer(k, base, m->name, &pt, out);
			return MEMBER_DONE;
		}
	}
	if (*off + size > true_end)
		spelled(out->why, sizeof(out->why), "%u bytes at %llu reach beyond member %s of struct %s, which ends at %llu", size,
			(unsigned long long)*off, m->name, t->name, (unsigned long long)true_end);
	else
		out->kind = TYPED_SCALAR;
	return MEMBER_DONE;
}

void typed_access(struct check_kernel *k, const struct cell *base, int32_t offset, uint32_t size, struct typed_result *out)
{
	uint64_t off = (uint64_t)(int64_t)offset;
	uint32_t id = base->type, next = 0, i;
	enum member_result r = MEMBER_ON;
	struct btf_info t;
	struct btf_field m;
	bool scalar;
	int depth;

	*out = (struct typed_result){ .kind = TYPED_REFUSED };
	for (depth = 0; depth < DEPTH; depth++) {
		if (!core_strip(k->btf, id, &t) || !core_is_composite(&t)) {
			spelled(out->why, sizeof(out->why), "the pointer is to no struct");
			return;
		}
		if (offset < 0 || off + size > t.size) {
			if (offset >= 0 && behind_end(k, &t, &off, &id, &scalar)) {
				if (!scalar)
					continue;
				out->kind = TYPED_SCALAR;
				return;
			}
			spelled(out->why, sizeof(out->why), "%u bytes at %d lie beyond struct %s, which has %u", size, (int)off,
				*t.name ? t.name : "(anonymous)", t.size);
			return;
		}
		r = MEMBER_STOP;
		for (i = 0; i < t.vlen && btf_field_at(k->btf, &t, i, &m); i++) {
			r = member(k, base, &t, &m, &off, size, &next, out);
			if (r != MEMBER_ON)
				break;
		}
		if (r == MEMBER_DONE)
			return;
		if (r != MEMBER_INTO)
			break;
		id = next;
	}
	spelled(out->why, sizeof(out->why), "struct %s has no member at %d", *t.name ? t.name : "(anonymous)", (int)off);
}

bool typed_load(void *program, const struct cell *base, int32_t off, uint32_t size, struct cell *out)
{
	struct program *p = program;
	struct typed_result r;

	typed_access(p->x->kernel, base, off, size, &r);
	if (r.kind == TYPED_MEMORY || r.kind == TYPED_NUMBER) {
		*out = cell_kind(r.kind == TYPED_MEMORY ? CELL_OTHER : CELL_ADDRESS);
		return true;
	}
	if (r.kind != TYPED_POINTER)
		return false;
	*out = (struct cell){ .kind = CELL_KERNEL, .type = r.type, .nullable = r.nullable, .trusted = r.trusted };
	return true;
}

/* "se.vruntime" at byte @off of a struct; false when nothing lies there. */
static bool path_at(const struct btf_data *b, uint32_t id, uint64_t off, char *buf, size_t size)
{
	struct btf_info t, mt;
	struct btf_field m;
	uint64_t bytes, nr;
	uint32_t elem, raw, i;
	size_t at = 0;
	int depth;

	*buf = 0;
	for (depth = 0; depth < 8 && core_strip(b, id, &t) && core_is_composite(&t); depth++) {
		for (i = 0; i < t.vlen && btf_field_at(b, &t, i, &m); i++) {
			if (!linear(b, m.type, &elem, &bytes, &nr, &raw) || off < m.bit_off / 8 || off >= m.bit_off / 8 + bytes * nr)
				continue;
			break;
		}
		if (i == t.vlen)
			return at != 0;
		if (*m.name && at < size)
			at += (size_t)snprintf(buf + at, size - at, "%s%s", at ? "." : "", m.name);
		off -= m.bit_off / 8;
		if (bytes)
			off %= bytes;
		if (!btf_get(b, elem, &mt) || !core_is_composite(&mt))
			return true;
		id = elem;
	}
	return at != 0;
}

void layout_check(struct program *p, const struct function *f, uint32_t insn, uint32_t type, int32_t off)
{
	struct btf_data *own = p->x->object->btf;
	char there[96], here[96], what[128];
	struct btf_info t;
	uint32_t mine;

	if (!core_strip(p->x->kernel->btf, type, &t) || !*t.name)
		return;
	snprintf(what, sizeof(what), "offset %d of struct %s", off, t.name);
	if (off < 0 || !path_at(p->x->kernel->btf, type, (uint64_t)off, there, sizeof(there)))
		snprintf(there, sizeof(there), "nothing");
	mine = own ? btf_find(own, BTF_KIND_STRUCT, t.name) : 0;
	if (!mine || off < 0 || !path_at(own, mine, (uint64_t)off, here, sizeof(here)))
		finding_add(p, FIND_LAYOUT, SEV_UNKNOWN, f, insn, what,
			    "a hard-coded offset, without a CO-RE record: %s lies there on %s", there, p->x->kernel->name);
	else if (strcmp(here, there))
		finding_add(p, FIND_LAYOUT, SEV_WRONG, f, insn, what,
			    "a hard-coded offset: the program means %s, and on %s %s lies there", here, p->x->kernel->name, there);
	else
		finding_add(p, FIND_LAYOUT, SEV_FINE, f, insn, what, "a hard-coded offset; %s lies there on %s too", there,
			    p->x->kernel->name);
	if (instead_of_field(p->x, t.name, mine && *here ? here : there, what, sizeof(what)))
		finding_instead(p, "%s", what);
}

void typed_check(struct program *p, const struct function *f, uint32_t insn, const struct flow_insn *i,
		const struct cell *base)
{
	int64_t off = (int64_t)base->off + i->i.off;
	struct typed_result r;
	struct btf_info t = { .name = "" };
	char what[128];

	core_strip(p->x->kernel->btf, base->type, &t);
	snprintf(what, sizeof(what), "load through struct %s *", t.name);
	if (base->nullable) {
		finding_add(p, FIND_ARGUMENT, SEV_FAILS, f, insn, what, "%s wants this pointer tested for NULL first",
			    p->x->kernel->name);
		return;
	}
	if (!license_is_gpl(p->x->object->license) && kernel_is_at_least(p->x->kernel, 6, 2)) {
		finding_add(p, FIND_POINTER, SEV_FAILS, f, insn, what, "only programs under the GPL may");
		return;
	}
	if (base->loose || (i->core && i->core->state != CORE_VALUE))
		return;
	typed_access(p->x->kernel, base, (int32_t)off, insn_size(&i->i), &r);
	if (r.kind == TYPED_REFUSED) {
		finding_add(p, FIND_POINTER, SEV_FAILS, f, insn, i->core ? i->core->what : what, "%s", r.why);
		return;
	}
	if (!i->core && !base->core && (off || base->fixed))
		layout_check(p, f, insn, base->type, (int32_t)off);
}

/* Does @inner begin, at offset 0, inside of @outer, or is it the same by name? */
bool typed_begins_with(const struct btf_data *b, uint32_t outer, const char *inner)
{
	struct btf_info t;
	struct btf_field m;
	int depth;

	for (depth = 0; depth < 8 && core_strip(b, outer, &t) && core_is_composite(&t); depth++) {
		if (!strcmp(t.name, inner))
			return true;
		if (!btf_field_at(b, &t, 0, &m))
			return false;
		outer = m.type;
	}
	return false;
}

void believed_check(struct program *p, const struct function *f, uint32_t insn, uint32_t root, const struct cell *base)
{
	struct btf_info here, there;
	char mine[96], what[128];
	uint32_t other;

	if ((base->kind != CELL_KERNEL && base->kind != CELL_ADDRESS) || base->off || base->loose || !base->type)
		return;
	if (!root || !core_strip(p->x->object->btf, root, &here) ||
	    !core_strip(p->x->kernel->btf, base->type, &there) || !*here.name || !*there.name)
		return;
	snprintf(mine, sizeof(mine), "%.*s", (int)btf_essential(here.name), here.name);
	other = btf_find(p->x->kernel->btf, here.kind, mine);
	if (typed_begins_with(p->x->kernel->btf, base->type, mine) || (other && typed_begins_with(p->x->kernel->btf, other, there.name)))
		return;
	snprintf(what, sizeof(what), "pointer to struct %s", mine);
	finding_add(p, FIND_ARGUMENT, SEV_WRONG, f, insn, what, "on %s it is a pointer to struct %s", p->x->kernel->name,
		    there.name);
}

bool typed_helper(void *program, int32_t helper, struct cell *out)
{
	static const struct {
		int32_t helper;
		enum cell_kind kind;
		const char *type;
		bool nullable, trusted;
	} list[] = {
		{ 35, CELL_ADDRESS, "task_struct", false, false },  { 158, CELL_KERNEL, "task_struct", false, true },
		{ 136, CELL_KERNEL, "tcp6_sock", true, true },      { 137, CELL_KERNEL, "tcp_sock", true, true },
		{ 138, CELL_KERNEL, "tcp_timewait_sock", true, true }, { 139, CELL_KERNEL, "tcp_request_sock", true, true },
		{ 140, CELL_KERNEL, "udp6_sock", true, true },      { 162, CELL_KERNEL, "socket", true, true },
		{ 178, CELL_KERNEL, "unix_sock", true, true },      { 196, CELL_KERNEL, "mptcp_sock", true, true },
		{ 175, CELL_KERNEL, "pt_regs", false, true },
	};
	struct program *p = program;
	size_t i;

	for (i = 0; i < sizeof(list) / sizeof(list[0]); i++) {
		if (list[i].helper != helper)
			continue;
		*out = (struct cell){ .kind = (uint8_t)list[i].kind, .nullable = list[i].nullable, .trusted = list[i].trusted };
		out->type = btf_find(p->x->kernel->btf, BTF_KIND_STRUCT, list[i].type);
		return out->type != 0;
	}
	return false;
}
