/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * When did a child of the bench begin to run its program, and when was its last BPF program
 * attached? By the end of the bpf(2) or ioctl(2) that attached it, whatever library made
 * the call. Itself a stable program.
 */
#include <abide/linux.h>
#include <abide/program.h>

#define LINK_CREATE         28         /* BPF_LINK_CREATE */
#define RAW_TRACEPOINT_OPEN 17         /* BPF_RAW_TRACEPOINT_OPEN */
#define PERF_SET_BPF        0x40042408 /* PERF_EVENT_IOC_SET_BPF */

const volatile u32 parent; /* of whom children are watched */

struct times {
	u64 started, attached; /* ns */
	u32 attaching;
	u32 links;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 256);
	__type(key, u32); /* process */
	__type(value, struct times);
} children SEC(".maps");

static __always_inline struct times *mine(void)
{
	u32 tgid = bpf_get_current_pid_tgid() >> 32;

	return bpf_map_lookup_elem(&children, &tgid);
}

SEC("tp_user/task_exec")
int BPF_PROG(on_exec, struct task_struct_user *task)
{
	struct times t = { .started = bpf_ktime_get_ns() };
	u32 tgid = task->tgid;

	if (task->ppid == parent)
		bpf_map_update_elem(&children, &tgid, &t, BPF_ANY);
	return 0;
}

static __always_inline void begins(bool attaching)
{
	struct times *t = mine();

	if (t)
		t->attaching = attaching;
}

static __always_inline void ends(s64 ret)
{
	struct times *t = mine();

	if (t && t->attaching && ret >= 0) {
		t->attached = bpf_ktime_get_ns();
		t->links++;
	}
	if (t)
		t->attaching = 0;
}

SEC("tp_user/sys_enter:bpf")
int BPF_PROG(on_bpf, u32 cmd)
{
	begins(cmd == LINK_CREATE || cmd == RAW_TRACEPOINT_OPEN);
	return 0;
}

SEC("tp_user/sys_exit:bpf")
int BPF_PROG(on_bpf_done, s64 ret)
{
	ends(ret);
	return 0;
}

SEC("tp_user/sys_enter:ioctl")
int BPF_PROG(on_ioctl, u32 fd, u32 cmd)
{
	begins(cmd == PERF_SET_BPF);
	return 0;
}

SEC("tp_user/sys_exit:ioctl")
int BPF_PROG(on_ioctl_done, s64 ret)
{
	ends(ret);
	return 0;
}

LICENSE("GPL");
