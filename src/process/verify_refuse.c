/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * What the verifier says when it refuses: the problem, the reason with the instruction, its
 * source line and the calls that led there, and something to try (verify_tags.def).
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "process/verify_walk.h"

static const struct {
	const char *tag, *hint;
} tags[] = {
#define TAG(name, tag, hint) { tag, hint },
#include "process/verify_tags.def"
#undef TAG
};

static void place(const struct verifier *v, uint32_t pc, char *buf, size_t size)
{
	char line[200];
	const char *text;

	snprintf(buf, size, "instruction %u", pc);
	if (!v->in->where)
		return;
	text = v->in->where(v->in->where_ctx, pc, line, sizeof(line));
	if (text && *text)
		snprintf(buf, size, "instruction %u, %s", pc, text);
}

static int refuse(struct verifier *v, uint32_t pc, enum verify_tag tag, const char *fmt, va_list ap)
{
	const struct verify_context *c;
	char text[200], at[260], why[900];
	size_t n;

	vsnprintf(text, sizeof(text), fmt, ap);
	error_set(v->e, -EINVAL, tags[tag].tag, "%s: %s", v->in->name ? v->in->name : "the program", text);
	place(v, pc, at, sizeof(at));
	n = (size_t)snprintf(why, sizeof(why), "at %s", at);
	for (c = v->context; c && c->parent && n < sizeof(why); c = c->parent) {
		place(v, c->call, at, sizeof(at));
		n += (size_t)snprintf(why + n, sizeof(why) - n, "\n%s by %s", c->callback ? "called back" : "called", at);
	}
	error_reason(v->e, "%s", why);
	error_hint(v->e, "%s", tags[tag].hint);
	return -EINVAL;
}

int verify_refuse_at(struct verifier *v, uint32_t pc, enum verify_tag tag, const char *fmt, ...)
{
	va_list ap;
	int err;

	va_start(ap, fmt);
	err = refuse(v, pc, tag, fmt, ap);
	va_end(ap);
	return err;
}

int verify_refuse(struct verifier *v, enum verify_tag tag, const char *fmt, ...)
{
	va_list ap;
	int err;

	va_start(ap, fmt);
	err = refuse(v, v->pc, tag, fmt, ap);
	va_end(ap);
	return err;
}

int verify_because(struct verifier *v, const char *fmt, ...)
{
	char text[200];
	va_list ap;

	if (!v->e)
		return -EINVAL;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	error_reason(v->e, "%s, %s", text, v->e->reason);
	return -EINVAL;
}

int verify_too_complex(struct verifier *v, const char *what)
{
	verify_refuse(v, TAG_COMPLEX, "it is too complex: %s", what);
	if (v->e)
		v->e->code = -E2BIG;
	v->over = true;
	return -E2BIG;
}

const char *verify_value_text(const struct verifier *v, const struct value *x, char *buf, size_t size)
{
	const char *may = x->null ? ", which may be NULL" : "", *name = "?";

	switch ((enum value_kind)x->kind) {
	case KIND_NONE:
		snprintf(buf, size, "nothing that may be read");
		break;
	case KIND_NUMBER:
		if (num_is_const(&x->num))
			snprintf(buf, size, "the number %lld", (long long)x->num.umin);
		else
			snprintf(buf, size, "a number");
		break;
	case KIND_CONTEXT:
		snprintf(buf, size, "a pointer to the context");
		break;
	case KIND_STACK:
		snprintf(buf, size, "a pointer to the stack");
		break;
	case KIND_MAP:
		snprintf(buf, size, "the map %s itself", v->in->maps[x->index].name);
		break;
	case KIND_ELEMENT:
		snprintf(buf, size, "a pointer to a value of map %s%s", v->in->maps[x->index].name, may);
		break;
	case KIND_KEY:
		snprintf(buf, size, "a pointer to a key of map %s", v->in->maps[x->index].name);
		break;
	case KIND_RECORD:
		snprintf(buf, size, "a pointer to a ring record%s", may);
		break;
	case KIND_TYPED:
		if (x->index < v->in->nr_types && v->in->types[x->index].name)
			name = v->in->types[x->index].name;
		snprintf(buf, size, "a pointer to a struct %s", name);
		break;
	case KIND_MEMORY:
		snprintf(buf, size, "a pointer to the memory");
		break;
	case KIND_FUNCTION:
		snprintf(buf, size, "the address of a function");
		break;
	}
	return buf;
}
