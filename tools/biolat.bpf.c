/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * biolat: how long disks take, by disk and operation: from the driver to completion.
 *
 *	abide run biolat.bpf.o -d 10
 *	abide run biolat.bpf.o --queued=1       from the queue on, the wait for the driver included
 */
#include <abide/linux.h>
#include <abide/program.h>

OPTION(bool, queued, 0, "count from when the request was made, not from when the driver got it");

struct which {
	char disk[32] TITLE("DISK");
	enum req_op_user op TITLE("OPERATION");
};

HISTOGRAM_BY(latency, struct which, "time of one request", "ns", 256);

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
	u64 key = (u64)rq, now = bpf_ktime_get_ns(), *at = bpf_map_lookup_elem(&issued_at, &key), from;
	struct which which = { .op = rq->op };

	if (!at)
		return 0;
	from = queued ? rq->start_ns : *at;
	bpf_map_delete_elem(&issued_at, &key);
	__builtin_memcpy(which.disk, rq->disk_name, sizeof(which.disk));
	if (from && now > from)
		hist_add_by(&latency, &which, now - from);
	return 0;
}

LICENSE("GPL");
