/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Symbols that only modules of a kernel have; libbpf wants those that are not weak, whoever uses them. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

extern const void dm_table_event __ksym;
extern const void dd_no_such_symbol __ksym __weak;
const void *out;

SEC("raw_tp/sched_switch") int symbol(void *ctx) { out = &dm_table_event; return 0; }
SEC("raw_tp/sched_switch") int weak(void *ctx) { out = &dd_no_such_symbol; return 0; }

char _license[] SEC("license") = "GPL";
