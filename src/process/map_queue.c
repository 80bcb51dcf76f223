/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Queues and stacks: values between two counters that only grow (a stack's head also
 * falls), under one lock. A value is in place before the counter says so: whoever dies in between
 * has changed nothing. Semantics and errors: linux/kernel/bpf/queue_stack_maps.c.
 */
#include <errno.h>

#include "process/map_impl.h"
#include "process/map_owner.h"

struct queue {
	uint32_t lock, unused;
	uint64_t head, tail; /* values written and taken; their difference is at most max_entries */
};

static struct queue *queue_of(const struct process_map *m)
{
	return map_at(m, MAP_CONTROL);
}

static int check(const struct process_map_def *def, struct abide_error *e)
{
	if (def->key_size)
		return map_refuse(e, -EINVAL, def, "queues and stacks have no keys");
	if (!def->max_entries || !def->value_size)
		return map_refuse(e, -EINVAL, def,
		                  "neither the number nor the size of entries can be 0");
	if (def->flags & ~(uint32_t)MAP_ACCESS)
		return map_refuse(e, -EINVAL, def, "flags that queues and stacks do not have");
	if (def->value_size > 4u << 20)
		return map_refuse(e, -E2BIG, def, "the value is too large");
	return 0;
}

static uint64_t layout(struct process_map *m)
{
	m->stride = (uint32_t)map_round(m->def.value_size, 8);
	m->values_at = MAP_PAGE;
	return m->values_at + map_round((uint64_t)m->stride * m->def.max_entries, MAP_PAGE);
}

static void *lookup(struct process_map *m, const void *key, uint32_t slot)
{
	(void)m;
	(void)key;
	(void)slot;
	return NULL;
}

/* Lock, and read the counters; junk in them is an empty queue. */
static int enter(const struct process_map *m, uint64_t *head, uint64_t *tail)
{
	struct queue *q = queue_of(m);

	/* nothing to put right after a dead owner: see above */
	if (owner_lock(&q->lock, owner_self()) == OWNER_BUSY)
		return -EBUSY;
	*head = __atomic_load_n(&q->head, __ATOMIC_RELAXED);
	*tail = __atomic_load_n(&q->tail, __ATOMIC_RELAXED);
	if (*head - *tail > m->def.max_entries)
		*tail = *head;
	return 0;
}

static uint8_t *value_at(const struct process_map *m, uint64_t count)
{
	return m->values + count % m->def.max_entries * m->stride;
}

static int push(struct process_map *m, const void *value, uint64_t flags)
{
	struct queue *q = queue_of(m);
	uint64_t head, tail;
	int err;

	if (flags & BPF_NOEXIST || flags > BPF_EXIST)
		return -EINVAL;
	err = enter(m, &head, &tail);
	if (err)
		return err;
	if (head - tail == m->def.max_entries) {
		if (flags != BPF_EXIST)
			err = -E2BIG;
		else /* the oldest one goes */
			__atomic_store_n(&q->tail, tail + 1, __ATOMIC_RELAXED);
	}
	if (!err) {
		map_store(value_at(m, head), value, m->def.value_size);
		__atomic_store_n(&q->head, head + 1, __ATOMIC_RELEASE);
	}
	owner_unlock(&q->lock);
	return err;
}

static int empty(const struct process_map *m, void *value)
{
	memset(value, 0, m->def.value_size);
	return -ENOENT;
}

/* The element at one end; @keep: it stays. */
static int pop(struct process_map *m, void *value, bool keep, bool newest)
{
	struct queue *q = queue_of(m);
	uint64_t head, tail;
	int err = enter(m, &head, &tail);

	if (err)
		return err;
	if (head == tail) {
		err = empty(m, value);
	} else {
		map_load(value, value_at(m, newest ? head - 1 : tail), m->def.value_size);
		if (!keep && newest)
			__atomic_store_n(&q->head, head - 1, __ATOMIC_RELEASE);
		else if (!keep)
			__atomic_store_n(&q->tail, tail + 1, __ATOMIC_RELEASE);
	}
	owner_unlock(&q->lock);
	return err;
}

static int pop_oldest(struct process_map *m, void *value, bool keep)
{
	return pop(m, value, keep, false);
}

static int pop_newest(struct process_map *m, void *value, bool keep)
{
	return pop(m, value, keep, true);
}

const struct map_ops map_queue = {
	.check = check,
	.layout = layout,
	.lookup = lookup,
	.push = push,
	.pop = pop_oldest,
};

const struct map_ops map_stack = {
	.check = check,
	.layout = layout,
	.lookup = lookup,
	.push = push,
	.pop = pop_newest,
};
