/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The real functions. dlsym(RTLD_NEXT) finds the next definition behind this library: libc's,
 * or that of an allocator that is loaded as a library of its own, so jemalloc and the like go
 * on working. All are looked up by the constructor, because dlsym may not be called from a
 * signal handler or between vfork and exec; what is called earlier, by constructors of other
 * libraries, is looked up then. dlsym may allocate (its error text), so a thread that is in
 * here says so, and what it would free memory with is there before memory is.
 */
#include <dlfcn.h>
#include <errno.h>
#include <stddef.h>

#include "preload/real.h"

void *preload_real[REAL_NR];

static const struct {
	const char *name, *version;
} functions[REAL_NR] = {
#define REAL(name)             [REAL_##name] = { #name, NULL },
#define REAL_AT(name, version) [REAL_##name] = { #name, version },
#include "preload/real.def"
#undef REAL
#undef REAL_AT
};

static __thread unsigned int finding __attribute__((tls_model("initial-exec")));

/* Programs link against what their libc has; this one stands where a libc has less than ours. */
static long missing(void)
{
	errno = ENOSYS;
	return -1;
}

static void *find(enum preload_real i)
{
	void *f = NULL;

	finding++;
	if (functions[i].version)
		f = dlvsym(RTLD_NEXT, functions[i].name, functions[i].version);
	if (!f)
		f = dlsym(RTLD_NEXT, functions[i].name);
	if (!f)
		f = (void *)missing;
	finding--;
	__atomic_store_n(&preload_real[i], f, __ATOMIC_RELAXED);
	return f;
}

void *preload_real_find(enum preload_real i)
{
	enum preload_real first;
	int saved = errno;
	void *f;

	for (first = REAL_free; !finding && first <= REAL_calloc; first++)
		if (!__atomic_load_n(&preload_real[first], __ATOMIC_RELAXED))
			find(first);
	f = find(i);
	errno = saved;
	return f;
}

void preload_real_find_all(void)
{
	enum preload_real i;

	for (i = 0; i < REAL_NR; i++)
		if (!__atomic_load_n(&preload_real[i], __ATOMIC_RELAXED))
			preload_real_find(i);
}

bool preload_real_finding(void)
{
	return finding;
}
