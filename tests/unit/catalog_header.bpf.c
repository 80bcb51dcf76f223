/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* A program as users write it, to be compiled with <abide/linux.h> alone and libbpf's headers. */
#include <abide/linux.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_core_read.h>

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
} events SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 16);
	__uint(map_flags, BPF_F_NO_COMMON_LRU);
	__type(key, u32);
	__type(value, u64);
} counts SEC(".maps");

SEC("tp_user/sched_switch")
int BPF_PROG(on_switch, struct task_struct_user *prev, struct task_struct_user *next, enum task_state_user state)
{
	bool running = state == TASK_USER_RUNNING;
	u64 one = 1, *n;
	u32 key = next->parent->tgid, *p;

	n = bpf_map_lookup_elem(&counts, &key);
	if (n == NULL)
		bpf_map_update_elem(&counts, &key, &one, BPF_NOEXIST);
	else
		__sync_fetch_and_add(n, 1);
	p = bpf_ringbuf_reserve(&events, sizeof(*p), 0);
	if (!p)
		return false;
	*p = prev->tid + running;
	bpf_ringbuf_submit(p, BPF_RB_NO_WAKEUP);
	return 0;
}

SEC("tp_user/net_receive")
int BPF_PROG(on_packet, struct sk_buff_user *skb)
{
	return skb->protocol == bpf_htons(0x800) ? BPF_ANY : BPF_EXIST;
}

char LICENSE[] SEC("license") = "GPL";
