/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
#ifndef ABIDE_TESTS_RESOLVE_KIT_H
#define ABIDE_TESTS_RESOLVE_KIT_H

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "btf_build.h"
#include "catalog/resolve.h"

/*
 * One kernel (a BTF that the test builds) and one catalog (a text) with the target that
 * comes of them; lookups by name; TAP.
 */
struct kit {
	struct bb b;
	struct btf_data *btf;
	struct catalog *c;
	struct target *t;
	struct abide_error e;
	/* Types that every test needs. */
	uint32_t s8, u8, u16, s32, u32, s64, u64, chr, boolean;
};

static uint32_t kit_nr, kit_bad;

static inline void kit_report(bool ok, const char *name, const char *file, int line)
{
	printf("%sok %" PRIu32 " - %s\n", ok ? "" : "not ", ++kit_nr, name);
	if (!ok)
		printf("# %s:%d\n", file, line);
	kit_bad += !ok;
}

#define OK(cond, name) kit_report(cond, name, __FILE__, __LINE__)
#define SAME(have, want, name)                                                                     \
	do {                                                                                       \
		long long have_ = (long long)(have), want_ = (long long)(want);                    \
		kit_report(have_ == want_, name, __FILE__, __LINE__);                              \
		if (have_ != want_)                                                                \
			printf("# have %lld, want %lld\n", have_, want_);                          \
	} while (0)
#define HAS(text, part, name)                                                                      \
	do {                                                                                       \
		const char *text_ = (text);                                                        \
		kit_report(strstr(text_, part), name, __FILE__, __LINE__);                         \
		if (!strstr(text_, part))                                                          \
			printf("# have \"%s\", want \"%s\"\n", text_, part);                       \
	} while (0)

static inline int kit_done(void)
{
	printf("1..%" PRIu32 "\n", kit_nr);
	return kit_bad ? 1 : 0;
}

static inline void kit_types(struct kit *k)
{
	k->s8 = bb_int(&k->b, "signed char", 1, BTF_INT_SIGNED, 0, 8);
	k->u8 = bb_int(&k->b, "unsigned char", 1, 0, 0, 8);
	k->u16 = bb_int(&k->b, "short unsigned int", 2, 0, 0, 16);
	k->s32 = bb_int(&k->b, "int", 4, BTF_INT_SIGNED, 0, 32);
	k->u32 = bb_int(&k->b, "unsigned int", 4, 0, 0, 32);
	k->s64 = bb_int(&k->b, "long int", 8, BTF_INT_SIGNED, 0, 64);
	k->u64 = bb_int(&k->b, "long unsigned int", 8, 0, 0, 64);
	k->chr = bb_int(&k->b, "char", 1, BTF_INT_SIGNED, 0, 8);
	k->boolean = bb_int(&k->b, "_Bool", 1, BTF_INT_BOOL, 0, 8);
}

static inline uint32_t kit_ptr(struct kit *k, uint32_t to)
{
	return bb_ref(&k->b, BTF_KIND_PTR, "", to);
}

/* A struct of plain and bit-field members, kflag set. */
#define KIT_STRUCT(k, name, size, ...)                                                             \
	({                                                                                         \
		const struct bb_member m_[] = { __VA_ARGS__ };                                     \
		bb_struct(&(k)->b, BTF_KIND_STRUCT, name, size, true, BB_N(m_), m_);               \
	})
#define KIT_UNION(k, name, size, ...)                                                              \
	({                                                                                         \
		const struct bb_member m_[] = { __VA_ARGS__ };                                     \
		bb_struct(&(k)->b, BTF_KIND_UNION, name, size, true, BB_N(m_), m_);                \
	})
#define KIT_ENUM(k, name, ...)                                                                     \
	({                                                                                         \
		const struct bb_value v_[] = { __VA_ARGS__ };                                      \
		bb_enum(&(k)->b, BTF_KIND_ENUM, name, false, BB_N(v_), v_);                        \
	})

/* Both types of a tracepoint: the typedef and, with @named, the function that names arguments. */
static inline uint32_t kit_tracepoint(struct kit *k, const char *name, bool named, uint32_t n,
                                      const struct bb_arg *args)
{
	struct bb_arg all[16] = { { named ? "__data" : "", kit_ptr(k, 0) } };
	char text[80];
	uint32_t i, proto, id;

	for (i = 0; i < n; i++)
		all[i + 1] = args[i];
	if (named) {
		snprintf(text, sizeof(text), "__traceiter_%s", name);
		proto = bb_proto(&k->b, k->s32, n + 1, all);
		bb_type(&k->b, text, BTF_KIND_FUNC, false, 0, proto);
	}
	for (i = 0; i <= n; i++)
		all[i].name = "";
	proto = bb_proto(&k->b, 0, n + 1, all);
	snprintf(text, sizeof(text), "btf_trace_%s", name);
	id = bb_ref(&k->b, BTF_KIND_TYPEDEF, text, kit_ptr(k, proto));
	return id;
}

/* Close the BTF and parse the catalog; a failure ends the test, it is the test's own. */
static inline void kit_open(struct kit *k, const char *text)
{
	size_t size;
	const void *bytes = bb_finish(&k->b, &size);
	int rc = btf_open_mem(bytes, size, &k->btf, &k->e);

	if (!rc)
		rc = catalog_parse(text, (uint32_t)strlen(text), "test.cat", NULL, &k->c, &k->e);
	if (!rc)
		rc = target_open(k->btf, "9.9", k->c, &k->t, &k->e);
	if (rc) {
		printf("Bail out! %s %s\n", k->e.problem, k->e.reason);
		exit(1);
	}
}

static inline void kit_close(struct kit *k)
{
	target_free(k->t);
	catalog_free(k->c);
	btf_free(k->btf);
	bb_free(&k->b);
}

/* The access of @field of @of; NULL and k->e when there is none. */
static inline const struct access *kit_field(struct kit *k, const char *of, const char *field,
                                             uint32_t elem)
{
	const struct cat_struct *s = catalog_struct(k->c, of);
	const struct cat_field *f = s ? catalog_field(s, field) : NULL;
	const struct access *a = NULL;

	memset(&k->e, 0, sizeof(k->e));
	if (!f) {
		printf("Bail out! the test's catalog has no %s.%s\n", of, field);
		exit(1);
	}
	if (resolve_field(k->t, s, f, elem, &a, &k->e) != k->e.code)
		k->e.code = -1;
	return a;
}

static inline const struct access *kit_arg(struct kit *k, const char *event, const char *arg)
{
	const struct cat_event *ev = catalog_event(k->c, event);
	const struct placement *p;
	const struct access *a = NULL;
	uint32_t i;

	memset(&k->e, 0, sizeof(k->e));
	if (!ev) {
		printf("Bail out! the test's catalog has no event %s\n", event);
		exit(1);
	}
	if (resolve_event(k->t, ev, &p, &k->e))
		return NULL;
	for (i = 0; i < ev->nr_args; i++)
		if (!strcmp(ev->args[i].name, arg)) {
			resolve_arg(k->t, p, &ev->args[i], &a, &k->e);
			return a;
		}
	printf("Bail out! event %s has no %s\n", event, arg);
	exit(1);
}

#endif
