/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* The workloads of work.h as eBPF programs. */
#define WORK(name)                                                                                \
	__attribute__((section("socket"), used)) uint64_t work_##name(void *memory, uint64_t size)
static unsigned long long (*const mix)(unsigned long long, unsigned long long) = (void *)200;
#define MIX(a, b) mix(a, b)

#include "work.h"
