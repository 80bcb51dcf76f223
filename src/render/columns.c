/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The columns of a key, a value or a row. In: a BTF type. Out: its members in order,
 * structs within structs flattened, each with what it is: by decl tag, else by the name
 * of its typedef, else by its shape. Members that begin with "__" are left out, of a
 * union all but the first member. Refused: members that lie outside the value.
 */
#include <errno.h>
#include <linux/btf.h>
#include <stdlib.h>
#include <string.h>

#include "render/plan.h"

#define MAX_COLUMNS 512
#define MAX_DEPTH   8

static const struct known {
	const char *name;
	enum kind kind;
	const char *unit;
} known[] = {
	{ "syscall_nr", KIND_SYSCALL, "" },
	{ "gadget_syscall", KIND_SYSCALL, "" },
	{ "errno_nr", KIND_ERRNO, "" },
	{ "gadget_errno", KIND_ERRNO, "" },
	{ "signal_nr", KIND_SIGNAL, "" },
	{ "gadget_signal", KIND_SIGNAL, "" },
	{ "wait_status", KIND_WAIT, "" },
	{ "dev_nr", KIND_DEV, "" },
	{ "ip4_addr", KIND_IP4, "" },
	{ "ipv4_addr", KIND_IP4, "" },
	{ "ip6_addr", KIND_IP6, "" },
	{ "ipv6_addr", KIND_IP6, "" },
	{ "__be32", KIND_IP4, "" },
	{ "be16_port", KIND_PORT, "" },
	{ "ether_proto", KIND_BE, "" },
	{ "__be16", KIND_BE, "" },
	{ "__be64", KIND_BE, "" },
	{ "ktime_ns", KIND_CLOCK, "" },
	{ "gadget_timestamp", KIND_CLOCK, "" },
	{ "user_code", KIND_CODE, "" },
	{ "duration", KIND_UINT, "ns" },
	{ "gadget_duration", KIND_UINT, "ns" },
	{ "duration_ns", KIND_UINT, "ns" },
	{ "gadget_bytes", KIND_UINT, "bytes" },
};

/* Does a kind of that size exist? An address of 3 bytes is none. */
static bool fits(enum kind kind, uint32_t size)
{
	switch (kind) {
	case KIND_IP4:
		return size == 4;
	case KIND_IP6:
		return size == 16;
	case KIND_CODE:
		return size == 8;
	case KIND_PORT:
	case KIND_BE:
		return size == 2 || size == 4 || size == 8;
	case KIND_UINT:
	case KIND_SINT:
	case KIND_BOOL:
	case KIND_ENUM:
	case KIND_FLAGS:
	case KIND_HEX:
	case KIND_SYSCALL:
	case KIND_ERRNO:
	case KIND_SIGNAL:
	case KIND_WAIT:
	case KIND_DEV:
	case KIND_CLOCK:
		return size == 1 || size == 2 || size == 4 || size == 8;
	case KIND_TEXT:
	case KIND_BYTES:
		return true;
	}
	return false;
}

/* Bytes up to the last '_' that all names share: TASK_USER_RUNNING, TASK_USER_DEAD: 10. */
static uint32_t common_prefix(const struct btf_data *btf, const struct btf_info *t)
{
	struct btf_value first, v;
	size_t n, k;
	uint32_t i;

	if (t->vlen < 2 || !btf_value_at(btf, t, 0, &first))
		return 0;
	n = strlen(first.name);
	for (i = 1; i < t->vlen && btf_value_at(btf, t, i, &v); i++)
		for (k = 0; k < n; k++)
			if (v.name[k] != first.name[k])
				n = k;
	while (n && first.name[n - 1] != '_')
		n--;
	return (uint32_t)n;
}

static bool ends_with(const char *s, const char *end)
{
	size_t n = strlen(s), m = strlen(end);

	return n >= m && !strcmp(s + n - m, end);
}

static void by_int(const struct btf_data *btf, const struct btf_info *t, struct column *c)
{
	uint8_t encoding = 0, off, bits;

	btf_int(btf, t, &encoding, &off, &bits);
	c->kind = encoding & BTF_INT_SIGNED ? KIND_SINT : KIND_UINT;
	if (encoding & BTF_INT_BOOL || !strcmp(t->name, "_Bool"))
		c->kind = KIND_BOOL;
}

static bool is_char(const struct btf_data *btf, uint32_t id)
{
	struct btf_info t;

	return btf_get(btf, btf_strip(btf, id, true), &t) && t.kind == BTF_KIND_INT &&
	       t.size == 1 && !strcmp(t.name, "char");
}

/* The typedef that decides: the outermost one that is known. */
static const struct known *by_typedef(const struct btf_data *btf, uint32_t id)
{
	struct btf_info t;
	uint32_t depth;
	size_t i;

	for (depth = 0; depth < 32 && btf_get(btf, btf_strip(btf, id, false), &t) &&
	                t.kind == BTF_KIND_TYPEDEF;
	     depth++, id = t.type)
		for (i = 0; i < sizeof(known) / sizeof(*known); i++)
			if (!strcmp(t.name, known[i].name))
				return &known[i];
	return NULL;
}

/* An array of addresses of code. */
static bool is_stack(const struct btf_data *btf, uint32_t id)
{
	const struct known *k;
	uint32_t elem, index, n;
	struct btf_info t;

	if (!btf_get(btf, btf_strip(btf, id, true), &t) || t.kind != BTF_KIND_ARRAY ||
	    !btf_array(btf, &t, &elem, &index, &n))
		return false;
	k = by_typedef(btf, elem);
	return k && k->kind == KIND_CODE;
}

/* Shape, size and number of elements. */
static void by_shape(const struct btf_data *btf, uint32_t id, struct column *c, uint32_t depth)
{
	struct btf_info t;
	uint32_t elem, index, n;
	int64_t size;

	id = btf_strip(btf, id, true);
	size = btf_sizeof(btf, id);
	c->kind = KIND_BYTES;
	c->size = size > 0 && size < UINT32_MAX ? (uint32_t)size : 0;
	c->count = 1;
	if (!btf_get(btf, id, &t))
		return;
	switch (t.kind) {
	case BTF_KIND_INT:
		by_int(btf, &t, c);
		break;
	case BTF_KIND_PTR:
		c->kind = KIND_HEX;
		break;
	case BTF_KIND_ENUM:
	case BTF_KIND_ENUM64:
		c->kind = ends_with(t.name, "_set") ? KIND_FLAGS : KIND_ENUM;
		c->is_signed = t.kflag;
		c->type = id;
		c->skip = common_prefix(btf, &t);
		break;
	case BTF_KIND_ARRAY:
		if (depth || !btf_array(btf, &t, &elem, &index, &n) || !n)
			break;
		if (is_char(btf, elem)) {
			c->kind = KIND_TEXT;
			break;
		}
		index = c->size; /* bytes of the whole array */
		by_shape(btf, elem, c, depth + 1);
		if (c->kind == KIND_UINT && c->size == 1) { /* bytes, perhaps an address */
			c->kind = n == 16 ? KIND_IP6 : KIND_BYTES;
			c->size = n;
		} else if (c->kind == KIND_BYTES) {
			c->size = index;
		} else {
			c->count = n;
		}
		break;
	default:
		break;
	}
	c->is_signed |= c->kind == KIND_SINT;
	if (!fits(c->kind, c->size))
		c->kind = KIND_BYTES;
}

static void tagged(const struct render_plan *p, uint32_t owner, int32_t member, struct column *c)
{
	const char *unit = render_tag_get(p, owner, member, "unit");

	c->title = render_tag_get(p, owner, member, "title");
	if (unit)
		c->unit = unit;
	c->max = render_tag_get(p, owner, member, "max") != NULL;
	c->sort = render_tag_get(p, owner, member, "sort") != NULL;
	if (render_tag_get(p, owner, member, "hex") &&
	    (c->kind == KIND_UINT || c->kind == KIND_SINT))
		c->kind = KIND_HEX;
}

static struct column *add(struct columns *cs, struct abide_error *e)
{
	struct column *list;

	if (cs->nr == MAX_COLUMNS) {
		error_set(e, -E2BIG, "row-columns", "a row has more than %u columns", MAX_COLUMNS);
		return NULL;
	}
	list = array_grow(cs->list, cs->nr, &cs->room, sizeof(*list));
	if (!list) {
		error_nomem(e);
		return NULL;
	}
	cs->list = list;
	list[cs->nr] = (struct column){ .unit = "", .pid_off = SIZE_NONE };
	return &list[cs->nr++];
}

/* A member that is no struct. @f may be a bit-field; its bits come from @bit on. */
static int add_scalar(const struct render_plan *p, uint32_t type, uint32_t owner, int32_t member,
                      const char *name, uint64_t bit, uint32_t bit_size, uint32_t size,
                      struct columns *out, struct abide_error *e)
{
	const struct btf_data *btf = p->o->btf;
	const struct known *k = by_typedef(btf, type);
	struct column *c = add(out, e);

	if (!c)
		return out->nr == MAX_COLUMNS ? -E2BIG : -ENOMEM;
	by_shape(btf, type, c, 0);
	if (is_stack(btf, type) && c->size == 8)
		c->kind = KIND_CODE;
	if (k && fits(k->kind, c->size * c->count) && (k->kind == KIND_IP6 || c->count == 1)) {
		c->is_signed = c->kind == KIND_SINT;
		c->kind = k->kind;
		c->unit = k->unit;
	}
	c->name = name;
	c->name_size = (uint32_t)strlen(name);
	tagged(p, owner, member, c);
	c->off = (uint32_t)(bit / 8);
	if (bit_size) { /* whole units of the type, so that a load of its size covers the bits */
		c->off = c->size ? (uint32_t)(bit / 8 / c->size * c->size) : 0;
		c->bit_off = (uint8_t)(bit - (uint64_t)c->off * 8);
		c->bit_size = (uint8_t)bit_size;
	}
	if (!c->size || (uint64_t)c->off + (uint64_t)c->size * c->count > size ||
	    (bit_size && (bit_size > 64 || c->bit_off + bit_size > c->size * 8)))
		return error_set(e, -EINVAL, "row-layout", "member %s lies outside its struct",
		                 name);
	return 0;
}

static int add_struct(const struct render_plan *p, uint32_t id, uint64_t base, uint32_t size,
                      uint32_t depth, struct columns *out, struct abide_error *e);

static int add_member(const struct render_plan *p, uint32_t owner, uint32_t i,
                      const struct btf_field *f, uint64_t base, uint32_t size, uint32_t depth,
                      struct columns *out, struct abide_error *e)
{
	const struct btf_data *btf = p->o->btf;
	uint32_t id = btf_strip(btf, f->type, true), first = out->nr;
	struct btf_info t;
	int err;

	if (!btf_get(btf, id, &t) || (t.kind != BTF_KIND_STRUCT && t.kind != BTF_KIND_UNION) ||
	    by_typedef(btf, f->type))
		return add_scalar(p, f->type, owner, (int32_t)i, f->name, base + f->bit_off,
		                  f->bit_size, size, out, e);
	err = add_struct(p, id, base + f->bit_off, size, depth + 1, out, e);
	if (!err && *f->name && out->nr > first && !out->list[first].open) {
		out->list[first].open = f->name;
		out->list[out->nr - 1].close++;
	}
	return err;
}

static int add_struct(const struct render_plan *p, uint32_t id, uint64_t base, uint32_t size,
                      uint32_t depth, struct columns *out, struct abide_error *e)
{
	const struct btf_data *btf = p->o->btf;
	struct btf_field f;
	struct btf_info t;
	uint32_t i;
	int err = 0;

	if (depth > MAX_DEPTH)
		return error_set(e, -E2BIG, "row-layout", "structs within structs, %u deep", depth);
	if (!btf_get(btf, id, &t))
		return error_set(e, -EINVAL, "row-layout", "a row has no type");
	for (i = 0; i < t.vlen && !err; i++) {
		if (!btf_field_at(btf, &t, i, &f))
			return error_set(e, -EINVAL, "row-layout", "struct %s is cut off", t.name);
		if (f.name[0] == '_' && f.name[1] == '_')
			continue;
		err = add_member(p, id, i, &f, base, size, depth, out, e);
		if (t.kind == BTF_KIND_UNION)
			break;
	}
	return err;
}

/* A key that is no struct is named by its type where that says something: syscall_nr, not __u32. */
static bool type_says(const struct btf_data *btf, uint32_t type, const char **name)
{
	struct btf_info t;

	if (!btf_get(btf, btf_strip(btf, type, false), &t) || !*t.name || t.name[0] == '_' ||
	    (t.kind != BTF_KIND_TYPEDEF && t.kind != BTF_KIND_ENUM && t.kind != BTF_KIND_ENUM64))
		return false;
	if (strlen(t.name) <= 3) /* u32 */
		return false;
	*name = t.name;
	return true;
}

/* "syscall_nr": syscall; "comm_t": comm; "req_op_user": req_op. */
static void strip_suffix(struct column *c)
{
	static const char *const suffixes[] = { "_t", "_nr", "_user", "_addr" };
	size_t i;

	for (i = 0; i < sizeof(suffixes) / sizeof(*suffixes); i++)
		if (ends_with(c->name, suffixes[i]) && strlen(c->name) > strlen(suffixes[i])) {
			c->name_size -= (uint32_t)strlen(suffixes[i]);
			return;
		}
}

/* Addresses of code belong to the process that the same struct names. */
static void find_pid(struct columns *cs)
{
	uint32_t i, pid = SIZE_NONE;

	for (i = 0; i < cs->nr; i++)
		if (!strcmp(cs->list[i].name, "pid") && cs->list[i].size == 4 && cs->list[i].count == 1)
			pid = cs->list[i].off;
	for (i = 0; i < cs->nr; i++)
		cs->list[i].pid_off = pid;
}

int render_columns_of(const struct render_plan *p, uint32_t type, const char *name, uint32_t size,
                      struct columns *out, struct abide_error *e)
{
	const struct btf_data *btf = p->o->btf;
	uint32_t id = btf_strip(btf, type, true);
	bool named_by_type;
	struct btf_info t;
	struct column *c;
	int err;

	if (!type || !btf || !btf_get(btf, id, &t)) { /* a map that says only sizes */
		c = add(out, e);
		if (!c)
			return -ENOMEM;
		c->name = name;
		c->name_size = (uint32_t)strlen(name);
		c->count = 1;
		c->size = size;
		c->kind = fits(KIND_UINT, size) ? KIND_UINT : KIND_BYTES;
		return size ? 0 : error_set(e, -EINVAL, "row-layout", "a value of 0 bytes");
	}
	if ((t.kind == BTF_KIND_STRUCT || t.kind == BTF_KIND_UNION) && !by_typedef(btf, type)) {
		err = add_struct(p, id, 0, size, 0, out, e);
		find_pid(out);
		return err;
	}
	named_by_type = !strcmp(name, "key") && type_says(btf, type, &name);
	err = add_scalar(p, type, 0, 0, name, 0, 0, size, out, e);
	if (!err && named_by_type)
		strip_suffix(&out->list[out->nr - 1]);
	return err;
}
