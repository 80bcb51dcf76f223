/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Programs against the two kernels of check_kernel.bpf.c. What each is on each kernel
 * stands in check_guard.c.
 */
#include <linux/bpf.h>
#include <linux/types.h>
#include <stdbool.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>

#define core __attribute__((preserve_access_index))

struct task_struct {
	int pid;
	long state;
	struct task_struct *parent;
	int exit_code;
} core;
struct task_struct___new {
	unsigned int __state;
} core;
struct only_new {
	int x;
} core;
struct inode { /* as the old kernel has it, without CO-RE */
	long i_ino;
	int i_mode;
};
enum zone_type { ZONE_NORMAL, ZONE_DEVICE };

long out;
struct inode *kept_in_btf;
const volatile bool want_state;

typedef __u64 args;

static __always_inline long state_of(struct task_struct *t)
{
	return BPF_CORE_READ(t, state);
}

static __always_inline long new_state_of(void *t)
{
	return BPF_CORE_READ((struct task_struct___new *)t, __state);
}

#define ON(name) SEC("raw_tp/sched_switch") int name(args *ctx)
#define T ((struct task_struct *)ctx[1])

ON(plain) { out = state_of(T); return 0; }
ON(guarded) { out = bpf_core_field_exists(T->state) ? state_of(T) : new_state_of(T); return 0; }
ON(inverted)
{
	if (!bpf_core_field_exists(((struct task_struct___new *)0)->__state))
		out = state_of(T);
	return 0;
}
ON(nested)
{
	if (bpf_core_field_exists(T->pid)) {
		if (bpf_core_type_exists(struct only_new))
			out = new_state_of(T);
		else
			out = state_of(T);
	} else {
		out = BPF_CORE_READ((struct only_new *)T, x);
	}
	return 0;
}
ON(wrong_guard)
{
	if (bpf_core_field_exists(T->pid))
		out = state_of(T);
	return 0;
}
ON(type_guard)
{
	if (bpf_core_type_exists(struct only_new))
		out = BPF_CORE_READ((struct only_new *)ctx[0], x);
	return 0;
}
ON(type_plain) { out = BPF_CORE_READ((struct only_new *)ctx[0], x); return 0; }
ON(enum_guard)
{
	if (bpf_core_enum_value_exists(enum zone_type, ZONE_DEVICE))
		out = bpf_core_enum_value(enum zone_type, ZONE_DEVICE);
	return 0;
}
ON(enum_plain) { out = bpf_core_enum_value(enum zone_type, ZONE_DEVICE); return 0; }

static __noinline int has_state(void)
{
	return bpf_core_field_exists(((struct task_struct *)0)->state);
}
ON(sub_guard)
{
	if (has_state())
		out = state_of(T);
	return 0;
}

static __noinline long sub_read(struct task_struct *t, bool may)
{
	return may ? state_of(t) : 0;
}
ON(sub_argument) { out = sub_read(T, bpf_core_field_exists(T->state)); return 0; }

ON(loop_guard)
{
	bool may = bpf_core_field_exists(T->state);
	int i;

#pragma clang loop unroll(disable)
	for (i = 0; i < 100; i++)
		if (may)
			out += state_of(T) + i;
	return 0;
}
ON(both) /* what is reached on either way is reached */
{
	if (bpf_get_current_task() & 1)
		out = state_of(T);
	return 0;
}
ON(rodata_guard)
{
	if (want_state)
		out = state_of(T);
	return 0;
}
ON(raw_beyond) { out = ctx[3]; return 0; }
ON(helper) { out = (long)bpf_get_current_task_btf(); return 0; }
ON(helper_guarded)
{
	if (bpf_core_type_exists(struct only_new))
		out = (long)bpf_get_current_task_btf();
	return 0;
}

SEC("tp_btf/sched_switch") int typed(args *ctx) { out = T->exit_code; return 0; }
SEC("tp_btf/sched_switch") int typed_walk(args *ctx) { out = T->parent->pid; return 0; }
SEC("tp_btf/sched_switch") int typed_null(args *ctx) { out = ((struct task_struct *)ctx[2])->pid; return 0; }
SEC("tp_btf/sched_switch") int typed_tested(args *ctx)
{
	struct task_struct *t = (void *)ctx[2];

	if (t)
		out = t->pid;
	return 0;
}
SEC("tp_btf/sched_switch") int typed_number(args *ctx) { out = ((struct task_struct *)ctx[0])->pid; return 0; }
SEC("tp_btf/sched_switch") int typed_store(args *ctx) { T->exit_code = 3; return 0; }
SEC("tp_btf/inode_seen") int hard(args *ctx) { out = ((struct inode *)ctx[0])->i_mode; return 0; }
SEC("tp_btf/inode_seen") int other_type(args *ctx)
{
	bpf_probe_read_kernel(&out, 4, &((struct task_struct *)ctx[0])->pid);
	return 0;
}
SEC("tp_btf/no_such_event") int no_event(args *ctx) { return 0; }
SEC("kprobe/do_old") int probe_old(void *ctx) { return 0; }
SEC("kprobe/do_work") int probe(void *ctx) { return 0; }
SEC("fentry/do_old") int entry_old(args *ctx) { return 0; }
SEC("lsm/file_open") int hook(args *ctx) { return 0; }

struct record {
	__u64 common;
	char prev_comm[16];
	int prev_pid;
	long prev_state;
	long more;
};
SEC("tracepoint/sched/sched_switch") int record_same(struct record *r) { out = r->prev_pid; return 0; }
SEC("tracepoint/sched/sched_switch") int record_moved(struct record *r) { out = r->prev_state; return 0; }
SEC("tracepoint/sched/sched_switch") int record_beyond(struct record *r) { out = r->more; return 0; }

char _license[] SEC("license") = "GPL";
