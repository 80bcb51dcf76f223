/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * tracex2: where the kernel drops packets, and how much programs write at once. The second
 * sample of the proposal of 2015, as a stable program.
 *
 *	abide run tracex2.bpf.o -d 10
 */
#include <abide/linux.h>
#include <abide/program.h>

struct where {
	u64 location TITLE("LOCATION") HEX;
	enum skb_drop_user reason TITLE("REASON");
	u32 __pad;
};

COUNTER_BY(drops, struct where, "packets dropped, by place");
HISTOGRAM(size, "size of one write", "bytes");

SEC("tp_user/skb_drop")
int BPF_PROG(on_drop, struct sk_buff_user *skb, enum skb_drop_user reason, u64 location)
{
	struct where where = { .location = location, .reason = reason };

	count_by(&drops, &where, 1);
	return 0;
}

SEC("tp_user/sys_enter:write")
int BPF_PROG(on_write, u32 fd, const void *buf, u64 n)
{
	hist_add(&size, n);
	return 0;
}

LICENSE("GPL");
