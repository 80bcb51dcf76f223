/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Maps under threads: nothing is lost, nothing is seen twice or torn, no element leaks. Built a
 * second time with the thread sanitizer.
 *
 *	map_threads [ROUNDS [SEED]]
 */
#include <pthread.h>
#include <sched.h>

#include "map_kit.h"

#define THREADS 4
#define KEYS    64u

#ifdef THREAD_SANITIZER
static uint32_t rounds = 20000;
#else
static uint32_t rounds = 300000;
#endif
static pthread_barrier_t begin;

struct worker {
	pthread_t thread;
	struct process_map *m;
	struct process_slots *slots;
	uint32_t nr;
	uint64_t seed, done, failed;
	void *(*fn)(void *worker);
};

/* All at once: what takes a millisecond should not be over when the last one is born. */
static void *start(void *worker)
{
	pthread_barrier_wait(&begin);
	return ((struct worker *)worker)->fn(worker);
}

/* @fn in THREADS threads; the sums of what they did are left in *all. */
static void run(struct process_map *m, struct process_slots *slots, void *(*fn)(void *worker), struct worker *all)
{
	struct worker w[THREADS];
	uint32_t i;

	memset(all, 0, sizeof(*all));
	for (i = 0; i < THREADS; i++) {
		w[i] = (struct worker){ .m = m, .slots = slots, .nr = i, .seed = kit_seed + i, .fn = fn };
		if (pthread_create(&w[i].thread, NULL, start, &w[i])) {
			printf("not ok - no threads\n");
			exit(1);
		}
	}
	for (i = 0; i < THREADS; i++) {
		pthread_join(w[i].thread, NULL);
		all->done += w[i].done;
		all->failed += w[i].failed;
	}
}

/* Three words that belong to a key: who sees others, or some of two, sees a torn value. */
static void value_of(uint64_t key, uint64_t version, uint64_t *value)
{
	value[0] = key << 32 | version;
	value[1] = value[0] * 3;
	value[2] = ~value[0];
}

static bool whole(uint64_t key, const uint64_t *value)
{
	return value[0] >> 32 == key && value[1] == value[0] * 3 && value[2] == ~value[0];
}

static void *churn(void *worker)
{
	struct worker *w = worker;
	uint32_t n;

	for (n = 0; n < rounds; n++) {
		uint64_t key = mix(&w->seed) % KEYS, value[3], *at;
		int err;

		switch (mix(&w->seed) % 4) {
		case 0:
			value_of(key, n, value);
			err = process_map_update(w->m, &key, value, mix(&w->seed) % 3, 0);
			if (err && err != -EEXIST && err != -ENOENT && err != -E2BIG)
				w->failed++;
			break;
		case 1:
			err = process_map_delete(w->m, &key);
			if (err && err != -ENOENT)
				w->failed++;
			break;
		case 2:
			err = process_map_read(w->m, &key, value);
			if (!err && !whole(key, value))
				w->failed++;
			break;
		default:
			/* may be another key's by now, but always a value */
			at = process_map_lookup(w->m, &key, 0);
			if (at && __atomic_load_n(at, __ATOMIC_RELAXED) >> 32 >= KEYS)
				w->failed++;
		}
		w->done++;
	}
	return NULL;
}

/* Every key once, with its value; and all free elements are still there. */
static void sound(struct process_map *m, const char *what)
{
	uint32_t max = process_map_def(m)->max_entries, nr = 0;
	uint64_t seen[1024] = { 0 }, key, next, value[3], n;
	int err;

	for (err = process_map_next_key(m, NULL, &next); !err && nr <= max; nr++) {
		key = next;
		check(key < KEYS && !seen[key]++, "%s: key %llu, seen before", what, (unsigned long long)key);
		check(!process_map_read(m, &key, value) && whole(key, value), "%s: value of %llu", what, (unsigned long long)key);
		err = process_map_next_key(m, &key, &next);
	}
	check(err == -ENOENT && nr <= max, "%s: %u keys, %d", what, nr, err);
	for (n = 1000; nr < max; n++, nr++)
		if (!check(process_map_update(m, &n, value, BPF_NOEXIST, 0) == 0, "%s: no room for the %uth of %u", what, nr + 1, max))
			return;
	check(process_map_update(m, &n, value, 0, 0) == -E2BIG, "%s: more than there is room for", what);
}

static void churning(void)
{
	/* few buckets: long chains; and fewer elements than keys: often full */
	struct process_map_def def = { "churn", BPF_MAP_TYPE_HASH, 8, 24, 40, 0 };
	struct process_map *m;
	struct worker all;

	m = make_map(&def);
	run(m, NULL, churn, &all);
	check(all.done == THREADS * (uint64_t)rounds && !all.failed, "%llu of %llu", (unsigned long long)all.failed, (unsigned long long)all.done);
	sound(m, "hash");
	process_map_close(m);
	def.max_entries = 1;
	m = make_map(&def);
	run(m, NULL, churn, &all);
	check(!all.failed, "%llu wrong", (unsigned long long)all.failed);
	sound(m, "hash of one");
	process_map_close(m);
	verdict("hash: values are whole, keys unique, no element leaks");
	def.type = BPF_MAP_TYPE_LRU_HASH;
	def.max_entries = 40;
	m = make_map(&def);
	run(m, NULL, churn, &all);
	/* a full LRU table makes room: no update failed */
	check(!all.failed, "%llu wrong", (unsigned long long)all.failed);
	process_map_close(m);
	verdict("LRU hash: values are whole");
}

static void *count(void *worker)
{
	struct worker *w = worker;
	uint64_t zero = 0, *at;
	uint32_t n;

	for (n = 0; n < rounds; n++) {
		uint64_t key = mix(&w->seed) % KEYS;

		at = process_map_lookup(w->m, &key, 0);
		if (!at) {
			process_map_update(w->m, &key, &zero, BPF_NOEXIST, 0);
			at = process_map_lookup(w->m, &key, 0);
		}
		if (at)
			__atomic_fetch_add(at, 1, __ATOMIC_RELAXED);
		else
			w->failed++;
		w->done++;
	}
	return NULL;
}

static void counting(void)
{
	struct process_map_def def = { "count", BPF_MAP_TYPE_HASH, 8, 8, KEYS, 0 };
	struct process_map *m = make_map(&def);
	uint64_t key, value, sum = 0;
	struct worker all;

	run(m, NULL, count, &all);
	for (key = 0; key < KEYS; key++)
		if (!process_map_read(m, &key, &value))
			sum += value;
	check(sum == all.done && !all.failed, "%llu of %llu", (unsigned long long)sum, (unsigned long long)all.done);
	process_map_close(m);
	verdict("hash: two threads that insert a key count into one value");
}

/* Plain additions, no atomics: each slot has one thread. */
static void *count_slot(void *worker)
{
	struct worker *w = worker;
	uint32_t tid = (uint32_t)gettid(), slot, n;
	uint64_t one = 1, *at;
	bool shared;

	slot = process_slot_acquire(w->slots, tid, &shared);
	if (slot == PROCESS_SLOT_NONE || shared)
		w->failed++;
	for (n = 0; n < rounds; n++) {
		uint64_t key = mix(&w->seed) % KEYS;

		at = process_map_lookup(w->m, &key, slot);
		if (!at && !process_map_update(w->m, &key, &one, BPF_NOEXIST, slot)) {
			w->done++;
			continue;
		}
		if (!at) /* another thread was first */
			at = process_map_lookup(w->m, &key, slot);
		if (at) {
			__atomic_store_n(at, __atomic_load_n(at, __ATOMIC_RELAXED) + 1, __ATOMIC_RELAXED);
			w->done++;
		} else {
			w->failed++;
		}
	}
	process_slot_release(w->slots, slot, tid);
	return NULL;
}

static struct process_slots *make_slots(void)
{
	struct abide_error e = { 0 };
	struct process_slots *s;
	int fd;

	if (process_slots_create(&fd, &e) || process_slots_open(fd, &s, &e)) {
		printf("not ok - no slots: %s\n", e.problem);
		exit(1);
	}
	close(fd);
	return s;
}

static void counting_slots(void)
{
	struct process_map_def def = { "slots", BPF_MAP_TYPE_PERCPU_HASH, 8, 8, KEYS, 0 };
	uint64_t key, values[PROCESS_SLOTS], sum = 0;
	struct process_slots *slots = make_slots();
	struct process_map *m = make_map(&def);
	struct worker all;
	uint32_t i;

	process_map_set_slots(m, slots);
	run(m, slots, count_slot, &all);
	for (key = 0; key < KEYS; key++) {
		if (process_map_read(m, &key, values))
			continue;
		for (i = 0; i < PROCESS_SLOTS; i++)
			sum += values[i];
	}
	check(sum == all.done && !all.failed, "%llu of %llu", (unsigned long long)sum, (unsigned long long)all.done);
	check(process_map_slots(m) >= 1 && process_map_slots(m) <= THREADS, "%u slots", process_map_slots(m));
	process_map_close(m);
	process_slots_close(slots);
	verdict("per-CPU hash: plain additions by slot lose nothing");
}

static void *pass(void *worker)
{
	struct worker *w = worker;
	uint64_t pushed = 0, taken = 0, v;
	uint32_t n;

	for (n = 0; n < rounds; n++) {
		v = (uint64_t)w->nr << 32 | n | 1u << 31;
		if (mix(&w->seed) % 2) {
			if (!process_map_push(w->m, &v, 0))
				pushed += v;
		} else if (!process_map_pop(w->m, &v)) {
			taken += v;
		}
	}
	w->done = pushed - taken;
	return NULL;
}

static void passing(void)
{
	struct process_map_def def = { "queue", BPF_MAP_TYPE_QUEUE, 0, 8, 20, 0 };
	uint64_t left, v;
	struct worker all;
	int stack;

	for (stack = 0; stack < 2; stack++) {
		struct process_map *m;

		def.type = stack ? BPF_MAP_TYPE_STACK : BPF_MAP_TYPE_QUEUE;
		m = make_map(&def);
		run(m, NULL, pass, &all);
		for (left = 0; !process_map_pop(m, &v);)
			left += v;
		check(left == all.done, "what was pushed and not taken is left: %llx, %llx", (unsigned long long)left, (unsigned long long)all.done);
		process_map_close(m);
	}
	verdict("queue and stack: all that goes in comes out once");
}

/* Stacks of one number each; whoever reads sees whole ones. */
static void *keep_stacks(void *worker)
{
	struct worker *w = worker;
	uint64_t stack[16], seen[16];
	uint32_t n, k, key;
	int64_t id;

	for (n = 0; n < rounds; n++) {
		for (k = 0; k < 16; k++)
			stack[k] = 1 + n % 40;
		id = process_map_stackid(w->m, stack, 16, BPF_F_REUSE_STACKID);
		if (id < 0 || id > 7) {
			w->failed++;
			continue;
		}
		key = (uint32_t)id;
		if (process_map_read(w->m, &key, seen))
			continue;
		for (k = 1; k < 16; k++)
			w->failed += seen[k] != seen[0];
		w->done++;
	}
	return NULL;
}

static void stacks(void)
{
	struct process_map_def def = { "stacks", BPF_MAP_TYPE_STACK_TRACE, 4, 128, 8, 0 };
	struct process_map *m = make_map(&def);
	struct worker all;

	run(m, NULL, keep_stacks, &all);
	check(!all.failed && all.done > rounds, "%llu torn of %llu", (unsigned long long)all.failed, (unsigned long long)all.done);
	process_map_close(m);
	verdict("stack traces: whole ones, whoever else writes");
}

static bool writers_done;

static void *produce(void *worker)
{
	struct worker *w = worker;
	uint32_t n;

	for (n = 1; n <= rounds; n++) {
		uint64_t *record = process_ring_reserve(w->m, 16 + mix(&w->seed) % 80, 0, w->nr);

		if (!record) {
			w->failed++;
			sched_yield();
			continue;
		}
		record[0] = w->nr;
		record[1] = n;
		if (n % 16 == 0)
			process_ring_discard(w->m, record, 0);
		else
			process_ring_submit(w->m, record, BPF_RB_NO_WAKEUP * (n % 2));
		w->done += n % 16 != 0;
	}
	return NULL;
}

struct reading {
	struct process_map *m;
	uint64_t last[THREADS], nr, wrong;
};

static int read_one(void *ctx, const void *data, uint32_t size)
{
	struct reading *r = ctx;
	uint64_t record[2];

	memcpy(record, data, 16);
	if (size < 16 || record[0] >= THREADS || record[1] <= r->last[record[0]])
		r->wrong++;
	else
		r->last[record[0]] = record[1];
	r->nr++;
	return 0;
}

static void *consume(void *ctx)
{
	struct reading *r = ctx;
	bool last;

	do {
		last = __atomic_load_n(&writers_done, __ATOMIC_ACQUIRE);
		process_ring_consume(r->m, read_one, r);
		sched_yield();
	} while (!last);
	return NULL;
}

static void ring(void)
{
	struct process_map_def def = { "ring", BPF_MAP_TYPE_RINGBUF, 0, 0, 8192, 0 };
	struct reading r = { .m = make_map(&def) };
	struct worker all;
	pthread_t reader;

	if (pthread_create(&reader, NULL, consume, &r))
		exit(1);
	run(r.m, NULL, produce, &all);
	__atomic_store_n(&writers_done, true, __ATOMIC_RELEASE);
	pthread_join(reader, NULL);
	check(r.nr == all.done && !r.wrong, "%llu of %llu, %llu wrong", (unsigned long long)r.nr,
	      (unsigned long long)all.done, (unsigned long long)r.wrong);
	check(process_ring_lost(r.m) == all.failed, "lost %llu, counted %llu", (unsigned long long)all.failed,
	      (unsigned long long)process_ring_lost(r.m));
	check(r.nr > 100, "some were read");
	process_map_close(r.m);
	verdict("ring: every writer's records, in its order");
}

#define MANY 300

struct holder {
	pthread_t thread;
	struct process_slots *slots;
	pthread_barrier_t *all_have;
	uint32_t *inside; /* how many run in a shared slot, by slot */
	uint32_t slot;
	bool shared, clash;
};

static void *hold(void *ctx)
{
	struct holder *h = ctx;
	uint32_t tid = (uint32_t)gettid(), n, slot;
	bool shared;

	h->slot = process_slot_acquire(h->slots, tid, &h->shared);
	if (h->shared && h->slot != PROCESS_SLOT_NONE)
		process_slot_release(h->slots, h->slot, tid);
	pthread_barrier_wait(h->all_have);
	for (n = 0; h->shared && n < 50; n++) {
		slot = process_slot_acquire(h->slots, tid, &shared);
		if (slot == PROCESS_SLOT_NONE || !shared ||
		    __atomic_add_fetch(&h->inside[slot], 1, __ATOMIC_RELAXED) != 1) {
			h->clash = true;
			break;
		}
		__atomic_sub_fetch(&h->inside[slot], 1, __ATOMIC_RELAXED);
		process_slot_release(h->slots, slot, tid);
	}
	pthread_barrier_wait(h->all_have);
	if (!h->shared)
		process_slot_release(h->slots, h->slot, tid);
	return NULL;
}

static void slots(void)
{
	struct process_slots *s = make_slots();
	static struct holder h[MANY];
	static uint32_t inside[PROCESS_SLOTS];
	uint32_t i, used[PROCESS_SLOTS] = { 0 }, own = 0;
	pthread_barrier_t barrier;
	pthread_attr_t small;
	bool shared;

	pthread_barrier_init(&barrier, NULL, MANY);
	pthread_attr_init(&small);
	pthread_attr_setstacksize(&small, 256 << 10);
	for (i = 0; i < MANY; i++) {
		h[i] = (struct holder){ .slots = s, .all_have = &barrier, .inside = inside };
		if (pthread_create(&h[i].thread, &small, hold, &h[i])) {
			printf("skip - %u threads: %s\n", MANY, strerror(errno));
			exit(kit_bad != 0);
		}
	}
	for (i = 0; i < MANY; i++)
		pthread_join(h[i].thread, NULL);
	for (i = 0; i < MANY; i++) {
		check(h[i].slot < PROCESS_SLOTS && !h[i].clash, "thread %u: slot %u, two in one: %d", i, h[i].slot, h[i].clash);
		if (h[i].shared || h[i].slot >= PROCESS_SLOTS)
			continue;
		own++;
		check(!used[h[i].slot]++, "slot %u twice", h[i].slot);
	}
	check(own == PROCESS_SLOTS - PROCESS_SLOTS_SHARED, "%u threads have one of their own", own);
	check(process_slots_used(s) == PROCESS_SLOTS, "all were used");
	check(process_slot_acquire(s, (uint32_t)gettid(), &shared) == 0 && !shared, "all were given back");
	check(process_slot_acquire(s, (uint32_t)gettid(), &shared) == 0 && !shared, "who asks twice gets the same");
	process_slots_close(s);
	verdict("slots: one for each thread, and shared ones for one at a time");
}

int main(int argc, char **argv)
{
	if (argc > 1)
		rounds = (uint32_t)atoi(argv[1]);
	pthread_barrier_init(&begin, NULL, THREADS);
	if (argc > 2)
		kit_seed = strtoull(argv[2], NULL, 0);
	churning();
	counting();
	counting_slots();
	passing();
	ring();
	stacks();
	slots();
	return kit_bad != 0;
}
