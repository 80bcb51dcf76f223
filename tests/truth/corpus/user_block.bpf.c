// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* A stable program: the disk of a request and its error, which moved and changed their types. */
#include <abide/linux.h>
#include <abide/program.h>

HISTOGRAM(size, "size of requests", "bytes");

SEC("tp_user/block_complete")
int BPF_PROG(on_complete, struct request_user *rq)
{
	hist_add(&size, rq->bytes + rq->disk_major);
	return 0;
}

LICENSE("GPL");
