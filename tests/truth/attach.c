/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Attach one loaded program where programs of its kind live: by libbpf's own rule from
 * the section's name, or to the loopback device, the root cgroup, a socket, an event of
 * the processor's clock, this network namespace. It is detached at once: whether the
 * kernel takes it is the question, not what it does there.
 */
#include <bpf/bpf.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/perf_event.h>
#include <net/if.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "truth.h"

static int done(struct bpf_link *l)
{
	if (!l)
		return -errno;
	bpf_link__destroy(l);
	return 0;
}

static int by_section(struct bpf_object *o, struct bpf_program *p)
{
	LIBBPF_OPTS(bpf_iter_attach_opts, opts);
	union bpf_iter_link_info which = { .cgroup.order = BPF_CGROUP_ITER_SELF_ONLY };
	const char *section = bpf_program__section_name(p);

	(void)o;
	/* Without a function in its name, or a file and a function, whoever loads it says where it goes. */
	if (bpf_program__type(p) == BPF_PROG_TYPE_KPROBE) {
		if (!strchr(section, '/') || (*section == 'u' && !strchr(section, ':')))
			return 1;
	}
	/* ... or which map is walked. */
	if (!strcmp(section, "iter/bpf_map_elem") || !strcmp(section, "iter/bpf_sk_storage_map") || !strcmp(section, "iter/sockmap"))
		return 1;
	/* Iterators over cgroups must be told which, or at least in what order. */
	if (!strcmp(section, "iter/cgroup")) {
		opts.link_info = &which;
		opts.link_info_len = sizeof(which);
		return done(bpf_program__attach_iter(p, &opts));
	}
	return done(bpf_program__attach(p));
}

static int to_cgroup(struct bpf_object *o, struct bpf_program *p)
{
	int fd = open("/sys/fs/cgroup", O_RDONLY | O_DIRECTORY | O_CLOEXEC), err;

	(void)o;
	if (fd < 0)
		return -errno;
	err = done(bpf_program__attach_cgroup(p, fd));
	close(fd);
	return err;
}

static int to_netns(struct bpf_object *o, struct bpf_program *p)
{
	int fd = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC), err;

	(void)o;
	if (fd < 0)
		return -errno;
	err = done(bpf_program__attach_netns(p, fd));
	close(fd);
	return err;
}

static int to_loopback(struct bpf_object *o, struct bpf_program *p)
{
	struct bpf_map *m;

	/* What a device without a driver of its own takes is no question of the kernel: maps with programs in them not before 5.13. */
	bpf_object__for_each_map(m, o) {
		enum bpf_map_type type = bpf_map__type(m);

		if ((type == BPF_MAP_TYPE_DEVMAP || type == BPF_MAP_TYPE_DEVMAP_HASH || type == BPF_MAP_TYPE_CPUMAP) &&
		    bpf_map__value_size(m) > 4)
			return 1;
	}
	/* Those of devmaps and cpumaps go into such a map. */
	if (bpf_program__expected_attach_type(p) != BPF_XDP)
		return 1;
	return done(bpf_program__attach_xdp(p, (int)if_nametoindex("lo")));
}

static int to_socket(struct bpf_object *o, struct bpf_program *p)
{
	int s = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), fd = bpf_program__fd(p), err = 0;

	(void)o;
	if (s < 0)
		return -errno;
	if (setsockopt(s, SOL_SOCKET, SO_ATTACH_BPF, &fd, sizeof(fd)))
		err = -errno;
	close(s);
	return err;
}

static int to_clock(struct bpf_object *o, struct bpf_program *p)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_SOFTWARE,
		.size = sizeof(attr),
		.config = PERF_COUNT_SW_CPU_CLOCK,
		.sample_freq = 10,
		.freq = 1,
	};
	int fd = (int)syscall(SYS_perf_event_open, &attr, -1, 0, -1, PERF_FLAG_FD_CLOEXEC), err;
	struct bpf_link *l;

	(void)o;
	if (fd < 0)
		return -errno;
	l = bpf_program__attach_perf_event(p, fd);
	err = l ? 0 : -errno;
	/* The link owns the event from here on. */
	if (l)
		bpf_link__destroy(l);
	else
		close(fd);
	return err;
}

static int by_operations(struct bpf_object *o, struct bpf_program *p)
{
	struct bpf_map *m;
	int err;

	(void)p;
	bpf_object__for_each_map(m, o) {
		if (bpf_map__type(m) != BPF_MAP_TYPE_STRUCT_OPS)
			continue;
		err = done(bpf_map__attach_struct_ops(m));
		if (err)
			return err;
	}
	return 0;
}

int attach_program(struct bpf_object *o, struct bpf_program *p)
{
	static int (*const how[])(struct bpf_object *, struct bpf_program *) = {
		[BPF_PROG_TYPE_KPROBE] = by_section,
		[BPF_PROG_TYPE_TRACEPOINT] = by_section,
		[BPF_PROG_TYPE_RAW_TRACEPOINT] = by_section,
		[BPF_PROG_TYPE_RAW_TRACEPOINT_WRITABLE] = by_section,
		[BPF_PROG_TYPE_TRACING] = by_section,
		[BPF_PROG_TYPE_LSM] = by_section,
		[BPF_PROG_TYPE_STRUCT_OPS] = by_operations,
		[BPF_PROG_TYPE_SOCKET_FILTER] = to_socket,
		[BPF_PROG_TYPE_XDP] = to_loopback,
		[BPF_PROG_TYPE_PERF_EVENT] = to_clock,
		[BPF_PROG_TYPE_CGROUP_SKB] = to_cgroup,
		[BPF_PROG_TYPE_CGROUP_SOCK] = to_cgroup,
		[BPF_PROG_TYPE_CGROUP_SOCK_ADDR] = to_cgroup,
		[BPF_PROG_TYPE_CGROUP_SOCKOPT] = to_cgroup,
		[BPF_PROG_TYPE_CGROUP_SYSCTL] = to_cgroup,
		[BPF_PROG_TYPE_CGROUP_DEVICE] = to_cgroup,
		[BPF_PROG_TYPE_SOCK_OPS] = to_cgroup,
		[BPF_PROG_TYPE_SK_LOOKUP] = to_netns,
		[BPF_PROG_TYPE_FLOW_DISSECTOR] = to_netns,
	};
	enum bpf_prog_type type = bpf_program__type(p);

	if (bpf_program__expected_attach_type(p) == BPF_LSM_CGROUP)
		return to_cgroup(o, p);
	if ((size_t)type >= sizeof(how) / sizeof(how[0]) || !how[type])
		return 1;
	return how[type](o, p);
}
