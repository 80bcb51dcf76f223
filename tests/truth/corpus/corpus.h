/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * What every object of the corpus includes: libbpf's headers, the licence, the few
 * kernel structs that programs name (only the members that they use; offsets are
 * found by CO-RE), and the marks below.
 *
 * Nothing here is a kernel's layout, and no result is written down: what each program
 * does on each kernel is measured (tests/truth/run) and lies in tests/truth/truth.tsv.
 */
#ifndef TRUTH_CORPUS_H
#define TRUTH_CORPUS_H

#include <linux/bpf.h>
#include <linux/ptrace.h>
#include <stdbool.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>

#ifndef NOT_GPL
char _license[] SEC("license") = "GPL";
#endif

#define KERNEL __attribute__((preserve_access_index))
#define __ksym_weak __ksym __weak

/* Where programs put what they read, so that the compiler keeps it. */
volatile __u64 sink;

struct pid_namespace;

struct ns_common {
	unsigned int inum;
} KERNEL;

struct mnt_namespace {
	__u64 seq;
} KERNEL;

struct nsproxy {
	struct mnt_namespace *mnt_ns;
} KERNEL;

struct file {
	void *f_op;
} KERNEL;

struct mm_struct {
	struct file *exe_file;
	struct task_struct *owner;
} KERNEL;

struct task_struct {
	int pid;
	int tgid;
	int prio;
	char comm[16];
	struct task_struct *real_parent;
	struct mm_struct *mm;
	struct nsproxy *nsproxy;
	struct pid *thread_pid;
	struct css_set *cgroups;
	unsigned int flags;
} KERNEL;

struct sock_common {
	unsigned short skc_family;
	volatile unsigned char skc_state;
} KERNEL;

struct sock {
	struct sock_common __sk_common;
} KERNEL;

struct net_device {
	int ifindex;
} KERNEL;

struct sk_buff {
	struct sock *sk;
	struct net_device *dev;
	unsigned int len;
} KERNEL;

struct request_queue {
	unsigned long nr_requests;
} KERNEL;

struct bio {
	unsigned int bi_opf;
} KERNEL;

struct request {
	struct request_queue *q;
	unsigned int __data_len;
	unsigned int cmd_flags;
} KERNEL;

struct page {
	unsigned long flags;
} KERNEL;

#endif
