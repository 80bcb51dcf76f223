/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
#ifndef BENCH_PAIR_H
#define BENCH_PAIR_H

/*
 * What both programs of a pair share, so that they differ in nothing but how they come to
 * a field: the filter for the workload's own processes, set before they are loaded, and
 * the sum of all that they computed, which must be the same at the end. Included after
 * <abide/linux.h> or vmlinux.h, and bpf_helpers.h.
 */
const volatile __u32 first;  /* process id */
const volatile __u32 second; /* another one's, or 0 */

struct seen {
	__u64 events;
	__u64 sum;
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct seen);
} seen SEC(".maps");

static __always_inline int chosen(__u32 tgid)
{
	return tgid == first || tgid == second;
}

static __always_inline void add_seen(__u64 value)
{
	struct seen *s = bpf_map_lookup_elem(&seen, &(__u32){ 0 });

	if (s) {
		s->events++;
		s->sum += value;
	}
}

#define HASH(name, key_type, value_type)                                                           \
	struct {                                                                                   \
		__uint(type, BPF_MAP_TYPE_HASH);                                                   \
		__uint(max_entries, 1024);                                                         \
		__type(key, key_type);                                                             \
		__type(value, value_type);                                                         \
	} name SEC(".maps")

char LICENSE_TEXT[] SEC("license") = "GPL";

#endif
