/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The histogram's slot, as <abide/program.h> computes it, built for this machine (by clang:
 * the header needs it): all powers of two, their neighbours, and random numbers.
 */
#include <linux/types.h>
#include <stdbool.h>
#include <stdio.h>

struct task_struct_user;
#include <abide/program.h>

static unsigned wrong;

static void check(__u64 v)
{
	__u64 want = v ? 63 - (unsigned)__builtin_clzll(v) : 0;

	if (abide_log2(v) != want && !wrong++)
		printf("# log2 of %llu: %llu, want %llu\n", (unsigned long long)v,
		       (unsigned long long)abide_log2(v), (unsigned long long)want);
}

int main(void)
{
	struct abide_hist h = { 0 };
	__u64 x = 88172645463325252ull;
	unsigned i;

	for (i = 0; i < 64; i++) {
		check((1ull << i) - 1);
		check(1ull << i);
		check((1ull << i) + 1);
	}
	check(~0ull);
	for (i = 0; i < 1000000; i++) {
		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
		check(x >> (x & 63));
	}
	printf("%sok 1 - log2 without branches\n", wrong ? "not " : "");
	abide_hist_count(&h, 1000);
	abide_hist_count(&h, 0);
	abide_hist_count(&h, ~0ull);
	i = h.count == 3 && h.sum == 999 && h.slots[9] == 1 && h.slots[0] == 1 && h.slots[63] == 1;
	printf("%sok 2 - a histogram counts and adds\n1..2\n", i ? "" : "not ");
	return wrong || !i;
}
