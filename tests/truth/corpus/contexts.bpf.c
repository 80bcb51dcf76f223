// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Programs whose context is an UAPI struct: loads, stores, packet data, return values. */
#include "corpus.h"
#include <linux/bpf_perf_event.h>

SEC("socket")
int filter_len(struct __sk_buff *skb)
{
	return skb->len;
}

SEC("socket")
int filter_data(struct __sk_buff *skb)
{
	return skb->data;
}

SEC("socket")
int filter_store_mark(struct __sk_buff *skb)
{
	skb->mark = 1;
	return 0;
}

SEC("socket")
int filter_store_cb(struct __sk_buff *skb)
{
	skb->cb[0] = 1;
	return 0;
}

SEC("socket")
int filter_hwtstamp(struct __sk_buff *skb)
{
	return skb->hwtstamp;
}

SEC("socket")
int filter_tstamp(struct __sk_buff *skb)
{
	return skb->tstamp;
}

SEC("socket")
int filter_beyond(char *skb)
{
	return *(__u32 *)(skb + 256);
}

SEC("socket")
int filter_ancestor(struct __sk_buff *skb)
{
	__u8 b = 0;

	bpf_skb_load_bytes(skb, 0, &b, 1);
	return b;
}

SEC("xdp")
int xdp_pass(struct xdp_md *ctx)
{
	void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;

	if (data + 14 > end)
		return XDP_DROP;
	return *(__u8 *)data ? XDP_PASS : XDP_DROP;
}

SEC("xdp")
int xdp_egress(struct xdp_md *ctx)
{
	return ctx->egress_ifindex ? XDP_PASS : XDP_DROP;
}

SEC("xdp")
int xdp_queue(struct xdp_md *ctx)
{
	return ctx->rx_queue_index ? XDP_DROP : XDP_PASS;
}

SEC("xdp.frags")
int xdp_frags(struct xdp_md *ctx)
{
	return bpf_xdp_get_buff_len(ctx) ? XDP_PASS : XDP_DROP;
}

SEC("perf_event")
int perf_regs(struct bpf_perf_event_data *ctx)
{
	sink = ctx->sample_period + PT_REGS_IP(&ctx->regs);
	return 0;
}

SEC("perf_event")
int perf_stack(struct bpf_perf_event_data *ctx)
{
	__u64 ips[4];

	sink = bpf_get_stack(ctx, ips, sizeof(ips), 0);
	return 0;
}

SEC("perf_event")
int perf_beyond(char *ctx)
{
	sink = *(__u64 *)(ctx + 200);
	return 0;
}

SEC("cgroup_skb/ingress")
int ingress(struct __sk_buff *skb)
{
	return skb->len > 0;
}

SEC("cgroup_skb/egress")
int egress_two(struct __sk_buff *skb)
{
	return 2;
}

SEC("cgroup_skb/ingress")
int ingress_id(struct __sk_buff *skb)
{
	sink = bpf_skb_cgroup_id(skb);
	return 1;
}

SEC("cgroup/sock_create")
int sock_create(struct bpf_sock *sk)
{
	return sk->family != 77;
}

SEC("cgroup/connect4")
int connect4(struct bpf_sock_addr *ctx)
{
	return ctx->user_ip4 != 1;
}

SEC("cgroup/connect_unix")
int connect_unix(struct bpf_sock_addr *ctx)
{
	return 1;
}

SEC("cgroup/getsockopt")
int getsockopt(struct bpf_sockopt *ctx)
{
	return ctx->level != 77;
}

SEC("sockops")
int operations(struct bpf_sock_ops *ctx)
{
	sink = ctx->op;
	return 1;
}

SEC("sockops")
int sockops_hwtstamp(char *ctx)
{
	sink = *(__u64 *)(ctx + 216);
	return 1;
}

SEC("sk_lookup")
int lookup(struct bpf_sk_lookup *ctx)
{
	sink = ctx->local_port;
	return 1;
}

SEC("sk_lookup")
int lookup_ifindex(struct bpf_sk_lookup *ctx)
{
	sink = ctx->ingress_ifindex;
	return 1;
}

SEC("tc")
int classify(struct __sk_buff *skb)
{
	skb->mark = skb->ifindex;
	return 0;
}

SEC("flow_dissector")
int dissect(struct __sk_buff *skb)
{
	sink = skb->flow_keys->nhoff;
	return 0;
}

SEC("syscall")
int syscall_program(void *ctx)
{
	return 0;
}

SEC("cgroup/sysctl")
int sysctl(struct bpf_sysctl *ctx)
{
	return ctx->write == 0;
}

SEC("cgroup/dev")
int device(struct bpf_cgroup_dev_ctx *ctx)
{
	return ctx->major != 1;
}

SEC("socket")
int filter_probe_read(struct __sk_buff *skb)
{
	__u64 v = 0;

	bpf_probe_read_kernel(&v, sizeof(v), skb);
	return v;
}
