// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Members that kernels renamed, moved or gave another type, as tools meet them. Of
 * each: read with no guard by its old name and by its new one, and by the one that is there.
 */
#include "corpus.h"

struct gendisk {
	int major;
} KERNEL;

struct block_device {
	unsigned int bd_dev;
} KERNEL;

struct request___rq_disk {
	struct gendisk *rq_disk;
} KERNEL;

struct request_queue___disk {
	struct gendisk *disk;
} KERNEL;

struct request___q {
	struct request_queue___disk *q;
} KERNEL;

struct bio___disk {
	struct gendisk *bi_disk;
} KERNEL;

struct bio___bdev {
	struct block_device *bi_bdev;
} KERNEL;

struct timespec64 {
	long tv_sec;
} KERNEL;

struct inode___ctime {
	struct timespec64 i_ctime;
} KERNEL;

struct inode___hidden {
	struct timespec64 __i_ctime;
} KERNEL;

struct inode___sec {
	long i_ctime_sec;
	unsigned int i_ctime_nsec;
} KERNEL;

struct inode_state_flags {
	unsigned int __state;
} KERNEL;

struct inode___state {
	unsigned long i_state;
} KERNEL;

struct inode___state_struct {
	struct inode_state_flags i_state;
} KERNEL;

struct kernfs_node___parent {
	struct kernfs_node___parent *parent;
} KERNEL;

struct kernfs_node___hidden {
	struct kernfs_node___hidden *__parent;
} KERNEL;

struct cfs_rq___running {
	unsigned int nr_running;
} KERNEL;

struct cfs_rq___queued {
	unsigned int nr_queued;
} KERNEL;

struct file___count {
	struct {
		long counter;
	} f_count;
} KERNEL;

struct file___ref {
	struct {
		struct {
			long counter;
		} refcnt;
	} f_ref;
} KERNEL;

struct mm_struct___list {
	void *mmap;
} KERNEL;

struct mm_struct___tree {
	struct {
		void *ma_root;
	} mm_mt;
} KERNEL;

struct cgroup___ids {
	__u64 ancestor_ids[8];
} KERNEL;

struct cgroup___ptrs {
	void *ancestors[8];
} KERNEL;

/* GUARDED(name, struct with the new member, new, struct with the old member, old) */
#define PLAIN(NAME, TYPE, MEMBER)                                     \
	SEC("raw_tp/sched_switch")                                    \
	int NAME(void *ctx)                                           \
	{                                                             \
		sink = (__u64)BPF_CORE_READ((struct TYPE *)ctx, MEMBER); \
		return 0;                                             \
	}
#define GUARDED(NAME, NEW, NEW_MEMBER, OLD, OLD_MEMBER)               \
	SEC("raw_tp/sched_switch")                                    \
	int NAME(void *ctx)                                           \
	{                                                             \
		struct NEW *n = ctx;                                  \
		struct OLD *o = ctx;                                  \
									      \
		if (bpf_core_field_exists(n->NEW_MEMBER))             \
			sink = (__u64)BPF_CORE_READ(n, NEW_MEMBER);   \
		else                                                  \
			sink = (__u64)BPF_CORE_READ(o, OLD_MEMBER);   \
		return 0;                                             \
	}

PLAIN(disk_old, request___rq_disk, rq_disk)
PLAIN(bio_old, bio___disk, bi_disk)
PLAIN(bio_new, bio___bdev, bi_bdev)
GUARDED(bio_either, bio___bdev, bi_bdev, bio___disk, bi_disk)
PLAIN(ctime_old, inode___ctime, i_ctime.tv_sec)
PLAIN(ctime_mid, inode___hidden, __i_ctime.tv_sec)
PLAIN(ctime_new, inode___sec, i_ctime_sec)
GUARDED(ctime_two_of_three, inode___sec, i_ctime_sec, inode___ctime, i_ctime.tv_sec)
PLAIN(inode_state_number, inode___state, i_state)
PLAIN(inode_state_struct, inode___state_struct, i_state.__state)
GUARDED(inode_state_either, inode___state_struct, i_state.__state, inode___state, i_state)
PLAIN(kernfs_old, kernfs_node___parent, parent)
PLAIN(kernfs_new, kernfs_node___hidden, __parent)
GUARDED(kernfs_either, kernfs_node___hidden, __parent, kernfs_node___parent, parent)
PLAIN(cfs_old, cfs_rq___running, nr_running)
PLAIN(cfs_new, cfs_rq___queued, nr_queued)
GUARDED(cfs_either, cfs_rq___queued, nr_queued, cfs_rq___running, nr_running)
PLAIN(file_count, file___count, f_count.counter)
PLAIN(file_ref, file___ref, f_ref.refcnt.counter)
PLAIN(vma_list, mm_struct___list, mmap)
PLAIN(vma_tree, mm_struct___tree, mm_mt.ma_root)
PLAIN(ancestor_ids, cgroup___ids, ancestor_ids[1])
PLAIN(ancestors, cgroup___ptrs, ancestors[1])

SEC("raw_tp/sched_switch")
int disk_new(void *ctx)
{
	struct request___q *rq = ctx;

	sink = BPF_CORE_READ(rq, q, disk, major);
	return 0;
}

SEC("raw_tp/sched_switch")
int disk_either(void *ctx)
{
	struct request___rq_disk *o = ctx;
	struct request___q *n = ctx;

	if (bpf_core_field_exists(o->rq_disk))
		sink = BPF_CORE_READ(o, rq_disk, major);
	else
		sink = BPF_CORE_READ(n, q, disk, major);
	return 0;
}

/* The three forms that inodes' times had, as tools that live with all of them write it. */
SEC("raw_tp/sched_switch")
int ctime_all(void *ctx)
{
	struct inode___sec *n = ctx;
	struct inode___hidden *m = ctx;
	struct inode___ctime *o = ctx;

	if (bpf_core_field_exists(n->i_ctime_sec))
		sink = BPF_CORE_READ(n, i_ctime_sec);
	else if (bpf_core_field_exists(m->__i_ctime))
		sink = BPF_CORE_READ(m, __i_ctime.tv_sec);
	else
		sink = BPF_CORE_READ(o, i_ctime.tv_sec);
	return 0;
}

SEC("raw_tp/sched_switch")
int mnt_seq(void *ctx)
{
	struct task_struct *t = ctx;

	sink = BPF_CORE_READ(t, nsproxy, mnt_ns, seq);
	return 0;
}

SEC("raw_tp/sched_switch")
int mnt_seq_guarded(void *ctx)
{
	struct task_struct *t = ctx;
	struct mnt_namespace *m = ctx;

	if (bpf_core_field_exists(m->seq))
		sink = BPF_CORE_READ(t, nsproxy, mnt_ns, seq);
	return 0;
}
