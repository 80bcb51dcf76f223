/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * tcpstate: the life of TCP connections, a row for each change of state.
 *
 *	abide run tcpstate.bpf.o
 *
 * IN is how long the connection was in the state it leaves. Changes on behalf of the other
 * side happen in whatever task is running, so PID may be anybody's there.
 */
#include <abide/linux.h>
#include <abide/program.h>

#define AF_INET  2
#define AF_INET6 10
#define IPPROTO_TCP 6

struct row {
	u32 pid TITLE("PID");
	char comm[16] TITLE("COMM");
	ip6_addr src TITLE("SOURCE");
	u32 src_port TITLE("PORT");
	ip6_addr dst TITLE("DESTINATION");
	u32 dst_port TITLE("PORT");
	enum tcp_state_user old TITLE("FROM");
	enum tcp_state_user new TITLE("TO");
	u64 in UNIT("ns") TITLE("IN");
};

EVENTS(states, struct row, "TCP connections");

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 16384);
	__type(key, u64); /* socket */
	__type(value, u64);
} since SEC(".maps");

/* 127.0.0.1 as ::ffff:127.0.0.1, which is shown as 127.0.0.1 */
static __always_inline void mapped(u8 to[16], __be32 ip4)
{
	__builtin_memset(to, 0, 10);
	to[10] = to[11] = 0xff;
	__builtin_memcpy(to + 12, &ip4, 4);
}

SEC("tp_user/sock_state")
int BPF_PROG(on_state, struct sock_user *sk, enum tcp_state_user old, enum tcp_state_user new, u16 src_port)
{
	u64 key = (u64)sk, now = bpf_ktime_get_ns(), *at;
	struct row *row;

	if (sk->protocol != IPPROTO_TCP)
		return 0;
	at = bpf_map_lookup_elem(&since, &key);
	row = event_reserve(&states);
	if (row) {
		row->pid = bpf_get_current_pid_tgid() >> 32;
		bpf_get_current_comm(row->comm, sizeof(row->comm));
		if (sk->family == AF_INET) {
			mapped(row->src, sk->src_ip4);
			mapped(row->dst, sk->dst_ip4);
		} else {
			__builtin_memcpy(row->src, sk->src_ip6, sizeof(row->src));
			__builtin_memcpy(row->dst, sk->dst_ip6, sizeof(row->dst));
		}
		row->src_port = src_port;
		row->dst_port = sk->dst_port;
		row->old = old;
		row->new = new;
		row->in = at ? now - *at : 0;
		event_submit(row);
	}
	if (new == TCP_USER_CLOSE)
		bpf_map_delete_elem(&since, &key);
	else
		bpf_map_update_elem(&since, &key, &now, BPF_ANY);
	return 0;
}

LICENSE("GPL");
