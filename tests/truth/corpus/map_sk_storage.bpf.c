// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Local storage of sockets: a helper of networking that tracing got in 5.11. */
#include "corpus.h"

struct {
	__uint(type, BPF_MAP_TYPE_SK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, __u64);
} storage SEC(".maps");

SEC("sockops")
int get(struct bpf_sock_ops *ctx)
{
	struct bpf_sock *sk = ctx->sk;
	__u64 *v = sk ? bpf_sk_storage_get(&storage, sk, 0, BPF_SK_STORAGE_GET_F_CREATE) : 0;

	if (v)
		*v += 1;
	return 1;
}

SEC("tp_btf/inet_sock_set_state")
int BPF_PROG(get_traced, struct sock *sk)
{
	__u64 *v = bpf_sk_storage_get(&storage, sk, 0, BPF_SK_STORAGE_GET_F_CREATE);

	if (v)
		*v += 1;
	return 0;
}
