/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
#ifndef ABIDE_CHECK_HELPER_KINDS_H
#define ABIDE_CHECK_HELPER_KINDS_H

#include <stdbool.h>
#include <stdint.h>

enum helper_kind {
	HELPER_KIND_MAY,
	HELPER_KIND_MAY_NOT,
	HELPER_KIND_NEW,     /* it may on the next kernel that was asked; the one before had no such helper at all */
	HELPER_KIND_UNKNOWN, /* they differ */
	HELPER_KIND_NOBODY,  /* nobody asked about such programs */
};

/* @section: a row's prefix of sections.def. @first, @last: KERNEL_VERSION() of the releases that it can be. */
enum helper_kind helper_kind_may(const char *section, int32_t helper, uint32_t first, uint32_t last);

#endif
