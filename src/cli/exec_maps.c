/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Maps for abide exec. In: an object's definitions, of those maps that the program uses. Out:
 * open maps of the process engine, and at the end their contents as text, by the object's types.
 * Refused: kinds of maps that the engine does not have, settings of a kernel.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cli/exec_maps.h"
#include "process/trace.h"
#include "render/render.h"

#define TRACE_SIZE (1u << 20)

static int create(const struct process_map_def *def, const struct map_def *from, struct process_map **out,
                  struct abide_error *e)
{
	uint32_t key = 0;
	int fd, err;

	err = process_map_create(def, &fd, e);
	if (err)
		return err;
	err = process_map_open(fd, def, out, e);
	if (!err && from && from->data) {
		err = process_map_update(*out, &key, from->data, BPF_ANY, 0);
		if (err)
			error_set(e, err, "exec-map", "map %s cannot be filled: %s", def->name, strerror(-err));
	}
	if (!err && from && from->source == MAP_RODATA)
		err = process_map_freeze(*out, fd, e);
	close(fd);
	return err;
}

static int open_one(struct exec_maps *m, uint32_t i, struct abide_error *e)
{
	const struct map_def *from = &m->o->maps[i];
	struct process_map_def def = {
		.type = from->type,
		.key_size = from->key_size,
		.value_size = from->value_size,
		.max_entries = from->max_entries,
		.flags = from->flags,
	};
	uint32_t stride;
	int err;

	if (from->source == MAP_KCONFIG)
		return error_set(e, -ENOTSUP, "exec-map", "%s holds settings of a kernel", from->name);
	snprintf(def.name, sizeof(def.name), "%s", from->name);
	if (from->source == MAP_RODATA)
		def.flags |= BPF_F_RDONLY_PROG;
	if (from->source != MAP_BTF)
		def.flags &= ~(uint32_t)BPF_F_MMAPABLE;
	err = create(&def, from, &m->maps[i], e);
	if (err)
		return err;
	process_map_set_slots(m->maps[i], m->slots);
	m->verify[i] = (struct verify_map){ .name = from->name,
		                            .type = def.type,
		                            .key_size = def.key_size,
		                            .value_size = def.value_size,
		                            .max_entries = def.max_entries,
		                            .flags = def.flags,
		                            .read_only = def.flags & BPF_F_RDONLY_PROG };
	if (process_map_frozen(m->maps[i]))
		m->verify[i].frozen = process_map_values(m->maps[i], &stride);
	return 0;
}

int exec_maps_open(const struct exec_code *code, struct exec_maps *out, struct abide_error *e)
{
	static const struct process_map_def trace = { "trace", BPF_MAP_TYPE_RINGBUF, 0, 0, TRACE_SIZE, 0 };
	bool shared;
	uint32_t i;
	int fd, err;

	*out = (struct exec_maps){ .o = code->o, .nr = code->o->nr_maps };
	out->maps = calloc(out->nr + 1, sizeof(*out->maps));
	out->verify = calloc(out->nr + 1, sizeof(*out->verify));
	if (!out->maps || !out->verify) {
		err = error_nomem(e);
		goto out;
	}
	err = process_slots_create(&fd, e);
	if (err)
		goto out;
	err = process_slots_open(fd, &out->slots, e);
	close(fd);
	if (err)
		goto out;
	out->slot = process_slot_acquire(out->slots, (uint32_t)gettid(), &shared);
	for (i = 0; !err && i < out->nr; i++)
		if (code->uses[i])
			err = open_one(out, i, e);
	if (!err)
		err = create(&trace, NULL, &out->trace, e);
out:
	if (err)
		exec_maps_close(out);
	return err;
}

void exec_maps_close(struct exec_maps *m)
{
	uint32_t i;

	for (i = 0; m->maps && i < m->nr; i++)
		process_map_close(m->maps[i]);
	process_map_close(m->trace);
	process_slots_close(m->slots);
	free(m->maps);
	free(m->verify);
	*m = (struct exec_maps){ 0 };
}

static bool is_per_cpu(uint32_t type)
{
	return type == BPF_MAP_TYPE_PERCPU_ARRAY || type == BPF_MAP_TYPE_PERCPU_HASH ||
	       type == BPF_MAP_TYPE_LRU_PERCPU_HASH;
}

struct show {
	const struct exec_maps *m;
	struct render_plan *plan;
	uint32_t map;
	struct timespec now;
	struct buf *out;
	struct abide_error *e;
};

static int show_entries(struct show *s)
{
	struct process_map *m = s->m->maps[s->map];
	const struct process_map_def *def = process_map_def(m);
	size_t stride = is_per_cpu(def->type) ? (def->value_size + 7u) / 8 * 8 * (size_t)PROCESS_SLOTS : def->value_size;
	struct render_entries view = { .key_size = def->key_size, .value_size = (uint32_t)stride };
	struct buf keys = { 0 }, values = { 0 };
	uint8_t *key = calloc(2, def->key_size + 8u), *value = malloc(stride), *next;
	bool first = true;
	int err = key && value ? 0 : error_nomem(s->e);

	next = key ? key + def->key_size + 8 : NULL;
	while (!err && view.n < def->max_entries && !process_map_next_key(m, first ? NULL : key, next)) {
		first = false;
		memcpy(key, next, def->key_size);
		if (process_map_read(m, key, value))
			continue;
		buf_add(&keys, key, def->key_size);
		buf_add(&values, value, stride);
		view.n++;
	}
	view.keys = keys.data;
	view.values = values.data;
	if (!err && (keys.failed || values.failed))
		err = error_nomem(s->e);
	if (!err)
		err = render_map(s->plan, s->map, &view, s->now, s->out, s->e);
	buf_free(&keys);
	buf_free(&values);
	free(key);
	free(value);
	return err;
}

static int show_record(void *ctx, const void *data, uint32_t size)
{
	struct show *s = ctx;

	return render_event(s->plan, s->map, data, size, s->now, s->out, s->e);
}

int exec_maps_show(const struct exec_maps *m, struct buf *out, struct abide_error *e)
{
	const struct render_options options = { .cpus = PROCESS_SLOTS };
	struct show s = { .m = m, .out = out, .e = e };
	struct abide_error none = { 0 };
	int err = 0;

	/* without types there is nothing to show, which is no mistake */
	if (render_open(m->o, &options, &s.plan, &none))
		return 0;
	clock_gettime(CLOCK_REALTIME, &s.now);
	for (; !err && s.map < m->nr; s.map++) {
		if (!m->maps[s.map])
			continue;
		switch (render_wants(s.plan, s.map)) {
		case RENDER_NOTHING:
			break;
		case RENDER_ENTRIES:
			err = show_entries(&s);
			break;
		case RENDER_RECORDS:
			err = process_ring_consume(m->maps[s.map], show_record, &s);
			err = err < 0 ? err : 0;
			break;
		}
	}
	render_free(s.plan);
	return err;
}

static int trace_line(void *ctx, const void *data, uint32_t size)
{
	const struct process_trace *line = data;
	size_t head = offsetof(struct process_trace, text);

	if (size > head && line->length < size - head) {
		buf_add(ctx, line->text, line->length);
		if (!line->length || line->text[line->length - 1] != '\n')
			buf_u8(ctx, '\n');
	}
	return 0;
}

uint64_t exec_maps_trace(const struct exec_maps *m, struct buf *out)
{
	process_ring_consume(m->trace, trace_line, out);
	return process_ring_lost(m->trace);
}
