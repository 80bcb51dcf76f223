// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* A map as it was defined before BTF. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct {
	__u32 type, key_size, value_size, max_entries, flags;
} old SEC("maps") = { BPF_MAP_TYPE_ARRAY, 4, 8, 1, 0 };

SEC("raw_tp/sys_enter")
int legacy(void *ctx)
{
	int zero = 0;

	return !!bpf_map_lookup_elem(&old, &zero);
}

char LICENSE[] SEC("license") = "GPL";
