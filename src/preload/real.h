/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
#ifndef ABIDE_PRELOAD_REAL_H
#define ABIDE_PRELOAD_REAL_H

#include <stdbool.h>

/* The functions that ours stand in front of: the next of that name, libc's or another library's. */
enum preload_real {
#define REAL(name)             REAL_##name,
#define REAL_AT(name, version) REAL_##name,
#include "preload/real.def"
#undef REAL
#undef REAL_AT
	REAL_NR
};

/* Filled by the constructor, and before it by the first call of each. */
extern void *preload_real[REAL_NR] __attribute__((visibility("hidden")));

/* Look it up; a function that fails with ENOSYS where there is none. Keeps errno. */
void *preload_real_find(enum preload_real i);
void preload_real_find_all(void);
/* Is this thread inside preload_real_find? Then malloc must do without the real one. */
bool preload_real_finding(void);

#define real(name) (real_known(name) ?: (__typeof__(&name))preload_real_find(REAL_##name))
/* NULL as long as nobody has looked. */
#define real_known(name)                                                                           \
	((__typeof__(&name))__atomic_load_n(&preload_real[REAL_##name], __ATOMIC_RELAXED))

#define EXPORT      __attribute__((visibility("default")))
#define COLD        __attribute__((noinline, cold))
#define CALLER      ((const void *)__builtin_return_address(0))
#define likely(x)   __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)

#endif
