/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Programs with maps, verified and compiled as an application does it, called as a site of
 * events calls them. The figure is what a program takes over the empty one, the least of many
 * rounds that take turns; the clock stands by itself, as it is the machine's.
 */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "cli/exec_maps.h"
#include "exec.h"
#include "process/link.h"

#define ROUNDS 61
#define RUNS   4000

static const char *const names[] = { "nothing", "filter", "counter", "size", "clock", "latency", "by_key", "record", "who" };
#define NR (sizeof(names) / sizeof(names[0]))

struct bench {
	struct exec_code code;
	struct exec_maps maps;
	struct process_program *p;
	process_fn entry;
	double ns, interpreted;
};

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static int prepare(const struct object *o, const char *name, struct bench *b, struct abide_error *e)
{
	struct verify_result *verified = NULL;
	struct verify_input check;
	struct link_input in;
	int err = exec_link(o, name, &b->code, e);

	if (!err)
		err = exec_maps_open(&b->code, &b->maps, e);
	if (err)
		return err;
	check = (struct verify_input){ .name = name, .insns = b->code.insns, .nr_insns = b->code.nr, .has_memory = true, .memory = 64,
		                       .maps = b->maps.verify, .nr_maps = b->maps.nr };
	err = verify_program(&check, false, &verified, e);
	if (err)
		return err;
	in = (struct link_input){ .insns = b->code.insns, .nr_insns = b->code.nr, .facts = verified->facts, .maps = b->maps.maps,
		                  .nr_maps = b->maps.nr };
	err = process_link(&in, &b->p, e);
	verify_result_free(verified);
	b->entry = err ? NULL : process_entry(b->p);
	b->ns = b->interpreted = 1e18;
	return err;
}

static int forget(void *ctx, const void *data, uint32_t size)
{
	(void)ctx;
	(void)data;
	(void)size;
	return 0;
}

static void measure(struct bench *b, struct process_run *run, uint64_t *memory, bool native)
{
	double start, took, *least = native ? &b->ns : &b->interpreted;
	uint32_t i;

	for (i = 0; i < b->maps.nr; i++) /* rings begin empty */
		if (b->maps.maps[i] && process_map_def(b->maps.maps[i])->type == BPF_MAP_TYPE_RINGBUF)
			process_ring_consume(b->maps.maps[i], forget, NULL);
	run->slot = b->maps.slot;
	run->native = native;
	start = now();
	for (i = 0; i < RUNS; i++) {
		memory[0] = i;
		run->budget = 1000000;
		if (native)
			b->entry((uint64_t)(uintptr_t)memory, 64, 0, 0, 0, run);
		else
			process_interpret(b->p, run, (uint64_t)(uintptr_t)memory, 64);
	}
	took = (now() - start) / RUNS;
	*least = took < *least ? took : *least;
}

/* The clock itself, called as C calls it. */
static double clock_alone(void)
{
	double best = 1e18, start, took;
	struct timespec t;
	int k, i;

	for (k = 0; k < ROUNDS; k++) {
		start = now();
		for (i = 0; i < RUNS; i++)
			clock_gettime(CLOCK_MONOTONIC, &t);
		took = (now() - start) / RUNS;
		best = took < best ? took : best;
	}
	return best;
}

int exec_maps_bench(const struct object *o)
{
	static struct bench benches[NR];
	static _Alignas(64) uint64_t memory[8];
	struct process_run run = { 0 };
	struct abide_error e = { 0 };
	double clock;
	size_t i;
	int k, err = 0;

	for (i = 0; !err && i < NR; i++)
		err = prepare(o, names[i], &benches[i], &e);
	if (err || !benches[0].entry) {
		fprintf(stderr, "bench-exec: %s\n", err ? e.problem : "no native code here");
		goto out;
	}
	for (k = 0; k < ROUNDS; k++)
		for (i = 0; i < NR; i++)
			measure(&benches[i], &run, memory, true);
	for (k = 0; k < ROUNDS / 4; k++)
		for (i = 0; i < NR; i++)
			measure(&benches[i], &run, memory, false);
	clock = clock_alone();
	printf("Programs with maps, called as a site calls them, over an empty one (%.1f ns)\n\n"
	       "             insns  bytes  native, ns  interpreter, ns\n",
	       benches[0].ns);
	for (i = 1; i < NR; i++) {
		size_t size;

		process_code(benches[i].p, &size);
		printf("  %-9s %6u %6zu %11.1f %16.1f\n", names[i], benches[i].code.nr, size, benches[i].ns - benches[0].ns,
		       benches[i].interpreted - benches[0].interpreted);
	}
	printf("  over clock_gettime (%.1f ns): latency %.1f ns, record %.1f ns\n", clock,
	       benches[5].ns - benches[0].ns - clock, benches[7].ns - benches[0].ns - clock);
out:
	for (i = 0; i < NR; i++) {
		process_program_free(benches[i].p);
		exec_maps_close(&benches[i].maps);
		exec_code_free(&benches[i].code);
	}
	return err != 0;
}
