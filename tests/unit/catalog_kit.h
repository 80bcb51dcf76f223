/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
#ifndef ABIDE_TESTS_CATALOG_KIT_H
#define ABIDE_TESTS_CATALOG_KIT_H

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "catalog/catalog.h"

/* Linked with --wrap for calloc and realloc, so that each allocation can be made to fail. */
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t size);

static long fail_in = -1; /* this many allocations succeed, the next fails; -1: none does */

static inline bool fails(void)
{
	return fail_in >= 0 && !fail_in--;
}

void *__wrap_calloc(size_t n, size_t size)
{
	return fails() ? NULL : __real_calloc(n, size);
}

void *__wrap_realloc(void *p, size_t size)
{
	return fails() ? NULL : __real_realloc(p, size);
}

/* TAP, and texts as catalogs. */
static unsigned kit_nr, kit_bad;

static inline void kit_report(bool ok, const char *name, const char *file, int line)
{
	printf("%sok %u - %s\n", ok ? "" : "not ", ++kit_nr, name);
	if (!ok)
		printf("# %s:%d\n", file, line);
	kit_bad += !ok;
}

#define OK(cond, name) kit_report(cond, name, __FILE__, __LINE__)
#define SAME(have, want, name)                                                        \
	do {                                                                          \
		long long have_ = (long long)(have), want_ = (long long)(want);       \
		kit_report(have_ == want_, name, __FILE__, __LINE__);                 \
		if (have_ != want_)                                                   \
			printf("# have %lld, want %lld\n", have_, want_);             \
	} while (0)
#define TEXT(have, want, name)                                                        \
	do {                                                                          \
		const char *have_ = (have), *want_ = (want);                          \
		bool ok_ = have_ && !strcmp(have_, want_);                            \
		kit_report(ok_, name, __FILE__, __LINE__);                            \
		if (!ok_)                                                             \
			printf("# have \"%s\", want \"%s\"\n", have_ ? have_ : "(null)", want_); \
	} while (0)

static inline int kit_done(void)
{
	printf("1..%u\n", kit_nr);
	return kit_bad ? 1 : 0;
}

static inline int kit_parse(const char *text, const struct catalog *base, struct catalog **out, struct abide_error *e)
{
	memset(e, 0, sizeof(*e));
	return catalog_parse(text, (uint32_t)strlen(text), "test.cat", base, out, e);
}

/* A catalog that the test relies on: one that does not parse ends the test. */
static inline struct catalog *kit_catalog(const char *text, const struct catalog *base)
{
	struct catalog *c = NULL;
	struct abide_error e;

	if (kit_parse(text, base, &c, &e)) {
		printf("Bail out! %s\n", e.problem);
		exit(1);
	}
	return c;
}

#endif
