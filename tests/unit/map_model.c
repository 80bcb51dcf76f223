/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * What the comparison with the kernel's system calls does not reach: values by slot, callbacks,
 * who is evicted, program arrays, constant data, other processes, what is refused when a map is
 * opened, and how little memory a large map takes.
 */
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "map_kit.h"
#include "process/map_impl.h"

static struct process_map_def of(uint32_t type, uint32_t key, uint32_t value, uint32_t max, uint32_t flags)
{
	return (struct process_map_def){ .name = "model", .type = type, .key_size = key, .value_size = value,
	                                  .max_entries = max, .flags = flags };
}

static void by_slot(void)
{
	static const uint32_t types[] = { BPF_MAP_TYPE_PERCPU_HASH, BPF_MAP_TYPE_LRU_PERCPU_HASH, BPF_MAP_TYPE_PERCPU_ARRAY };
	uint64_t values[PROCESS_SLOTS], v, *at, i;
	uint32_t key = 3, k, stride;

	for (k = 0; k < 3; k++) {
		struct process_map_def def = of(types[k], 4, 8, 8, 0);
		struct process_map *m = make_map(&def);
		bool array = types[k] == BPF_MAP_TYPE_PERCPU_ARRAY;

		check(array || !process_map_lookup(m, &key, 5), "empty");
		v = 77;
		check(process_map_update(m, &key, &v, BPF_ANY, 5) == 0, "made by slot 5");
		at = process_map_lookup(m, &key, 200);
		check(at && *at == 0, "0 for another slot");
		if (at)
			*at = 8;
		at = process_map_lookup(m, &key, 5);
		check(at && *at == 77, "its own");
		at = process_map_lookup_slot(m, &key, 200);
		check(at && *at == 8, "another's");
		check(!process_map_lookup_slot(m, &key, PROCESS_SLOTS), "no such slot");
		check(process_map_update(m, &key, &v, BPF_ANY, PROCESS_SLOTS) == -EINVAL, "no such slot");
		v = 78;
		check(process_map_update(m, &key, &v, BPF_EXIST, 5) == 0, "one slot's value is set");
		check(process_map_read(m, &key, values) == 0, "read");
		for (i = 0; i < PROCESS_SLOTS; i++)
			check(values[i] == (i == 5 ? 78 : i == 200 ? 8 : 0), "slot %u", (uint32_t)i);
		check(process_map_slots(m) == 201, "%u slots", process_map_slots(m));
		if (!array) {
			/* made anew in an element that was used: nothing is left of the former one */
			process_map_delete(m, &key);
			for (i = 0; i < 8; i++) {
				uint32_t other = 100 + (uint32_t)i;

				process_map_update(m, &other, &v, BPF_ANY, 6);
				at = process_map_lookup_slot(m, &other, 200);
				check(at && *at == 0, "slot 200 of a new entry");
				at = process_map_lookup_slot(m, &other, 5);
				check(at && *at == 0, "slot 5 of a new entry");
			}
		} else {
			at = process_map_values(m, &stride);
			check(at && stride == 8 && at[3 + 5 * process_map_slot_stride(m) / 8] == 78, "where values lie");
			check(process_map_slot_stride(m) % 128 == 0, "slots share no cache line");
		}
		process_map_close(m);
	}
	verdict("per-CPU maps: a value for each slot");
}

struct visit {
	struct process_map *m;
	uint64_t sum;
	uint32_t stop, nr;
};

static int visit(void *ctx, const void *key, void *value)
{
	struct visit *v = ctx;
	uint32_t k;

	memcpy(&k, key, 4);
	v->sum += k * 1000 + *(uint64_t *)value;
	v->nr++;
	if (v->m->def.type == BPF_MAP_TYPE_HASH)
		check(process_map_delete(v->m, &k) == 0, "the entry may be deleted");
	return v->stop && v->nr == v->stop;
}

static void for_each(void)
{
	struct process_map_def def = of(BPF_MAP_TYPE_HASH, 4, 8, 50, 0);
	struct visit v = { .m = make_map(&def) };
	uint64_t value, sum = 0;
	uint32_t key;

	for (key = 0; key < 50; key++) {
		value = key + 1;
		process_map_update(v.m, &key, &value, 0, 0);
		sum += key * 1000 + value;
	}
	v.stop = 20;
	check(process_map_for_each(v.m, 0, visit, &v) == 20, "the callback stops it");
	v.stop = 0;
	check(process_map_for_each(v.m, 0, visit, &v) == 30 && v.sum == sum, "each once");
	check(process_map_for_each(v.m, 0, visit, &v) == 0, "none is left");
	process_map_close(v.m);
	def = of(BPF_MAP_TYPE_ARRAY, 4, 8, 5, 0);
	v = (struct visit){ .m = make_map(&def), .stop = 3 };
	check(process_map_for_each(v.m, 0, visit, &v) == 3, "an array");
	process_map_close(v.m);
	def = of(BPF_MAP_TYPE_QUEUE, 0, 8, 5, 0);
	v.m = make_map(&def);
	check(process_map_for_each(v.m, 0, visit, &v) == -EINVAL, "a queue has no keys");
	process_map_close(v.m);
	verdict("for each entry");
}

static void eviction(void)
{
	struct process_map_def def = of(BPF_MAP_TYPE_LRU_HASH, 4, 8, 100, 0);
	struct process_map *m = make_map(&def);
	uint32_t key, left = 0;
	uint64_t v = 1;

	for (key = 0; key < 100; key++)
		check(process_map_update(m, &key, &v, 0, 0) == 0, "fill");
	for (key = 0; key < 100; key += 2)
		check(process_map_lookup(m, &key, 0) != NULL, "used");
	for (key = 1000; key < 1050; key++)
		check(process_map_update(m, &key, &v, 0, 0) == 0, "a full table makes room");
	for (key = 0; key < 100; key++)
		left += !process_map_read(m, &key, &v) << (key % 2 * 16);
	check(left == 50, "what was used stays, the rest goes: 0x%x", left);
	/* reading from outside is no use */
	for (key = 0; key < 5000; key++)
		check(process_map_update(m, &key, &v, 0, 0) == 0 && process_map_lookup(m, &key, 0), "update %u", key);
	process_map_close(m);
	verdict("LRU: what was not used has to go");
}

static void programs(void)
{
	struct process_map_def def = of(BPF_MAP_TYPE_PROG_ARRAY, 4, 4, 3, 0);
	struct process_map *m = make_map(&def);
	uint32_t key = 1, id = 42, got = 0;

	check(!process_map_program(m, 1, &got), "empty");
	check(process_map_update(m, &key, &id, BPF_EXIST, 0) == -EINVAL, "flags");
	check(process_map_update(m, &key, &id, 0, 0) == 0 && process_map_program(m, 1, &got) && got == 42, "set");
	check(!process_map_lookup(m, &key, 0), "programs see nothing");
	check(process_map_read(m, &key, &got) == 0 && got == 42, "the owner does");
	id = 0;
	key = 2;
	check(process_map_update(m, &key, &id, 0, 0) == 0 && process_map_program(m, 2, &got) && !got, "0 is an id");
	key = 3;
	check(process_map_update(m, &key, &id, 0, 0) == -E2BIG && process_map_delete(m, &key) == -E2BIG, "out of bounds");
	check(!process_map_program(m, 3, &got) && !process_map_program(m, UINT32_MAX, &got), "no such index");
	key = 1;
	check(process_map_delete(m, &key) == 0 && process_map_delete(m, &key) == -ENOENT, "deleted");
	process_map_close(m);
	verdict("program arrays");
}

static void constant(void)
{
	struct process_map_def def = of(BPF_MAP_TYPE_ARRAY, 4, 100, 1, BPF_F_MMAPABLE | BPF_F_RDONLY_PROG);
	struct abide_error e = { 0 };
	int fd = make_fd(&def), other = make_fd(&def);
	struct process_map *m = open_map(fd, &def), *second;
	uint32_t key = 0, stride;
	uint8_t *values = process_map_values(m, &stride), data[100] = { 5 };

	values[99] = 9;
	check(!process_map_frozen(m), "open");
	second = open_map(fd, &def);
	check(process_map_freeze(m, fd, &e) == -EBUSY && !process_map_frozen(m), "somebody else can write");
	check(values[99] == 9, "and nothing has changed");
	values[98] = 8;
	process_map_close(second);
	check(process_map_freeze(m, fd, &e) == 0 && process_map_frozen(m), "frozen");
	check(values[99] == 9 && values[98] == 8, "values, at the same address");
	check(process_map_update(m, &key, data, 0, 0) == -EPERM, "no update");
	check(mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0) == MAP_FAILED, "nobody can write");
	second = open_map(fd, &def);
	check(process_map_frozen(second) && !memcmp(process_map_lookup(second, &key, 0), values, 100), "for the next one too");
	process_map_close(second);
	process_map_close(m);
	def.flags = 0;
	m = make_map(&def);
	check(process_map_freeze(m, other, &e) == -EINVAL, "data that programs write");
	process_map_close(m);
	close(fd);
	close(other);
	verdict("constant data");
}

static int refused(int fd, const struct process_map_def *def)
{
	struct abide_error e = { 0 };
	struct process_map *m = NULL;
	int err = process_map_open(fd, def, &m, &e);

	check(!err == !e.problem[0], "a refusal says why");
	process_map_close(m);
	return err;
}

static void opening(void)
{
	struct process_map_def def = of(BPF_MAP_TYPE_HASH, 4, 8, 100, 0), other;
	int fd = make_fd(&def), plain = memfd_create("plain", MFD_ALLOW_SEALING), null = open("/dev/null", O_RDWR);
	struct stat st;
	uint32_t *magic;

	check(refused(fd, &def) == 0, "good");
	check(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE) == -1, "no more seals");
	check(ftruncate(fd, 1) == -1 && ftruncate(fd, 1 << 30) == -1, "nobody can resize it");
	other = def;
	other.value_size = 7; /* takes as much memory */
	check(refused(fd, &other) == -EINVAL, "another definition");
	other.max_entries = 1 << 20;
	check(refused(fd, &other) == -EINVAL, "another size");
	other.type = 9999;
	check(refused(fd, &other) == -EINVAL, "no such type");
	check(refused(null, &def) == -EINVAL, "a device");
	check(refused(-1, &def) == -EINVAL, "nothing");
	check(!fstat(fd, &st) && !ftruncate(plain, st.st_size), "as large");
	check(refused(plain, &def) == -EINVAL, "not sealed");
	fcntl(plain, F_ADD_SEALS, F_SEAL_SHRINK);
	check(refused(plain, &def) == -EINVAL, "half sealed");
	fcntl(plain, F_ADD_SEALS, F_SEAL_GROW);
	check(refused(plain, &def) == -EINVAL, "empty");
	magic = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (check(magic != MAP_FAILED, "mapped"))
		magic[0]++;
	check(refused(fd, &def) == -EINVAL, "junk");
	close(fd);
	close(plain);
	close(null);
	def = of(BPF_MAP_TYPE_HASH, 8, 8, 1000000, 0);
	fd = make_fd(&def);
	check(!fstat(fd, &st) && st.st_blocks * 512 <= 8192, "a million entries: %lld bytes", (long long)st.st_blocks * 512);
	close(fd);
	verdict("opening: seals, sizes, definitions; memory");
}

/* Children add, the parent reads while they do. */
static void processes(void)
{
	struct process_map_def def = of(BPF_MAP_TYPE_HASH, 8, 8, 64, 0);
	int fd = make_fd(&def), status;
	struct process_map *m = open_map(fd, &def);
	uint64_t key, next, v, sum = 0, before = 0;
	pid_t pid[2];
	uint32_t i, n;

	for (i = 0; i < 2; i++) {
		pid[i] = fork();
		if (pid[i])
			continue;
		/* one has what it inherited, the other a mapping of its own */
		if (i)
			m = open_map(fd, &def);
		for (n = 0; n < 200000; n++) {
			uint64_t zero = 0, *at;

			key = n % 64;
			while (!(at = process_map_lookup(m, &key, 0)))
				process_map_update(m, &key, &zero, BPF_NOEXIST, 0);
			__atomic_fetch_add(at, 1, __ATOMIC_RELAXED);
		}
		_exit(0);
	}
	for (n = 0; n < 200; n++) {
		int err = process_map_next_key(m, NULL, &key);

		for (sum = 0, i = 0; !err && i < 100; i++) {
			check(key < 64, "key");
			if (!process_map_read(m, &key, &v))
				sum += v;
			err = process_map_next_key(m, &key, &next);
			key = next;
		}
		check(sum >= before && sum <= 400000, "counts only grow");
		before = sum;
	}
	for (i = 0; i < 2; i++)
		check(waitpid(pid[i], &status, 0) == pid[i] && !status, "child %u", i);
	for (sum = 0, key = 0; key < 64; key++)
		if (!process_map_read(m, &key, &v))
			sum += v;
	check(sum == 400000, "%llu of 400000", (unsigned long long)sum);
	process_map_close(m);
	close(fd);
	verdict("two processes count, a third reads meanwhile");
}

/* A stack that has the id @want and another hash, or the same. */
static int64_t find_stack(struct process_map *m, uint32_t want, uint64_t *stack)
{
	int64_t id;

	for (stack[0] = 1000;; stack[0]++) {
		id = process_map_stackid(m, stack, 2, BPF_F_REUSE_STACKID);
		if (id < 0 || id == want)
			return id;
	}
}

static void stack_traces(void)
{
	struct process_map_def def = of(BPF_MAP_TYPE_STACK_TRACE, 4, 32, 5, 0);
	struct process_map *m = make_map(&def), *hash;
	uint64_t a[6] = { 0x1111, 0x2222, 0x3333, 0x4444, 0x5555, 0x6666 }, b[2] = { 0, 0x7777 }, value[4];
	uint32_t key = 0, next, nr;
	int64_t id, other;

	check(process_map_next_key(m, NULL, &key) == -ENOENT, "empty");
	id = process_map_stackid(m, a, 3, 0);
	check(id >= 0 && id < 8, "an id below the next power of two: %lld", (long long)id);
	check(process_map_stackid(m, a, 3, 0) == id && process_map_stackid(m, a, 3, BPF_F_FAST_STACK_CMP) == id, "the same again");
	key = (uint32_t)id;
	check(!process_map_lookup(m, &key, 0), "programs see nothing");
	memset(value, 0xff, sizeof(value));
	check(!process_map_read(m, &key, value) && value[0] == 0x1111 && value[2] == 0x3333 && !value[3], "the stack, and zeros behind it");
	check(!process_map_next_key(m, NULL, &next) && next == key && process_map_next_key(m, &next, &next) == -ENOENT, "it alone is listed");
	/* another stack of the same id */
	other = find_stack(m, key, b);
	check(other == id, "another stack takes the place of the first");
	check(!process_map_read(m, &key, value) && value[0] == b[0] && value[1] == b[1] && !value[2], "and is there now, whole");
	check(process_map_stackid(m, a, 3, 0) == -EEXIST, "which cannot have its place back");
	check(process_map_stackid(m, a, 3, BPF_F_FAST_STACK_CMP) == -EEXIST, "not even by hash alone");
	check(process_map_stackid(m, a, 3, BPF_F_REUSE_STACKID) == id, "unless it is given it");
	check(!process_map_read(m, &key, value) && value[0] == 0x1111, "and is back");
	/* prefixes differ, and what is too deep is cut */
	check(process_map_stackid(m, a, 2, BPF_F_REUSE_STACKID) >= 0, "a prefix is another stack");
	other = process_map_stackid(m, a, 6, BPF_F_REUSE_STACKID);
	check(other >= 0 && other == process_map_stackid(m, a, 4, 0), "six addresses where four have room are four");
	key = (uint32_t)other;
	check(!process_map_read(m, &key, value) && value[3] == 0x4444, "the innermost ones");
	check(!process_map_delete(m, &key) && process_map_delete(m, &key) == -ENOENT && process_map_read(m, &key, value) == -ENOENT, "deleted");
	check(process_map_stackid(m, a, 4, 0) == other, "and made again");
	key = 8;
	check(process_map_delete(m, &key) == -E2BIG && process_map_read(m, &key, value) == -ENOENT, "no such id");
	check(process_map_update(m, &key, value, 0, 0) == -EINVAL, "nobody else writes");
	process_map_close(m);
	/* all ids */
	def.max_entries = 64;
	m = make_map(&def);
	for (nr = 0, a[0] = 0; a[0] < 10000; a[0]++)
		nr += process_map_stackid(m, a, 4, 0) >= 0;
	check(nr == 64, "%u of 64 ids are used", nr);
	for (nr = 0, next = UINT32_MAX; nr < 100 && !process_map_next_key(m, nr ? &next : NULL, &next); nr++)
		check(next == nr, "key %u is %u", nr, next);
	check(nr == 64, "%u of 64 are listed", nr);
	process_map_close(m);
	def = of(BPF_MAP_TYPE_HASH, 4, 32, 5, 0);
	hash = make_map(&def);
	check(process_map_stackid(hash, a, 4, 0) == -EINVAL, "a hash keeps no stacks");
	process_map_close(hash);
	verdict("stack traces: ids, collisions, depth");
}

int main(void)
{
	by_slot();
	for_each();
	eviction();
	programs();
	stack_traces();
	constant();
	opening();
	processes();
	return kit_bad != 0;
}
