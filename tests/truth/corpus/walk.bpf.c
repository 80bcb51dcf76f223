// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Loads through BTF-typed pointers: what the verifier follows, and what it refuses. */
#include "corpus.h"

struct atomic_long {
	long counter;
} KERNEL;

struct mm_rss_stat___old {
	struct atomic_long count[4];
} KERNEL;

struct mm_struct___rss {
	struct mm_rss_stat___old rss_stat;
} KERNEL;

struct percpu_counter {
	__s64 count;
} KERNEL;

struct mm_struct___percpu {
	struct percpu_counter rss_stat[4];
} KERNEL;

struct upid {
	int nr;
} KERNEL;

struct pid {
	unsigned int level;
	struct upid numbers[4];
} KERNEL;

struct pid___one {
	struct upid numbers[1];
} KERNEL;

struct kernfs_node {
	__u64 id;
} KERNEL;

struct cgroup {
	struct kernfs_node *kn;
	int level;
	struct cgroup *ancestors[4];
} KERNEL;

struct cgroup_subsys_state {
	struct cgroup *cgroup;
} KERNEL;

struct css_set {
	struct cgroup *dfl_cgrp;
	struct cgroup_subsys_state *subsys[4];
} KERNEL;

struct tcp_sock {
	unsigned int snd_cwnd;
} KERNEL;

struct neighbour {
	unsigned char primary_key[4];
} KERNEL;

struct qstr {
	const unsigned char *name;
} KERNEL;

struct dentry {
	struct qstr d_name;
} KERNEL;

struct linux_binprm {
	const char *filename;
	int argc;
} KERNEL;

#define ON_SWITCH(NAME) SEC("tp_btf/sched_switch") int BPF_PROG(NAME, bool preempt, struct task_struct *prev)

ON_SWITCH(scalars)
{
	sink = prev->pid + prev->tgid + prev->prio + prev->flags;
	return 0;
}

ON_SWITCH(two_hops)
{
	sink = prev->real_parent->real_parent->tgid;
	return 0;
}

ON_SWITCH(cgroup_id)
{
	sink = prev->cgroups->dfl_cgrp->kn->id;
	return 0;
}

ON_SWITCH(array_of_pointers)
{
	sink = prev->cgroups->subsys[2]->cgroup->kn->id;
	return 0;
}

ON_SWITCH(bytes_in_array)
{
	sink = *(__u64 *)&prev->comm[4];
	return 0;
}

ON_SWITCH(past_array)
{
	sink = *(__u64 *)&prev->comm[12];
	return 0;
}

ON_SWITCH(two_members)
{
	sink = *(__u64 *)&prev->pid;
	return 0;
}

ON_SWITCH(byte_of_int)
{
	sink = *(__u8 *)&prev->pid;
	return 0;
}

ON_SWITCH(byte_of_pointer)
{
	sink = *(__u8 *)&prev->real_parent;
	return 0;
}

ON_SWITCH(store)
{
	*(volatile int *)&prev->pid = 7;
	return 0;
}

ON_SWITCH(beyond_struct)
{
	sink = *(__u64 *)((char *)prev + 1000000);
	return 0;
}

ON_SWITCH(negative_offset)
{
	sink = *(__u64 *)((char *)prev - 8);
	return 0;
}

ON_SWITCH(typedef_array)
{
	sink = ((struct mm_struct___rss *)prev->mm)->rss_stat.count[1].counter;
	return 0;
}

ON_SWITCH(percpu_counter)
{
	sink = ((struct mm_struct___percpu *)prev->mm)->rss_stat[1].count;
	return 0;
}

ON_SWITCH(either_rss)
{
	struct mm_struct___percpu *p = (void *)prev->mm;

	if (bpf_core_type_exists(struct mm_rss_stat))
		sink = BPF_CORE_READ((struct mm_struct___rss *)p, rss_stat.count[1].counter);
	else
		sink = BPF_CORE_READ(p, rss_stat[1].count);
	return 0;
}

struct mm_rss_stat {
	struct atomic_long count[4];
} KERNEL;

ON_SWITCH(either_rss_complete)
{
	struct mm_struct___percpu *p = (void *)prev->mm;

	if (bpf_core_type_exists(struct mm_rss_stat))
		sink = BPF_CORE_READ((struct mm_struct___rss *)p, rss_stat.count[1].counter);
	else
		sink = BPF_CORE_READ(p, rss_stat[1].count);
	return 0;
}

ON_SWITCH(pid_first)
{
	sink = ((struct pid___one *)prev->thread_pid)->numbers[0].nr;
	return 0;
}

ON_SWITCH(pid_second)
{
	sink = prev->thread_pid->numbers[1].nr;
	return 0;
}

ON_SWITCH(flexible_array)
{
	sink = (__u64)prev->cgroups->dfl_cgrp->ancestors[1];
	return 0;
}

ON_SWITCH(flexible_array_probed)
{
	sink = (__u64)BPF_CORE_READ(prev, cgroups, dfl_cgrp, ancestors[1]);
	return 0;
}

ON_SWITCH(no_such_member)
{
	sink = *(__u32 *)&((struct cgroup *)prev)->level;
	return 0;
}

SEC("tp_btf/inet_sock_set_state")
int BPF_PROG(downcast, struct sock *sk)
{
	sink = ((struct tcp_sock *)sk)->snd_cwnd;
	return 0;
}

SEC("tp_btf/inet_sock_set_state")
int BPF_PROG(downcast_probed, struct sock *sk)
{
	sink = BPF_CORE_READ((struct tcp_sock *)sk, snd_cwnd);
	return 0;
}

SEC("tp_btf/inet_sock_set_state")
int BPF_PROG(downcast_helper, struct sock *sk)
{
	struct tcp_sock *tp = bpf_skc_to_tcp_sock(sk);

	if (tp)
		sink = tp->snd_cwnd;
	return 0;
}

SEC("tp_btf/inet_sock_set_state")
int BPF_PROG(downcast_untested, struct sock *sk)
{
	sink = bpf_skc_to_tcp_sock(sk)->snd_cwnd;
	return 0;
}

SEC("tp_btf/neigh_update")
int BPF_PROG(neighbour_key, struct neighbour *n)
{
	sink = n->primary_key[0];
	return 0;
}

SEC("tp_btf/sched_process_exec")
int BPF_PROG(exec_name_direct, struct task_struct *p, int old, struct linux_binprm *bprm)
{
	sink = bprm->filename[0];
	return 0;
}

SEC("tp_btf/sched_process_exec")
int BPF_PROG(exec_name_probed, struct task_struct *p, int old, struct linux_binprm *bprm)
{
	char name[32];

	bpf_probe_read_kernel_str(name, sizeof(name), bprm->filename);
	sink = name[0] + bprm->argc;
	return 0;
}

SEC("raw_tp/sched_switch")
int raw_direct(__u64 *ctx)
{
	sink = ((struct task_struct *)ctx[1])->pid;
	return 0;
}

SEC("raw_tp/sched_switch")
int current_direct(void *ctx)
{
	sink = ((struct task_struct *)bpf_get_current_task())->pid;
	return 0;
}
