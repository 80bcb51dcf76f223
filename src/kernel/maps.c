/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * An object's maps. In: definitions. Out: descriptors, data sections filled, .rodata
 * frozen, so that the verifier takes its values for constants. A kernel that refuses a
 * map's types gets it without them. A map that wants to be pinned by name is taken from
 * /sys/fs/bpf if one of the same shape is there, as libbpf does. Refused: what the kernel
 * refuses, in a sentence that names the map.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statfs.h>
#include <unistd.h>

#include "kernel/session.h"

#define PIN_FOLDER  "/sys/fs/bpf"
#define PIN_BY_NAME 1
#define BPFFS_MAGIC 0xcafe4a11

/* Types that have no keys and values of a type, so the kernel knows no BTF for them. */
static bool takes_types(uint32_t type)
{
	switch (type) {
	case BPF_MAP_TYPE_PERF_EVENT_ARRAY:
	case BPF_MAP_TYPE_PROG_ARRAY:
	case BPF_MAP_TYPE_CGROUP_ARRAY:
	case BPF_MAP_TYPE_STACK_TRACE:
	case BPF_MAP_TYPE_ARRAY_OF_MAPS:
	case BPF_MAP_TYPE_HASH_OF_MAPS:
	case BPF_MAP_TYPE_RINGBUF:
	case BPF_MAP_TYPE_USER_RINGBUF:
		return false;
	default:
		return true;
	}
}

/* A ring is whole pages, a power of two of them. */
static uint32_t ring_size(uint32_t wanted)
{
	uint32_t size = sysconf(_SC_PAGESIZE);

	while (size < wanted && size < 1u << 31)
		size <<= 1;
	return size;
}

/* The definition as the kernel wants it. */
static struct map_def kernel_def(const struct map_def *m)
{
	struct map_def k = *m;
	int cpus;

	switch (m->type) {
	case BPF_MAP_TYPE_RINGBUF:
	case BPF_MAP_TYPE_USER_RINGBUF:
		k.key_size = k.value_size = 0;
		k.max_entries = ring_size(m->max_entries);
		break;
	case BPF_MAP_TYPE_PERF_EVENT_ARRAY:
		cpus = libbpf_num_possible_cpus();
		if (!k.max_entries && cpus > 0)
			k.max_entries = cpus;
		break;
	default:
		break;
	}
	return k;
}

static int refuse_map(const struct session *s, const struct map_def *m, int err,
                      struct abide_error *e)
{
	char what[160];

	if (err != -EPERM && err != -ENOSYS) {
		error_set(e, err, "map-refused", "the kernel refuses map %s of %s: %s", m->name,
		          s->object->path, strerror(-err));
		error_reason(e, "type %u, %u entries, key %u bytes, value %u bytes, flags %#x",
		             m->type, m->max_entries, m->key_size, m->value_size, m->flags);
		if (err == -ENOMEM || err == -E2BIG)
			error_hint(e, "give it fewer entries");
		return err;
	}
	snprintf(what, sizeof(what), "create map %.100s", m->name);
	return refusal_system(err, what, e);
}

static int create(const struct session *s, uint32_t i, struct abide_error *e)
{
	struct map_def m = kernel_def(&s->object->maps[i]);
	LIBBPF_OPTS(bpf_map_create_opts, opts, .map_flags = m.flags, .map_extra = m.map_extra);
	int fd;

	if (m.numa_node) {
		opts.map_flags |= BPF_F_NUMA_NODE;
		opts.numa_node = m.numa_node;
	}
	if (m.inner >= 0)
		opts.inner_map_fd = s->maps[m.inner];
	if (s->btf >= 0 && takes_types(m.type)) {
		opts.btf_fd = s->btf;
		opts.btf_key_type_id = m.key_type;
		opts.btf_value_type_id = m.value_type;
	}
	if (!opts.btf_value_type_id)
		opts.btf_fd = opts.btf_key_type_id = 0;
	fd = bpf_map_create(m.type, m.name, m.key_size, m.value_size, m.max_entries, &opts);
	if (fd < 0 && fd != -EPERM && opts.btf_fd) {
		opts.btf_fd = opts.btf_key_type_id = opts.btf_value_type_id = 0;
		fd = bpf_map_create(m.type, m.name, m.key_size, m.value_size, m.max_entries, &opts);
	}
	return fd < 0 ? refuse_map(s, &m, fd, e) : fd;
}

static int fill(const struct session *s, uint32_t i, int fd, struct abide_error *e)
{
	const struct map_def *m = &s->object->maps[i];
	uint32_t zero = 0;
	int err = 0;

	if (m->data)
		err = bpf_map_update_elem(fd, &zero, m->data, 0);
	/* Before 5.2 there was no freezing; a map that is not frozen only costs speed. */
	if (!err && m->source == MAP_RODATA && bpf_map_freeze(fd) && errno != EINVAL &&
	    errno != ENOTSUP)
		err = -errno;
	return err ? refuse_map(s, m, err, e) : 0;
}

static bool same_shape(int fd, const struct map_def *m)
{
	struct bpf_map_info info = { 0 };
	uint32_t size = sizeof(info);
	struct map_def k = kernel_def(m);

	return !bpf_obj_get_info_by_fd(fd, &info, &size) && info.type == k.type &&
	       info.key_size == k.key_size && info.value_size == k.value_size &&
	       info.max_entries == k.max_entries;
}

/* The map that is pinned under the name, or a new one that is pinned there. */
static int create_pinned(const struct session *s, uint32_t i, struct abide_error *e)
{
	const struct map_def *m = &s->object->maps[i];
	struct statfs fs;
	char path[256];
	int fd, err;

	if (snprintf(path, sizeof(path), "%s/%s", PIN_FOLDER, m->name) >= (int)sizeof(path))
		return error_set(e, -ENAMETOOLONG, "map-pin",
		                 "the name of map %.100s... is too long to pin it", m->name);
	if (statfs(PIN_FOLDER, &fs) || (uint32_t)fs.f_type != BPFFS_MAGIC) {
		error_set(e, -ENOENT, "map-pin",
		          "map %s is to be pinned, and " PIN_FOLDER " is not mounted", m->name);
		return error_hint(e, "mount -t bpf bpf " PIN_FOLDER);
	}
	fd = bpf_obj_get(path);
	if (fd >= 0) {
		if (same_shape(fd, m))
			return fd;
		close(fd);
		error_set(e, -EEXIST, "map-pin",
		          "another map is pinned at %s: its type or sizes differ", path);
		return error_hint(e, "remove it if nobody needs it, or rename the program's map");
	}
	if (fd != -ENOENT)
		return error_set(e, fd, "map-pin", "cannot take the map pinned at %s: %s", path,
		                 strerror(-fd));
	fd = create(s, i, e);
	if (fd < 0)
		return fd;
	err = bpf_obj_pin(fd, path);
	if (err) {
		close(fd);
		return error_set(e, err, "map-pin", "cannot pin map %s at %s: %s", m->name, path,
		                 strerror(-err));
	}
	return fd;
}

static int one_map(struct session *s, uint32_t i, struct abide_error *e)
{
	const struct map_def *m = &s->object->maps[i];
	int fd;

	fd = m->pinning == PIN_BY_NAME ? create_pinned(s, i, e) : create(s, i, e);
	if (fd < 0)
		return fd;
	s->maps[i] = fd;
	return m->source == MAP_BTF ? 0 : fill(s, i, fd, e);
}

int session_create_maps(struct session *s, struct abide_error *e)
{
	uint32_t i;
	int err = 0;

	/* Definitions of inner maps stand last, and must exist when the outer ones are made. */
	for (i = s->nr_maps; i-- && !err;)
		err = one_map(s, i, e);
	return err;
}
