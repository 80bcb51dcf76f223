// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Variables of the kernel that the object can do without. */
#include "corpus.h"

extern int bpf_no_such_variable __ksym_weak;

SEC("raw_tp/sched_switch")
int guarded(void *ctx)
{
	int *v = &bpf_no_such_variable;

	if (v)
		sink = 7;
	return 0;
}
