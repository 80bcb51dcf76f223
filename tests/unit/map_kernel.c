/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Maps against the kernel's: the same random operations on a map of the running kernel, through
 * bpf(2), and on ours must have the same results, errors and final contents. First, definitions:
 * what the kernel refuses, and with which error, is refused here too.
 *
 *	map_kernel [OPERATIONS [SEED]]
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <sys/resource.h>

#include "map_kit.h"

static int nr_cpus;

struct pair {
	struct process_map_def def;
	struct process_map *ours;
	int kernel;
	uint32_t keys; /* keys are drawn from so many */
	bool percpu;
};

static const char *type_name(uint32_t type)
{
	static const char *const names[] = {
		[BPF_MAP_TYPE_HASH] = "hash", [BPF_MAP_TYPE_ARRAY] = "array", [BPF_MAP_TYPE_PROG_ARRAY] = "prog_array",
		[BPF_MAP_TYPE_PERF_EVENT_ARRAY] = "perf_event_array", [BPF_MAP_TYPE_PERCPU_HASH] = "percpu_hash",
		[BPF_MAP_TYPE_PERCPU_ARRAY] = "percpu_array", [BPF_MAP_TYPE_LRU_HASH] = "lru_hash",
		[BPF_MAP_TYPE_LRU_PERCPU_HASH] = "lru_percpu_hash", [BPF_MAP_TYPE_QUEUE] = "queue",
		[BPF_MAP_TYPE_STACK] = "stack", [BPF_MAP_TYPE_RINGBUF] = "ringbuf", [BPF_MAP_TYPE_STACK_TRACE] = "stack_trace",
	};

	return names[type];
}

static int kernel_create(const struct process_map_def *def)
{
	LIBBPF_OPTS(bpf_map_create_opts, opts, .map_flags = def->flags);
	int fd = bpf_map_create(def->type, "abide_test", def->key_size, def->value_size, def->max_entries, &opts);

	return fd < 0 ? -errno : fd;
}

#define ENOTSUPP 524 /* the kernel's own, which no application should see */

static void compare_definition(const struct process_map_def *def)
{
	struct abide_error e = { 0 };
	int theirs = kernel_create(def), fd, ours;

	ours = process_map_create(def, &fd, &e);
	if (theirs >= 0)
		close(theirs);
	if (!ours)
		close(fd);
	if (theirs == -ENOTSUPP)
		theirs = -ENOTSUP;
	check(theirs < 0 ? ours == theirs : ours == 0, "%s key %u value %u entries %u flags 0x%x: %d, kernel %d",
	      type_name(def->type), def->key_size, def->value_size, def->max_entries, def->flags, ours, theirs);
	check(!ours || (e.problem[0] && e.reason[0]), "a refusal says why");
}

static const uint32_t all_types[] = {
	BPF_MAP_TYPE_HASH, BPF_MAP_TYPE_ARRAY, BPF_MAP_TYPE_PROG_ARRAY, BPF_MAP_TYPE_PERF_EVENT_ARRAY,
	BPF_MAP_TYPE_PERCPU_HASH, BPF_MAP_TYPE_PERCPU_ARRAY, BPF_MAP_TYPE_LRU_HASH,
	BPF_MAP_TYPE_LRU_PERCPU_HASH, BPF_MAP_TYPE_QUEUE, BPF_MAP_TYPE_STACK, BPF_MAP_TYPE_RINGBUF,
	BPF_MAP_TYPE_STACK_TRACE,
};
#define LEN(a) (sizeof(a) / sizeof((a)[0]))

static void definitions(void)
{
	/* flags whose meaning both sides have; access rights of system calls are the kernel's only */
	static const uint32_t flags[] = {
		0, BPF_F_NO_PREALLOC, BPF_F_NO_COMMON_LRU, BPF_F_ZERO_SEED, BPF_F_RDONLY_PROG, BPF_F_WRONLY_PROG,
		BPF_F_RDONLY_PROG | BPF_F_WRONLY_PROG, BPF_F_MMAPABLE, BPF_F_PRESERVE_ELEMS, BPF_F_CLONE,
		BPF_F_STACK_BUILD_ID, 1u << 31,
	};
	static const uint32_t key_sizes[] = { 0, 1, 3, 4, 5, 8, 100 };
	static const uint32_t value_sizes[] = { 0, 1, 4, 8, 1000, 32768, 32769 };
	static const uint32_t entries[] = { 0, 1, 2, 3, 100, 4096, 8192, 12288 };
	size_t t, k, v, n, f;

	for (t = 0; t < LEN(all_types); t++)
		for (k = 0; k < LEN(key_sizes); k++)
			for (v = 0; v < LEN(value_sizes); v++)
				for (n = 0; n < LEN(entries); n++) {
					struct process_map_def def = {
						.name = "d", .type = all_types[t], .key_size = key_sizes[k],
						.value_size = value_sizes[v], .max_entries = entries[n],
					};

					/* the kernel would really take the memory */
					if ((uint64_t)def.value_size * def.max_entries > 1 << 20)
						continue;
					compare_definition(&def);
				}
	verdict("what the kernel refuses of a definition is refused: sizes");
	for (t = 0; t < LEN(all_types); t++)
		for (f = 0; f < LEN(flags); f++) {
			bool ring = all_types[t] == BPF_MAP_TYPE_RINGBUF;
			bool queue = all_types[t] == BPF_MAP_TYPE_QUEUE || all_types[t] == BPF_MAP_TYPE_STACK;
			struct process_map_def def = {
				.name = "d", .type = all_types[t], .key_size = ring || queue ? 0 : 4,
				.value_size = ring ? 0 : 4, .max_entries = 4096, .flags = flags[f],
			};

			compare_definition(&def);
		}
	verdict("what the kernel refuses of a definition is refused: flags");
}

static void key_of(const struct pair *p, uint32_t n, uint8_t *key)
{
	uint32_t i;

	memset(key, 0, p->def.key_size + 1u);
	memcpy(key, &n, p->def.key_size < 4 ? p->def.key_size : 4);
	/* what is behind counts too */
	for (i = 4; i < p->def.key_size; i++)
		key[i] = (uint8_t)(n * i);
}

static size_t value_bytes(const struct pair *p)
{
	return p->percpu ? (size_t)(p->def.value_size + 7) / 8 * 8 * (size_t)nr_cpus : p->def.value_size;
}

/* The kernel's system call writes all CPUs' values. */
static int our_update(struct pair *p, const uint8_t *key, const uint8_t *value, uint64_t flags)
{
	uint32_t stride = (p->def.value_size + 7) / 8 * 8, cpu;
	int err = process_map_update(p->ours, key, value, flags, 0);

	for (cpu = 1; !err && p->percpu && cpu < (uint32_t)nr_cpus; cpu++) {
		uint8_t *to = process_map_lookup(p->ours, key, cpu);

		if (!check(to != NULL, "the value of slot %u", cpu))
			return err;
		memcpy(to, value + cpu * stride, p->def.value_size);
	}
	return err;
}

static int our_read(struct pair *p, const uint8_t *key, uint8_t *value)
{
	static uint8_t all[PROCESS_SLOTS * 256];
	int err = process_map_read(p->ours, key, all);

	if (!err)
		memcpy(value, all, value_bytes(p));
	return err;
}

static void compare_value(struct pair *p, uint32_t n)
{
	uint8_t key[260], a[1024] = { 0 }, b[1024] = { 0 };
	int ours, theirs;

	key_of(p, n, key);
	ours = our_read(p, key, a);
	theirs = bpf_map_lookup_elem(p->kernel, key, b);
	check(ours == theirs, "%s: read of %u: %d, kernel %d", p->def.name, n, ours, theirs);
	check(!memcmp(a, b, value_bytes(p)), "%s: the value of %u differs", p->def.name, n);
}

static void one_operation(struct pair *p, uint32_t nr)
{
	uint32_t n = below(p->keys), what = below(100), i;
	uint8_t key[260], value[1024] = { 0 };
	int ours, theirs;
	uint64_t flags;

	key_of(p, n, key);
	if (what < 55) {
		uint32_t stride = (p->def.value_size + 7) / 8 * 8;

		flags = what < 30 ? BPF_ANY : what < 50 ? 1 + what % 2 : below(9);
		/* padding of per-CPU values is 0 on both sides */
		for (i = 0; i < value_bytes(p); i++)
			value[i] = !p->percpu || i % stride < p->def.value_size ? (uint8_t)mix(&kit_seed) : 0;
		ours = our_update(p, key, value, flags);
		theirs = bpf_map_update_elem(p->kernel, key, value, flags);
		check(ours == theirs, "%s: operation %u: update of %u, flags %llu: %d, kernel %d", p->def.name,
		      nr, n, (unsigned long long)flags, ours, theirs);
	} else if (what < 80) {
		ours = process_map_delete(p->ours, key);
		theirs = bpf_map_delete_elem(p->kernel, key);
		check(ours == theirs, "%s: operation %u: delete of %u: %d, kernel %d", p->def.name, nr, n, ours,
		      theirs);
	} else if (what < 95) {
		compare_value(p, n);
	} else {
		/* the order of keys is nobody's promise, but whether there is one more in an array is */
		ours = process_map_next_key(p->ours, key, value);
		theirs = bpf_map_get_next_key(p->kernel, key, value + 512);
		if (p->def.type == BPF_MAP_TYPE_ARRAY || p->def.type == BPF_MAP_TYPE_PERCPU_ARRAY)
			check(ours == theirs && (ours || !memcmp(value, value + 512, 4)),
			      "%s: operation %u: key behind %u: %d, kernel %d", p->def.name, nr, n, ours, theirs);
		else
			check((ours == 0 || ours == -ENOENT) && (theirs == 0 || theirs == -ENOENT),
			      "%s: operation %u: key behind %u: %d, kernel %d", p->def.name, nr, n, ours, theirs);
	}
}

static uint32_t count_keys(struct pair *p, bool kernel)
{
	uint8_t key[260], next[260], *from = NULL;
	uint32_t n = 0;

	while (n <= p->def.max_entries + 1 &&
	       !(kernel ? bpf_map_get_next_key(p->kernel, from, next) : process_map_next_key(p->ours, from, next))) {
		memcpy(key, next, p->def.key_size);
		from = key;
		n++;
	}
	return n;
}

static bool open_pair(struct pair *p)
{
	p->percpu = p->def.type == BPF_MAP_TYPE_PERCPU_HASH || p->def.type == BPF_MAP_TYPE_PERCPU_ARRAY ||
	            p->def.type == BPF_MAP_TYPE_LRU_PERCPU_HASH;
	p->kernel = kernel_create(&p->def);
	if (!check(p->kernel >= 0, "%s: the kernel says %d", p->def.name, p->kernel))
		return false;
	p->ours = make_map(&p->def);
	return true;
}

static void close_pair(struct pair *p)
{
	process_map_close(p->ours);
	close(p->kernel);
}

static void keyed(const struct process_map_def *def, uint32_t keys, uint32_t operations)
{
	struct pair p = { .def = *def, .keys = keys };
	uint32_t n;
	char text[200];

	if (open_pair(&p)) {
		for (n = 0; n < operations; n++)
			one_operation(&p, n);
		for (n = 0; n < keys; n++)
			compare_value(&p, n);
		check(count_keys(&p, false) == count_keys(&p, true), "%s: %u keys, kernel %u", def->name,
		      count_keys(&p, false), count_keys(&p, true));
		close_pair(&p);
	}
	snprintf(text, sizeof(text), "%s: results, errors and contents are the kernel's", def->name);
	verdict(text);
}

static void queue(const struct process_map_def *def, uint32_t operations)
{
	struct pair p = { .def = *def };
	uint8_t a[1024], b[1024];
	uint32_t n, i;
	char text[200];

	if (open_pair(&p)) {
		for (n = 0; n < operations; n++) {
			uint32_t what = below(100), mood = n / 100 % 2 ? 30 : 70;
			int ours, theirs;
			uint64_t flags;

			for (i = 0; i < def->value_size; i++)
				a[i] = b[i] = (uint8_t)mix(&kit_seed);
			if (what < mood) {
				flags = below(4) ? BPF_ANY : below(9);
				ours = process_map_push(p.ours, a, flags);
				theirs = bpf_map_update_elem(p.kernel, NULL, b, flags);
			} else if (what < mood + 20) {
				ours = process_map_pop(p.ours, a);
				theirs = bpf_map_lookup_and_delete_elem(p.kernel, NULL, b);
			} else {
				ours = process_map_peek(p.ours, a);
				theirs = bpf_map_lookup_elem(p.kernel, NULL, b);
			}
			check(ours == theirs, "%s: operation %u: %d, kernel %d", def->name, n, ours, theirs);
			check(ours || !memcmp(a, b, def->value_size), "%s: operation %u: other values", def->name, n);
		}
		close_pair(&p);
	}
	snprintf(text, sizeof(text), "%s: results, errors and order are the kernel's", def->name);
	verdict(text);
}

/* What a system call may do with stacks; only programs make them (map_model.c). */
static void stacks(void)
{
	struct pair p = { .def = { "stacks", BPF_MAP_TYPE_STACK_TRACE, 4, 64, 5, 0 } };
	uint64_t value[8] = { 1 };
	uint32_t key, next;

	if (open_pair(&p)) {
		for (key = 0; key < 20; key++) {
			int ours = process_map_update(p.ours, &key, value, 0, 0), theirs = bpf_map_update_elem(p.kernel, &key, value, 0);

			check(ours == theirs, "update of %u: %d, kernel %d", key, ours, theirs);
			ours = process_map_read(p.ours, &key, value);
			theirs = bpf_map_lookup_elem(p.kernel, &key, value);
			check(ours == theirs, "read of %u: %d, kernel %d", key, ours, theirs);
			ours = process_map_delete(p.ours, &key);
			theirs = bpf_map_delete_elem(p.kernel, &key);
			check(ours == theirs, "delete of %u: %d, kernel %d", key, ours, theirs);
			ours = process_map_next_key(p.ours, &key, &next);
			theirs = bpf_map_get_next_key(p.kernel, &key, &next);
			check(ours == theirs, "key behind %u: %d, kernel %d", key, ours, theirs);
		}
		close_pair(&p);
	}
	verdict("stack traces: errors of system calls are the kernel's");
}

int main(int argc, char **argv)
{
	uint32_t operations = argc > 1 ? (uint32_t)atoi(argv[1]) : 20000;
	struct rlimit all = { RLIM_INFINITY, RLIM_INFINITY };
	struct process_map_def probe = { "p", BPF_MAP_TYPE_ARRAY, 4, 4, 1, 0 };
	int fd;
#define MAP(title, kind, key, value, max, f) \
	(&(struct process_map_def){ .name = title, .type = BPF_MAP_TYPE_##kind, .key_size = key, \
	                            .value_size = value, .max_entries = max, .flags = f })

	kit_seed = argc > 2 ? strtoull(argv[2], NULL, 0) : 4;
	setrlimit(RLIMIT_MEMLOCK, &all);
	nr_cpus = libbpf_num_possible_cpus();
	fd = kernel_create(&probe);
	if (fd < 0 || nr_cpus < 1 || nr_cpus > 8) {
		printf("skip - maps against the kernel's: %s\n", fd < 0 ? strerror(-fd) : "more than 8 CPUs");
		return 0;
	}
	close(fd);
	definitions();
	keyed(MAP("array", ARRAY, 4, 12, 50, 0), 60, operations);
	keyed(MAP("array of bytes", ARRAY, 4, 1, 7, BPF_F_MMAPABLE), 9, operations);
	keyed(MAP("per-CPU array", PERCPU_ARRAY, 4, 20, 33, 0), 40, operations);
	keyed(MAP("hash 4 8", HASH, 4, 8, 100, 0), 200, operations);
	keyed(MAP("hash 8 24", HASH, 8, 24, 64, BPF_F_ZERO_SEED), 100, operations);
	keyed(MAP("hash 16 5", HASH, 16, 5, 200, 0), 300, operations);
	keyed(MAP("hash 37 100", HASH, 37, 100, 40, 0), 60, operations);
	keyed(MAP("hash 1 1", HASH, 1, 1, 16, 0), 30, operations);
	keyed(MAP("hash of one", HASH, 4, 32, 1, 0), 3, operations);
	keyed(MAP("hash, elements on demand", HASH, 4, 40, 20, BPF_F_NO_PREALLOC), 40, operations);
	keyed(MAP("per-CPU hash", PERCPU_HASH, 8, 12, 50, 0), 80, operations);
	/* with more entries than keys nobody has to evict */
	keyed(MAP("LRU hash", LRU_HASH, 8, 16, 4096, 0), 200, operations);
	keyed(MAP("LRU per-CPU hash", LRU_PERCPU_HASH, 6, 8, 4096, 0), 200, operations);
	queue(MAP("queue", QUEUE, 0, 12, 10, 0), operations);
	queue(MAP("stack", STACK, 0, 9, 10, 0), operations);
	stacks();
	return kit_bad != 0;
}
