/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Machines without a compiler of ours: the interpreter runs everything. */
#include <errno.h>

#include "process/program.h"

#if !defined(__x86_64__)
int process_compile(struct process_program *p, const struct process_compile_options *options,
                    struct abide_error *e)
{
	(void)p;
	(void)options;
	return error_set(e, -ENOTSUP, "exec-native", "there is no native code for this machine");
}
#endif
