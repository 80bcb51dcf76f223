// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* A kernel function of 6.4: numbers of an open-coded loop. */
#include "corpus.h"

struct bpf_iter_num {
	__u64 state[1];
} __attribute__((aligned(8)));

extern int bpf_iter_num_new(struct bpf_iter_num *it, int start, int end) __ksym;
extern int *bpf_iter_num_next(struct bpf_iter_num *it) __ksym;
extern void bpf_iter_num_destroy(struct bpf_iter_num *it) __ksym;

SEC("raw_tp/sched_switch")
int count(void *ctx)
{
	struct bpf_iter_num it;
	int *v;

	bpf_iter_num_new(&it, 0, 100);
	while ((v = bpf_iter_num_next(&it)))
		sink += *v;
	bpf_iter_num_destroy(&it);
	return 0;
}
