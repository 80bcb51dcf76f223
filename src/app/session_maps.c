/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Maps of a session: memory that abide creates, fills with the object's data and shares with every
 * process that runs the programs. In: an image. Out: descriptors to be sent; entries and records
 * to be shown. Nothing that is read here was checked by anybody: map.h bounds it.
 *
 * A ring's writer sends a byte over a socket when a reader sleeps; one socket for all
 * rings of all processes.
 */
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "app/session_part.h"
#include "process/trace.h"

#define TRACE_SIZE (256u << 10) /* bytes of printed text that may wait to be read */
#define TRACE_NAME "abide.printed"

static bool is_ring(uint32_t type)
{
	return type == BPF_MAP_TYPE_RINGBUF || type == BPF_MAP_TYPE_PERF_EVENT_ARRAY;
}

static int fill(struct session_map *m, const struct app_map *from, struct abide_error *e)
{
	uint32_t stride, size = from->def.value_size;
	void *values = process_map_values(m->map, &stride);

	if (from->data && values)
		memcpy(values, from->data, size);
	return from->frozen ? process_map_freeze(m->map, m->fd, e) : 0;
}

static int make_map(struct app_session *s, const struct app_map *from, struct abide_error *e)
{
	struct session_map *m = &s->maps[s->nr_maps];
	int err;

	m->fd = -1;
	err = process_map_create(&from->def, &m->fd, e);
	if (err)
		return err;
	s->nr_maps++;
	err = process_map_open(m->fd, &from->def, &m->map, e);
	if (err)
		return err;
	process_map_set_slots(m->map, s->slots);
	return fill(m, from, e);
}

static bool prints(const struct app_image *im)
{
	uint32_t i, k;

	for (i = 0; i < im->nr_programs; i++)
		for (k = 0; k < im->programs[i].nr_insns; k++) {
			const struct bpf_insn *insn = &im->programs[i].insns[k];

			if (insn->code == (BPF_JMP | BPF_CALL) && !insn->src_reg &&
			    (insn->imm == BPF_FUNC_trace_printk || insn->imm == BPF_FUNC_trace_vprintk))
				return true;
		}
	return false;
}

int session_make_maps(struct app_session *s, const struct app_image *im, struct abide_error *e)
{
	struct app_map trace = { .def = { .name = TRACE_NAME,
		                          .type = BPF_MAP_TYPE_RINGBUF,
		                          .max_entries = TRACE_SIZE } };
	uint32_t i;
	int err;

	if (s->has_maps)
		return 0;
	if (im->nr_maps >= MESSAGE_MAPS)
		return error_set(e, -E2BIG, "app-map", "%s has %u maps; an application takes %u at most",
		                 s->object->path, im->nr_maps, MESSAGE_MAPS - 1);
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, s->wake))
		return error_set(e, -errno, "", "cannot make a socket: %s", strerror(errno));
	err = process_slots_create(&s->slots_fd, e);
	if (!err)
		err = process_slots_open(s->slots_fd, &s->slots, e);
	for (i = 0; !err && i < im->nr_maps; i++)
		err = make_map(s, &im->maps[i], e);
	if (!err && prints(im)) {
		s->trace = s->nr_maps;
		err = make_map(s, &trace, e);
	}
	s->has_maps = !err;
	return err;
}

void session_close_maps(struct app_session *s)
{
	uint32_t i;

	for (i = 0; i < s->nr_maps; i++) {
		process_map_close(s->maps[i].map);
		if (s->maps[i].fd >= 0)
			close(s->maps[i].fd);
	}
	for (i = 0; i < 2; i++)
		if (s->wake[i] >= 0)
			close(s->wake[i]);
	process_slots_close(s->slots);
	if (s->slots_fd >= 0)
		close(s->slots_fd);
}

uint32_t session_fds(const struct app_session *s, int *fds)
{
	uint32_t i;

	for (i = 0; i < s->nr_maps; i++)
		fds[i] = s->maps[i].fd;
	fds[i++] = s->slots_fd;
	fds[i++] = s->wake[1];
	return i;
}

bool app_session_has_map(const struct app_session *s, uint32_t index)
{
	return index < s->nr_maps && s->maps[index].map;
}

static bool is_per_cpu(uint32_t type)
{
	return type == BPF_MAP_TYPE_PERCPU_ARRAY || type == BPF_MAP_TYPE_PERCPU_HASH ||
	       type == BPF_MAP_TYPE_LRU_PERCPU_HASH;
}

static bool make_room(struct session_entries *out, size_t *room)
{
	size_t n = *room ? *room * 2 : 64, keys, values;
	void *p;

	if (out->n < *room)
		return true;
	if (__builtin_mul_overflow(n, out->key_size, &keys) || __builtin_mul_overflow(n, out->value_size, &values) ||
	    n > UINT32_MAX)
		return false;
	p = realloc(out->keys, keys);
	if (!p)
		return false;
	out->keys = p;
	p = realloc(out->values, values);
	if (!p)
		return false;
	out->values = p;
	*room = n;
	return true;
}

/* Keys that are deleted meanwhile may restart the walk; it ends nevertheless. */
static int read_entries(struct process_map *m, struct session_entries *out, uint8_t *key)
{
	uint64_t seen, most = 2 * (uint64_t)process_map_def(m)->max_entries + 2;
	size_t room = 0;
	int err;

	for (seen = 0; seen < most; seen++) {
		err = process_map_next_key(m, seen ? key : NULL, key);
		if (err)
			return err == -ENOENT ? 0 : err;
		if (!make_room(out, &room))
			return -ENOMEM;
		err = process_map_read(m, key, out->values + (size_t)out->n * out->value_size);
		if (err == -ENOENT)
			continue;
		if (err)
			return err;
		memcpy(out->keys + (size_t)out->n++ * out->key_size, key, out->key_size);
	}
	return 0;
}

int app_session_read(const struct app_session *s, uint32_t index, struct session_entries *out, struct abide_error *e)
{
	struct process_map *m = s->maps[index].map;
	const struct process_map_def *def = process_map_def(m);
	uint8_t *key;
	int err;

	memset(out, 0, sizeof(*out));
	if (!def->key_size || !def->value_size)
		return error_set(e, -EINVAL, "map-read", "map %s cannot be read", def->name);
	out->key_size = def->key_size;
	out->value_size = is_per_cpu(def->type) ? ((def->value_size + 7) & ~7u) * PROCESS_SLOTS : def->value_size;
	key = calloc(1, def->key_size);
	err = key ? read_entries(m, out, key) : -ENOMEM;
	free(key);
	if (!err)
		return 0;
	session_entries_free(out);
	return error_set(e, err, "map-read", "cannot read map %s: %s", def->name, strerror(-err));
}

int app_session_ring(struct app_session *s, uint32_t index, session_record_fn fn, void *ctx, struct abide_error *e)
{
	struct session_map *m = &s->maps[index];

	if (index >= MESSAGE_MAPS || !is_ring(s->object->maps[index].type))
		return error_set(e, -EINVAL, "ring", "map %s is no ring", s->object->maps[index].name);
	m->fn = fn;
	m->fn_ctx = ctx;
	return 0;
}

int app_session_rings_fd(const struct app_session *s)
{
	uint32_t i;

	for (i = 0; i < s->nr_maps; i++)
		if (s->maps[i].fn || i == s->trace)
			return s->wake[0];
	return -1; /* or not yet */
}

struct consumer {
	struct app_session *s;
	uint32_t map;
};

static int on_record(void *ctx, const void *data, uint32_t size)
{
	struct consumer *c = ctx;
	struct session_map *m = &c->s->maps[c->map];

	return m->fn(m->fn_ctx, c->map, data, size);
}

/* A copy of the record, so its length stays what it is. */
static int on_printed(void *ctx, const void *data, uint32_t size)
{
	const struct app_session *s = ctx;
	const uint32_t head = offsetof(struct process_trace, text);
	const struct process_trace *t = data;

	if (size > head && t->length <= size - head && s->opts.printed)
		s->opts.printed(s->opts.ctx, t->text, t->length);
	return 0;
}

static int consume(struct app_session *s, uint32_t map)
{
	struct consumer c = { .s = s, .map = map };

	if (map == s->trace)
		return process_ring_consume(s->maps[map].map, on_printed, s);
	return s->maps[map].fn ? process_ring_consume(s->maps[map].map, on_record, &c) : 0;
}

static void say_asleep(struct app_session *s, bool sleeps)
{
	uint32_t i;

	for (i = 0; i < s->nr_maps; i++)
		if (s->maps[i].fn || i == s->trace)
			process_ring_wait(s->maps[i].map, sleeps);
}

static bool has_records(struct process_map *m)
{
	return process_ring_query(m, BPF_RB_AVAIL_DATA);
}

bool app_session_rings_ready(struct app_session *s)
{
	uint32_t i;

	say_asleep(s, true);
	for (i = 0; i < s->nr_maps; i++)
		if ((s->maps[i].fn || i == s->trace) && has_records(s->maps[i].map))
			return true;
	return false;
}

int app_session_rings_consume(struct app_session *s)
{
	char drain[64];
	uint32_t i;
	int n, all = 0;

	while (s->wake[0] >= 0 && recv(s->wake[0], drain, sizeof(drain), MSG_DONTWAIT) > 0)
		;
	say_asleep(s, false);
	for (i = 0; i < s->nr_maps; i++) {
		n = consume(s, i);
		if (n < 0)
			return n;
		all += n;
	}
	return all;
}

uint64_t app_session_lost(const struct app_session *s, uint32_t index)
{
	return is_ring(process_map_def(s->maps[index].map)->type) ? process_ring_lost(s->maps[index].map) : 0;
}
