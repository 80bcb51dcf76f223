/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
#ifndef ABIDE_BENCH_EXEC_H
#define ABIDE_BENCH_EXEC_H

#include <stdint.h>

/* The helper that programs and machine code call alike, in a file of its own: not inlined. */
struct process_run;
uint64_t exec_mix(uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e, struct process_run *run);

uint64_t work_sort(void *memory, uint64_t size);
uint64_t work_collatz(void *memory, uint64_t size);
uint64_t work_fnv(void *memory, uint64_t size);
uint64_t work_filter(void *memory, uint64_t size);
uint64_t work_calls(void *memory, uint64_t size);

/* maps.c: a table of programs of maps.bpf.c. 0, or 1: it said why not. */
struct object;
int exec_maps_bench(const struct object *o);

#endif
