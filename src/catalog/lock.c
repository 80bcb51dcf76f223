/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The frozen ABI. A promise is a line: what it is, its name, and pairs of a property and
 * its value.
 *
 *	field task_struct_user.tid offset 0 type u32 since 1
 *	arg sched_switch.prev position 0 type task_struct_user* since 1
 *
 * Checking writes the catalog's promises as the same text, reads both, sorts by name and
 * walks them side by side: what the lock has must be there with equal properties (a struct
 * may have grown); what only the catalog has must be newer than the lock. Not promised:
 * kernel names and paths, rules, numbers of system calls, meanings.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "catalog/lock.h"
#include "catalog/parse.h"

static const char head[] =
	"# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause\n"
	"#\n"
	"# What the catalog promises to compiled programs, one promise a line. Written by scripts/lock,\n"
	"# never by hand; a line may be added, none may change or go.\n"
	"\n";

static const char head_app[] =
	"# What an application promises to compiled programs, one promise a line. Written by abide lock,\n"
	"# never by hand; a line may be added, none may change or go.\n"
	"\n";

/* The name that the promise of the version has. */
static const char *catalog_of(const struct catalog *c)
{
	return c->application ? "application" : "linux";
}

/* ---- writing ---- */

/* Its type in one word: "u32", "char[16]", "u64[6]", "enum:req_op_user", "bio_user*". */
static const char *type_word(const struct catalog *c, const struct cat_field *f, char *buf,
                             size_t size)
{
	const char *number = f->type + 2; /* without "__" */

	switch (f->kind) {
	case CAT_UINT:
	case CAT_SINT:
		if (f->count > 1)
			snprintf(buf, size, "%s[%u]", number, f->count);
		else
			snprintf(buf, size, "%s", number);
		break;
	case CAT_BYTES:
		snprintf(buf, size, "u8[%u]", f->size);
		break;
	case CAT_CHARS:
		snprintf(buf, size, "char[%u]", f->size);
		break;
	case CAT_ENUM:
		snprintf(buf, size, "enum:%s", c->enums[f->target].name);
		break;
	case CAT_POINTER:
		snprintf(buf, size, "%s*", c->structs[f->target].name);
		break;
	case CAT_STRING:
		snprintf(buf, size, "string");
		break;
	case CAT_USERPTR:
		snprintf(buf, size, "user");
		break;
	}
	return buf;
}

static void write_field(const struct catalog *c, const char *of, const struct cat_field *f,
                        struct buf *b)
{
	char type[96];

	buf_printf(b, "field %s.%s offset %u type %s", of, f->name, f->offset,
	           type_word(c, f, type, sizeof(type)));
	if (*f->unit)
		buf_printf(b, " unit %s", f->unit);
	buf_printf(b, " since %u\n", f->since);
}

static void write_event(const struct catalog *c, const struct cat_event *ev, struct buf *b)
{
	char type[96];
	uint32_t i;

	buf_printf(b, "event %s since %u\n", ev->name, ev->since);
	for (i = 0; i < ev->nr_args; i++) {
		const struct cat_field *f = &ev->args[i];

		buf_printf(b, "arg %s.%s position %u type %s", ev->name, f->name, i,
		           type_word(c, f, type, sizeof(type)));
		if (*f->unit)
			buf_printf(b, " unit %s", f->unit);
		buf_printf(b, " since %u\n", f->since);
	}
}

static void write_struct(const struct catalog *c, const struct cat_struct *s, struct buf *b)
{
	uint32_t i;

	buf_printf(b, "struct %s size %u since %u\n", s->name, s->size, s->since);
	for (i = 0; i < s->nr_fields; i++)
		write_field(c, s->name, &s->fields[i], b);
}

static int by_value(const void *x, const void *y)
{
	const struct cat_enumerator *a = *(const struct cat_enumerator *const *)x;
	const struct cat_enumerator *b = *(const struct cat_enumerator *const *)y;

	return a->value < b->value ? -1 : a->value > b->value;
}

static int write_enum(const struct cat_enum *en, struct buf *b)
{
	const struct cat_enumerator **v = calloc(en->nr_values, sizeof(*v));
	uint32_t i;

	if (!v)
		return -ENOMEM;
	for (i = 0; i < en->nr_values; i++)
		v[i] = &en->values[i];
	qsort(v, en->nr_values, sizeof(*v), by_value);
	buf_printf(b, "enum %s other %u since %u\n", en->name, en->other, en->since);
	for (i = 0; i < en->nr_values; i++)
		buf_printf(b, "enumerator %s.%s value %u since %u\n", en->name, v[i]->name,
		           v[i]->value, v[i]->since);
	free(v);
	return 0;
}

/* The name is the first member of each kind of entry. */
static int by_name(const void *x, const void *y)
{
	return strcmp(**(const char *const *const *)x, **(const char *const *const *)y);
}

/* Pointers to the entries of an array, sorted by name; NULL when out of memory. */
static const void **sorted(const void *array, uint32_t n, size_t size)
{
	const void **list = calloc((size_t)n + 1, sizeof(*list));
	uint32_t i;

	for (i = 0; list && i < n; i++)
		list[i] = (const char *)array + i * size;
	if (list)
		qsort(list, n, sizeof(*list), by_name);
	return list;
}

static int write_enums(const struct catalog *c, struct buf *b)
{
	const void **list = sorted(c->enums, c->nr_enums, sizeof(*c->enums));
	int rc = list ? 0 : -ENOMEM;
	uint32_t i;

	for (i = 0; !rc && i < c->nr_enums; i++)
		rc = write_enum(list[i], b);
	free(list);
	return rc;
}

static int write_structs(const struct catalog *c, struct buf *b)
{
	const void **list = sorted(c->structs, c->nr_structs, sizeof(*c->structs));
	uint32_t i;

	if (!list)
		return -ENOMEM;
	for (i = 0; i < c->nr_structs; i++)
		write_struct(c, list[i], b);
	free(list);
	return 0;
}

static int write_events(const struct catalog *c, struct buf *b)
{
	const void **list = sorted(c->events, c->nr_events, sizeof(*c->events));
	uint32_t i;

	if (!list)
		return -ENOMEM;
	for (i = 0; i < c->nr_events; i++)
		write_event(c, list[i], b);
	free(list);
	return 0;
}

/* sys_enter:NAME; sys_exit:NAME follows from sys_exit. */
static int write_syscalls(struct catalog *c, struct buf *b)
{
	uint32_t i, n;
	const struct cat_syscall *all = catalog_syscalls(c, &n);
	const void **list = sorted(all, n, sizeof(*all));
	const struct cat_event *ev;
	char name[96];

	if (!list)
		return -ENOMEM;
	for (i = 0; i < n; i++) {
		snprintf(name, sizeof(name), "sys_enter:%s",
		         ((const struct cat_syscall *)list[i])->name);
		ev = catalog_event(c, name);
		if (ev)
			write_event(c, ev, b);
	}
	free(list);
	return 0;
}

int lock_write(struct catalog *c, struct buf *out, struct abide_error *e)
{
	int rc;

	buf_printf(out, "%scatalog %s version %u\n", c->application ? head_app : head,
	           catalog_of(c), c->version);
	rc = write_enums(c, out);
	if (!rc)
		rc = write_structs(c, out);
	if (!rc)
		rc = write_events(c, out);
	if (!rc)
		rc = write_syscalls(c, out);
	return rc || out->failed ? error_nomem(e) : 0;
}

/* ---- reading ---- */

#define MAX_PAIRS 4

struct promise {
	const char *kind; /* "field" */
	const char *name; /* "task_struct_user.tid" */
	struct pair {
		const char *property, *value;
	} pairs[MAX_PAIRS];
	uint32_t nr_pairs;
	uint32_t line;
};

struct promises {
	struct promise *v;
	uint32_t n;
	struct catalog_store *store;
};

static bool read_line(struct lex *l, struct promises *list)
{
	struct promise p = { .line = l->line }, *slot;

	p.kind = lex_word(l, "what is promised");
	p.name = lex_word(l, "a name");
	if (!p.kind || !p.name)
		return false;
	while (l->next < l->nr_words) {
		struct pair *pair = &p.pairs[p.nr_pairs];

		if (p.nr_pairs == MAX_PAIRS)
			return lex_fail(l, "lock-syntax", "more than %d properties", MAX_PAIRS);
		pair->property = lex_word(l, "a property");
		pair->value = lex_word(l, "the property's value");
		if (!pair->property || !pair->value)
			return false;
		p.nr_pairs++;
	}
	slot = store_grow(l->store, &list->v, &list->n, sizeof(p));
	if (!slot)
		return lex_nomem(l);
	*slot = p;
	return true;
}

static int by_kind_and_name(const void *x, const void *y)
{
	const struct promise *a = x, *b = y;
	int d = strcmp(a->kind, b->kind);

	return d ? d : strcmp(a->name, b->name);
}

static const char *property(const struct promise *p, const char *name)
{
	uint32_t i;

	for (i = 0; i < p->nr_pairs; i++)
		if (!strcmp(p->pairs[i].property, name))
			return p->pairs[i].value;
	return NULL;
}

static uint32_t number(const struct promise *p, const char *name)
{
	const char *value = p ? property(p, name) : NULL;
	int64_t n;

	return value && text_number(value, &n) && n >= 0 && n <= UINT32_MAX ? (uint32_t)n : 0;
}

static const struct promise *find(const struct promises *list, const char *kind, const char *name)
{
	struct promise key = { .kind = kind, .name = name };

	return list->n ? bsearch(&key, list->v, list->n, sizeof(key), by_kind_and_name) : NULL;
}

static void promises_free(struct promises *list)
{
	if (list->store)
		store_free(list->store);
}

/* Sorted by kind and name, none twice. */
static int promises_read(const char *text, size_t size, const char *file, const char *of,
                         struct promises *list, struct abide_error *e)
{
	struct lex *l = calloc(1, sizeof(*l));
	uint32_t i;
	char *copy;
	int rc;

	list->store = calloc(1, sizeof(*list->store));
	copy = list->store ? store_text(list->store, text, size) : NULL;
	if (!l || !copy) {
		free(l);
		return error_nomem(e);
	}
	*l = (struct lex){
		.at = copy, .end = copy + size, .file = file, .store = list->store, .e = e
	};
	while (lex_line(l) && read_line(l, list))
		;
	if (list->n)
		qsort(list->v, list->n, sizeof(*list->v), by_kind_and_name);
	for (i = 1; !l->failed && i < list->n; i++)
		if (!by_kind_and_name(&list->v[i - 1], &list->v[i])) {
			l->line = list->v[i].line > list->v[i - 1].line ? list->v[i].line
			                                                : list->v[i - 1].line;
			lex_fail(l, "lock-syntax", "%s %s stands twice", list->v[i].kind,
			         list->v[i].name);
		}
	if (!l->failed && !number(find(list, "catalog", of), "version"))
		lex_fail(l, "lock-syntax", "no lock: \"catalog %s version N\" is missing", of);
	rc = l->failed;
	/* words are read as those of a catalog; what is wrong is the lock */
	if (rc == -EINVAL && e)
		snprintf(e->tag, sizeof(e->tag), "lock-syntax");
	free(l);
	return rc;
}

/* ---- comparing ---- */

struct breaches {
	struct abide_error *e;
	char all[sizeof(((struct abide_error *)0)->reason)];
	size_t len;
	uint32_t n;
	struct buf *lines; /* all of them; NULL: not wanted */
};

static void __attribute__((format(printf, 2, 3))) breach(struct breaches *b, const char *fmt, ...)
{
	char text[240];
	va_list ap;
	size_t n;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (!b->n++)
		error_set(b->e, -EINVAL, "catalog-abi", "%s", text);
	if (b->lines)
		buf_printf(b->lines, "%s\n", text);
	n = strlen(text);
	if (b->len + n + 2 > sizeof(b->all))
		return;
	b->len += (size_t)snprintf(b->all + b->len, sizeof(b->all) - b->len, "%s%s",
	                           b->len ? "\n" : "", text);
}

static void compare_pair(struct breaches *b, const struct promise *was, const struct pair *pair,
                         const struct promise *is)
{
	const char *now = property(is, pair->property);

	if (now && !strcmp(now, pair->value))
		return;
	if (!strcmp(pair->property, "offset") || !strcmp(pair->property, "position"))
		breach(b, "%s moved from %s to %s", was->name, pair->value, now ? now : "nowhere");
	else
		breach(b, "%s changed its %s from %s to %s", was->name, pair->property, pair->value,
		       now ? now : "none");
}

/* A promise that the catalog still has in some form: does it have it in full? */
static void compare(struct breaches *b, const struct promise *was, const struct promise *is)
{
	uint32_t i;

	for (i = 0; i < was->nr_pairs; i++) {
		bool may_grow = !strcmp(was->pairs[i].property, "size") ||
		                !strcmp(was->pairs[i].property, "version");

		if (!may_grow)
			compare_pair(b, was, &was->pairs[i], is);
		else if (number(is, was->pairs[i].property) < number(was, was->pairs[i].property))
			breach(b, "%s %s shrank from %s to %u", was->kind, was->name,
			       was->pairs[i].value, number(is, was->pairs[i].property));
	}
	for (i = 0; i < is->nr_pairs; i++)
		if (!property(was, is->pairs[i].property))
			breach(b, "%s changed its %s from none to %s", was->name,
			       is->pairs[i].property, is->pairs[i].value);
}

/*
 * What the lock does not have must say that it is newer than the lock's version. While
 * that version is still being made, it may belong to it.
 */
static void check_new(struct breaches *b, const struct promise *p, uint32_t version,
                      uint32_t lock_version)
{
	uint32_t least = version > lock_version ? lock_version + 1 : lock_version;

	if (number(p, "since") < least)
		breach(b, "%s %s is new but says since %u: it comes with version %u", p->kind,
		       p->name, number(p, "since"), least);
}

static void check_all(struct breaches *b, const struct promises *lock, const struct promises *now,
                      const char *of)
{
	uint32_t version = number(find(now, "catalog", of), "version");
	uint32_t lock_version = number(find(lock, "catalog", of), "version");
	uint32_t i;

	for (i = 0; i < lock->n; i++) {
		const struct promise *was = &lock->v[i], *is = find(now, was->kind, was->name);

		if (is)
			compare(b, was, is);
		else
			breach(b, "%s %s vanished", was->kind, was->name);
	}
	for (i = 0; i < now->n; i++)
		if (!find(lock, now->v[i].kind, now->v[i].name))
			check_new(b, &now->v[i], version, lock_version);
}

int lock_breaches(struct catalog *c, const char *text, size_t size, const char *file,
                  struct buf *lines, struct abide_error *e)
{
	struct promises lock = { 0 }, now = { 0 };
	struct breaches b = { .e = e, .lines = lines };
	struct buf mine = { 0 };
	int rc;

	rc = lock_write(c, &mine, e);
	if (!rc)
		rc = promises_read((const char *)mine.data, mine.size, "catalog", catalog_of(c),
		                   &now, e);
	if (!rc)
		rc = promises_read(text, size, file, catalog_of(c), &lock, e);
	if (!rc) {
		check_all(&b, &lock, &now, catalog_of(c));
		rc = b.n ? -EINVAL : 0;
	}
	if (b.n > 1)
		error_reason(e, "%s", b.all);
	if (b.n)
		error_hint(
			e,
			"promises are kept: add the new thing under a new name, behind the old ones");
	promises_free(&lock);
	promises_free(&now);
	buf_free(&mine);
	return rc;
}

int lock_check(struct catalog *c, const char *text, size_t size, const char *file,
               struct abide_error *e)
{
	return lock_breaches(c, text, size, file, NULL, e);
}
