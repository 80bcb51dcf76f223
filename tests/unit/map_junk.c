/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Whoever shares a map's memory may write what it likes into it: between operations, words of the
 * memory become random numbers, valid element numbers or zero, while operations must end, and hand
 * out addresses inside the map only. Also compiled with sanitizers.
 *
 *	map_junk [ROUNDS [SEED]]
 */
#include "map_kit.h"
#include "process/map_hash.h"

static uint32_t rounds = 10000;

static uint64_t junk(const struct process_map *m)
{
	switch (below(4)) {
	case 0:
		return 0;
	case 1: /* element numbers: circles, shared tails */
		return (uint64_t)(1 + below(m->nr + 2)) << 32 | (1 + below(m->nr + 2));
	case 2:
		return 1 + below(m->nr + 2);
	default: /* no thread has such ids */
		return mix(&kit_seed) | UINT64_C(0x0080000000800000);
	}
}

/* The header page's definition and all that is behind it, but not the seed, which is read once. */
static void scribble(struct process_map *m)
{
	uint64_t at, i, words = m->size / 8;

	for (i = below(12); i; i--) {
		uint64_t value = junk(m);

		/* mostly in the parts that lead somewhere */
		at = below(3) ? below(MAP_PAGE * 3 / 8) : below((uint32_t)(words < UINT32_MAX ? words : UINT32_MAX));
		if (at < words)
			((uint64_t *)(void *)m->base)[at] = value;
	}
	/* locks of threads that live would only make us wait */
	for (i = 0; m->buckets && i <= m->mask; i++)
		if (m->buckets[i].lock && m->buckets[i].lock < 1u << 22)
			m->buckets[i].lock = 0;
	for (i = 0; m->shards && i < HASH_SHARDS; i++)
		if (m->shards[i].lock < 1u << 22)
			m->shards[i].lock = 0;
	if (!m->buckets)
		*(uint32_t *)map_at(m, MAP_CONTROL) = 0;
	/* the first word of a head of 16 bytes */
	for (i = 0; m->def.type == BPF_MAP_TYPE_STACK_TRACE && i <= m->mask; i++) {
		uint32_t *lock = map_at(m, MAP_PAGE + i * 16);

		if (*lock < 1u << 22)
			*lock = 0;
	}
}

static void inside(const struct process_map *m, const void *p, uint32_t size)
{
	const uint8_t *at = p;

	check(!p || (at >= m->base && at + size <= m->base + m->size), "an address outside of map %s", m->def.name);
}

static int see(void *ctx, const void *key, void *value)
{
	struct process_map *m = ctx;

	check(key != NULL, "a key");
	inside(m, value, m->def.value_size);
	return 0;
}

static void use(struct process_map *m, uint8_t *values)
{
	uint8_t key[16] = { 0 }, value[64] = { 1 };
	uint32_t n = below(60), slot = below(PROCESS_SLOTS), steps;
	uint64_t bits[PROCESS_SLOTS / 64];
	void *at;

	memcpy(key, &n, 4);
	switch (below(8)) {
	case 0:
	case 1:
		process_map_update(m, key, value, below(3), slot);
		break;
	case 2:
		process_map_delete(m, key);
		break;
	case 3:
		check(process_map_for_each(m, slot, see, m) <= (int64_t)m->nr + m->def.max_entries, "an end");
		break;
	case 4:
		for (steps = 0; steps < 100 && !process_map_next_key(m, key, key); steps++)
			process_map_read(m, key, values);
		break;
	case 5:
		process_map_push(m, value, BPF_EXIST);
		process_map_pop(m, value);
		check(process_map_stackid(m, (uint64_t[]){ n, 2, 3 }, 3, below(2) ? BPF_F_REUSE_STACKID : BPF_F_FAST_STACK_CMP) < 8, "an id");
		break;
	default:
		at = process_map_lookup(m, key, slot);
		inside(m, at, m->def.value_size);
		if (at)
			memset(at, 7, m->def.value_size);
		inside(m, process_map_lookup_slot(m, key, slot), m->def.value_size);
	}
	map_slots(m, bits);
	check(process_map_slots(m) <= PROCESS_SLOTS, "slots");
}

int main(int argc, char **argv)
{
	static const struct process_map_def defs[] = {
		{ "hash", BPF_MAP_TYPE_HASH, 4, 8, 40, 0 },
		{ "large values", BPF_MAP_TYPE_HASH, 12, 40, 20, 0 },
		{ "LRU hash", BPF_MAP_TYPE_LRU_HASH, 8, 24, 30, 0 },
		{ "per-CPU hash", BPF_MAP_TYPE_PERCPU_HASH, 8, 8, 20, 0 },
		{ "LRU per-CPU hash", BPF_MAP_TYPE_LRU_PERCPU_HASH, 8, 8, 20, 0 },
		{ "per-CPU array", BPF_MAP_TYPE_PERCPU_ARRAY, 4, 8, 20, 0 },
		{ "queue", BPF_MAP_TYPE_QUEUE, 0, 8, 5, 0 },
		{ "stack", BPF_MAP_TYPE_STACK, 0, 8, 5, 0 },
		{ "programs", BPF_MAP_TYPE_PROG_ARRAY, 4, 4, 5, 0 },
		{ "stack traces", BPF_MAP_TYPE_STACK_TRACE, 4, 32, 5, 0 },
	};
	uint8_t *values = malloc(PROCESS_SLOTS * 64);
	uint32_t n;
	size_t i;

	if (argc > 1)
		rounds = (uint32_t)atoi(argv[1]);
	kit_seed = argc > 2 ? strtoull(argv[2], NULL, 0) : 41;
	for (i = 0; i < sizeof(defs) / sizeof(defs[0]); i++) {
		struct process_map *m = make_map(&defs[i]);
		char text[600];

		for (n = 0; n < rounds; n++) {
			if (below(3) == 0)
				scribble(m);
			use(m, values);
		}
		check(!memcmp(&m->def, &defs[i], sizeof(defs[i])), "the private definition");
		process_map_close(m);
		snprintf(text, sizeof(text), "junk in the memory of a map: %s", defs[i].name);
		verdict(text);
	}
	free(values);
	return kit_bad != 0;
}
