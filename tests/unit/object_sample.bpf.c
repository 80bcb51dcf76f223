// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* What the object tests read: each kind of map, variable, call and relocation. Never attached. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct value {
	__u64 n;
	__u32 x;
};

struct task_struct {
	int pid;
	struct task_struct *real_parent;
} __attribute__((preserve_access_index));

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1024);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(pinning, 1);
	__type(key, __u32);
	__type(value, struct value);
} counts SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 65536);
} ring SEC(".maps");

struct inner {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 7);
	__type(key, int);
	__type(value, __u64);
} first SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, 2);
	__type(key, int);
	__array(values, struct inner);
} outer SEC(".maps") = { .values = { &first } };

const volatile __u32 target = 5;
static const volatile __u32 hidden = 9;
int counter = 3;
static int quiet = 4;
__u64 zeroed;
struct value mine SEC(".data.mine") = { 1, 2 };

static __attribute__((noinline)) int local_function(int x, struct value *v)
{
	quiet += x;
	v->n += hidden;
	return x * 3 + counter;
}

__attribute__((noinline)) int global_function(int x)
{
	struct value v = {};

	return local_function(x, &v) + mine.x;
}

static long callback(__u32 i, void *context)
{
	*(int *)context += i;
	return 0;
}

SEC("raw_tp/sched_switch")
int calls(unsigned long long *ctx)
{
	struct task_struct *prev = (void *)ctx[1];
	struct value *v, fresh = { .n = target };
	__u32 key = 1;

	v = bpf_map_lookup_elem(&counts, &key);
	if (v)
		local_function(key, v);
	else
		bpf_map_update_elem(&counts, &key, &fresh, 0);
	zeroed += (unsigned long)__builtin_preserve_access_index(&prev->real_parent);
	return global_function(key);
}

SEC("raw_tp/sched_switch")
int loops(void *ctx)
{
	int n = 0;

	bpf_loop(4, callback, &n, 0);
	return n;
}

SEC("?raw_tp/sys_enter")
int optional(void *ctx)
{
	int zero = 0, n = 1;
	void *m = bpf_map_lookup_elem(&outer, &zero);

	if (m)
		bpf_map_update_elem(m, &zero, &n, 0);
	bpf_ringbuf_output(&ring, &n, sizeof(n), 0);
	bpf_loop(2, callback, &n, 0);
	return 0;
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";
