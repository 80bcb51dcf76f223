// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * A field or an event's argument on one target. In: its alternatives, best first. Out: the
 * access of the first that resolves. An alternative fails when the target lacks something
 * it names, by name or by type; when all fail, the refusal has one line for each.
 *
 * What is done to a path is in resolve_path.c, to a value in resolve_ops.c, events are in
 * resolve_event.c, what the kernel's verifier takes in resolve_walk.c.
 */
#include <errno.h>
#include <linux/btf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "catalog/resolve_impl.h"

struct question {
	struct target *t;
	const struct cat_field *field;
	const struct cat_struct *of; /* a field's */
	const struct place *place;   /* an argument's */
	uint32_t root;
	uint32_t elem;
};

uint32_t resolve_struct(struct target *t, const struct cat_struct *s)
{
	size_t at = (size_t)(s - t->catalog->structs);
	uint32_t i, id = 0;

	if (t->structs[at])
		return t->structs[at] - 1;
	for (i = 0; i < s->nr_kernel && !id; i++) {
		id = btf_find(t->btf, BTF_KIND_STRUCT, s->kernel[i]);
		if (!id)
			id = btf_find(t->btf, BTF_KIND_UNION, s->kernel[i]);
	}
	t->structs[at] = id + 1;
	return id;
}

static const char *combine_word(enum cat_combine c)
{
	switch (c) {
	case CAT_OR:
		return " or ";
	case CAT_UNLESS:
		return " unless ";
	case CAT_ALONE:
		break;
	}
	return "";
}

/* The path of the source that is for the element, NULL if there is none. */
static const struct cat_path *path_for(const struct cat_source *s, uint32_t elem)
{
	if (!s->nr_elements)
		return &s->path;
	return elem < s->nr_elements ? &s->elements[elem] : NULL;
}

static int try_source(const struct question *q, const struct cat_source *s, struct access *a,
                      struct why *w)
{
	struct path_in in = {
		.t = q->t,
		.field = q->field,
		.path = path_for(s, q->elem),
		.root = q->root,
		.place = q->place,
		.elem = q->elem,
	};
	struct path_out out = { .text = a->text, .text_size = sizeof(a->text) };
	size_t len;
	int rc;

	*a = (struct access){ .source = s, .combine = s->combine };
	w->text[0] = '\0';
	if (!in.path)
		return why_set(w, -EINVAL, "no path for element %u", q->elem);
	rc = path_resolve(&in, &out, w);
	if (rc)
		return rc;
	a->path = out.path;
	a->typed = out.typed;
	a->nullable = out.nullable;
	if (q->field->count > 1 && !s->nr_elements && !a->path.stride && q->elem)
		return why_set(w, -EINVAL, "an array needs [] or one path for each element");
	if (s->combine != CAT_ALONE) {
		if (q->field->kind == CAT_POINTER || q->field->kind == CAT_STRING ||
		    a->path.in_place)
			return why_set(w, -EINVAL, "only numbers are combined");
		len = strlen(a->text);
		len += (size_t)snprintf(a->text + len, sizeof(a->text) - len, "%s",
		                        combine_word(s->combine));
		if (len >= sizeof(a->text))
			len = sizeof(a->text) - 1;
		out = (struct path_out){ .text = a->text + len,
			                 .text_size = sizeof(a->text) - len };
		in.path = &s->second;
		in.second = true;
		rc = path_resolve(&in, &out, w);
		if (rc)
			return rc;
		a->second = out.path;
	}
	return ops_resolve(q->t, q->field, a, w);
}

/* One more line of the reason, unless it says what was said before. */
static void add_line(char *reason, size_t size, const char *line)
{
	size_t len = strlen(reason);

	if (strstr(reason, line) || len + strlen(line) + 2 > size)
		return;
	snprintf(reason + len, size - len, "%s%s", len ? "\n" : "", line);
}

static void label(const struct question *q, char *buf, size_t size)
{
	char element[16] = "";

	if (q->field->count > 1)
		snprintf(element, sizeof(element), "[%u]", q->elem);
	snprintf(buf, size, "%s %s.%s%s", q->of ? "field" : "argument",
	         q->of ? q->of->name : q->place->pub.event->name, q->field->name, element);
}

static int resolve_first(const struct question *q, struct access *a, struct abide_error *e)
{
	char name[128], reason[sizeof(e->reason)] = "";
	struct why w = { "" };
	uint32_t i;
	int rc;

	label(q, name, sizeof(name));
	for (i = 0; i < q->field->nr_sources; i++) {
		rc = try_source(q, &q->field->sources[i], a, &w);
		if (!rc)
			return 0;
		if (rc == -ENOMEM)
			return error_nomem(e);
		if (rc != -ENOENT) {
			error_set(e, rc, "catalog-path", "%s: bad path in the catalog, line %u",
			          name, q->field->sources[i].line);
			return error_reason(e, "from %s: %s",
			                    q->field->sources[i].text ? q->field->sources[i].text
			                                              : "?",
			                    w.text);
		}
		add_line(reason, sizeof(reason), w.text);
	}
	if (!q->field->nr_sources)
		add_line(reason, sizeof(reason), "the catalog gives no source for it");
	error_set(e, -ENOENT, "field-unavailable", "%s is not available on %s", name, q->t->name);
	error_reason(e, "%s", reason);
	if (q->of)
		return error_hint(e, "read it only where user_field_exists() says so");
	return e->code;
}

static int resolve(const struct question *q, const struct access **out, struct abide_error *e)
{
	struct kept *k = target_kept(q->t, q->field, q->elem);
	struct abide_error why = { 0 };
	struct access *a;
	int rc;

	*out = NULL;
	if (!k) {
		a = calloc(1, sizeof(*a));
		if (!a)
			return error_nomem(e);
		rc = resolve_first(q, a, &why);
		if (rc) {
			free(a);
			a = NULL;
		}
		if (rc == -ENOMEM)
			return error_nomem(e);
		k = target_keep(q->t, q->field, q->elem, rc, a, &why);
		if (!k)
			return error_nomem(e);
	}
	if (k->code) {
		if (e)
			*e = *k->error;
		return k->code;
	}
	*out = k->result;
	return 0;
}

int resolve_field(struct target *t, const struct cat_struct *s, const struct cat_field *f,
                  uint32_t elem, const struct access **out, struct abide_error *e)
{
	struct question q = {
		.t = t, .field = f, .of = s, .root = resolve_struct(t, s), .elem = elem
	};

	*out = NULL;
	if (!q.root) {
		error_set(e, -ENOENT, "field-unavailable", "field %s.%s is not available on %s",
		          s->name, f->name, t->name);
		error_reason(e, "%s has no struct %s", t->name,
		             s->nr_kernel ? s->kernel[0] : s->name);
		return -ENOENT;
	}
	return resolve(&q, out, e);
}

int resolve_arg(struct target *t, const struct placement *p, const struct cat_field *arg,
                const struct access **out, struct abide_error *e)
{
	struct question q = { .t = t, .field = arg, .place = (const struct place *)p };

	return resolve(&q, out, e);
}
