/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Every kind of CO-RE record, on types of the real kernel that moved, were renamed, changed
 * their size, or are not there: what check resolves is compared with what libbpf writes.
 */
#include <linux/bpf.h>
#include <linux/types.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>

#define core __attribute__((preserve_access_index))

typedef int pid_t;
struct list_head {
	struct list_head *next, *prev;
} core;

struct sched_entity {
	__u64 vruntime;
	__u64 sum_exec_runtime;
} core;

struct mm_struct;
struct cred;
struct task_struct {
	volatile long state;
	unsigned int flags;
	pid_t pid, tgid;
	char comm[16];
	struct task_struct *real_parent;
	struct list_head tasks;
	struct sched_entity se;
	const struct cred *cred;
	struct mm_struct *mm;
	unsigned int in_execve : 1;
	unsigned int in_iowait : 1;
	int no_such_member;
} core;

struct task_struct___new {
	unsigned int __state;
} core;

struct upid {
	int nr;
} core;
struct pid {
	unsigned int level;
	struct upid numbers[1];
} core;

struct sk_buff {
	unsigned int len;
	__u8 pkt_type : 3;
	__u8 vlan_present : 1;
	__u16 queue_mapping;
	union {
		__u32 mark;
		__u32 reserved_tailroom;
	};
} core;

struct request___old {
	struct gendisk *rq_disk;
} core;
struct bio {
	struct gendisk *bi_disk;
	struct block_device *bi_bdev;
	__u64 bi_opf; /* 4 bytes in the kernel: unsigned, so the load is narrowed */
} core;
struct kernel_cap_struct {
	__u32 cap[2];
} core;
struct file {
	long f_flags; /* signed and of another width: cannot be adjusted */
	long f_pos;
} core;

struct no_such_struct {
	int x;
} core;

union thread_union {
	long stack[1];
} core;

enum req_op {
	REQ_OP_READ = 77,
	REQ_OP_DRV_OUT = 78,
	REQ_OP_NEVER = 79,
};
enum bpf_map_type___x {
	BPF_MAP_TYPE_ARENA___x = 1,
};
enum zone_type {
	ZONE_NORMAL = 50,
	ZONE_MOVABLE = 51,
};

typedef struct {
	int counter;
} atomic_t;

struct trace_event_raw_sched_switch {
	char prev_comm[16];
	pid_t prev_pid;
	long prev_state;
} core;

__u64 out[64];

SEC("abicore/offsets")
int offsets(void *ctx)
{
	struct task_struct *t = (void *)bpf_get_current_task();
	struct task_struct___new *n = (void *)t;
	struct pid *pid = (void *)t;
	struct sk_buff *skb = (void *)t;
	struct bio *bio = (void *)t;

	out[0] = (__u64)&t->pid;
	out[1] = (__u64)&t->comm[3];
	out[2] = (__u64)&t->se.vruntime;
	out[3] = (__u64)&t->tasks.prev;
	out[4] = (__u64)&pid->numbers[0].nr;
	out[5] = (__u64)&skb->mark;
	out[6] = (__u64)&n->__state;
	out[7] = (__u64)&t->state;
	out[8] = (__u64)&bio->bi_disk;
	out[9] = (__u64)&((struct request___old *)t)->rq_disk;
	out[10] = (__u64)&((struct no_such_struct *)t)->x;
	out[11] = (__u64)&t->no_such_member;
	out[12] = (__u64)&((struct kernel_cap_struct *)t)->cap[1];
	out[13] = (__u64)&t[2].flags;
	return 0;
}

SEC("abicore/exists")
int exists(void *ctx)
{
	struct task_struct *t = 0;

	out[0] = bpf_core_field_exists(t->state);
	out[1] = bpf_core_field_exists(((struct task_struct___new *)0)->__state);
	out[2] = bpf_core_field_exists(t->no_such_member);
	out[3] = bpf_core_field_exists(((struct bio *)0)->bi_bdev);
	out[4] = bpf_core_field_exists(((struct sk_buff *)0)->vlan_present);
	out[5] = bpf_core_type_exists(struct no_such_struct);
	out[6] = bpf_core_type_exists(struct pid);
	out[7] = bpf_core_type_exists(atomic_t);
	out[8] = bpf_core_type_exists(union thread_union);
	out[9] = bpf_core_enum_value_exists(enum req_op, REQ_OP_READ);
	out[10] = bpf_core_enum_value_exists(enum req_op, REQ_OP_NEVER);
	out[11] = bpf_core_enum_value_exists(enum bpf_map_type___x, BPF_MAP_TYPE_ARENA___x);
	return 0;
}

SEC("abicore/sizes")
int sizes(void *ctx)
{
	struct task_struct *t = 0;

	out[0] = bpf_core_field_size(t->comm);
	out[1] = bpf_core_field_size(t->state);
	out[2] = bpf_core_field_size(((struct file *)0)->f_flags);
	out[3] = bpf_core_type_size(struct task_struct);
	out[4] = bpf_core_type_size(struct no_such_struct);
	out[5] = bpf_core_type_size(atomic_t);
	out[6] = bpf_core_field_size(((struct bio *)0)->bi_opf);
	out[7] = bpf_core_type_id_kernel(struct task_struct);
	out[8] = bpf_core_type_id_kernel(struct no_such_struct);
	out[9] = bpf_core_type_id_local(struct task_struct);
	return 0;
}

SEC("abicore/values")
int values(void *ctx)
{
	out[0] = bpf_core_enum_value(enum zone_type, ZONE_NORMAL);
	out[1] = bpf_core_enum_value(enum zone_type, ZONE_MOVABLE);
	out[2] = bpf_core_enum_value(enum req_op, REQ_OP_DRV_OUT);
	return 0;
}

SEC("abicore/poisoned")
int poisoned(void *ctx)
{
	out[0] = bpf_core_enum_value(enum req_op, REQ_OP_NEVER);
	return 0;
}

SEC("abicore/bits")
int bits(void *ctx)
{
	struct task_struct *t = (void *)bpf_get_current_task();
	struct sk_buff *skb = (void *)t;

	out[0] = BPF_CORE_READ_BITFIELD_PROBED(t, in_execve);
	out[1] = BPF_CORE_READ_BITFIELD_PROBED(t, in_iowait);
	out[2] = BPF_CORE_READ_BITFIELD_PROBED(skb, pkt_type);
	out[3] = BPF_CORE_READ_BITFIELD_PROBED(t, pid);
	return 0;
}

SEC("abicore/loads")
int loads(struct task_struct *t)
{
	struct bio *bio = (void *)t;

	out[0] = t->pid;
	out[1] = t->flags;
	out[2] = bio->bi_opf;
	out[3] = (__u64)t->real_parent;
	out[4] = t->se.sum_exec_runtime;
	out[5] = ((struct trace_event_raw_sched_switch *)t)->prev_pid;
	return 0;
}

SEC("abicore/width")
int width(struct file *f)
{
	out[0] = f->f_flags;
	return 0;
}

char _license[] SEC("license") = "GPL";
