/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
#ifndef ABIDE_TESTS_RENDER_KIT_H
#define ABIDE_TESTS_RENDER_KIT_H

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "catalog/catalog.h"
#include "render/render.h"

/*
 * The sample object with a plan, entries that a test makes, golden text. Three CPUs, so
 * that a sum is not one of its parts. TAP.
 */
#define CPUS 3

struct kit {
	struct object *o;
	struct catalog *c;
	struct render_options opts;
	struct render_plan *p;
	struct buf out, keys, values;
	struct render_entries in;
	struct abide_error e;
	const char *dir;
};

extern unsigned kit_nr, kit_bad; /* tests so far, and those that failed */

static inline void kit_report(bool ok, const char *name, const char *file, int line)
{
	printf("%sok %u - %s\n", ok ? "" : "not ", ++kit_nr, name);
	if (!ok)
		printf("# %s:%d\n", file, line);
	kit_bad += !ok;
}

#define OK(cond, name) kit_report(cond, name, __FILE__, __LINE__)

static inline void kit_golden(struct kit *k, const char *want, const char *name, const char *file,
                              int line)
{
	const char *have;

	buf_u8(&k->out, 0);
	have = (const char *)k->out.data;
	kit_report(!strcmp(have, want), name, file, line);
	if (strcmp(have, want))
		printf("---- have\n%s---- want\n%s----\n", have, want);
	k->out.size = 0;
}
#define GOLDEN(k, want, name) kit_golden(k, want, name, __FILE__, __LINE__)

static inline uint32_t kit_map(const struct kit *k, const char *name)
{
	uint32_t i;

	for (i = 0; i < k->o->nr_maps; i++)
		if (!strcmp(k->o->maps[i].name, name))
			return i;
	printf("Bail out! the sample has no map %s\n", name);
	exit(1);
}

static inline struct timespec kit_now(void)
{
	return (struct timespec){ .tv_sec = 1795000000,
		                  .tv_nsec = 123456789 }; /* 2026-11-18 11:06:40 UTC */
}

/* A new plan; the options set before stay. */
static inline void kit_plan(struct kit *k)
{
	render_free(k->p);
	if (render_open(k->o, &k->opts, &k->p, &k->e)) {
		printf("Bail out! %s\n", k->e.problem);
		exit(1);
	}
}

static inline void kit_open(struct kit *k, const char *dir)
{
	char path[640];

	*k = (struct kit){ .dir = dir };
	snprintf(path, sizeof(path), "%s/render_sample.bpf.o", dir);
	if (object_open_file(path, &k->o, &k->e) || catalog_open_builtin(&k->c, &k->e)) {
		printf("Bail out! %s\n", k->e.problem);
		exit(1);
	}
	k->opts = (struct render_options){ .cpus = CPUS, .machine = "x86_64", .catalog = k->c };
	kit_plan(k);
}

static inline void kit_close(struct kit *k)
{
	render_free(k->p);
	catalog_free(k->c);
	object_free(k->o);
	buf_free(&k->out);
	buf_free(&k->keys);
	buf_free(&k->values);
}

/* One more entry: @value as it stands on CPU 0; others get @other or zeros. */
static inline void kit_entry(struct kit *k, const void *key, uint32_t key_size, const void *value,
                             const void *other, uint32_t size, bool per_cpu)
{
	uint32_t stride = (size + 7) & ~7u, cpu;

	buf_add(&k->keys, key, key_size);
	for (cpu = 0; cpu < (per_cpu ? CPUS : 1); cpu++) {
		buf_add(&k->values, cpu == 0 ? value : cpu == 2 ? other : NULL, size);
		if (per_cpu)
			buf_add(&k->values, NULL, stride - size);
	}
	k->in.n++;
	k->in.key_size = key_size;
	k->in.value_size = per_cpu ? stride * CPUS : size;
}

/* Show @map with the entries so far, and forget them. */
static inline void kit_show(struct kit *k, const char *map)
{
	k->in.keys = k->keys.data;
	k->in.values = k->values.data;
	if (render_map(k->p, kit_map(k, map), &k->in, kit_now(), &k->out, &k->e))
		buf_printf(&k->out, "error: %s\n", k->e.problem);
	k->keys.size = k->values.size = 0;
	k->in = (struct render_entries){ 0 };
}

/* As BPF programs see it (include/abide/program.h). */
struct hist {
	uint64_t count, sum, slots[64];
};

static inline void kit_hist(struct hist *h, uint64_t value, uint64_t times)
{
	unsigned slot = value ? 63 - (unsigned)__builtin_clzll(value) : 0;

	h->slots[slot] += times;
	h->count += times;
	h->sum += value * times;
}

void test_hist(struct kit *k);
void test_table(struct kit *k);
void test_event(struct kit *k);
void test_hostile(struct kit *k);
void test_program(struct kit *k);

#endif
