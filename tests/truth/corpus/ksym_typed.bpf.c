// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* A variable of the kernel by its BTF: since 5.14 kernels describe per-CPU ones. */
#include "corpus.h"

struct rq {
	unsigned int nr_running;
} KERNEL;

extern struct rq runqueues __ksym;

SEC("raw_tp/sched_switch")
int this_cpu(void *ctx)
{
	struct rq *rq = bpf_this_cpu_ptr(&runqueues);

	sink = rq->nr_running;
	return 0;
}
