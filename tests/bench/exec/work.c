/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* The workloads of work.h for this machine: what native code of programs is measured by. */
#include "exec.h"

#define WORK(name) uint64_t work_##name(void *memory, uint64_t size)
#define MIX(a, b)  exec_mix(a, b, 0, 0, 0, 0)

#include "work.h"
