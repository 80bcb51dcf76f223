/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Programs on what only the mq-deadline and dm-mod modules of a kernel have. Run by check_modules.sh. */
#include <linux/bpf.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

struct deadline_data {
	int front_merges;
} __attribute__((preserve_access_index));
struct deadline_data___never {
	int front_merges;
} __attribute__((preserve_access_index));
int out;

SEC("fentry/dd_merged_requests") int entry(unsigned long long *ctx) { out = (int)ctx[1]; return 0; }
SEC("fentry/dd_merged_requests") int beyond(unsigned long long *ctx) { out = (int)ctx[7]; return 0; }
SEC("fentry/dd_no_such_function") int nowhere(void *ctx) { return 0; }
SEC("fentry/mq_deadline:dd_merged_requests") int named(unsigned long long *ctx) { out = (int)ctx[1]; return 0; }
SEC("fexit/mq_deadline:dd_merged_requests") int named_exit(unsigned long long *ctx) { out = (int)ctx[2]; return 0; }
SEC("fentry/mq_deadline:dd_no_such_function") int named_nowhere(void *ctx) { return 0; }
SEC("fentry/mq_deadline:vfs_read") int named_own(void *ctx) { return 0; }
SEC("fentry/no_such_module:dd_merged_requests") int no_module(void *ctx) { return 0; }
SEC("fentry/vmlinux:vfs_read") int kernel_itself(void *ctx) { return 0; }
SEC("fentry/deadline_init") int begins(void *ctx) { return 0; }
SEC("kprobe/dd_merged_requests") int probed(void *ctx) { return 0; }
SEC("kprobe/mq_deadline:dd_merged_requests") int probe_named(void *ctx) { return 0; }
SEC("kprobe/dd_no_such_function") int probe_nowhere(void *ctx) { return 0; }
SEC("raw_tp/dd_no_such_event") int event_nowhere(void *ctx) { return 0; }
SEC("raw_tp/sched_switch") int field(void *ctx)
{
	struct deadline_data *d = 0;

	bpf_probe_read_kernel(&out, sizeof(out), &d->front_merges);
	return 0;
}
SEC("raw_tp/sched_switch") int asked(void *ctx)
{
	out = bpf_core_type_exists(struct deadline_data___never);
	return 0;
}
SEC("raw_tp/sched_switch") int plain(void *ctx) { return 0; }

char _license[] SEC("license") = "GPL";
