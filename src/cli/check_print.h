/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
#ifndef ABIDE_CLI_CHECK_PRINT_H
#define ABIDE_CLI_CHECK_PRINT_H

#include "cli/check.h"

/* What the two halves of the report for people share. */
enum paint { PAINT_PLAIN, PAINT_BAD, PAINT_GOOD, PAINT_DOUBT, PAINT_STRONG };

/* @text in its colour, where the page has colours, and spaces up to @width. */
void check_paint(const struct view *page, enum paint c, const char *text, int width);
enum paint check_paint_of(const struct finding *worst);
/* check_matrix.c: programs by kernels. */
void check_print_matrix(const struct check_report *r, const struct view *page);

#endif
