/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Program arrays: which program a tail call of an index goes to. The owner sets ids of programs;
 * what an id means is the owner's, and whoever runs programs looks it up among its own. Programs
 * themselves have no way to look in. An entry is the id + 1; 0: there is none.
 */
#include <errno.h>

#include "process/map_impl.h"

static int check(const struct process_map_def *def, struct abide_error *e)
{
	if (def->key_size != 4 || def->value_size != 4 || !def->max_entries)
		return map_refuse(
			e, -EINVAL, def,
			"keys and values of program arrays have 4 bytes, and there is one at least");
	if (def->flags)
		return map_refuse(e, -EINVAL, def, "program arrays have no flags");
	return 0;
}

static uint64_t layout(struct process_map *m)
{
	m->values_at = MAP_PAGE;
	return m->values_at + map_round((uint64_t)m->def.max_entries * 4, MAP_PAGE);
}

static uint32_t *entry(const struct process_map *m, const void *key)
{
	uint32_t index;

	memcpy(&index, key, 4);
	return index < m->def.max_entries ? (uint32_t *)(void *)m->values + index : NULL;
}

static void *lookup(struct process_map *m, const void *key, uint32_t slot)
{
	(void)m;
	(void)key;
	(void)slot;
	return NULL;
}

static int update(struct process_map *m, const void *key, const void *value, uint64_t flags,
                  uint32_t slot)
{
	uint32_t *at = entry(m, key), id;

	(void)slot;
	if (flags != BPF_ANY)
		return -EINVAL;
	if (!at)
		return -E2BIG;
	memcpy(&id, value, 4);
	if (id == UINT32_MAX)
		return -EBADF;
	__atomic_store_n(at, id + 1, __ATOMIC_RELEASE);
	return 0;
}

static int remove_program(struct process_map *m, const void *key)
{
	uint32_t *at = entry(m, key);

	if (!at)
		return -E2BIG;
	return __atomic_exchange_n(at, 0, __ATOMIC_ACQ_REL) ? 0 : -ENOENT;
}

static int read_id(struct process_map *m, const void *key, void *values)
{
	uint32_t index, id;

	memcpy(&index, key, 4);
	if (!process_map_program(m, index, &id))
		return -ENOENT;
	memcpy(values, &id, 4);
	return 0;
}

const struct map_ops map_programs = {
	.check = check,
	.layout = layout,
	.lookup = lookup,
	.update = update,
	.remove = remove_program,
	.next_key = map_array_next_key,
	.read = read_id,
};

bool process_map_program(const struct process_map *m, uint32_t index, uint32_t *id)
{
	const uint32_t *at;

	if (m->def.type != BPF_MAP_TYPE_PROG_ARRAY)
		return false;
	at = entry(m, &index);
	*id = at ? __atomic_load_n(at, __ATOMIC_ACQUIRE) : 0;
	return (*id)-- != 0;
}
