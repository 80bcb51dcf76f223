/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* LTTng-UST's description of the bench's record: three numbers (it adds the time). Read several times. */
#undef LTTNG_UST_TRACEPOINT_PROVIDER
#define LTTNG_UST_TRACEPOINT_PROVIDER bench
#undef LTTNG_UST_TRACEPOINT_INCLUDE
#define LTTNG_UST_TRACEPOINT_INCLUDE "./tp.h"

#if !defined(ABIDE_BENCH_TP_H) || defined(LTTNG_UST_TRACEPOINT_HEADER_MULTI_READ)
#define ABIDE_BENCH_TP_H

#include <lttng/tracepoint.h>
#include <stdint.h>

LTTNG_UST_TRACEPOINT_EVENT(bench, record, LTTNG_UST_TP_ARGS(uint64_t, a, uint64_t, b, uint64_t, c),
			   LTTNG_UST_TP_FIELDS(lttng_ust_field_integer(uint64_t, a, a) lttng_ust_field_integer(uint64_t, b, b)
						       lttng_ust_field_integer(uint64_t, c, c)))

#endif

#include <lttng/tracepoint-event.h>
