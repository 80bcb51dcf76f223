/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Layouts as a catalog and as a target. In: layouts made here, also such as no compiler makes. Checked: where each
 * field is on the target, by resolve; what header and lock say; what is refused, with the field's name.
 */
#include "app/part.h"
#include "catalog/header.h"
#include "catalog/lock.h"
#include "resolve_kit.h"

struct made { /* of a layout */
	struct catalog *c;
	struct buf btf;
	struct btf_data *types;
	struct target *t;
	struct abide_error e;
};

static void make(struct made *m, const struct layout *l)
{
	struct buf text = { 0 };
	int err;

	memset(m, 0, sizeof(*m));
	err = app_write_catalog(l, &text, &m->e);
	if (!err)
		err = catalog_parse((const char *)text.data, (uint32_t)text.size, "mydb", NULL, &m->c, &m->e);
	if (!err)
		err = app_write_btf(l, &m->btf, &m->e);
	if (!err)
		err = btf_open_mem(m->btf.data, m->btf.size, &m->types, &m->e);
	if (!err)
		target_open(m->types, "mydb", m->c, &m->t, &m->e);
	buf_free(&text);
}

static void drop(struct made *m)
{
	target_free(m->t);
	btf_free(m->types);
	buf_free(&m->btf);
	catalog_free(m->c);
}

/* Place and bytes of an element as it is promised; bytes and number of elements as they are. */
#define FIELD(name_, kind_, stable_, stable_size_, size_, count_, ...)                             \
	{                                                                                          \
		.name = name_, .doc = "", .unit = "", .kind = kind_, .stable = stable_,            \
		.stable_size = stable_size_, .size = size_, .count = count_, __VA_ARGS__           \
	}
#define STRUCT(name_, real_, fields_)                                                              \
	{                                                                                          \
		.name = name_, .real = real_, .doc = "", .size = 64, .stable_size = 64,            \
		.fields = fields_, .nr_fields = BB_N(fields_)                                      \
	}

static const struct access *access_of(struct made *m, const char *of, const char *name, uint32_t elem)
{
	const struct cat_struct *s = m->t ? catalog_struct(m->c, of) : NULL;
	const struct cat_field *f = s ? catalog_field(s, name) : NULL;
	const struct access *a = NULL;
	struct abide_error e = { 0 };

	if (!f || resolve_field(m->t, s, f, elem, &a, &e))
		printf("# %s.%s: %s %s\n", of, name, f ? e.problem : "there is none", e.reason);
	return a;
}

static void test_places(void)
{
	struct layout_field a[] = {
		FIELD("whole", LAYOUT_UINT, 0, 8, 8, 1, .offset = 8),
		FIELD("low", LAYOUT_UINT, 8, 4, 4, 1, .offset = 8),   /* overlaps */
		FIELD("next", LAYOUT_POINTER, 16, 8, 8, 1, .offset = 8, .target = 1), /* the same bytes, as a pointer */
		FIELD("odd", LAYOUT_SINT, 24, 8, 2, 1, .offset = 3),       /* in a packed struct */
		FIELD("far", LAYOUT_UINT, 32, 8, 8, 1, .offset = 48, .hops = { 16, 0 }, .nr_hops = 2),
		FIELD("beside", LAYOUT_UINT, 40, 4, 1, 1, .offset = 56, .hops = { 16, 0 }, .nr_hops = 2),
		FIELD("shorter", LAYOUT_UINT, 48, 8, 8, 1, .offset = 0, .hops = { 16 }, .nr_hops = 1),
		FIELD("list", LAYOUT_SINT, 56, 4, 2, 3, .offset = 24),
		FIELD("bit", LAYOUT_UINT, 68, 4, 4, 1, .offset = 40, .bit_off = 9, .bit_size = 3),
	};
	struct layout_field b[] = { FIELD("up", LAYOUT_POINTER, 0, 8, 8, 1, .offset = 56, .target = 0) };
	struct layout_struct structs[] = { STRUCT("a_user", "struct thing", a), STRUCT("b_user", "struct thing", b) };
	struct layout l = { .structs = structs, .nr_structs = 2 };
	const struct access *x;
	struct made m;

	make(&m, &l);
	OK(m.t, "a layout with members that overlap");
	x = access_of(&m, "a_user", "whole", 0);
	OK(x && x->path.off == 8 && x->path.size == 8 && !x->path.fetch, "a number");
	x = access_of(&m, "a_user", "low", 0);
	OK(x && x->path.off == 8 && x->path.size == 4 && !x->path.fetch, "half of it");
	x = access_of(&m, "a_user", "next", 0);
	OK(x && x->path.off == 8 && x->typed && x->nullable, "the same bytes as a pointer that is followed");
	x = access_of(&m, "a_user", "odd", 0);
	OK(x && x->path.off == 3 && x->path.size == 2 && x->path.sign && !x->path.fetch, "at an odd offset");
	x = access_of(&m, "a_user", "far", 0);
	OK(x && x->path.nr_hops == 2 && x->path.hops[0].off == 16 && x->path.hops[1].off == 0 && x->path.off == 48 &&
	           x->path.hops[0].nullable && x->path.hops[1].nullable && !x->path.hops[0].fetch && !x->path.fetch,
	   "behind two pointers, each of which may be NULL");
	x = access_of(&m, "a_user", "beside", 0);
	OK(x && x->path.nr_hops == 2 && x->path.off == 56 && x->path.size == 1, "another member there");
	x = access_of(&m, "a_user", "shorter", 0);
	OK(x && x->path.nr_hops == 1 && x->path.off == 0, "and one on the way, where the second pointer lies");
	x = access_of(&m, "a_user", "list", 2);
	OK(x && x->path.off == 28 && x->path.size == 2 && x->path.sign, "an element of an array");
	x = access_of(&m, "a_user", "bit", 0);
	OK(x && x->path.off == 41 && x->path.size == 1 && x->path.bit_off == 1 && x->path.bit_size == 3,
	   "a bit-field: the smallest word around it");
	x = access_of(&m, "b_user", "up", 0);
	OK(x && x->path.off == 56 && x->typed, "two views of one struct are two types");
	OK(m.t && target_has_helper(m.t, 115) && !target_has_helper(m.t, 35) && target_has_atomics(m.t),
	   "the engine's helpers, and atomics");
	OK(m.t && !catalog_event(m.c, "sys_enter:openat"), "no system calls");
	drop(&m);
}

/* Is the only field of the only struct refused, by which tag? */
static const char *refused(struct layout_field f, const char *real, bool named)
{
	static struct made m;
	struct layout_struct s = { .name = "s_user", .real = real, .doc = "", .size = 8, .stable_size = 8, .fields = &f, .nr_fields = 1 };
	struct layout l = { .structs = &s, .nr_structs = 1 };

	make(&m, &l);
	if (m.t)
		drop(&m);
	else
		catalog_free(m.c), btf_free(m.types), buf_free(&m.btf);
	if (m.t)
		return "taken";
	return !named || strstr(m.e.problem, f.name) ? m.e.tag : m.e.problem;
}

static void test_refusals(void)
{
	const struct layout_field good = FIELD("good", LAYOUT_UINT, 0, 8, 8, 1, .offset = 0);
	struct layout_field f = good;

#define REFUSED(tag, what, ...)                                                                    \
	do {                                                                                       \
		f = good;                                                                          \
		__VA_ARGS__;                                                                       \
		HAS(refused(f, "struct s", true), tag, what);                                      \
	} while (0)
	REFUSED("taken", "a plain field is fine");
	REFUSED("user-record", "an offset beyond BTF", f.offset = 1u << 28);
	REFUSED("user-record", "a pointer beyond BTF", f.nr_hops = 1; f.hops[0] = 1u << 28);
	REFUSED("user-record", "a bit-field where BTF has no bits for it", f.bit_size = 3; f.offset = 1u << 21);
	REFUSED("taken", "a number there", f.offset = 1u << 21);
	REFUSED("user-record", "an array of pointers", f.kind = LAYOUT_STRING; f.count = 2);
	REFUSED("user-record", "bytes that are no bytes", f.stable_size = 1; f.count = 2; f.size = 2);
	REFUSED("catalog-name", "a word of C", f.name = "while");
	REFUSED("catalog-name", "a reserved name", f.name = "_x");
	REFUSED("catalog-name", "a constant's name", f.name = "BPF_ANY");
	REFUSED("catalog-layout", "an offset that is not aligned", f.stable = 4);
	f = good;
	f.unit = "per cent";
	HAS(refused(f, "struct s", false), "catalog-", "a unit that is no word");
	f = good;
	f.kind = LAYOUT_CHARS;
	f.stable_size = f.size = 1;
	f.count = 4097;
	HAS(refused(f, "struct s", false), "catalog-", "more characters than a catalog has");
	REFUSED("taken", "words of the catalog are no words of C", f.name = "or");
	HAS(refused(good, "", true), "taken", "a struct without a name of its own");
	HAS(refused(good, "unsigned long long", true), "taken", "a type of more words");
	HAS(refused(good, "struct s_user", true), "taken", "a struct that is called as its view");
}

static void event(struct made *m, const char *provider, const char *name, const char *doc)
{
	struct layout_field a[] = { FIELD("x", LAYOUT_UINT, 0, 8, 8, 1, .offset = 0) };
	struct layout_struct s = STRUCT("a_user", "struct a", a);
	struct layout_event ev = { .provider = provider, .name = name, .doc = doc, .nr_args = 3,
		                   .args = { { "a", LAYOUT_POINTER, 8, 0 }, { "n", LAYOUT_SINT, 2, 0 }, { "why", LAYOUT_STRING, 8, 0 } } };
	struct layout l = { .structs = &s, .nr_structs = 1, .events = &ev, .nr_events = 1 };

	s.doc = doc;
	make(m, &l);
}

static void test_events(void)
{
	const struct placement *p = NULL;
	const struct access *x = NULL;
	const struct cat_event *ev;
	struct abide_error e = { 0 };
	struct made m;

	event(&m, "mydb", "done", "");
	ev = m.c ? catalog_event(m.c, "mydb:done") : NULL;
	OK(ev && !resolve_event(m.t, ev, &p, &e) && p->nr_args == 3, "an event takes place under its own name");
	OK(p && !resolve_arg(m.t, p, &ev->args[0], &x, &e) && x->path.value && x->typed && x->path.arg_nullable, "a pointer to a struct");
	OK(p && !resolve_arg(m.t, p, &ev->args[1], &x, &e) && x->path.arg == 1 && x->path.arg_size == 2 && x->path.arg_sign, "a number");
	HAS(ev ? catalog_suggest(m.c, "mydb:dome") : "", "mydb:done", "did you mean");
	drop(&m);
	event(&m, "sys_enter", "read", "");
	HAS(m.e.tag, "catalog-name", "a provider that is the kernel's");
	drop(&m);
	event(&m, "mydb", "for", "");
	HAS(m.e.tag, "catalog-name", "an event that is a word of C");
	drop(&m);
}

/* What a stranger's binary calls its things must not get out of a comment. */
static void test_documents(void)
{
	static const char doc[] = "ends */ int evil; /* \"quoted\" \303\244\t#not a comment";
	struct buf header = { 0 };
	const char *p, *text;
	struct made m;
	int depth = 0;

	event(&m, "mydb", "done", doc);
	OK(m.t && !header_write_application(m.c, "my db/\"*/", &header, &m.e), "a header with anybody's meanings");
	buf_u8(&header, 0);
	text = m.t ? (const char *)header.data : "";
	HAS(text, "ends * / int evil; / * 'quoted' ??", "they are made harmless");
	for (p = text; *p; p++) {
		if (p[0] == '/' && p[1] == '*')
			depth++;
		if (p[0] == '*' && p[1] == '/')
			depth--;
		if (depth < 0 || depth > 1)
			break;
	}
	OK(*text && !*p && !depth, "no comment begins or ends in one");
	HAS(text, "#define ABIDE_APP_MY_DB_____H\n", "the guard is a C name");
	buf_free(&header);
	drop(&m);
}

static void test_kinds(void)
{
	static const char linux_one[] = "catalog linux 1\nstruct a_user of a since 1 \"a\"\n\tu32 b @0 since 1 \"b\"\n\t\tfrom b\n";
	static const char *const mixed[] = {
		"catalog linux 1\ncatalog application 1\n",
		"catalog application 1\ncatalog linux 1\n",
		"catalog application 1\nevent done since 1\n\tu32 x since 1\n\t\tfrom x\n",
		"catalog application 1\nevent a:b:c since 1\n\tu32 x since 1\n\t\tfrom x\n",
		"catalog application 1\nevent :b since 1\n\tu32 x since 1\n\t\tfrom x\n",
		"catalog application 1\nevent a: since 1\n\tu32 x since 1\n\t\tfrom x\n",
		"catalog application 1\nevent a:b since 1 on c\n\tu32 x since 1\n\t\tfrom x\n",
		"catalog linux 1\nevent a:b since 1 on c \"x\"\n\tu32 x since 1 \"x\"\n\t\tfrom x\n",
		"catalog linux 1\nstruct a_user of a since 1\n\tu32 b @0 since 1 \"b\"\n\t\tfrom b\n",
	};
	struct catalog *base = NULL, *c = NULL;
	struct abide_error e = { 0 };
	struct buf lock = { 0 };
	struct made m;
	size_t i;

	for (i = 0; i < sizeof(mixed) / sizeof(*mixed); i++) {
		memset(&e, 0, sizeof(e));
		OK(catalog_parse(mixed[i], (uint32_t)strlen(mixed[i]), "text", NULL, &c, &e) == -EINVAL && !strncmp(e.problem, "text:", 5),
		   "a catalog that is of neither kind");
	}
	catalog_parse(linux_one, sizeof(linux_one) - 1, "base", NULL, &base, &e);
	OK(base && catalog_parse("catalog application 1\n", 22, "text", base, &c, &e) == -EINVAL, "one kind on top of the other");
	event(&m, "mydb", "done", "");
	OK(!lock_write(base, &lock, &e) && lock_check(m.c, (const char *)lock.data, lock.size, "lock", &e) == -EINVAL &&
	           !strcmp(e.tag, "lock-syntax"),
	   "the kernel's lock is none of an application");
	buf_free(&lock);
	drop(&m);
	catalog_free(base);
}

int main(void)
{
	test_places();
	test_refusals();
	test_events();
	test_documents();
	test_kinds();
	return kit_done();
}
