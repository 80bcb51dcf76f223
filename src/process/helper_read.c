/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The probe_read family. A program of the process engine lives in the application, so its
 * user memory and (for programs that say kernel or nothing) all other memory is the
 * application's own. Any address may be asked for: what is not there is -EFAULT, and the
 * destination is 0.
 */
#include <errno.h>

#include "process/fault.h"
#include "process/helper.h"

static uint64_t probe(uint64_t dst, uint64_t size, uint64_t src)
{
	return helper_error(fault_read(helper_pointer(dst), helper_pointer(src), (uint32_t)size));
}

static uint64_t probe_string(uint64_t dst, uint64_t size, uint64_t src)
{
	if (!(uint32_t)size)
		return 0;
	return (uint64_t)fault_read_string(helper_pointer(dst), helper_pointer(src), (uint32_t)size);
}

#define PROBE(name, how)                                                                           \
	uint64_t helper_##name(HELPER_ARGS)                                                        \
	{                                                                                          \
		HELPER_UNUSED;                                                                     \
		return how(r1, r2, r3);                                                            \
	}

PROBE(probe_read, probe)
PROBE(probe_read_user, probe)
PROBE(probe_read_kernel, probe)
PROBE(probe_read_str, probe_string)
PROBE(probe_read_user_str, probe_string)
PROBE(probe_read_kernel_str, probe_string)
