/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* A symbol of a module that is not loaded: libbpf wants it, whichever program uses it. */
#include "../corpus/corpus.h"

extern const void dd_merged_requests __ksym;
const void *out;

SEC("raw_tp/sched_switch") int reads(void *ctx) { out = &dd_merged_requests; return 0; }
SEC("raw_tp/sched_switch") int other(void *ctx) { return 0; }
