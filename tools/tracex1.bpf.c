/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * tracex1: packets received on the loopback device, by protocol, and their sizes. The first
 * sample of the proposal of 2015, as a stable program.
 *
 *	abide run tracex1.bpf.o -d 10
 */
#include <abide/linux.h>
#include <abide/program.h>

struct received {
	u64 packets TITLE("PACKETS") SORT;
	u64 bytes UNIT("bytes") TITLE("BYTES");
};

TABLE_BY(received, ether_proto, struct received, "packets received on lo", 64);
HISTOGRAM(size, "size of one packet", "bytes");

SEC("tp_user/net_receive")
int BPF_PROG(on_receive, struct sk_buff_user *skb)
{
	struct net_device_user *dev = skb->dev;
	ether_proto protocol = skb->protocol;
	struct received *r;
	u32 len = skb->len;

	/* "lo" and its terminator */
	if (dev->name[0] != 'l' || dev->name[1] != 'o' || dev->name[2])
		return 0;
	hist_add(&size, len);
	r = table_at(&received, &protocol);
	if (r) {
		r->packets++;
		r->bytes += len;
	}
	return 0;
}

LICENSE("GPL");
