/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* All that an image is made of. With -DPINNED, -DINNER, -DKERNEL, -DFOREIGN, -DKCONFIG: what is refused. */
#ifdef KERNEL
#include <abide/linux.h>
#endif
#include "app_events.user.h"
#include <abide/program.h>

OPTION(__u32, least, 3, "the least that counts");
OPTION(__u64, most, 0, "the most");
HISTOGRAM(sizes, "sizes", "");
static __u64 total = 5;
static __u64 zero;

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 100);
	__type(key, __u32);
	__type(value, __u64);
} seen_by SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 5000);
} ring SEC(".maps");

int second(void *ctx);
int third(void *ctx);

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 8);
	__uint(key_size, 4);
	__array(values, int(void *));
} next SEC(".maps") = {
	.values = { [2] = (void *)&second, [7] = (void *)&third },
};

#ifdef PINNED
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
} kept SEC(".maps");
#endif
#ifdef INNER
struct inner {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
};
struct {
	__uint(type, BPF_MAP_TYPE_HASH_OF_MAPS);
	__uint(max_entries, 4);
	__type(key, __u32);
	__array(values, struct inner);
} outer SEC(".maps");
#endif
#ifdef KCONFIG
extern int CONFIG_HZ __kconfig;
#endif

static long each(__u32 i, void *ctx)
{
	total += i + *(__u32 *)ctx;
	return 0;
}

SEC("tp_user/things:seen")
int BPF_PROG(first, struct thing_user *thing)
{
	__u32 n = thing->u32, key = 1;

	if (n < least || (most && n > most))
		return 0;
	hist_add(&sizes, n);
	bpf_loop(3, each, &n, 0);
	bpf_map_lookup_elem(&seen_by, &key);
	__sync_fetch_and_add(&zero, total);
#ifdef KCONFIG
	zero += CONFIG_HZ;
#endif
	bpf_tail_call(ctx, &next, 2);
	return 0;
}

SEC("?tp_user/things:seen")
int second(void *ctx)
{
	return 2;
}

SEC("tp_user/things:gone")
int third(void *ctx)
{
	return 3;
}

SEC("?tp_user/things:gone")
int not_asked_for(void *ctx)
{
	return 4;
}

#ifdef KERNEL
SEC("tp_user/sched_switch")
int BPF_PROG(fourth, struct task_struct_user *prev)
{
	return prev->tid == 1;
}
#endif
#ifdef KPROBE
SEC("kprobe/do_exit")
int fifth(void *ctx)
{
	return 0;
}
#endif
#ifdef FOREIGN
SEC("tp_user/things:sean")
int sixth(void *ctx)
{
	return 0;
}
#endif
LICENSE("GPL");
