// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* A function of an application, and its end. */
#include "corpus.h"

SEC("uprobe//bin/truth:truth_probe_me")
int entry(void *ctx)
{
	sink = 1;
	return 0;
}

SEC("uretprobe//bin/truth:truth_probe_me")
int leave(void *ctx)
{
	sink = 1;
	return 0;
}
