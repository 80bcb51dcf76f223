// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Iterators: kinds by age, what their context holds. */
#include "corpus.h"

struct seq_file {
	unsigned long size;
} KERNEL;

struct bpf_iter_meta {
	struct seq_file *seq;
	__u64 seq_num;
} KERNEL;

struct bpf_iter__task {
	struct bpf_iter_meta *meta;
	struct task_struct *task;
} KERNEL;

struct vm_area_struct {
	unsigned long vm_start;
} KERNEL;

struct bpf_iter__task_vma {
	struct bpf_iter_meta *meta;
	struct task_struct *task;
	struct vm_area_struct *vma;
} KERNEL;

struct bpf_iter__tcp {
	struct bpf_iter_meta *meta;
	struct sock_common *sk_common;
	unsigned int uid;
} KERNEL;

SEC("iter/task")
int task_tested(struct bpf_iter__task *ctx)
{
	struct task_struct *t = ctx->task;

	if (t)
		BPF_SEQ_PRINTF(ctx->meta->seq, "%d\n", t->tgid);
	return 0;
}

SEC("iter/task")
int task_untested(struct bpf_iter__task *ctx)
{
	sink = ctx->task->tgid;
	return 0;
}

SEC("iter/task")
int task_third(__u64 *ctx)
{
	sink = ctx[2];
	return 0;
}

SEC("iter/task_file")
int task_file(void *ctx)
{
	sink = 1;
	return 0;
}

SEC("iter/task_vma")
int task_vma(struct bpf_iter__task_vma *ctx)
{
	struct vm_area_struct *v = ctx->vma;

	if (v)
		sink = v->vm_start;
	return 0;
}

SEC("iter/tcp")
int tcp(struct bpf_iter__tcp *ctx)
{
	struct sock_common *s = ctx->sk_common;

	if (s)
		sink = s->skc_family + ctx->uid;
	return 0;
}

SEC("iter/bpf_map")
int maps(void *ctx)
{
	sink = 1;
	return 0;
}

SEC("iter/bpf_link")
int links(void *ctx)
{
	sink = 1;
	return 0;
}

SEC("iter/ksym")
int ksym(void *ctx)
{
	sink = 1;
	return 0;
}

SEC("iter/cgroup")
int cgroups(void *ctx)
{
	sink = 1;
	return 0;
}

SEC("iter/unix")
int unix_sockets(void *ctx)
{
	sink = 1;
	return 0;
}

SEC("iter/dmabuf")
int dmabuf(void *ctx)
{
	sink = 1;
	return 0;
}

SEC("iter/no_such_kind")
int no_such(void *ctx)
{
	sink = 1;
	return 0;
}

SEC("iter.s/task")
int sleepable(struct bpf_iter__task *ctx)
{
	struct task_struct *t = ctx->task;

	if (t)
		sink = t->tgid;
	return 0;
}
