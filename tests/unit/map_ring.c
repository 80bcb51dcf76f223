/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Rings and perf event arrays: layout, order, wrap-around, when a record does not fit, when the
 * reader is woken, writers that die at the worst moments, and junk in the memory.
 */
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>

#include "map_kit.h"
#include "process/ring.h"

#define SIZE 4096u

static const struct process_map_def ring_def = { .name = "ring", .type = BPF_MAP_TYPE_RINGBUF, .max_entries = SIZE };

struct seen {
	uint32_t nr, sizes[600];
	uint64_t firsts[600];
	int stop_at; /* record after which the callback says stop */
};

static int see(void *ctx, const void *data, uint32_t size)
{
	struct seen *s = ctx;

	if (s->nr < 600) {
		s->sizes[s->nr] = size;
		s->firsts[s->nr] = 0;
		memcpy(&s->firsts[s->nr], data, size < 8 ? size : 8);
	}
	s->nr++;
	return s->stop_at && (int)s->nr == s->stop_at ? -77 : 0;
}

static int write_one(struct process_map *m, uint64_t what, uint32_t size)
{
	uint8_t record[SIZE] = { 0 };

	memcpy(record, &what, 8);
	return process_ring_output(m, record, size, 0, 0);
}

static void layout(void)
{
	struct process_map *m = make_map(&ring_def);
	struct seen s = { 0 };
	uint64_t *a, *b;
	uint32_t *header;

	a = process_ring_reserve(m, 13, 0, 3);
	b = process_ring_reserve(m, 16, 0, 3);
	check(a && b && (uint8_t *)b - (uint8_t *)a == 24, "a record of 13 bytes takes 8 + 16");
	header = (uint32_t *)a - 2;
	check(header[0] == (13 | BPF_RINGBUF_BUSY_BIT), "header 0x%x", header[0]);
	check(header[1] == (uint32_t)gettid(), "the writer's id, %u", header[1]);
	check(process_ring_query(m, BPF_RB_AVAIL_DATA) == 48, "both are reserved");
	check(process_ring_query(m, BPF_RB_RING_SIZE) == SIZE, "size");
	*a = 1;
	*b = 2;
	process_ring_submit(m, b, 0);
	check(process_ring_consume(m, see, &s) == 0 && s.nr == 0, "the first one is busy: nothing to read");
	process_ring_submit(m, a, 0);
	check(header[0] == 13, "submitted: 0x%x", header[0]);
	check(process_ring_consume(m, see, &s) == 2 && s.sizes[0] == 13 && s.sizes[1] == 16, "both, in order");
	check(s.firsts[0] == 1 && s.firsts[1] == 2, "contents");
	check(process_ring_query(m, BPF_RB_CONS_POS) == 48 && process_ring_query(m, BPF_RB_PROD_POS) == 48, "positions");
	a = process_ring_reserve(m, 8, 0, 0);
	*a = 3;
	process_ring_discard(m, a, 0);
	write_one(m, 4, 8);
	s.nr = 0;
	check(process_ring_consume(m, see, &s) == 1 && s.firsts[0] == 4, "a discarded one is not shown");
	check(process_ring_lost(m) == 0, "and is not lost");
	write_one(m, 5, 8);
	write_one(m, 6, 8);
	write_one(m, 7, 8);
	s.nr = 0;
	s.stop_at = 2;
	check(process_ring_consume(m, see, &s) == -77 && s.nr == 2, "the callback stops it");
	s.nr = 0;
	s.stop_at = 0;
	check(process_ring_consume(m, see, &s) == 1 && s.firsts[0] == 7, "what was shown is gone, the rest is there");
	process_map_close(m);
	verdict("ring: layout, order, discard");
}

static void limits(void)
{
	struct process_map *m = make_map(&ring_def);
	struct seen s = { 0 };
	uint8_t bytes[8] = { 0 };
	uint32_t n;

	check(!process_ring_reserve(m, SIZE - 7, 0, 0), "more than the ring");
	/* as in the kernel: a ring is never filled to the last byte */
	check(!process_ring_reserve(m, SIZE - 8, 0, 0), "exactly the ring");
	check(!process_ring_reserve(m, UINT64_MAX, 0, 0), "a size that would overflow");
	check(!process_ring_reserve(m, UINT32_MAX, 0, 0), "a size that would overflow 32 bits");
	check(process_ring_lost(m) == 4, "4 are lost, not %llu", (unsigned long long)process_ring_lost(m));
	check(!process_ring_reserve(m, 8, 1, 0), "flags");
	check(!process_ring_reserve(m, 8, 0, PROCESS_SLOTS), "no such slot");
	check(process_ring_output(m, bytes, 8, 4, 0) == -EINVAL, "flags of output");
	for (n = 0; write_one(m, n, 24) == 0; n++)
		continue;
	check(n == SIZE / 32 - 1, "%u records fit", n);
	check(write_one(m, n, 16) == 0, "a smaller one still fits");
	check(write_one(m, n, 0) == -EAGAIN, "then nothing does");
	check(process_ring_lost(m) == 6, "6 are lost, not %llu", (unsigned long long)process_ring_lost(m));
	check(process_ring_consume(m, see, &s) == (int)SIZE / 32, "all that was written is read");
	check(write_one(m, 1, 0) == 0 && process_ring_consume(m, see, &s) == 1, "an empty record is one");
	process_map_close(m);
	verdict("ring: what does not fit");
}

static void wrap(void)
{
	struct process_map *m = make_map(&ring_def);
	uint64_t next = 0, expected = 0;
	uint32_t n, i, last = 0;
	struct seen s;

	kit_seed = 11;
	for (n = 0; n < 5000; n++) {
		for (i = below(40); i; i--) {
			uint32_t size = 8 + below(300);
			uint64_t *record = process_ring_reserve(m, size, 0, 0);

			if (!record)
				break;
			/* all of it, so that what is mapped twice is seen to be the same */
			memset(record, (int)next, size);
			record[0] = next++;
			process_ring_submit(m, record, 0);
		}
		memset(&s, 0, sizeof(s));
		process_ring_consume(m, see, &s);
		for (i = 0; i < s.nr; i++)
			check(s.firsts[i] == expected + i, "record %u of round %u", i, n);
		expected += s.nr;
		last = n;
	}
	check(expected == next && last == 4999, "%llu of %llu", (unsigned long long)expected, (unsigned long long)next);
	check(process_ring_query(m, BPF_RB_PROD_POS) > 100 * SIZE, "the ring went round many times");
	process_map_close(m);
	verdict("ring: records of all sizes, many times round");
}

static uint32_t wakes;

static void wake(void *ctx)
{
	wakes += *(uint32_t *)ctx;
}

static uint32_t woken(void)
{
	uint32_t n = wakes;

	wakes = 0;
	return n;
}

static void wake_ups(void)
{
	struct process_map *m = make_map(&ring_def);
	struct seen s = { 0 };
	uint64_t bytes = 1;
	uint32_t one = 1;
	void *a, *b;

	process_map_on_wake(m, wake, &one);
	write_one(m, 1, 8);
	check(woken() == 0, "nobody sleeps");
	process_ring_consume(m, see, &s);
	process_ring_wait(m, true);
	write_one(m, 1, 8);
	check(woken() == 1, "a reader that has read all and sleeps is woken");
	write_one(m, 1, 8);
	check(woken() == 0, "once");
	process_ring_wait(m, true);
	write_one(m, 1, 8);
	check(woken() == 0, "not by a record that it has not come to");
	process_ring_output(m, &bytes, 8, BPF_RB_FORCE_WAKEUP, 0);
	check(woken() == 1, "but by force");
	process_ring_consume(m, see, &s);
	process_ring_wait(m, true);
	process_ring_output(m, &bytes, 8, BPF_RB_NO_WAKEUP, 0);
	check(woken() == 0, "a writer may do without");
	process_ring_consume(m, see, &s);
	/* the reader has come to a record that is busy: its submission wakes, not that of the one behind */
	a = process_ring_reserve(m, 8, 0, 0);
	b = process_ring_reserve(m, 8, 0, 0);
	check(process_ring_consume(m, see, &s) == 0, "busy");
	process_ring_submit(m, b, 0);
	check(woken() == 0, "the second one is behind a busy one");
	process_ring_submit(m, a, 0);
	check(woken() == 1, "the first one is what the reader waits for");
	process_ring_wait(m, false);
	process_ring_consume(m, see, &s);
	a = process_ring_reserve(m, 8, 0, 0);
	process_ring_wait(m, true);
	process_ring_discard(m, a, BPF_RB_FORCE_WAKEUP);
	check(woken() == 1, "discarding wakes too");
	process_map_close(m);
	verdict("ring: who is woken, and when");
}

/* In another process, which ends at once afterwards, without a word. */
static void in_dying_process(struct process_map *m, void (*fn)(struct process_map *m, uint32_t slot), uint32_t slot)
{
	pid_t pid = fork();

	if (!pid) {
		fn(m, slot);
		_exit(0);
	}
	waitpid(pid, NULL, 0);
}

static void leave_busy(struct process_map *m, uint32_t slot)
{
	process_ring_reserve(m, 40, 0, slot);
}

/* As if killed between the reservation and the header. */
static void leave_blank(struct process_map *m, uint32_t slot)
{
	struct ring_intent *intent = ring_intent(m, slot);
	struct ring_write *w = ring_write(m);

	intent->tid = (uint32_t)gettid();
	intent->position = w->position;
	w->position += 48;
}

static int consume_for(struct process_map *m, struct seen *s, int ms)
{
	const struct timespec nap = { 0, 20000000 };
	int all = 0;

	for (; ms > 0; ms -= 20) {
		all += process_ring_consume(m, see, s);
		nanosleep(&nap, NULL);
	}
	return all;
}

static void deaths(void)
{
	struct process_map *m = make_map(&ring_def);
	struct ring_intent *intent = ring_intent(m, 9);
	struct seen s = { 0 };
	uint64_t *mine;

	in_dying_process(m, leave_busy, 1);
	write_one(m, 1, 8);
	check(process_ring_consume(m, see, &s) == 0, "one is patient at first");
	in_dying_process(m, leave_blank, 2);
	write_one(m, 2, 8);
	in_dying_process(m, leave_blank, 1);
	in_dying_process(m, leave_blank, 2);
	check(consume_for(m, &s, 3800) == 2 && s.firsts[0] == 1 && s.firsts[1] == 2, "%u records behind the dead ones", s.nr);
	check(process_ring_query(m, BPF_RB_AVAIL_DATA) == 0, "nothing is left");
	check(process_ring_lost(m) == 3, "the last two were one gap: %llu", (unsigned long long)process_ring_lost(m));
	/* writers that live are waited for, whatever state their record is in */
	s.nr = 0;
	mine = process_ring_reserve(m, 8, 0, 0);
	intent->tid = (uint32_t)getppid();
	intent->position = ring_write(m)->position;
	ring_write(m)->position += 16;
	in_dying_process(m, leave_blank, 2);
	write_one(m, 4, 8);
	check(consume_for(m, &s, 1300) == 0, "a busy record of a living writer is not skipped");
	*mine = 3;
	process_ring_submit(m, mine, 0);
	check(consume_for(m, &s, 1300) == 1 && s.firsts[0] == 3, "nor a reserved one");
	*ring_header(m, intent->position) = ring_pack(0, (uint32_t)getppid());
	check(consume_for(m, &s, 1300) == 2 && s.firsts[2] == 4, "it comes, and what is behind it");
	process_map_close(m);
	verdict("ring: writers that died hold up nobody, living ones are waited for");
}

static void junk(void)
{
	struct process_map *m = make_map(&ring_def);
	struct seen s = { 0 };
	uint32_t n, i;

	kit_seed = 21;
	for (n = 0; n < 20000; n++) {
		uint64_t *words = (uint64_t *)(void *)ring_read(m);

		switch (below(5)) {
		case 0:
			ring_write(m)->position = below(2) ? mix(&kit_seed) : below(3 * SIZE);
			break;
		case 1:
			words[below(2)] = below(2) ? mix(&kit_seed) : below(3 * SIZE);
			break;
		default:
			for (i = below(20); i; i--)
				*ring_header(m, 8 * below(SIZE / 8)) = below(2) ? mix(&kit_seed) : ring_pack(below(500), 1);
		}
		write_one(m, n, below(600));
		if (below(2))
			process_ring_output(m, &n, 4, 0, below(PROCESS_SLOTS));
		check(process_ring_consume(m, see, &s) >= 0, "no error");
		s.nr = 0;
	}
	/* and it works again once nobody interferes, but for what the reader has to throw away first */
	memset(ring_read(m), 0, 4096);
	ring_read(m)->position = ring_write(m)->position = 0;
	process_ring_consume(m, see, &s);
	s.nr = 0;
	for (n = 0; n < 10; n++) {
		write_one(m, 5, 8);
		process_ring_consume(m, see, &s);
	}
	check(s.nr == 10 && s.firsts[9] == 5, "%u of 10", s.nr);
	process_map_close(m);
	verdict("ring: junk in its memory harms nobody");
}

static void perf(void)
{
	struct process_map_def def = { "perf", BPF_MAP_TYPE_PERF_EVENT_ARRAY, 4, 4, 2, 0 };
	struct process_map *m = make_map(&def);
	uint8_t *large = calloc(1, 1 << 17);
	struct seen s = { 0 };
	uint32_t one = 1, n;
	uint64_t v = 9;

	process_map_on_wake(m, wake, &one);
	process_ring_wait(m, true);
	check(process_perf_output(m, BPF_F_CURRENT_CPU, &v, 8, 0) == 0 && woken() == 1, "this CPU");
	check(process_perf_output(m, 1, &v, 8, 1) == 0, "CPU 1");
	check(process_perf_output(m, 2, &v, 8, 0) == -E2BIG, "a CPU that the array does not have");
	check(process_perf_output(m, UINT64_C(1) << 40, &v, 8, 0) == -EINVAL, "flags");
	check(process_perf_output(m, 0, large, 1 << 16, 0) == -E2BIG, "too large");
	check(process_ring_consume(m, see, &s) == 2 && s.firsts[1] == 9 && s.sizes[1] == 8, "both are read");
	for (n = 0; process_perf_output(m, BPF_F_CURRENT_CPU, large, 60000, 0) == 0; n++)
		continue;
	check(n == 8, "%u large ones fit", n);
	check(process_perf_output(m, BPF_F_CURRENT_CPU, large, 60000, 0) == -ENOSPC, "no room");
	check(process_ring_lost(m) == 2, "counted");
	check(!process_ring_reserve(m, 8, 0, 0) && process_ring_output(m, &v, 8, 0, 0) == -EINVAL, "it is no ring buffer");
	free(large);
	process_map_close(m);
	m = make_map(&ring_def);
	check(process_perf_output(m, 0, &v, 8, 0) == -EINVAL, "a ring buffer is no perf event array");
	process_map_close(m);
	verdict("perf event array");
}

int main(void)
{
	layout();
	limits();
	wrap();
	wake_ups();
	deaths();
	junk();
	perf();
	return kit_bad != 0;
}
