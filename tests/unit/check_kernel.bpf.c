/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * A kernel for the tests of check, as far as its BTF goes: compiled with -DOLD and without,
 * it is two kernels between which things moved, came and went.
 */
typedef unsigned char __u8;
typedef _Bool bool;

struct task_struct {
	int pid;
	char comm[16];
#ifdef OLD
	long state;
	struct task_struct *parent;
#else
	struct task_struct *parent;
	unsigned int __state;
#endif
	int exit_code;
};

struct inode {
#ifndef OLD
	long i_new;
#endif
	long i_ino;
	int i_mode;
};

#ifndef OLD
struct only_new {
	int x;
};
#endif

enum zone_type {
	ZONE_NORMAL = 2,
#ifndef OLD
	ZONE_DEVICE = 4,
#endif
};

enum bpf_prog_type {
	BPF_PROG_TYPE_KPROBE = 2,
	BPF_PROG_TYPE_TRACEPOINT = 5,
	BPF_PROG_TYPE_RAW_TRACEPOINT = 17,
	BPF_PROG_TYPE_TRACING = 26,
#ifndef OLD
	BPF_PROG_TYPE_LSM = 29,
#endif
};
enum bpf_attach_type {
	BPF_TRACE_RAW_TP = 23,
	BPF_TRACE_FENTRY = 24,
	BPF_LSM_MAC = 27,
};
enum bpf_map_type {
	BPF_MAP_TYPE_ARRAY = 2,
};
enum bpf_func_id {
	BPF_FUNC_get_current_task = 35,
	BPF_FUNC_probe_read_kernel = 113,
#ifndef OLD
	BPF_FUNC_get_current_task_btf = 158,
	BPF_FUNC_check_mtu = 163,
#endif
};

struct trace_entry {
	unsigned short type;
	__u8 flags, preempt_count;
	int pid;
};
struct trace_event_raw_sched_switch {
	struct trace_entry ent;
	char prev_comm[16];
	int prev_pid;
#ifndef OLD
	long added;
#endif
	long prev_state;
	char __data[0];
};

#ifdef OLD
typedef void (*btf_trace_sched_switch)(void *, bool, struct task_struct *, struct task_struct *);
#else
typedef void (*btf_trace_sched_switch)(void *, bool, struct task_struct *, struct task_struct *, unsigned int);
#endif
typedef void (*btf_trace_inode_seen)(void *, struct inode *);

#ifdef OLD
int __traceiter_sched_switch(void *__data, bool preempt, struct task_struct *prev, struct task_struct *next)
#else
int __traceiter_sched_switch(void *__data, bool preempt, struct task_struct *prev, struct task_struct *next__nullable,
			     unsigned int prev_state)
#endif
{
	return 0;
}

int do_work(struct task_struct *t, int n)
{
	return n;
}

#ifdef OLD
int do_old(struct inode *i)
{
	return 0;
}
#endif

struct all {
	struct task_struct t;
	struct inode i;
#ifndef OLD
	struct only_new n;
#endif
	enum zone_type z;
	enum bpf_prog_type p;
	enum bpf_attach_type a;
	enum bpf_map_type m;
	enum bpf_func_id f;
	struct trace_event_raw_sched_switch s;
	btf_trace_sched_switch b;
	btf_trace_inode_seen c;
} all;
