// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * A path of the catalog on one target. In: the steps as parsed, and where they start: the
 * kernel's struct, a tracepoint's argument, the running task, a number. Out: pointers to
 * load (hops), the offset, size, sign and bits of the value, and for each load whether the
 * kernel takes it as a plain one.
 *
 * Two types are followed side by side. `type` is what the kernel's source says is at the
 * place reached so far. `base` is what the kernel's verifier takes the last pointer to
 * point to: 0 once it has lost track (a cast, a void *, a fetch), and from then on every
 * load is a fetch. A path that no target could have is -EINVAL, a mistake of the catalog.
 */
#include <errno.h>
#include <linux/btf.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "catalog/resolve_impl.h"

#define HELPER_CURRENT_BTF 158 /* bpf_get_current_task_btf, 5.11 */
#define FAR                INT32_MAX

struct walker {
	const struct path_in *in;
	struct path_out *out;
	struct why *why;
	struct btf_data *b;
	uint32_t type; /* of the place: BTF id */
	uint32_t base;
	bool in_register; /* the place is the root itself, no memory */
	uint32_t pointee; /* to what the root points, when .type does not say (current) */
	uint64_t off;     /* from the last pointer */
	uint32_t bits;    /* bit-field: its size, and .bit_off from the last pointer */
	uint64_t bit_off;
	bool nullable; /* a pointer at the place may be NULL */
	bool casted;   /* some step casts */
	size_t len;    /* of the text */
};

static const char *kernel(const struct walker *w)
{
	return target_name(w->in->t);
}

static const char *spell(const struct walker *w, uint32_t id, char buf[96])
{
	return btf_spell(w->b, btf_strip(w->b, id, false), buf, 96);
}

static void __attribute__((format(printf, 2, 3))) write_text(struct walker *w, const char *fmt, ...)
{
	size_t room = w->out->text_size - w->len;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(w->out->text + w->len, room, fmt, ap);
	va_end(ap);
	if (n > 0)
		w->len += (size_t)n < room ? (size_t)n : room - 1;
}

/*
 * What a plain load of @size bytes gives, @at bytes into the place. A process has no such rules
 * as the kernel's verifier: what the application says is there can be loaded, and members that
 * overlap (a number and some of its bits) are as good as others.
 */
static enum walk load_kind(const struct walker *w, uint32_t at, uint32_t size, uint32_t *next)
{
	uint32_t to;

	*next = 0;
	if (!w->base)
		return WALK_REFUSED;
	if (!w->in->t->catalog->application)
		return walk_load(w->b, w->base, (uint32_t)w->off + at, size, next);
	if (size != 8 || !type_pointer(w->b, w->type, &to) || !type_is_struct(w->b, to))
		return WALK_SCALAR;
	*next = btf_strip(w->b, to, true);
	return WALK_POINTER;
}

/* Is the pointer that lies at the place one that the target follows, and to what? */
static bool load_hop(struct walker *w, struct access_hop *hop, uint32_t *next)
{
	enum walk walk = load_kind(w, 0, 8, next);

	*hop = (struct access_hop){
		.off = (uint32_t)w->off,
		.fetch = walk == WALK_REFUSED,
		.nullable = w->nullable || w->in->t->catalog->application,
	};
	return walk == WALK_POINTER;
}

/* "->": the place holds a pointer; go where it points. */
static int follow(struct walker *w, uint32_t cast)
{
	struct access_path *p = &w->out->path;
	uint32_t to, bytes, next = 0;
	char buf[96];
	bool sign;

	if (w->pointee) {
		to = w->pointee;
	} else if (!type_pointer(w->b, w->type, &to)) {
		if (!cast || w->bits || !type_scalar(w->b, w->type, &bytes, &sign) || bytes != 8)
			return why_set(w->why, -ENOENT, "%s: %s is %s, not a pointer", kernel(w),
			               w->out->text, spell(w, w->type, buf));
		to = 0;
	}
	if (w->in_register) {
		next = w->base;
	} else {
		if (p->nr_hops == ACCESS_HOPS)
			return why_set(w->why, -EINVAL, "more than %d pointers on the way",
			               ACCESS_HOPS);
		if (!load_hop(w, &p->hops[p->nr_hops++], &next))
			next = 0;
		p->stride = p->elements = 0;
	}
	w->in_register = false;
	w->pointee = 0;
	w->type = cast ? cast : to;
	w->base = cast ? 0 : next;
	w->off = 0;
	w->bits = 0;
	w->nullable = false;
	return 0;
}

static bool tagged_rcu(const struct walker *w, uint32_t type)
{
	struct btf_info t;
	uint32_t to;

	return type_pointer(w->b, type, &to) && btf_get(w->b, to, &t) &&
	       t.kind == BTF_KIND_TYPE_TAG && !strcmp(t.name, "rcu");
}

static int enter(struct walker *w, const char *name)
{
	uint32_t id = btf_strip(w->b, w->type, true);
	struct btf_info t;
	struct member m;
	char buf[96];

	if (w->in_register || w->bits || !type_is_struct(w->b, id))
		return why_set(w->why, -ENOENT,
		               "%s: %s is %s, which has no members to look for %s in", kernel(w),
		               *w->out->text ? w->out->text : "it", spell(w, w->type, buf), name);
	if (!type_member(w->b, id, name, &m))
		return why_set(w->why, -ENOENT, "%s has no member %s in %s", kernel(w), name,
		               spell(w, id, buf));
	w->nullable =
		(btf_get(w->b, id, &t) && walk_nullable(t.name, name)) || tagged_rcu(w, m.type);
	w->bits = m.bit_size;
	w->bit_off = w->off * 8 + m.bit_off;
	w->off += m.bit_off / 8;
	w->type = m.type;
	if (w->off > FAR)
		return why_set(w->why, -ENOENT, "%s: member %s lies too far away", kernel(w), name);
	return 0;
}

/* Which element a step names: a number, an enumerator, or the program's own. */
static int index_of(struct walker *w, const struct cat_step *s, uint64_t *i)
{
	int64_t value = s->index;
	int rc;

	if (s->own_index) {
		value = w->in->elem;
		write_text(w, "[%u]", w->in->elem);
	} else if (s->index_name) {
		rc = target_enumerator(w->in->t, s->index_name, &value);
		if (rc)
			return why_set(w->why, rc, "%s has no enumerator %s", kernel(w),
			               s->index_name);
		write_text(w, "[%s]", s->index_name);
	} else {
		write_text(w, "[%u]", s->index);
	}
	if (value < 0 || value > FAR)
		return why_set(w->why, -ENOENT, "%s: index %s is negative or too large", kernel(w),
		               s->index_name ? s->index_name : "");
	*i = (uint64_t)value;
	return 0;
}

static int pick(struct walker *w, const struct cat_step *s)
{
	uint32_t elem, count, bytes;
	char buf[96];
	uint64_t i = 0;
	int rc;

	if (w->in_register || w->bits || !type_array(w->b, w->type, &elem, &count, &bytes))
		return why_set(w->why, -ENOENT, "%s: %s is %s, not an array", kernel(w),
		               w->out->text, spell(w, w->type, buf));
	rc = index_of(w, s, &i);
	if (rc)
		return rc;
	if (!bytes)
		return why_set(w->why, -ENOENT, "%s: elements of %s have no size", kernel(w),
		               w->out->text);
	/* [1] is how arrays without an end were written before [] (struct pid, up to 5.x). */
	if (count > 1 && i >= count)
		return why_set(w->why, -ENOENT, "%s: %s has only %u elements", kernel(w),
		               w->out->text, count);
	if (s->own_index) {
		w->out->path.stride = bytes;
		w->out->path.elements = count > 1 ? count : 0;
	}
	w->off += i * bytes;
	w->type = elem;
	if (w->off > FAR)
		return why_set(w->why, -ENOENT, "%s: element of %s lies too far away", kernel(w),
		               w->out->text);
	return 0;
}

/* A cast without "->" is one of the pointer that a field's path starts from. */
static int cast_root(struct walker *w, uint32_t cast)
{
	if (w->in_register || w->off || w->out->path.nr_hops || w->out->path.root != ROOT_STRUCT)
		return why_set(w->why, -EINVAL,
		               "a cast in the middle of a path needs -> behind it");
	w->type = cast;
	w->base = 0;
	return 0;
}

static int take_step(struct walker *w, const struct cat_step *s)
{
	uint32_t cast = 0;
	int rc = 0;

	if (s->cast) {
		cast = type_of_cast(w->b, s->cast);
		if (!cast)
			return why_set(w->why, -ENOENT, "%s has no %s", kernel(w), s->cast);
		w->casted = true;
		if (!s->arrow)
			rc = cast_root(w, cast);
	}
	if (!rc && s->arrow)
		rc = follow(w, cast);
	if (rc)
		return rc;
	if (s->name) {
		rc = enter(w, s->name);
		if (rc)
			return rc;
		if (s->cast)
			write_text(w, w->len ? " (%s)" : "(%s)", s->cast);
		write_text(w, "%s%s", s->arrow ? "->" : w->len && !s->cast ? "." : "", s->name);
	}
	return s->has_index || s->own_index ? pick(w, s) : 0;
}

/* The tracepoint's argument that the first step names. */
static int root_arg(struct walker *w, const struct cat_step *s)
{
	struct access_path *p = &w->out->path;
	uint32_t to;
	int64_t size;

	if (!s->name || s->arrow || s->cast)
		return why_set(w->why, -EINVAL, "a path starts with an argument's name");
	if (!w->in->place->named)
		return why_set(w->why, -ENOENT, "%s does not name the arguments of %s", kernel(w),
		               w->in->place->pub.tracepoint);
	if (!place_arg(w->b, w->in->place, s->name, &p->arg, &w->type, &p->arg_nullable))
		return why_set(w->why, -ENOENT, "%s has no argument %s in tracepoint %s", kernel(w),
		               s->name, w->in->place->pub.tracepoint);
	size = btf_sizeof(w->b, w->type);
	if (size <= 0 || size > 8)
		return why_set(w->why, -ENOENT, "%s: argument %s takes %lld bytes", kernel(w),
		               s->name, (long long)size);
	if (w->in->field->nullable)
		p->arg_nullable = true;
	p->root = ROOT_ARG;
	p->arg_size = (uint32_t)size;
	type_scalar(w->b, w->type, &p->arg_size, &p->arg_sign);
	w->in_register = true;
	w->nullable = p->arg_nullable;
	if (type_pointer(w->b, w->type, &to) && type_is_struct(w->b, to) &&
	    !place_arg_is_number(w->in->place, s->name))
		w->base = btf_strip(w->b, to, true);
	write_text(w, "%s", s->name);
	return s->has_index || s->own_index ? pick(w, s) : 0;
}

static int root_current(struct walker *w)
{
	struct access_path *p = &w->out->path;

	w->pointee = btf_find(w->b, BTF_KIND_STRUCT, "task_struct");
	if (!w->pointee)
		return why_set(w->why, -ENOENT, "%s has no struct task_struct", kernel(w));
	p->root = ROOT_CURRENT;
	p->arg_size = 8;
	w->in_register = true;
	w->base = target_has_helper(w->in->t, HELPER_CURRENT_BTF) ? w->pointee : 0;
	write_text(w, "current");
	return 0;
}

/* Bits to a word: the smallest aligned one around them; the shift counts from its lowest bit. */
static int value_bits(struct walker *w)
{
	struct access_path *p = &w->out->path;
	uint64_t first;
	uint32_t size;

	for (size = 1; size <= 8; size *= 2) {
		first = w->bit_off / 8 / size * size;
		if (w->bit_off + w->bits <= (first + size) * 8)
			break;
	}
	if (size > 8)
		return why_set(w->why, -ENOENT, "%s: bit-field %s spans more than 8 bytes",
		               kernel(w), w->out->text);
	w->off = first;
	p->size = size;
	/* int x:1 means 0 and 1 unless the catalog promises a sign. */
	p->sign = p->sign && w->in->field->kind == CAT_SINT;
	if (w->bits == size * 8)
		return 0; /* all of the word (net_device.priv_flags: unsigned long :32) */
	p->bit_size = (uint8_t)w->bits;
	p->bit_off = (uint8_t)(w->bit_off - first * 8);
	/* BTF counts a big-endian machine's bits from the highest of the first byte. */
	if (w->in->t->big_endian)
		p->bit_off = (uint8_t)(size * 8 - p->bit_off - w->bits);
	return 0;
}

static int value_number(struct walker *w)
{
	struct access_path *p = &w->out->path;
	uint32_t to;
	char buf[96];
	int rc = 0;

	if (type_pointer(w->b, w->type, &to) || w->pointee) {
		p->size = 8;
	} else if (!type_scalar(w->b, w->type, &p->size, &p->sign)) {
		return why_set(w->why, -ENOENT, "%s: %s is %s, not a number", kernel(w),
		               w->out->text, spell(w, w->type, buf));
	} else if (w->bits) {
		rc = value_bits(w);
	}
	return rc;
}

/* An address in the application: a pointer, or a long that holds one. */
static int value_address(struct walker *w)
{
	int rc = value_number(w);

	if (!rc && (w->out->path.size != 8 || w->bits))
		return why_set(w->why, -ENOENT, "%s: %s has %u bytes, an address has 8", kernel(w),
		               w->out->text, w->out->path.size);
	return rc;
}

static bool is_char(const struct walker *w, uint32_t id)
{
	struct btf_info t;

	return btf_get(w->b, btf_strip(w->b, id, true), &t) && t.kind == BTF_KIND_INT &&
	       t.size == 1;
}

/* Characters and bytes stay where they are. */
static int value_in_place(struct walker *w)
{
	struct access_path *p = &w->out->path;
	uint32_t elem = 0, count, bytes, chunk, at, next;
	bool array = type_array(w->b, w->type, &elem, &count, &bytes);
	int64_t size = btf_sizeof(w->b, w->type);
	char buf[96];

	if (w->in_register || w->bits || size < 0 || size > FAR ||
	    (w->in->field->kind != CAT_BYTES && (!array || !is_char(w, elem))))
		return why_set(w->why, -ENOENT, "%s: %s is %s, not %s in place", kernel(w),
		               w->out->text, spell(w, w->type, buf),
		               w->in->field->kind == CAT_BYTES ? "bytes" : "characters");
	p->in_place = true;
	p->size = size ? (uint32_t)size : w->in->field->size;
	/* Plain if every word of them is: then so is whatever part of one a program reads. */
	p->fetch = !w->base || !size;
	for (at = 0; at < p->size && !p->fetch; at += chunk) {
		for (chunk = 8; chunk > p->size - at; chunk /= 2)
			;
		p->fetch = load_kind(w, at, chunk, &next) == WALK_REFUSED;
	}
	return 0;
}

/* A string: behind a pointer to characters, or an array of them (its address is the value). */
static int value_string(struct walker *w)
{
	uint32_t to;
	char buf[96];

	if (type_pointer(w->b, w->type, &to)) {
		w->out->path.size = 8;
		if (is_char(w, to) || !btf_strip(w->b, to, true))
			return 0;
	} else if (!w->in_register &&
	           type_array(w->b, w->type, &to, &(uint32_t){ 0 }, &(uint32_t){ 0 }) &&
	           is_char(w, to)) {
		return value_in_place(w);
	}
	return why_set(w->why, -ENOENT, "%s: %s is %s, not a string", kernel(w), w->out->text,
	               spell(w, w->type, buf));
}

/* Same struct, perhaps described twice in the BTF. */
static bool same_struct(const struct walker *w, uint32_t x, uint32_t y)
{
	struct btf_info s, t;

	return x == y || (btf_get(w->b, x, &s) && btf_get(w->b, y, &t) && *s.name &&
	                  !strcmp(s.name, t.name) &&
	                  (s.kind == t.kind || s.kind == BTF_KIND_FWD || t.kind == BTF_KIND_FWD));
}

/* A pointer that programs load through: to the struct that the catalog says it is. */
static int value_pointer(struct walker *w)
{
	const struct cat_struct *s = &w->in->t->catalog->structs[w->in->field->target];
	uint32_t want = resolve_struct(w->in->t, s), to, next = 0;
	struct access_path *p = &w->out->path;
	struct access_hop hop;
	struct btf_info t;
	char buf[96];
	bool number, sign;

	if (!want)
		return why_set(w->why, -ENOENT, "%s has no struct %s", kernel(w),
		               s->nr_kernel ? s->kernel[0] : s->name);
	p->size = 8;
	p->type = want;
	w->out->nullable = w->nullable || w->in->field->nullable;
	if (w->in->path->address) {
		if (p->root != ROOT_STRUCT)
			return why_set(w->why, -EINVAL, "& is for fields, not for arguments");
		to = btf_strip(w->b, w->type, true);
		if (w->bits || !same_struct(w, to, want))
			goto other;
		p->value = true;
		w->out->typed = w->base && to == want;
		return 0;
	}
	number = !w->pointee && !w->in_register && !w->bits &&
	         type_scalar(w->b, w->type, &p->size, &sign) && p->size == 8;
	to = w->pointee;
	if (!to && !number && !type_pointer(w->b, w->type, &to))
		goto other;
	to = btf_strip(w->b, to, true);
	/* void * and long say nothing; a pointer to another struct says that this is not it. */
	if (to && !w->casted && !same_struct(w, to, want) && btf_get(w->b, to, &t) &&
	    (w->in_register || t.kind == BTF_KIND_STRUCT || t.kind == BTF_KIND_UNION ||
	     t.kind == BTF_KIND_FWD))
		goto other;
	if (w->in_register)
		w->out->typed = w->base == want;
	else
		w->out->typed = load_hop(w, &hop, &next) && next == want;
	return 0;
other:
	btf_get(w->b, want, &t);
	return why_set(w->why, -ENOENT, "%s: %s is %s, not struct %s%s", kernel(w), w->out->text,
	               w->pointee ? "struct task_struct *" : spell(w, w->type, buf), t.name,
	               w->in->path->address ? "" : " *");
}

static int value_of(struct walker *w)
{
	if (w->in->second)
		return value_number(w);
	switch (w->in->field->kind) {
	case CAT_UINT:
	case CAT_SINT:
	case CAT_ENUM:
		return value_number(w);
	case CAT_CHARS:
	case CAT_BYTES:
		return value_in_place(w);
	case CAT_POINTER:
		return value_pointer(w);
	case CAT_STRING:
		return value_string(w);
	case CAT_USERPTR:
		return value_address(w);
	}
	return -EINVAL;
}

static int finish(struct walker *w)
{
	struct access_path *p = &w->out->path;
	const char *want = w->in->path->want_type;
	uint32_t next;
	char buf[96];
	int rc;

	if (want && !(w->pointee ? !strcmp(want, "struct task_struct *")
	                         : type_spells(w->b, w->type, want)))
		return why_set(w->why, -ENOENT, "%s: %s is %s, not %s", kernel(w), w->out->text,
		               spell(w, w->type, buf), want);
	p->type = btf_strip(w->b, w->pointee ? w->pointee : w->type, false);
	rc = value_of(w);
	if (rc)
		return rc;
	p->off = (uint32_t)w->off;
	if (w->in_register)
		p->value = true;
	else if (!p->in_place && !p->value)
		p->fetch = load_kind(w, 0, p->size, &next) == WALK_REFUSED;
	return 0;
}

int path_resolve(const struct path_in *in, struct path_out *out, struct why *why)
{
	struct walker w = { .in = in, .out = out, .why = why, .b = in->t->btf };
	const struct cat_path *path = in->path;
	uint32_t i = 0;
	int rc = 0;

	out->text[0] = '\0';
	if (path->constant) {
		out->path.root = ROOT_CONST;
		out->path.value = true;
		out->path.imm = path->imm;
		out->path.size = 8;
		out->path.sign = true;
		write_text(&w, "%lld", (long long)path->imm);
		return 0;
	}
	if (path->current) {
		rc = root_current(&w);
	} else if (in->root) {
		out->path.root = ROOT_STRUCT;
		w.type = w.base = in->root;
	} else if (path->nr_steps) {
		rc = root_arg(&w, &path->steps[i++]);
	}
	for (; !rc && i < path->nr_steps; i++)
		rc = take_step(&w, &path->steps[i]);
	if (rc)
		return rc;
	return finish(&w);
}
