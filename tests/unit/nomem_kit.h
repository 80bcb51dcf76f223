/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
#ifndef ABIDE_TESTS_NOMEM_KIT_H
#define ABIDE_TESTS_NOMEM_KIT_H

/* Allocation number .fail_at (from 0, -1: none) fails. For one source that is linked with --wrap=calloc,malloc,realloc. */
#include <stdbool.h>
#include <stdlib.h>

static long allocations, fail_at = -1;

void *__real_calloc(size_t n, size_t size);
void *__real_malloc(size_t size);
void *__real_realloc(void *p, size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_realloc(void *p, size_t size);

static bool refuse(void)
{
	return allocations++ == fail_at;
}

void *__wrap_calloc(size_t n, size_t size)
{
	return refuse() ? NULL : __real_calloc(n, size);
}

void *__wrap_malloc(size_t size)
{
	return refuse() ? NULL : __real_malloc(size);
}

void *__wrap_realloc(void *p, size_t size)
{
	return refuse() ? NULL : __real_realloc(p, size);
}

#endif
