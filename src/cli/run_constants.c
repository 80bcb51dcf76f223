/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * An object's own options. In: `const volatile` variables of its .rodata, and arguments
 * like --min-us=100. Out: values of the variables' size. A name may be written with - or
 * _. By type: integers (decimal, 0x, 0), checked against their range; bool (1/0, true/false,
 * yes/no, on/off, or the option alone); enums by name or number; char arrays as strings.
 * Refused: unknown names (with what there is), values that do not fit, other types.
 */
#include <errno.h>
#include <linux/btf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/run.h"

#ifndef BTF_KIND_ENUM64
#define BTF_KIND_ENUM64 19
#endif

enum constant_kind { CONST_OTHER, CONST_BOOL, CONST_INT, CONST_ENUM, CONST_TEXT };

static enum constant_kind kind_of(const struct object *o, const struct session_constant *c,
                                  bool *sign)
{
	uint8_t encoding, off, bits;
	uint32_t elem, index, count;
	struct btf_info t;

	*sign = false;
	if (!btf_get(o->btf, btf_strip(o->btf, c->type, true), &t))
		return CONST_OTHER;
	if (t.kind == BTF_KIND_ENUM || t.kind == BTF_KIND_ENUM64) {
		*sign = t.kflag;
		return c->size <= 8 ? CONST_ENUM : CONST_OTHER;
	}
	if (t.kind == BTF_KIND_INT && btf_int(o->btf, &t, &encoding, &off, &bits) && c->size <= 8) {
		*sign = encoding & BTF_INT_SIGNED;
		return encoding & BTF_INT_BOOL ? CONST_BOOL : CONST_INT;
	}
	if (t.kind == BTF_KIND_ARRAY && btf_array(o->btf, &t, &elem, &index, &count) &&
	    btf_get(o->btf, btf_strip(o->btf, elem, true), &t) && t.kind == BTF_KIND_INT &&
	    t.size == 1)
		return CONST_TEXT;
	return CONST_OTHER;
}

static bool same_name(const char *option, size_t n, const char *name)
{
	size_t i;

	for (i = 0; i < n && name[i]; i++)
		if (option[i] != name[i] && !(option[i] == '-' && name[i] == '_'))
			return false;
	return i == n && !name[i];
}

static bool find_enumerator(const struct object *o, const struct session_constant *c,
                            const char *text, int64_t *out)
{
	struct btf_value v;
	struct btf_info t;
	uint32_t i;

	if (!btf_get(o->btf, btf_strip(o->btf, c->type, true), &t))
		return false;
	for (i = 0; btf_value_at(o->btf, &t, i, &v); i++)
		if (!strcmp(v.name, text)) {
			*out = v.value;
			return true;
		}
	return false;
}

static const char *enumerator_name(const struct object *o, const struct session_constant *c,
                                   int64_t value)
{
	struct btf_value v;
	struct btf_info t;
	uint32_t i;

	if (!btf_get(o->btf, btf_strip(o->btf, c->type, true), &t))
		return NULL;
	for (i = 0; btf_value_at(o->btf, &t, i, &v); i++)
		if (v.value == value)
			return v.name;
	return NULL;
}

static bool parse_bool(const char *text, uint64_t *out)
{
	static const char *const words[] = { "0", "1", "false", "true", "no", "yes", "off", "on" };
	size_t i;

	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (!strcasecmp(words[i], text)) {
			*out = i & 1;
			return true;
		}
	return false;
}

/* 0, -EINVAL: no number, -ERANGE: does not fit into @size bytes. */
static int parse_number(const char *text, uint32_t size, bool sign, uint64_t *out)
{
	unsigned bits = size * 8;
	char *end;

	errno = 0;
	if (!*text || *text == ' ')
		return -EINVAL;
	if (sign) {
		int64_t v = strtoll(text, &end, 0), most = INT64_MAX >> (64 - bits);

		*out = v;
		if (*end)
			return -EINVAL;
		return errno || v > most || v < -most - 1 ? -ERANGE : 0;
	}
	*out = strtoull(text, &end, 0);
	if (*end)
		return -EINVAL;
	return errno || *text == '-' || *out > UINT64_MAX >> (64 - bits) ? -ERANGE : 0;
}

static void range(char *buf, size_t size, uint32_t bytes, bool sign)
{
	unsigned bits = bytes * 8;
	int64_t most = INT64_MAX >> (64 - bits);

	if (sign)
		snprintf(buf, size, "%lld to %lld", (long long)-most - 1, (long long)most);
	else
		snprintf(buf, size, "0 to %llu", (unsigned long long)(UINT64_MAX >> (64 - bits)));
}

static int refuse_value(const struct object *o, const struct session_constant *c,
                        const char *option, const char *text, struct abide_error *e)
{
	bool sign;
	char type[64], limits[64];
	enum constant_kind kind = kind_of(o, c, &sign);

	btf_spell(o->btf, c->type, type, sizeof(type));
	error_set(e, -EINVAL, "option-value", "%s: \"%s\" is no value for it", option, text);
	switch (kind) {
	case CONST_INT:
	case CONST_ENUM:
		range(limits, sizeof(limits), c->size, sign);
		return error_reason(e, "its type is %s: %s%s", type, limits,
		                    kind == CONST_ENUM ? ", or a name" : "");
	case CONST_BOOL:
		return error_reason(e, "its type is bool: true or false");
	case CONST_TEXT:
		return error_reason(e, "it is a text of at most %u characters", c->size - 1);
	case CONST_OTHER:
		break;
	}
	return error_reason(e, "values of type %s cannot be given on a command line", type);
}

static int parse_value(const struct object *o, const struct session_constant *c, const char *option,
                       const char *text, void *value, struct abide_error *e)
{
	uint64_t number = 0;
	int64_t named;
	bool sign, ok = false;

	switch (kind_of(o, c, &sign)) {
	case CONST_BOOL:
		ok = parse_bool(text, &number);
		break;
	case CONST_ENUM:
		ok = find_enumerator(o, c, text, &named);
		number = ok ? (uint64_t)named : 0;
		ok = ok || !parse_number(text, c->size, sign, &number);
		break;
	case CONST_INT:
		ok = !parse_number(text, c->size, sign, &number);
		break;
	case CONST_TEXT:
		if (strlen(text) >= c->size)
			break;
		memcpy(value, text, strlen(text));
		return 0;
	case CONST_OTHER:
		break;
	}
	if (!ok)
		return refuse_value(o, c, option, text, e);
	memcpy(value, &number, c->size); /* little-endian, as the objects that abide reads */
	return 0;
}

static int unknown(const struct object *o, const struct run *run, const char *option,
                   struct abide_error *e)
{
	struct session_constant c;

	error_set(e, -ENOENT, "option-unknown", "unknown option %s", option);
	if (session_constant_at(o, 0, &c))
		return error_hint(e, "abide run %s --help lists all options", run->path);
	return error_hint(e, "abide run --help; %s has no options of its own", run->path);
}

static int one_setting(const struct object *o, const struct run *run, const char *arg,
                       struct session_variable *out, struct abide_error *e)
{
	const char *name = arg + 2, *equals = strchrnul(name, '=');
	struct session_constant c;
	char option[96];
	bool sign;
	void *value;
	uint32_t i;
	int err;

	snprintf(option, sizeof(option), "%.*s", (int)(equals - arg), arg);
	for (i = 0; session_constant_at(o, i, &c); i++)
		if (same_name(name, equals - name, c.name))
			break;
	if (!session_constant_at(o, i, &c))
		return unknown(o, run, option, e);
	if (!*equals && kind_of(o, &c, &sign) != CONST_BOOL)
		return error_set(e, -EINVAL, "option-value", "option %s needs a value: %s=VALUE",
		                 option, option);
	value = calloc(1, c.size ? c.size : 1);
	if (!value)
		return error_nomem(e);
	err = parse_value(o, &c, option, *equals ? equals + 1 : "true", value, e);
	if (err) {
		free(value);
		return err;
	}
	*out = (struct session_variable){ .name = c.name, .value = value, .size = c.size };
	return 0;
}

int run_constants(const struct object *o, const struct run *run, struct run_constants *out,
                  struct abide_error *e)
{
	uint32_t i;
	int err;

	memset(out, 0, sizeof(*out));
	out->values = calloc(run->nr_settings + 1, sizeof(*out->values));
	if (!out->values)
		return error_nomem(e);
	for (i = 0; i < run->nr_settings; i++) {
		err = one_setting(o, run, run->settings[i], &out->values[i], e);
		if (err)
			return err;
		out->n++;
	}
	return 0;
}

void run_constants_free(struct run_constants *c)
{
	uint32_t i;

	for (i = 0; i < c->n; i++)
		free((void *)c->values[i].value);
	free(c->values);
	memset(c, 0, sizeof(*c));
}

static void print_default(const struct object *o, const struct session_constant *c, FILE *f)
{
	const char *name = NULL;
	uint64_t number = 0;
	bool sign;
	enum constant_kind kind = kind_of(o, c, &sign);

	if (kind != CONST_TEXT && c->value)
		memcpy(&number, c->value, c->size < 8 ? c->size : 8);
	if (sign && c->size < 8) /* sign-extend */
		number = (uint64_t)((int64_t)(number << (64 - 8 * c->size)) >> (64 - 8 * c->size));
	switch (kind) {
	case CONST_BOOL:
		fputs(number ? "true" : "false", f);
		break;
	case CONST_ENUM:
		name = enumerator_name(o, c, number);
		__attribute__((fallthrough));
	case CONST_INT:
		if (name)
			fputs(name, f);
		else if (sign)
			fprintf(f, "%lld", (long long)number);
		else
			fprintf(f, "%llu", (unsigned long long)number);
		break;
	case CONST_TEXT:
		fprintf(f, "\"%.*s\"", (int)c->size, c->value ? (const char *)c->value : "");
		break;
	case CONST_OTHER:
		break;
	}
}

/* What the object says about the variable: the decl tag "abide:doc=TEXT" or "abide:help=TEXT". */
static const char *doc_of(const struct object *o, const struct session_constant *c)
{
	struct btf_info t;
	uint32_t id;

	for (id = 1; id < btf_count(o->btf); id++) {
		if (!btf_get(o->btf, id, &t) || t.kind != BTF_KIND_DECL_TAG || t.type != c->var)
			continue;
		if (!strncmp(t.name, "abide:doc=", 10))
			return t.name + 10;
		if (!strncmp(t.name, "abide:help=", 11))
			return t.name + 11;
	}
	return "";
}

void run_constants_help(const struct object *o, FILE *f)
{
	struct session_constant c;
	char type[64], option[128];
	const char *doc;
	uint32_t i, n = 0;
	size_t k;
	bool sign;

	for (i = 0; session_constant_at(o, i, &c); i++) {
		if (kind_of(o, &c, &sign) == CONST_OTHER)
			continue;
		if (!n++)
			fprintf(f, "\nOptions of %s:\n\n", o->path);
		snprintf(option, sizeof(option), "--%.100s=%s", c.name,
		         kind_of(o, &c, &sign) == CONST_TEXT ? "TEXT" : "VALUE");
		for (k = 2; option[k] != '='; k++)
			if (option[k] == '_')
				option[k] = '-';
		doc = doc_of(o, &c);
		if (kind_of(o, &c, &sign) == CONST_TEXT)
			snprintf(type, sizeof(type), "at most %u characters",
			         c.size ? c.size - 1 : 0);
		else
			btf_spell(o->btf, c.type, type, sizeof(type));
		fprintf(f, "      %-20s %s%s%s, default ", option, doc, *doc ? ": " : "", type);
		print_default(o, &c, f);
		fputc('\n', f);
	}
	if (!n)
		fprintf(f, "\n%s has no options of its own.\n", o->path);
}
