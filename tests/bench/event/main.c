/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * bench-event OBJECT LTTNG: what a site of events costs, off and on, with the programs of exec/maps.bpf.c, from the
 * application's code to the program's end; a USDT probe in the same loop, through the kernel; and (the command LTTNG) the
 * same record by LTTng-UST. Each is measured in turns on one pinned CPU, the least of many rounds, by this thread's CPU
 * time. "missed" is a figure, not a failure.
 */
#include <abide/event.h>
#include <dlfcn.h>
#include <errno.h>
#include <link.h>
#include <linux/perf_event.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
#if __has_include(<sys/sdt.h>)
#include <sys/sdt.h>
#define HAVE_SDT
#endif

#include "cli/exec_maps.h"
#include "event/event.h"
#include "object/object.h"
#include "process/link.h"
#include "process/verify.h"
#include "promise.h"

#define ROUNDS 61
#define RUNS   4000
#define OFF    400000 /* of a loop whose site is off: a cycle or two each */

DEFINE_EVENT_USER(bench, off, ARG_USER_NUMBER(uint64_t, a), ARG_USER_NUMBER(uint64_t, b));
DEFINE_EVENT_USER(bench, on, ARG_USER_NUMBER(uint64_t, a), ARG_USER_NUMBER(uint64_t, b), ARG_USER_NUMBER(uint64_t, c),
		  ARG_USER_NUMBER(uint64_t, d));

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

/* The loops: what stands in them is all that they differ in; they begin where the machine fetches (rules-event.mk). */
#define LOOP(name, n, ...)                                                                       \
	static __attribute__((noinline)) double name(void)                                       \
	{                                                                                        \
		double start = now();                                                            \
		uint64_t i;                                                                      \
                                                                                                 \
		for (i = 0; i < (n); i++) {                                                      \
			__asm__ volatile("" : "+r"(i) : : "memory");                             \
			__VA_ARGS__;                                                             \
		}                                                                                \
		return (now() - start) / (n);                                                    \
	}
LOOP(loop_bare, OFF, (void)0)
LOOP(loop_off, OFF, EVENT_USER(bench, off, i, i))
LOOP(loop_on, RUNS, EVENT_USER(bench, on, i & 1023, 20, 3, 4))
LOOP(loop_clock, RUNS, struct timespec t; clock_gettime(CLOCK_MONOTONIC, &t))

static double least(double (*loop)(void), double best)
{
	double ns = loop();

	return ns < best ? ns : best;
}

struct bench {
	const char *name;
	struct exec_code code;
	struct exec_maps maps;
	struct event_program event;
	double ns;
};

static int prepare(const struct object *o, struct bench *b, struct abide_error *e)
{
	struct verify_input check = { .name = b->name, .nr_args = 4 };
	struct verify_arg args[4] = { { 0 } };
	struct verify_result *verified = NULL;
	struct process_program *program = NULL;
	struct link_input in;
	int err = exec_link(o, b->name, &b->code, e);

	if (!err)
		err = exec_maps_open(&b->code, &b->maps, e);
	if (err)
		return err;
	check.insns = b->code.insns;
	check.nr_insns = b->code.nr;
	check.args = args;
	check.maps = b->maps.verify;
	check.nr_maps = b->maps.nr;
	err = verify_program(&check, false, &verified, e);
	if (err)
		return err;
	in = (struct link_input){ .insns = b->code.insns, .nr_insns = b->code.nr, .facts = verified->facts, .maps = b->maps.maps,
				  .nr_maps = b->maps.nr };
	err = process_link(&in, &program, e);
	b->event.program = program;
	/* as a session has it: rings want one, too, and only arrays do not */
	b->event.slots = b->maps.nr ? b->maps.slots : NULL;
	b->ns = 1e18;
	verify_result_free(verified);
	return err;
}

static int forget(void *ctx, const void *data, uint32_t size)
{
	(void)ctx;
	(void)data;
	(void)size;
	return 0;
}

/* One round; all events must have run. */
static int measure(struct bench *b, struct abide_error *e)
{
	struct event_counts counts;
	struct event_link *link;
	uint32_t i;
	int err;

	for (i = 0; i < b->maps.nr; i++) /* rings begin empty */
		if (b->maps.maps[i] && process_map_def(b->maps.maps[i])->type == BPF_MAP_TYPE_RINGBUF)
			process_ring_consume(b->maps.maps[i], forget, NULL);
	err = event_attach("bench", "on", NULL, &b->event, &link, e);
	if (err)
		return err;
	EVENT_USER(bench, on, 1, 20, 3, 4); /* the thread's record, its slot */
	b->ns = least(loop_on, b->ns);
	event_detach(link, &counts);
	if (counts.runs != RUNS + 1 || counts.missed)
		return error_set(e, -EIO, "", "%s: %llu runs, not %u", b->name, (unsigned long long)counts.runs, RUNS + 1);
	return 0;
}

#ifdef HAVE_SDT
static __attribute__((noinline)) void usdt(uint64_t a, uint64_t b)
{
	DTRACE_PROBE2(bench, on, a, b);
}
LOOP(loop_usdt, RUNS, usdt(i, 20))

static int main_base(struct dl_phdr_info *info, size_t size, void *base)
{
	(void)size;
	*(uintptr_t *)base = info->dlpi_addr;
	return 1; /* the executable comes first */
}

/* A counter on the probe's nop, by perf_event_open: a descriptor, or -errno. */
static int usdt_open(void)
{
	struct perf_event_attr attr = { .size = sizeof(attr) };
	const uint8_t *at = (const uint8_t *)(uintptr_t)usdt;
	uintptr_t base = 0;
	int i, fd;
	FILE *f = fopen("/sys/bus/event_source/devices/uprobe/type", "re");

	if (!f)
		return -ENOENT;
	i = fscanf(f, "%u", &attr.type);
	fclose(f);
	/* before the nop there is at most endbr64 */
	at += !memcmp(at, "\xf3\x0f\x1e\xfa", 4) ? 4 : 0;
	if (i != 1 || *at != 0x90)
		return -ENOTSUP;
	dl_iterate_phdr(main_base, &base);
	attr.config1 = (uint64_t)(uintptr_t)"/proc/self/exe";
	/* text is mapped where it is in the file: the linker's default for this machine */
	attr.config2 = (uint64_t)((uintptr_t)at - base);
	fd = (int)syscall(SYS_perf_event_open, &attr, 0, -1, -1, PERF_FLAG_FD_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

static void compare_usdt(double on)
{
	double off = 1e18, ns = 1e18;
	uint64_t count = 0;
	int k, fd;

	for (k = 0; k < ROUNDS; k++)
		off = least(loop_usdt, off);
	fd = usdt_open();
	if (fd < 0) {
		remark("a USDT probe through the kernel: not here: %s", strerror(-fd));
		return;
	}
	for (k = 0; k < ROUNDS / 4; k++)
		ns = least(loop_usdt, ns);
	if (read(fd, &count, sizeof(count)) != sizeof(count) || count != (uint64_t)(ROUNDS / 4) * RUNS)
		remark("a USDT probe: %llu of %u hits were counted: no figure", (unsigned long long)count,
		       ROUNDS / 4 * RUNS);
	else
		remark("a USDT probe through the kernel, a count: %.0f ns, %.0f times ours", ns - off, (ns - off) / on);
	close(fd);
}
#else
static void compare_usdt(double on)
{
	(void)on;
	remark("a USDT probe: not measured: no <sys/sdt.h> (systemtap-sdt-dev)");
}
#endif

/* @command prints "ns N", or why it has no figure. @ours: the record, its clock read with it. */
static void compare_lttng(const char *command, double ours)
{
	char line[200] = "";
	double ns;
	FILE *f = popen(command, "re");

	if (f && !fgets(line, sizeof(line), f))
		line[0] = 0;
	if (f)
		pclose(f);
	line[strcspn(line, "\n")] = 0;
	if (sscanf(line, "ns %lf", &ns) == 1)
		remark("the same record by LTTng-UST (a snapshot session):\n"
		       "          %.0f ns, %.1f times ours with its clock read (%.1f ns)", ns, ns / ours, ours);
	else
		remark("LTTng-UST: not measured: %s", *line ? line : "its bench cannot be started");
}

int main(int argc, char **argv)
{
	struct promises p = { 0 };
	enum { NOTHING, FILTER, COUNTER, LATENCY, RECORD, NR };
	static struct bench b[NR] = { { .name = "nothing" }, { .name = "filter" }, { .name = "counter" }, { .name = "latency" },
				      { .name = "record" } };
	double bare = 1e18, off = 1e18, clock = 1e18;
	struct abide_error e = { 0 };
	struct object *o = NULL;
	cpu_set_t set;
	int k, i, err;

	if (argc != 3) {
		fprintf(stderr, "usage: bench-event OBJECT LTTNG\n");
		return 2;
	}
	CPU_ZERO(&set);
	CPU_SET(sched_getcpu(), &set);
	sched_setaffinity(0, sizeof(set), &set);
	err = object_open_file(argv[1], &o, &e);
	for (i = 0; !err && i < NR; i++)
		err = prepare(o, &b[i], &e);
	for (k = 0; !err && k < ROUNDS; k++) {
		bare = least(loop_bare, bare);
		off = least(loop_off, off);
		clock = least(loop_clock, clock);
		for (i = 0; !err && i < NR; i++)
			err = measure(&b[i], &e);
	}
	if (err) {
		fprintf(stderr, "bench-event: %s\n", e.problem);
		return 1;
	}
	printf("Sites of events, the loop without them taken off (clock_gettime: %.2f ns)\n\n", clock);
	promise(&p, "off", off - bare, 0.3, " ns", NULL);
	promise(&p, "an empty program", b[NOTHING].ns - bare, 6, " ns", NULL);
	promise(&p, "a filter of ten instructions, rejects", b[FILTER].ns - bare, 10, " ns", NULL);
	promise(&p, "a per-CPU counter", b[COUNTER].ns - bare, 8, " ns", NULL);
	promise(&p, "a log2 histogram, over its clock read", b[LATENCY].ns - bare - clock, 12, " ns", NULL);
	promise(&p, "a 32-byte record, over its clock read", b[RECORD].ns - bare - clock, 30, " ns", NULL);
	setvbuf(stdout, NULL, _IOLBF, 0);
	compare_usdt(b[NOTHING].ns - bare);
	compare_lttng(argv[2], b[RECORD].ns - bare);
	promises_total(&p, 0);
	for (i = 0; i < NR; i++) {
		process_program_free((struct process_program *)(uintptr_t)b[i].event.program);
		exec_maps_close(&b[i].maps);
		exec_code_free(&b[i].code);
	}
	object_free(o);
	return 0;
}
