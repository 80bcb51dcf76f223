/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
#ifndef ABIDE_TESTS_MATRIX_GUEST_H
#define ABIDE_TESTS_MATRIX_GUEST_H

/* The parts of the one static program of a matrix guest; guest.c picks by name. */
int init_main(void);

#endif
