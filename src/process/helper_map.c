/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Helpers of maps and rings: from registers to map.h. The map is the address of a struct
 * process_map, which the program got from its linker; the slot is the run's.
 *
 * Records that a program has reserved are kept in its run: a run that ends before its time (a
 * budget spent in a loop) must not leave a ring that waits for ever, and submit is handed a
 * record without its map.
 */
#include <errno.h>

#include "process/helper.h"
#include "process/map.h"

static struct process_map *map_of(uint64_t r)
{
	return helper_pointer(r);
}

uint64_t helper_map_lookup_elem(HELPER_ARGS)
{
	HELPER_UNUSED;
	return (uint64_t)(uintptr_t)process_map_lookup(map_of(r1), helper_pointer(r2), run->slot);
}

uint64_t helper_map_update_elem(HELPER_ARGS)
{
	HELPER_UNUSED;
	return helper_error(process_map_update(map_of(r1), helper_pointer(r2), helper_pointer(r3),
	                                       r4, run->slot));
}

uint64_t helper_map_delete_elem(HELPER_ARGS)
{
	HELPER_UNUSED;
	return helper_error(process_map_delete(map_of(r1), helper_pointer(r2)));
}

/* (map, key, cpu): here a CPU is a slot. */
uint64_t helper_map_lookup_percpu_elem(HELPER_ARGS)
{
	HELPER_UNUSED;
	if ((uint32_t)r3 >= PROCESS_SLOTS)
		return 0;
	return (uint64_t)(uintptr_t)process_map_lookup_slot(map_of(r1), helper_pointer(r2),
	                                                    (uint32_t)r3);
}

uint64_t helper_map_push_elem(HELPER_ARGS)
{
	HELPER_UNUSED;
	return helper_error(process_map_push(map_of(r1), helper_pointer(r2), r3));
}

uint64_t helper_map_pop_elem(HELPER_ARGS)
{
	HELPER_UNUSED;
	return helper_error(process_map_pop(map_of(r1), helper_pointer(r2)));
}

uint64_t helper_map_peek_elem(HELPER_ARGS)
{
	HELPER_UNUSED;
	return helper_error(process_map_peek(map_of(r1), helper_pointer(r2)));
}

struct each {
	struct process_run *run;
	uint64_t map, function, data;
};

static int each_element(void *ctx, const void *key, void *value)
{
	struct each *x = ctx;
	uint64_t stop = process_callback(x->run, x->function, x->map, (uint64_t)(uintptr_t)key,
	                                 (uint64_t)(uintptr_t)value, x->data, 0);

	return stop || process_stopped(x->run);
}

/* (map, callback, data, flags): how many elements were visited. */
uint64_t helper_for_each_map_elem(HELPER_ARGS)
{
	struct each x = { run, r1, r2, r3 };

	HELPER_UNUSED;
	if (r4)
		return helper_error(-EINVAL);
	return (uint64_t)process_map_for_each(map_of(r1), run->slot, each_element, &x);
}

uint64_t helper_ringbuf_output(HELPER_ARGS)
{
	HELPER_UNUSED;
	return helper_error(process_ring_output(map_of(r1), helper_pointer(r2), r3, r4,
	                                        run->slot));
}

uint64_t helper_ringbuf_reserve(HELPER_ARGS)
{
	void *sample;

	HELPER_UNUSED;
	if (run->nr_records == PROCESS_RECORDS)
		return 0;
	sample = process_ring_reserve(map_of(r1), r2, r3, run->slot);
	if (sample)
		run->records[run->nr_records++] = (struct process_record){ map_of(r1), sample };
	return (uint64_t)(uintptr_t)sample;
}

/* The map of a record, which the run no longer keeps; most programs have one at a time. */
static struct process_map *take_record(struct process_run *run, const void *sample)
{
	uint32_t i = run->nr_records;
	struct process_map *m;

	while (i--) {
		if (run->records[i].sample != sample)
			continue;
		m = run->records[i].map;
		run->records[i] = run->records[--run->nr_records];
		return m;
	}
	return NULL;
}

uint64_t helper_ringbuf_submit(HELPER_ARGS)
{
	struct process_map *m = take_record(run, helper_pointer(r1));

	HELPER_UNUSED;
	if (m)
		process_ring_submit(m, helper_pointer(r1), r2);
	return 0;
}

uint64_t helper_ringbuf_discard(HELPER_ARGS)
{
	struct process_map *m = take_record(run, helper_pointer(r1));

	HELPER_UNUSED;
	if (m)
		process_ring_discard(m, helper_pointer(r1), r2);
	return 0;
}

void process_give_up(struct process_run *run)
{
	while (run->nr_records) {
		struct process_record *r = &run->records[--run->nr_records];

		process_ring_discard(r->map, r->sample, BPF_RB_NO_WAKEUP);
	}
}

uint64_t helper_ringbuf_query(HELPER_ARGS)
{
	HELPER_UNUSED;
	return process_ring_query(map_of(r1), r2);
}

/* (ctx, map, flags, data, size) */
uint64_t helper_perf_event_output(HELPER_ARGS)
{
	HELPER_UNUSED;
	return helper_error(process_perf_output(map_of(r2), r3, helper_pointer(r4), r5,
	                                        run->slot));
}
