/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * What a type amounts to: stripped of qualifiers, its size, its spelling in C. In: a
 * type id of any BTF, hostile ones included: chains are followed BTF_DEPTH steps, so
 * loops end; sizes are multiplied with overflow checks.
 *
 * Spelling follows C's declarators: spell_left writes what stands left of the (absent)
 * name, spell_right what stands right of it: "int (*)(struct file *)", "char *[4]".
 */
#include <linux/btf.h>
#include <stdarg.h>
#include <stdio.h>

#include "object/btf_data.h"

static bool is_modifier(uint8_t kind)
{
	return kind == BTF_KIND_CONST || kind == BTF_KIND_VOLATILE || kind == BTF_KIND_RESTRICT ||
	       kind == BTF_KIND_TYPE_TAG;
}

uint32_t btf_strip(const struct btf_data *b, uint32_t id, bool typedefs)
{
	struct btf_info t;
	int depth;

	for (depth = 0; depth < BTF_DEPTH; depth++) {
		if (!btf_get(b, id, &t))
			return 0;
		if (!is_modifier(t.kind) && !(typedefs && t.kind == BTF_KIND_TYPEDEF))
			return id;
		id = t.type;
	}
	return 0;
}

int64_t btf_sizeof(const struct btf_data *b, uint32_t id)
{
	uint32_t elem, index, count;
	int64_t times = 1, size;
	struct btf_info t;
	int depth;

	for (depth = 0; depth < BTF_DEPTH && btf_get(b, id, &t); depth++) {
		switch (t.kind) {
		case BTF_KIND_INT:
		case BTF_KIND_STRUCT:
		case BTF_KIND_UNION:
		case BTF_KIND_ENUM:
		case BTF_KIND_ENUM64:
		case BTF_KIND_FLOAT:
		case BTF_KIND_DATASEC:
			return __builtin_mul_overflow(times, (int64_t)t.size, &size) ? -1 : size;
		case BTF_KIND_PTR:
			return __builtin_mul_overflow(times, 8, &size) ? -1 : size;
		case BTF_KIND_TYPEDEF:
		case BTF_KIND_VOLATILE:
		case BTF_KIND_CONST:
		case BTF_KIND_RESTRICT:
		case BTF_KIND_TYPE_TAG:
		case BTF_KIND_VAR:
			id = t.type;
			break;
		case BTF_KIND_ARRAY:
			if (!btf_array(b, &t, &elem, &index, &count) ||
			    __builtin_mul_overflow(times, (int64_t)count, &times))
				return -1;
			id = elem;
			break;
		default:
			return -1;
		}
	}
	return -1;
}

struct text {
	char *buf;
	size_t size, len;
	uint32_t budget; /* types that may still be visited: prototypes can name themselves */
};

static void __attribute__((format(printf, 2, 3))) put(struct text *x, const char *fmt, ...)
{
	va_list ap;
	int n;

	if (x->len + 1 >= x->size)
		return;
	va_start(ap, fmt);
	n = vsnprintf(x->buf + x->len, x->size - x->len, fmt, ap);
	va_end(ap);
	if (n > 0)
		x->len = (size_t)n < x->size - x->len ? x->len + n : x->size - 1;
}

/* Nothing more fits, or the types lead in circles. */
static bool full(struct text *x, int depth)
{
	if (depth >= BTF_DEPTH || !x->budget || x->len + 1 >= x->size)
		return true;
	x->budget--;
	return false;
}

static uint8_t kind_of(const struct btf_data *b, uint32_t id)
{
	struct btf_info t;

	return btf_get(b, id, &t) ? t.kind : 0;
}

/* Does the pointer to @id need parentheses: is it an array or a prototype? */
static bool binds_tighter(const struct btf_data *b, uint32_t id)
{
	uint8_t kind = kind_of(b, btf_strip(b, id, false));

	return kind == BTF_KIND_ARRAY || kind == BTF_KIND_FUNC_PROTO;
}

static void put_named(struct text *x, const char *word, const struct btf_info *t)
{
	put(x, *t->name ? "%s %s" : "%s {...}", word, t->name);
}

static const char *modifier_word(uint8_t kind)
{
	switch (kind) {
	case BTF_KIND_CONST:
		return "const";
	case BTF_KIND_VOLATILE:
		return "volatile";
	case BTF_KIND_RESTRICT:
		return "restrict";
	default:
		return "";
	}
}

static void spell_left(const struct btf_data *b, uint32_t id, struct text *x, int depth)
{
	uint32_t elem, index, count;
	const char *word;
	struct btf_info t;
	bool star;

	if (full(x, depth))
		return;
	if (!id) {
		put(x, "void");
		return;
	}
	if (!btf_get(b, id, &t)) {
		put(x, "?");
		return;
	}
	switch (t.kind) {
	case BTF_KIND_STRUCT:
		put_named(x, "struct", &t);
		break;
	case BTF_KIND_UNION:
		put_named(x, "union", &t);
		break;
	case BTF_KIND_ENUM:
	case BTF_KIND_ENUM64:
		put_named(x, "enum", &t);
		break;
	case BTF_KIND_FWD:
		put_named(x, t.kflag ? "union" : "struct", &t);
		break;
	case BTF_KIND_PTR:
		spell_left(b, t.type, x, depth + 1);
		star = x->len && x->buf[x->len - 1] == '*';
		put(x, "%s%s*", star ? "" : " ", binds_tighter(b, t.type) ? "(" : "");
		break;
	case BTF_KIND_CONST:
	case BTF_KIND_VOLATILE:
	case BTF_KIND_RESTRICT:
	case BTF_KIND_TYPE_TAG:
		word = modifier_word(t.kind);
		if (kind_of(b, btf_strip(b, t.type, false)) == BTF_KIND_PTR) {
			spell_left(b, t.type, x, depth + 1);
			put(x, "%s", word);
		} else {
			put(x, *word ? "%s " : "%s", word);
			spell_left(b, t.type, x, depth + 1);
		}
		break;
	case BTF_KIND_ARRAY:
		if (btf_array(b, &t, &elem, &index, &count))
			spell_left(b, elem, x, depth + 1);
		break;
	case BTF_KIND_FUNC_PROTO:
	case BTF_KIND_VAR:
		spell_left(b, t.type, x, depth + 1);
		break;
	default:
		put(x, "%s", *t.name ? t.name : "?");
		break;
	}
}

static void spell_right(const struct btf_data *b, uint32_t id, struct text *x, int depth)
{
	uint32_t elem, index, count, i;
	struct btf_info t;
	struct btf_arg a;

	if (full(x, depth) || !btf_get(b, id, &t))
		return;
	switch (t.kind) {
	case BTF_KIND_PTR:
		if (binds_tighter(b, t.type))
			put(x, ")");
		spell_right(b, t.type, x, depth + 1);
		break;
	case BTF_KIND_CONST:
	case BTF_KIND_VOLATILE:
	case BTF_KIND_RESTRICT:
	case BTF_KIND_TYPE_TAG:
	case BTF_KIND_VAR:
		spell_right(b, t.type, x, depth + 1);
		break;
	case BTF_KIND_ARRAY:
		if (!btf_array(b, &t, &elem, &index, &count))
			break;
		put(x, "[%u]", count);
		spell_right(b, elem, x, depth + 1);
		break;
	case BTF_KIND_FUNC_PROTO:
		put(x, t.vlen ? "(" : "(void");
		for (i = 0; btf_arg_at(b, &t, i, &a) && !full(x, depth); i++) {
			put(x, i ? ", " : "");
			if (!a.type) {
				put(x, "...");
				continue;
			}
			spell_left(b, a.type, x, depth + 1);
			spell_right(b, a.type, x, depth + 1);
		}
		put(x, ")");
		spell_right(b, t.type, x, depth + 1);
		break;
	default:
		break;
	}
}

const char *btf_spell(const struct btf_data *b, uint32_t id, char *buf, size_t size)
{
	struct text x = { .buf = buf, .size = size, .budget = 1024 };

	if (!size)
		return "";
	buf[0] = '\0';
	spell_left(b, id, &x, 0);
	spell_right(b, id, &x, 0);
	return buf;
}
