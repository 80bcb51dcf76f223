/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* What control_server does, counted in every way there is: the numbers are compared with its own. */
#include "control_server.user.h"
#include <abide/program.h>

OPTION(u64, only, 0, "a row for each step of this value; 0: none");
OPTION(bool, say, 0, "print each step of the value 1");

struct row {
	u64 value;
	u32 thread;
	s32 round;
	char name[16];
};

COUNTER(steps, "steps");
COUNTER_BY(by_thread, u32, "steps of each thread");
HISTOGRAM(values, "values", "");
COUNTER(ends, "ends");
EVENTS(rows, struct row, "rows");

u64 plain; /* one variable for all threads: only atomics count right */

SEC("tp_user/app:step")
int BPF_PROG(on_step, struct job_user *job, s32 round)
{
	u32 thread = job->thread;
	u64 value = job->value;
	struct row *row;

	count(&steps, 1);
	count_by(&by_thread, &thread, 1);
	hist_add(&values, value);
	__sync_fetch_and_add(&plain, 1);
	if (say && value == 1)
		bpf_printk("thread %u, round %d, value %llu", thread, round, value);
	if (!only || value != only)
		return 0;
	row = event_reserve(&rows);
	if (!row)
		return 0;
	row->value = value;
	row->thread = thread;
	row->round = round;
	__builtin_memcpy(row->name, job->name, sizeof(row->name));
	event_submit(row);
	return 0;
}

SEC("tp_user/app:end")
int BPF_PROG(on_end, u64 n)
{
	count(&ends, 1);
	return 0;
}

LICENSE("GPL");
