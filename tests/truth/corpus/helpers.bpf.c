// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Helpers by age and by where they may be called. */
#include "corpus.h"

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 4);
	__type(key, __u32);
	__type(value, __u64);
} numbers SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 4);
	__type(key, __u32);
	__type(value, __u32);
} programs SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
} ring SEC(".maps");

#define ON(SECTION, NAME) SEC(SECTION) int NAME(__u64 *ctx)
#define RAW(NAME) ON("raw_tp/sched_switch", NAME)

static long each(__u32 i, void *ctx)
{
	return 0;
}

RAW(task_btf)
{
	sink = bpf_get_current_task_btf()->pid;
	return 0;
}

RAW(clock_tai)
{
	sink = bpf_ktime_get_tai_ns();
	return 0;
}

RAW(clock_boot)
{
	sink = bpf_ktime_get_boot_ns();
	return 0;
}

RAW(clock_coarse)
{
	sink = bpf_ktime_get_coarse_ns();
	return 0;
}

RAW(jiffies)
{
	sink = bpf_jiffies64();
	return 0;
}

RAW(format)
{
	static const char fmt[] = "%d";
	__u64 args[1] = { 7 };
	char out[16] = {};

	sink = bpf_snprintf(out, sizeof(out), fmt, args, sizeof(args));
	return 0;
}

RAW(printk)
{
	bpf_printk("%d", 7);
	return 0;
}

RAW(vprintk)
{
	static const char fmt[] = "%d %d %d %d";
	__u64 args[4] = { 7 };

	bpf_trace_vprintk(fmt, sizeof(fmt), args, sizeof(args));
	return 0;
}

RAW(compare)
{
	char s[8] = "abc";

	sink = bpf_strncmp(s, sizeof(s), "abd");
	return 0;
}

RAW(loop)
{
	sink = bpf_loop(5, each, 0, 0);
	return 0;
}

RAW(user_string)
{
	char s[16];

	sink = bpf_probe_read_user_str(s, sizeof(s), (void *)ctx[1]);
	return 0;
}

RAW(old_probe_read)
{
	__u64 v = 0;

	bpf_probe_read(&v, sizeof(v), (void *)ctx[1]);
	sink = v;
	return 0;
}

RAW(write_user)
{
	__u32 v = 1;

	sink = bpf_probe_write_user((void *)ctx[1], &v, sizeof(v));
	return 0;
}

RAW(copy_from_user_not_sleepable)
{
	__u64 v = 0;

	bpf_copy_from_user(&v, sizeof(v), (void *)ctx[1]);
	sink = v;
	return 0;
}

RAW(task_pt_regs)
{
	sink = bpf_task_pt_regs(bpf_get_current_task_btf());
	return 0;
}

RAW(ring_reserve)
{
	__u64 *r = bpf_ringbuf_reserve(&ring, 8, 0);

	if (!r)
		return 0;
	*r = 7;
	bpf_ringbuf_submit(r, 0);
	return 0;
}

RAW(ring_dynptr)
{
	struct bpf_dynptr p;

	bpf_ringbuf_reserve_dynptr(&ring, 8, 0, &p);
	bpf_ringbuf_submit_dynptr(&p, 0);
	return 0;
}

RAW(percpu_lookup)
{
	__u32 zero = 0;

	sink = (__u64)bpf_map_lookup_percpu_elem(&numbers, &zero, 0) != 0;
	return 0;
}

RAW(tail_call)
{
	bpf_tail_call(ctx, &programs, 1);
	return 0;
}

RAW(func_ip)
{
	sink = bpf_get_func_ip(ctx);
	return 0;
}

RAW(cookie_raw)
{
	sink = bpf_get_attach_cookie(ctx);
	return 0;
}

RAW(signal)
{
	sink = bpf_send_signal(0);
	return 0;
}

RAW(cgroup_id)
{
	sink = bpf_get_current_cgroup_id();
	return 0;
}

RAW(no_such_helper)
{
	static long (*const unborn)(void) = (void *)4000;

	sink = unborn();
	return 0;
}

RAW(helper_of_networking)
{
	sink = bpf_skb_load_bytes(ctx, 0, (void *)ctx, 0);
	return 0;
}

ON("tp_btf/sched_switch", cookie_tp_btf)
{
	sink = bpf_get_attach_cookie(ctx);
	return 0;
}

ON("kprobe/vfs_read", cookie_kprobe)
{
	sink = bpf_get_attach_cookie(ctx);
	return 0;
}

ON("kprobe/vfs_read", func_ip_kprobe)
{
	sink = bpf_get_func_ip(ctx);
	return 0;
}

ON("kprobe/vfs_read", override_plain)
{
	sink = bpf_override_return((void *)ctx, 0);
	return 0;
}

ON("fentry/vfs_read", cookie_fentry)
{
	sink = bpf_get_attach_cookie(ctx);
	return 0;
}

ON("fentry/vfs_read", func_arg)
{
	__u64 v = 0;

	bpf_get_func_arg(ctx, 2, &v);
	sink = v + bpf_get_func_arg_cnt(ctx);
	return 0;
}

ON("fexit/vfs_read", func_ret)
{
	__u64 v = 0;

	bpf_get_func_ret(ctx, &v);
	sink = v;
	return 0;
}

ON("fentry/vfs_read", func_ret_at_entry)
{
	__u64 v = 0;

	bpf_get_func_ret(ctx, &v);
	sink = v;
	return 0;
}

ON("tp_btf/sched_switch", func_arg_tp_btf)
{
	__u64 v = 0;

	bpf_get_func_arg(ctx, 1, &v);
	sink = v;
	return 0;
}

ON("fentry/vfs_read", branches)
{
	struct perf_branch_entry {
		__u64 from, to, flags;
	} b[2];

	sink = bpf_get_branch_snapshot(b, sizeof(b), 0);
	return 0;
}

ON("tp/sched/sched_switch", stack_of_tracepoint)
{
	__u64 ips[4];

	sink = bpf_get_stack(ctx, ips, sizeof(ips), 0);
	return 0;
}

ON("tp_btf/sched_switch", task_stack)
{
	__u64 ips[4];

	sink = bpf_get_task_stack((void *)ctx[1], ips, sizeof(ips), 0);
	return 0;
}

ON("tp_btf/sched_switch", snprintf_btf)
{
	char out[64];
	struct btf_ptr p = { .ptr = (void *)ctx[1], .type_id = 1 };

	sink = bpf_snprintf_btf(out, sizeof(out), &p, sizeof(p), 0);
	return 0;
}

ON("lsm/file_open", ima_hash)
{
	char h[32];

	sink = bpf_ima_file_hash((void *)ctx[0], h, sizeof(h));
	return 0;
}

ON("xdp", xdp_check_mtu)
{
	__u32 len = 0;

	bpf_check_mtu(ctx, 0, &len, 0, 0);
	return XDP_PASS;
}

ON("tc", tc_redirect_neigh)
{
	return bpf_redirect_neigh(1, 0, 0, 0);
}

ON("tc", tc_redirect_peer)
{
	return bpf_redirect_peer(1, 0);
}

ON("tc", tc_set_tstamp)
{
	bpf_skb_set_tstamp((void *)ctx, 0, 0);
	return 0;
}

ON("socket", socket_clock)
{
	return bpf_ktime_get_ns() & 7;
}

ON("socket", socket_current_task)
{
	return bpf_get_current_task() & 7;
}

ON("tp_btf/inet_sock_set_state", to_unix)
{
	sink = (__u64)bpf_skc_to_unix_sock((void *)ctx[0]) != 0;
	return 0;
}

ON("tp_btf/inet_sock_set_state", to_mptcp)
{
	sink = (__u64)bpf_skc_to_mptcp_sock((void *)ctx[0]) != 0;
	return 0;
}

ON("tp_btf/inet_sock_set_state", socket_cookie)
{
	sink = bpf_get_socket_cookie((void *)ctx[0]);
	return 0;
}

ON("tp_btf/sched_switch", find_vma)
{
	sink = bpf_find_vma((void *)ctx[1], 0, each, 0, 0);
	return 0;
}
