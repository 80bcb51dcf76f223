/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Kernel layouts as text. In: the small C of layout.h. Out: a table of types whose indices
 * are BTF ids. A recursive-descent parser over one token of lookahead; the first error ends
 * it with file and line. What is named before it is defined stands as a forward declaration
 * and becomes the struct where that follows.
 */
#include <ctype.h>
#include <linux/btf.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "case.h"
#include "layout.h"

struct parser {
	struct layout *l;
	const char *p;
	const char *file, *dir;
	uint32_t line;
	char token[96]; /* the current one; "" at the end */
};

static void fail(struct parser *s, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void fail(struct parser *s, const char *fmt, ...)
{
	char text[256];
	va_list ap;

	if (s->l->error[0])
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	snprintf(s->l->error, sizeof(s->l->error), "%.200s:%u: %s", s->file, s->line, text);
	s->token[0] = '\0';
	s->p = "";
}

static void advance(struct parser *s)
{
	size_t n = 0;

	for (;;) {
		while (isspace((unsigned char)*s->p))
			s->line += *s->p++ == '\n';
		if (*s->p != '#' && strncmp(s->p, "//", 2))
			break;
		s->p += strcspn(s->p, "\n");
	}
	if (isalnum((unsigned char)*s->p) || *s->p == '_') {
		while (isalnum((unsigned char)*s->p) || *s->p == '_') {
			if (n + 1 < sizeof(s->token))
				s->token[n++] = *s->p;
			s->p++;
		}
	} else if (*s->p) {
		s->token[n++] = *s->p++;
	}
	s->token[n] = '\0';
}

static bool is(const struct parser *s, const char *token)
{
	return !strcmp(s->token, token);
}

static bool accept(struct parser *s, const char *token)
{
	if (!is(s, token))
		return false;
	advance(s);
	return true;
}

static void expect(struct parser *s, const char *token)
{
	if (!accept(s, token))
		fail(s, "expected '%s' before '%s'", token, s->token);
}

static bool is_name(const struct parser *s)
{
	return isalpha((unsigned char)s->token[0]) || s->token[0] == '_';
}

static void name(struct parser *s, char *out, size_t size)
{
	if (!is_name(s))
		fail(s, "expected a name before '%s'", s->token);
	snprintf(out, size, "%s", s->token);
	advance(s);
}

static int64_t number(struct parser *s)
{
	bool minus = accept(s, "-");
	char *end;
	int64_t v = (int64_t)strtoull(s->token, &end, 0);

	if (!isdigit((unsigned char)s->token[0]) || *end)
		fail(s, "expected a number before '%s'", s->token);
	advance(s);
	return minus ? -v : v;
}

static uint32_t add_type(struct parser *s, struct layout_type t)
{
	struct layout *l = s->l;
	struct layout_type *p = array_grow(l->types, l->nr_types, &l->room_types, sizeof(*p));

	if (!p) {
		fail(s, "out of memory");
		return 0;
	}
	l->types = p;
	p[l->nr_types] = t;
	return (uint32_t)l->nr_types++;
}

static struct layout_member *add_member(struct parser *s, uint32_t type)
{
	struct layout_type *t = &s->l->types[type];
	struct layout_member *p = array_grow(t->members, t->nr_members, &t->room_members, sizeof(*p));
	static struct layout_member nowhere;

	if (!p) {
		fail(s, "out of memory");
		return &nowhere;
	}
	t->members = p;
	p[t->nr_members] = (struct layout_member){ 0 };
	return &p[t->nr_members++];
}

uint32_t layout_find(const struct layout *l, uint8_t kind, const char *name_)
{
	size_t i;

	for (i = 1; i < l->nr_types; i++)
		if (l->types[i].kind == kind && !strcmp(l->types[i].name, name_))
			return (uint32_t)i;
	return 0;
}

static uint32_t reference(struct parser *s, uint8_t kind, uint32_t to)
{
	size_t i;

	for (i = 1; i < s->l->nr_types; i++)
		if (s->l->types[i].kind == kind && s->l->types[i].type == to && !s->l->types[i].name[0])
			return (uint32_t)i;
	return add_type(s, (struct layout_type){ .kind = kind, .type = to });
}

static uint32_t integer(struct parser *s, const char *spelling, uint32_t size, uint8_t encoding)
{
	uint32_t id = layout_find(s->l, BTF_KIND_INT, spelling);
	struct layout_type t = { .kind = BTF_KIND_INT, .size = size, .encoding = encoding };

	snprintf(t.name, sizeof(t.name), "%s", spelling);
	return id ? id : add_type(s, t);
}

static uint32_t named_alias(struct parser *s, const char *alias, uint32_t to)
{
	struct layout_type t = { .kind = BTF_KIND_TYPEDEF, .type = to };

	snprintf(t.name, sizeof(t.name), "%s", alias);
	return add_type(s, t);
}

/* "unsigned long" and its kin, as BTF spells them. 0: it was none of them. */
static uint32_t c_integer(struct parser *s)
{
	int longs = 0, shorts = 0, words = 0;
	bool is_unsigned = false, is_char = false, is_signed = false, is_int = false;
	char spelling[64];

	for (;; words++) {
		if (is(s, "unsigned"))
			is_unsigned = true;
		else if (is(s, "signed"))
			is_signed = true;
		else if (is(s, "long"))
			longs++;
		else if (is(s, "short"))
			shorts++;
		else if (is(s, "int"))
			is_int = true;
		else if (is(s, "char"))
			is_char = true;
		else
			break;
		advance(s);
	}
	if (!words)
		return 0;
	if (is_char) {
		snprintf(spelling, sizeof(spelling), "%schar", is_unsigned ? "unsigned " : is_signed ? "signed " : "");
		return integer(s, spelling, 1, is_unsigned ? 0 : BTF_INT_SIGNED);
	}
	(void)is_int;
	snprintf(spelling, sizeof(spelling), "%s%sint", longs > 1 ? "long long " : longs ? "long " : shorts ? "short " : "",
		 is_unsigned ? "unsigned " : "");
	return integer(s, spelling, longs ? 8 : shorts ? 2 : 4, is_unsigned ? 0 : BTF_INT_SIGNED);
}

/* Typedefs that every kernel has and no layout writes down. */
static uint32_t kernel_alias(struct parser *s)
{
	static const struct {
		const char *alias, *spelling;
		uint32_t size;
		uint8_t encoding;
	} list[] = {
		{ "bool", "_Bool", 1, BTF_INT_BOOL },     { "u8", "unsigned char", 1, 0 },
		{ "u16", "short unsigned int", 2, 0 },    { "u32", "unsigned int", 4, 0 },
		{ "u64", "long long unsigned int", 8, 0 }, { "s8", "signed char", 1, BTF_INT_SIGNED },
		{ "s16", "short int", 2, BTF_INT_SIGNED }, { "s32", "int", 4, BTF_INT_SIGNED },
		{ "s64", "long long int", 8, BTF_INT_SIGNED },
	};
	size_t i;

	for (i = 0; i < sizeof(list) / sizeof(list[0]); i++)
		if (is(s, list[i].alias)) {
			advance(s);
			return named_alias(s, list[i].alias,
					   integer(s, list[i].spelling, list[i].size, list[i].encoding));
		}
	return 0;
}

uint32_t layout_strip(const struct layout *l, uint32_t id)
{
	while (l->types[id].kind == BTF_KIND_TYPEDEF || l->types[id].kind == BTF_KIND_CONST ||
	       l->types[id].kind == BTF_KIND_VOLATILE)
		id = l->types[id].type;
	return id;
}

int64_t layout_sizeof(const struct layout *l, uint32_t id)
{
	const struct layout_type *t = &l->types[layout_strip(l, id)];

	switch (t->kind) {
	case BTF_KIND_PTR:
		return 8;
	case BTF_KIND_ARRAY:
		return t->count * layout_sizeof(l, t->type);
	case BTF_KIND_FWD:
		return -1;
	default:
		return t->size;
	}
}

static uint32_t align_of(const struct layout *l, uint32_t id)
{
	const struct layout_type *t = &l->types[layout_strip(l, id)];

	if (t->kind == BTF_KIND_ARRAY)
		return align_of(l, t->type);
	if (t->kind == BTF_KIND_STRUCT || t->kind == BTF_KIND_UNION)
		return t->align ? t->align : 1;
	return t->kind == BTF_KIND_PTR ? 8 : t->size ? t->size : 1;
}

static uint32_t base_type(struct parser *s);
static uint32_t declarator(struct parser *s, uint32_t type, char *out, size_t size);

/* Where C would put it; *at is the first free bit. */
static uint32_t natural(const struct parser *s, const struct layout_member *m, bool is_union, uint64_t at)
{
	uint64_t unit = (uint64_t)layout_sizeof(s->l, m->type) * 8, align = align_of(s->l, m->type) * 8ull;

	if (is_union)
		return 0;
	if (m->bit_size) {
		if (unit && at / unit != (at + m->bit_size - 1) / unit)
			at = (at + unit - 1) / unit * unit;
		return (uint32_t)at;
	}
	return (uint32_t)((at + align - 1) / align * align);
}

static void place(struct parser *s, uint32_t owner, struct layout_member *m, uint64_t *at)
{
	bool is_union = s->l->types[owner].kind == BTF_KIND_UNION;
	int64_t size = layout_sizeof(s->l, m->type);
	uint64_t end;

	if (size < 0)
		fail(s, "member %s has an incomplete type", m->name);
	m->bit_off = natural(s, m, is_union, *at);
	if (accept(s, "@")) {
		m->bit_off = (uint32_t)number(s) * 8;
		if (accept(s, "."))
			m->bit_off += (uint32_t)number(s);
	}
	end = m->bit_off + (m->bit_size ? m->bit_size : (uint64_t)size * 8);
	if (end > *at)
		*at = end;
	if (align_of(s->l, m->type) > s->l->types[owner].align)
		s->l->types[owner].align = align_of(s->l, m->type);
}

static void members(struct parser *s, uint32_t owner)
{
	struct layout_member m, *p;
	uint32_t base;
	uint64_t at = 0;
	int64_t size;

	while (!is(s, "}") && s->token[0]) {
		base = base_type(s);
		do {
			m = (struct layout_member){ .type = base };
			if (!is(s, ";") && !is(s, "@"))
				m.type = declarator(s, base, m.name, sizeof(m.name));
			if (accept(s, ":"))
				m.bit_size = (uint32_t)number(s);
			place(s, owner, &m, &at);
			p = add_member(s, owner);
			*p = m;
		} while (accept(s, ","));
		expect(s, ";");
	}
	expect(s, "}");
	size = (int64_t)((at + 7) / 8);
	if (s->l->types[owner].align)
		size = (size + s->l->types[owner].align - 1) / s->l->types[owner].align * s->l->types[owner].align;
	s->l->types[owner].size = (uint32_t)size;
	if (accept(s, "size")) {
		s->l->types[owner].size = (uint32_t)number(s);
		if (s->l->types[owner].size < (at + 7) / 8)
			fail(s, "size %u is smaller than the members", s->l->types[owner].size);
	}
}

static uint32_t composite(struct parser *s, uint8_t kind)
{
	struct layout_type t = { .kind = BTF_KIND_FWD, .is_union = kind == BTF_KIND_UNION };
	uint32_t id = 0;

	if (is_name(s) && !is(s, "size"))
		name(s, t.name, sizeof(t.name));
	if (t.name[0]) {
		id = layout_find(s->l, kind, t.name);
		if (!id)
			id = layout_find(s->l, BTF_KIND_FWD, t.name);
	}
	if (!id)
		id = add_type(s, t);
	if (!accept(s, "{"))
		return id;
	free(s->l->types[id].members);
	s->l->types[id] = t; /* a definition replaces one that was included */
	s->l->types[id].kind = kind;
	members(s, id);
	return id;
}

static uint32_t enumeration(struct parser *s)
{
	struct layout_type t = { .kind = BTF_KIND_ENUM, .size = 4 };
	struct layout_member *m;
	int64_t next = 0;
	uint32_t id = 0;

	if (is_name(s))
		name(s, t.name, sizeof(t.name));
	if (t.name[0])
		id = layout_find(s->l, BTF_KIND_ENUM, t.name);
	if (!id)
		id = add_type(s, t);
	if (!accept(s, "{"))
		return id;
	free(s->l->types[id].members);
	s->l->types[id] = t;
	while (!is(s, "}") && s->token[0]) {
		m = add_member(s, id);
		name(s, m->name, sizeof(m->name));
		if (accept(s, "="))
			next = number(s);
		m->value = next++;
		if (!accept(s, ","))
			break;
	}
	expect(s, "}");
	return id;
}

static uint32_t base_type(struct parser *s)
{
	uint32_t id;

	if (accept(s, "const")) {
		id = base_type(s);
		return reference(s, BTF_KIND_CONST, id);
	}
	if (accept(s, "volatile")) {
		id = base_type(s);
		return reference(s, BTF_KIND_VOLATILE, id);
	}
	if (accept(s, "void"))
		return 0;
	if (accept(s, "struct"))
		return composite(s, BTF_KIND_STRUCT);
	if (accept(s, "union"))
		return composite(s, BTF_KIND_UNION);
	if (accept(s, "enum"))
		return enumeration(s);
	id = c_integer(s);
	if (id)
		return id;
	id = layout_find(s->l, BTF_KIND_TYPEDEF, s->token);
	if (id) {
		advance(s);
		return id;
	}
	id = kernel_alias(s);
	if (!id)
		fail(s, "'%s' names no type", s->token);
	return id;
}

/* "*next", "args[6]", "(*fn)(...)": the type made of @type, and the name. */
static uint32_t declarator(struct parser *s, uint32_t type, char *out, size_t size)
{
	uint32_t counts[4], n = 0;

	while (accept(s, "*")) {
		type = reference(s, BTF_KIND_PTR, type);
		if (accept(s, "const"))
			type = reference(s, BTF_KIND_CONST, type);
	}
	if (accept(s, "(")) {
		expect(s, "*");
		name(s, out, size);
		expect(s, ")");
		expect(s, "(");
		while (s->token[0] && !is(s, ")"))
			advance(s);
		expect(s, ")");
		type = add_type(s, (struct layout_type){ .kind = BTF_KIND_FUNC_PROTO, .type = type });
		return reference(s, BTF_KIND_PTR, type);
	}
	if (is_name(s))
		name(s, out, size);
	while (accept(s, "[")) {
		if (n == 4)
			fail(s, "too many dimensions");
		else
			counts[n++] = is(s, "]") ? 0 : (uint32_t)number(s);
		expect(s, "]");
	}
	while (n)
		type = add_type(s, (struct layout_type){ .kind = BTF_KIND_ARRAY, .type = type, .count = counts[--n] });
	return type;
}

static void parse_tracepoint(struct parser *s)
{
	struct layout_type proto = { .kind = BTF_KIND_FUNC_PROTO }, unnamed = proto, func = { .kind = BTF_KIND_FUNC },
			   alias = { .kind = BTF_KIND_TYPEDEF };
	struct layout_probe *p = array_grow(s->l->probes, s->l->nr_probes, &s->l->room_probes, sizeof(*p));
	struct layout_member *m, arg;
	uint32_t with, without, data;
	char probe[64];

	name(s, probe, sizeof(probe));
	proto.type = integer(s, "int", 4, BTF_INT_SIGNED);
	data = reference(s, BTF_KIND_PTR, 0);
	with = add_type(s, proto);
	without = add_type(s, unnamed);
	*(m = add_member(s, with)) = (struct layout_member){ .name = "__data", .type = data };
	add_member(s, without)->type = data;
	expect(s, "(");
	while (!is(s, ")") && s->token[0]) {
		arg = (struct layout_member){ 0 };
		arg.type = base_type(s);
		arg.type = declarator(s, arg.type, arg.name, sizeof(arg.name));
		*(m = add_member(s, with)) = arg;
		add_member(s, without)->type = arg.type;
		if (!accept(s, ","))
			break;
	}
	expect(s, ")");
	/* the probe's pointer type has no names; the caller of the probes has them */
	snprintf(alias.name, sizeof(alias.name), "btf_trace_%s", probe);
	alias.type = reference(s, BTF_KIND_PTR, without);
	add_type(s, alias);
	if (!accept(s, "unnamed")) {
		snprintf(func.name, sizeof(func.name), "__traceiter_%s", probe);
		func.type = with;
		add_type(s, func);
	}
	if (!p) {
		fail(s, "out of memory");
		return;
	}
	s->l->probes = p;
	p[s->l->nr_probes].proto = with;
	memcpy(p[s->l->nr_probes++].name, probe, sizeof(probe));
}

static void parse_helper(struct parser *s)
{
	struct layout_type t = { .kind = BTF_KIND_ENUM, .size = 4, .name = "bpf_func_id" };
	struct layout_member *m;
	char helper[48];

	if (!s->l->helpers)
		s->l->helpers = add_type(s, t);
	name(s, helper, sizeof(helper));
	m = add_member(s, s->l->helpers);
	snprintf(m->name, sizeof(m->name), "BPF_FUNC_%s", helper);
	m->value = number(s);
}

static void parse_all(struct parser *s);

static void parse_include(struct parser *s)
{
	struct parser inner = { .l = s->l, .dir = s->dir, .line = 1 };
	char path[512], layout[sizeof(s->token)];
	size_t size;
	char *text;

	snprintf(layout, sizeof(layout), "%s", s->token);
	snprintf(path, sizeof(path), "%s/%s.layout", s->dir, layout);
	text = read_file(path, &size);
	if (!text) {
		fail(s, "no layout %s", path);
		return;
	}
	inner.p = text;
	inner.file = path;
	parse_all(&inner);
	free(text);
	advance(s);
}

static void parse_all(struct parser *s)
{
	char alias[64];
	uint32_t type;

	advance(s);
	while (s->token[0]) {
		if (accept(s, "include")) {
			parse_include(s);
		} else if (accept(s, "tracepoint")) {
			parse_tracepoint(s);
		} else if (accept(s, "helper")) {
			parse_helper(s);
		} else if (accept(s, "typedef")) {
			type = base_type(s);
			type = declarator(s, type, alias, sizeof(alias));
			named_alias(s, alias, type);
		} else {
			base_type(s);
		}
		while (accept(s, ";"))
			;
	}
}

struct layout *layout_parse(const char *name_, const char *text, const char *file, uint32_t line, const char *dir)
{
	struct layout *l = calloc(1, sizeof(*l));
	struct parser s = { .l = l, .p = text, .file = file, .line = line, .dir = dir };

	if (!l)
		return NULL;
	snprintf(l->name, sizeof(l->name), "%s", name_);
	add_type(&s, (struct layout_type){ 0 });
	parse_all(&s);
	return l;
}

void layout_free(struct layout *l)
{
	size_t i;

	if (!l)
		return;
	for (i = 0; i < l->nr_types; i++)
		free(l->types[i].members);
	free(l->types);
	free(l->probes);
	free(l);
}
