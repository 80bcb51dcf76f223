/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * skbdrop: why packets are dropped, by reason and protocol.
 *
 *	abide run skbdrop.bpf.o -d 10
 *
 * Kernels before 5.17 give no reason: all drops are NOT_SPECIFIED there.
 */
#include <abide/linux.h>
#include <abide/program.h>

struct drop {
	enum skb_drop_user reason TITLE("REASON");
	ether_proto protocol TITLE("PROTOCOL");
	u16 __pad;
};

struct dropped {
	u64 packets TITLE("PACKETS") SORT;
	u64 bytes UNIT("bytes") TITLE("BYTES");
};

TABLE_BY(drops, struct drop, struct dropped, "packets dropped", 1024);

SEC("tp_user/skb_drop")
int BPF_PROG(on_drop, struct sk_buff_user *skb, enum skb_drop_user reason)
{
	struct drop key = { .reason = reason, .protocol = skb->protocol };
	struct dropped *d = table_at(&drops, &key);

	if (d) {
		d->packets++;
		d->bytes += skb->len;
	}
	return 0;
}

LICENSE("GPL");
