/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
#ifndef ABIDE_TESTS_VERIFY_ENV_H
#define ABIDE_TESTS_VERIFY_ENV_H

/*
 * A small application for random programs: its data, maps between guard pages, and helpers that are
 * deterministic and look at every byte that they are handed. Two of them lie at different
 * addresses, so an address that leaks into a result makes the results differ.
 */
#include <errno.h>
#include <stdbool.h>

#include "process/verify.h"
#include "process_kit.h"

enum { ENV_ARRAY, ENV_HASH, ENV_PERCPU, ENV_RING, ENV_RODATA, ENV_DATA, ENV_QUEUE, ENV_PROGS, ENV_MAPS };

#define ENV_ENTRIES 5
#define ENV_HASHED  6
#define ENV_RECORDS 16

static const uint32_t env_rodata[8] = { 3, 0, 7, 0xffffffff, 0x80000000, 15, 16, 1 };

static const struct verify_map env_maps[ENV_MAPS] = {
	[ENV_ARRAY] = { .name = "array", .type = BPF_MAP_TYPE_ARRAY, .key_size = 4, .value_size = 48, .max_entries = ENV_ENTRIES },
	[ENV_HASH] = { .name = "hash", .type = BPF_MAP_TYPE_HASH, .key_size = 8, .value_size = 40, .max_entries = ENV_HASHED },
	[ENV_PERCPU] = { .name = "percpu", .type = BPF_MAP_TYPE_PERCPU_ARRAY, .key_size = 4, .value_size = 64, .max_entries = 1 },
	[ENV_RING] = { .name = "ring", .type = BPF_MAP_TYPE_RINGBUF, .max_entries = 4096 },
	[ENV_RODATA] = { .name = ".rodata", .type = BPF_MAP_TYPE_ARRAY, .key_size = 4, .value_size = 32, .max_entries = 1,
	                 .frozen = env_rodata, .read_only = true },
	[ENV_DATA] = { .name = ".data", .type = BPF_MAP_TYPE_ARRAY, .key_size = 4, .value_size = 128, .max_entries = 1 },
	[ENV_QUEUE] = { .name = "queue", .type = BPF_MAP_TYPE_QUEUE, .value_size = 8, .max_entries = 4 },
	[ENV_PROGS] = { .name = "progs", .type = BPF_MAP_TYPE_PROG_ARRAY, .key_size = 4, .value_size = 4, .max_entries = 4 },
};

struct env_leaf {
	uint64_t a;
	uint32_t b, c;
	struct env_leaf *next;
};
struct env_root {
	uint64_t id;
	uint32_t len;
	int32_t result;
	struct env_leaf *leaf;
	uint16_t small[8];
};

static const struct verify_member env_leaf_members[] = {
	{ .off = 0, .size = 8 }, { .off = 8, .size = 4 }, { .off = 12, .size = 4 }, { .off = 16, .size = 8, .pointer = true, .target = 0 },
};
static const struct verify_member env_root_members[] = {
	{ .off = 0, .size = 8 }, { .off = 8, .size = 4 }, { .off = 12, .size = 4 },
	{ .off = 16, .size = 8, .pointer = true, .target = 0 }, { .off = 24, .size = 16 },
};
static const struct verify_type env_types[] = {
	{ "leaf", env_leaf_members, 4 },
	{ "root", env_root_members, 5 },
};
static const struct verify_arg env_args[] = {
	{ .pointer = true, .target = 1 }, { .pointer = true, .target = 0 }, { .pointer = false }, { .pointer = false },
};

struct env {
	/* a page each, between guard pages; what is in use ends where the page does */
	uint8_t *array, *hash, *percpu, *ring, *rodata, *data, *memory;
	uint64_t *ctx;
	struct env_root *root;
	struct env_leaf *leaf;
	uint64_t keys[ENV_HASHED];
	bool used[ENV_HASHED];
	uint64_t queue[4];
	uint32_t queued;
	bool held[ENV_RECORDS];
	uint64_t seen;          /* a hash of all that helpers were handed */
	uint64_t clock;
	char handle[ENV_MAPS];  /* &handle[m] is map m */
	struct process_region regions[10 + ENV_RECORDS];
	const char *wrong;      /* what a helper was handed that it must not be */
};

static inline uint8_t *env_at_end(uint32_t size)
{
	return kit_page() + KIT_PAGE - size;
}

static inline void env_init(struct env *e)
{
	memset(e, 0, sizeof(*e));
	e->array = env_at_end(ENV_ENTRIES * 48);
	e->hash = env_at_end(ENV_HASHED * 40);
	e->percpu = env_at_end(64);
	e->ring = env_at_end(ENV_RECORDS * 64);
	e->rodata = env_at_end(32);
	e->data = env_at_end(128);
	e->memory = kit_page();
	e->ctx = (uint64_t *)(void *)env_at_end(32);
	e->root = (struct env_root *)(void *)env_at_end(sizeof(struct env_root));
	e->leaf = (struct env_leaf *)(void *)env_at_end(2 * sizeof(struct env_leaf));
	memcpy(e->rodata, env_rodata, 32);
}

static inline uint64_t env_next(uint64_t *x)
{
	*x = *x * 6364136223846793005u + 1442695040888963407u;
	return *x >> 16;
}

static inline void env_fill(void *to, size_t size, uint64_t *x)
{
	uint8_t *p = to;

	while (size--)
		*p++ = (uint8_t)env_next(x);
}

static inline uint64_t env_edge(uint64_t *x)
{
	static const uint64_t edges[] = { 0, 1, 4, 5, 15, 16, 40, 47, 48, 63, 64, 128, 255, 0x7fffffff, 0x80000000, 0xffffffff,
		                          0x100000000, 0x8000000000000000, UINT64_MAX };
	uint64_t k = env_next(x);

	return k & 1 ? edges[(k >> 1) % (sizeof(edges) / sizeof(edges[0]))] : k & 2 ? (k >> 8) % 80 : env_next(x) << 24 ^ env_next(x);
}

/* As at the beginning of a run, the same for both for the same @with. */
static inline void env_reset(struct env *e, uint64_t with, bool memory)
{
	struct process_region *r = e->regions;
	uint64_t x = with | 1;
	uint32_t k;

	env_fill(e->array, ENV_ENTRIES * 48, &x);
	env_fill(e->hash, ENV_HASHED * 40, &x);
	env_fill(e->percpu, 64, &x);
	env_fill(e->ring, ENV_RECORDS * 64, &x);
	env_fill(e->data, 128, &x);
	if (memory)
		env_fill(e->memory, KIT_PAGE, &x);
	for (k = 0; k < ENV_HASHED; k++) {
		e->used[k] = env_next(&x) & 1;
		e->keys[k] = env_edge(&x);
	}
	e->queued = (uint32_t)(env_next(&x) % 3);
	for (k = 0; k < 4; k++)
		e->queue[k] = env_edge(&x);
	memset(e->held, 0, sizeof(e->held));
	e->seen = 0;
	e->clock = env_edge(&x);
	e->wrong = NULL;
	e->leaf[0] = (struct env_leaf){ env_edge(&x), (uint32_t)env_edge(&x), (uint32_t)env_edge(&x), &e->leaf[1] };
	e->leaf[1] = (struct env_leaf){ env_edge(&x), (uint32_t)env_edge(&x), (uint32_t)env_edge(&x), env_next(&x) & 1 ? &e->leaf[0] : NULL };
	*e->root = (struct env_root){ env_edge(&x), (uint32_t)env_edge(&x), (int32_t)env_edge(&x),
		                      env_next(&x) & 3 ? &e->leaf[0] : NULL, { (uint16_t)env_edge(&x), 2, 3, 4, 5, 6, 7, (uint16_t)env_edge(&x) } };
	e->ctx[0] = (uintptr_t)e->root;
	e->ctx[1] = env_next(&x) & 7 ? (uintptr_t)&e->leaf[1] : 0;
	e->ctx[2] = env_edge(&x);
	e->ctx[3] = env_edge(&x);
	memset(e->regions, 0, sizeof(e->regions));
	*r++ = (struct process_region){ (uintptr_t)e->array, ENV_ENTRIES * 48, true };
	*r++ = (struct process_region){ (uintptr_t)e->hash, ENV_HASHED * 40, true };
	*r++ = (struct process_region){ (uintptr_t)e->percpu, 64, true };
	*r++ = (struct process_region){ (uintptr_t)e->rodata, 32, false };
	*r++ = (struct process_region){ (uintptr_t)e->data, 128, true };
	*r++ = (struct process_region){ (uintptr_t)e->root, sizeof(*e->root), false };
	*r++ = (struct process_region){ (uintptr_t)e->leaf, 2 * sizeof(*e->leaf), false };
	if (memory)
		*r++ = (struct process_region){ (uintptr_t)e->memory, KIT_PAGE, true };
	else
		*r++ = (struct process_region){ (uintptr_t)e->ctx, 32, false };
}

static inline bool env_allowed(struct process_run *run, uint64_t at, uint64_t size, bool write)
{
	const struct env *e = run->user;
	uint32_t k;

	if (run->stack) {
		uint64_t top = (uint64_t)(uintptr_t)run->stack + PROCESS_FRAMES * PROCESS_STACK;

		if (at >= (uint64_t)(uintptr_t)run->stack && at < top && size <= top - at)
			return true;
	}
	for (k = 0; k < sizeof(e->regions) / sizeof(e->regions[0]); k++) {
		const struct process_region *g = &e->regions[k];

		if (g->size && at >= g->base && at - g->base <= g->size && size <= g->size - (at - g->base))
			return g->writable || !write;
	}
	return false;
}

/* The helper was handed @size bytes at @at; what is there goes into the hash, or is written. */
static inline bool env_bytes(struct process_run *run, uint64_t at, uint64_t size, bool write, const char *what)
{
	struct env *e = run->user;
	uint64_t k;

	/* native code runs after the interpreter has shown that all of it is allowed */
	if (!run->native && size && !env_allowed(run, at, size, write)) {
		e->wrong = what;
		run->status = PROCESS_ACCESS;
		run->fault_address = at;
		run->fault_size = (uint32_t)size;
		return false;
	}
	for (k = 0; k < size; k++) {
		uint8_t *p = (uint8_t *)(uintptr_t)(at + k);

		if (write)
			*p = (uint8_t)(e->seen >> (k % 8 * 8)) ^ (uint8_t)k;
		else
			e->seen = (e->seen ^ *p) * 0x100000001b3u + 1;
	}
	return true;
}

static inline uint32_t env_map(struct process_run *run, uint64_t handle)
{
	struct env *e = run->user;
	uint64_t m = handle - (uintptr_t)e->handle;

	if (m < ENV_MAPS)
		return (uint32_t)m;
	e->wrong = "a map that is none";
	run->status = PROCESS_ACCESS;
	return ENV_MAPS;
}

#define ENV_ARGS uint64_t r1, uint64_t r2, uint64_t r3, uint64_t r4, uint64_t r5, struct process_run *run
#define ENV_UNUSED (void)r1, (void)r2, (void)r3, (void)r4, (void)r5, (void)run

static inline int32_t env_find(struct env *e, uint64_t key)
{
	int32_t k;

	for (k = 0; k < ENV_HASHED; k++)
		if (e->used[k] && e->keys[k] == key)
			return k;
	return -1;
}

static inline uint64_t env_lookup(ENV_ARGS)
{
	struct env *e = run->user;
	uint32_t m = env_map(run, r1), k;
	uint64_t key;
	int32_t at;

	ENV_UNUSED;
	if (m == ENV_MAPS || !env_bytes(run, r2, env_maps[m].key_size, false, "a key"))
		return 0;
	if (m == ENV_HASH) {
		memcpy(&key, (void *)(uintptr_t)r2, 8);
		at = env_find(e, key);
		return at < 0 ? 0 : (uintptr_t)e->hash + (uint32_t)at * 40;
	}
	memcpy(&k, (void *)(uintptr_t)r2, 4);
	if (k >= env_maps[m].max_entries)
		return 0;
	switch (m) {
	case ENV_ARRAY:
		return (uintptr_t)e->array + k * 48;
	case ENV_PERCPU:
		return (uintptr_t)e->percpu;
	case ENV_DATA:
		return (uintptr_t)e->data;
	case ENV_RODATA:
		return (uintptr_t)e->rodata;
	default:
		e->wrong = "a map of another type";
		run->status = PROCESS_ACCESS;
		return 0;
	}
}

static inline uint64_t env_update(ENV_ARGS)
{
	struct env *e = run->user;
	uint32_t m = env_map(run, r1), k;
	uint64_t key, value;
	int32_t at;

	ENV_UNUSED;
	if (m == ENV_MAPS || !env_bytes(run, r2, env_maps[m].key_size, false, "a key") ||
	    !env_bytes(run, r3, env_maps[m].value_size, false, "a value"))
		return 0;
	if (m != ENV_HASH) {
		run->user = e;
		value = env_lookup(r1, r2, 0, 0, 0, run);
		if (!value || m == ENV_RODATA)
			return (uint64_t)-E2BIG;
		memmove((void *)(uintptr_t)value, (void *)(uintptr_t)r3, env_maps[m].value_size);
		return 0;
	}
	memcpy(&key, (void *)(uintptr_t)r2, 8);
	at = env_find(e, key);
	for (k = 0; at < 0 && k < ENV_HASHED; k++)
		if (!e->used[k])
			at = (int32_t)k;
	if (at < 0)
		return (uint64_t)-E2BIG;
	e->used[at] = true;
	e->keys[at] = key;
	memmove(e->hash + at * 40, (void *)(uintptr_t)r3, 40);
	return 0;
}

static inline uint64_t env_delete(ENV_ARGS)
{
	struct env *e = run->user;
	uint32_t m = env_map(run, r1);
	uint64_t key;
	int32_t at;

	ENV_UNUSED;
	if (m == ENV_MAPS || !env_bytes(run, r2, env_maps[m].key_size, false, "a key") || m != ENV_HASH)
		return (uint64_t)-EINVAL;
	memcpy(&key, (void *)(uintptr_t)r2, 8);
	at = env_find(e, key);
	if (at < 0)
		return (uint64_t)-ENOENT;
	e->used[at] = false;
	return 0;
}

static inline uint64_t env_push(ENV_ARGS)
{
	struct env *e = run->user;

	ENV_UNUSED;
	if (!env_bytes(run, r2, 8, false, "a value") || e->queued == 4)
		return (uint64_t)-E2BIG;
	memcpy(&e->queue[e->queued++], (void *)(uintptr_t)r2, 8);
	return 0;
}

static inline uint64_t env_pop(ENV_ARGS)
{
	struct env *e = run->user;

	ENV_UNUSED;
	if (!env_bytes(run, r2, 8, true, "a value"))
		return (uint64_t)-EINVAL;
	memset((void *)(uintptr_t)r2, 0, 8);
	if (!e->queued)
		return (uint64_t)-ENOENT;
	memcpy((void *)(uintptr_t)r2, &e->queue[--e->queued], 8);
	return 0;
}

static inline uint64_t env_reserve(ENV_ARGS)
{
	struct env *e = run->user;
	uint32_t k;

	ENV_UNUSED;
	if (r2 > 64 || env_next(&e->clock) % 5 == 0)
		return 0;
	for (k = 0; k < ENV_RECORDS; k++)
		if (!e->held[k]) {
			e->held[k] = true;
			e->regions[10 + k] = (struct process_region){ (uintptr_t)e->ring + k * 64, r2, true };
			return (uintptr_t)e->ring + k * 64;
		}
	return 0;
}

static inline uint64_t env_submit(ENV_ARGS)
{
	struct env *e = run->user;
	uint64_t k = (r1 - (uintptr_t)e->ring) / 64;

	ENV_UNUSED;
	if (r1 < (uintptr_t)e->ring || k >= ENV_RECORDS || (r1 - (uintptr_t)e->ring) % 64 || !e->held[k]) {
		e->wrong = "a ring record that is none";
		run->status = PROCESS_ACCESS;
		return 0;
	}
	e->held[k] = false;
	e->regions[10 + k].size = 0;
	return 0x1234; /* nothing that a program may see */
}

static inline uint64_t env_output(ENV_ARGS)
{
	ENV_UNUSED;
	env_bytes(run, r2, r3, false, "data");
	return 0;
}

static inline uint64_t env_comm(ENV_ARGS)
{
	ENV_UNUSED;
	env_bytes(run, r1, r2, true, "a buffer");
	return 0;
}

static inline uint64_t env_probe_read(ENV_ARGS)
{
	struct env *e = run->user;

	ENV_UNUSED;
	env_bytes(run, r1, r2, true, "a buffer");
	return e->seen & 1 ? (uint64_t)-EFAULT : 0;
}

static inline uint64_t env_ktime(ENV_ARGS)
{
	struct env *e = run->user;

	ENV_UNUSED;
	return env_next(&e->clock) * 0x9e3779b97f4a7c15u;
}

static inline uint64_t env_random(ENV_ARGS)
{
	struct env *e = run->user;

	ENV_UNUSED;
	return (uint32_t)env_next(&e->clock);
}

static inline uint64_t env_each(ENV_ARGS)
{
	struct env *e = run->user;
	uint32_t m = env_map(run, r1), k, n = 0;

	ENV_UNUSED;
	for (k = 0; k < 3 && m == ENV_ARRAY; k++) {
		uint32_t key = k;
		uint64_t stop;

		e->regions[9] = (struct process_region){ (uintptr_t)&key, 4, false };
		stop = process_callback(run, r2, r1, (uintptr_t)&key, (uintptr_t)e->array + k * 48, r3, 0);
		e->regions[9].size = 0;
		n++;
		if (stop || process_stopped(run))
			break;
	}
	return n;
}

static inline const struct process_helpers *env_helpers(void)
{
	static struct process_helper table[256];
	static struct process_helpers helpers = { table, 256 };
	const struct process_helpers *basic = process_helpers_basic();

#define ENV_HELPER(id, f) table[BPF_FUNC_##id] = (struct process_helper){ .fn = f, .name = #id, .wants_run = true }
	table[BPF_FUNC_loop] = basic->table[BPF_FUNC_loop];
	table[BPF_FUNC_tail_call] = basic->table[BPF_FUNC_tail_call];
	ENV_HELPER(map_lookup_elem, env_lookup);
	ENV_HELPER(map_update_elem, env_update);
	ENV_HELPER(map_delete_elem, env_delete);
	ENV_HELPER(map_push_elem, env_push);
	ENV_HELPER(map_pop_elem, env_pop);
	ENV_HELPER(ringbuf_reserve, env_reserve);
	ENV_HELPER(ringbuf_submit, env_submit);
	ENV_HELPER(ringbuf_discard, env_submit);
	ENV_HELPER(ringbuf_output, env_output);
	ENV_HELPER(get_current_comm, env_comm);
	ENV_HELPER(probe_read_kernel, env_probe_read);
	ENV_HELPER(ktime_get_ns, env_ktime);
	ENV_HELPER(get_prandom_u32, env_random);
	ENV_HELPER(for_each_map_elem, env_each);
	table[BPF_FUNC_for_each_map_elem].calls_back = true;
#undef ENV_HELPER
	return &helpers;
}

/* The program with this application's addresses in place of maps. */
static inline void env_patch(const struct env *e, const struct bpf_insn *from, uint32_t nr, struct bpf_insn *to)
{
	uint32_t k;

	memcpy(to, from, nr * sizeof(*to));
	for (k = 0; k + 1 < nr; k++) {
		uint64_t at;

		if (from[k].code != (BPF_LD | BPF_IMM | BPF_DW))
			continue;
		if (from[k].src_reg == BPF_PSEUDO_MAP_FD)
			at = (uintptr_t)&e->handle[(uint32_t)from[k].imm % ENV_MAPS];
		else if (from[k].src_reg == BPF_PSEUDO_MAP_VALUE)
			at = (uintptr_t)(from[k].imm == ENV_RODATA ? e->rodata : e->data) + (uint32_t)from[k + 1].imm;
		else
			continue;
		to[k].src_reg = 0;
		to[k].imm = (int32_t)at;
		to[k + 1].imm = (int32_t)(at >> 32);
		k++;
	}
}

#endif
