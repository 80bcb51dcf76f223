/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* A row for each program started and each process that ends: hops, and text in place. */
#include <abide/linux.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "pair.h"

struct row {
	__u32 pid, ppid, uid, exit_code;
	__u64 age_ns;
	char comm[16];
};

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 65536);
} rows SEC(".maps");

static __always_inline void add_row(struct task_struct_user *task, __u32 exit_code)
{
	struct row *row = bpf_ringbuf_reserve(&rows, sizeof(*row), 0);

	if (!row)
		return;
	row->pid = task->tgid;
	row->ppid = task->ppid;
	row->uid = task->uid;
	row->exit_code = exit_code;
	row->age_ns = bpf_ktime_get_ns() - task->start_ns;
	__builtin_memcpy(row->comm, task->comm, sizeof(row->comm));
	add_seen(row->pid + row->ppid + row->uid + row->exit_code + row->comm[0]);
	bpf_ringbuf_submit(row, BPF_RB_NO_WAKEUP);
}

SEC("tp_user/task_exec")
int BPF_PROG(on_exec, struct task_struct_user *task)
{
	if (chosen(task->ppid))
		add_row(task, 0);
	return 0;
}

SEC("tp_user/task_exit")
int BPF_PROG(on_exit, struct task_struct_user *task)
{
	if (chosen(task->ppid) && task->tid == task->tgid)
		add_row(task, task->exit_code);
	return 0;
}
