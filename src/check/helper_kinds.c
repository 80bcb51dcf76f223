/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * May programs of a kind call a helper? In: the section, the helper, the releases that the
 * kernel can be. Out: what the kernels that were asked (helper_kinds.def) say on both sides
 * of them: where those agree it is known.
 */
#include <linux/version.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "check/helper_kinds.h"

static const struct {
	uint32_t release;
	const char *all;
} kernels[] = {
#define KERNEL(major, minor, all) { KERNEL_VERSION(major, minor, 0), all },
#define KIND(...)
#include "check/helper_kinds.def"
#undef KERNEL
#undef KIND
};

#define NR_KERNELS (sizeof(kernels) / sizeof(kernels[0]))

static const struct {
	const char *sections;
	const char *may[NR_KERNELS]; /* "1-3,5"; NULL: it has no such programs */
} kinds[] = {
#define KERNEL(...)
#define KIND(sections, ...) { sections, { __VA_ARGS__ } },
#include "check/helper_kinds.def"
#undef KERNEL
#undef KIND
};

static bool is_in(const char *ranges, int32_t helper)
{
	char *end;
	long from, to;

	for (; *ranges; ranges = *end ? end + 1 : end) {
		from = to = strtol(ranges, &end, 10);
		if (*end == '-')
			to = strtol(end + 1, &end, 10);
		if (helper >= from && helper <= to)
			return true;
	}
	return false;
}

static size_t kind_of(const char *section)
{
	size_t i, n = strlen(section);
	const char *at;

	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		for (at = strstr(kinds[i].sections, section); at; at = strstr(at + 1, section))
			if (at[-1] == ' ' && at[n] == ' ') /* the list begins and ends with one */
				return i;
	return SIZE_MAX;
}

enum helper_kind helper_kind_may(const char *section, int32_t helper, uint32_t first, uint32_t last)
{
	size_t kind = kind_of(section), below = 0, above = NR_KERNELS - 1;
	bool before, after;

	if (kind == SIZE_MAX)
		return HELPER_KIND_NOBODY;
	while (below + 1 < NR_KERNELS && kernels[below + 1].release <= (first & ~UINT32_C(255)))
		below++;
	while (above && kernels[above - 1].release >= (last & ~UINT32_C(255)))
		above--;
	/* A kernel between the two has the kind if it came no later than with the first. */
	if (!kinds[kind].may[below])
		below = above;
	if (!kinds[kind].may[above])
		return HELPER_KIND_NOBODY;
	before = is_in(kinds[kind].may[below], helper);
	after = is_in(kinds[kind].may[above], helper);
	if (before == after)
		return before ? HELPER_KIND_MAY : HELPER_KIND_MAY_NOT;
	return after && !is_in(kernels[below].all, helper) ? HELPER_KIND_NEW : HELPER_KIND_UNKNOWN;
}
