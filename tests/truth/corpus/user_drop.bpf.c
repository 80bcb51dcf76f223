// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* A stable program: the socket may be NULL on kernels that say so, and on those that do not. */
#include <abide/linux.h>
#include <abide/program.h>

HISTOGRAM(size, "size of dropped packets", "bytes");

SEC("tp_user/skb_drop")
int BPF_PROG(on_drop, struct sk_buff_user *skb)
{
	hist_add(&size, skb->len + skb->sk->family);
	return 0;
}

LICENSE("GPL");
