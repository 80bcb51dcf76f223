// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Addresses of kernel symbols without a type: /proc/kallsyms tells. */
#include "corpus.h"

extern const void init_task __ksym;
extern const void no_such_symbol __ksym_weak;

SEC("raw_tp/sched_switch")
int present(void *ctx)
{
	sink = (__u64)&init_task;
	return 0;
}

SEC("raw_tp/sched_switch")
int weak_absent(void *ctx)
{
	if (&no_such_symbol)
		sink = 7;
	return 0;
}
