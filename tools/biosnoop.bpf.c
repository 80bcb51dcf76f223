/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * biosnoop: a row for each request that a disk completes.
 *
 *	abide run biosnoop.bpf.o
 *
 * PID and COMM are of the task that was running when the request went to the driver: who
 * asked for it, or, for writes, often a thread of the kernel that writes back.
 */
#include <abide/linux.h>
#include <abide/program.h>

struct row {
	u32 pid TITLE("PID");
	char comm[16] TITLE("COMM");
	char disk[32] TITLE("DISK");
	enum req_op_user op TITLE("OPERATION");
	u64 sector TITLE("SECTOR");
	u32 bytes UNIT("bytes") TITLE("BYTES");
	u64 latency UNIT("ns") TITLE("LATENCY");
	errno_nr error TITLE("ERROR");
};

EVENTS(requests, struct row, "requests completed");

struct issue {
	u64 at;
	u64 sector;
	u32 pid;
	u32 bytes;
	char comm[16];
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16384);
	__type(key, u64); /* request */
	__type(value, struct issue);
} issued SEC(".maps");

SEC("tp_user/block_issue")
int BPF_PROG(on_issue, struct request_user *rq)
{
	struct issue issue = { .at = bpf_ktime_get_ns(), .sector = rq->sector, .bytes = rq->bytes };
	u64 key = (u64)rq;

	issue.pid = bpf_get_current_pid_tgid() >> 32;
	bpf_get_current_comm(issue.comm, sizeof(issue.comm));
	bpf_map_update_elem(&issued, &key, &issue, BPF_ANY);
	return 0;
}

SEC("tp_user/block_complete")
int BPF_PROG(on_complete, struct request_user *rq, s32 error, u32 bytes)
{
	u64 key = (u64)rq;
	struct issue *issue = bpf_map_lookup_elem(&issued, &key);
	struct row *row;

	if (!issue)
		return 0;
	row = event_reserve(&requests);
	if (row) {
		row->pid = issue->pid;
		__builtin_memcpy(row->comm, issue->comm, sizeof(row->comm));
		__builtin_memcpy(row->disk, rq->disk_name, sizeof(row->disk));
		row->op = rq->op;
		row->sector = issue->sector;
		row->bytes = issue->bytes;
		row->latency = bpf_ktime_get_ns() - issue->at;
		row->error = error;
		event_submit(row);
	}
	bpf_map_delete_elem(&issued, &key);
	return 0;
}

LICENSE("GPL");
