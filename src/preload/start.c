/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * libabide-libc.so, put in front of a program's libc by LD_PRELOAD: user events libc:* for
 * programs that nobody changed. Nothing is started here: libabide-event does that when the
 * environment asks for it. The constructors of libraries that the program has may run before
 * this one, so all of ours works without it.
 */
#include "preload/real.h"

static __attribute__((constructor)) void start(void)
{
	preload_real_find_all();
}
