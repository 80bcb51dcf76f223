/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Packets handed to a device, by protocol and device: plain loads, hops, text behind a hop. */
#include <abide/linux.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "pair.h"

struct link {
	__u32 ifindex, mtu;
	char name[16];
	__u32 protocol;
};

struct traffic {
	__u64 packets, bytes;
};

HASH(traffic, struct link, struct traffic);

SEC("tp_user/net_queue")
int BPF_PROG(on_queue, struct sk_buff_user *skb)
{
	struct net_device_user *dev;
	struct link link = { 0 };
	struct traffic *t;

	if (!chosen(bpf_get_current_pid_tgid() >> 32))
		return 0;
	dev = skb->dev;
	if (!dev)
		return 0;
	link.ifindex = dev->ifindex;
	link.mtu = dev->mtu;
	__builtin_memcpy(link.name, dev->name, sizeof(link.name));
	link.protocol = skb->protocol;
	t = bpf_map_lookup_elem(&traffic, &link);
	if (t) {
		t->packets++;
		t->bytes += skb->len;
	} else {
		struct traffic one = { 1, skb->len };

		bpf_map_update_elem(&traffic, &link, &one, BPF_NOEXIST);
	}
	add_seen(link.ifindex + link.mtu + link.protocol + skb->len);
	return 0;
}
