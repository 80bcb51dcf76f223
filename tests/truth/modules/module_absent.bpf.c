/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* What mq-deadline has: a module that is not loaded, or (older kernels) built in. */
#include "../corpus/corpus.h"

struct deadline_data {
	int front_merges;
} __attribute__((preserve_access_index));
unsigned long long out;

SEC("fentry/dd_merged_requests") int entry(unsigned long long *ctx) { out = ctx[0]; return 0; }
SEC("kprobe/dd_merged_requests") int probe(void *ctx) { return 0; }
SEC("raw_tp/sched_switch") int field(void *ctx)
{
	struct deadline_data *d = 0;

	bpf_probe_read_kernel(&out, 4, &d->front_merges);
	return 0;
}
SEC("raw_tp/sched_switch") int asked(void *ctx)
{
	struct deadline_data *d = 0;

	if (bpf_core_type_exists(struct deadline_data))
		bpf_probe_read_kernel(&out, 4, &d->front_merges);
	return 0;
}
