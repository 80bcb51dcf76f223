// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* A struct of operations that no kernel has. */
#include "corpus.h"

struct no_such_ops {
	int (*operate)(int a);
};

SEC("struct_ops/operate")
int operate(__u64 *ctx)
{
	return ctx[0];
}

SEC(".struct_ops")
struct no_such_ops truth = {
	.operate = (void *)operate,
};
