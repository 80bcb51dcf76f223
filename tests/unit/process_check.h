/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
#ifndef ABIDE_TESTS_PROCESS_CHECK_H
#define ABIDE_TESTS_PROCESS_CHECK_H

#include <stdbool.h>
#include <stdio.h>

/* Checks that are counted, and told only where they fail: for tests with very many of them. */
static unsigned int nr_failed, nr_checks;

static void check(bool good, const char *what, const char *detail)
{
	nr_checks++;
	if (good)
		return;
	printf("not ok - %s (%s)\n", what, detail);
	nr_failed++;
}

#endif
