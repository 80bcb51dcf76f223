/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * get_stack and get_stackid for the application's own stack, with the kernel's flags and results. There
 * is no kernel stack here, and build ids are for whoever shows the addresses.
 */
#include <errno.h>
#include <string.h>

#include "process/helper.h"
#include "process/map.h"
#include "process/unwind.h"

/* (ctx, buf, size, flags): bytes that were filled in. */
uint64_t helper_get_stack(HELPER_ARGS)
{
	uint32_t size = (uint32_t)r3, n;
	uint64_t *out = helper_pointer(r2);
	int err = 0;

	HELPER_UNUSED;
	if (r4 & ~(uint64_t)(BPF_F_SKIP_FIELD_MASK | BPF_F_USER_STACK | BPF_F_USER_BUILD_ID) || size % 8)
		err = -EINVAL;
	else if (!(r4 & BPF_F_USER_STACK) || r4 & BPF_F_USER_BUILD_ID)
		err = -EOPNOTSUPP;
	if (err) {
		memset(out, 0, size);
		return helper_error(err);
	}
	n = unwind_stack(run->frame, (uint32_t)(r4 & BPF_F_SKIP_FIELD_MASK), out, size / 8);
	memset(out + n, 0, size - n * 8);
	return n || !size ? n * 8 : helper_error(-EFAULT);
}

/* (ctx, map, flags): the stack's id in the map. */
uint64_t helper_get_stackid(HELPER_ARGS)
{
	struct process_map *m = helper_pointer(r2);
	uint64_t stack[PROCESS_STACK_DEPTH];
	uint32_t n;

	HELPER_UNUSED;
	if (r3 & ~(uint64_t)(BPF_F_SKIP_FIELD_MASK | BPF_F_USER_STACK | BPF_F_FAST_STACK_CMP | BPF_F_REUSE_STACKID))
		return helper_error(-EINVAL);
	if (!(r3 & BPF_F_USER_STACK))
		return helper_error(-EOPNOTSUPP);
	n = unwind_stack(run->frame, (uint32_t)(r3 & BPF_F_SKIP_FIELD_MASK), stack, process_map_def(m)->value_size / 8);
	return n ? (uint64_t)process_map_stackid(m, stack, n, r3) : helper_error(-EFAULT);
}
