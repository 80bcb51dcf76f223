/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
#ifndef ABIDE_PROCESS_TRACE_H
#define ABIDE_PROCESS_TRACE_H

#include <stdint.h>

/*
 * What trace_printk and trace_vprintk put into the ring that link.h's .trace names: a record a
 * line, as long as it is used. The ring (BPF_MAP_TYPE_RINGBUF) belongs to whoever reads the
 * lines; one for a session is enough. Without a ring the text goes nowhere. A reader checks
 * lengths: the memory is shared.
 */
#define PROCESS_TRACE_TEXT 1024 /* bytes, as in the kernel; longer ones are cut */

struct process_trace {
	uint64_t ns; /* CLOCK_MONOTONIC */
	uint32_t pid, tid, cpu;
	uint32_t length; /* of the text, without its 0 */
	char comm[16];   /* the thread's name */
	char text[PROCESS_TRACE_TEXT];
};

#endif
