// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* A ring that user space writes (6.1). */
#include "corpus.h"

struct {
	__uint(type, BPF_MAP_TYPE_USER_RINGBUF);
	__uint(max_entries, 4096);
} ring SEC(".maps");

static long each(struct bpf_dynptr *p, void *ctx)
{
	return 0;
}

SEC("raw_tp/sched_switch")
int drain(void *ctx)
{
	sink = bpf_user_ringbuf_drain(&ring, each, 0, 0);
	return 0;
}
