/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * For the live tests: maps of many kinds, variables beyond the first page, and BTF kinds
 * that Linux 5.10 does not know (float, decl tags, type tags): every kernel has to take it.
 */
#include <abide/linux.h>
#include <abide/program.h>

#define TAG(text) __attribute__((btf_decl_tag(text)))

struct value {
	u64 n TAG("abide:unit=ns");
	float ratio;
	u64 __attribute__((btf_type_tag("user"))) *where;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 8192);
	__type(key, u32);
	__type(value, struct value);
} big SEC(".maps") TAG("abide:doc=many entries");

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 64);
	__type(key, u64);
	__type(value, u64);
} lru SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_HASH);
	__uint(max_entries, 64);
	__type(key, u32);
	__type(value, u32);
} per_cpu SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_STACK_TRACE);
	__uint(max_entries, 64);
	__uint(key_size, 4);
	__uint(value_size, 127 * 8);
} stacks SEC(".maps");

struct inner {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, u64);
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, 2);
	__type(key, u32);
	__array(values, struct inner);
} outer SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 2);
	__uint(key_size, 4);
	__uint(value_size, 4);
} tails SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 5000); /* no power of two */
	__type(value, struct value);
} ring SEC(".maps");

static const char words[4][8] = { "zero", "one", "two", "three" };
u64 space[1024];
u64 far_away = 77;
static volatile u64 own = 5;

SEC("tp_user/task_exec")
int BPF_PROG(fill, struct task_struct_user *task)
{
	u32 tgid = task->tgid, zero = 0, one = 1;
	u64 key = tgid, n = far_away + own;
	struct value v = { .n = n };
	void *in;
	u64 *slot;

	bpf_map_update_elem(&big, &tgid, &v, BPF_ANY);
	bpf_map_update_elem(&lru, &key, &n, BPF_ANY);
	bpf_map_update_elem(&per_cpu, &tgid, &tgid, BPF_ANY);
	in = bpf_map_lookup_elem(&outer, &one);
	slot = in ? bpf_map_lookup_elem(in, &zero) : 0;
	if (slot)
		*slot = n + words[tgid & 3][1];
	bpf_ringbuf_output(&ring, &v, sizeof(v), 0);
	space[1000] = n;
	bpf_tail_call(ctx, &tails, 1);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
