/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* The helper of "make bench-exec". */
#include "exec.h"

uint64_t exec_mix(uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e, struct process_run *run)
{
	(void)c;
	(void)d;
	(void)e;
	(void)run;
	return a * 0x9e3779b97f4a7c15u + b;
}
