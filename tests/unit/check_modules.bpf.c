/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Programs on what only the mq-deadline module of a kernel has. Run by check_modules.sh. */
#include <linux/bpf.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

struct deadline_data {
	int front_merges;
} __attribute__((preserve_access_index));
int out;

SEC("fentry/dd_merged_requests") int entry(unsigned long long *ctx) { out = (int)ctx[1]; return 0; }
SEC("fentry/dd_merged_requests") int beyond(unsigned long long *ctx) { out = (int)ctx[7]; return 0; }
SEC("fentry/dd_no_such_function") int nowhere(void *ctx) { return 0; }
SEC("raw_tp/sched_switch") int field(void *ctx)
{
	struct deadline_data *d = 0;

	bpf_probe_read_kernel(&out, sizeof(out), &d->front_merges);
	return 0;
}

char _license[] SEC("license") = "GPL";
