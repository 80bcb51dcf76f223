/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
#ifndef BENCH_LOG2_H
#define BENCH_LOG2_H

/* A histogram by powers of two, as bcc's tools have it. */
struct hist {
	__u64 slots[64];
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct hist);
} hist SEC(".maps");

static __always_inline __u32 log2_of(__u64 value)
{
	__u32 v = value >> 32, r, more, up = 0;

	if (v)
		up = 32;
	else
		v = value;
	r = (v > 0xffff) << 4;
	v >>= r;
	more = (v > 0xff) << 3;
	v >>= more;
	r |= more;
	more = (v > 0xf) << 2;
	v >>= more;
	r |= more;
	more = (v > 0x3) << 1;
	v >>= more;
	return up + (r | more | v >> 1);
}

static __always_inline void add_hist(__u64 value)
{
	struct hist *h = bpf_map_lookup_elem(&hist, &(__u32){ 0 });

	if (h)
		h->slots[log2_of(value) & 63]++;
}

#endif
