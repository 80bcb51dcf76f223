/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * tracex3: a heat map of disk latency over time. The third sample of the proposal of 2015, as
 * a stable program.
 *
 *	abide run tracex3.bpf.o -d 30
 *
 * A row is a second, oldest first; columns are latencies, left is fast; the darker a cell,
 * the more requests.
 */
#include <abide/linux.h>
#include <abide/program.h>

HEATMAP(latency, "time of one request", "ns");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16384);
	__type(key, u64); /* request */
	__type(value, u64);
} issued_at SEC(".maps");

SEC("tp_user/block_issue")
int BPF_PROG(on_issue, struct request_user *rq)
{
	u64 key = (u64)rq, now = bpf_ktime_get_ns();

	bpf_map_update_elem(&issued_at, &key, &now, BPF_ANY);
	return 0;
}

SEC("tp_user/block_complete")
int BPF_PROG(on_complete, struct request_user *rq)
{
	u64 key = (u64)rq, *at = bpf_map_lookup_elem(&issued_at, &key);

	if (at) {
		heat_add(&latency, bpf_ktime_get_ns() - *at);
		bpf_map_delete_elem(&issued_at, &key);
	}
	return 0;
}

LICENSE("GPL");
