/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* The BTF of a small kernel, for check_attach_module.c: what the programs there need of a kernel itself. */
#define FUNCTION __attribute__((noinline, used))

enum bpf_prog_type {
	BPF_PROG_TYPE_KPROBE = 2,
	BPF_PROG_TYPE_SCHED_CLS = 3,
	BPF_PROG_TYPE_TRACEPOINT = 5,
	BPF_PROG_TYPE_RAW_TRACEPOINT = 17,
	BPF_PROG_TYPE_TRACING = 26,
} prog_type;
enum bpf_attach_type {
	BPF_TRACE_RAW_TP = 23,
	BPF_TRACE_FENTRY = 24,
} attach_type;
enum bpf_func_id {
	BPF_FUNC_unspec,
	BPF_FUNC_probe_read_kernel = 113,
	BPF_FUNC_get_current_task_btf = 158,
} func_id;
struct pt_regs {
	unsigned long di, ax;
} regs;
struct __sk_buff {
	unsigned int len;
} skb;
typedef void (*btf_trace_sched_switch)(void *, int);
btf_trace_sched_switch sched_switch;

FUNCTION int __traceiter_sched_switch(void *data, int preempt) { return preempt; }
FUNCTION long vfs_read(void *file, char *to) { return 0; }
FUNCTION void schedule(void) { }
