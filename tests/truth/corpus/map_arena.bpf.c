// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* An arena (6.9). */
#include "corpus.h"

struct {
	__uint(type, 33 /* BPF_MAP_TYPE_ARENA */);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 4);
} arena SEC(".maps");

SEC("syscall")
int touch(void *ctx)
{
	return (long)&arena != 0;
}
