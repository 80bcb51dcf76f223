/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Stack traces by number. A stack's id is a hash of its addresses, and says where it is kept: a head that is
 * small, so that listing all takes little memory, and a row of addresses. Whoever finds its own stack there
 * takes no lock. Semantics and errors: linux/kernel/bpf/stackmap.c, but that each id has its place from the
 * start, so that there is no -ENOMEM. No build ids: what a file is, abide knows by itself.
 *
 *	page 1 ...	struct head of each id: 0 to the next power of two above max_entries
 *	data_at ...	value_size bytes for each
 *
 * A head's generation is odd while its row is written. A writer that died leaves it odd, and its lock
 * taken: nothing is there then, and the next writer of that id puts it right.
 */
#include <errno.h>

#include "process/map_impl.h"
#include "process/map_owner.h"

#define RETRIES 64 /* of what was disturbed by a writer */

struct head {
	uint32_t lock, generation, hash;
	uint32_t nr; /* addresses; 0: there is no such stack */
};

static struct head *head_of(const struct process_map *m, uint32_t id)
{
	return (struct head *)map_at(m, MAP_PAGE) + id;
}

static uint64_t *row_of(const struct process_map *m, uint32_t id)
{
	return (uint64_t *)map_at(m, m->data_at + (uint64_t)id * m->def.value_size);
}

static int check(const struct process_map_def *def, struct abide_error *e)
{
	if (def->key_size != 4)
		return map_refuse(e, -EINVAL, def, "ids of stacks have 4 bytes");
	if (!def->max_entries || !def->value_size || def->value_size % 8)
		return map_refuse(e, -EINVAL, def, "a stack is a number of addresses of 8 bytes");
	if (def->value_size / 8 > PROCESS_STACK_DEPTH)
		return map_refuse(e, -EINVAL, def, "a stack has 127 addresses at most");
	if (def->flags)
		return map_refuse(e, -EINVAL, def, "flags that stack traces do not have in applications");
	if (def->max_entries > 1u << 31)
		return map_refuse(e, -E2BIG, def, "ids have 31 bits");
	return 0;
}

static uint64_t layout(struct process_map *m)
{
	uint64_t nr = 1;

	while (nr < m->def.max_entries)
		nr *= 2;
	m->mask = (uint32_t)(nr - 1);
	m->data_at = MAP_PAGE + map_round(nr * sizeof(struct head), MAP_PAGE);
	return m->data_at + map_round(nr * m->def.value_size, MAP_PAGE);
}

static void *lookup(struct process_map *m, const void *key, uint32_t slot)
{
	(void)m;
	(void)key;
	(void)slot;
	return NULL; /* programs see ids only */
}

static uint32_t hash_stack(const uint64_t *stack, uint32_t nr)
{
	uint64_t h = nr;

	while (nr--)
		h = map_fold(h ^ *stack++, MAP_FOLD);
	return (uint32_t)h;
}

/* Addresses of a head, whatever the memory says. */
static uint32_t nr_of(const struct process_map *m, const struct head *h)
{
	uint32_t nr = __atomic_load_n(&h->nr, __ATOMIC_ACQUIRE), most = m->def.value_size / 8;

	return nr < most ? nr : most;
}

static bool same_row(const struct process_map *m, uint32_t id, const uint64_t *stack, uint32_t nr)
{
	const uint64_t *row = row_of(m, id);
	uint32_t k;

	for (k = 0; k < nr; k++)
		if (__atomic_load_n(&row[k], __ATOMIC_ACQUIRE) != stack[k])
			return false;
	return true;
}

enum found { FOUND_NONE, FOUND_SAME, FOUND_OTHER };

/* What is under @id; meanwhile nobody has written it if the generation is still the same, and even. */
static enum found look(const struct process_map *m, uint32_t id, uint32_t hash, const uint64_t *stack, uint32_t nr, bool fast)
{
	const struct head *h = head_of(m, id);
	uint32_t has = nr_of(m, h);

	if (!has)
		return FOUND_NONE;
	if (__atomic_load_n(&h->hash, __ATOMIC_ACQUIRE) != hash)
		return FOUND_OTHER;
	return fast || (has == nr && same_row(m, id, stack, nr)) ? FOUND_SAME : FOUND_OTHER;
}

static bool is_same(const struct process_map *m, uint32_t id, uint32_t hash, const uint64_t *stack, uint32_t nr, bool fast)
{
	const uint32_t *at = &head_of(m, id)->generation, generation = __atomic_load_n(at, __ATOMIC_ACQUIRE);

	return !(generation % 2) && look(m, id, hash, stack, nr, fast) == FOUND_SAME &&
	       __atomic_load_n(at, __ATOMIC_RELAXED) == generation;
}

/* The lock is held. What is written next stays behind this, which an exchange does and a store would not. */
static void begin(struct head *h)
{
	__atomic_exchange_n(&h->generation, h->generation | 1, __ATOMIC_ACQ_REL);
}

static void end(struct head *h)
{
	__atomic_store_n(&h->generation, h->generation + 1, __ATOMIC_RELEASE);
}

static int64_t keep(struct process_map *m, uint32_t id, uint32_t hash, const uint64_t *stack, uint32_t nr, uint64_t flags)
{
	struct head *h = head_of(m, id);
	enum found found = FOUND_NONE;
	int64_t result = id;

	if (owner_lock(&h->lock, owner_self()) == OWNER_BUSY)
		return -EBUSY;
	if (!(__atomic_load_n(&h->generation, __ATOMIC_RELAXED) % 2))
		found = look(m, id, hash, stack, nr, flags & BPF_F_FAST_STACK_CMP);
	if (found == FOUND_OTHER && !(flags & BPF_F_REUSE_STACKID)) {
		result = -EEXIST;
	} else if (found != FOUND_SAME) {
		begin(h);
		__atomic_store_n(&h->hash, hash, __ATOMIC_RELEASE);
		__atomic_store_n(&h->nr, nr, __ATOMIC_RELEASE);
		map_store(row_of(m, id), stack, nr * 8);
		end(h);
	}
	owner_unlock(&h->lock);
	return result;
}

int64_t process_map_stackid(struct process_map *m, const uint64_t *stack, uint32_t nr, uint64_t flags)
{
	uint32_t hash, id;

	if (m->def.type != BPF_MAP_TYPE_STACK_TRACE)
		return -EINVAL;
	if (nr > m->def.value_size / 8)
		nr = m->def.value_size / 8;
	hash = hash_stack(stack, nr);
	id = hash & m->mask;
	if (is_same(m, id, hash, stack, nr, flags & BPF_F_FAST_STACK_CMP))
		return id;
	return keep(m, id, hash, stack, nr, flags);
}

static uint32_t id_of(const void *key)
{
	uint32_t id;

	memcpy(&id, key, 4);
	return id;
}

static int forget(struct process_map *m, const void *key)
{
	uint32_t id = id_of(key);
	struct head *h;
	int err;

	if (id > m->mask)
		return -E2BIG;
	h = head_of(m, id);
	if (owner_lock(&h->lock, owner_self()) == OWNER_BUSY)
		return -EBUSY;
	err = !(h->generation % 2) && nr_of(m, h) ? 0 : -ENOENT;
	begin(h);
	__atomic_store_n(&h->nr, 0, __ATOMIC_RELEASE);
	end(h);
	owner_unlock(&h->lock);
	return err;
}

static int next_key(struct process_map *m, const void *key, void *next)
{
	uint32_t id = key ? id_of(key) : UINT32_MAX;

	id = id <= m->mask && nr_of(m, head_of(m, id)) ? id + 1 : 0;
	while (id <= m->mask && !nr_of(m, head_of(m, id)))
		id++;
	if (id > m->mask)
		return -ENOENT;
	memcpy(next, &id, 4);
	return 0;
}

static int read_row(struct process_map *m, const void *key, void *values)
{
	uint32_t id = id_of(key), generation, n, nr;
	const struct head *h;

	if (id > m->mask)
		return -ENOENT;
	h = head_of(m, id);
	for (n = 0; n < RETRIES; n++) {
		generation = __atomic_load_n(&h->generation, __ATOMIC_ACQUIRE);
		nr = nr_of(m, h);
		if (!nr)
			return -ENOENT;
		map_load(values, row_of(m, id), nr * 8);
		memset((uint8_t *)values + nr * 8, 0, m->def.value_size - nr * 8);
		if (!(generation % 2) && __atomic_load_n(&h->generation, __ATOMIC_RELAXED) == generation)
			return 0;
		owner_pause();
	}
	/* for so long only by one that died: what is there is no stack */
	return -ENOENT;
}

const struct map_ops map_stack_trace = {
	.check = check,
	.layout = layout,
	.lookup = lookup,
	.remove = forget,
	.next_key = next_key,
	.read = read_row,
};
