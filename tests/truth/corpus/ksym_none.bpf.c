// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* The address of a symbol that no kernel has, and that the object insists on. */
#include "corpus.h"

extern const void no_such_symbol __ksym;

SEC("raw_tp/sched_switch")
int absent(void *ctx)
{
	sink = (__u64)&no_such_symbol;
	return 0;
}
