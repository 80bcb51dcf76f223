// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* A kconfig variable that libbpf does not know, and that the object insists on. */
#include "corpus.h"

extern int LINUX_NO_SUCH_FACT __kconfig;

SEC("raw_tp/sched_switch")
int absent(void *ctx)
{
	sink = LINUX_NO_SUCH_FACT;
	return 0;
}
