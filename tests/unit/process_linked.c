/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * process_linked [PROGRAMS [SEED]]: random programs as an application runs them: verified, then
 * linked with real maps and real helpers (but those that are another each time), by what the
 * verifier knows. One copy of the application interprets, another, with maps of its own at
 * other addresses, runs native code: r0, how it ended, what maps hold and rings delivered must be the
 * same. Pointers of the application's data may be junk.
 */
#include <signal.h>

#include "process/link.h"
#include "process/map.h"
#include "verify_gen.h"

#define INPUTS 3
#define BUDGET 20000

struct side {
	struct env env; /* typed data and memory; its maps are not used */
	struct process_map *maps[ENV_MAPS];
	uint64_t clock;
};

static struct side home, away;
static uint64_t number, seed, nr_accepted, nr_runs, nr_junk;
static char problem[200];

static void on_fault(int sig)
{
	char text[160];
	int n = snprintf(text, sizeof(text), "not ok - signal %d in program %llu of seed %llu\n", sig, (unsigned long long)number,
	                 (unsigned long long)seed);

	if (write(STDOUT_FILENO, text, (size_t)n) < 0)
		_exit(3);
	_exit(1);
}

static void open_maps(struct side *s)
{
	struct abide_error e = { 0 };
	int i, fd, err;

	for (i = 0; i < ENV_MAPS; i++) {
		const struct verify_map *v = &env_maps[i];
		struct process_map_def def = { .type = v->type, .key_size = v->key_size, .value_size = v->value_size,
			                       .max_entries = v->max_entries, .flags = v->flags };
		uint32_t key = 0;

		snprintf(def.name, sizeof(def.name), "%s", v->name);
		if (v->type == BPF_MAP_TYPE_HASH) /* elements come in the same order */
			def.flags |= BPF_F_ZERO_SEED;
		if (v->frozen)
			def.flags |= BPF_F_RDONLY_PROG;
		err = process_map_create(&def, &fd, &e);
		if (!err)
			err = process_map_open(fd, &def, &s->maps[i], &e);
		if (!err && v->frozen && !process_map_update(s->maps[i], &key, v->frozen, BPF_ANY, 0))
			err = process_map_freeze(s->maps[i], fd, &e);
		if (err) {
			printf("not ok - map %s: %s %s\n", v->name, e.problem, e.reason);
			exit(1);
		}
		close(fd);
	}
}

static int forget(void *ctx, const void *data, uint32_t size)
{
	uint64_t *sum = ctx;
	const uint8_t *p = data;

	*sum = *sum * 31 + size;
	while (size--)
		*sum = *sum * 31 + *p++;
	return 0;
}

/* Both sides alike, for the same @with. */
static void reset(struct side *s, uint64_t with, bool memory)
{
	static const uint64_t junk[] = { 0, 16, UINT64_C(0x8000000000000010), UINT64_C(0xffff888000000000), UINT64_C(0x7ffffffff000) };
	uint64_t x = with * 77 + 1, value[8], key, none;
	uint8_t *values;
	uint32_t k, stride;

	env_reset(&s->env, with, memory);
	s->clock = with;
	for (k = 0; k < ENV_MAPS; k++) {
		if (env_maps[k].frozen || (env_maps[k].type != BPF_MAP_TYPE_ARRAY && env_maps[k].type != BPF_MAP_TYPE_PERCPU_ARRAY))
			continue;
		values = process_map_values(s->maps[k], &stride);
		env_fill(values, (size_t)stride * env_maps[k].max_entries, &x);
	}
	while (!process_map_next_key(s->maps[ENV_HASH], NULL, &key))
		process_map_delete(s->maps[ENV_HASH], &key);
	for (k = 0; k < 4; k++) {
		env_fill(value, sizeof(value), &x);
		key = k < 2 ? k : env_edge(&x);
		process_map_update(s->maps[ENV_HASH], &key, value, BPF_ANY, 0);
	}
	while (!process_map_pop(s->maps[ENV_QUEUE], &none))
		;
	process_map_push(s->maps[ENV_QUEUE], &x, 0);
	process_ring_consume(s->maps[ENV_RING], forget, &none);
	if (env_next(&x) % 3)
		return;
	/* a pointer that leads nowhere, in both */
	nr_junk++;
	key = junk[env_next(&x) % (sizeof(junk) / sizeof(junk[0]))];
	if (env_next(&x) & 1)
		s->env.root->leaf = (struct env_leaf *)(uintptr_t)key;
	else
		s->env.leaf[0].next = (struct env_leaf *)(uintptr_t)key;
	if (!(env_next(&x) & 3))
		s->env.ctx[0] = key;
}

/* A hash of all that maps hold. */
static uint64_t contents(struct side *s)
{
	uint64_t sum = 1, key, last, v;
	uint8_t value[64];
	uint32_t k, stride;
	bool first = true;

	for (k = 0; k < ENV_MAPS; k++)
		if (env_maps[k].type == BPF_MAP_TYPE_ARRAY || env_maps[k].type == BPF_MAP_TYPE_PERCPU_ARRAY) {
			uint8_t *values = process_map_values(s->maps[k], &stride);

			forget(&sum, values, stride * env_maps[k].max_entries);
		}
	while (!process_map_next_key(s->maps[ENV_HASH], first ? NULL : &last, &key)) {
		process_map_read(s->maps[ENV_HASH], &key, value);
		forget(&sum, &key, 8);
		forget(&sum, value, env_maps[ENV_HASH].value_size);
		last = key;
		first = false;
	}
	while (!process_map_pop(s->maps[ENV_QUEUE], &v))
		forget(&sum, &v, 8);
	process_ring_consume(s->maps[ENV_RING], forget, &sum);
	return sum;
}

/* In the place of clocks, random numbers and CPUs. */
static uint64_t steady(uint64_t r1, uint64_t r2, uint64_t r3, uint64_t r4, uint64_t r5, struct process_run *run)
{
	struct side *s = run->user;

	(void)r1, (void)r2, (void)r3, (void)r4, (void)r5;
	return (uint32_t)env_next(&s->clock);
}

static const struct process_helpers *helpers(void)
{
	static const int unsteady[] = { BPF_FUNC_ktime_get_ns, BPF_FUNC_ktime_get_boot_ns, BPF_FUNC_ktime_get_coarse_ns,
		                        BPF_FUNC_ktime_get_tai_ns, BPF_FUNC_jiffies64, BPF_FUNC_get_prandom_u32,
		                        BPF_FUNC_get_smp_processor_id, BPF_FUNC_get_numa_node_id };
	static struct process_helper table[256];
	static struct process_helpers all = { table, 256 };
	size_t i;

	memcpy(table, process_helpers()->table, process_helpers()->nr * sizeof(*table));
	for (i = 0; i < sizeof(unsteady) / sizeof(unsteady[0]); i++)
		table[unsteady[i]] = (struct process_helper){ .fn = steady, .name = "steady", .wants_run = true };
	return &all;
}

static struct process_program *link_it(const struct random_program *r, struct side *s, const struct verify_result *v, bool native,
                                       const struct process_compile_options *o)
{
	struct link_input in = { .insns = r->insns, .nr_insns = r->nr, .facts = v->facts, .maps = s->maps, .nr_maps = ENV_MAPS,
		                 .helpers = helpers(), .interpret = true };
	struct process_program *p;
	struct abide_error e = { 0 };

	if (process_link(&in, &p, &e) || (native && process_compile(p, o, &e))) {
		snprintf(problem, sizeof(problem), "not linked: %.150s", e.problem);
		return NULL;
	}
	return p;
}

static bool run_both(const struct process_program *here, const struct process_program *there, bool memory, uint64_t with)
{
	struct process_run run = { .budget = BUDGET, .user = &home }, native = { .budget = BUDGET, .user = &away, .native = true };
	uint64_t r0, got, is, want;

	reset(&home, with, memory);
	reset(&away, with, memory);
	nr_runs++;
	r0 = process_interpret(here, &run, memory ? (uintptr_t)home.env.memory : (uintptr_t)home.env.ctx, memory ? KIT_PAGE : 0);
	got = process_entry(there)(memory ? (uintptr_t)away.env.memory : (uintptr_t)away.env.ctx, memory ? KIT_PAGE : 0, 0, 0, 0, &native);
	want = contents(&home);
	is = contents(&away);
	if (got == r0 && native.status == run.status && is == want && !run.nr_records && !native.nr_records &&
	    !memcmp(home.env.memory, away.env.memory, KIT_PAGE))
		return true;
	snprintf(problem, sizeof(problem), "r0 %llx, not %llx; status %d, not %d; maps %s; records left %u %u; input %llu", (unsigned long long)got,
	         (unsigned long long)r0, native.status, run.status, is == want ? "agree" : "differ", run.nr_records, native.nr_records,
	         (unsigned long long)with);
	return false;
}

static bool one(struct random_program *r)
{
	struct draw how = { .state = r->d.state ^ 0x5555 };
	struct verify_input in = { .name = "random", .insns = r->insns, .types = env_types, .nr_types = 2, .maps = env_maps,
		                   .nr_maps = ENV_MAPS, .args = env_args, .nr_args = 4 };
	struct process_compile_options o = { .rotate = draw(&how, 2) ? 0 : draw(&how, 10), .no_bmi2 = draw(&how, 2), .far = !draw(&how, 4) };
	struct process_program *here, *there = NULL;
	struct verify_result *v;
	struct abide_error e = { 0 };
	bool good = true;
	int k;

	r->d.state = r->d.state * 0x9e3779b97f4a7c15u | 1;
	if (!gen_program(r, draw(&how, 3) ? 0 : 20 + draw(&how, 40)))
		return true;
	in.nr_insns = r->nr;
	if (verify_program(&in, false, &v, &e))
		return true;
	nr_accepted++;
	here = link_it(r, &home, v, false, NULL);
	if (here)
		there = link_it(r, &away, v, true, &o);
	good = here && there;
	for (k = 0; good && k < INPUTS; k++)
		good = run_both(here, there, false, draw(&how, 100000));
	if (!good) {
		printf("not ok - program %llu of seed %llu, turned %u: %s\n", (unsigned long long)number, (unsigned long long)seed, o.rotate,
		       problem);
		kit_list(r->insns, r->nr);
	}
	process_program_free(here);
	process_program_free(there);
	verify_result_free(v);
	return good;
}

int main(int argc, char **argv)
{
	uint64_t nr = argc > 1 ? strtoull(argv[1], NULL, 0) : 5000;
	static struct random_program r;

#if !defined(__x86_64__)
	printf("skip - random programs with maps on both engines: this machine has one engine\n");
	return 0;
#endif
	seed = argc > 2 ? strtoull(argv[2], NULL, 0) : 1;
	env_init(&home.env);
	env_init(&away.env);
	open_maps(&home);
	open_maps(&away);
	signal(SIGSEGV, on_fault); /* for faults that are not the programs' */
	signal(SIGBUS, on_fault);
	signal(SIGILL, on_fault);
	signal(SIGFPE, on_fault);
	for (number = 0; number < nr; number++) {
		r.d = (struct draw){ .state = (seed * 0x9e3779b97f4a7c15u + number + 1) * 0xbf58476d1ce4e5b9u | 1 };
		if (!one(&r))
			return 1;
	}
	printf("ok - %llu random programs with maps, %llu accepted: %llu runs are the same on both engines, %llu with junk, seed %llu\n",
	       (unsigned long long)nr, (unsigned long long)nr_accepted, (unsigned long long)nr_runs, (unsigned long long)nr_junk / 2,
	       (unsigned long long)seed);
	return 0;
}
