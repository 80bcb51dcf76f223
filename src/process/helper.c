/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The two tables of helpers, by the kernel's numbers, both made from helpers.def: all of them,
 * and those that a program may call that nobody has verified, because no argument is memory.
 */
#include <time.h>

#include "process/helper.h"

/* Whether a value of a kind is harmless whatever it is: no address that the helper follows. */
enum {
	SAFE_NONE = 1,
	SAFE_NUM = 1,
	SAFE_LOOP = 1, /* the interpreter checks it */
	SAFE_DATA = 1,
	SAFE_MAP = 0,
	SAFE_KEY = 0,
	SAFE_VALUE = 0,
	SAFE_VALUE_OUT = 0,
	SAFE_LONG_OUT = 0,
	SAFE_MEM = 0,
	SAFE_OUT = 0,
	SAFE_OUT_NULL = 0,
	SAFE_ARGS = 0,
	SAFE_ARG = 0,
	SAFE_SIZE = 0,
	SAFE_SIZE0 = 0,
	SAFE_LENGTH = 0,
	SAFE_STR = 0,
	SAFE_CTX = 0,
	SAFE_ADDRESS = 0,
	SAFE_EACH = 0,
	SAFE_RECORD = 0,
};
enum { NEEDS_PLAIN, NEEDS_RUN, NEEDS_CALLS, NEEDS_TAIL };

/* Rows that native code has a way of its own for, and those that look at the program. */
#define EMIT(name)                                                                                 \
	(BPF_FUNC_##name == BPF_FUNC_get_smp_processor_id ? INLINE_CPU_ID                            \
	 : BPF_FUNC_##name == BPF_FUNC_map_lookup_elem    ? INLINE_LOOKUP                            \
	 : CLOCK(name)                                    ? INLINE_CLOCK                             \
	                                                : INLINE_NONE)
/* CLOCK_REALTIME, 0, is none of them. */
#define CLOCK(name)                                                                                \
	(BPF_FUNC_##name == BPF_FUNC_ktime_get_ns          ? CLOCK_MONOTONIC                         \
	 : BPF_FUNC_##name == BPF_FUNC_ktime_get_boot_ns   ? CLOCK_BOOTTIME                          \
	 : BPF_FUNC_##name == BPF_FUNC_ktime_get_coarse_ns ? CLOCK_MONOTONIC_COARSE                  \
	 : BPF_FUNC_##name == BPF_FUNC_ktime_get_tai_ns    ? CLOCK_TAI                               \
	                                                 : 0)
#define WANTS_PROGRAM(name)                                                                        \
	(BPF_FUNC_##name == BPF_FUNC_trace_printk || BPF_FUNC_##name == BPF_FUNC_trace_vprintk)
#define IS_BASIC(needs, a1, a2, a3, a4, a5)                                                        \
	(NEEDS_##needs == NEEDS_TAIL ||                                                            \
	 (SAFE_##a1 && SAFE_##a2 && SAFE_##a3 && SAFE_##a4 && SAFE_##a5))
#define ROW(there, name_, needs)                                                                   \
	[BPF_FUNC_##name_] = {                                                                     \
		.fn = (there) && NEEDS_##needs != NEEDS_TAIL ? helper_##name_ : NULL,              \
		.name = (there) ? #name_ : NULL,                                                   \
		.wants_run = NEEDS_##needs == NEEDS_RUN || NEEDS_##needs == NEEDS_CALLS,           \
		.calls_back = NEEDS_##needs == NEEDS_CALLS,                                        \
		.wants_program = WANTS_PROGRAM(name_),                                             \
		.tail_call = (there) && NEEDS_##needs == NEEDS_TAIL,                               \
		.emit = EMIT(name_),                                                               \
		.clock = CLOCK(name_),                                                             \
	},

static const struct process_helper all[] = {
#define HELPER(name, needs, maps, result, a1, a2, a3, a4, a5) ROW(1, name, needs)
#include "process/helpers.def"
#undef HELPER
};

static const struct process_helper basic[] = {
#define HELPER(name, needs, maps, result, a1, a2, a3, a4, a5)                                      \
	ROW(IS_BASIC(needs, a1, a2, a3, a4, a5), name, needs)
#include "process/helpers.def"
#undef HELPER
};

const struct process_helpers *process_helpers(void)
{
	static const struct process_helpers helpers = { all, sizeof(all) / sizeof(all[0]) };

	return &helpers;
}

const struct process_helpers *process_helpers_basic(void)
{
	static const struct process_helpers helpers = { basic, sizeof(basic) / sizeof(basic[0]) };

	return &helpers;
}
