/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
#ifndef ABIDE_KERNEL_FOLLOW_H
#define ABIDE_KERNEL_FOLLOW_H

/* What follow.bpf.c counts, in its one variable of .bss; the eBPF program includes this too. */
struct follow_counts {
	unsigned long long followed; /* processes that watched ones made */
	unsigned long long ended;    /* watched processes that ended */
	unsigned long long missed;   /* children for which the filter had no room */
};

#endif
