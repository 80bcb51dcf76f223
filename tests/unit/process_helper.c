/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Every helper of helpers.def, called by a program on both engines, with the kernel's results
 * and errors; that each row has been called is checked at the end. Programs are linked with real maps
 * and buffers of this process; nobody verifies them, as what is tested is what helpers do.
 */
#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>

#include "process/link.h"
#include "process/map.h"
#include "process/trace.h"
#include "process_kit.h"

static unsigned int nr_failed, nr_checks;
static bool native;        /* which engine */
static bool called[2][256]; /* rows that ran, by engine */

static void check(bool good, const char *what, const char *detail)
{
	nr_checks++;
	if (good)
		return;
	printf("not ok - %s (%s, %s)\n", what, detail, native ? "native code" : "interpreter");
	nr_failed++;
}

#define MOV(d, v)     INSN(BPF_ALU64 | BPF_MOV | BPF_K, d, 0, 0, v)
#define MOVR(d, s)    INSN(BPF_ALU64 | BPF_MOV | BPF_X, d, s, 0, 0)
#define ADD(d, v)     INSN(BPF_ALU64 | BPF_ADD | BPF_K, d, 0, 0, v)
#define EXIT          INSN(BPF_JMP | BPF_EXIT, 0, 0, 0, 0)
#define HELPER(n)     INSN(BPF_JMP | BPF_CALL, 0, 0, 0, n)
#define LD64(d, v)    INSN(BPF_LD | BPF_IMM | BPF_DW, d, 0, 0, v), INSN(0, 0, 0, 0, (uint64_t)(v) >> 32)
#define LDMAP(d, n)   INSN(BPF_LD | BPF_IMM | BPF_DW, d, BPF_PSEUDO_MAP_FD, 0, n), INSN(0, 0, 0, 0, 0)
#define LDFUNC(d, to) INSN(BPF_LD | BPF_IMM | BPF_DW, d, BPF_PSEUDO_FUNC, 0, to), INSN(0, 0, 0, 0, 0)
#define LEN(a)        (sizeof(a) / sizeof((a)[0]))

enum { ARRAY, HASH, PERCPU, QUEUE, STACK, RING, PERF, PROGS, STACKS, TRACE, NR_MAPS };

static const struct process_map_def defs[NR_MAPS] = {
	[ARRAY] = { "array", BPF_MAP_TYPE_ARRAY, 4, 16, 5, 0 },
	[HASH] = { "hash", BPF_MAP_TYPE_HASH, 8, 8, 4, 0 },
	[PERCPU] = { "percpu", BPF_MAP_TYPE_PERCPU_ARRAY, 4, 24, 3, 0 },
	[QUEUE] = { "queue", BPF_MAP_TYPE_QUEUE, 0, 8, 2, 0 },
	[STACK] = { "stack", BPF_MAP_TYPE_STACK, 0, 8, 2, 0 },
	[RING] = { "ring", BPF_MAP_TYPE_RINGBUF, 0, 0, 4096, 0 },
	[PERF] = { "perf", BPF_MAP_TYPE_PERF_EVENT_ARRAY, 4, 4, 8, 0 },
	[PROGS] = { "progs", BPF_MAP_TYPE_PROG_ARRAY, 4, 4, 4, 0 },
	[STACKS] = { "stacks", BPF_MAP_TYPE_STACK_TRACE, 4, 64, 64, 0 },
	[TRACE] = { "trace", BPF_MAP_TYPE_RINGBUF, 0, 0, 65536, 0 },
};

static struct process_map *maps[NR_MAPS];
static struct process_run run;

static void open_maps(void)
{
	struct abide_error e = { 0 };
	int i, fd;

	for (i = 0; i < NR_MAPS; i++) {
		process_map_close(maps[i]);
		maps[i] = NULL;
		if (process_map_create(&defs[i], &fd, &e) || process_map_open(fd, &defs[i], &maps[i], &e)) {
			printf("not ok - map %s: %s %s\n", defs[i].name, e.problem, e.reason);
			exit(1);
		}
		close(fd);
	}
}

static struct process_program *link_it(const struct bpf_insn *insns, uint32_t nr, const struct verify_fact *facts)
{
	struct link_input in = {
		.insns = insns, .nr_insns = nr, .facts = facts, .maps = maps, .nr_maps = NR_MAPS, .trace = maps[TRACE]
	};
	struct process_program *p;
	struct abide_error e = { 0 };

	if (process_link(&in, &p, &e)) {
		printf("not ok - a program is not linked: %s\n", e.problem);
		kit_list(insns, nr);
		exit(1);
	}
	return p;
}

static uint64_t run_it(const struct process_program *p, uint64_t r1)
{
	const struct process_region *none = NULL;

	run.budget = 1000000;
	run.regions = none;
	/* as firing does it: native code directly */
	if (!native || !process_entry(p))
		return process_interpret(p, &run, r1, 0);
	run.native = true;
	return process_entry(p)(r1, 0, 0, 0, 0, &run);
}

static uint64_t execute(const struct bpf_insn *insns, uint32_t nr, const struct verify_fact *facts, uint64_t r1)
{
	struct process_program *p = link_it(insns, nr, facts);
	uint64_t r0 = run_it(p, r1);
	uint32_t i;

	for (i = 0; i < nr; i++) {
		if (insns[i].code == (BPF_JMP | BPF_CALL) && !insns[i].src_reg)
			called[native][insns[i].imm] = true;
		i += insns[i].code == (BPF_LD | BPF_IMM | BPF_DW);
	}
	process_program_free(p);
	return r0;
}

#define EXECUTE(r1, ...) \
	execute((const struct bpf_insn[]){ __VA_ARGS__ }, LEN(((const struct bpf_insn[]){ __VA_ARGS__ })), NULL, r1)

/* A call with five values; @map: in r1 (or -1). */
static int64_t call(int helper, int map, uint64_t a1, uint64_t a2, uint64_t a3, uint64_t a4, uint64_t a5)
{
	struct bpf_insn insns[] = { LD64(1, a1), LD64(2, a2), LD64(3, a3), LD64(4, a4), LD64(5, a5), HELPER(helper), EXIT };

	if (map >= 0) {
		insns[0].src_reg = BPF_PSEUDO_MAP_FD;
		insns[0].imm = map;
		insns[1].imm = 0;
	}
	return (int64_t)execute(insns, LEN(insns), NULL, 0);
}

#define P(x)             ((uint64_t)(uintptr_t)(x))
#define CALL(h, ...)     CALL_(h, -1, ##__VA_ARGS__, 0, 0, 0, 0, 0)
#define CALL_(h, m, a, b, c, d, e, ...) call(BPF_FUNC_##h, m, a, b, c, d, e)
#define MAPCALL(h, m, ...) MAPCALL_(h, m, ##__VA_ARGS__, 0, 0, 0, 0)
#define MAPCALL_(h, m, b, c, d, e, ...) call(BPF_FUNC_##h, m, 0, b, c, d, e)

static void equal(int64_t got, int64_t want, const char *what)
{
	char text[80];

	snprintf(text, sizeof(text), "%lld, not %lld", (long long)got, (long long)want);
	check(got == want, what, text);
}

static void test_maps(void)
{
	uint32_t k = 3, far = 5;
	uint64_t key = 77, value[2] = { 111, 222 }, *at;
	int64_t v;

	equal(MAPCALL(map_lookup_elem, ARRAY, P(&far)), 0, "an index that is too large");
	equal(MAPCALL(map_update_elem, ARRAY, P(&k), P(value), BPF_ANY), 0, "an array's value is set");
	at = (uint64_t *)(uintptr_t)MAPCALL(map_lookup_elem, ARRAY, P(&k));
	check(at && at[0] == 111 && at[1] == 222, "an array's value is found", "");
	equal(MAPCALL(map_update_elem, ARRAY, P(&far), P(value), BPF_ANY), -E2BIG, "update behind the end");
	equal(MAPCALL(map_update_elem, ARRAY, P(&k), P(value), BPF_NOEXIST), -EEXIST, "update of what is there");
	equal(MAPCALL(map_delete_elem, ARRAY, P(&k)), -EINVAL, "arrays forget nothing");
	equal(MAPCALL(map_lookup_elem, HASH, P(&key)), 0, "a key that is not there");
	equal(MAPCALL(map_update_elem, HASH, P(&key), P(value), BPF_EXIST), -ENOENT, "update of what is not there");
	equal(MAPCALL(map_update_elem, HASH, P(&key), P(value), BPF_NOEXIST), 0, "a new key");
	at = (uint64_t *)(uintptr_t)MAPCALL(map_lookup_elem, HASH, P(&key));
	check(at && *at == 111, "a hash's value is found", "");
	equal(MAPCALL(map_delete_elem, HASH, P(&key)), 0, "a key is deleted");
	equal(MAPCALL(map_delete_elem, HASH, P(&key)), -ENOENT, "and is gone");
	k = 1;
	run.slot = 7;
	at = (uint64_t *)(uintptr_t)MAPCALL(map_lookup_elem, PERCPU, P(&k));
	check(at && !at[0], "a slot's value begins with zeros", "");
	if (at)
		at[2] = 4711;
	run.slot = 8;
	check(P(at) != (uint64_t)MAPCALL(map_lookup_elem, PERCPU, P(&k)), "another slot has another value", "");
	at = (uint64_t *)(uintptr_t)MAPCALL(map_lookup_percpu_elem, PERCPU, P(&k), 7);
	check(at && at[2] == 4711, "the value of a slot by its number", "");
	equal(MAPCALL(map_lookup_percpu_elem, PERCPU, P(&k), PROCESS_SLOTS), 0, "a slot that there is not");
	run.slot = 0;
	equal(MAPCALL(map_peek_elem, QUEUE, P(&v)), -ENOENT, "peek at an empty queue");
	for (key = 1; key <= 2; key++) {
		equal(MAPCALL(map_push_elem, QUEUE, P(&key), 0), 0, "push");
		equal(MAPCALL(map_push_elem, STACK, P(&key), 0), 0, "push on a stack");
	}
	equal(MAPCALL(map_push_elem, QUEUE, P(&key), 0), -E2BIG, "push on a full queue");
	equal(MAPCALL(map_peek_elem, QUEUE, P(&v)), 0, "peek");
	equal(v, 1, "the first of a queue");
	equal(MAPCALL(map_pop_elem, STACK, P(&v)), 0, "pop");
	equal(v, 2, "the last of a stack");
	equal(MAPCALL(map_pop_elem, QUEUE, P(&v)), 0, "pop of a queue");
	equal(v, 1, "what was pushed first");
}

static int count_record(void *ctx, const void *data, uint32_t size)
{
	uint64_t *sum = ctx, v = 0;

	memcpy(&v, data, size < 8 ? size : 8);
	*sum = *sum * 1000 + v;
	return 0;
}

static uint64_t consume(int map)
{
	uint64_t sum = 0;

	process_ring_consume(maps[map], count_record, &sum);
	return sum;
}

static void test_rings(void)
{
	uint64_t v = 42;
	int64_t r;

	equal(MAPCALL(ringbuf_output, RING, P(&v), 8, 0), 0, "ringbuf_output");
	equal(MAPCALL(ringbuf_output, RING, P(&v), 8, 8), -EINVAL, "ringbuf_output with an unknown flag");
	equal(MAPCALL(ringbuf_output, RING, P(&v), 8000, 0), -EAGAIN, "a record that is larger than the ring");
	equal(MAPCALL(ringbuf_query, RING, BPF_RB_RING_SIZE), 4096, "ringbuf_query");
	equal(MAPCALL(ringbuf_query, RING, 99), 0, "ringbuf_query of nothing");
	equal((int64_t)consume(RING), 42, "the record");
	/* a program that fills in a record of its own, and one that changes its mind */
	r = (int64_t)EXECUTE(0, LDMAP(1, RING), MOV(2, 16), MOV(3, 0), HELPER(BPF_FUNC_ringbuf_reserve),
	                     INSN(BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 5, 0), INSN(BPF_ST | BPF_MEM | BPF_DW, 0, 0, 0, 7), MOVR(1, 0),
	                     MOV(2, 0), HELPER(BPF_FUNC_ringbuf_submit), MOV(0, 1), EXIT);
	equal(r, 1, "ringbuf_reserve");
	EXECUTE(0, LDMAP(1, RING), MOV(2, 16), MOV(3, 0), HELPER(BPF_FUNC_ringbuf_reserve), INSN(BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 4, 0),
	        INSN(BPF_ST | BPF_MEM | BPF_DW, 0, 0, 0, 8), MOVR(1, 0), MOV(2, 0), HELPER(BPF_FUNC_ringbuf_discard), EXIT);
	equal(run.nr_records, 0, "no record is left over");
	equal((int64_t)consume(RING), 7, "the submitted record, and not the discarded one");
	equal(MAPCALL(ringbuf_reserve, RING, 16, 1), 0, "ringbuf_reserve with a flag");
	/* a budget that ends between reserve and submit: the record is given back, and others pass */
	EXECUTE(0, LDMAP(1, RING), MOV(2, 16), MOV(3, 0), HELPER(BPF_FUNC_ringbuf_reserve), INSN(BPF_JMP | BPF_JA, 0, 0, -1, 0), MOV(0, 0),
	        EXIT);
	check(run.status == PROCESS_BUDGET, "a loop without end is ended", "");
	run.status = PROCESS_DONE;
	equal(run.nr_records, 0, "its record is given up");
	v = 43;
	equal(MAPCALL(ringbuf_output, RING, P(&v), 8, 0), 0, "the ring goes on");
	equal((int64_t)consume(RING), 43, "behind a record that was given up");
	v = 99;
	equal(EXECUTE(0, MOV(1, 0), LDMAP(2, PERF), LD64(3, BPF_F_CURRENT_CPU), LD64(4, P(&v)), MOV(5, 8),
	              HELPER(BPF_FUNC_perf_event_output), EXIT),
	      0, "perf_event_output");
	equal((int64_t)consume(PERF), 99, "its record");
}

static void near(uint64_t got, clockid_t clock, const char *what)
{
	struct timespec t;
	uint64_t now;

	clock_gettime(clock, &t);
	now = (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
	check(got <= now && now - got < 60000000000u, what, "a minute off");
}

static void test_task(void)
{
	char name[16], want[16];
	uint64_t tick_ns, a, b;
	struct timespec tick;
	int i, ups = 0;

	near((uint64_t)CALL(ktime_get_ns), CLOCK_MONOTONIC, "ktime_get_ns");
	near((uint64_t)CALL(ktime_get_boot_ns), CLOCK_BOOTTIME, "ktime_get_boot_ns");
	near((uint64_t)CALL(ktime_get_coarse_ns), CLOCK_MONOTONIC_COARSE, "ktime_get_coarse_ns");
	near((uint64_t)CALL(ktime_get_tai_ns), CLOCK_TAI, "ktime_get_tai_ns");
	clock_getres(CLOCK_MONOTONIC_COARSE, &tick);
	tick_ns = (uint64_t)tick.tv_nsec;
	a = (uint64_t)CALL(jiffies64);
	near((a - (uint32_t)(0 - 300 * (1000000000u / tick_ns))) * tick_ns, CLOCK_MONOTONIC_COARSE, "jiffies64");
	for (i = 0; i < 16; i++) {
		a = (uint64_t)CALL(get_prandom_u32);
		b = (uint64_t)CALL(get_prandom_u32);
		ups += a != b;
		check(a <= UINT32_MAX, "get_prandom_u32 has 32 bits", "");
	}
	check(ups > 12, "get_prandom_u32 is another each time", "");
	a = (uint64_t)CALL(get_smp_processor_id);
	check(a < (uint64_t)sysconf(_SC_NPROCESSORS_CONF), "get_smp_processor_id", "");
	check((uint64_t)CALL(get_numa_node_id) < 1024, "get_numa_node_id", "");
	equal(CALL(get_current_pid_tgid), (int64_t)((uint64_t)getpid() << 32 | (uint64_t)gettid()), "get_current_pid_tgid");
	equal(CALL(get_current_uid_gid), (int64_t)((uint64_t)getgid() << 32 | getuid()), "get_current_uid_gid");
	prctl(PR_GET_NAME, want);
	memset(name, 1, sizeof(name));
	equal(CALL(get_current_comm, P(name), 16), 0, "get_current_comm");
	check(!strcmp(name, want), "the name", name);
	memset(name, 1, sizeof(name));
	equal(CALL(get_current_comm, P(name), 4), 0, "get_current_comm in 4 bytes");
	check(!memcmp(name, want, 3) && !name[3] && name[4] == 1, "the name is cut", "");
}

/* The child is another process: what the run keeps is the parent's. */
static void test_fork(void)
{
	pid_t child;
	int status = 0;

	CALL(get_current_pid_tgid);
	fflush(stdout);
	child = fork();
	if (!child)
		_exit(CALL(get_current_pid_tgid) != (int64_t)((uint64_t)getpid() << 32 | (uint64_t)gettid()));
	check(child > 0 && waitpid(child, &status, 0) == child && !status, "get_current_pid_tgid in a child", "");
}

static void *other_thread(void *want)
{
	/* a run of its own, as each thread has */
	struct process_run own = { .budget = 1000, .native = true };
	struct process_program *p = link_it((const struct bpf_insn[]){ HELPER(BPF_FUNC_get_current_pid_tgid), EXIT }, 2, NULL);

	*(uint64_t *)want = (native && process_entry(p) ? process_entry(p)(0, 0, 0, 0, 0, &own) : process_interpret(p, &own, 0, 0)) ==
	                    ((uint64_t)getpid() << 32 | (uint64_t)gettid());
	process_program_free(p);
	return NULL;
}

static void test_threads(void)
{
	uint64_t good = 0;
	pthread_t t;

	check(!pthread_create(&t, NULL, other_thread, &good) && !pthread_join(t, NULL) && good, "get_current_pid_tgid of another thread", "");
}

static void test_loops(void)
{
	uint64_t sum = 0;
	uint32_t k;

	/* callback(index, ctx): *ctx += index; return index == 4 */
	equal(EXECUTE(P(&sum), MOVR(3, 1), MOV(1, 10), LDFUNC(2, 4), MOV(4, 0), HELPER(BPF_FUNC_loop), EXIT,
	              INSN(BPF_LDX | BPF_MEM | BPF_DW, 3, 2, 0, 0), INSN(BPF_ALU64 | BPF_ADD | BPF_X, 3, 1, 0, 0),
	              INSN(BPF_STX | BPF_MEM | BPF_DW, 2, 3, 0, 0), MOV(0, 0), INSN(BPF_JMP | BPF_JNE | BPF_K, 1, 0, 1, 4), MOV(0, 1), EXIT),
	      5, "loop ends when its function says so");
	check(sum == 0 + 1 + 2 + 3 + 4, "loop hands over index and context", "");
	for (k = 0; k < 5; k++) {
		uint64_t value[2] = { k + 1, 0 };

		MAPCALL(map_update_elem, ARRAY, P(&k), P(value), BPF_ANY);
	}
	sum = 0;
	/* callback(map, key, value, ctx): *ctx += *value * 16 + *key */
	equal(EXECUTE(P(&sum), MOVR(3, 1), LDMAP(1, ARRAY), LDFUNC(2, 4), MOV(4, 0), HELPER(BPF_FUNC_for_each_map_elem), EXIT,
	              INSN(BPF_LDX | BPF_MEM | BPF_DW, 5, 3, 0, 0), INSN(BPF_ALU64 | BPF_LSH | BPF_K, 5, 0, 0, 4),
	              INSN(BPF_LDX | BPF_MEM | BPF_W, 0, 2, 0, 0), INSN(BPF_ALU64 | BPF_ADD | BPF_X, 5, 0, 0, 0),
	              INSN(BPF_LDX | BPF_MEM | BPF_DW, 0, 4, 0, 0), INSN(BPF_ALU64 | BPF_ADD | BPF_X, 0, 5, 0, 0),
	              INSN(BPF_STX | BPF_MEM | BPF_DW, 4, 0, 0, 0), MOV(0, 0), EXIT),
	      5, "for_each_map_elem");
	equal((int64_t)sum, (1 + 2 + 3 + 4 + 5) * 16 + 0 + 1 + 2 + 3 + 4, "it hands over key, value and context");
	equal(EXECUTE(P(&sum), MOVR(3, 1), LDMAP(1, ARRAY), LDFUNC(2, 4), MOV(4, 1), HELPER(BPF_FUNC_for_each_map_elem), EXIT, MOV(0, 0), EXIT),
	      -EINVAL, "for_each_map_elem with a flag");
}

static void test_tail_calls(void)
{
	static const struct process_program *programs[3];
	struct link_session session = { programs, 3 };
	const struct bpf_insn caller[] = { LDMAP(2, PROGS), MOV(3, 0), HELPER(BPF_FUNC_tail_call), MOV(0, 5), EXIT },
	                      first[] = { MOV(0, 11), EXIT }, second[] = { MOV(0, 22), EXIT };
	struct link_input in = { .maps = maps, .nr_maps = NR_MAPS, .session = &session, .context = 1 };
	struct process_program *p[3] = { 0 };
	struct abide_error e = { 0 };
	uint32_t k = 0, id;
	int i;

	for (i = 0; i < 3; i++) {
		in.insns = i == 0 ? caller : i == 1 ? first : second;
		in.nr_insns = i == 0 ? LEN(caller) : 2;
		in.context = i == 2 ? 9 : 1;
		in.interpret = !native;
		if (process_link(&in, &p[i], &e)) {
			check(false, "programs of a session", e.problem);
			return;
		}
		programs[i] = p[i];
	}
	called[native][BPF_FUNC_tail_call] = true;
	equal((int64_t)run_it(p[0], 0), 5, "a tail call of an empty slot goes on");
	id = 1;
	check(!process_map_update(maps[PROGS], &k, &id, BPF_ANY, 0), "a slot is filled", "");
	equal((int64_t)run_it(p[0], 0), 11, "a tail call");
	id = 2;
	process_map_update(maps[PROGS], &k, &id, BPF_ANY, 0);
	equal((int64_t)run_it(p[0], 0), 5, "a program with another context is not called");
	id = 7;
	process_map_update(maps[PROGS], &k, &id, BPF_ANY, 0);
	equal((int64_t)run_it(p[0], 0), 5, "nor one that is not there");
	id = 0;
	process_map_update(maps[PROGS], &k, &id, BPF_ANY, 0);
	equal((int64_t)run_it(p[0], 0), 5, "a program that calls itself does so 33 times");
	equal(run.tail_calls, PROCESS_TAIL_CALLS, "and then goes on");
	for (i = 0; i < 3; i++)
		process_program_free(p[i]);
}

static void test_probes(void)
{
	static const int reads[] = { BPF_FUNC_probe_read, BPF_FUNC_probe_read_user, BPF_FUNC_probe_read_kernel };
	static const int strings[] = { BPF_FUNC_probe_read_str, BPF_FUNC_probe_read_user_str, BPF_FUNC_probe_read_kernel_str };
	static const char source[32] = "a text that is there";
	uint8_t *page = kit_page();
	char to[40];
	int i;

	for (i = 0; i < 3; i++) {
		memset(to, 1, sizeof(to));
		equal(call(reads[i], -1, P(to), 20, P(source), 0, 0), 0, "probe_read");
		check(!memcmp(to, source, 20) && to[20] == 1, "what was read", "");
		equal(call(reads[i], -1, P(to), 20, 8, 0, 0), -EFAULT, "probe_read of nothing");
		check(!to[0] && !to[19] && to[20] == 1, "an error leaves zeros", "");
		memset(to, 1, sizeof(to));
		equal(call(reads[i], -1, P(to), 20, P(page + KIT_PAGE - 10), 0, 0), -EFAULT, "probe_read across the end of a page");
		check(!to[0] && !to[19] && to[20] == 1, "half of it is no data", "");
		equal(call(reads[i], -1, P(to), 0, 8, 0, 0), 0, "probe_read of no bytes");
		memset(to, 1, sizeof(to));
		equal(call(strings[i], -1, P(to), 32, P(source), 0, 0), 21, "probe_read_str");
		check(!strcmp(to, source) && !to[31] && to[32] == 1, "the text, and zeros behind it", "");
		memset(to, 1, sizeof(to));
		equal(call(strings[i], -1, P(to), 7, P(source), 0, 0), 7, "probe_read_str in few bytes");
		check(!strcmp(to, "a text") && to[7] == 1, "the text is cut", "");
		equal(call(strings[i], -1, P(to), 7, 16, 0, 0), -EFAULT, "probe_read_str of nothing");
		check(!to[0] && !to[6], "an error leaves no text", "");
		equal(call(strings[i], -1, P(to), 1, 16, 0, 0), -EFAULT, "one byte of nothing");
		equal(call(strings[i], -1, P(to), 0, 16, 0, 0), 0, "no bytes of nothing");
		memset(page + KIT_PAGE - 4, 'x', 4);
		equal(call(strings[i], -1, P(to), 7, P(page + KIT_PAGE - 4), 0, 0), -EFAULT, "a text that runs off its page");
		equal(call(strings[i], -1, P(to), 4, P(page + KIT_PAGE - 4), 0, 0), 4, "and its part that is there");
		page[KIT_PAGE - 1] = 0;
		equal(call(strings[i], -1, P(to), 7, P(page + KIT_PAGE - 4), 0, 0), 4, "a text that ends with its page");
	}
	munmap(page - KIT_PAGE, 3 * KIT_PAGE);
}

static void number(bool is_signed, const char *text, uint64_t flags, int64_t result, int64_t value)
{
	int64_t out = 77;
	char what[100];

	snprintf(what, sizeof(what), "%s of \"%s\", flags %llu", is_signed ? "strtol" : "strtoul", text, (unsigned long long)flags);
	equal(call(is_signed ? BPF_FUNC_strtol : BPF_FUNC_strtoul, -1, P(text), strlen(text), flags, P(&out), 0), result, what);
	equal(out, value, what);
}

static void test_numbers(void)
{
	number(true, "123", 0, 3, 123);
	number(true, "  -42 ", 10, 5, -42);
	number(true, "0x1fz", 0, 4, 31);
	number(true, "0x", 0, 1, 0);
	number(true, "077", 0, 3, 63);
	number(true, "0x20", 16, 4, 32);
	number(true, "9223372036854775807", 0, 19, INT64_MAX);
	number(true, "9223372036854775808", 0, -ERANGE, 0);
	number(true, "-9223372036854775808", 0, 20, INT64_MIN);
	number(true, "-9223372036854775809", 0, -ERANGE, 0);
	number(true, "99999999999999999999", 0, -ERANGE, 0);
	number(true, "x", 0, -EINVAL, 0);
	number(true, "  ", 0, -EINVAL, 0);
	number(true, "-", 0, -EINVAL, 0);
	number(true, "8", 8, -EINVAL, 0);
	number(true, "1", 7, -EINVAL, 0);
	number(true, "1", 42, -EINVAL, 0);
	number(false, "18446744073709551615", 0, 20, -1);
	number(false, "18446744073709551616", 0, -ERANGE, 0);
	number(false, "-1", 0, -EINVAL, 0);
	number(false, "017", 0, 3, 15);
	equal(CALL(strncmp, P("abc"), 3, P("abd")), -1, "strncmp: less");
	equal(CALL(strncmp, P("abd"), 3, P("abc")), 1, "strncmp: more");
	equal(CALL(strncmp, P("abcx"), 3, P("abcy")), 0, "strncmp: as far as it looks");
	equal(CALL(strncmp, P("ab"), 3, P("ab")), 0, "strncmp: the same");
	equal(CALL(strncmp, P("\xff"), 1, P("a")), 1, "strncmp: bytes have no sign");
}

static void format(const char *text, int64_t result, const char *f, const uint64_t *args, uint32_t nr)
{
	char out[64];

	memset(out, 1, sizeof(out));
	equal(CALL(snprintf, P(out), sizeof(out), P(f), P(args), nr * 8), result, f);
	if (result > 0)
		check(!strcmp(out, text), f, out);
	else
		check(!out[0] && !out[63], f, "an error leaves no text");
}

#define FORMAT(text, f, ...)                                                                       \
	format(text, (int64_t)strlen(text) + 1, f, (const uint64_t[]){ __VA_ARGS__ }, LEN(((const uint64_t[]){ __VA_ARGS__ })))
#define NO_FORMAT(f, ...) format("", -EINVAL, f, (const uint64_t[]){ __VA_ARGS__ }, LEN(((const uint64_t[]){ __VA_ARGS__ })))

static void test_formats(void)
{
	static const uint8_t four[4] = { 127, 0, 0, 1 }, six[16] = { 0x20, 1, 0xd, 0xb8, [15] = 1 };
	uint64_t args[3] = { 1, 2, 3 };
	char out[16];

	FORMAT("1 2", "%d %d", 1, 2);
	FORMAT("-1 4294967295", "%i %u", (uint64_t)-1, (uint64_t)-1);
	FORMAT("ff FF", "%x %X", 0xff, 0xff);
	FORMAT("-1 18446744073709551615", "%ld %llu", (uint64_t)-1, (uint64_t)-1);
	FORMAT("ffffffffffffffff", "%lx", (uint64_t)-1);
	FORMAT("[   42][42   ][00042]", "[%5d][%-5d][%05d]", 42, 42, 42);
	FORMAT("+7 -07", "%+d %03d", 7, (uint64_t)-7);
	FORMAT("a%b", "%c%%b", 'a');
	FORMAT("hello, world", "%s, %s", P("hello"), P("world"));
	FORMAT("[      text]", "[%10s]", P("text"));
	FORMAT("[]", "[%s]", 8);
	FORMAT("user.", "%pus.", P("user"));
	FORMAT("kernel", "%pks", P("kernel"));
	FORMAT("00000000deadbeef", "%px", 0xdeadbeef);
	FORMAT("0000000000000010 0000000000000020", "%p %pK", 0x10, 0x20);
	FORMAT("127.0.0.1 127.000.000.001", "%pI4 %pi4", P(four), P(four));
	FORMAT("2001:0db8:0000:0000:0000:0000:0000:0001", "%pI6", P(six));
	FORMAT("20010db8000000000000000000000001", "%pi6", P(six));
	FORMAT("0.0.0.0", "%pI4", 4);
	NO_FORMAT("%d %d", 1);
	NO_FORMAT("%f", 1);
	NO_FORMAT("%n", 1);
	NO_FORMAT("%.3d", 1);
	NO_FORMAT("%sx", P("a"));
	NO_FORMAT("%pz", 1);
	NO_FORMAT("%pI5", P(four));
	NO_FORMAT("%", 1);
	NO_FORMAT("%l", 1);
	NO_FORMAT("%hd", 1);
	NO_FORMAT("\x01 %d", 1);
	NO_FORMAT("\xc3\xa4 %d", 1);
	memset(out, 1, sizeof(out));
	equal(CALL(snprintf, P(out), 4, P("%d"), P((const uint64_t[]){ 123456 }), 8), 7, "snprintf says how long the text is");
	check(!strcmp(out, "123") && out[4] == 1, "and cuts it", out);
	equal(CALL(snprintf, 0, 0, P("%d"), P(args), 8), 2, "snprintf into nothing");
	equal(CALL(snprintf, P(out), 8, P("x"), 0, 0), 2, "snprintf of no values");
	equal(CALL(snprintf, P(out), 8, P("%d"), P(args), 7), -EINVAL, "values that are not whole");
	equal(CALL(snprintf, P(out), 8, P("%d"), P(args), 13 * 8), -EINVAL, "too many values");
}

static int keep_line(void *ctx, const void *data, uint32_t size)
{
	struct process_trace *line = ctx;

	memset(line, 0, sizeof(*line));
	memcpy(line, data, size < sizeof(*line) ? size : sizeof(*line));
	return 0;
}

static void test_trace(void)
{
	static const char f[] = "%d and %d and %s", bad[3] = { '%', 'd', ' ' };
	uint64_t args[4] = { 1, 2, P("three"), 4 };
	struct process_trace line;

	equal(CALL(trace_printk, P(f), sizeof(f), 1, 2, P("three")), 17, "trace_printk");
	equal(process_ring_consume(maps[TRACE], keep_line, &line), 1, "one line");
	check(!strcmp(line.text, "1 and 2 and three") && line.length == 17 && line.pid == (uint32_t)getpid() && line.tid == (uint32_t)gettid() &&
	              line.comm[0],
	      "the line", line.text);
	near(line.ns, CLOCK_MONOTONIC, "its time");
	equal(CALL(trace_printk, P(bad), sizeof(bad), 1, 2, 3), -EINVAL, "a format without an end");
	equal(CALL(trace_vprintk, P(f), sizeof(f), P(args), 24), 17, "trace_vprintk");
	equal(process_ring_consume(maps[TRACE], keep_line, &line), 1, "its line");
	check(!strcmp(line.text, "1 and 2 and three"), "the line of trace_vprintk", line.text);
	equal(CALL(trace_vprintk, P(f), sizeof(f), P(args), 20), -EINVAL, "trace_vprintk of parts of values");
	equal(process_ring_consume(maps[TRACE], keep_line, &line), 0, "errors trace nothing");
}

static uint64_t stack[64];
static int64_t stack_size;

/* A @size of 0: get_stackid. */
static __attribute__((noinline)) void fire(uint64_t flags, uint32_t size)
{
	run.frame = __builtin_frame_address(0);
	memset(stack, 1, sizeof(stack));
	stack_size = size ? CALL(get_stack, 0, P(stack), size, flags)
	                  : (int64_t)EXECUTE(0, MOV(1, 0), LDMAP(2, STACKS), LD64(3, flags), HELPER(BPF_FUNC_get_stackid), EXIT);
	run.frame = NULL;
}

/* Functions that call each other, of which each does something behind the call. */
static __attribute__((noinline)) int inner(int n, uint64_t flags, uint32_t size)
{
	volatile int x = n;

	fire(flags, size);
	return x + 1;
}

static __attribute__((noinline)) int outer(int n, uint64_t flags, uint32_t size)
{
	volatile char room[300];

	room[n] = 1;
	return inner(n, flags, size) + room[n];
}

static bool lies_in(uint64_t address, int (*f)(int, uint64_t, uint32_t))
{
	return address > P(f) && address < P(f) + 300;
}

static void test_stacks(void)
{
	outer(3, BPF_F_USER_STACK, sizeof(stack));
#if !defined(__x86_64__)
	/* the caller of the site is all that is known there */
	check(stack_size == 8 && lies_in(stack[0], inner), "get_stack finds the caller", "");
	return;
#endif
	check(stack_size >= 4 * 8, "get_stack finds the functions", "");
	check(lies_in(stack[0], inner) && lies_in(stack[1], outer), "get_stack: callers in their order", "");
	check(!stack[stack_size / 8 % 64], "get_stack: zeros behind them", "");
	outer(3, BPF_F_USER_STACK | 1, sizeof(stack));
	check(lies_in(stack[0], outer), "get_stack leaves out what is to be left out", "");
	outer(3, BPF_F_USER_STACK, 16);
	equal(stack_size, 16, "get_stack of two");
	outer(3, BPF_F_USER_STACK | 200, 16);
	equal(stack_size, -EFAULT, "get_stack that leaves out all");
	outer(3, BPF_F_USER_STACK, 12);
	equal(stack_size, -EINVAL, "get_stack of parts");
	outer(3, 0, 16);
	equal(stack_size, -EOPNOTSUPP, "get_stack of the kernel");
	equal(CALL(get_stack, 0, P(stack), 16, BPF_F_USER_STACK), -EFAULT, "get_stack without a frame");
	check(!stack[0] && !stack[1], "an error leaves zeros", "");
	run.frame = (const void *)8;
	equal(CALL(get_stack, 0, P(stack), 16, BPF_F_USER_STACK), -EFAULT, "get_stack of a frame that is not there");
	run.frame = NULL;
}

static int64_t id_of(int n, uint64_t flags)
{
	outer(n, flags, 0);
	return stack_size;
}

static void test_stack_ids(void)
{
	int64_t ids[2], other;
	volatile uint32_t k; /* one place, so that the callers are the same: nobody unrolls the loop */
	uint32_t key;

	for (k = 0; k < 2; k++)
		ids[k] = id_of(3, BPF_F_USER_STACK);
	check(ids[0] >= 0 && ids[0] < 64, "get_stackid", "");
	equal(ids[1], ids[0], "get_stackid of the same stack");
	key = (uint32_t)ids[0];
	equal(process_map_read(maps[STACKS], &key, stack), 0, "the stack of that id");
	check(lies_in(stack[0], inner), "get_stackid keeps the caller", "");
#if defined(__x86_64__)
	check(lies_in(stack[1], outer), "get_stackid keeps the callers in their order", "");
	other = id_of(3, BPF_F_USER_STACK | BPF_F_REUSE_STACKID | 1);
	check(other >= 0 && other < 64, "get_stackid leaves out what is to be left out", "");
	key = (uint32_t)other;
	equal(process_map_read(maps[STACKS], &key, stack), 0, "another stack");
	check(lies_in(stack[0], outer), "and which one that is", "");
#else
	(void)other;
#endif
	equal(id_of(3, BPF_F_USER_STACK | 200), -EFAULT, "get_stackid that leaves out all");
	equal(id_of(3, BPF_F_USER_STACK | BPF_F_USER_BUILD_ID), -EINVAL, "get_stackid with a flag of get_stack");
	equal(id_of(3, 0), -EOPNOTSUPP, "get_stackid of the kernel");
	equal((int64_t)EXECUTE(0, MOV(1, 0), LDMAP(2, STACKS), LD64(3, BPF_F_USER_STACK), HELPER(BPF_FUNC_get_stackid), EXIT), -EFAULT,
	      "get_stackid without a frame");
}

/* Lookups that native code does in place. */
static void test_in_place(void)
{
	static const int kinds[] = { ARRAY, PERCPU, HASH };
	struct verify_fact facts[12];
	uint32_t key, known, k;
	uint64_t wide;

	for (k = 0; k < LEN(kinds); k++)
		for (key = 0; key < 7; key++)
			for (known = 0; known < 2; known++) {
				int m = kinds[k];
				const struct bpf_insn insns[] = { LDMAP(1, m), LD64(2, P(m == HASH ? (void *)&wide : (void *)&key)),
					                          HELPER(BPF_FUNC_map_lookup_elem), EXIT };
				uint64_t want, got;
				char text[80];

				wide = key;
				if (m == HASH && key < 3) {
					uint64_t v = key;

					process_map_update(maps[m], &wide, &v, BPF_ANY, 0);
				}
				memset(facts, 0, sizeof(facts));
				facts[4] = (struct verify_fact){ .reached = true, .has_map = true, .map = (uint32_t)m };
				if (known && m != HASH && key < defs[m].max_entries) {
					facts[4].key_known = facts[4].key_in_range = true;
					facts[4].key = key;
				}
				run.slot = key % 3;
				want = P(process_map_lookup(maps[m], m == HASH ? (void *)&wide : (void *)&key, run.slot));
				got = execute(insns, LEN(insns), facts, 0);
				snprintf(text, sizeof(text), "map %s key %u", defs[m].name, key);
				check(got == want && (!want) == (m == HASH ? key >= 3 : key >= defs[m].max_entries), "a lookup in place", text);
			}
	run.slot = 0;
}

static void test_refusals(void)
{
	static const struct {
		const char *what;
		struct bpf_insn insns[3];
	} bad[] = {
		{ "a map that is not there", { INSN(BPF_LD | BPF_IMM | BPF_DW, 1, BPF_PSEUDO_MAP_FD, 0, NR_MAPS), INSN(0, 0, 0, 0, 0), EXIT } },
		{ "map -1", { INSN(BPF_LD | BPF_IMM | BPF_DW, 1, BPF_PSEUDO_MAP_FD, 0, -1), INSN(0, 0, 0, 0, 0), EXIT } },
		{ "a map with a second half", { INSN(BPF_LD | BPF_IMM | BPF_DW, 1, BPF_PSEUDO_MAP_FD, 0, 0), INSN(0, 0, 0, 0, 1), EXIT } },
		{ "a value of an array of several", { INSN(BPF_LD | BPF_IMM | BPF_DW, 1, BPF_PSEUDO_MAP_VALUE, 0, ARRAY), INSN(0, 0, 0, 0, 0), EXIT } },
		{ "a value of a hash", { INSN(BPF_LD | BPF_IMM | BPF_DW, 1, BPF_PSEUDO_MAP_VALUE, 0, HASH), INSN(0, 0, 0, 0, 0), EXIT } },
	};
	size_t i;

	for (i = 0; i < LEN(bad); i++) {
		struct link_input in = { .insns = bad[i].insns, .nr_insns = 3, .maps = maps, .nr_maps = NR_MAPS };
		struct abide_error e = { 0 };
		struct process_program *p;

		check(process_link(&in, &p, &e) == -EINVAL && !p && !strcmp(e.tag, "exec-map"), bad[i].what, e.problem);
	}
}

static const struct {
	const char *what;
	void (*test)(void);
} tests[] = {
	{ "maps", test_maps },
	{ "rings and records that are given up", test_rings },
	{ "time, place and identity", test_task },
	{ "identity in a child", test_fork },
	{ "identity in another thread", test_threads },
	{ "loops over numbers and elements", test_loops },
	{ "tail calls in a session", test_tail_calls },
	{ "reads that may fail", test_probes },
	{ "numbers and texts", test_numbers },
	{ "formats", test_formats },
	{ "traced lines", test_trace },
	{ "stacks", test_stacks },
	{ "ids of stacks", test_stack_ids },
	{ "lookups in place", test_in_place },
	{ "references that are refused", test_refusals },
};

int main(void)
{
	static const struct {
		const char *name;
		uint32_t number;
	} rows[] = {
#undef HELPER
#define HELPER(name, ...) { #name, BPF_FUNC_##name },
#include "process/helpers.def"
	};
	unsigned int before;
	size_t i, k;

	for (i = 0; i < LEN(tests); i++) {
		before = nr_failed;
		for (k = 0; k < 2; k++) {
			native = k;
			memset(&run, 0, sizeof(run));
			open_maps();
			tests[i].test();
		}
		printf("%sok - helpers: %s\n", nr_failed > before ? "not " : "", tests[i].what);
	}
	before = nr_failed;
	for (i = 0; i < LEN(rows); i++)
		for (k = 0; k < 2; k++) {
			native = k;
			check(called[k][rows[i].number], "a helper that no test calls", rows[i].name);
		}
	printf("%sok - helpers: every one of %zu has been called on both engines\n", nr_failed > before ? "not " : "", LEN(rows));
	printf("# %u checks\n", nr_checks);
	for (i = 0; i < NR_MAPS; i++)
		process_map_close(maps[i]);
	return nr_failed != 0;
}
