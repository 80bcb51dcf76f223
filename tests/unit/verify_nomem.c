/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * verify_nomem OBJECT: the verifier with each of its allocations failing in turn: -ENOMEM, nothing
 * leaked, and a result only when all succeeded. The linker wraps malloc, calloc and realloc.
 */
#include <errno.h>

#include "verify_kit.h"

void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t size);
void __real_free(void *p);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t size);
void __wrap_free(void *p);

static uint64_t left = UINT64_MAX; /* allocations that succeed */
static int64_t live;
static struct kit_program program;

static bool fails(void)
{
	if (left == UINT64_MAX)
		return false;
	if (!left)
		return true;
	left--;
	return false;
}

static void *counted(void *p)
{
	live += p != NULL;
	return p;
}

void *__wrap_malloc(size_t size)
{
	return fails() ? NULL : counted(__real_malloc(size));
}

void *__wrap_calloc(size_t n, size_t size)
{
	return fails() ? NULL : counted(__real_calloc(n, size));
}

void *__wrap_realloc(void *p, size_t size)
{
	if (fails())
		return NULL;
	return p ? __real_realloc(p, size) : counted(__real_realloc(p, size));
}

void __wrap_free(void *p)
{
	live -= p != NULL;
	__real_free(p);
}

/* How many allocations the program needs, or -1. */
static int64_t one(const char *name)
{
	struct verify_result *r;
	struct abide_error e;
	int64_t before, n;
	int err;

	for (n = 0; n < 100000; n++) {
		memset(&e, 0, sizeof(e));
		before = live;
		left = (uint64_t)n;
		err = verify_program(&program.in, true, &r, &e);
		left = UINT64_MAX;
		if (!err)
			verify_result_free(r);
		if (live != before || (err && (err != -ENOMEM || e.code != -ENOMEM || r))) {
			printf("not ok - %s, allocation %lld fails: %d, %lld blocks left, %s\n", name, (long long)n, err, (long long)(live - before), e.problem);
			return -1;
		}
		if (!err)
			return n;
	}
	return -1;
}

int main(int argc, char **argv)
{
	struct abide_error e = { 0 };
	struct object *o;
	int64_t total = 0, n;
	uint32_t i;

	if (argc < 2 || object_open_file(argv[1], &o, &e)) {
		printf("not ok - %s\n", e.problem);
		return 1;
	}
	for (i = 0; i < o->nr_functions; i++) {
		if (o->functions[i].subprogram)
			continue;
		kit_link(&program, o, i);
		n = one(o->functions[i].name);
		if (n < 5) {
			printf("not ok - %s: %lld allocations\n", o->functions[i].name, (long long)n);
			return 1;
		}
		total += n;
	}
	object_free(o);
	printf("ok - verifier: each of %lld allocations may fail\n", (long long)total);
	return 0;
}
