/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Arrays, global data, and per-CPU arrays. Values lie one behind the other; those of a per-CPU
 * array slot by slot, so that threads share no cache line and a slot that is never used costs
 * no memory. Semantics and errors: linux/kernel/bpf/arraymap.c.
 */
#include <errno.h>

#include "process/map_impl.h"

static int check(const struct process_map_def *def, struct abide_error *e)
{
	bool percpu = def->type == BPF_MAP_TYPE_PERCPU_ARRAY;
	uint32_t good = MAP_ACCESS | (percpu ? 0 : BPF_F_MMAPABLE);

	if (def->key_size != 4)
		return map_refuse(e, -EINVAL, def, "keys of arrays have 4 bytes");
	if (!def->max_entries || !def->value_size)
		return map_refuse(e, -EINVAL, def,
		                  "neither the number nor the size of entries can be 0");
	if (def->flags & ~good)
		return map_refuse(e, -EINVAL, def, "flags that arrays do not have");
	if (def->value_size > INT32_MAX || (percpu && def->value_size > 32768))
		return map_refuse(e, -E2BIG, def, "the value is too large");
	return 0;
}

static uint64_t layout(struct process_map *m)
{
	uint64_t all;

	m->stride = (uint32_t)map_round(m->def.value_size, 8);
	m->values_at = MAP_PAGE;
	all = (uint64_t)m->stride * m->def.max_entries;
	if (m->def.type == BPF_MAP_TYPE_ARRAY || all > MAP_MAX_SIZE)
		return m->values_at + map_round(all, MAP_PAGE);
	m->slot_stride = map_slot_stride(all);
	return m->values_at + map_round(m->slot_stride * PROCESS_SLOTS, MAP_PAGE);
}

static uint32_t index_of(const void *key)
{
	uint32_t index;

	memcpy(&index, key, 4);
	return index;
}

static void *lookup(struct process_map *m, const void *key, uint32_t slot)
{
	uint32_t index = index_of(key);

	(void)slot;
	if (index >= m->def.max_entries)
		return NULL;
	return m->values + (uint64_t)index * m->stride;
}

static void *lookup_percpu(struct process_map *m, const void *key, uint32_t slot)
{
	uint32_t index = index_of(key);

	if (index >= m->def.max_entries || slot >= PROCESS_SLOTS)
		return NULL;
	map_use_slot(m, slot);
	return m->values + (uint64_t)index * m->stride + slot * m->slot_stride;
}

static void *lookup_slot(struct process_map *m, const void *key, uint32_t slot)
{
	uint32_t index = index_of(key);

	if (index >= m->def.max_entries || slot >= PROCESS_SLOTS)
		return NULL;
	return m->values + (uint64_t)index * m->stride + slot * m->slot_stride;
}

static int update(struct process_map *m, const void *key, const void *value, uint64_t flags,
                  uint32_t slot)
{
	uint32_t index = index_of(key);
	void *to;

	if (flags > BPF_EXIST)
		return -EINVAL;
	if (index >= m->def.max_entries)
		return -E2BIG;
	if (flags == BPF_NOEXIST)
		return -EEXIST;
	if (m->frozen)
		return -EPERM;
	to = m->ops->lookup(m, key, slot);
	if (!to)
		return -EINVAL; /* no such slot */
	map_store(to, value, m->def.value_size);
	return 0;
}

static int remove_none(struct process_map *m, const void *key)
{
	(void)m;
	(void)key;
	return -EINVAL;
}

int map_array_next_key(struct process_map *m, const void *key, void *next)
{
	uint32_t index = key ? index_of(key) : UINT32_MAX;

	if (index >= m->def.max_entries)
		index = UINT32_MAX;
	else if (index == m->def.max_entries - 1)
		return -ENOENT;
	index++;
	memcpy(next, &index, 4);
	return 0;
}

static int read_value(struct process_map *m, const void *key, void *values)
{
	uint32_t index = index_of(key);

	if (index >= m->def.max_entries)
		return -ENOENT;
	if (m->slot_stride)
		map_read_slots(m, index, values);
	else
		map_load(values, m->values + (uint64_t)index * m->stride, m->def.value_size);
	return 0;
}

static int64_t for_each(struct process_map *m, uint32_t slot,
                        int (*fn)(void *ctx, const void *key, void *value), void *ctx)
{
	uint32_t index;

	for (index = 0; index < m->def.max_entries; index++) {
		uint32_t key = index;
		void *value = m->ops->lookup(m, &key, slot);

		if (!value)
			return -EINVAL;
		if (fn(ctx, &key, value))
			return (int64_t)index + 1;
	}
	return index;
}

const struct map_ops map_array = {
	.check = check,
	.layout = layout,
	.lookup = lookup,
	.update = update,
	.remove = remove_none,
	.next_key = map_array_next_key,
	.read = read_value,
	.for_each = for_each,
};

const struct map_ops map_percpu_array = {
	.check = check,
	.layout = layout,
	.lookup = lookup_percpu,
	.lookup_slot = lookup_slot,
	.update = update,
	.remove = remove_none,
	.next_key = map_array_next_key,
	.read = read_value,
	.for_each = for_each,
};
