/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * What operations on maps cost, pinned to one CPU, and at two threads on two: the medians of
 * interleaved rounds, in ns an operation, and the ratio of the two. "missed" is a figure, not a failure.
 *
 *	bench-maps [ROUNDS]
 */
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "process/map.h"
#include "promise.h"

#define N       50000u
#define ENTRIES 10000u
#define MAX     101

struct bench {
	const char *name;
	struct process_map_def def;
	uint32_t keys; /* filled with so many */
	void (*run)(struct process_map *m, uint32_t thread);
	double target, ratio; /* ns at one thread; two threads to one; 0: none */
};

struct figures { /* medians, ns; two: 0 on a machine of one CPU */
	double one, two;
};

static uint64_t key_of(uint32_t n, uint32_t thread)
{
	return (uint64_t)((n * 2654435761u + thread * 77) % 1000) * 7;
}

static volatile uint64_t sink;

static void lookup(struct process_map *m, uint32_t thread)
{
	process_map_lookup_fn fn = process_map_lookup_of(m);
	uint64_t sum = 0;
	uint32_t n;

	for (n = 0; n < N; n++) {
		uint64_t key = key_of(n, thread);
		uint64_t *v = fn(m, &key, thread);

		if (v)
			sum += *v;
	}
	sink = sum;
}

static void update(struct process_map *m, uint32_t thread)
{
	uint64_t value[4] = { thread };
	uint32_t n;

	for (n = 0; n < N; n++) {
		uint64_t key = key_of(n, thread);

		process_map_update(m, &key, value, BPF_ANY, thread);
	}
}

static void churn(struct process_map *m, uint32_t thread)
{
	uint64_t value[4] = { thread };
	uint32_t n;

	for (n = 0; n < N; n++) {
		/* of one's own, as request numbers are */
		uint64_t key = 1000000 + 2 * (uint64_t)(n % 1000) + thread;

		process_map_update(m, &key, value, BPF_ANY, thread);
		process_map_delete(m, &key);
	}
}

static void count(struct process_map *m, uint32_t thread)
{
	uint32_t n;

	for (n = 0; n < N; n++) {
		uint32_t key = n % 64;
		uint64_t *v = process_map_lookup(m, &key, thread);

		if (v)
			++*(volatile uint64_t *)v;
	}
}

static int nothing(void *ctx, const void *data, uint32_t size)
{
	(void)data;
	*(uint64_t *)ctx += size;
	return 0;
}

static void record(struct process_map *m, uint32_t thread)
{
	uint32_t n;

	for (n = 0; n < N; n++) {
		uint64_t *v = process_ring_reserve(m, 32, 0, thread);

		if (!v)
			continue;
		v[0] = v[1] = v[2] = v[3] = n;
		process_ring_submit(m, v, 0);
	}
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t); /* others may want the CPU too */
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

struct half {
	const struct bench *b;
	struct process_map *m;
	pthread_barrier_t *begin;
	uint32_t thread;
	double ns;
};

static void *on_cpu(void *arg)
{
	struct half *h = arg;
	cpu_set_t set;
	double start;

	CPU_ZERO(&set);
	CPU_SET(h->thread, &set);
	pthread_setaffinity_np(pthread_self(), sizeof(set), &set);
	pthread_barrier_wait(h->begin);
	start = now();
	h->b->run(h->m, h->thread);
	h->ns = (now() - start) / N;
	return NULL;
}

static double measure(const struct bench *b, struct process_map *m, uint32_t threads)
{
	struct half h[2];
	pthread_t t[2];
	pthread_barrier_t begin;
	double ns = 0;
	uint64_t bytes = 0;
	uint32_t i;

	pthread_barrier_init(&begin, NULL, threads);
	for (i = 0; i < threads; i++) {
		h[i] = (struct half){ b, m, &begin, i, 0 };
		if (pthread_create(&t[i], NULL, on_cpu, &h[i]))
			exit(1);
	}
	for (i = 0; i < threads; i++) {
		pthread_join(t[i], NULL);
		ns = h[i].ns > ns ? h[i].ns : ns;
	}
	pthread_barrier_destroy(&begin);
	if (b->def.type == BPF_MAP_TYPE_RINGBUF)
		process_ring_consume(m, nothing, &bytes);
	return ns;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

#define DEF(kind, key, value, max) { .name = "bench", .type = BPF_MAP_TYPE_##kind, .key_size = key, .value_size = value, .max_entries = max }

static int run(const struct bench *b, uint32_t rounds, struct figures *out)
{
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);
	double one[MAX], two[MAX];
	struct abide_error e = { 0 };
	struct process_map *m;
	uint32_t r, k;
	int fd;

	if (process_map_create(&b->def, &fd, &e) || process_map_open(fd, &b->def, &m, &e)) {
		fprintf(stderr, "%s: %s\n", b->name, e.problem);
		return -1;
	}
	close(fd);
	for (k = 0; k < b->keys; k++) {
		uint64_t key = (uint64_t)k * 7, value[4] = { k };

		process_map_update(m, &key, value, BPF_ANY, 0);
	}
	for (r = 0; r < 3; r++) /* every page once */
		measure(b, m, 1);
	for (r = 0; r < rounds; r++) {
		one[r] = measure(b, m, 1);
		two[r] = cpus > 1 ? measure(b, m, 2) : 0;
	}
	qsort(one, rounds, sizeof(one[0]), compare);
	qsort(two, rounds, sizeof(two[0]), compare);
	*out = (struct figures){ one[rounds / 2], two[rounds / 2] };
	process_map_close(m);
	return 0;
}

int main(int argc, char **argv)
{
	static const struct bench benches[] = {
		{ "hash lookup, 8-byte key", DEF(HASH, 8, 8, ENTRIES), 1000, lookup, 15, 1.3 },
		{ "LRU hash lookup", DEF(LRU_HASH, 8, 8, ENTRIES), 1000, lookup, 15, 1.3 },
		{ "per-CPU hash lookup", DEF(PERCPU_HASH, 8, 8, ENTRIES), 1000, lookup, 15, 1.3 },
		{ "hash update, 8-byte value", DEF(HASH, 8, 8, ENTRIES), 1000, update, 0, 0 },
		{ "hash update, 32-byte value", DEF(HASH, 8, 32, ENTRIES), 1000, update, 0, 0 },
		{ "hash insert and delete", DEF(HASH, 8, 32, ENTRIES), 1000, churn, 0, 0 },
		{ "LRU insert and delete, full", DEF(LRU_HASH, 8, 32, 1000), 1000, churn, 0, 0 },
		{ "per-CPU array counter", DEF(PERCPU_ARRAY, 4, 8, 64), 0, count, 8, 1.3 },
		{ "ring record of 32 bytes", DEF(RINGBUF, 0, 0, 1u << 22), 0, record, 30, 0 },
	};
	enum { NR = sizeof(benches) / sizeof(benches[0]) };
	uint32_t rounds = argc > 1 ? (uint32_t)atoi(argv[1]) : 15;
	struct promises p = { 0 };
	struct figures f[NR];
	char what[64];
	size_t i;

	if (!rounds || rounds > MAX)
		rounds = MAX;
	printf("Maps, ns an operation: medians of %u rounds\n\n", rounds);
	printf("  %-30s %10s %10s %7s\n", "", "1 thread", "2 threads", "ratio");
	for (i = 0; i < NR; i++) {
		if (run(&benches[i], rounds, &f[i]))
			return 1;
		printf("  %-30s %10.1f ", benches[i].name, f[i].one);
		if (f[i].two > 0)
			printf("%10.1f %7.2f\n", f[i].two, f[i].two / f[i].one);
		else
			printf("%10s %7s\n", "-", "-");
		fflush(stdout);
	}
	printf("\n");
	for (i = 0; i < NR; i++) {
		if (benches[i].target > 0)
			promise(&p, benches[i].name, f[i].one, benches[i].target, " ns", NULL);
		snprintf(what, sizeof(what), "%s, 2 threads", benches[i].name);
		if (benches[i].ratio > 0 && f[i].two > 0)
			promise(&p, what, f[i].two / f[i].one, benches[i].ratio, " times", NULL);
	}
	promises_total(&p, 0);
	return 0;
}
