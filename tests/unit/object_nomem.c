/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Out of memory, at each allocation in turn. The linker sends the tests' allocations here
 * (--wrap); one of them fails. What is left behind, a leak checker tells (make SAN=1).
 */
#include <errno.h>
#include <linux/btf.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "object/write.h"
#include "object_test.h"

static uint32_t countdown; /* the how manieth allocation from now fails; 0: none */
static uint32_t failures;

void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t size);
char *__real_strdup(const char *s);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t size);
char *__wrap_strdup(const char *s);
int __wrap_asprintf(char **out, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static bool fails(void)
{
	if (!countdown || --countdown)
		return false;
	failures++;
	return true;
}

void *__wrap_malloc(size_t size)
{
	return fails() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t n, size_t size)
{
	return fails() ? NULL : __real_calloc(n, size);
}

void *__wrap_realloc(void *p, size_t size)
{
	return fails() ? NULL : __real_realloc(p, size);
}

char *__wrap_strdup(const char *s)
{
	return fails() ? NULL : __real_strdup(s);
}

int __wrap_asprintf(char **out, const char *fmt, ...)
{
	va_list ap;
	int n;

	if (fails())
		return -1;
	va_start(ap, fmt);
	n = vasprintf(out, fmt, ap);
	va_end(ap);
	return n;
}

static void test_open(const char *path)
{
	uint32_t n, wrong = 0;
	struct object *o;
	int err = -1;

	for (n = 1; n < 10000 && err; n++) {
		struct abide_error e = { 0 };

		countdown = n;
		err = object_open_file(path, &o, &e);
		wrong += err && (err != -ENOMEM || strcmp(e.problem, "out of memory"));
		object_free(o);
	}
	countdown = 0;
	check(n > 10 && !err, "an object opens with %u allocations, and with none less", n - 2);
	check_u64(wrong, 0, "each failure says out of memory");
}

static void test_write_again(const char *path)
{
	struct translated *t = NULL;
	struct object *o = NULL;
	uint32_t n, i, wrong = 0;
	int err = -1;

	if (!check(!object_open_file(path, &o, NULL), "the sample opens"))
		return;
	t = calloc(1, sizeof(*t));
	t->object = o;
	t->programs = calloc(o->nr_functions, sizeof(*t->programs));
	for (i = 0; i < o->nr_functions; i++)
		if (!o->functions[i].subprogram)
			t->programs[t->nr_programs++] =
				(struct translated_program){ .source = &o->functions[i],
				                             .verbatim = true };
	for (n = 1; n < 10000 && err; n++) {
		struct abide_error e = { 0 };
		struct buf out = { 0 };

		countdown = n;
		err = object_write(t, &out, &e);
		wrong += err && err != -ENOMEM;
		buf_free(&out);
	}
	countdown = 0;
	check(n > 10 && !err, "it is written with %u allocations, and with none less", n - 2);
	check_u64(wrong, 0, "each failure says out of memory");
	translated_free(t);
	object_free(o);
}

static void test_find(void)
{
	uint32_t n, id, wrong = 0, before;
	struct btf_maker m = { 0 };
	struct buf bytes;
	struct btf_data *b;
	char name[16];

	for (n = 0; n < 500; n++) {
		snprintf(name, sizeof(name), "t%u", n);
		make_type(&m, name, n % 2 ? BTF_KIND_FUNC : BTF_KIND_STRUCT, false, 0, 0);
	}
	bytes = make_btf(&m, NULL);
	for (n = 1, before = ~0u; n < 1000 && before != failures; n++) {
		before = failures;
		countdown = n;
		if (!btf_open_mem(bytes.data, bytes.size, &b, NULL)) {
			id = btf_find(b, BTF_KIND_STRUCT, "t498");
			wrong += id != 499 && id;
			id = btf_find(b, BTF_KIND_FUNC, "t499");
			wrong += id != 500 && id;
			countdown = 0;
			wrong += btf_find(b, BTF_KIND_STRUCT, "t498") != 499 ||
			         btf_find(b, BTF_KIND_FUNC, "t499") != 500;
			btf_free(b);
		}
	}
	countdown = 0;
	check(n > 5 && n < 1000, "BTF is opened and searched with %u allocations", n - 2);
	check_u64(wrong, 0, "a search that failed for lack of memory succeeds later");
	buf_free(&bytes);
}

void test_nomem(const char *dir)
{
	char path[512];

	snprintf(path, sizeof(path), "%s/object_sample.bpf.o", dir);
	test_open(path);
	test_write_again(path);
	test_find();
}
