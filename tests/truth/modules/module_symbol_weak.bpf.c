/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Symbols of modules that need not be there. */
#include "../corpus/corpus.h"

extern const void dm_table_event __ksym __weak;
extern const void dd_merged_requests __ksym __weak;
const void *out;

SEC("raw_tp/sched_switch") int loaded(void *ctx) { out = &dm_table_event; return 0; }
SEC("raw_tp/sched_switch") int unloaded(void *ctx) { out = &dd_merged_requests; return 0; }
