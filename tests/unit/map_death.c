/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * A process that dies in the middle of an operation. A child does one operation in single
 * steps, and each state of the memory that differs from the one before is kept. Then the child is
 * killed, and a map is made of each state: whatever it is, the others go on, find the old or
 * the new contents, and no element is lost. Then a storm: children that are killed at random
 * while others work on the same map.
 *
 *	map_death [KILLS]
 */
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>

#include "map_kit.h"
#include "process/map_hash.h"
#include "process/map_owner.h"
#include "process/ring.h"

#define KEYS 24u

struct stage {
	const char *name;
	struct process_map_def def;
	void (*prepare)(struct process_map *m);
	void (*operation)(struct process_map *m);
	void (*verify)(struct process_map *m, uint32_t state);
};

/* Where the child has come to, in memory of its own with the parent. */
static uint32_t *progress;

static void value_of(uint64_t key, uint64_t version, uint64_t *value)
{
	value[0] = key << 32 | version;
	value[1] = value[0] * 3;
	value[2] = ~value[0];
}

static void fill_to(struct process_map *m, uint64_t first, uint64_t end)
{
	uint64_t value[3];

	for (; first < end; first++) {
		value_of(first, 1, value);
		check(process_map_update(m, &first, value, BPF_NOEXIST, 0) == 0, "preparation");
	}
}

static void half(struct process_map *m)
{
	fill_to(m, 1, KEYS / 2);
}

static void half_after_deletes(struct process_map *m)
{
	uint64_t key;

	fill_to(m, 1, KEYS);
	for (key = KEYS / 2; key < KEYS; key++)
		process_map_delete(m, &key);
}

static void whole(struct process_map *m)
{
	fill_to(m, 1, KEYS + 1);
}

static void insert_17(struct process_map *m)
{
	uint64_t key = 17, value[3];

	value_of(key, 1, value);
	process_map_update(m, &key, value, 0, 0);
}

static void replace_5(struct process_map *m)
{
	uint64_t key = 5, value[3];

	value_of(key, 2, value);
	process_map_update(m, &key, value, 0, 0);
}

static void delete_5(struct process_map *m)
{
	uint64_t key = 5;

	process_map_delete(m, &key);
}

static void insert_another(struct process_map *m)
{
	uint64_t key = KEYS + 9, value[3];

	value_of(key, 1, value);
	process_map_update(m, &key, value, 0, 0);
}

/* All entries are whole, each is there once; whatever can be done can be done again. */
static void sound(struct process_map *m, uint32_t state)
{
	uint64_t key, value[3], n, seen[64] = { 0 }, at;
	bool lru = m->lru, percpu = m->slot_stride;
	uint32_t max = m->def.max_entries, nr = 0, slots = percpu ? PROCESS_SLOTS : 1;
	uint64_t *values = calloc(slots, 24);
	int err;

	/* as if some time had passed */
	hash_control(m)->searched = 0;
	for (err = process_map_next_key(m, NULL, &key); !err; err = process_map_next_key(m, &key, &key), nr++) {
		if (!check(key >= 1 && key < 64 && !seen[key]++ && nr <= max, "state %u: key %llu", state, (unsigned long long)key))
			goto out;
		value_of(key, 1, value);
		check(!process_map_read(m, &key, values), "state %u: key %llu is listed, not found", state, (unsigned long long)key);
		if (key == 5 && !percpu && (uint32_t)values[0] == 2)
			value_of(key, 2, value);
		check(!memcmp(values, value, m->def.value_size), "state %u: the value of %llu", state, (unsigned long long)key);
	}
	/* whatever the state, the next ones can do all there is to do; first they make room */
	for (key = KEYS / 2; key < 64; key++)
		process_map_delete(m, &key);
	for (n = 0; n < 2; n++)
		for (key = 1; key < KEYS / 2; key++) {
			value_of(key, 1, value);
			err = process_map_update(m, &key, value, 0, 0);
			check(!err, "state %u: update of %llu: %d", state, (unsigned long long)key, err);
			check(process_map_lookup(m, &key, 0) != NULL, "state %u: lookup of %llu", state, (unsigned long long)key);
		}
	for (key = 1; key < 64; key++) {
		err = process_map_delete(m, &key);
		check(!err || err == -ENOENT, "state %u: delete: %d", state, err);
		check(process_map_delete(m, &key) == -ENOENT, "state %u: %llu was there twice", state, (unsigned long long)key);
	}
	check(process_map_next_key(m, NULL, &key) == -ENOENT, "state %u: empty", state);
	/* an LRU table that lost an element makes room as ever */
	for (n = 1000, at = 0; at < max; at++, n++)
		if (!check(!process_map_update(m, &n, value, BPF_NOEXIST, 0), "state %u: only %llu of %u fit", state, (unsigned long long)at, max))
			goto out;
	check(lru || process_map_update(m, &n, value, 0, 0) == -E2BIG, "state %u: full", state);
out:
	free(values);
}

/* And what the operation had nothing to do with is still there. */
static void table(struct process_map *m, uint32_t state)
{
	uint64_t key;
	uint32_t gone = 0;

	for (key = 1; key < KEYS / 2; key++)
		gone += key != 5 && !hash_find(m, hash_of(m, &key), &key);
	check(gone <= (m->lru ? 1 : 0), "state %u: %u entries are gone", state, gone);
	sound(m, state);
}

static void push_two(struct process_map *m)
{
	uint64_t v;

	for (v = 1; v <= 2; v++)
		process_map_push(m, &v, 0);
}

static void push_3(struct process_map *m)
{
	uint64_t v = 3;

	process_map_push(m, &v, BPF_EXIST);
}

static void pop_one(struct process_map *m)
{
	uint64_t v;

	process_map_pop(m, &v);
}

/* Of 1, 2, 3 some, in the order of the kind, and without gaps. */
static void queue(struct process_map *m, uint32_t state)
{
	bool stack = m->def.type == BPF_MAP_TYPE_STACK;
	uint64_t v = 0, last = 0;
	uint32_t nr = 0;

	while (!process_map_pop(m, &v) && nr < 10) {
		check(v >= 1 && v <= 3 && (!nr || v == (stack ? last - 1 : last + 1)), "state %u: %llu", state, (unsigned long long)v);
		last = v;
		nr++;
	}
	check(nr >= 1 && nr <= 3, "state %u: %u values", state, nr);
	v = 7;
	check(!process_map_push(m, &v, 0) && !process_map_pop(m, &v) && v == 7, "state %u: it goes on", state);
}

static void one_record(struct process_map *m)
{
	uint64_t v[4] = { 1 };

	process_ring_output(m, v, sizeof(v), 0, 0);
}

static void three_records(struct process_map *m)
{
	uint64_t v[4] = { 2 };

	process_ring_output(m, v, sizeof(v), 0, 1);
	process_ring_output(m, v, sizeof(v), 0, 1);
	process_ring_output(m, v, sizeof(v), 0, 2);
}

static int see(void *ctx, const void *data, uint32_t size)
{
	uint64_t first;

	memcpy(&first, data, 8);
	check(size == 32 && (first == 1 || first == 2), "a record of %u bytes, %llu", size, (unsigned long long)first);
	++*(uint32_t *)ctx;
	return 0;
}

static void ring(struct process_map *m, uint32_t state)
{
	uint32_t nr = 0, i;
	uint64_t v[4] = { 1 };

	process_ring_output(m, v, sizeof(v), 0, 0);
	for (i = 0; i < 3; i++) {
		process_ring_consume(m, see, &nr);
		if (m->reader->stalled)
			m->reader->stalled = 1; /* as if that were long ago */
	}
	check(nr >= 2 && nr <= 5, "state %u: %u records", state, nr);
	check(!process_ring_query(m, BPF_RB_AVAIL_DATA), "state %u: all was read", state);
}

static const uint64_t old_stack[2] = { 0x10, 0x20 }, new_stack[3] = { 0x30, 0x40, 0x50 };

static void one_stack(struct process_map *m)
{
	check(process_map_stackid(m, old_stack, 2, 0) == 0, "preparation");
}

static void another_stack(struct process_map *m)
{
	process_map_stackid(m, new_stack, 3, BPF_F_REUSE_STACKID);
}

/* The only id has the old stack, the new one, or nothing; and takes the next one. */
static void stacks(struct process_map *m, uint32_t state)
{
	uint64_t v[4];
	uint32_t key = 0;

	if (!process_map_read(m, &key, v))
		check((v[0] == 0x10 && v[1] == 0x20 && !v[2]) || (v[0] == 0x30 && v[1] == 0x40 && v[2] == 0x50 && !v[3]), "state %u: a torn stack", state);
	check(!process_map_stackid(m, new_stack + 1, 2, BPF_F_REUSE_STACKID), "state %u: it goes on", state);
	check(!process_map_read(m, &key, v) && v[0] == 0x40 && v[1] == 0x50 && !v[2], "state %u: with the next stack", state);
	check(process_map_stackid(m, old_stack, 2, 0) == -EEXIST, "state %u: which is known", state);
}

#define STATES 400

struct states {
	uint8_t *all[STATES];
	uint32_t nr;
};

static void keep(struct states *t, const struct process_map *m)
{
	if (t->nr && !memcmp(t->all[t->nr - 1], m->base, m->size))
		return;
	if (!check(t->nr < STATES, "too many states"))
		return;
	t->all[t->nr] = malloc(m->size);
	memcpy(t->all[t->nr++], m->base, m->size);
}

static void verify(const struct stage *s, const struct states *t, uint32_t i)
{
	int fd = make_fd(&s->def);
	struct process_map *m;
	struct stat st;

	/* the state has the seed of its hashes, which is read when a map is opened */
	if (!check(!fstat(fd, &st) && pwrite(fd, t->all[i], (size_t)st.st_size, 0) == st.st_size, "written"))
		return;
	m = open_map(fd, &s->def);
	close(fd);
	s->verify(m, i);
	process_map_close(m);
}

/* The child's whole operation, step by step; false: single steps are not to be had. */
static bool trace(const struct stage *s, struct process_map *m, struct states *t)
{
	pid_t pid = fork();
	uint32_t steps, i;
	int status = 0;

	if (!pid) {
		if (ptrace(PTRACE_TRACEME, 0, NULL, NULL))
			_exit(9);
		raise(SIGSTOP);
		s->operation(m);
		__atomic_store_n(progress, 1, __ATOMIC_RELEASE);
		for (;;)
			pause();
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFSTOPPED(status))
		return false;
	for (steps = 0; steps < 20000 && !__atomic_load_n(progress, __ATOMIC_ACQUIRE); steps++) {
		keep(t, m);
		if (ptrace(PTRACE_SINGLESTEP, pid, NULL, NULL) || waitpid(pid, &status, 0) != pid ||
		    !WIFSTOPPED(status))
			return false;
	}
	keep(t, m);
	check(*progress, "the operation ended");
	kill(pid, SIGKILL);
	/* while it is a zombie its id is still taken */
	waitid(P_PID, (id_t)pid, &(siginfo_t){ 0 }, WEXITED | WNOWAIT);
	for (i = 0; i < t->nr; i += 2)
		verify(s, t, i);
	waitpid(pid, &status, 0);
	for (i = 1; i < t->nr; i += 2)
		verify(s, t, i);
	return true;
}

static void stepwise(const struct stage *s)
{
	struct process_map *m = make_map(&s->def);
	struct states t = { 0 };
	char text[128];

	*progress = 0;
	s->prepare(m);
	if (trace(s, m, &t)) {
		check(t.nr >= 4, "%u states", t.nr);
		snprintf(text, sizeof(text), "killed in each of %u states: %s", t.nr, s->name);
		verdict(text);
	} else {
		printf("skip - killed in each state, %s: no single steps here\n", s->name);
	}
	while (t.nr)
		free(t.all[--t.nr]);
	process_map_close(m);
}

static struct process_map_def of(uint32_t type, uint32_t key, uint32_t value, uint32_t max)
{
	return (struct process_map_def){ .name = "death", .type = type, .key_size = key, .value_size = value, .max_entries = max };
}

static void all_stages(void)
{
	const struct process_map_def hash = of(BPF_MAP_TYPE_HASH, 8, 24, KEYS), lru = of(BPF_MAP_TYPE_LRU_HASH, 8, 24, KEYS),
	                             percpu = of(BPF_MAP_TYPE_PERCPU_HASH, 8, 8, KEYS);
	const struct stage stages[] = {
		{ "insert into a hash", hash, half, insert_17, table },
		{ "insert with elements that were used", hash, half_after_deletes, insert_17, table },
		{ "replace in a hash", hash, half, replace_5, table },
		{ "replace in a full hash", hash, whole, replace_5, table },
		{ "delete from a hash", hash, half, delete_5, table },
		{ "insert into a full LRU hash", lru, whole, insert_another, table },
		{ "insert into a per-CPU hash", percpu, half, insert_17, table },
		{ "push to a queue", of(BPF_MAP_TYPE_QUEUE, 0, 8, 4), push_two, push_3, queue },
		{ "push to a full queue", of(BPF_MAP_TYPE_QUEUE, 0, 8, 2), push_two, push_3, queue },
		{ "pop from a queue", of(BPF_MAP_TYPE_QUEUE, 0, 8, 4), push_two, pop_one, queue },
		{ "pop from a stack", of(BPF_MAP_TYPE_STACK, 0, 8, 4), push_two, pop_one, queue },
		{ "keep a stack", of(BPF_MAP_TYPE_STACK_TRACE, 4, 32, 1), one_stack, another_stack, stacks },
		{ "write to a ring", of(BPF_MAP_TYPE_RINGBUF, 0, 0, 4096), one_record, three_records, ring },
	};
	size_t i;

	for (i = 0; i < sizeof(stages) / sizeof(stages[0]); i++)
		stepwise(&stages[i]);
}

static void work(struct process_map *m, uint64_t seed)
{
	uint64_t key, value[3];

	for (;;) {
		key = 1 + mix(&seed) % (KEYS + 8);
		value_of(key, 1, value);
		switch (mix(&seed) % 3) {
		case 0:
			process_map_delete(m, &key);
			break;
		default:
			process_map_update(m, &key, value, 0, 0);
		}
	}
}

static pid_t worker(struct process_map *m, uint64_t seed)
{
	pid_t pid = fork();

	if (!pid)
		work(m, seed);
	return pid;
}

static void storm(uint32_t type, const char *name, uint32_t kills)
{
	struct process_map_def def = of(type, 8, 24, KEYS);
	struct process_map *m = make_map(&def);
	pid_t pid[2];
	uint32_t n, i;
	char text[100];

	pid[0] = worker(m, 1);
	pid[1] = worker(m, 2);
	for (n = 0; n < kills; n++) {
		struct timespec nap = { 0, below(400000) };
		uint64_t key, value[3];

		nanosleep(&nap, NULL);
		kill(pid[n % 2], SIGKILL);
		for (i = 0; i < 30; i++) {
			key = 1 + below(KEYS + 8);
			value_of(key, 1, value);
			int err = process_map_update(m, &key, value, 0, 0);

			check(!err || err == -E2BIG || (m->lru && err == -ENOMEM), "update %d", err);
			if (!process_map_read(m, &key, value))
				check(value[0] == (key << 32 | 1) && value[2] == ~value[0], "value of %llu", (unsigned long long)key);
		}
		waitpid(pid[n % 2], NULL, 0);
		pid[n % 2] = worker(m, n + 3);
	}
	for (i = 0; i < 2; i++) {
		kill(pid[i], SIGKILL);
		waitpid(pid[i], NULL, 0);
	}
	/* the keys of the storm are those of the table, but for the version */
	sound(m, kills);
	process_map_close(m);
	snprintf(text, sizeof(text), "%s: %u killed while others worked", name, kills);
	verdict(text);
}

/* A stopped owner, and one that is our own thread. */
static void busy(void)
{
	struct process_map_def def = of(BPF_MAP_TYPE_HASH, 8, 24, 1);
	struct process_map *m = make_map(&def);
	uint64_t key = 1, value[3];
	struct timespec a, b;
	pid_t pid;

	value_of(key, 1, value);
	m->buckets[0].lock = (uint32_t)gettid();
	check(process_map_update(m, &key, value, 0, 0) == -EBUSY, "held by this thread: a signal handler must not wait");
	check(process_map_delete(m, &key) == -EBUSY, "delete too");
	pid = fork();
	if (!pid) {
		for (;;)
			pause();
	}
	m->buckets[0].lock = (uint32_t)pid;
	check(process_map_update(m, &key, value, 0, 0) == -EBUSY, "held by one who lives, for too long");
	clock_gettime(CLOCK_MONOTONIC, &a);
	check(process_map_update(m, &key, value, 0, 0) == -EBUSY, "and again");
	clock_gettime(CLOCK_MONOTONIC, &b);
	check(m->buckets[0].lock == (uint32_t)pid, "it keeps it");
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	check(process_map_update(m, &key, value, 0, 0) == 0 && m->buckets[0].lock == 0, "taken from the dead");
	process_map_close(m);
	verdict("locks that cannot be had are -EBUSY, those of the dead are taken over");
}

static void slots(void)
{
	struct abide_error e = { 0 };
	struct process_slots *s;
	uint32_t slot = 0, n, own = PROCESS_SLOTS - PROCESS_SLOTS_SHARED;
	bool shared;
	pid_t pid;
	int fd;

	if (process_slots_create(&fd, &e) || process_slots_open(fd, &s, &e)) {
		check(false, "%s", e.problem);
		return;
	}
	close(fd);
	for (n = 0; n < own; n++) {
		pid = fork();
		if (!pid) {
			process_slot_acquire(s, (uint32_t)gettid(), &shared);
			_exit(0);
		}
		waitpid(pid, NULL, 0);
	}
	check(process_slots_used(s) == own, "%u slots used", process_slots_used(s));
	slot = process_slot_acquire(s, (uint32_t)gettid(), &shared);
	check(!shared && slot == 0, "slots of the dead are used again: %u", slot);
	process_slots_close(s);
	verdict("slots of killed processes are found");
}

int main(int argc, char **argv)
{
	uint32_t kills = argc > 1 ? (uint32_t)atoi(argv[1]) : 300;
	struct process_map_def shared = of(BPF_MAP_TYPE_ARRAY, 4, 4, 1);
	struct process_map *m = make_map(&shared);
	uint32_t stride;

	progress = process_map_values(m, &stride);
	all_stages();
	kit_seed = 31;
	storm(BPF_MAP_TYPE_HASH, "hash", kills);
	storm(BPF_MAP_TYPE_LRU_HASH, "LRU hash", kills);
	busy();
	slots();
	process_map_close(m);
	return kit_bad != 0;
}
