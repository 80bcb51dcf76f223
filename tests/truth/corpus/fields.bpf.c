// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* CO-RE fields: read, measured, tested for; guarded in each way that programs guard. */
#include "corpus.h"

struct task_struct___old {
	long state;
	unsigned int cpu;
} KERNEL;

struct task_struct___new {
	unsigned int __state;
} KERNEL;

struct thread_info___cpu {
	unsigned int cpu;
} KERNEL;

struct task_struct___info {
	struct thread_info___cpu thread_info;
} KERNEL;

struct task_struct___bits {
	unsigned int in_execve : 1;
	unsigned int no_such_bit : 1;
	unsigned int sched_contributes_to_load : 1;
} KERNEL;

/* Members of the right name and a kind that they never had. */
struct task_struct___kind {
	void *pid;
	struct ns_common prio;
} KERNEL;

struct task_struct___long_comm {
	char comm[64];
} KERNEL;

/* A field with another integer type: CO-RE takes the kernel's size. */
struct task_struct___wide {
	__u64 pid;
	__u8 tgid;
	int on_cpu;
	int on_rq;
} KERNEL;

union task_struct___union {
	int pid;
} KERNEL;

struct no_such_struct {
	int field;
} KERNEL;

struct kernel_cap_struct___array {
	__u32 cap[2];
} KERNEL;

struct kernel_cap_struct___val {
	__u64 val;
} KERNEL;

struct cred___array {
	struct kernel_cap_struct___array cap_effective;
} KERNEL;

struct sk_buff___anon {
	struct {
		struct {
			struct sk_buff *next;
		};
	};
} KERNEL;

const volatile bool use_new_state = false;

#define TASK struct task_struct *t = (void *)bpf_get_current_task()

SEC("raw_tp/sched_switch")
int state_old(void *ctx)
{
	TASK;

	sink = BPF_CORE_READ((struct task_struct___old *)t, state);
	return 0;
}

SEC("raw_tp/sched_switch")
int state_new(void *ctx)
{
	TASK;

	sink = BPF_CORE_READ((struct task_struct___new *)t, __state);
	return 0;
}

SEC("raw_tp/sched_switch")
int state_both(void *ctx)
{
	TASK;
	struct task_struct___new *n = (void *)t;

	if (bpf_core_field_exists(n->__state))
		sink = BPF_CORE_READ(n, __state);
	else
		sink = BPF_CORE_READ((struct task_struct___old *)t, state);
	return 0;
}

SEC("raw_tp/sched_switch")
int state_wrong_branch(void *ctx)
{
	TASK;
	struct task_struct___new *n = (void *)t;

	if (!bpf_core_field_exists(n->__state))
		sink = BPF_CORE_READ(n, __state);
	return 0;
}

SEC("raw_tp/sched_switch")
int state_unrelated_guard(void *ctx)
{
	TASK;

	if (bpf_core_field_exists(t->pid))
		sink = BPF_CORE_READ((struct task_struct___new *)t, __state);
	return 0;
}

SEC("raw_tp/sched_switch")
int state_guard_after(void *ctx)
{
	TASK;
	struct task_struct___new *n = (void *)t;
	__u64 v = BPF_CORE_READ(n, __state);

	if (bpf_core_field_exists(n->__state))
		sink = v;
	return 0;
}

SEC("raw_tp/sched_switch")
int state_guard_and_runtime(void *ctx)
{
	TASK;
	struct task_struct___new *n = (void *)t;

	if (bpf_get_smp_processor_id() < 64 && bpf_core_field_exists(n->__state) && bpf_ktime_get_ns() > 5)
		sink = BPF_CORE_READ(n, __state);
	return 0;
}

SEC("raw_tp/sched_switch")
int state_guard_or_runtime(void *ctx)
{
	TASK;
	struct task_struct___new *n = (void *)t;

	if (bpf_core_field_exists(n->__state) || bpf_ktime_get_ns() > 5)
		sink = BPF_CORE_READ(n, __state);
	return 0;
}

SEC("raw_tp/sched_switch")
int state_guard_spilled(void *ctx)
{
	TASK;
	struct task_struct___new *n = (void *)t;
	volatile int have = bpf_core_field_exists(n->__state);

	bpf_ktime_get_ns();
	if (have)
		sink = BPF_CORE_READ(n, __state);
	return 0;
}

SEC("raw_tp/sched_switch")
int state_rodata_guard(void *ctx)
{
	TASK;

	if (use_new_state)
		sink = BPF_CORE_READ((struct no_such_struct *)t, field);
	return 0;
}

static __noinline __u64 read_state(struct task_struct *t, int have)
{
	if (have)
		return BPF_CORE_READ((struct task_struct___new *)t, __state);
	return 0;
}

SEC("raw_tp/sched_switch")
int state_guard_in_caller(void *ctx)
{
	TASK;
	struct task_struct___new *n = (void *)t;

	sink = read_state(t, bpf_core_field_exists(n->__state));
	return 0;
}

SEC("raw_tp/sched_switch")
int cpu_old(void *ctx)
{
	TASK;

	sink = BPF_CORE_READ((struct task_struct___old *)t, cpu);
	return 0;
}

SEC("raw_tp/sched_switch")
int cpu_thread_info(void *ctx)
{
	TASK;

	sink = BPF_CORE_READ((struct task_struct___info *)t, thread_info.cpu);
	return 0;
}

SEC("raw_tp/sched_switch")
int cpu_either(void *ctx)
{
	TASK;
	struct task_struct___old *o = (void *)t;

	if (bpf_core_field_exists(o->cpu))
		sink = BPF_CORE_READ(o, cpu);
	else
		sink = BPF_CORE_READ((struct task_struct___info *)t, thread_info.cpu);
	return 0;
}

SEC("raw_tp/sched_switch")
int exists_absent(void *ctx)
{
	struct no_such_struct *n = ctx;

	sink = bpf_core_field_exists(n->field);
	return 0;
}

SEC("raw_tp/sched_switch")
int size_present(void *ctx)
{
	sink = bpf_core_field_size(((struct task_struct *)0)->comm);
	return 0;
}

SEC("raw_tp/sched_switch")
int size_absent(void *ctx)
{
	sink = bpf_core_field_size(((struct task_struct___new *)0)->__state);
	return 0;
}

SEC("raw_tp/sched_switch")
int offset_present(void *ctx)
{
	struct task_struct *t = 0;

	sink = __builtin_preserve_field_info(t->comm, BPF_FIELD_BYTE_OFFSET);
	return 0;
}

SEC("raw_tp/sched_switch")
int offset_absent(void *ctx)
{
	struct no_such_struct *t = 0;

	sink = __builtin_preserve_field_info(t->field, BPF_FIELD_BYTE_OFFSET);
	return 0;
}

SEC("raw_tp/sched_switch")
int signed_present(void *ctx)
{
	struct task_struct *t = 0;

	sink = __builtin_preserve_field_info(t->pid, BPF_FIELD_SIGNED);
	return 0;
}

SEC("raw_tp/sched_switch")
int signed_absent(void *ctx)
{
	struct task_struct___old *t = 0;

	sink = __builtin_preserve_field_info(t->state, BPF_FIELD_SIGNED);
	return 0;
}

SEC("raw_tp/sched_switch")
int bitfield_present(void *ctx)
{
	TASK;

	sink = BPF_CORE_READ_BITFIELD_PROBED((struct task_struct___bits *)t, in_execve);
	return 0;
}

SEC("raw_tp/sched_switch")
int bitfield_absent(void *ctx)
{
	TASK;

	sink = BPF_CORE_READ_BITFIELD_PROBED((struct task_struct___bits *)t, no_such_bit);
	return 0;
}

SEC("tp_btf/sched_switch")
int BPF_PROG(bitfield_direct, bool preempt, struct task_struct *prev)
{
	sink = BPF_CORE_READ_BITFIELD((struct task_struct___bits *)prev, sched_contributes_to_load);
	return 0;
}

SEC("raw_tp/sched_switch")
int kind_pointer_for_int(void *ctx)
{
	TASK;

	sink = (__u64)BPF_CORE_READ((struct task_struct___kind *)t, pid);
	return 0;
}

SEC("raw_tp/sched_switch")
int kind_struct_for_int(void *ctx)
{
	TASK;

	sink = (__u64)BPF_CORE_READ((struct task_struct___kind *)t, prio.inum);
	return 0;
}

SEC("raw_tp/sched_switch")
int union_for_struct(void *ctx)
{
	TASK;

	sink = (__u64)BPF_CORE_READ((union task_struct___union *)t, pid);
	return 0;
}

SEC("raw_tp/sched_switch")
int element_inside(void *ctx)
{
	TASK;

	sink = BPF_CORE_READ(t, comm[15]);
	return 0;
}

SEC("raw_tp/sched_switch")
int element_outside(void *ctx)
{
	TASK;

	sink = BPF_CORE_READ((struct task_struct___long_comm *)t, comm[20]);
	return 0;
}

SEC("tp_btf/sched_switch")
int BPF_PROG(narrow_and_wide, bool preempt, struct task_struct *prev)
{
	struct task_struct___wide *w = (void *)prev;

	sink = w->pid;
	return 0;
}

SEC("tp_btf/sched_switch")
int BPF_PROG(narrow_signed, bool preempt, struct task_struct *prev)
{
	struct task_struct___wide *w = (void *)prev;

	sink = w->tgid;
	return 0;
}

SEC("tp_btf/sched_switch")
int BPF_PROG(shrunk_field, bool preempt, struct task_struct *prev)
{
	struct task_struct___wide *w = (void *)prev;

	sink = w->on_cpu + w->on_rq;
	return 0;
}

SEC("raw_tp/sched_switch")
int caps_array(void *ctx)
{
	struct cred___array *c = ctx;

	sink = BPF_CORE_READ(c, cap_effective.cap[1]);
	return 0;
}

SEC("raw_tp/sched_switch")
int through_anonymous(void *ctx)
{
	struct sk_buff___anon *s = ctx;

	sink = (__u64)BPF_CORE_READ(s, next);
	return 0;
}

SEC("raw_tp/sched_switch")
int struct_absent(void *ctx)
{
	struct no_such_struct *n = ctx;

	sink = BPF_CORE_READ(n, field);
	return 0;
}

SEC("raw_tp/sched_switch")
int string_of_task(void *ctx)
{
	TASK;
	char comm[16];

	bpf_core_read_str(comm, sizeof(comm), &t->comm);
	sink = comm[0];
	return 0;
}
