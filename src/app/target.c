/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * An application's types as BTF. In: its layout. Out: bytes that target_open reads as if they were a
 * kernel's: the structs with each field where the application keeps it, a typedef btf_trace_PROVIDER:NAME and a
 * function __traceiter_PROVIDER:NAME for each event, and the helpers that there are, as enum bpf_func_id.
 *
 * A field behind pointers stands in a struct that is made for it, one for each different way:
 *
 *	struct query { u64 start_ns at 8; PTR _16 at 16; }     _16 -> struct { u32 rows at 40; }
 *
 * Members may overlap; nobody looks for a member by its offset. Refused: offsets that BTF cannot say.
 */
#include <errno.h>
#include <linux/bpf.h>
#include <linux/btf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/part.h"

#define KFLAG_OFFSET (1u << 21) /* bytes: with bit-fields, BTF counts bits in 24 of them */
#define MAX_MEMBERS  65535u

/* Types that come first, with these ids. */
enum { TYPE_U8 = 1, TYPE_U16, TYPE_U32, TYPE_U64, TYPE_S8, TYPE_S16, TYPE_S32, TYPE_S64, TYPE_CHAR, TYPE_VOID_PTR, TYPE_STRING };

struct writer {
	const struct layout *l;
	struct buf types, strings;
	uint32_t nr;          /* types so far */
	uint32_t *pointers;   /* by struct: id of the pointer to it, */
	size_t *aims;         /* and where in .types that says what it points to */
};

/* A struct to be made: the application's own (no parent), or what a pointer of its parent's points to. */
struct node {
	uint32_t parent, hop; /* offset of the pointer */
	uint32_t pointer;     /* id of the pointer to it */
	uint32_t members;
	uint64_t size;
	bool bits;
};

struct tree { /* of one struct */
	const struct layout_struct *s;
	struct node nodes[1 + APP_HOPS];
	uint32_t nr;
	uint32_t *node_of, *type_of; /* by field */
};

static uint32_t add_string(struct writer *w, const char *s)
{
	return *s ? (uint32_t)buf_str(&w->strings, s) : 0;
}

static uint32_t add_type(struct writer *w, const char *name, uint32_t kind, bool kflag, uint32_t vlen, uint32_t size_or_type)
{
	buf_u32(&w->types, add_string(w, name));
	buf_u32(&w->types, kind << 24 | (kflag ? UINT32_C(1) << 31 : 0) | vlen);
	buf_u32(&w->types, size_or_type);
	return ++w->nr;
}

static void add_int(struct writer *w, const char *name, uint32_t size, uint32_t encoding)
{
	add_type(w, name, BTF_KIND_INT, false, 0, size);
	buf_u32(&w->types, encoding << 24 | size * 8);
}

static uint32_t add_array(struct writer *w, uint32_t elem, uint32_t count)
{
	uint32_t id = add_type(w, "", BTF_KIND_ARRAY, false, 0, 0);

	buf_u32(&w->types, elem);
	buf_u32(&w->types, TYPE_U32);
	buf_u32(&w->types, count);
	return id;
}

static void add_member(struct writer *w, const char *name, uint32_t type, uint32_t bit_off)
{
	buf_u32(&w->types, add_string(w, name));
	buf_u32(&w->types, type);
	buf_u32(&w->types, bit_off);
}

static void add_basic(struct writer *w)
{
	static const struct {
		const char *name;
		uint32_t size, encoding;
	} ints[] = {
		{ "unsigned char", 1, 0 },           { "unsigned short", 2, 0 },
		{ "unsigned int", 4, 0 },            { "unsigned long", 8, 0 },
		{ "signed char", 1, BTF_INT_SIGNED }, { "short", 2, BTF_INT_SIGNED },
		{ "int", 4, BTF_INT_SIGNED },        { "long", 8, BTF_INT_SIGNED },
		{ "char", 1, BTF_INT_SIGNED },
	};
	size_t i;

	buf_str(&w->strings, "");
	for (i = 0; i < sizeof(ints) / sizeof(*ints); i++)
		add_int(w, ints[i].name, ints[i].size, ints[i].encoding);
	add_type(w, "", BTF_KIND_PTR, false, 0, 0);         /* TYPE_VOID_PTR */
	add_type(w, "", BTF_KIND_PTR, false, 0, TYPE_CHAR); /* TYPE_STRING */
}

/* Of 1, 2, 4 or 8 bytes. */
static uint32_t int_type(uint32_t size, bool sign)
{
	return (uint32_t)__builtin_ctz(size) + (sign ? TYPE_S8 : TYPE_U8);
}

static uint32_t scalar_type(const struct writer *w, enum layout_kind kind, uint32_t size, uint32_t target)
{
	switch (kind) {
	case LAYOUT_UINT:
		return int_type(size, false);
	case LAYOUT_SINT:
		return int_type(size, true);
	case LAYOUT_CHARS:
		return TYPE_CHAR;
	case LAYOUT_BYTES:
		return TYPE_U8;
	case LAYOUT_POINTER:
		return w->pointers[target];
	case LAYOUT_STRING:
		return TYPE_STRING;
	case LAYOUT_ADDRESS:
		return TYPE_VOID_PTR;
	}
	return TYPE_U64;
}

static uint64_t bytes_of(const struct layout_field *f)
{
	return (uint64_t)f->size * f->count;
}

static int far(const struct layout_struct *s, const struct layout_field *f, uint32_t offset, struct abide_error *e)
{
	return error_set(e, -E2BIG, "user-record", "field %s.%s lies at offset %u, which is too far away", s->name, f->name,
	                 offset);
}

/* The node behind the pointer at @hop of node @from. */
static int find_node(struct tree *t, uint32_t from, const struct layout_field *f, uint32_t hop, uint32_t *out,
                     struct abide_error *e)
{
	uint32_t i;

	if (hop >= APP_OFFSET)
		return far(t->s, f, hop, e);
	for (i = 1; i < t->nr; i++)
		if (t->nodes[i].parent == from && t->nodes[i].hop == hop)
			break;
	*out = i;
	if (i < t->nr)
		return 0;
	if (t->nr == sizeof(t->nodes) / sizeof(*t->nodes))
		return error_set(e, -E2BIG, "user-record", "struct %s has fields behind more than %u pointers", t->s->name,
		                 APP_HOPS);
	t->nodes[t->nr++] = (struct node){ .parent = from, .hop = hop };
	t->nodes[from].members++;
	if (t->nodes[from].size < (uint64_t)hop + 8)
		t->nodes[from].size = (uint64_t)hop + 8;
	return 0;
}

static int plant(struct tree *t, struct abide_error *e)
{
	const struct layout_field *f;
	struct node *n;
	uint32_t i, k;
	int err;

	t->nr = 1;
	t->nodes[0] = (struct node){ .size = t->s->size };
	for (i = 0; i < t->s->nr_fields; i++) {
		f = &t->s->fields[i];
		t->node_of[i] = 0;
		for (k = 0; k < f->nr_hops; k++) {
			err = find_node(t, t->node_of[i], f, f->hops[k], &t->node_of[i], e);
			if (err)
				return err;
		}
		n = &t->nodes[t->node_of[i]];
		n->members++;
		n->bits |= f->bit_size != 0;
		if (f->offset >= APP_OFFSET || bytes_of(f) > APP_OFFSET)
			return far(t->s, f, f->offset, e);
		if (n->size < f->offset + bytes_of(f))
			n->size = f->offset + bytes_of(f);
	}
	return 0;
}

/* Offsets of a struct with bit-fields have fewer bits. */
static int check_bits(const struct tree *t, struct abide_error *e)
{
	const struct layout_field *f;
	uint32_t i;

	for (i = 0; i < t->s->nr_fields; i++) {
		f = &t->s->fields[i];
		if (t->nodes[t->node_of[i]].bits && f->offset + 8 >= KFLAG_OFFSET)
			return far(t->s, f, f->offset, e);
	}
	for (i = 1; i < t->nr; i++)
		if (t->nodes[t->nodes[i].parent].bits && t->nodes[i].hop >= KFLAG_OFFSET)
			return error_set(e, -E2BIG, "user-record", "struct %s has a pointer at offset %u, which is too far away",
			                 t->s->name, t->nodes[i].hop);
	return 0;
}

/* Arrays stand in front of the structs that have them. */
static void type_fields(struct writer *w, struct tree *t)
{
	const struct layout_field *f;
	uint32_t i;

	for (i = 0; i < t->s->nr_fields; i++) {
		f = &t->s->fields[i];
		t->type_of[i] = scalar_type(w, f->kind, f->size, f->target);
		if (f->count > 1 || f->kind == LAYOUT_CHARS || f->kind == LAYOUT_BYTES)
			t->type_of[i] = add_array(w, t->type_of[i], f->count);
	}
}

static int add_node(struct writer *w, const struct tree *t, uint32_t at, const char *name, struct abide_error *e)
{
	const struct node *n = &t->nodes[at];
	const struct layout_field *f;
	char hop[16];
	uint32_t i;

	if (n->members > MAX_MEMBERS || n->size > UINT32_MAX)
		return error_set(e, -E2BIG, "user-record", "struct %s is too large", t->s->name);
	add_type(w, name, BTF_KIND_STRUCT, n->bits, n->members, (uint32_t)n->size);
	for (i = 1; i < t->nr; i++) {
		if (t->nodes[i].parent != at)
			continue;
		snprintf(hop, sizeof(hop), "_%u", t->nodes[i].hop);
		add_member(w, hop, t->nodes[i].pointer, t->nodes[i].hop * 8);
	}
	for (i = 0; i < t->s->nr_fields; i++) {
		f = &t->s->fields[i];
		if (t->node_of[i] == at)
			add_member(w, f->name, t->type_of[i],
			           (f->offset * 8 + f->bit_off) | (n->bits ? (uint32_t)f->bit_size << 24 : 0));
	}
	return 0;
}

/* From the leaves to the root, which is the application's own. */
static int add_struct(struct writer *w, uint32_t index, struct abide_error *e)
{
	struct tree *t = calloc(1, sizeof(*t));
	uint32_t i, id;
	char name[64];
	int err;

	if (!t)
		return error_nomem(e);
	t->s = &w->l->structs[index];
	t->node_of = calloc((size_t)t->s->nr_fields + 1, sizeof(*t->node_of));
	t->type_of = calloc((size_t)t->s->nr_fields + 1, sizeof(*t->type_of));
	err = t->node_of && t->type_of ? plant(t, e) : error_nomem(e);
	if (!err)
		err = check_bits(t, e);
	if (err)
		goto out;
	type_fields(w, t);
	for (i = t->nr; !err && i-- > 1;) {
		err = add_node(w, t, i, "", e);
		t->nodes[i].pointer = add_type(w, "", BTF_KIND_PTR, false, 0, w->nr);
	}
	if (!err)
		err = add_node(w, t, 0, app_real_name(w->l, index, name, sizeof(name)), e);
	id = w->nr;
	if (!w->types.failed)
		memcpy(w->types.data + w->aims[index], &id, sizeof(id));
out:
	free(t->node_of);
	free(t->type_of);
	free(t);
	return err;
}

static void add_event(struct writer *w, const struct layout_event *ev)
{
	char name[192];
	uint32_t i, proto, pointer;

	proto = add_type(w, "", BTF_KIND_FUNC_PROTO, false, 1 + ev->nr_args, 0);
	buf_u32(&w->types, add_string(w, "__data"));
	buf_u32(&w->types, TYPE_VOID_PTR);
	for (i = 0; i < ev->nr_args; i++) {
		buf_u32(&w->types, add_string(w, ev->args[i].name));
		buf_u32(&w->types, scalar_type(w, ev->args[i].kind, ev->args[i].size, ev->args[i].target));
	}
	pointer = add_type(w, "", BTF_KIND_PTR, false, 0, proto);
	snprintf(name, sizeof(name), "btf_trace_%s:%s", ev->provider, ev->name);
	add_type(w, name, BTF_KIND_TYPEDEF, false, 0, pointer);
	snprintf(name, sizeof(name), "__traceiter_%s:%s", ev->provider, ev->name);
	add_type(w, name, BTF_KIND_FUNC, false, BTF_FUNC_STATIC, proto);
}

/* What programs may call: the engine's helpers, by the kernel's numbers. */
static void add_helpers(struct writer *w)
{
	static const struct {
		const char *name;
		uint32_t number;
	} helpers[] = {
#define HELPER(name, ...) { "BPF_FUNC_" #name, BPF_FUNC_##name },
#include "process/helpers.def"
#undef HELPER
	};
	const uint32_t n = sizeof(helpers) / sizeof(*helpers);
	uint32_t i;

	add_type(w, "bpf_func_id", BTF_KIND_ENUM, false, n, 4);
	for (i = 0; i < n; i++) {
		buf_u32(&w->types, add_string(w, helpers[i].name));
		buf_u32(&w->types, helpers[i].number);
	}
}

static void join(const struct writer *w, struct buf *out)
{
	buf_u16(out, BTF_MAGIC);
	buf_u8(out, BTF_VERSION);
	buf_u8(out, 0);
	buf_u32(out, sizeof(struct btf_header));
	buf_u32(out, 0);
	buf_u32(out, (uint32_t)w->types.size);
	buf_u32(out, (uint32_t)w->types.size);
	buf_u32(out, (uint32_t)w->strings.size);
	buf_add(out, w->types.data, w->types.size);
	buf_add(out, w->strings.data, w->strings.size);
	out->failed |= w->types.failed || w->strings.failed;
}

int app_write_btf(const struct layout *l, struct buf *out, struct abide_error *e)
{
	struct writer w = { .l = l };
	uint32_t i;
	int err = 0;

	w.pointers = calloc((size_t)l->nr_structs + 1, sizeof(*w.pointers));
	w.aims = calloc((size_t)l->nr_structs + 1, sizeof(*w.aims));
	if (!w.pointers || !w.aims) {
		err = error_nomem(e);
		goto out;
	}
	add_basic(&w);
	for (i = 0; i < l->nr_structs; i++) {
		w.pointers[i] = add_type(&w, "", BTF_KIND_PTR, false, 0, 0);
		w.aims[i] = w.types.size - sizeof(uint32_t);
	}
	for (i = 0; !err && i < l->nr_structs; i++)
		err = add_struct(&w, i, e);
	for (i = 0; !err && i < l->nr_events; i++)
		add_event(&w, &l->events[i]);
	add_helpers(&w);
	if (!err && (w.types.size > INT32_MAX || w.strings.size > INT32_MAX))
		err = error_set(e, -E2BIG, "user-events-many", "more user events than BTF can hold");
	if (!err)
		join(&w, out);
	if (!err && out->failed)
		err = error_nomem(e);
out:
	buf_free(&w.types);
	buf_free(&w.strings);
	free(w.pointers);
	free(w.aims);
	return err;
}
