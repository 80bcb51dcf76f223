/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Reading results. Maps: in batches where the kernel has them (one call for many
 * entries), else key by key; either way while programs go on changing the map, so an
 * entry may be missed or, after a restart, be there twice. Rings: libbpf's ring_buffer
 * maps them; one descriptor to wait on for all.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/session.h"

#define BATCH 256u /* entries: more than a bucket of a hash table holds, as a rule */

static bool is_per_cpu(uint32_t type)
{
	switch (type) {
	case BPF_MAP_TYPE_PERCPU_ARRAY:
	case BPF_MAP_TYPE_PERCPU_HASH:
	case BPF_MAP_TYPE_LRU_PERCPU_HASH:
		return true;
	default:
		return false;
	}
}

struct reader {
	int fd;
	uint32_t room;  /* entries */
	uint32_t batch; /* the key behind the last one: of at least 4 bytes */
	struct session_entries *out;
};

static bool make_room(struct reader *r, uint32_t n)
{
	struct session_entries *o = r->out;
	size_t room = r->room ? r->room : BATCH, keys, values;
	void *p;

	while (room - o->n < n)
		room *= 2;
	if (room == r->room)
		return true;
	if (room > UINT32_MAX || __builtin_mul_overflow(room, o->key_size, &keys) ||
	    __builtin_mul_overflow(room, o->value_size, &values))
		return false;
	p = realloc(o->keys, keys);
	if (!p)
		return false;
	o->keys = p;
	p = realloc(o->values, values);
	if (!p)
		return false;
	o->values = p;
	r->room = room;
	return true;
}

static uint8_t *key_at(const struct reader *r, uint32_t i)
{
	return r->out->keys + (size_t)i * r->out->key_size;
}

static uint8_t *value_at(const struct reader *r, uint32_t i)
{
	return r->out->values + (size_t)i * r->out->value_size;
}

/* -EINVAL, -ENOTSUP (also the kernel's own 524) at the first call: there are no batches. */
static int read_batches(struct reader *r, uint8_t *token)
{
	uint32_t ask = BATCH, n;
	bool first = true;
	int err;

	for (;;) {
		if (!make_room(r, ask))
			return -ENOMEM;
		n = ask;
		err = bpf_map_lookup_batch(r->fd, first ? NULL : token, token, key_at(r, r->out->n),
		                           value_at(r, r->out->n), &n, NULL);
		if (err == -ENOSPC && ask < 1u << 20) { /* a bucket holds more */
			ask *= 2;
			continue;
		}
		if (err && err != -ENOENT)
			return err;
		r->out->n += n <= ask ? n : 0;
		if (err == -ENOENT)
			return 0;
		first = false;
	}
}

static int read_one_by_one(struct reader *r, uint32_t max, uint8_t *key)
{
	bool first = true;
	uint32_t seen;
	int err;

	r->out->n = 0;
	/* Keys that are deleted meanwhile restart the walk; it must end nevertheless. */
	for (seen = 0; seen / 2 <= max; seen++) {
		err = bpf_map_get_next_key(r->fd, first ? NULL : key, key);
		if (err)
			return err == -ENOENT ? 0 : err;
		first = false;
		if (!make_room(r, 1))
			return -ENOMEM;
		err = bpf_map_lookup_elem(r->fd, key, value_at(r, r->out->n));
		if (err == -ENOENT)
			continue;
		if (err)
			return err;
		memcpy(key_at(r, r->out->n++), key, r->out->key_size);
	}
	return 0;
}

int session_read(const struct session *s, uint32_t index, struct session_entries *out,
                 struct abide_error *e)
{
	const struct map_def *m = &s->object->maps[index];
	struct reader r = { .fd = session_map(s, index), .out = out };
	int cpus = is_per_cpu(m->type) ? libbpf_num_possible_cpus() : 1, err = 0;
	uint64_t stride = is_per_cpu(m->type)
	                          ? (((uint64_t)m->value_size + 7) & ~7ull) * (cpus > 0 ? cpus : 1)
	                          : m->value_size;
	uint8_t *token;

	memset(out, 0, sizeof(*out));
	if (r.fd < 0 || !m->key_size || !m->value_size || stride > INT32_MAX || cpus < 1)
		return error_set(e, -EINVAL, "map-read", "map %s cannot be read", m->name);
	out->key_size = m->key_size;
	out->value_size = stride;
	token = calloc(1, m->key_size < 8 ? 8 : m->key_size);
	if (!token)
		return error_nomem(e);
	err = read_batches(&r, token);
	if (err && err != -ENOMEM)
		err = read_one_by_one(&r, m->max_entries, token);
	free(token);
	if (!err)
		return 0;
	session_entries_free(out);
	return error_set(e, err, "map-read", "cannot read map %s: %s", m->name, strerror(-err));
}

void session_entries_free(struct session_entries *entries)
{
	free(entries->keys);
	free(entries->values);
	memset(entries, 0, sizeof(*entries));
}

static int on_record(void *ctx, void *data, size_t size)
{
	const struct ring_reader *r = ctx;

	return r->fn(r->ctx, r->map, data, size);
}

int session_ring(struct session *s, uint32_t index, session_record_fn fn, void *ctx,
                 struct abide_error *e)
{
	struct ring_reader *r;
	int err = 0;

	if (!s->readers)
		s->readers = calloc(s->nr_maps + 1, sizeof(*s->readers));
	if (!s->readers)
		return error_nomem(e);
	r = &s->readers[index];
	*r = (struct ring_reader){ .fn = fn, .ctx = ctx, .map = index };
	if (s->rings) {
		err = ring_buffer__add(s->rings, session_map(s, index), on_record, r);
	} else {
		s->rings = ring_buffer__new(session_map(s, index), on_record, r, NULL);
		err = s->rings ? 0 : -errno;
	}
	return err ? error_set(e, err, "ring", "cannot read ring %s: %s",
	                       s->object->maps[index].name, strerror(-err))
	           : 0;
}

int session_rings_fd(const struct session *s)
{
	return s->rings ? ring_buffer__epoll_fd(s->rings) : -1;
}

int session_rings_consume(struct session *s)
{
	return s->rings ? ring_buffer__consume(s->rings) : 0;
}
